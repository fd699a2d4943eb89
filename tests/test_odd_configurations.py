"""Configurations made up by hypothesis: each is refused in words, or can be built."""

import copy
import json
import math
import random
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlp.document.latex import escape
from mlp.hyperparameters import Hyperparameters
from tests.tools.project import ran
from workflow import runs
from workflow.configuration import LONG, SCHEMA, problems, syntax_error

TEXT = Path("config.yaml").read_text()
CONFIG = yaml.safe_load(TEXT)
LINE = SCHEMA["$defs"]["line"]["pattern"]
# the same cases each time, so that a failure is that of the change at hand
FIXED = settings(derandomize=True, deadline=None, database=None, max_examples=300)


def places(value, path=()):
    """List the paths of all keys and elements."""
    if path:
        yield path
    pairs = {dict: lambda: value.items(), list: lambda: enumerate(value)}
    for key, inner in pairs.get(type(value), tuple)():
        yield from places(inner, (*path, key))


TEX = [
    r"\input{/etc/passwd}", r"\write18{id}", r"\end{document}", "$x_1^2$",
    "100% & #1 ~ {", "}", r"\\[1em]", "^^41", "---", "``x''", "%",
]  # fmt: skip
JINJA = [r"\VAR{config}", r"\BLOCK{if 1}", "{{ 7 * 7 }}", "{seed}", "{"]
numbers = st.one_of(
    st.integers(),
    st.integers(min_value=10**20),
    st.floats(),
    st.sampled_from([math.nan, math.inf, -math.inf, 0, -0.0, 5e-324, 1e308, 2**64]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.text(),
    st.from_regex(LINE, fullmatch=True),
    st.sampled_from([*TEX, *JINJA, "1e-3", "1e400", "1e-400", "0x1F", "", " ", "null"]),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.text(max_size=8), st.integers()), inner, max_size=3
        ),
        st.tuples(numbers, st.integers(2, 5)).map(lambda pair: [pair[0]] * pair[1]),
    ),
    max_leaves=6,
)


def assert_in_words(found):
    for line in found:
        assert re.match(r"(\(top level\)|[a-z_]+(\.\S+)*): .", line), line
        assert "\n" not in line
        assert len(line) < LONG + 200


def assert_usable(config):
    """Check what the rules take for granted."""
    json.dumps(config, allow_nan=False)
    for path in places(config):
        value = config
        for key in path:
            value = value[key]
        if path[-1] == "seeds":
            assert len(set(value)) == len(value) >= 2
        rates = {"learning_rate", "learning_rates"} & {*path[-2:]}
        if rates and not isinstance(value, list):
            assert 0 < value < math.inf
        if isinstance(value, str):
            assert value.isprintable()
    grid = config["learning_rate_sweep"]["grid"]
    grids = grid if isinstance(grid, list) else [grid]
    for setting in runs.settings(config["hyperparameters"], *grids):
        read = Hyperparameters.from_words(runs.words(setting))
        assert read == Hyperparameters(**setting)


@FIXED
@given(
    st.sampled_from([path for path in places(CONFIG) if path[-1] not in range(1, 30)]),
    st.sampled_from(["replace", "replace", "remove", "add beside"]),
    st.one_of(numbers, values),
)
def test_an_odd_value_is_refused_by_its_key_or_usable(path, change, value):
    config = copy.deepcopy(CONFIG)
    place = config
    for key in path[:-1]:
        place = place[key]
    if change == "remove":
        del place[path[-1]]
    elif change == "replace":
        place[path[-1]] = value
    elif isinstance(place, list):
        place.append(value)
    else:
        place["odd"] = value
    found = list(problems(config))
    assert_in_words(found)
    if not found:
        assert_usable(config)
    for line in found:
        named = line.partition(": ")[0].split(".")
        if named != ["(top level)"]:
            assert named[0] == path[0]
    if change == "add beside" and isinstance(place, dict):
        assert any("odd" in line for line in found)


FRAGMENTS = [
    "\t", "\n", "  ", ": ", "- ", "[", "]", "{", "}", "'", '"', "#", "%", "@", "`", "~",
    "&a ", "*a", "<<: *a", "<<: {x: 1}", "? ", "| ", "> ", "---\n", "...\n",
    "!!python/object/apply:os.system ['exit 1']", "!!python/name:os.system", "!foo ",
    "!!set ", "!!binary ", "!!float ", "1e3", "0x", "1:30", "2026-13-45", "2026-01-01",
    "9" * 5000, "[" * 1000, "\\", "\0", "\x7f", "\ufeff", "\u2028", "\xe9",
    "\U0001f600", "seeds: [1, 2]", "__use_yte__: true\n",
]  # fmt: skip
raw = st.one_of(st.sampled_from(FRAGMENTS).map(str.encode), st.binary(max_size=4))


@FIXED
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(TEXT)), st.integers(0, 40), raw),
        min_size=1,
        max_size=3,
    )
)
def test_an_odd_file_is_refused_in_words_or_usable(tmp_path_factory, edits):
    content = TEXT.encode()
    for start, removed, added in edits:
        content = content[:start] + added + content[start + removed :]
    file = tmp_path_factory.getbasetemp() / "odd.yaml"
    file.write_bytes(content)
    reason = syntax_error(file)
    if reason:
        assert "odd.yaml" in reason
        return
    config = yaml.safe_load(content.decode())
    found = list(problems(config))
    assert_in_words(found)
    if not found:
        assert_usable(config)


SEEDS = "final:\n  seeds: [10, 11, 12, 13, 14]\n"
FILES = {
    "empty": (b"", "has no keys"),
    "a list": (b"- a\n- b\n", "has no keys"),
    "a text": (b"report", "has no keys"),
    "tab": (b"report:\n\ttitle: x\n", "line 2, column 1"),
    "not UTF-8": (TEXT.replace("Deep", "D\xe9\xe9p").encode("latin-1"), "not in UTF-8"),
    "UTF-16": (TEXT.encode("utf-16"), "not in UTF-8"),
    "object": (b"a: !!python/object/apply:os.system [exit]", "python/object/apply"),
    "a key twice": (TEXT + "\nfinal: {seeds: [1, 2]}\n", "'final' is given twice"),
    "an inner key twice": (TEXT.replace("  seed: 0\n", "  seed: 0\n  seed: 1\n"),
                           "'seed' is given twice"),
    "two documents": (TEXT + "\n---\nfinal: 1\n", "expected a single document"),
    "unknown alias": (b"final: *x\n", "undefined alias 'x'"),
    "a list as key": (b"? [a]\n: 1\n", "unhashable key"),
    "itself": (b"a: &a {b: *a}\n", "recursive"),
    "octal": (TEXT.replace("epochs: 5", "epochs: 010"), "takes 010 for another number"),
    "minutes": (TEXT.replace("[10, 11,", "[10, 1:11,"), "takes 1:11 for another"),
    "a month 13": (TEXT.replace("date: null", "date: 2026-13-01"), "month must be"),
    "5000 digits": (TEXT.replace("[10,", f"[{'9' * 5000},"), "4300 digits"),
    "deep": (b"[" * 1000 + b"]" * 1000, "nested too deeply"),
    "expressions": (TEXT + "\n__use_yte__: true\n", "'__use_yte__' was unexpected"),
}  # fmt: skip


def write(file, content):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, case):
    content, message = FILES[case]
    reason = syntax_error(write(tmp_path / "config.yaml", content))
    assert message in reason
    assert "config.yaml" in reason


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert syntax_error(tmp_path / "no.yaml").endswith(
        "no.yaml: No such file or directory"
    )
    assert syntax_error(tmp_path).endswith(": Is a directory")


def test_anchors_and_merge_keys_may_be_used(tmp_path):
    text = TEXT.replace(SEEDS, "final: &a\n  <<: {seeds: [1, 2]}\n  seeds: [3, 4]\n")
    text = text.replace("seeds: [0, 1, 2, 3, 4]", "seeds: &s [0, 1, 2]", 1)
    file = write(tmp_path / "config.yaml", text)
    assert syntax_error(file) is None
    config = yaml.safe_load(text)
    assert list(problems(config)) == []
    assert config["final"]["seeds"] == [3, 4]


def test_a_message_stays_short():
    config = copy.deepcopy(CONFIG)
    config["final"]["seeds"] = [[[1] * 100] * 100] * 100
    assert_in_words(list(problems(config)))


REAL = {name: FILES[name] for name in (
    "empty", "not UTF-8", "a key twice", "itself", "a month 13", "5000 digits",
    "expressions",
)} | {
    "seeds": (TEXT.replace("[10, 11,", "[11, 11,"), "final.seeds: "),
    "infinity": (TEXT.replace("e: 0.03", "e: .inf"), "synthetic.learning_rate: inf"),
    "null": (TEXT.replace("epochs: 5", "epochs:"), "hyperparameters.epochs: None"),
    "no list": (TEXT.replace("[8, 16]", "8"), "grid.1.batch_size: 8"),
    "date": (TEXT.replace("date: null", "date: 2026-01-01"), "report.date: 2026-01-01"),
    "TeX": (TEXT.replace("A. Student", r"'\input{x} 100% {a} \VAR{config}'"), None),
}  # fmt: skip


@pytest.mark.parametrize("case", REAL)
def test_snakemake_refuses_without_a_traceback_or_plans(plan, case):
    content, message = REAL[case]
    code, output = plan(**{"config.yaml": content})
    assert "Traceback" not in output
    assert (code == 0) == ("Job stats" in output) == (message is None), output
    assert message is None or message in output


def test_latex_prints_all_text_that_is_accepted(tmp_path):
    accepted = [c for c in map(chr, range(0x3000)) if re.fullmatch(LINE, c)]
    assert len(accepted) > 300
    lines = [*TEX, *JINJA, *(a + b for a in "-`',<>?!" for b in "-`',<>?!"), *accepted]
    rng = random.Random(0)
    lines += ["".join(rng.choices(accepted, k=rng.randint(2, 60))) for _ in range(300)]
    preamble = Path("templates/preamble.tex").read_text()
    macros = Path("templates/macros.tex").read_text()
    macros = "\\usepackage{hyperref}\n" + "".join(
        re.findall(
            r"\\newcommand.*(?:hook|horn).*\n|\\pdfstringdefD(?:.*\n)*?}\n", macros
        )
    )
    body = "\n\n".join(rf"\noindent x{escape(line)}x" for line in lines)
    title = escape("".join(accepted))
    (tmp_path / "odd.tex").write_text(
        f"{preamble}{macros}\\hypersetup{{pdftitle={{{title}}}}}\n"
        f"\\begin{{document}}\\sloppy\n{body}\n\\end{{document}}\n"
    )
    command = (
        "pdflatex -interaction=nonstopmode -halt-on-error -no-shell-escape odd.tex"
    )
    ran(command.split(), code=0, cwd=tmp_path, errors="replace")
    log = (tmp_path / "odd.log").read_text(errors="replace")
    assert "Missing character" not in log
    assert "Token not allowed" not in log
    assert "Glyph not defined" not in log

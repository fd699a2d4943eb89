"""No way in: what is typed, received or downloaded is data and never runs."""

import re
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
import yaml

from mlp.document.report import LatexError, typeset
from mlp.figures import final
from tests.tools.project import PROJECT, step
from workflow import configuration

CODE = [
    path
    for folder in ("src", "workflow")
    for path in sorted((PROJECT / folder).rglob("*"))
    if path.suffix in (".py", ".smk")
]
RUNS_WHAT_IT_READS = re.compile(
    r"\b(?:pickle|marshal|shelve|tarfile|extract|extractall|unpack_archive|chmod)\b"
    r"|allow_pickle|shell ?= ?True|os\.(?:system|popen)"
    r"|yaml\.(?!safe_load|\w*YAMLError|SafeLoader|\w+Node|load\(.*, Loader\))"
)


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_no_code_runs_what_it_reads(path):
    assert RUNS_WHAT_IT_READS.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "np.load(path, allow_pickle=True)",
        "yaml.load(file)",
        "archive.extract(member)",
        "archive.extractall()",
        "subprocess.run(command, shell=True)",
        "os.system(command)",
    ],
)
def test_such_code_would_be_found(line):
    assert RUNS_WHAT_IT_READS.search(line)


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return type(self.path).touch, (self.path,)


def test_a_pickle_among_the_results_is_not_loaded(tmp_path, monkeypatch):
    trap = np.empty(1, object)
    trap[0] = Touch(tmp_path / "ran")
    np.save(tmp_path / "mistakes.npy", trap)
    np.load(tmp_path / "mistakes.npy", allow_pickle=True)
    (tmp_path / "ran").unlink()  # so it would have run

    counts = {"true_class": [0, 0, 1, 1], "predicted_class": [0, 1, 0, 1]}
    counts["count_mean"] = [2, 1, 0, 3]
    pd.DataFrame(counts).to_csv(tmp_path / "confusion.csv")
    inputs = {"confusion": "confusion.csv", "mistakes": "mistakes.npy"}
    outputs = {f"{name}_figure": f"{name}.pdf" for name in inputs}
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        step(final, **inputs, **outputs, class_names='["0", "1"]')
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "body",
    [
        r"\immediate\write18{touch ran}",
        r'\input{|"touch ran"}',
        r"\newwrite\w\immediate\openout\w=../ran",
        r"\newwrite\w\immediate\openout\w=%s/ran",
    ],
)
def test_tex_starts_no_program_and_writes_nowhere_else(tmp_path, monkeypatch, body):
    monkeypatch.setenv("shell_escape", "t")  # as a user may have in texmf.cnf
    source = tmp_path / "report" / "x.tex"
    source.parent.mkdir()
    body = body.replace("%s", str(tmp_path))
    text = rf"\documentclass{{article}}\begin{{document}}Text.{body}\end{{document}}"
    source.write_text(text)
    with suppress(LatexError):
        typeset(source, [tmp_path], 0)
    assert list(tmp_path.rglob("ran*")) == []


def test_settings_of_latexmk_are_not_read(tmp_path, monkeypatch):
    rc = 'system("touch ran");'
    for folder in (tmp_path, tmp_path / "home"):
        folder.mkdir(exist_ok=True)
        (folder / ".latexmkrc").write_text(rc)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = r"\documentclass{article}\begin{document}Text.\end{document}"
    (tmp_path / "x.tex").write_text(text)
    assert typeset(tmp_path / "x.tex", [tmp_path], 0).startswith(b"%PDF")
    assert list(tmp_path.rglob("ran*")) == []


def test_a_tag_in_the_configuration_is_refused(plan, tmp_path):
    trap = (
        f"report: {{author: !!python/object/apply:os.system ['touch {tmp_path}/ran']}}"
    )
    (tmp_path / "trap.yaml").write_text(trap)
    code, printed = plan("--configfile", str(tmp_path / "trap.yaml"))
    assert code != 0
    assert "Config file is not valid JSON or YAML" in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "ran").exists()
    assert issubclass(configuration.Loader, yaml.SafeLoader)  # for the line's number


def test_the_tests_of_a_change_have_no_rights_and_run_known_code():
    for path in (PROJECT / ".github" / "workflows").iterdir():
        text = path.read_text()
        uses = re.findall(r"uses: *(\S+)", text)
        assert uses
        assert [u for u in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", u)] == []
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {"contents": "read"}
        assert all("permissions" not in job for job in workflow["jobs"].values())
        assert "pull_request_target" not in text
        assert text.count("persist-credentials: false") == text.count("checkout@")
        assert "secrets." not in text


LOCKS = sorted(PROJECT.glob("requirements*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_each_package_is_locked_with_hashes_and_without_addresses(lock):
    text = lock.read_text()
    packages = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert packages
    for package in packages:
        assert re.match(r"[\w.-]+==[\w.]+ ", package), package
        assert "--hash=sha256:" in package
    assert "://" not in text
    assert "--require-hashes" in (PROJECT / "workflow" / "environment.py").read_text()

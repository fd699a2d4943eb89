"""No result is stale: what a change of code, text, settings or rules redoes.

What must be redone is known here from the imports in the source, read independently
of the workflow, and from tables written by hand. The dry runs of all cases take
minutes, so a plain ``pytest`` takes every sixth; ``pytest -m campaign`` the others.
"""

import ast
import json
import re
import textwrap

import pytest
import yaml

from mlp.hyperparameters import Hyperparameters
from tests.tools.project import PROJECT, schedule
from workflow import sources

SOURCE = PROJECT / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(
        ".__init__"
    ): path
    for path in sorted(SOURCE.rglob("*.py"))
}
TABLE = """
download: dataset dataset_figures batching train train_final
softmax: render
gradient_check: render
train_synthetic: synthetic synthetic_figures comparisons
synthetic: render
synthetic_figures:
dataset: render
dataset_figures:
batching: render
train: mnist_runs mnist_runs_figures learning_rate_sweep comparisons
mnist_runs: mnist_runs_figures render
mnist_runs_figures:
learning_rate_sweep: learning_rate_sweep_figures train_final comparisons render
learning_rate_sweep_figures:
train_final: final comparisons final_figures
final: comparisons final_figures render
comparisons: render
final_figures:
manifest: render
render:
report:
"""  # a rule, and those that read what it makes
FOLLOWED_BY = {
    rule: set(readers.split())
    for rule, _, readers in (line.partition(":") for line in TABLE.split("\n")[1:-1])
}
STEPS = {  # a module bears its rule's name
    f"{name}_figures" if stage == "figures" else name: f"mlp.{stage}.{name}"
    for stage, names in {
        "experiments": "softmax gradient_check train_synthetic batching train "
        "train_final",
        "summaries": "synthetic dataset mnist_runs learning_rate_sweep final "
        "comparisons",
        "figures": "synthetic dataset mnist_runs learning_rate_sweep final",
        "document": "render report",
    }.items()
    for name in names.split()
}
LISTED = [  # their source is in the report
    "mlp.experiments.gradient_check",
    "mlp.networks.activations",
    "mlp.networks.local_derivatives",
    "mlp.networks.scalar",
    "mlp.networks.instance",
    "mlp.networks.batch",
    "mlp.networks.sgd",
]


def downstream(*rules):
    """The rules, and all that come after them."""
    return set(rules).union(*(downstream(*FOLLOWED_BY[rule]) for rule in rules))


DOCUMENT = {"report"}  # it follows from all of the sources
RENDERING = {"render", *DOCUMENT}
ON_SYNTHETIC = downstream("train_synthetic") | DOCUMENT
ON_TRAINING = downstream("train") | DOCUMENT
ON_DATA = downstream("download") | DOCUMENT
ON_SWEEP = downstream("learning_rate_sweep") | {"train"} | DOCUMENT
ON_FINAL = downstream("train_final") | DOCUMENT
CHECKING = {"gradient_check"} | RENDERING
MANIFEST = downstream("manifest")  # of other files
OTHER_HASH = "0" * 64
OTHER = Hyperparameters(
    21, "tanh", "glorot_normal", "unit_interval", 25, 0.7, "constant", 3
)

SETTINGS = {
    **{
        f"report.{name}": ("B", RENDERING)
        for name in ("title", "author", "student_number", "course", "date")
    },
    "report.repository": ("https://example.org/b", RENDERING),
    "report.template": ("tests/two_columns", RENDERING | MANIFEST),
    "dataset.name": ("B", ON_DATA | {"download"}),
    "dataset.classes": (
        list("abcdefghij"),
        {"dataset_figures", "final_figures"} | RENDERING,
    ),
    "dataset.validation_size": (
        57000,
        ON_TRAINING | {"dataset", "dataset_figures", "batching"},
    ),
    # the digests fix the data, wherever they come from
    "dataset.folder": ("b", set()),
    "dataset.sources": ([{"mirror": "https://example.org/{file}"}], set()),
    **{
        f"dataset.files.{file}.{key}": (value, ON_DATA)
        for file in ("train_images", "train_labels", "test_images", "test_labels")
        for key, value in (("name", "b"), ("bytes", 70000), ("sha256", OTHER_HASH))
    },
    "arithmetic": ("native", FOLLOWED_BY.keys() - {"download", "manifest"}),
    "gradient_check.random_points": (4, CHECKING),
    "gradient_check.seed": (1, CHECKING),
    "synthetic.hidden_size": (4, ON_SYNTHETIC),
    "synthetic.learning_rate": (0.1, ON_SYNTHETIC),
    "synthetic.epochs": (2, ON_SYNTHETIC),
    "synthetic.interval": (6000, ON_SYNTHETIC),
    "synthetic.seeds": ([0, 7], ON_SYNTHETIC | MANIFEST),
    **{
        f"hyperparameters.{name}": (value, ON_TRAINING | MANIFEST | {"batching"})
        for name, value in OTHER._asdict().items()
    },
    "mnist_runs.seeds": ([0, 7], ON_TRAINING | MANIFEST),
    "learning_rate_sweep.learning_rates": ([0.01, 0.3, 2], ON_SWEEP | MANIFEST),
    "learning_rate_sweep.grid": ({"hidden_size": [7]}, ON_SWEEP | MANIFEST),
    "learning_rate_sweep.seeds": ([0, 7], ON_TRAINING | MANIFEST),
    "learning_rate_sweep.missing_runs": ("leave_out", RENDERING),  # none is missing
    "final.seeds": ([2, 7], ON_FINAL | MANIFEST),
}


def imports(module):
    """The modules that one imports, anywhere in its source, and their packages."""
    found = {module}
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} has a relative import"
            found |= {node.module, *(f"{node.module}.{n.name}" for n in node.names)}
    parts = [name.split(".") for name in found]
    return {".".join(p[:n]) for p in parts for n in range(1, len(p) + 1)}


def closure(*modules):
    """All modules of the project that these import, directly or not."""
    done, todo = set(), {*modules}
    while todo:
        done |= todo
        todo = (set().union(*map(imports, todo)) & MODULES.keys()) - done
    return done


CODE = {rule: closure(step) for rule, step in STEPS.items()}
CODE["render"] |= closure(*LISTED)
EDITS = {
    **{
        str(path.relative_to(PROJECT)): DOCUMENT
        | downstream(*(rule for rule, code in CODE.items() if module in code))
        for module, path in MODULES.items()
    },
    **{
        f"templates/{path.name}": RENDERING
        for path in sorted((PROJECT / "templates").glob("*.tex"))
    },
    **{
        f"templates/page/{path.name}": DOCUMENT  # for `make html` alone
        for path in sorted((PROJECT / "templates" / "page").iterdir())
    },
    **{
        str(path.relative_to(PROJECT)): DOCUMENT
        for path in sorted((PROJECT / "workflow").rglob("*.*"))
        if path.suffix in (".smk", ".py", ".yaml", ".sh")
    },
    "Snakefile": DOCUMENT,
    "config.yaml": DOCUMENT,
    # another version of a package may change any result
    "requirements.txt": FOLLOWED_BY.keys() - {"download", "manifest"},
    "README.md": set(),
    "Makefile": set(),
    "pyproject.toml": set(),
    "profiles/default/config.yaml": set(),
    "tests/test_reruns.py": set(),
}


def some(cases):
    """Leave the most of the cases to the campaign."""
    return [
        pytest.param(*case, marks=[pytest.mark.campaign] if number % 6 else [])
        for number, case in enumerate(cases)
    ]


@pytest.fixture
def rerun(plan_of_tiny):
    """A function that tells which rules a change of files or settings would rerun."""

    def rules(settings=None, **changes):
        changes["change.yaml"] = json.dumps(settings or {})
        return set(schedule(plan_of_tiny("change.yaml", **changes)[1]))

    return rules


def test_without_a_change_there_is_nothing_to_do(rerun):
    assert rerun() == set()


@pytest.mark.parametrize(("file", "expected"), some(sorted(EDITS.items())))
def test_an_edit(tiny, rerun, file, expected):
    mark = "%" if file.endswith(".tex") else "#"
    text = (tiny / file).read_text()
    assert rerun(**{file: f"{text}\n{mark} an edit\n"}) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"), some((key, *rest) for key, rest in SETTINGS.items())
)
def test_a_setting(rerun, key, value, expected):
    for part in reversed(key.split(".")):
        value = {part: value}
    # the provenance has them all, but for where the data came from
    assert rerun(settings=value) == expected


def leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    return [".".join(path)]


def test_each_key_has_a_case():
    config = yaml.safe_load((PROJECT / "config.yaml").read_text())
    assert sorted(leaves(config)) == sorted(SETTINGS)


@pytest.mark.parametrize("rule", some((rule,) for rule in ("download", *STEPS)))
def test_another_command(tiny, rerun, rule):
    (file,) = (
        path
        for path in sorted((tiny / "workflow" / "rules").glob("*.smk"))
        if f"\nrule {rule}:" in path.read_text()
    )
    before, start, body = file.read_text().partition(f"\nrule {rule}:")
    other = body.replace("    shell:\n        ", "    shell:\n        'true; ' + ", 1)
    changed = before + start + other
    name = str(file.relative_to(tiny))
    # which has the commands
    listed = MANIFEST if rule not in ("download", "report") else set()
    assert rerun(**{name: changed}) == downstream(rule) | DOCUMENT | listed


def test_another_parameter_in_a_rule(tiny, rerun):
    name = "workflow/rules/mnist_runs.smk"
    text = (tiny / name).read_text()
    changed = text.replace("window=100", "window=50")
    assert changed != text
    assert rerun(**{name: changed}) == {"mnist_runs_figures", *DOCUMENT}


def test_a_touch_of_each_file(tiny, rerun):
    for folder in ("src", "templates", "data", "workflow", "tests", "profiles"):
        for path in (tiny / folder).rglob("*"):
            path.touch()
    for path in tiny.iterdir():
        path.touch()
    assert rerun() == set()


@pytest.mark.parametrize("step", sorted({*STEPS.values(), "mlp.document.verify"}))
def test_the_workflow_finds_the_same_imports(step):
    assert sources.imported(step).keys() == closure(step)


IMPORTS = """
    import typing
    import a.plain, a.as_name as other
    from a import module as another
    from a.names import name
    from . import relative
    try:
        import a.tried
    except ImportError:
        pass
    if typing.TYPE_CHECKING:
        import a.checking
    def function():
        import a.b.function
        class Inner:
            from a.method import name
"""


def test_no_form_of_an_import_is_missed(tmp_path, monkeypatch):
    names = re.findall(r"a\.([\w.]+)", IMPORTS) + ["module", "relative"]
    for name in names:
        file = tmp_path / "a" / (name.replace(".", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("name = 1\n")
    for package in ("a", "a/b"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "a" / "step.py").write_text(textwrap.dedent(IMPORTS))
    monkeypatch.setattr(sources, "SOURCE", tmp_path)
    sources.imported.cache_clear()
    found = sources.imported("a.step")
    sources.imported.cache_clear()
    assert found.keys() == {"a", "a.b", "a.step", *(f"a.{name}" for name in names)}


DYNAMIC = {"__import__", "import_module", "exec", "eval", "run_path", "run_module"}


def dynamic_imports(source):
    names = {
        getattr(node, field, None)
        for node in ast.walk(ast.parse(source))
        for field in ("id", "attr", "name")
    }
    return names & DYNAMIC


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_imported_dynamically(module):
    assert dynamic_imports(MODULES[module].read_text()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module('a')",
        "from importlib import import_module as f",
        "__import__('a')",
        "exec('import a')",
        "import runpy as r\nr.run_module('a')",
    ],
)
def test_a_dynamic_import_would_be_found(source):
    assert dynamic_imports(source)

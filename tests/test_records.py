"""No result of other settings, code or data than the report claims gets into it."""

import json

import pytest

from mlp import records

RULES = {"final": {"files": ["results/final.csv"], "inputs": ["results/a", "data/b"]}}
PARAMETERS = {"final": [("code", "mlp.x 1"), ("epochs", "3"), ("", ""), ("w", None)]}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A job that has just ended as the report claims."""
    monkeypatch.chdir(tmp_path)
    for name in ("results/a", "data/b", "results/final.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    record = records.describe(
        ["mlp.x 1", "3", "seed 5"], ["results/a", "data/b"], ["results/final.csv"]
    )
    file = tmp_path / "results" / ".final.json"
    file.write_text(json.dumps(record))
    records.current.cache_clear()
    records.read.cache_clear()
    return file


def test_what_is_as_claimed_passes(made):
    found = records.check(RULES, PARAMETERS)
    assert found["results/final.csv"]["rule"] == "final"
    assert len(found["results/final.csv"]["sha256"]) == 64
    assert json.loads(made.read_text())["inputs"]["data/b"] is None


def other(**changes):
    return {"final": RULES["final"] | changes}


@pytest.mark.parametrize(
    ("rules", "parameters", "told"),
    [
        (RULES, [("", "mlp.x 1"), ("epochs", "2"), ("w", None)], "epochs 3, and not 2"),
        (RULES, [("", "mlp.x 2"), ("epochs", "3"), ("w", None)], "mlp.x 1, and not"),
        (RULES, [("code", "mlp.x 1"), ("epochs", "3")], "with 3 settings and modules"),
        (other(inputs=["data/b", "results/a"]), None, "in another order"),
        (other(inputs=["results/a"]), None, "from other files"),
        (other(files=["results/other.csv"]), None, "changed since"),
    ],
)  # fmt: skip
def test_what_is_not_is_named(made, rules, parameters, told):
    with pytest.raises(SystemExit, match=told) as error:
        records.check(rules, {"final": parameters or PARAMETERS["final"]})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("results/a", "from another results/a"),
        ("results/final.csv", "as another file, which has changed since"),
        ("results/.final.json", "without a record"),
    ],
)
def test_a_file_that_has_changed_since_is_named(made, tmp_path, file, told):
    (tmp_path / file).write_text("other")
    with pytest.raises(SystemExit, match=rf"final\.csv was made {told}"):
        records.check(RULES, PARAMETERS)


def test_of_a_long_value_the_part_is_shown_that_differs():
    was, value = "x" * 90 + "a" * 90, "x" * 90 + "b" * 90
    (told,) = records.other_parameters([was], [("s", value)])
    same = f"...{'x' * 30}"
    assert told == f"with s {same}{'a' * 30}..., and not {same}{'b' * 30}..."

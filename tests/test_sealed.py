"""The test set: no step but the final runs opens it, from the download to the PDF."""

import shutil
import sys

import pytest

from tests.tools.project import PROJECT, ran


def recorded(folder):
    lines = (folder / "opened.txt").read_text().splitlines()
    return [tuple(line.split("\t")) for line in lines]


def users(folder, *, of, events):
    return {
        step for step, event, what in recorded(folder) if of in what and event in events
    }


def readers(folder, file):
    return users(folder, of=file, events=("read", "map"))


def test_only_the_final_runs_open_the_test_set(tiny):
    assert readers(tiny, "t10k-images") == {"mlp.experiments.train_final"}
    assert readers(tiny, "t10k-labels") == {"mlp.experiments.train_final"}
    assert users(tiny, of="t10k", events=("write",)) == {"mlp.data.download"}


def test_the_record_has_the_readers_of_the_training_set(tiny):
    assert readers(tiny, "train-images") == {
        "mlp.experiments.train_final",
        "mlp.experiments.batching",
        "mlp.experiments.train",
        "mlp.figures.dataset",
        "mlp.summaries.dataset",
    }
    assert users(tiny, of="train", events=("write",)) == {"mlp.data.download"}


def test_no_step_lets_another_program_open_it(tiny):
    started = {
        (step, what)
        for step, event, what in recorded(tiny)
        if event not in ("read", "map", "write")
        and what != "fc-list"  # by which Matplotlib looks for fonts
    }
    assert {each for each in started if each[0] != "mlp.data.download"} == {
        ("mlp.document.report", "latexmk")
    }


PLANTED = [
    "open({path!r})",
    "import os; os.open({path!r}, os.O_RDONLY)",
    "import pathlib; pathlib.Path({path!r}).read_bytes()",
    "import numpy; numpy.fromfile({path!r}, 'u1')",
    "import numpy; numpy.memmap({path!r}, 'u1', 'r')",
    "import shutil; shutil.copy({path!r}, 'copy')",
    "import subprocess; subprocess.run(['cat', {path!r}])",
]


@pytest.mark.parametrize(
    ("step", "planted"),
    [("mlp.experiments.train", line) for line in PLANTED]
    + [("mlp.summaries.learning_rate_sweep", PLANTED[0])],
)
def test_a_planted_read_is_found(tmp_path, step, planted):
    shutil.copytree(PROJECT / "src", tmp_path / "src")
    shutil.copy(
        PROJECT / "tests" / "tools" / "recorder" / "sitecustomize.py", tmp_path / "src"
    )
    test_set = tmp_path / "data" / "MNIST" / "t10k-images-idx3-ubyte"
    test_set.parent.mkdir(parents=True)
    test_set.write_bytes(b"0123")
    module = tmp_path / "src" / (step.replace(".", "/") + ".py")
    with module.open("a") as file:
        file.write("\n" + planted.format(path=str(test_set.relative_to(tmp_path))))
    code = f"import {step}"
    ran([sys.executable, "-c", code], 0, cwd=tmp_path, env={"PYTHONPATH": "src"})
    assert readers(tmp_path, "t10k") | users(
        tmp_path, of="cat", events=("subprocess.Popen",)
    ) == {code}

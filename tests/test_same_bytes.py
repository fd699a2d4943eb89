"""No folder in the results; with another arithmetic, nearly the same numbers."""

import functools
import json
import operator
import os
import sys

import pandas as pd

from mlp import arithmetic
from tests.tools.project import PROJECT, ran
from tests.tools.small import products
from workflow.runs import words


def test_no_output_names_the_folder(tiny):
    made = products(tiny).items()
    assert [name for name, content in made if str(tiny).encode() in content] == []


def train(tiny, output, choice):
    """Train as the tiny run does, with one of the arithmetics."""
    said = json.loads((tiny / "report" / "provenance.json").read_text())
    files = [
        f"data/MNIST/train-{name}-ubyte" for name in ("images-idx3", "labels-idx1")
    ]
    options = {
        "images": tiny / files[0],
        "labels": tiny / files[1],
        "classes": 10,
        "validation-size": said["config"]["dataset"]["validation_size"],
        "hyperparameters": words(said["config"]["hyperparameters"]),
        "seed": 0,
        "train-loss-after": "each",
        "epochs": output / f"{choice}.csv",
        "batches": output / f"{choice}-batches.csv",
    }
    command = [sys.executable, "-m", "mlp.experiments.train", "--sha256"]
    command += [said["data"][file] for file in files]
    command += [f"--{name}={value}" for name, value in options.items()]
    kept = {k: v for k, v in os.environ.items() if k not in arithmetic.PORTABLE}
    chosen = {arithmetic.CHOICE: choice, "PYTHONPATH": str(PROJECT / "src")}
    ran(command, code=0, env=kept | chosen)
    return output / f"{choice}.csv"


def test_the_native_arithmetic_gives_the_numbers_within_the_tolerance(tiny, tmp_path):
    old, new = (train(tiny, tmp_path, choice) for choice in ("portable", "native"))
    if "avx512f" in arithmetic.processor_features():  # so that it was another code
        assert old.read_bytes() != new.read_bytes()
    runs = (pd.read_csv(path).select_dtypes("number") for path in (old, new))
    difference = functools.reduce(operator.sub, runs).abs().max()
    for name in ("running_train_loss", "train_loss", "validation_loss"):
        assert difference[name] < 1e-5
    for name in ("train_accuracy", "validation_accuracy"):
        assert difference[name] < 1e-3

"""The experiments, run as a whole on images small enough to foresee the results."""

import hashlib
import random
import sys

import numpy as np
import pandas as pd
import pytest

from mlp.experiments import final, softmax, synthetic, validation
from mlp.networks import scalar
from tests.test_data import idx_file

SIZE = 60


def images_and_labels(folder, name, *, flip=False, scale=1, rng_seed=0):
    """Write images that are bright on the side that their label tells, or the other."""
    labels = np.random.default_rng(rng_seed).integers(0, 2, SIZE).astype(np.uint8)
    images = np.full((SIZE, 3, 2), 20, np.uint8)
    images[np.arange(SIZE), :, labels] = 200 // scale
    images = images[:, :, ::-1] if flip else images
    paths = [folder / f"{name}-images", folder / f"{name}-labels"]
    for path, array in zip(paths, (images, labels), strict=True):
        idx_file(path, array)
    return paths


def arguments(paths, prefix=""):
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return [
        f"--{prefix}images={paths[0]}",
        f"--{prefix}labels={paths[1]}",
        f"--{prefix}sha256",
        *digests,
    ]


HYPERPARAMETERS = [
    "--initialization=lecun_normal",
    "--normalization=standardize",
    "--schedule=constant",
    "--epochs=20",
    "--classes=2",
    "--seed=0",
]


def run(monkeypatch, step, *options):
    monkeypatch.setattr(sys, "argv", ["step", *options, *HYPERPARAMETERS])
    step.main()


def validated(monkeypatch, folder, images, labels):
    run(
        monkeypatch,
        validation,
        *arguments([images, labels]),
        "--validation-size=20",
        "--hidden-size=4",
        "--batch-size=8",
        "--learning-rate=0.5",
        f"--epochs-csv={folder / 'epochs.csv'}",
        f"--batches-csv={folder / 'batches.csv'}",
    )
    return pd.read_csv(folder / "epochs.csv"), pd.read_csv(folder / "batches.csv")


def test_validation_is_on_the_images_withheld(monkeypatch, tmp_path):
    images, labels = images_and_labels(tmp_path, "train")
    content = bytearray(labels.read_bytes())
    content[-20:] = bytes(1 - label for label in content[-20:])  # those withheld
    labels.write_bytes(content)
    epochs, batches = validated(monkeypatch, tmp_path, images, labels)
    last = epochs.iloc[-1]
    assert last["train_accuracy"] == 1.0
    assert last["validation_accuracy"] == 0.0
    assert last["train_loss"] < 0.2 < last["validation_loss"]
    assert epochs["epoch"].tolist() == list(range(1, 21))
    assert batches["step"].tolist() == list(range(1, 101))
    means = batches["loss"].to_numpy().reshape(20, 5).mean(axis=1)
    assert epochs["running_train_loss"].to_numpy() == pytest.approx(means)


def results_on(monkeypatch, folder, test):
    folder.mkdir(exist_ok=True)
    chosen = folder / "chosen.csv"
    chosen.write_text("hidden_size,batch_size,learning_rate\n4,8,0.5\n")
    run(
        monkeypatch,
        final,
        *arguments(images_and_labels(folder, "train")),
        *arguments(test, "test-"),
        f"--chosen={chosen}",
        f"--result={folder / 'result.csv'}",
        f"--confusion={folder / 'confusion.csv'}",
        f"--mistakes={folder / 'mistakes.npz'}",
    )
    (row,) = pd.read_csv(folder / "result.csv").to_dict("records")
    confusion = pd.read_csv(folder / "confusion.csv")
    return row, confusion, dict(np.load(folder / "mistakes.npz"))


def test_the_test_images_are_what_is_tested(monkeypatch, tmp_path):
    test = images_and_labels(tmp_path, "t10k", flip=True, rng_seed=1)
    row, confusion, mistakes = results_on(monkeypatch, tmp_path / "a", test)
    assert row["train_accuracy"] == 1.0
    assert row["test_accuracy"] == 0.0
    assert (row["test_errors"], row["test_size"]) == (SIZE, SIZE)
    matrix = confusion.pivot(
        index="true_class", columns="predicted_class", values="count"
    )
    assert matrix.to_numpy().diagonal().tolist() == [0, 0]
    assert matrix.to_numpy().sum() == SIZE
    assert mistakes["image"].shape == (SIZE, 3, 2)
    assert (mistakes["predicted_class"] == 1 - mistakes["true_class"]).all()


def test_the_test_images_have_no_part_in_the_training(monkeypatch, tmp_path):
    bright = images_and_labels(tmp_path, "bright", rng_seed=1)
    dark = images_and_labels(tmp_path, "dark", rng_seed=1, scale=4)
    one, *_ = results_on(monkeypatch, tmp_path / "a", bright)
    other, *_ = results_on(monkeypatch, tmp_path / "b", dark)
    assert one["train_loss"] == other["train_loss"]
    assert one["test_loss"] != other["test_loss"]


def test_the_synthetic_validation_is_on_the_validation_set():
    rng = random.Random(0)
    training = [([x, -x], int(x > 0)) for x in (rng.gauss(0, 1) for _ in range(400))]
    validation_set = [(x, 1 - t) for x, t in training[:50]]
    parameters = scalar.initialize(2, 3, 2, rng)
    *_, row = synthetic.train(
        parameters,
        training,
        validation_set,
        learning_rate=0.5,
        epochs=2,
        interval=150,
        rng=rng,
    )
    assert row["instances"] == 800
    assert row["validation_accuracy"] < 0.1
    assert row["train_loss"] < 0.3 < row["validation_loss"]
    assert scalar.evaluate(parameters, training)[1] > 0.9


def test_the_derivative_in_two_steps_fails_where_the_output_underflows():
    near, far = softmax.compare(1), softmax.compare(750)
    assert near["one_step"] == pytest.approx(-0.7310585786300049)
    assert float(near["two_steps"]) == pytest.approx(near["one_step"])
    assert near["target_output"] == pytest.approx(0.2689414213699951)
    assert far == {
        "margin": 750,
        "target_output": 0.0,
        "two_steps": "division by zero",
        "one_step": -1.0,
    }

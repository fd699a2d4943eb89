"""The experiments, on images small enough to foresee the results."""

import argparse
import hashlib
import math
import random

import numpy as np
import pandas as pd
import pytest

from mlp.experiments import batching, softmax, train, train_final, train_synthetic
from mlp.hyperparameters import Hyperparameters
from mlp.networks import scalar
from tests.test_data import idx_file
from tests.tools.project import step
from workflow.runs import words

SIZE = 60
CHOICE = Hyperparameters(
    hidden_size=4,
    activation="sigmoid",
    initialization="lecun_normal",
    normalization="standardize",
    batch_size=8,
    learning_rate=0.5,
    schedule="constant",
    epochs=20,
)
# black images excite no rectified linear unit, so that only the output's biases learn
BLACK = CHOICE._replace(
    activation="relu",
    normalization="unit_interval",
    batch_size=4,
    learning_rate=1.0,
    schedule="linear",
    epochs=2,
)
FIRST_MARGIN = 0.5  # c[0] - c[1], after dc = (1/2 - 3/4, 1/2 - 1/4)
# y[0] is sigmoid(0.5) = 0.62246 then, and the rate half of the first
LAST_MARGIN = FIRST_MARGIN + 0.5 * 2 * (0.75 - 1 / (1 + math.exp(-0.5)))


def loss(margin, share):
    """The mean loss where a share of the instances is of class 0."""
    return share * math.log1p(math.exp(-margin)) + (1 - share) * math.log1p(
        math.exp(margin)
    )


@pytest.mark.parametrize("after", ["each", "last"])
def test_the_losses_of_training_and_validation_are_those_by_hand(after):
    training = train.Instances(np.zeros((4, 6), np.float32), np.array([0, 0, 1, 0]))
    validation = train.Instances(np.zeros((1, 6), np.float32), np.array([1]))
    rows, losses = zip(*train.train(BLACK, training, validation, 2, 3, after))
    before = 0.0
    for epoch, (row, margin) in enumerate(
        zip(rows, (FIRST_MARGIN, LAST_MARGIN), strict=True), start=1
    ):
        expected = {
            "seed": 3,
            "epoch": epoch,
            "initial_train_loss": pytest.approx(math.log(2)),
            "running_train_loss": pytest.approx(loss(before, 0.75)),
            "train_loss": pytest.approx(loss(margin, 0.75)),
            "train_accuracy": 0.75,
            "validation_loss": pytest.approx(loss(margin, 0)),
            "validation_accuracy": 0.0,
            "saturated": 1.0 if epoch == 2 else "",
            "validation_mistakes": "0" if epoch == 2 else "",
        }
        if epoch == 1 and after == "last":
            expected |= {"train_loss": "", "train_accuracy": ""}
        assert row == BLACK._asdict() | expected
        assert losses[epoch - 1] == [pytest.approx(loss(before, 0.75))]
        before = margin


def test_what_is_saturated_are_the_activations_with_hardly_a_derivative():
    bright = np.full((3, 6), 1e3, np.float32)
    bright[0] = 0  # where each derivative is 1/4
    sets = train.Instances(bright, np.array([0, 1, 0]))
    *_, (row, _) = train.train(CHOICE, sets, sets, 2, 0, "last")
    assert row["saturated"] == pytest.approx(2 / 3)


def test_the_test_is_of_the_network_after_its_last_epoch():
    black = np.zeros((4, 3, 2), np.uint8)
    t = np.array([0, 0, 1, 0])
    tested = train_final.train_and_test(
        BLACK, black, t, black[:3], np.array([0, 1, 1]), 2, seed=3
    )
    assert tested.result == {
        "train_loss": pytest.approx(loss(LAST_MARGIN, 0.75)),
        "train_accuracy": 0.75,
        "test_loss": pytest.approx(loss(LAST_MARGIN, 1 / 3)),
        "test_accuracy": pytest.approx(1 / 3),
        "test_errors": 2,
        "test_size": 3,
    }
    assert tested.predicted.tolist() == [0, 0, 0]
    y = 1 / (1 + math.exp(-LAST_MARGIN))
    assert tested.probability.tolist() == [pytest.approx(y)] * 3


def test_the_confusion_counts_who_is_taken_for_whom():
    counts = train_final.confusion(np.array([0, 1, 1]), np.array([0, 0, 0]), 2)
    expected = [(0, 0, 1), (0, 1, 0), (1, 0, 2), (1, 1, 0)]
    assert [tuple(row.values()) for row in counts] == expected


def images_and_labels(*, flip=False, scale=1, seed=0):
    """Make images that are bright on the side that their label tells, or the other."""
    labels = np.random.default_rng(seed).integers(0, 2, SIZE)
    images = np.full((SIZE, 3, 2), 20, np.uint8)
    images[np.arange(SIZE), :, labels] = 200 // scale
    return images[:, :, ::-1] if flip else images, labels


def files(folder, images, labels, prefix=""):
    """Write images and labels as files, and give the arguments that name them."""
    paths = [folder / f"{prefix}{name}" for name in ("images", "labels")]
    for path, array in zip(paths, (images, labels.astype(np.uint8))):
        idx_file(path, array)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    names = (f"{prefix}{name}" for name in ("images", "labels", "sha256"))
    return dict(zip(names, (*paths, digests)))


def test_validation_is_on_the_images_withheld(tmp_path):
    images, labels = images_and_labels()
    labels[-20:] = 1 - labels[-20:]  # those withheld
    step(
        train,
        **files(tmp_path, images, labels),
        classes=2,
        seed=0,
        validation_size=20,
        hyperparameters=words(CHOICE._asdict()),
        train_loss_after="each",
        epochs=tmp_path / "epochs.csv",
        batches=tmp_path / "batches.csv",
    )
    epochs = pd.read_csv(tmp_path / "epochs.csv")
    batches = pd.read_csv(tmp_path / "batches.csv")
    last = epochs.iloc[-1]
    assert last[list(CHOICE._fields)].tolist() == list(CHOICE)
    assert last["train_accuracy"] == 1.0
    assert last["validation_accuracy"] == 0.0
    assert last["validation_mistakes"].split() == list(map(str, range(20)))
    assert last["train_loss"] < 0.2 < last["validation_loss"]
    assert epochs["epoch"].tolist() == list(range(1, 21))
    assert batches["step"].tolist() == list(range(1, 101))
    means = batches["loss"].to_numpy().reshape(20, 5).mean(axis=1)
    assert epochs["running_train_loss"].to_numpy() == pytest.approx(means)


def test_each_choice_is_tested_and_the_first_has_its_mistakes_told(tmp_path):
    choices = {"as_assigned": CHOICE, "best_of_all": CHOICE._replace(epochs=1)}
    chosen = [{"choice": name} | each._asdict() for name, each in choices.items()]
    pd.DataFrame(chosen).assign(n=5).to_csv(tmp_path / "chosen.csv", index=False)
    test = images_and_labels(flip=True, seed=1)
    step(
        train_final,
        **files(tmp_path, *images_and_labels()),
        **files(tmp_path, *test, "test_"),
        classes=2,
        seed=0,
        chosen=tmp_path / "chosen.csv",
        result=tmp_path / "result.csv",
        confusion=tmp_path / "confusion.csv",
        mistakes=tmp_path / "mistakes.npy",
    )
    result = pd.read_csv(tmp_path / "result.csv")
    assert result["choice"].tolist() == list(choices)
    assert result["epochs"].tolist() == [20, 1]
    assert result.loc[0, ["train_accuracy", "test_accuracy"]].tolist() == [1, 0]
    assert result["test_loss"].nunique() == 2
    confusion = pd.read_csv(tmp_path / "confusion.csv")
    assert confusion["count"].sum() == SIZE
    right = confusion["true_class"] == confusion["predicted_class"]
    assert confusion.loc[right, "count"].tolist() == [0, 0]
    mistakes = np.load(tmp_path / "mistakes.npy")
    assert (mistakes["image"] == test[0]).all()
    assert (mistakes["predicted_class"] == 1 - mistakes["true_class"]).all()


def test_the_test_images_have_no_part_in_the_training():
    bright, dark = (
        train_final.train_and_test(
            CHOICE, *images_and_labels(), *images_and_labels(seed=1, scale=scale), 2, 0
        ).result
        for scale in (1, 4)
    )
    assert bright["train_loss"] == dark["train_loss"]
    assert bright["test_loss"] != dark["test_loss"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("hidden_size=4", "these are hidden_size, expected hidden_size activation"),
        ("{all} momentum=0.9", "epochs momentum, expected"),
        ("{all} seed", "epochs seed, expected"),
        ("{four}", "invalid literal for int"),
    ],
)
def test_hyperparameters_that_are_not_all_there_or_not_known_are_refused(
    given, message
):
    choice = words(CHOICE._asdict())
    assert Hyperparameters.from_words(choice) == CHOICE
    given = given.format(all=choice, four=choice.replace("=4", "=four"))
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        Hyperparameters.from_words(given)


def test_the_synthetic_validation_is_on_the_validation_set():
    rng = random.Random(0)
    training = [([x, -x], int(x > 0)) for x in (rng.gauss(0, 1) for _ in range(400))]
    validation_set = [(x, 1 - t) for x, t in training[:50]]
    parameters = scalar.initialize(2, 3, 2, rng)
    *_, row = train_synthetic.train(
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
    assert row["whole_train_loss"] == scalar.evaluate(parameters, training)[0]


@pytest.mark.parametrize(
    ("precision", "overflow"), [("single", 88.72), ("double", 709.78)]
)
def test_the_derivative_in_two_steps_fails_where_the_output_underflows(
    precision, overflow
):
    near = softmax.compare(precision, 1)
    assert near["one_step"] == pytest.approx(-0.7310585786300049)
    assert float(near["two_steps"]) == pytest.approx(near["one_step"])
    assert near["target_output"] == pytest.approx(0.2689414213699951)
    assert near["overflow_margin"] == pytest.approx(overflow, abs=0.01)
    steps = [softmax.compare(precision, overflow + above) for above in (-0.1, 0.1, 50)]
    assert [case["two_steps"] for case in steps] == ["-1.0", "-inf", "nan"]
    assert {case["one_step"] for case in steps} == {-1.0}


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_instances_one_by_one_learn_what_their_batch_does(activation):
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((50, 6), dtype=np.float32), rng.integers(0, 3, 50)
    choice = Hyperparameters(8, activation, "lecun_normal", "", 8, 0.5, "constant", 1)
    rows = list(batching.compare(choice, x, t, 3, seed=0))
    assert [row["step"] for row in rows] == [*range(1, 8)]  # the last has two instances
    assert max(row["loss_difference"] for row in rows) < 1e-5
    assert max(row["matmul_difference"] for row in rows) < 1e-5
    assert len({row["batch_loss"] for row in rows}) == 7

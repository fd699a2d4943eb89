"""Question 7.4: train on the full training set, test once on the canonical test set.

This is the only experiment that opens the test set.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlp.command import arguments
from mlp.data import idx
from mlp.data.normalization import normalize
from mlp.hyperparameters import Hyperparameters
from mlp.networks import sgd
from mlp.networks.batch import evaluate, forward
from mlp.outputs import replacing, write_csv


class Tested(NamedTuple):
    """What a trained network makes of the test set."""

    result: dict
    """Loss in nats and accuracy on both sets, and the number of test errors."""
    predicted: NDArray[np.integer]  # (instances,)
    probability: NDArray[np.float32]  # (instances,), of the class predicted


def read_chosen(path: Path) -> dict[str, Hyperparameters]:
    """Read the settings that validation results chose, by the name of the choice."""
    with path.open(newline="") as file:
        return {
            row["choice"]: Hyperparameters.from_texts(
                {name: row[name] for name in Hyperparameters._fields}
            )
            for row in csv.DictReader(file)
        }


def train_and_test(
    hyperparameters: Hyperparameters,
    images: NDArray[np.uint8],
    t: NDArray[np.integer],
    test_images: NDArray[np.uint8],
    t_test: NDArray[np.integer],
    classes: int,
    seed: int,
) -> Tested:
    """Train a network from one seed, and test it once, after the last epoch.

    Parameters
    ----------
    hyperparameters : Hyperparameters
    images, test_images : ndarray of uint8, (instances, height, width)
    t, t_test : ndarray of int, (instances,)
    classes, seed : int
    """
    x, x_test = normalize(hyperparameters.normalization, images, test_images)
    rng, activation = np.random.default_rng(seed), hyperparameters.activation
    *_, (parameters, _) = sgd.train(hyperparameters, x, t, classes, rng)

    train_loss, train_accuracy = evaluate(parameters, x, t, activation)
    test_loss, test_accuracy = evaluate(parameters, x_test, t_test, activation)
    _, cache = forward(parameters, x_test, t_test, activation)
    predicted = cache.y.argmax(axis=1)
    return Tested(
        {
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            "test_errors": int((predicted != t_test).sum()),
            "test_size": len(t_test),
        },
        predicted,
        cache.y.max(axis=1),
    )


def confusion(
    t: NDArray[np.integer], predicted: NDArray[np.integer], classes: int
) -> list[dict]:
    """Count who is taken for whom, one row a pair of classes."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (t, predicted), 1)
    return [
        {"true_class": i, "predicted_class": j, "count": counts[i, j]}
        for i, j in np.ndindex(*counts.shape)
    ]


def main() -> None:
    """Write what one seed of each choice makes of the test set."""
    options = arguments(
        __doc__, **idx.LABELLED, test_images=Path, test_labels=Path, test_sha256=[str],
        classes=int, chosen=Path, seed=int, result=Path, confusion=Path, mistakes=Path,
    )  # fmt: skip

    classes = options.classes
    images, t = idx.read_labelled(
        options.images, options.labels, options.sha256, classes
    )
    test_images, t_test = idx.read_labelled(
        options.test_images, options.test_labels, options.test_sha256, classes
    )
    tests = {}
    rows = []
    for choice, hyperparameters in read_chosen(options.chosen).items():
        tests[choice] = train_and_test(
            hyperparameters, images, t, test_images, t_test, classes, options.seed
        )
        named = {"choice": choice, "seed": options.seed, **hyperparameters._asdict()}
        rows.append(named | tests[choice].result)
        print(*(f"{name}={value}" for name, value in rows[-1].items()))

    write_csv(options.result, rows)
    first = next(iter(tests.values()))  # the network of question 5
    write_csv(options.confusion, confusion(t_test, first.predicted, classes))
    wrong = np.flatnonzero(first.predicted != t_test)
    columns = {
        "index": wrong,
        "true_class": t_test[wrong],
        "predicted_class": first.predicted[wrong],
        "probability": first.probability[wrong],
        "image": test_images[wrong],
    }
    # one array, since the bytes of a zip file depend on the Python that packs it
    mistakes = np.empty(
        len(wrong), [(name, c.dtype, c.shape[1:]) for name, c in columns.items()]
    )
    for name, column in columns.items():
        mistakes[name] = column
    with replacing(options.mistakes) as temporary, temporary.open("wb") as file:
        np.save(file, mistakes)


if __name__ == "__main__":
    main()

"""Question 7.4: train on the full training set, test once on the canonical test set.

This is the only experiment that opens the test set.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from mlp.data import idx
from mlp.experiments.hyperparameters import (
    add_arguments,
    from_choices,
    normalize,
    train,
)
from mlp.networks.batch import evaluate, forward
from mlp.outputs import replacing, write_csv


def read_chosen(path: Path) -> dict[str, int | float]:
    """Read the hyperparameters that the validation results chose."""
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    return {
        "hidden_size": int(row["hidden_size"]),
        "batch_size": int(row["batch_size"]),
        "learning_rate": float(row["learning_rate"]),
    }


def main() -> None:
    """Write the test result of one seed, its confusion matrix and its mistakes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--test-images", type=Path, required=True)
    parser.add_argument("--test-labels", type=Path, required=True)
    parser.add_argument("--test-sha256", nargs=2, required=True)
    parser.add_argument("--chosen", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    parser.add_argument("--confusion", type=Path, required=True)
    parser.add_argument("--mistakes", type=Path, required=True)
    add_arguments(parser)
    arguments = parser.parse_args()
    hyperparameters = from_choices(vars(arguments) | read_chosen(arguments.chosen))

    images, t = idx.read_labelled(
        arguments.images, arguments.labels, arguments.sha256, arguments.classes
    )
    test_images, t_test = idx.read_labelled(
        arguments.test_images,
        arguments.test_labels,
        arguments.test_sha256,
        arguments.classes,
    )
    x, x_test = normalize(hyperparameters.normalization, images, test_images)
    epochs = train(hyperparameters, x, t, arguments.classes, arguments.seed)
    *_, (parameters, _) = epochs

    train_loss, train_accuracy = evaluate(parameters, x, t)
    test_loss, test_accuracy = evaluate(parameters, x_test, t_test)
    _, cache = forward(parameters, x_test, t_test)
    predicted = cache.y.argmax(axis=1)
    wrong = np.flatnonzero(predicted != t_test)

    row = {
        "seed": arguments.seed,
        "hidden_size": hyperparameters.hidden_size,
        "batch_size": hyperparameters.batch_size,
        "learning_rate": hyperparameters.learning_rate,
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
        "test_errors": len(wrong),
        "test_size": len(t_test),
    }
    print(*(f"{name}={value}" for name, value in row.items()))
    write_csv(arguments.result, [row])
    counts = np.zeros((arguments.classes, arguments.classes), int)
    np.add.at(counts, (t_test, predicted), 1)
    write_csv(
        arguments.confusion,
        [
            {"true_class": i, "predicted_class": j, "count": counts[i, j]}
            for i, j in np.ndindex(*counts.shape)
        ],
    )
    with replacing(arguments.mistakes) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            index=wrong,
            true_class=t_test[wrong],
            predicted_class=predicted[wrong],
            probability=cache.y[wrong, predicted[wrong]],
            image=test_images[wrong],
        )


if __name__ == "__main__":
    main()

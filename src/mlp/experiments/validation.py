"""Question 7.1 to 7.3: train on part of the training set, validate on the rest."""

import argparse
from pathlib import Path

from mlp.data import idx
from mlp.experiments.hyperparameters import (
    add_arguments,
    from_choices,
    normalize,
    train,
)
from mlp.networks.batch import evaluate
from mlp.outputs import write_csv


def main() -> None:
    """Write the loss of each batch, and losses and accuracies after each epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validation-size", type=int, required=True)
    parser.add_argument("--hidden-size", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--epochs-csv", type=Path, required=True)
    parser.add_argument("--batches-csv", type=Path, required=True)
    add_arguments(parser)
    arguments = parser.parse_args()
    hyperparameters = from_choices(vars(arguments))

    images, labels = idx.read_labelled(
        arguments.images, arguments.labels, arguments.sha256, arguments.classes
    )
    x, x_validation = normalize(
        hyperparameters.normalization, *idx.split(images, arguments.validation_size)
    )
    t, t_validation = idx.split(labels, arguments.validation_size)

    run = {
        "hidden_size": hyperparameters.hidden_size,
        "batch_size": hyperparameters.batch_size,
        "learning_rate": hyperparameters.learning_rate,
        "seed": arguments.seed,
    }
    epochs: list[dict] = []
    batches: list[float] = []
    for parameters, losses in train(
        hyperparameters, x, t, arguments.classes, arguments.seed
    ):
        train_loss, train_accuracy = evaluate(parameters, x, t)
        validation_loss, validation_accuracy = evaluate(
            parameters, x_validation, t_validation
        )
        epochs.append(
            run
            | {
                "epoch": len(epochs) + 1,
                "running_train_loss": float(losses.mean()),
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "validation_loss": validation_loss,
                "validation_accuracy": validation_accuracy,
            }
        )
        batches += losses.tolist()
        print(*(f"{name}={value}" for name, value in epochs[-1].items()), flush=True)

    write_csv(arguments.epochs_csv, epochs)
    write_csv(
        arguments.batches_csv,
        [{"step": i + 1, "loss": loss} for i, loss in enumerate(batches)],
    )


if __name__ == "__main__":
    main()

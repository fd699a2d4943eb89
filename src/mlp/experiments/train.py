"""Question 7.1 to 7.3: train on part of the training set, validate on the rest."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlp.command import arguments
from mlp.data import idx
from mlp.data.normalization import normalize
from mlp.hyperparameters import Hyperparameters
from mlp.networks import sgd
from mlp.networks.activations import ACTIVATIONS
from mlp.networks.batch import evaluate, forward, initialize
from mlp.outputs import write_csv


class Instances(NamedTuple):
    """Images and their classes."""

    x: NDArray[np.float32]  # (instances, pixels), normalized
    t: NDArray[np.integer]  # (instances,)


def train(
    hyperparameters: Hyperparameters,
    training: Instances,
    validation: Instances,
    classes: int,
    seed: int,
    train_loss_after: str,
) -> Iterator[tuple[dict, list[float]]]:
    """Train a network from one seed and validate it after each epoch.

    Parameters
    ----------
    hyperparameters : Hyperparameters
    training, validation : Instances
    classes, seed : int
    train_loss_after : {"each", "last"}
        The epochs after which loss and accuracy are measured on the training set, too,
        which takes a fifth of a run if it is after each.

    Yields
    ------
    row : dict
        The hyperparameters, ``seed``, ``epoch``, the loss on the training set before
        the first step, ``initial_train_loss``, the mean of the batch losses,
        ``running_train_loss``, loss in nats and accuracy on both sets, and, of the last
        epoch, ``saturated``, the share of hidden activations on the validation set
        that do not have a derivative of 0.01 at least, and ``validation_mistakes``, the
        images of it that are taken for another class, by their place.
    losses : list of float
        The loss of each batch of the epoch, before the step that it caused.
    """
    size, activation = hyperparameters.hidden_size, hyperparameters.activation
    untrained = initialize(
        training.x.shape[1],
        size,
        classes,
        np.random.default_rng(seed),
        hyperparameters.initialization,
    )
    initial, _ = evaluate(untrained, *training, activation)
    rng = np.random.default_rng(seed)
    epochs = sgd.train(hyperparameters, training.x, training.t, classes, rng)
    for epoch, (parameters, losses) in enumerate(epochs, start=1):
        row = {
            **hyperparameters._asdict(),
            "seed": seed,
            "epoch": epoch,
            "initial_train_loss": initial,
            "running_train_loss": float(losses.mean()),
        }
        last = epoch == hyperparameters.epochs
        for name, (x, t) in {"train": training, "validation": validation}.items():
            row[f"{name}_loss"], row[f"{name}_accuracy"] = (
                evaluate(parameters, x, t, activation)
                if name == "validation" or last or train_loss_after == "each"
                else ("", "")
            )
        row["saturated"] = row["validation_mistakes"] = ""
        if last:
            _, cache = forward(parameters, *validation, activation)
            slope = ACTIVATIONS[activation].backward(np.ones_like(cache.h), cache.h)
            row["saturated"] = float((~(slope >= 0.01)).mean())
            wrong = np.flatnonzero(cache.y.argmax(axis=1) != validation.t)
            row["validation_mistakes"] = " ".join(map(str, wrong))
        yield row, losses.tolist()


def main() -> None:
    """Write the loss of each batch, and losses and accuracies after each epoch."""
    options = arguments(
        __doc__, **idx.LABELLED, classes=int, validation_size=int,
        hyperparameters=Hyperparameters.from_words, seed=int, train_loss_after=str,
        epochs=Path, batches=Path,
    )  # fmt: skip

    images, labels = idx.read_labelled(
        options.images, options.labels, options.sha256, options.classes
    )
    parts = normalize(
        options.hyperparameters.normalization,
        *idx.split(images, options.validation_size),
    )
    training, validation = map(
        Instances, parts, idx.split(labels, options.validation_size)
    )
    epochs: list[dict] = []
    batches: list[float] = []
    for row, losses in train(
        options.hyperparameters,
        training,
        validation,
        options.classes,
        options.seed,
        options.train_loss_after,
    ):
        epochs.append(row)
        batches += losses
        shown = list(row.items())[:-1]  # without the mistakes
        print(*(f"{name}={value}" for name, value in shown), flush=True)

    write_csv(options.epochs, epochs)
    write_csv(
        options.batches,
        [{"step": i + 1, "loss": loss} for i, loss in enumerate(batches)],
    )


if __name__ == "__main__":
    main()

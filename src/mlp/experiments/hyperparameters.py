"""What has to be chosen before the network of question 5 can be trained."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlp.data import normalization
from mlp.networks import batch, sgd


class Hyperparameters(NamedTuple):
    """All choices but the seed."""

    hidden_size: int
    initialization: str  # a key of batch.INITIALIZATIONS
    normalization: str  # a key of normalization.PIXELS
    batch_size: int
    learning_rate: float
    schedule: str  # a key of sgd.SCHEDULES
    epochs: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command line state the training set, the seed and what no run varies."""
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--sha256", nargs=2, required=True)
    parser.add_argument("--classes", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument(
        "--initialization", choices=batch.INITIALIZATIONS, required=True
    )
    parser.add_argument("--normalization", choices=normalization.PIXELS, required=True)
    parser.add_argument("--schedule", choices=sgd.SCHEDULES, required=True)
    parser.add_argument("--epochs", type=int, required=True)


def from_choices(choices: Mapping[str, Any]) -> Hyperparameters:
    """Pick the hyperparameters out of all that was chosen."""
    return Hyperparameters(*(choices[name] for name in Hyperparameters._fields))


def normalize(name: str, *images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Normalize sets of images by the first of them.

    Parameters
    ----------
    name : str
        A key of `normalization.PIXELS`.
    *images : ndarray of uint8, (instances, height, width)

    Returns
    -------
    list of ndarray, (instances, pixels)
    """
    fitted = normalization.PIXELS[name](images[0])
    table = fitted(np.arange(256)).astype(np.float32)  # a pixel has 256 values
    return [table[x.reshape(len(x), -1)] for x in images]


def train(
    hyperparameters: Hyperparameters,
    x: NDArray[np.float32],
    t: NDArray[np.integer],
    classes: int,
    seed: int,
) -> Iterator[tuple[batch.Parameters, NDArray]]:
    """Train a network from one seed.

    Yields
    ------
    parameters : batch.Parameters
        After each epoch; the next epoch changes them.
    losses : ndarray, (batches,)
        The loss of each batch of that epoch; not finite once the run has diverged.
    """
    rng = np.random.default_rng(seed)
    parameters = batch.initialize(
        x.shape[1],
        hyperparameters.hidden_size,
        classes,
        rng,
        hyperparameters.initialization,
    )
    with np.errstate(over="ignore", invalid="ignore"):  # the losses tell of divergence
        for losses in sgd.train(
            parameters,
            x,
            t,
            batch_size=hyperparameters.batch_size,
            learning_rate=hyperparameters.learning_rate,
            schedule=hyperparameters.schedule,
            epochs=hyperparameters.epochs,
            rng=rng,
        ):
            yield parameters, losses

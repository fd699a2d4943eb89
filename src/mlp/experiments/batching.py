"""Questions 5 and 6: a few instances one after another, and as a batch."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlp.command import arguments
from mlp.data import idx
from mlp.data.normalization import normalize
from mlp.hyperparameters import Hyperparameters
from mlp.networks import batch, instance
from mlp.outputs import write_csv

STEPS = 100  # at most


def compare(
    hyperparameters: Hyperparameters, x: NDArray, t: NDArray, classes: int, seed: int
) -> Iterator[dict]:
    """Train from the same weights on the same batches, in both ways.

    Yields
    ------
    row : dict
        Of each ``step``, at a constant rate: ``instance_loss`` with the gradients of
        the instances added up, ``batch_loss`` with that of the batch, and the
        ``loss_difference`` of these; ``matmul_difference``, the largest between the
        product of the batch by the weights and those of its rows, as a stack of
        matrices, by the weights.
    """
    size, rate = hyperparameters.batch_size, hyperparameters.learning_rate
    activation = hyperparameters.activation
    together = batch.initialize(
        x.shape[1],
        hyperparameters.hidden_size,
        classes,
        np.random.default_rng(seed),
        hyperparameters.initialization,
    )
    apart = batch.Parameters(*(p.copy() for p in together))
    for step in range(min(STEPS, -(-len(t) // size))):
        some = slice(step * size, (step + 1) * size)
        stack = x[some, None, :] @ together.W  # (batch, 1, hidden)
        difference = np.abs(stack[:, 0] - x[some] @ together.W).max()
        instance_loss, added = instance.mean_gradient(
            apart, x[some], t[some], activation
        )
        batch_loss, cache = batch.forward(together, x[some], t[some], activation)
        at_once = batch.backward(together, cache)
        yield {
            "step": step + 1,
            "instance_loss": instance_loss,
            "batch_loss": batch_loss,
            "loss_difference": abs(instance_loss - batch_loss),
            "matmul_difference": difference,
        }
        for p, dp in zip([*apart, *together], [*added, *at_once]):
            p -= rate * dp


def main() -> None:
    """Write one row a step."""
    options = arguments(
        __doc__, **idx.LABELLED, classes=int, validation_size=int,
        hyperparameters=Hyperparameters.from_words, seed=int, output=Path,
    )  # fmt: skip

    hyperparameters, classes = options.hyperparameters, options.classes
    images, labels = idx.read_labelled(
        options.images, options.labels, options.sha256, classes
    )
    training, _ = idx.split(images, options.validation_size)
    some = training[: STEPS * hyperparameters.batch_size]
    (x,) = normalize(hyperparameters.normalization, some)
    rows = compare(hyperparameters, x, labels[: len(x)], classes, options.seed)
    with np.errstate(over="ignore", invalid="ignore"):  # the losses tell of it
        write_csv(options.output, rows)


if __name__ == "__main__":
    main()

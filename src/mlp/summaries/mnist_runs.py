"""Summarize question 7.1 and 7.2: the runs of one setting from several seeds."""

from pathlib import Path

import pandas as pd

from mlp.command import arguments
from mlp.hyperparameters import Hyperparameters
from mlp.outputs import write_table
from mlp.summaries.statistics import over_seeds, read_batches, read_runs, with_ends

METRICS = [
    "running_train_loss",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "generalization_gap",
]


def summarize(runs: pd.DataFrame) -> pd.DataFrame:
    """Summarize losses and accuracies over the seeds, one row an epoch of a setting.

    The ``generalization_gap``, validation loss less training loss, is taken within each
    run, where what the losses share cancels.  Runs that have ``diverged`` by then, or
    are still ``untrained``, are counted.
    """
    gap = runs["validation_loss"] - runs["train_loss"]
    by = [*Hyperparameters._fields, "epoch"]
    return with_ends(runs.assign(generalization_gap=gap), by, METRICS)


def main() -> None:
    """Write mean and standard deviation over the seeds, per epoch and per batch."""
    options = arguments(
        __doc__, epochs=[Path], batches=[Path], epochs_output=Path, batches_output=Path,
    )  # fmt: skip

    epochs = read_runs(options.epochs)
    batches = read_batches(options.batches, epochs)
    write_table(options.epochs_output, summarize(epochs))
    write_table(options.batches_output, over_seeds(batches, ["step"], ["loss"]))


if __name__ == "__main__":
    main()

"""Summarize question 7.1 and 7.2: the runs of one setting from several seeds."""

from pathlib import Path

import pandas as pd

from mlp.command import arguments
from mlp.hyperparameters import Hyperparameters
from mlp.outputs import write_table
from mlp.summaries.statistics import ended, over_seeds, read_runs

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
    runs = ended(runs.assign(generalization_gap=gap))
    counts = runs.groupby(by)[["diverged", "untrained"]].sum().reset_index()
    return over_seeds(runs, by, METRICS).merge(counts, on=by)


def main() -> None:
    """Write mean and standard deviation over the seeds, per epoch and per batch."""
    options = arguments(
        __doc__, epochs=[Path], batches=[Path], seeds=[int], epochs_output=Path,
        batches_output=Path,
    )  # fmt: skip

    epochs = read_runs(options.epochs)
    batches = pd.concat(
        pd.read_csv(path).assign(seed=seed)
        for path, seed in zip(options.batches, options.seeds, strict=True)
    )
    write_table(options.epochs_output, summarize(epochs))
    write_table(options.batches_output, over_seeds(batches, ["step"], ["loss"]))


if __name__ == "__main__":
    main()

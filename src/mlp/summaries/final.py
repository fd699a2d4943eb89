"""Summarize question 7.4: the test results of several seeds."""

from pathlib import Path

import numpy as np
import pandas as pd

from mlp.command import arguments
from mlp.outputs import write_table
from mlp.summaries.comparison import CONFIDENCE, interval_of_mean
from mlp.summaries.statistics import read_runs

METRICS = ["train_loss", "train_accuracy", "test_loss", "test_accuracy", "test_errors"]


def tested_right(runs: pd.DataFrame, mistakes: list[Path]) -> pd.DataFrame:
    """Tell which test images the network of question 5 gets right, by seed."""
    right = np.ones((len(mistakes), runs["test_size"].iloc[0]), bool)
    for row, path in zip(right, mistakes, strict=True):
        row[np.load(path)["index"]] = False
    return pd.DataFrame(right, runs["seed"].unique())


def summarize(runs: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Summarize the runs, one row a choice and metric.

    Returns
    -------
    DataFrame
        ``choice``, ``metric``, the number ``n`` of seeds, mean and std (with n - 1).
        For the test accuracy of the network of question 5, ``low`` and ``high``, its
        interval at that ``confidence`` for other seeds and other test images, and
        ``mistaken_by_most``, how many more than half of the networks get wrong.
    """
    by_choice = runs.groupby("choice", sort=False)[METRICS]
    summary = by_choice.agg(["count", "mean", "std"]).stack(0)
    summary = summary.rename_axis(["choice", "metric"]).reset_index()
    summary = summary.rename(columns={"count": "n"}).assign(confidence=CONFIDENCE)
    tested = summary.index[summary["metric"] == "test_accuracy"][:1]
    summary.loc[tested, ["low", "high"]] = interval_of_mean(right)
    summary.loc[tested, "mistaken_by_most"] = (right.mean() < 0.5).sum()
    return summary


def summarize_confusion(counts: pd.DataFrame) -> pd.DataFrame:
    """Average the confusion matrices over the seeds, one row a pair of classes."""
    pairs = counts.groupby(["true_class", "predicted_class"])["count"]
    table = pairs.mean().rename("count_mean").reset_index()
    return table.assign(mistake=table["true_class"] != table["predicted_class"])


def main() -> None:
    """Write one row a seed, the summary, and the mean confusion matrix."""
    options = arguments(
        __doc__, results=[Path], confusions=[Path], mistakes=[Path], final=Path,
        summary=Path, confusion=Path,
    )  # fmt: skip

    runs = read_runs(options.results)
    runs = runs.sort_values("choice", kind="stable")  # seeds stay in their order
    right = tested_right(runs, options.mistakes)
    confusion = read_runs(options.confusions)
    for path, table in {
        options.final: runs,
        options.summary: summarize(runs, right),
        options.confusion: summarize_confusion(confusion),
    }.items():
        write_table(path, table)


if __name__ == "__main__":
    main()

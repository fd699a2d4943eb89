"""Summarize question 7.4: the test results of several seeds."""

import argparse
import itertools
from pathlib import Path

import pandas as pd
from scipy import stats

from mlp.outputs import write_table

METRICS = ["train_loss", "train_accuracy", "test_loss", "test_accuracy", "test_errors"]
CONFIDENCE = 0.95


def summarize(runs: pd.DataFrame) -> pd.DataFrame:
    """Summarize the runs, one row a choice and metric.

    Returns
    -------
    DataFrame
        ``choice``, ``metric``, the number ``n`` of seeds, mean, std (with n - 1),
        minimum, maximum, and ``low`` and ``high``, Student's interval of the mean over
        seeds at that ``confidence``; a single seed has neither.  For the test accuracy
        ``p``,
        ``sampling_error`` is the standard error ``sqrt(p (1 - p) / size)`` of a share.
    """
    rows = []
    for (choice, of_choice), metric in itertools.product(
        runs.groupby("choice", sort=False), METRICS
    ):
        values = of_choice[metric]
        half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.sem()
        rows.append(
            {
                "choice": choice,
                "metric": metric,
                "n": len(values),
                "mean": values.mean(),
                "std": values.std(),
                "minimum": values.min(),
                "maximum": values.max(),
                "confidence": CONFIDENCE,
                "low": values.mean() - half,
                "high": values.mean() + half,
            }
        )
    summary = pd.DataFrame(rows)
    tested = summary["metric"] == "test_accuracy"
    share = summary["mean"].where(tested)
    summary["sampling_error"] = (share * (1 - share) / runs["test_size"].iloc[0]) ** 0.5
    return summary


def summarize_confusion(counts: pd.DataFrame) -> pd.DataFrame:
    """Average the confusion matrices over the seeds, one row a pair of classes."""
    pairs = counts.groupby(["true_class", "predicted_class"])["count"]
    table = pairs.mean().rename("count_mean").reset_index()
    return table.assign(mistake=table["true_class"] != table["predicted_class"])


def main() -> None:
    """Write one row a seed, the summary, and the mean confusion matrix."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, nargs="+", required=True)
    parser.add_argument("--confusions", type=Path, nargs="+", required=True)
    parser.add_argument("--final", type=Path, required=True)
    parser.add_argument("--summary", type=Path, required=True)
    parser.add_argument("--confusion", type=Path, required=True)
    arguments = parser.parse_args()

    runs = pd.concat(map(pd.read_csv, arguments.results))
    runs = runs.sort_values("choice", kind="stable")  # seeds stay in their order
    confusion = pd.concat(map(pd.read_csv, arguments.confusions))
    for path, table in {
        arguments.final: runs,
        arguments.summary: summarize(runs),
        arguments.confusion: summarize_confusion(confusion),
    }.items():
        write_table(path, table)


if __name__ == "__main__":
    main()

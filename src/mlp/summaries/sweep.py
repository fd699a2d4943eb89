"""Summarize question 7.3 and choose hyperparameters by validation results alone."""

import argparse
import itertools
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from mlp.outputs import write_csv, write_table
from mlp.summaries.statistics import over_seeds

SETTING = ["hidden_size", "batch_size", "learning_rate"]
METRICS = ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]


class NoCandidateError(SystemExit):
    """No setting can be chosen; uncaught, it ends the step with its message."""


def summarize(runs: pd.DataFrame, classes: int, validation_size: int) -> pd.DataFrame:
    """Summarize the last epoch of all runs, one row a setting.

    Parameters
    ----------
    runs : DataFrame
        One row an epoch of a run.
    classes : int
        A run has diverged if its training loss is not finite or exceeds ``ln classes``,
        the loss of guessing all classes alike.
    validation_size : int
        The number of images on which the accuracies were measured.

    Returns
    -------
    DataFrame
        The setting, n, mean and std of the metrics, how many runs ``diverged``, and the
        ``validation_sampling_error``, the standard error of a share of that size.
    """
    last = runs[runs["epoch"] == runs["epoch"].max()]
    last = last.assign(diverged=~(last["train_loss"] <= math.log(classes)))
    summary = over_seeds(last, SETTING, METRICS)
    diverged = last.groupby(SETTING)["diverged"].sum().reset_index()
    share = summary["validation_accuracy_mean"]
    summary["validation_sampling_error"] = (
        share * (1 - share) / validation_size
    ) ** 0.5
    return summary.merge(diverged, on=SETTING)


def choose(summary: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Choose the row with the highest mean validation accuracy.

    Of equals, the one with the lower mean validation loss.  Settings of which a run has
    diverged, or is missing of all `seeds`, are no candidates.

    Raises
    ------
    NoCandidateError
        If there is none.
    """
    complete = summary[summary["n"] == seeds]
    if complete.empty:
        raise NoCandidateError(
            f"no setting of learning_rate_sweep has its runs from all {seeds} seeds; "
            "make more of them"
        )
    candidates = complete[complete["diverged"] == 0]
    if candidates.empty:
        raise NoCandidateError(
            "every setting of learning_rate_sweep diverged; add lower learning rates"
        )
    return candidates.sort_values(
        ["validation_accuracy_mean", "validation_loss_mean"], ascending=[False, True]
    ).head(1)


def paths(pattern: str, *axes: Iterable[float]) -> Iterator[Path]:
    """Name the files of all runs on a grid, whose axes are `SETTING` and the seeds."""
    for values in itertools.product(*axes):
        yield Path(pattern.format(**dict(zip([*SETTING, "seed"], values, strict=True))))


def main() -> None:
    """Write the summaries by learning rate and by setting, and the choice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", help="the path of a run, with its setting in braces")
    parser.add_argument("--classes", type=int, required=True)
    parser.add_argument("--validation-size", type=int, required=True)
    parser.add_argument("--hidden-size", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--rates", type=float, nargs="+", required=True)
    parser.add_argument("--grid-hidden-sizes", type=int, nargs="+", required=True)
    parser.add_argument("--grid-batch-sizes", type=int, nargs="+", required=True)
    parser.add_argument("--grid-rates", type=float, nargs="+", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--missing-runs", choices=["make", "leave_out"], required=True)
    parser.add_argument("--learning-rates", type=Path, required=True)
    parser.add_argument("--grid", type=Path, required=True)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--chosen", type=Path, required=True)
    parser.add_argument("--sweep", type=Path, required=True)
    arguments = parser.parse_args()

    by_rate = ([arguments.hidden_size], [arguments.batch_size], arguments.rates)
    grid = (
        arguments.grid_hidden_sizes,
        arguments.grid_batch_sizes,
        arguments.grid_rates,
    )
    planned = {
        path
        for axes in (by_rate, grid)
        for path in paths(arguments.runs, *axes, arguments.seeds)
    }
    present = sorted(planned)
    if arguments.missing_runs == "leave_out":
        present = [path for path in present if path.exists()]
    if not present:
        raise NoCandidateError("none of the runs of learning_rate_sweep is there")

    summary = summarize(
        pd.concat(map(pd.read_csv, present)),
        arguments.classes,
        arguments.validation_size,
    )
    chosen = choose(summary, len(arguments.seeds))

    def select(*axes: Iterable[float]) -> pd.DataFrame:
        on_grid = [summary[name].isin(axis) for name, axis in zip(SETTING, axes)]
        return summary[pd.concat(on_grid, axis=1).all(axis=1)]

    learning_rates, settings_of_grid = select(*by_rate), select(*grid)
    for key, table in {
        "learning_rates": learning_rates,
        "grid": settings_of_grid,
    }.items():
        if table.empty:
            raise NoCandidateError(
                f"none of the runs of learning_rate_sweep.{key} is there; make some"
            )
    for path, table in {
        arguments.learning_rates: learning_rates,
        arguments.grid: settings_of_grid,
        arguments.settings: summary,
        arguments.chosen: chosen,
    }.items():
        write_table(path, table)
    counts = {"planned": len(planned), "missing": len(planned) - len(present)}
    write_csv(arguments.sweep, [counts])


if __name__ == "__main__":
    main()

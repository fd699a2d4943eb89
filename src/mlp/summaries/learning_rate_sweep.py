"""Summarize question 7.3 and choose hyperparameters by validation results alone."""

import argparse
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from mlp.hyperparameters import Hyperparameters
from mlp.outputs import write_csv, write_table
from mlp.summaries.statistics import over_seeds

SETTING = list(Hyperparameters._fields)
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
    last = runs[runs["epoch"] == runs["epochs"]]
    last = last.assign(diverged=~(last["train_loss"] <= math.log(classes)))
    summary = over_seeds(last, SETTING, METRICS)
    diverged = last.groupby(SETTING)["diverged"].sum().reset_index()
    share = summary["validation_accuracy_mean"]
    summary["validation_sampling_error"] = (
        share * (1 - share) / validation_size
    ) ** 0.5
    return summary.merge(diverged, on=SETTING)


def on_grids(
    summary: pd.DataFrame, grids: Iterable[Mapping[str, Sequence]]
) -> pd.Series:
    """Tell which settings have, on one of the grids, each value among those given."""
    chosen = pd.Series(data=False, index=summary.index)
    for grid in grids:
        on_axes = [summary[name].isin(values) for name, values in grid.items()]
        chosen |= pd.concat(on_axes, axis=1).all(axis=1)
    return chosen


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


def choices(
    summary: pd.DataFrame, hyperparameters: Hyperparameters, seeds: int
) -> pd.DataFrame:
    """Choose among the networks of question 5, and among all.

    Returns
    -------
    DataFrame
        The row of the setting whose ``choice`` is ``as_assigned``, the best with the
        hidden size and the activation function of `hyperparameters`; then that of
        ``best_of_all``, if that is another one.
    """
    network = {
        name: [getattr(hyperparameters, name)] for name in ("hidden_size", "activation")
    }
    assigned = choose(summary[on_grids(summary, [network])], seeds)
    best = choose(summary, seeds)
    chosen = pd.concat([assigned, best]).loc[lambda rows: ~rows.index.duplicated()]
    chosen.insert(0, "choice", ["as_assigned", "best_of_all"][: len(chosen)])
    return chosen


def main() -> None:
    """Write the summaries by learning rate and by setting, and the choice."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="The epochs.csv of the runs are read from standard input, one a line.",
    )
    parser.add_argument("--classes", type=int, required=True)
    parser.add_argument("--validation-size", type=int, required=True)
    parser.add_argument(
        "--hyperparameters", type=Hyperparameters.from_words, required=True
    )
    parser.add_argument("--rates", type=float, nargs="+", required=True)
    parser.add_argument("--grids", type=json.loads, required=True)
    parser.add_argument("--seeds", type=int, required=True)
    parser.add_argument("--planned", type=int, required=True)
    parser.add_argument("--learning-rates", type=Path, required=True)
    parser.add_argument("--grid", type=Path, required=True)
    parser.add_argument("--activations", type=Path, required=True)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--chosen", type=Path, required=True)
    parser.add_argument("--sweep", type=Path, required=True)
    arguments = parser.parse_args()

    paths = list(filter(None, sys.stdin.read().splitlines()))
    if not paths:
        raise NoCandidateError("none of the runs of learning_rate_sweep is there")
    runs = pd.concat(map(pd.read_csv, paths))
    summary = summarize(runs, arguments.classes, arguments.validation_size)
    chosen = choices(summary, arguments.hyperparameters, arguments.seeds)

    fixed = {
        name: [value] for name, value in arguments.hyperparameters._asdict().items()
    }
    by_rate = fixed | {"learning_rate": arguments.rates}
    learning_rates = summary[on_grids(summary, [by_rate])]
    grid = summary[on_grids(summary, [fixed | each for each in arguments.grids])]
    for key, table in {"learning_rates": learning_rates, "grid": grid}.items():
        if table.empty:
            raise NoCandidateError(
                f"none of the runs of learning_rate_sweep.{key} is there; make some"
            )
    others = {
        name: values
        for name, values in fixed.items()
        if name not in ("activation", "initialization")
    }
    write_table(arguments.learning_rates, learning_rates)
    write_table(arguments.grid, grid)
    write_table(arguments.activations, summary[on_grids(summary, [others])])
    write_table(arguments.settings, summary)
    write_table(arguments.chosen, chosen)
    missing = arguments.planned - len(paths)
    write_csv(arguments.sweep, [{"planned": arguments.planned, "missing": missing}])


if __name__ == "__main__":
    main()

"""Summarize question 7.3 and choose hyperparameters by validation results alone."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from mlp.command import arguments
from mlp.hyperparameters import Hyperparameters
from mlp.outputs import write_csv, write_table
from mlp.summaries.statistics import over_seeds, read_runs, with_ends

SETTING = list(Hyperparameters._fields)
CURVES = ["running_train_loss", "validation_loss", "validation_accuracy"]
METRICS = ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]
METRICS += ["saturated"]


class NoCandidateError(SystemExit):
    """No setting can be chosen; uncaught, it ends the step with its message."""


def summarize(runs: pd.DataFrame) -> pd.DataFrame:
    """Summarize the last epoch of all runs, one row a setting.

    Parameters
    ----------
    runs : DataFrame
        One row an epoch of a run.

    Returns
    -------
    DataFrame
        The setting, n, mean and std of the metrics, how many runs have ``diverged`` or
        are ``untrained``.
    """
    last = runs[runs["epoch"] == runs["epochs"]]
    summary = with_ends(last, SETTING, METRICS)
    accuracy = summary["validation_accuracy_mean"].round(12)  # ties are ties
    return summary.assign(validation_accuracy_mean=accuracy)


def on_grids(
    summary: pd.DataFrame, grids: Iterable[Mapping[str, Sequence]]
) -> pd.Series:
    """Tell which settings have, on one of the grids, each value among those given."""
    chosen = pd.Series(data=False, index=summary.index)
    for grid in grids:
        on_axes = [summary[name].isin(values) for name, values in grid.items()]
        chosen |= pd.concat(on_axes, axis=1).all(axis=1)
    return chosen


def ranked(summary: pd.DataFrame) -> pd.DataFrame:
    """Sort the settings of which no run has diverged, the best to validate first.

    That is the one with the highest mean accuracy; of equals, the lower mean loss.
    """
    return summary[summary["diverged"] == 0].sort_values(
        ["validation_accuracy_mean", "validation_loss_mean"],
        ascending=[False, True],
        kind="stable",
    )


def best_rates(summary: pd.DataFrame, setting: Hyperparameters) -> pd.DataFrame:
    """Mark the ``best`` rate of each batch size, all else being as in `setting`.

    Where there are several, it is ``open`` if it is the ``lowest`` or ``highest``, but
    not if all its validation images are right.
    """
    best = alike(summary, setting, "learning_rate", "batch_size")
    tried = alike(summary.assign(diverged=0), setting, "learning_rate", "batch_size")
    summary = summary.assign(best=False, open="")
    accuracy = summary["validation_accuracy_mean"]
    for size, settings in tried.groupby("batch_size"):
        rates = settings["learning_rate"]
        one = best.index[best["batch_size"] == size][:1]
        for index in one if len(settings) > 1 else []:
            summary.loc[index, "best"] = True
            for name, edge in {"lowest": rates.min(), "highest": rates.max()}.items():
                if rates[index] == edge and accuracy[index] < 1:
                    summary.loc[index, "open"] = name
    return summary


def choose(summary: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Choose the first of the `ranked` settings that have a run from all `seeds`.

    Raises
    ------
    NoCandidateError
        If there is none.
    """
    complete = summary[summary["n"] >= seeds]
    if complete.empty:
        raise NoCandidateError(
            f"no setting of learning_rate_sweep has its runs from all {seeds} seeds; "
            "make more of them"
        )
    candidates = ranked(complete)
    if candidates.empty:
        raise NoCandidateError(
            "every setting of learning_rate_sweep has a run whose loss is above that "
            "before training; add lower learning rates"
        )
    return candidates.head(1)


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


def alike(summary: pd.DataFrame, setting: Hyperparameters, *free: str) -> pd.DataFrame:
    """Give the settings that differ at most in what is named, the best first."""
    kept = [name for name in SETTING if name not in free]
    same = summary[kept] == [getattr(setting, name) for name in kept]
    return ranked(summary[same.all(axis=1)])


def activations(summary: pd.DataFrame, setting: Hyperparameters) -> pd.DataFrame:
    """Give the best setting of each activation function, at this batch size."""
    tried = alike(summary, setting, "activation", "initialization", "learning_rate")
    return tried.drop_duplicates("activation").sort_values("activation")


def main() -> None:
    """Write the summaries by learning rate and by setting, and the choice.

    The epochs.csv of the sweep are read from standard input, one a line.
    """
    options = arguments(
        __doc__, hyperparameters=Hyperparameters.from_words, rates=[float],
        grids=json.loads, seeds=int, planned=int, learning_rates=Path,
        learning_curves=Path, grid=Path, activations=Path, settings=Path, chosen=Path,
        sweep=Path,
    )  # fmt: skip

    paths = list(filter(None, sys.stdin.read().splitlines()))
    if not paths:
        raise NoCandidateError("none of the runs of learning_rate_sweep is there")
    runs = read_runs(paths)
    summary = summarize(runs)
    setting = options.hyperparameters
    chosen = choices(summary, setting, options.seeds)

    fixed = {name: [value] for name, value in setting._asdict().items()}
    by_rate = fixed | {"learning_rate": options.rates}
    learning_rates = summary[on_grids(summary, [by_rate])]
    grid = best_rates(summary, setting)  # of all that was tried
    grid = grid[on_grids(grid, [fixed | each for each in options.grids])]
    for key, table in {"learning_rates": learning_rates, "grid": grid}.items():
        if table.empty:
            raise NoCandidateError(
                f"none of the runs of learning_rate_sweep.{key} is there; make some"
            )
    write_table(options.learning_rates, best_rates(learning_rates, setting))
    each_epoch = over_seeds(runs, [*SETTING, "epoch"], CURVES)
    curves = each_epoch[on_grids(each_epoch, [by_rate])]
    write_table(options.learning_curves, curves)
    write_table(options.grid, grid)
    write_table(options.activations, activations(summary, setting))
    write_table(options.settings, summary)
    write_table(options.chosen, chosen)
    counts = {"planned": options.planned, "missing": options.planned - len(paths)}
    diverged = int((summary["diverged"] > 0).sum())
    counts |= {"settings": len(summary), "diverged": diverged}
    write_csv(options.sweep, [counts])


if __name__ == "__main__":
    main()

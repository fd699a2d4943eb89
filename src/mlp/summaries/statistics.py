"""Means and spreads over seeds, and how a run has ended."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd


def read_runs(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read tables with the same columns as one; one by one takes 50 times as long."""
    tables = [Path(path).read_text().partition("\n") for path in paths]
    rows = "".join(rows for _, _, rows in tables)
    mistakes = {"validation_mistakes": str}  # or a single one would be a number
    return pd.read_csv(io.StringIO(f"{tables[0][0]}\n{rows}"), dtype=mistakes)


def read_batches(paths: Iterable[Path], epochs: pd.DataFrame) -> pd.DataFrame:
    """Read the batches of runs, with the seeds that their `epochs` name in order."""
    seeds = epochs["seed"].unique()
    tables = zip(map(pd.read_csv, paths), seeds, strict=True)
    return pd.concat(table.assign(seed=seed) for table, seed in tables)


def over_seeds(
    runs: pd.DataFrame, by: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Summarize runs that differ in nothing but their seed.

    Parameters
    ----------
    runs : DataFrame
        One row an observation, with a column ``seed``.
    by : sequence of str
        The columns that tell the groups apart.
    columns : sequence of str
        The columns to summarize.

    Returns
    -------
    DataFrame
        One row a group: `by`, the number ``n`` of seeds, and for each column its
        ``_mean`` and its ``_std``, the sample standard deviation (with n - 1).  A group
        with a value that is not finite has neither.
    """
    groups = runs.groupby(list(by), sort=True)
    parts = {"n": groups["seed"].nunique()}
    for column in columns:
        parts[f"{column}_mean"] = groups[column].mean(skipna=False)
        parts[f"{column}_std"] = groups[column].std(ddof=1, skipna=False)
    return pd.DataFrame(parts).reset_index()


def with_ends(
    runs: pd.DataFrame, by: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Summarize, as `over_seeds`, and count what ``diverged`` and is ``untrained``."""
    runs = ended(runs)
    counts = runs.groupby(list(by))[["diverged", "untrained"]].sum().reset_index()
    return over_seeds(runs, by, columns).merge(counts, on=by)


def ended(runs: pd.DataFrame) -> pd.DataFrame:
    """Tell which runs have diverged, and which have hardly learned anything.

    Parameters
    ----------
    runs : DataFrame
        One row a run, or an epoch of it, with ``train_loss`` and
        ``initial_train_loss``, the loss before the first step.

    Returns
    -------
    DataFrame
        The same, with ``diverged``: whether the loss is not finite, or a tenth above
        that before the first step; and ``untrained``: whether it is not even a tenth
        below.
    """
    share = runs["train_loss"] / runs["initial_train_loss"]
    diverged = ~(share <= 1.1)  # so is what is no number
    return runs.assign(diverged=diverged, untrained=(share > 0.9) & ~diverged)

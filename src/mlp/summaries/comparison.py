"""The one way to tell whether something is more, less, or cannot be told apart.

What is compared are values by seed: differences between runs of the same seed, which
share their initial weights and the order of their batches, where there are such runs.
Of shares of images right, the error that comes from the images counts beside that of
the seeds.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95
UNTOLD = "cannot be told"


class Error(NamedTuple):
    """A part of the variance of a difference, and its degrees of freedom."""

    variance: float
    freedom: int


class Comparison(NamedTuple):
    """A difference between two means."""

    difference: float
    error: float  # standard error
    freedom: float  # degrees of freedom
    n: int  # pairs of runs; where they are no pairs, runs of the side that has fewer
    p: float  # of a difference at least as large, either way, where there is none

    def interval(self) -> tuple[float, float]:
        """Give the interval at `CONFIDENCE`, of this comparison by itself."""
        half = stats.t(self.freedom).isf((1 - CONFIDENCE) / 2) * self.error
        return self.difference - half, self.difference + half


def mean_error(values: pd.Series | np.ndarray, least: float) -> Error:
    """Give the variance of a mean, of values that vary by no less than `least`."""
    n = len(values)
    variance = (
        max(float(np.var(np.asarray(values), ddof=1)), least**2) if n > 1 else math.nan
    )
    return Error(variance / n, n - 1)


def student(
    difference: float, errors: Sequence[Error], n: int, among: int
) -> Comparison:
    """Compare a difference with its error, by Student's distribution.

    The degrees of freedom of several errors are those of Welch and Satterthwaite.  The
    most favourable of `among` comparisons is corrected for that (Bonferroni).
    """
    variance = math.fsum(error.variance for error in errors)
    if not math.isfinite(difference) or not variance < math.inf:
        return Comparison(difference, math.nan, math.nan, n, math.nan)
    freedom = variance**2 / math.fsum(e.variance**2 / e.freedom for e in errors)
    error = variance**0.5
    p = min(1.0, among * 2 * stats.t(freedom).sf(abs(difference) / error))
    return Comparison(difference, error, freedom, n, p)


def compare(
    first: pd.Series,
    second: pd.Series,
    among: int = 1,
    least: float = 0.0,
    more: Sequence[Error] = (),
) -> Comparison:
    """Compare the means of two series of values by seed.

    Parameters
    ----------
    first, second : Series
        Indexed by seed.  Two or more shared seeds make pairs, and what has no partner
        is left out; otherwise the two are independent, each with a variance of its own
        (Welch).
    among : int
        Of how many such comparisons this one has been picked.
    least : float
        What the values vary by at least from seed to seed, such as the step in which a
        rate is varied.
    more : sequence of Error
        What else the difference errs by, such as by the images.

    Returns
    -------
    Comparison
        The first less the second; not a number if a value is none, or there are fewer
        than two.
    """
    shared = first.index.intersection(second.index)
    if not np.isfinite([*first, *second]).all():
        return student(math.nan, [], len(shared), among)
    least = max(least, 1e-6 * max(first.abs().max(), second.abs().max()), 1e-12)
    if len(shared) > 1:
        pairs = first[shared] - second[shared]
        errors = [mean_error(pairs, least), *more]
        return student(float(pairs.mean()), errors, len(pairs), among)
    errors = [mean_error(first, least), mean_error(second, least), *more]
    difference = float(first.mean() - second.mean())
    return student(difference, errors, min(len(first), len(second)), among)


def compare_deviations(first: pd.Series, second: pd.Series) -> Comparison:
    """Compare the standard deviations of pairs, by the test of Pitman and Morgan.

    Returns
    -------
    Comparison
        Of the logarithm of their ratio.  Its error is that of the hyperbolic sine of
        it; their quotient has Student's distribution if both are normally distributed.
        Nothing is told of fewer than three pairs, nor of what does not vary.
    """
    pairs = pd.concat([first, second], axis=1, join="inner").to_numpy().T
    n = pairs.shape[1]
    with np.errstate(all="ignore"):
        ratio = float(np.log(np.divide(*pairs.std(axis=1))))
        correlation = float(np.corrcoef(pairs)[0, 1])
    if n < 3 or not math.isfinite(ratio + correlation):
        return Comparison(math.nan, math.nan, math.nan, n, math.nan)
    error = max((1 - correlation**2) / (n - 2), 1e-12) ** 0.5
    p = 2 * stats.t(n - 2).sf(math.sinh(abs(ratio)) / error)
    return Comparison(ratio, error, n - 2, n, float(p))


def compare_right(
    first: pd.DataFrame,
    second: pd.DataFrame,
    among: int = 1,
    *,
    same_images: bool = True,
) -> Comparison:
    """Compare two accuracies, for other seeds and other images than those at hand.

    Parameters
    ----------
    first, second : DataFrame of bool
        Whether a network, by seed, is right about an image, by column.
    among : int
        As in `compare`.
    same_images : bool
        Whether the columns of both are the same images, which makes pairs of them.

    Returns
    -------
    Comparison
        Its error adds those of the mean over seeds and of the mean over images, which
        is that of McNemar's test for one seed.  At least one image counts as mistaken:
        no accuracy is certain.
    """
    shared = first.index.intersection(second.index)
    paired = len(shared) > 1
    if paired:
        first, second = first.loc[shared], second.loc[shared]
    difference = float(first.to_numpy().mean() - second.to_numpy().mean())
    means = [table.to_numpy().mean(axis=1) for table in (first, second)]
    images = [table.to_numpy().mean(axis=0) for table in (first, second)]
    seeds = [means[0] - means[1]] if paired else means
    images = [images[0] - images[1]] if same_images else images
    errors = [mean_error(each, 0.0) for each in seeds]
    errors += [mean_error(each, len(each) ** -0.5) for each in images]
    return student(difference, errors, min(len(first), len(second)), among)


def interval_of_mean(right: pd.DataFrame) -> tuple[float, float]:
    """Give the interval of a mean accuracy, by the errors of seeds and of images.

    It is no narrower than that of the seeds alone, whose few degrees of freedom may
    count for more than the error of the images.
    """
    right = right.to_numpy()
    errors = [
        mean_error(right.mean(axis=1), 1e-12),
        mean_error(right.mean(axis=0), right.shape[1] ** -0.5),
    ]
    told = [student(float(right.mean()), some, 0, 1) for some in (errors, errors[:1])]
    low, high = np.transpose([each.interval() for each in told])
    # of a single image, all there is
    return np.fmax(np.min(low), 0.0), np.fmin(np.max(high), 1.0)


def holm(p: pd.Series) -> pd.Series:
    """Correct the p-values of a family of comparisons (Holm, 1979)."""
    rising = p.dropna().sort_values()
    return (rising * np.arange(len(rising), 0, -1)).cummax().clip(upper=1)


def judge(table: pd.DataFrame) -> pd.DataFrame:
    """Add to comparisons what they are told by, over each ``family`` of them.

    Returns
    -------
    DataFrame
        With ``p_holm``, the ``verdict``, and the interval from ``low`` to ``high``,
        which is widened as its p-value is corrected, so that it holds 0 if nothing can
        be told.
    """
    families = table.groupby("family")["p"]
    table["p_holm"] = pd.concat([holm(p) for _, p in families])
    sure = table["p_holm"] <= 1 - CONFIDENCE
    side = np.where(table["difference"] > 0, "larger", "smaller")
    deviations = table["metric"].str.startswith("ln std of train_loss")
    size = table["difference"].abs()
    size = np.sinh(size.where(deviations)).fillna(size)  # see compare_deviations
    alone = 2 * stats.t(table["freedom"]).sf(size / table["error"])
    among = (table["p_holm"] / np.maximum(alone, 1e-300)).clip(lower=1)
    half = stats.t(table["freedom"]).isf((1 - CONFIDENCE) / 2 / among) * table["error"]
    half = np.arcsinh(half.where(deviations)).fillna(half)
    share = table["metric"].str.contains("accuracy|saturated")
    most = np.where(share, 1, math.inf)
    return table.assign(
        verdict=np.where(sure, side, UNTOLD),
        low=np.maximum(table["difference"] - half, -most),
        high=np.minimum(table["difference"] + half, most),
    )


def share(count: int, size: int) -> tuple[float, float]:
    """Give Wilson's interval of a share, which stays within 0 and 1."""
    interval = stats.binomtest(count, size).proportion_ci(CONFIDENCE, "wilson")
    return interval.low, interval.high

"""The comparisons: against SciPy, by hand, and where there is nothing to be told."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlp.summaries import comparison
from mlp.summaries.comparison import compare, compare_right

RNG = np.random.default_rng(0)
A = pd.Series(RNG.normal(1, 1, 6), range(6))
B = pd.Series(RNG.normal(0, 2, 6), range(6)) + A
NAN = float("nan")


def test_runs_of_the_same_seeds_are_pairs():
    told, scipy = compare(A, B[::-1]), stats.ttest_rel(A, B)
    assert told.p == pytest.approx(scipy.pvalue)
    assert told.interval() == pytest.approx(tuple(scipy.confidence_interval(0.95)))
    assert told.difference == pytest.approx((A - B).mean())
    some = compare(A, B[[4, 1, 2]])  # the others have no partner
    assert some.n == 3
    assert some.p == pytest.approx(stats.ttest_rel(A[[1, 2, 4]], B[[1, 2, 4]]).pvalue)


def test_runs_of_other_seeds_have_variances_of_their_own():
    told = compare(A, B.set_axis(range(5, 11)))  # one shared seed makes no pairs
    scipy = stats.ttest_ind(A, B, equal_var=False)
    assert told.p == pytest.approx(scipy.pvalue)
    assert told.interval() == pytest.approx(tuple(scipy.confidence_interval(0.95)))


def test_the_most_favourable_of_several_is_corrected_for_that():
    assert compare(A, B - 5, 3).p == pytest.approx(3 * compare(A, B - 5).p)
    assert compare(A, B, 99).p == 1


def test_standard_deviations_of_pairs_are_compared_as_sums_with_differences():
    told = comparison.compare_deviations(A, B)
    # Pitman: they differ if the sums of the pairs correlate with their differences
    assert told.p == pytest.approx(stats.pearsonr(A + B, A - B).pvalue)
    assert told.difference == pytest.approx(np.log(A.std() / B.std()))
    table = pd.DataFrame([{"family": "x", "metric": "ln std of train_loss"}])
    judged = comparison.judge(table.assign(**told._asdict())).iloc[0]
    for bound in (judged["low"], judged["high"]):  # where the test would just fail
        other = B * np.exp(bound)
        p = stats.pearsonr(A + other, A - other).pvalue
        assert p == pytest.approx(1 - comparison.CONFIDENCE)
    assert np.isnan(comparison.compare_deviations(A[:2], B[:2]).p)
    assert np.isnan(comparison.compare_deviations(A, B * 0).p)


@pytest.mark.parametrize(
    ("first", "second"),
    [([1.0], [0.0]), ([1.0, NAN, 2.0], [0.0] * 3), ([1.0, np.inf], [0.0, 0.1])],
)
def test_nothing_is_told_by_a_single_seed_or_what_is_no_number(first, second):
    told = compare(pd.Series(first), pd.Series(second))
    assert np.isnan([told.p, *told.interval()]).all()
    table = pd.DataFrame([{"family": "x", "metric": "loss", **told._asdict()}])
    assert comparison.judge(table)["verdict"].tolist() == [comparison.UNTOLD]


def test_what_does_not_vary_has_an_error_nevertheless():
    same = pd.Series([0.5] * 5)
    assert compare(same, same).p == 1
    assert compare(same, same - 0.1).p < 1e-9  # the same in each run, to the last digit
    assert compare(200 * same, same).error == pytest.approx(1e-6 * 100 / 5**0.5)
    assert compare(same + 1, same, least=1.0).p == pytest.approx(
        2 * stats.t(4).sf(5**0.5)
    )


def right(*shares, images=1000, first_seed=0):
    """Networks that are right about the first images, by share."""
    rows = [np.arange(images) < share * images for share in shares]
    return pd.DataFrame(rows, range(first_seed, first_seed + len(rows)))


def test_the_error_of_an_accuracy_has_a_part_of_seeds_and_a_part_of_images():
    a, b = right(0.96, 0.97, 0.99), right(0.95, 0.93, 0.96)
    told = compare_right(a, b)
    seeds = np.var([0.01, 0.04, 0.03], ddof=1) / 3
    images = np.var(a.mean() - b.mean(), ddof=1) / 1000
    freedom = (seeds + images) ** 2 / (seeds**2 / 2 + images**2 / 999)
    half = stats.t(freedom).ppf(0.975) * (seeds + images) ** 0.5
    assert told.difference == pytest.approx(0.08 / 3)
    assert told.interval()[1] - told.difference == pytest.approx(half)
    assert compare_right(a, b, same_images=False).difference == told.difference
    others = compare_right(a, b.set_axis(range(7, 10)), same_images=False)
    assert others.difference == pytest.approx(told.difference)


def test_what_else_a_difference_errs_by_is_added():
    same = pd.Series([0.5] * 5)
    assert compare(same, same - 0.1, more=[comparison.Error(0.01, 99)]).p > 0.3


def test_no_accuracy_is_certain():
    perfect = right(1, 1, 1)
    told = compare_right(perfect, perfect)
    assert told.p == 1
    assert told.error == pytest.approx(1 / 1000)
    assert told.interval()[0] < 0 < told.interval()[1]
    unsure = compare_right(right(1, 1), right(0.999, 0.999))
    assert unsure.interval()[0] < 0  # a single image
    low, high = comparison.interval_of_mean(perfect)
    assert 0.99 < low < high == 1
    assert comparison.interval_of_mean(right(1, 1, images=1)) == (0, 1)
    unlike = right(0.45, 0.55)  # whose two seeds alone tell nothing, by Student
    assert comparison.interval_of_mean(unlike)[1] == pytest.approx(1)
    one = compare_right(right(1, 1, images=1), right(0, 0, images=1))
    assert np.isnan(one.p)
    few = compare_right(right(0.88, 0.87, images=100), right(0.86, 0.88, images=100))
    assert few.interval()[0] < 0 < few.interval()[1]


def test_a_family_is_corrected_after_holm():
    p = pd.Series([0.04, 0.01, NAN, 0.03])
    assert comparison.holm(p).to_dict() == pytest.approx({1: 0.03, 3: 0.06, 0: 0.06})
    assert comparison.holm(pd.Series([0.9, 0.8])).tolist() == [1, 1]
    table = pd.DataFrame(
        {
            "family": ["x", "x", "x", "x", "y"],
            "p": [*p, 0.04],
            "difference": [1.0, -1.0, NAN, 1.0, 1.0],
            "freedom": 4,
            "metric": ["loss"] * 3 + ["accuracy"] * 2,
        }
    )
    table["error"] = 1 / stats.t(4).isf(table["p"] / 2)
    table = comparison.judge(table)
    assert table["high"].max() > 1 >= table["high"].iloc[-1]
    holds_0 = ~(table["low"] * table["high"] > 0)
    assert holds_0.tolist() == [True, False, True, True, False]  # as the verdict does
    assert table["verdict"].tolist() == [
        "cannot be told",
        "smaller",
        "cannot be told",
        "cannot be told",
        "larger",
    ]


def test_the_interval_of_a_share_stays_within_0_and_1():
    low, high = comparison.share(10, 10)
    assert low == pytest.approx(10 / (10 + 1.959964**2))
    assert high == 1
    assert comparison.share(0, 1)[0] == 0

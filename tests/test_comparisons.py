"""Which runs the comparisons compare: each again, from the runs, by SciPy."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlp.summaries import comparisons, final, statistics
from mlp.summaries.comparison import compare, compare_right, mean_error
from tests.test_summaries import CHOICE

IMAGES, SEEDS = 200, range(5)
RATES, SIZES = [0.01, 0.1, 1.0, 10.0], [8, 16, 64]
RNG = np.random.default_rng(0)
BASE = {0.01: 40, 0.1: 20, 1.0: 30, 10.0: 60}  # mistakes, so the rate 0.1 is best


def settings():
    """Give hyperparameters and how many images they mistake, about."""
    for size, rate in itertools.product(SIZES, RATES):
        fewer = 40 * ((size, rate) == (64, 1.0))  # where 64 is best
        yield (
            CHOICE._replace(batch_size=size, learning_rate=rate),
            BASE[rate] + size - fewer,
        )
    for rate in (0.1, 1.0):
        other = CHOICE._replace(learning_rate=rate)
        yield other._replace(schedule="constant"), BASE[rate] + 50
        yield other._replace(activation="tanh"), BASE[rate] + 5
    yield CHOICE._replace(hidden_size=30), 75
    yield CHOICE._replace(activation="relu"), 90


WRONG = {
    (setting, seed): RNG.permutation(IMAGES)[: mistakes + RNG.integers(-2, 3)]
    for setting, mistakes in settings()
    for seed in SEEDS
}
EPOCHS = pd.DataFrame(
    setting._asdict()
    | {
        "seed": seed,
        "epoch": 2,
        "initial_train_loss": 2.3,
        "train_loss": 0.5 / (1 + setting.learning_rate) + RNG.normal(0, 0.01),
        "train_accuracy": 0.9,
        "validation_loss": 0.6 + RNG.normal(0, 0.01),
        "saturated": RNG.random(),
        "validation_accuracy": 1 - len(wrong) / IMAGES,
        "validation_mistakes": " ".join(map(str, wrong)),
    }
    for (setting, seed), wrong in WRONG.items()
)
RUNS = comparisons.Runs(EPOCHS, IMAGES)


def right(**changes):
    setting = CHOICE._replace(**changes)
    rows = [~np.isin(np.arange(IMAGES), WRONG[setting, seed]) for seed in SEEDS]
    return pd.DataFrame(rows, SEEDS)


def loss(name, rate):
    rows = EPOCHS["learning_rate"] == rate
    for key, value in CHOICE._asdict().items():
        rows &= (EPOCHS[key] == value) | (key == "learning_rate")
    return EPOCHS[rows].set_index("seed")[name]


def same(rows, expected):
    told = {row[0]: row[2:] for row in rows}
    assert told.keys() == expected.keys()
    for name, (first, second, reference) in expected.items():
        assert told[name][:2] == (first, second), name
        assert told[name][-1].p == pytest.approx(reference, rel=1e-9), name


def pairs(first, second, among=1):
    return min(1, among * stats.ttest_rel(first, second).pvalue)


def pitman(first, second):
    return stats.pearsonr(first + second, first - second).pvalue


def of_images(first, second, among=1):
    return compare_right(right(**first), right(**second), among).p


def test_losses_are_compared_over_the_epochs():
    train, validation, running = RNG.normal(0, 0.1, (3, 5, 3)) + np.arange(3, 0, -1)
    table = pd.DataFrame(
        {
            "seed": np.repeat(SEEDS, 3),
            "epoch": [1, 2, 3] * 5,
            "train_loss": train.ravel(),
            "validation_loss": validation.ravel(),
            "running_train_loss": running.ravel(),
        }
    )
    lowest = validation[:, :2].mean(axis=0).argmin()
    gap = validation - train
    noise = RNG.normal(1, 0.3, (5, 60))  # 20 batches an epoch
    batches = pd.DataFrame(
        {
            "seed": np.repeat(SEEDS, 60),
            "step": [*range(1, 61)] * 5,
            "loss": noise.ravel(),
        }
    )
    before, end, start = (
        (noise[:, 20 + at : 22 + at] + noise[:, 40 + at : 42 + at]).mean(axis=1) / 2
        for at in (-4, -2, 0)
    )
    lag = pairs(running.mean(axis=1), train.mean(axis=1))
    expected = {
        "running_lag": ("running", "after the epoch", lag),
        "gap": ("validation", "training", pairs(validation[:, 2], train[:, 2])),
        "gap_growth": (3, 1, pairs(gap[:, 2], gap[:, 0])),
        "validation_rise": (3, 2, pairs(validation[:, 2], validation[:, lowest], 2)),
        "epoch_start": (
            "to the next epoch",
            "within one",
            pairs(end - start, before - end),
        ),
    }
    same(comparisons.training(table, batches), expected)
    once = comparisons.training(table[table["epoch"] == 1], batches)
    assert [row[0] for row in once] == ["running_lag", "gap"]

    late = np.log(noise[:, -6:].std(axis=1, ddof=1))
    parts = np.array([late.var(ddof=1) / 5, 0.5 / 4])
    apart = late.mean() - np.log(train[:, 2].std(ddof=1))
    freedom = parts.sum() ** 2 / (parts**2 / 4).sum()
    constant = EPOCHS[
        (EPOCHS["schedule"] == "constant") & (EPOCHS["learning_rate"] == 0.1)
    ]
    expected = {
        "spread_change": (3, 1, pitman(train[:, 2], train[:, 0])),
        "batch_spread": (
            "batches of a run",
            "seeds",
            2 * stats.t(freedom).sf(abs(apart) / parts.sum() ** 0.5),
        ),
        "schedule_spread": (
            "constant",
            "linear",
            pitman(constant["train_loss"].to_numpy(), loss("train_loss", 0.1)),
        ),
    }
    same(comparisons.initializations(RUNS, CHOICE, table, batches), expected)
    few = comparisons.initializations(
        RUNS, CHOICE, table, batches[batches["step"] <= 12]
    )
    (difference,) = (row[-1].difference for row in few if row[0] == "batch_spread")
    late = np.log(noise[:, 10:12].std(axis=1, ddof=1))  # two at least
    assert difference == pytest.approx(late.mean() - np.log(train[:, 2].std(ddof=1)))


def test_learning_rates_and_schedules_are_compared_with_the_best():
    best, low, high = ({"learning_rate": rate} for rate in (0.1, 0.01, 10.0))
    expected = {
        "next_rate": (0.1, 1.0, of_images(best, {"learning_rate": 1.0}, 3)),
        "lowest_rate": (0.1, 0.01, of_images(best, low, 3)),
        "lowest_rate_loss": (
            0.01, 0.1, pairs(loss("train_loss", 0.01), loss("train_loss", 0.1))
        ),
        "highest_rate": (0.1, 10.0, of_images(best, high, 3)),
        "saturation": (10.0, 0.1, pairs(loss("saturated", 10), loss("saturated", 0.1))),
        "fitting_rate": (
            10.0, 0.1, pairs(loss("validation_loss", 10), loss("validation_loss", 0.1))
        ),
        "easier_images": (
            "training", "validation",
            pairs(loss("train_loss", 0.01), loss("validation_loss", 0.01)),
        ),
    }  # fmt: skip
    same(comparisons.learning_rates(RUNS, CHOICE, RATES), expected)
    assert list(comparisons.learning_rates(RUNS, CHOICE, [0.1])) == []
    alone = {row[0] for row in comparisons.learning_rates(RUNS, CHOICE, [0.1, 1.0])}
    assert alone == expected.keys() - {"lowest_rate", "lowest_rate_loss"}
    constant = {"schedule": "constant"}
    fast = {"learning_rate": 1.0}
    expected = {
        "schedule_at_setting": (0.1, "constant", of_images({}, constant)),
        "schedule_at_1": (1.0, "constant", of_images(fast, fast | constant)),
    }
    same(comparisons.schedules(RUNS, CHOICE), expected)


def test_batch_sizes_hidden_sizes_and_activations_are_compared():
    accuracy = {
        (size, rate): right(batch_size=size, learning_rate=rate).mean(axis=1)
        for size, rate in itertools.product(SIZES, RATES)
    }

    def best_rates(size):
        table = pd.DataFrame({rate: accuracy[size, rate] for rate in RATES})
        return np.log10(table.idxmax(axis=1))

    def misfit(x):
        values = pd.DataFrame(accuracy).to_numpy()  # (seeds, settings)
        fits = [np.polynomial.Polynomial.fit(x, y, 2)(np.array(x)) for y in values]
        return [float(np.std(fit - y)) for fit, y in zip(fits, values)]

    rate = [np.log10(rate) for _, rate in accuracy]
    ratio = [np.log10(rate / size) for size, rate in accuracy]
    told = compare(best_rates(64), best_rates(8), least=1 / 6**0.5)
    expected = {
        "batch_rate": (64, 8, told.p),
        "one_curve": ("rate", "rate / batch size", pairs(misfit(rate), misfit(ratio))),
        "hidden_size": (300, 30, of_images({"batch_size": 8}, {"hidden_size": 30})),
    }
    same(comparisons.grid(RUNS, CHOICE), expected)
    swapped = EPOCHS.replace({"batch_size": {8: 64, 64: 8}})
    first, *_ = comparisons.grid(comparisons.Runs(swapped, IMAGES), CHOICE)
    assert first[-1].p == pytest.approx(told.p)
    assert first[-1].difference == -told.difference
    one_size = comparisons.Runs(EPOCHS[EPOCHS["hidden_size"] == 300], IMAGES)
    names = [row[0] for row in comparisons.grid(one_size, CHOICE)]
    assert names == ["batch_rate", "one_curve"]
    other = CHOICE._replace(initialization="he_normal")
    assert list(comparisons.grid(RUNS, other)) == []
    expected = {
        f"activation_{name}": (name, "sigmoid", of_images({"activation": name}, {}))
        for name in ("tanh", "relu")
    }
    same(comparisons.activations(RUNS, CHOICE), expected)


def test_the_choice_is_compared_with_the_next_and_the_test_with_the_rest():
    chosen = RUNS.settings[
        (RUNS.settings["batch_size"] == 8)
        & (RUNS.settings["learning_rate"] == 0.1)
    ].iloc[0].rename(None)  # fmt: skip
    chosen = pd.concat([pd.Series({"choice": "as_assigned"}), chosen])
    tested = pd.DataFrame(RNG.random((5, 300)) < 0.9, range(5, 10))
    accuracy = tested.mean(axis=1)
    results = pd.DataFrame(
        {"choice": "as_assigned", "seed": range(5, 10), "train_accuracy": 0.95,
         "test_accuracy": accuracy.to_numpy()}
    )  # fmt: skip
    results["train_accuracy"] += RNG.normal(0, 0.001, 5)
    mine = {"batch_size": 8}
    p = results["train_accuracy"].mean()
    errors = [
        mean_error(tested.mean(axis=0), 300**-0.5),
        comparisons.Error(p * (1 - p) / 1000, 999),
    ]
    train = results.set_index("seed")["train_accuracy"]
    expected = {
        "choice": ("chosen", "next", of_images(mine, {}, 13)),
        "test": (
            "test", "validation",
            compare_right(tested, right(**mine), same_images=False).p,
        ),
        "final_gap": ("training", "test", compare(train, accuracy, more=errors).p),
    }  # fmt: skip
    rows = comparisons.final(RUNS, 5, chosen, results, tested, 1000)
    same(rows, expected)
    perfect = results.assign(train_accuracy=1.0)
    *_, (*_, told) = comparisons.final(RUNS, 5, chosen, perfect, tested, 1000)
    errors[1] = comparisons.Error(1e-6, 999)  # as if one image were mistaken
    assert told.p == compare(train * 0 + 1, accuracy, more=errors).p
    assert statistics.ended(EPOCHS)["diverged"].sum() == 0


def test_the_mistakes_of_a_seed_are_not_right(tmp_path):
    paths = [tmp_path / "3.npz", tmp_path / "1.npz"]
    for path, index in zip(paths, ([0, 2], [])):
        np.savez(path, index=np.array(index, int))
    runs = pd.DataFrame({"seed": [3, 1], "test_size": 3})
    table = final.tested_right(runs, paths)
    assert table.loc[3].tolist() == [False, True, False]
    assert table.loc[1].all()

"""Compare what the report calls more or less: the verdicts of its findings."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mlp.command import arguments
from mlp.hyperparameters import Hyperparameters
from mlp.outputs import write_table
from mlp.summaries.comparison import (
    Comparison,
    Error,
    compare,
    compare_deviations,
    compare_right,
    judge,
    mean_error,
    student,
)
from mlp.summaries.final import tested_right
from mlp.summaries.learning_rate_sweep import SETTING, alike, ranked, summarize
from mlp.summaries.learning_rate_sweep import activations as best_activations
from mlp.summaries.statistics import read_batches, read_runs

Row = tuple[str, str, object, object, Comparison]
"""Name, metric, what is compared with what, and the comparison."""


class Runs:
    """The last epoch of all runs, and which validation images each gets right."""

    def __init__(self, epochs: pd.DataFrame, validation_size: int) -> None:
        self.epochs = epochs
        self.validation_size = validation_size
        self.settings = summarize(epochs)
        """As in settings.csv; those of which a run has diverged are never compared."""
        last = epochs[epochs["epoch"] == epochs["epochs"]]
        self.last = last.set_index([*SETTING, "seed"]).sort_index()

    def of(self, setting: pd.Series) -> pd.DataFrame:
        """Give the last epochs of a setting, by seed."""
        return self.last.loc[tuple(setting[SETTING])]

    def right(self, setting: pd.Series) -> pd.DataFrame:
        """Tell which images the networks of a setting get right, seeds by images."""
        mistakes = self.of(setting)["validation_mistakes"].fillna("")
        right = np.ones((len(mistakes), self.validation_size), bool)
        for row, text in zip(right, mistakes):
            row[list(map(int, text.split()))] = False
        return pd.DataFrame(right, mistakes.index)

    def accuracy(
        self, name: str, by: str, first: pd.Series, second: pd.Series, among: int = 1
    ) -> Row:
        """Compare the accuracies of settings that differ `by` a hyperparameter."""
        told = compare_right(self.right(first), self.right(second), among)
        return name, "validation_accuracy", first[by], second[by], told


def synthetic(curves: pd.DataFrame) -> Iterator[Row]:
    """Question 4: the scalar network."""
    looks = [look.set_index("seed") for _, look in curves.groupby("instances")]
    first, last = looks[1], looks[-1]
    told = compare(first["train_loss"], last["train_loss"])
    yield "synthetic_drop", "train_loss", "first look", "last look", told
    told = compare(last["validation_loss"], last["whole_train_loss"])
    yield "synthetic_gap", "loss", "validation", "training", told


def training(epochs: pd.DataFrame, batches: pd.DataFrame) -> Iterator[Row]:
    """Question 7.1: the losses over the epochs of one setting, a series a seed each."""
    loss = {
        name: epochs.pivot(index="seed", columns="epoch", values=f"{name}_loss")
        for name in ("running_train", "train", "validation")
    }
    lag = loss["running_train"].mean(axis=1), loss["train"].mean(axis=1)
    yield "running_lag", "train_loss", "running", "after the epoch", compare(*lag)
    validation, gap = loss["validation"], loss["validation"] - loss["train"]
    first, last = gap.columns[0], gap.columns[-1]
    told = compare(validation[last], loss["train"][last])
    yield "gap", "loss", "validation", "training", told
    if first == last:
        return
    yield "gap_growth", "loss", last, first, compare(gap[last], gap[first])
    earlier = validation.drop(columns=last)
    lowest = earlier.mean().idxmin()
    told = compare(validation[last], earlier[lowest], earlier.shape[1])
    yield "validation_rise", "validation_loss", last, lowest, told
    losses = batches.pivot(index="seed", columns="step", values="loss").to_numpy()
    parts = np.stack(np.split(losses, last, axis=1), axis=1)  # seeds, epochs, steps
    if tenth := parts.shape[2] // 10:
        start, end = parts[:, 1:, :tenth], parts[:, :-1, -tenth:]
        before = parts[:, :-1, -2 * tenth : -tenth]
        means = (part.mean(axis=(1, 2)) for part in (before, end, start))
        before, end, start = (pd.Series(mean, gap.index) for mean in means)
        told = compare(end - start, before - end)
        yield "epoch_start", "loss", "to the next epoch", "within one", told


def initializations(
    runs: Runs, setting: Hyperparameters, epochs: pd.DataFrame, batches: pd.DataFrame
) -> Iterator[Row]:
    """Question 7.2: standard deviations over the seeds, by their logarithms."""
    loss = epochs.pivot(index="seed", columns="epoch", values="train_loss")
    first, last = loss.columns[0], loss.columns[-1]
    if first != last:
        told = compare_deviations(loss[last], loss[first])
        yield "spread_change", "ln std of train_loss", last, first, told
    steps = batches["step"].max()
    late = batches[batches["step"] > steps - max(steps // 10, 2)]
    with np.errstate(divide="ignore"):
        noise = np.log(late.groupby("seed")["loss"].std())
        between = np.log(loss[last].std())
    # of a normal distribution, the logarithm of the standard deviation of n values
    errors = [mean_error(noise, 1e-12), Error(0.5 / (len(loss) - 1), len(loss) - 1)]
    told = student(float(noise.mean() - between), errors, len(loss), 1)
    yield "batch_spread", "ln std of loss", "batches of a run", "seeds", told
    schedules = alike(runs.settings, setting, "schedule").set_index(
        "schedule", drop=False
    )
    others = [name for name in schedules.index if name != setting.schedule]
    if others and setting.schedule in schedules.index and steps > 1:
        pair = others[0], setting.schedule
        loss = (runs.of(schedules.loc[name])["train_loss"] for name in pair)
        told = compare_deviations(*loss)
        yield "schedule_spread", "ln std of train_loss", *pair, told


def learning_rates(
    runs: Runs, setting: Hyperparameters, rates: list[float]
) -> Iterator[Row]:
    """Question 7.3: the learning rates, with all else as in `setting`."""
    tried = alike(runs.settings, setting, "learning_rate")
    tried = tried[tried["learning_rate"].isin(rates)]
    if len(tried) < 2:
        return
    by, others = "learning_rate", len(tried) - 1
    best, following = tried.iloc[0], tried.iloc[1]
    lowest, highest = (tried.loc[i] for i in (tried[by].idxmin(), tried[by].idxmax()))
    yield runs.accuracy("next_rate", by, best, following, others)
    if lowest[by] != best[by]:
        yield runs.accuracy("lowest_rate", by, best, lowest, others)
        loss = runs.of(lowest)["train_loss"], runs.of(best)["train_loss"]
        yield "lowest_rate_loss", "train_loss", lowest[by], best[by], compare(*loss)
    if highest[by] != best[by]:
        yield runs.accuracy("highest_rate", by, best, highest, others)
        share = runs.of(highest)["saturated"], runs.of(best)["saturated"]
        yield "saturation", "saturated", highest[by], best[by], compare(*share)
    fitting = tried.loc[tried["train_loss_mean"].idxmin()]
    if fitting[by] != best[by]:
        loss = runs.of(fitting)["validation_loss"], runs.of(best)["validation_loss"]
        yield "fitting_rate", "validation_loss", fitting[by], best[by], compare(*loss)
    last = runs.of(lowest)
    told = compare(last["train_loss"], last["validation_loss"])
    yield "easier_images", "loss", "training", "validation", told


def schedules(runs: Runs, setting: Hyperparameters) -> Iterator[Row]:
    """Question 7.3: the schedule, at each rate that was tried with two of them."""
    tried = alike(runs.settings, setting, "learning_rate", "schedule")
    for rate, pair in tried.groupby("learning_rate"):
        both = {row["schedule"]: row for _, row in pair.iterrows()}
        mine = both.pop(setting.schedule, None)
        for other, row in both.items() if mine is not None else ():
            _, metric, *_, told = runs.accuracy("", "schedule", mine, row)
            at = "setting" if rate == setting.learning_rate else f"{rate:g}"
            yield f"schedule_at_{at}", metric, rate, other, told


def misfit(accuracy: pd.DataFrame, x: pd.Series) -> pd.Series:
    """Give how far, at the root of the mean square, a seed is off its parabola in x."""
    return accuracy.apply(
        lambda y: np.mean((np.polyval(np.polyfit(x, y, 2), x) - y) ** 2) ** 0.5
    )


def grid(runs: Runs, setting: Hyperparameters) -> Iterator[Row]:
    """Question 7.3: batch sizes, and the size of the hidden layer."""
    tried = alike(runs.settings, setting, "learning_rate", "batch_size")
    tried = tried[tried.groupby("batch_size")["learning_rate"].transform("size") > 1]
    accuracy = pd.DataFrame(  # settings by seeds
        [runs.of(each)["validation_accuracy"] for _, each in tried.iterrows()],
        tried.index,
    ).dropna(axis=1)
    sizes = sorted(tried["batch_size"].unique())
    if len(sizes) > 1:
        rate = np.log10(tried["learning_rate"])
        ratio = rate - np.log10(tried["batch_size"])
        largest, smallest = (
            accuracy[tried["batch_size"] == size].idxmax().map(rate)
            for size in (sizes[-1], sizes[0])
        )
        # each is rounded to a grid: so the difference errs by the step over sqrt(6)
        step = float(np.diff(np.sort(rate.unique())).max())
        told = compare(largest, smallest, least=step / 6**0.5)
        yield "batch_rate", "log10 of the best rate", sizes[-1], sizes[0], told
        if min(rate.nunique(), ratio.nunique()) > 3:  # else a parabola fits anything
            told = compare(misfit(accuracy, rate), misfit(accuracy, ratio))
            yield "one_curve", "misfit", "rate", "rate / batch size", told
    hidden = alike(runs.settings, setting, "learning_rate", "batch_size", "hidden_size")
    best = hidden.drop_duplicates("hidden_size").sort_values("hidden_size")
    if len(best) > 1:
        pair = best.iloc[-1], best.iloc[0]
        yield runs.accuracy("hidden_size", "hidden_size", *pair)


def activations(runs: Runs, setting: Hyperparameters) -> Iterator[Row]:
    """Question 7.3: activation functions, each at its own best rate and start."""
    best = best_activations(runs.settings, setting).set_index("activation", drop=False)
    for name in best.index.drop(setting.activation, errors="ignore"):
        if setting.activation in best.index:
            pair = best.loc[name], best.loc[setting.activation]
            yield runs.accuracy(f"activation_{name}", "activation", *pair)


def final(
    runs: Runs,
    seeds: int,
    chosen: pd.Series,
    results: pd.DataFrame,
    right: pd.DataFrame,
    train_size: int,
) -> Iterator[Row]:
    """Question 7.4: the choice among its rivals, and the test."""
    network = runs.settings[["hidden_size", "activation"]] == [
        chosen["hidden_size"],
        chosen["activation"],
    ]
    rivals = ranked(runs.settings[network.all(axis=1)])
    rivals = rivals[rivals["n"] >= seeds]
    others = rivals[(rivals[SETTING] != chosen[SETTING]).any(axis=1)]
    if len(others):
        _, metric, *_, told = runs.accuracy(
            "choice", "batch_size", chosen, others.iloc[0], len(others)
        )
        yield "choice", metric, "chosen", "next", told
    told = compare_right(right, runs.right(chosen), same_images=False)
    yield "test", "accuracy", "test", "validation", told
    mine = results[results["choice"] == chosen["choice"]].set_index("seed")
    p = mine["train_accuracy"].mean()
    images = [  # at most, for those trained on
        mean_error(right.to_numpy().mean(axis=0), right.shape[1] ** -0.5),
        Error(max(p * (1 - p), 1 / train_size) / train_size, train_size - 1),
    ]
    told = compare(mine["train_accuracy"], mine["test_accuracy"], more=images)
    yield "final_gap", "accuracy", "training", "test", told


def main() -> None:
    """Write one row a comparison.

    The epochs.csv of the sweep are read from standard input, one a line.
    """
    options = arguments(
        __doc__, hyperparameters=Hyperparameters.from_words, rates=[float], seeds=int,
        validation_size=int, train_size=int, synthetic=[Path], epochs=[Path],
        batches=[Path], chosen=Path, final=Path, mistakes=[Path], output=Path,
    )  # fmt: skip

    setting, chosen = options.hyperparameters, pd.read_csv(options.chosen).iloc[0]
    sweep = read_runs(filter(None, sys.stdin.read().splitlines()))
    runs = Runs(sweep, options.validation_size)
    epochs = read_runs(options.epochs)
    batches = read_batches(options.batches, epochs)
    results = pd.read_csv(options.final)
    right = tested_right(results, options.mistakes)
    families = {
        "4": synthetic(read_runs(options.synthetic)),
        "7.1": training(epochs, batches),
        "7.2": initializations(runs, setting, epochs, batches),
        "7.3 rates": learning_rates(runs, setting, options.rates),
        # in a single step all schedules are the same
        "7.3 schedules": schedules(runs, setting) if batches["step"].max() > 1 else (),
        "7.3 batch sizes": grid(runs, setting),
        "7.3 activations": activations(runs, setting),
        "7.4": final(runs, options.seeds, chosen, results, right, options.train_size),
    }
    columns = ["family", "name", "metric", "first", "second", *Comparison._fields]
    rows = [(family, *r[:-1], *r[-1]) for family in families for r in families[family]]
    write_table(options.output, judge(pd.DataFrame(rows, columns=columns)))


if __name__ == "__main__":
    main()

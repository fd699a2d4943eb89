"""The figures of question 7.1 and 7.2: loss per batch, spread over seeds, epochs."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mlp.command import arguments
from mlp.figures import style


def fitted(window: int, steps: int) -> int:
    """Give a window for a run that may be short: two steps where it has them."""
    return min(window, steps, max(2, -(-steps // 20)))


def draw_batches(batches: pd.DataFrame, window: int) -> Figure:
    """Draw the loss of each batch of one run, and its mean over `window` batches."""
    figure, axes = plt.subplots(figsize=(0.75 * style.TEXT_WIDTH, 2.1))
    axes.plot(
        batches["step"],
        batches["loss"],
        ".",
        color="0.65",
        markersize=1,
        rasterized=True,  # a dot a step would make a slow PDF
        label="one batch",
    )
    window = fitted(window, len(batches))
    mean = batches["loss"].rolling(window, min_periods=1).mean()
    axes.plot(
        batches["step"],
        mean,
        marker="o" if len(mean) == 1 else "",
        label=f"mean of the last {window} batches" if window > 1 else "the same",
    )
    axes.set(xlabel="step", ylabel="loss (nats)", yscale="log")
    style.mark_integers(axes, len(batches))
    lowest = batches["loss"].quantile(0.01)
    if lowest > 0:
        axes.set_ylim(bottom=max(1e-4, lowest))
    axes.legend(markerscale=6 if len(mean) > 1 else 1)
    return figure


def draw_spread(
    batches: pd.DataFrame, runs: Sequence[pd.DataFrame], epochs: int, window: int
) -> Figure:
    """Draw the spread over the seeds: of single batches, and of means over a window."""
    window = fitted(window, len(batches))
    at = (batches["step"] - 1) // window
    step = batches["step"].groupby(at).mean() * epochs / len(batches)
    single = batches[["loss_mean", "loss_std"]].groupby(at).mean()
    seeds = pd.concat([run["loss"].groupby(at).mean() for run in runs], axis=1)
    mean, std = seeds.mean(axis=1), seeds.std(axis=1).fillna(0)
    marker = "o" if len(step) == 1 else ""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(style.TEXT_WIDTH, 2.1), sharey=True
    )
    left.plot(step, single["loss_mean"], marker=marker, label="mean")
    left.plot(step, single["loss_std"], marker=marker, label="standard deviation")
    right.plot(step, seeds, "-", color="0.5", linewidth=0.4, marker=marker)
    right.plot([], [], "-", color="0.5", linewidth=0.4, label="one seed")
    right.plot(step, mean, marker=marker, label="mean")
    band = {"alpha": 0.3, "linewidth": 0, "label": "standard deviation"}
    right.fill_between(step, mean - std, mean + std, color=style.COLORS[0], **band)
    means = f"means over {window} steps" if window > 1 else "each step"
    steps = len(batches) // epochs
    for axes, what in ((left, "each batch"), (right, means)):
        axes.set(xlabel=f"epoch, of {steps} step{'s' * (steps > 1)}", title=what)
        style.mark_integers(axes, len(step))
        axes.legend(fontsize=7)
    drawn = np.append(seeds, single)
    if (drawn[np.isfinite(drawn)] > 0).any():  # else the runs diverged
        left.set_yscale("log")
    left.set_ylabel("loss (nats)")
    return figure


def draw_epochs(epochs: pd.DataFrame) -> Figure:
    """Draw losses and accuracies after each epoch, with their spread over the seeds.

    The mean over an epoch stands in its middle.
    """
    figure, (losses, accuracies) = plt.subplots(1, 2, figsize=(style.TEXT_WIDTH, 2.2))
    for name, label, form, color in (
        ("running_train", "training, running mean", "^:", style.COLORS[4]),
        ("train", "training, after the epoch", "o-", style.COLORS[0]),
        ("validation", "validation, after the epoch", "s--", style.COLORS[1]),
    ):
        for axes, metric, unit in ((losses, "loss", 1), (accuracies, "accuracy", 100)):
            if f"{name}_{metric}_mean" in epochs:
                axes.errorbar(
                    epochs["epoch"] - (0.5 if name == "running_train" else 0),
                    unit * epochs[f"{name}_{metric}_mean"],
                    unit * epochs[f"{name}_{metric}_std"],
                    fmt=form,
                    color=color,
                    label=label,
                )
    losses.set(xlabel="epoch", ylabel="loss (nats)", ylim=(0, None))
    losses.legend()
    accuracies.set(xlabel="epoch", ylabel="accuracy (%)")
    accuracies.legend()
    low, high = accuracies.get_ylim()
    accuracies.set_ylim(max(low, -0.5), min(high, 100.5))  # there is nothing beyond
    for axes in (losses, accuracies):
        style.mark_integers(axes, len(epochs))
    return figure


def main() -> None:
    """Draw the three figures."""
    options = arguments(
        __doc__, runs=[Path], batches=Path, epochs=Path, window=int,
        batches_figure=[Path], spread_figure=[Path], epochs_figure=[Path],
    )  # fmt: skip

    style.use()
    runs = [pd.read_csv(path) for path in options.runs]
    batches, epochs = pd.read_csv(options.batches), pd.read_csv(options.epochs)
    style.save(draw_batches(runs[0], options.window), options.batches_figure)
    spread = draw_spread(batches, runs, len(epochs), options.window)
    style.save(spread, options.spread_figure)
    style.save(draw_epochs(epochs), options.epochs_figure)


if __name__ == "__main__":
    main()

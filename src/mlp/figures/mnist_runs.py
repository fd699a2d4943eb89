"""The figures of question 7.1 and 7.2: loss per batch, spread over seeds, epochs."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlp.command import arguments
from mlp.figures import style


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
    window = min(window, len(batches))
    mean = batches["loss"].rolling(window, min_periods=1).mean()
    axes.plot(
        batches["step"],
        mean,
        marker="o" if len(mean) == 1 else "",
        label=f"mean of the last {window} batches" if window > 1 else "the same",
    )
    axes.set(xlabel="step", ylabel="loss (nats)", yscale="log")
    mark_integers(axes, len(batches))
    lowest = batches["loss"].quantile(0.01)
    if lowest > 0:
        axes.set_ylim(bottom=max(1e-4, lowest))
    axes.legend(markerscale=6)
    return figure


def draw_spread(batches: pd.DataFrame, window: int) -> Figure:
    """Draw mean and standard deviation over the seeds, each averaged over a window."""
    window = min(window, -(-len(batches) // 20))  # a short run needs finer ones
    windows = batches.groupby((batches["step"] - 1) // window)
    step, mean = windows["step"].mean(), windows["loss_mean"].mean()
    std = windows["loss_std"].mean().fillna(0)
    figure, axes = plt.subplots(figsize=(0.75 * style.TEXT_WIDTH, 2.1))
    axes.fill_between(
        step,
        np.maximum(mean - std, 0),
        mean + std,
        color=style.COLORS[0],
        alpha=0.25,
        linewidth=0,
        label="mean $\\pm$ standard deviation",
    )
    axes.errorbar(
        step,
        mean,
        std if len(mean) == 1 else None,
        marker="o" if len(mean) == 1 else "",
        label="mean over the seeds",
    )
    axes.set(xlabel="step", ylabel="loss (nats)")
    mark_integers(axes, len(batches))
    highest = (mean + std).iloc[1:].max()
    if np.isfinite(highest):  # else the runs diverged
        axes.set_ylim(0, 1.05 * highest)
    axes.legend()
    return figure


def draw_epochs(epochs: pd.DataFrame) -> Figure:
    """Draw losses and accuracies after each epoch, with their spread over the seeds.

    The mean over an epoch stands in its middle.
    """
    figure, (losses, accuracies) = plt.subplots(1, 2, figsize=(style.TEXT_WIDTH, 2.2))
    markers = {"running_train": "^", "train": "o", "validation": "s"}
    labels = {
        "running_train": "training, running mean",
        "train": "training, after the epoch",
        "validation": "validation, after the epoch",
    }
    for (name, marker), color, line in zip(
        markers.items(), [style.COLORS[4], *style.COLORS], [":", "-", "--"]
    ):
        for axes, metric, unit in ((losses, "loss", 1), (accuracies, "accuracy", 100)):
            if f"{name}_{metric}_mean" in epochs:
                axes.errorbar(
                    epochs["epoch"] - (0.5 if name == "running_train" else 0),
                    unit * epochs[f"{name}_{metric}_mean"],
                    unit * epochs[f"{name}_{metric}_std"],
                    marker=marker,
                    markersize=3.5,
                    capsize=2,
                    color=color,
                    linestyle=line,
                    label=labels[name],
                )
    losses.set(xlabel="epoch", ylabel="loss (nats)", ylim=(0, None))
    losses.legend()
    accuracies.set(xlabel="epoch", ylabel="accuracy (%)")
    accuracies.legend()
    low, high = accuracies.get_ylim()
    accuracies.set_ylim(max(low, -0.5), min(high, 100.5))  # there is nothing beyond
    for axes in (losses, accuracies):
        mark_integers(axes, len(epochs))
    return figure


def mark_integers(axes: Axes, count: int) -> None:
    """Mark integers alone below a figure; a single one, if there is no more."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if count == 1:
        axes.set(xlim=(0.4, 1.5), xticks=[1])


def main() -> None:
    """Draw the three figures."""
    options = arguments(
        __doc__, one_run=Path, batches=Path, epochs=Path, window=int,
        batches_figure=[Path], spread_figure=[Path], epochs_figure=[Path],
    )  # fmt: skip

    style.use()
    one_run, batches = pd.read_csv(options.one_run), pd.read_csv(options.batches)
    style.save(draw_batches(one_run, options.window), options.batches_figure)
    style.save(draw_spread(batches, options.window), options.spread_figure)
    style.save(draw_epochs(pd.read_csv(options.epochs)), options.epochs_figure)


if __name__ == "__main__":
    main()

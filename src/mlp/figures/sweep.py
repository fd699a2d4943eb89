"""The figures of question 7.3: learning rates and batch sizes."""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mlp.figures import style


def draw_learning_rates(rates: pd.DataFrame) -> Figure:
    """Draw final validation accuracy and losses against the learning rate."""
    figure, (accuracies, losses) = plt.subplots(1, 2, figsize=(style.TEXT_WIDTH, 2.4))
    for axes, metric, unit, marker in (
        (accuracies, "validation_accuracy", 100, "s"),
        (losses, "validation_loss", 1, "s"),
        (losses, "train_loss", 1, "o"),
    ):
        axes.errorbar(
            rates["learning_rate"],
            unit * rates[f"{metric}_mean"],
            unit * rates[f"{metric}_std"],
            marker=marker,
            markersize=3.5,
            capsize=2,
            color=style.COLORS[metric.startswith("validation")],
            linestyle=style.LINES[metric.startswith("validation")],
            label={"v": "validation", "t": "training"}[metric[0]],
        )
    for axes in (accuracies, losses):
        axes.set(xscale="log", xlabel="learning rate")
        for diverged in rates.loc[rates["diverged"] > 0, "learning_rate"]:
            axes.axvline(diverged, color="0.5", linewidth=4, alpha=0.3, linestyle="-")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:g}"))
    accuracies.set_ylabel("validation accuracy (%)")
    losses.set(ylabel="loss (nats)", yscale="log")
    losses.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    losses.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
    losses.yaxis.set_minor_formatter(NullFormatter())
    losses.legend()
    return figure


def draw_grid(grid: pd.DataFrame) -> Figure:
    """Draw validation accuracy for each batch size and learning rate as a heat map."""
    complete = grid.pivot(
        index="batch_size", columns="learning_rate", values="validation_accuracy_mean"
    )
    values = 100 * complete.to_numpy()
    figure, axes = plt.subplots(figsize=(0.6 * style.TEXT_WIDTH, 2.3))
    image = axes.imshow(values, cmap="cividis", aspect="auto", origin="lower")
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for (row, column), value in np.ndenumerate(values):
        color = "k" if value > middle else "w"
        axes.text(
            column,
            row,
            f"{value:.2f}" if value == value else "--",
            ha="center",
            va="center",
            color=color,
        )
    axes.set_xticks(range(len(complete.columns)), [f"{r:g}" for r in complete.columns])
    axes.set_yticks(range(len(complete.index)), complete.index.astype(str))
    axes.set(xlabel="learning rate", ylabel="batch size")
    axes.grid(visible=False)
    figure.colorbar(image, label="validation accuracy (%)")
    return figure


def main() -> None:
    """Draw both figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learning-rates", type=Path, required=True)
    parser.add_argument("--grid", type=Path, required=True)
    parser.add_argument("--learning-rates-figure", type=Path, required=True)
    parser.add_argument("--grid-figure", type=Path, required=True)
    arguments = parser.parse_args()

    style.use()
    rates, grid = pd.read_csv(arguments.learning_rates), pd.read_csv(arguments.grid)
    style.save(draw_learning_rates(rates), arguments.learning_rates_figure)
    style.save(draw_grid(grid), arguments.grid_figure)


if __name__ == "__main__":
    main()

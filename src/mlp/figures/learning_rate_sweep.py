"""The figures of question 7.3: learning rates and batch sizes."""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mlp.figures import style
from mlp.hyperparameters import Hyperparameters

UNITS = {"hidden_size": "hidden units", "epochs": "epochs"}


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


def panels(grid: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split the grid by all that varies in it beside batch size and learning rate.

    Returns
    -------
    dict of str to DataFrame
        By a title, the accuracies in per cent: a row a batch size, a column a rate.
        What has a single batch size or a single rate is left out, if there is more.
    """
    axes = ["batch_size", "learning_rate"]
    others = [
        name
        for name in Hyperparameters._fields
        if name not in axes and grid[name].nunique() > 1
    ]
    tables = {}
    for values, part in grid.groupby(others) if others else [((), grid)]:
        title = ", ".join(
            f"{value} {UNITS.get(name, '')}".strip()
            for name, value in zip(others, values)
        )
        accuracy = part.set_index(axes)["validation_accuracy_mean"]
        tables[title] = 100 * accuracy.unstack("learning_rate")
    wide = {title: table for title, table in tables.items() if min(table.shape) > 1}
    return wide or tables


def draw_grid(grid: pd.DataFrame) -> Figure:
    """Draw validation accuracy over learning rates and batch sizes as heat maps.

    Few enough fields have their number in them.
    """
    tables = panels(grid)
    rows, columns = -(-len(tables) // 2), min(len(tables), 2)
    width = style.TEXT_WIDTH * (0.6 if columns == 1 else 1)
    figure, grid_of_axes = plt.subplots(
        rows, columns, figsize=(width, 2.3 * rows), squeeze=False
    )
    low = min(np.nanmin(table) for table in tables.values())
    high = max(np.nanmax(table) for table in tables.values())
    for axes in grid_of_axes.flat[len(tables) :]:
        axes.set_axis_off()
    for axes, (title, values) in zip(grid_of_axes.flat, tables.items()):
        image = axes.imshow(
            values, "cividis", vmin=low, vmax=high, aspect="auto", origin="lower"
        )
        if len(values.columns) * columns <= 12:
            for (row, column), value in np.ndenumerate(values):
                axes.text(
                    column,
                    row,
                    f"{value:.2f}" if value == value else "--",
                    ha="center",
                    va="center",
                    color="k" if value > (low + high) / 2 else "w",
                )
        axes.set_xticks(range(len(values.columns)), [f"{r:g}" for r in values.columns])
        axes.set_yticks(range(len(values.index)), values.index.astype(str))
        axes.set(xlabel="learning rate", ylabel="batch size", title=title)
        axes.grid(visible=False)
    figure.colorbar(image, ax=grid_of_axes, label="validation accuracy (%)")
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

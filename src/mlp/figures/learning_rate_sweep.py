"""The figures of question 7.3: learning rates and batch sizes."""

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mlp.command import arguments
from mlp.figures import style
from mlp.hyperparameters import Hyperparameters

PANELS = 7  # heat maps on a page
CURVES = 8
"""Learning curves beside each other that can be told apart."""
UNITS = {"hidden_size": "hidden units", "epochs": "epochs"}


def draw_learning_rates(rates: pd.DataFrame, curves: pd.DataFrame) -> Figure:
    """Draw final error and losses against the learning rate, and learning curves."""
    figure, (errors, losses, epochs) = plt.subplots(
        1, 3, figsize=(style.TEXT_WIDTH, 2.2)
    )
    for axes, metric, unit, form in (
        (errors, "validation_accuracy", -100, "s--"),
        (losses, "validation_loss", 1, "s--"),
        (losses, "train_loss", 1, "o-"),
    ):
        axes.errorbar(
            rates["learning_rate"],
            (metric == "validation_accuracy") * 100 + unit * rates[f"{metric}_mean"],
            abs(unit) * rates[f"{metric}_std"],
            fmt=form,
            color=style.COLORS[form == "s--"],
            label="validation" if form == "s--" else "training",
        )
    for axes in (errors, losses):
        axes.set(xscale="log", xlabel="learning rate")
        for diverged in rates.loc[rates["diverged"] > 0, "learning_rate"]:
            axes.axvline(diverged, color="0.5", linewidth=4, alpha=0.3, linestyle="-")
        tried = sorted(rates["learning_rate"])
        if tried[-1] < 100 * tried[0]:  # too few powers of ten to mark the axis
            axes.set_xticks(tried[:: -(-len(tried) // 8)])
            axes.tick_params(axis="x", rotation=90 if len(tried) > 5 else 0)
        mark_plainly(axes.xaxis)
    plain_log(errors, 1 - rates["validation_accuracy_mean"])
    plain_log(losses, rates[["train_loss_mean", "validation_loss_mean"]].min(axis=1))
    errors.set_ylabel("validation error (%)")
    losses.set_ylabel("loss (nats)")
    losses.legend(fontsize=7)
    draw_curves(epochs, curves)
    return figure


def draw_curves(axes: Axes, curves: pd.DataFrame) -> None:
    """Draw the validation loss after each epoch, darker the lower the learning rate."""
    tried = curves["learning_rate"].unique()
    tried = tried[:: -(-len(tried) // CURVES)]
    for i, (rate, marker) in enumerate(zip(tried, "osD^v<>p")):
        curve = curves[curves["learning_rate"] == rate]
        axes.plot(
            curve["epoch"],
            curve["validation_loss_mean"],
            "-",
            marker=marker,
            color=plt.get_cmap("cividis")(i / len(tried)),
            label=f"{rate:g}",
        )
    plain_log(axes, curves["validation_loss_mean"])
    style.mark_integers(axes, curves["epoch"].nunique())
    axes.set(xlabel="epoch", ylabel="validation loss (nats)")
    beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5), "fontsize": 7}
    axes.legend(title="rate", **beside)


def mark_plainly(axis: Axis, subs: Sequence[float] = ()) -> None:
    """Mark a logarithmic axis with plain numbers, at some multiples of powers of 10."""
    if subs:
        axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def plain_log(axes: Axes, values: pd.Series) -> None:
    """Give values a logarithmic axis with plain numbers, unless one of them is 0."""
    if values.min() <= 0:
        axes.set_ylim(bottom=0)
        return
    axes.set(yscale="log")
    mark_plainly(axes.yaxis, (1, 2, 5))


def panels(grid: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split the grid by all that varies in it beside batch size and learning rate.

    Returns
    -------
    dict of str to DataFrame
        By a title, the ``accuracy`` in per cent, and whether a run has ``diverged``: a
        row a batch size, a column a rate.  What has a single batch size or a single
        rate is left out, if there is more.
    """
    axes = ["batch_size", "learning_rate"]
    varied = [name for name in Hyperparameters._fields if grid[name].nunique() > 1]
    others = [name for name in varied if name not in axes]
    tables = {}
    for values, part in grid.groupby(others) if others else [((), grid)]:
        words = (f"{v} {UNITS.get(n, '')}".strip() for n, v in zip(others, values))
        title = re.sub(r"\b1 (hidden unit|epoch)s", r"1 \1", ", ".join(words))
        fields = part.set_index(axes)
        tables[title] = pd.DataFrame(
            {
                "accuracy": 100 * fields["validation_accuracy_mean"],
                "diverged": fields["diverged"] > 0,
            }
        ).unstack("learning_rate")
    shape = {title: table["accuracy"].shape for title, table in tables.items()}
    return {title: tables[title] for title in tables if min(shape[title]) > 1} or tables


def draw_quotient(axes: Axes, tables: Iterable[pd.DataFrame]) -> None:
    """Draw the error against the learning rate divided by the batch size."""
    fields = pd.concat(table.stack("learning_rate") for table in tables)
    fields = fields.dropna().reset_index()
    error = fields["error"] = 100 - fields["accuracy"]
    fields["quotient"] = fields["learning_rate"] / fields["batch_size"]
    markers = itertools.cycle("osD^v<>")
    for (size, values), marker in zip(fields.groupby("batch_size"), markers):
        axes.plot(
            values["quotient"],
            values["error"],
            marker,
            linestyle="none",
            fillstyle="none",
            label=f"{size:g}",
        )
    crossed = fields[fields["diverged"].astype(bool)]
    axes.plot(crossed["quotient"], crossed["error"], "xk", linestyle="none")
    axes.set(xscale="log", xlabel="learning rate / batch size")
    axes.set(ylabel="validation error (%)")
    low, high = axes.get_xlim()
    mark_plainly(axes.xaxis, (1, 3) if high < 1000 * low else (1,))
    plain_log(axes, error)
    axes.legend(  # above, where it hides no marker
        title="batch size",
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=6,
        fontsize=7,
    )


def draw_grid(grid: pd.DataFrame) -> Figure:
    """Draw validation accuracy over learning rates and batch sizes as heat maps.

    Few enough fields have their number in them, and a cross is where a run diverged;
    beside them the same against the quotient of the two.  Of more than `PANELS`, the
    first are drawn.
    """
    tables = dict(list(panels(grid).items())[:PANELS])
    rows = len(tables) // 2 + 1
    figure, axes_of = plt.subplots(
        rows, 2, figsize=(style.TEXT_WIDTH, 2.2 * rows), squeeze=False
    )
    *spare, last = axes_of.flat[len(tables) :]
    for axes in spare:
        axes.set_axis_off()
    low = min(np.nanmin(table["accuracy"]) for table in tables.values())
    high = max(np.nanmax(table["accuracy"]) for table in tables.values())
    if low == high:  # one shade, not a bar of colours beyond 0 or 100 %
        low, high = max(low - 1, 0), min(high + 1, 100)
    heat_maps = axes_of.flat[: len(tables)]
    for axes, (title, table) in zip(heat_maps, tables.items()):
        values = table["accuracy"]
        image = axes.imshow(
            values, "cividis", vmin=low, vmax=high, aspect="auto", origin="lower"
        )
        if len(values.columns) <= 6:
            for (row, column), value in np.ndenumerate(values):
                axes.text(
                    column,
                    row,
                    f"{value:.2f}" if value == value else "--",
                    ha="center",
                    va="center",
                    fontsize=7 if len(values) < 12 else 5,
                    color="w" if value < (low + high) / 2 else "k",
                )
        y, x = np.nonzero(table["diverged"] == True)  # noqa: E712 - or not tried
        axes.plot(x, y - 0.3, "X", color="w", markeredgecolor="k", linestyle="none")
        axes.set_xticks(range(len(values.columns)), [f"{r:g}" for r in values.columns])
        axes.tick_params(axis="x", rotation=90 if len(values.columns) > 6 else 0)
        axes.set_yticks(range(len(values.index)), values.index.astype(str))
        if max(values.shape) > 12:
            axes.tick_params(labelsize=5)
        axes.set(xlabel="learning rate", ylabel="batch size", title=title)
        axes.grid(visible=False)
    figure.colorbar(
        image, ax=list(heat_maps), label="validation accuracy (%)", location="left"
    )
    draw_quotient(last, tables.values())
    return figure


def main() -> None:
    """Draw both figures."""
    options = arguments(
        __doc__, learning_rates=Path, learning_curves=Path, grid=Path,
        rates_figure=[Path], grid_figure=[Path],
    )  # fmt: skip

    style.use()
    tables = map(pd.read_csv, (options.learning_rates, options.learning_curves))
    style.save(draw_learning_rates(*tables), options.rates_figure)
    style.save(draw_grid(pd.read_csv(options.grid)), options.grid_figure)


if __name__ == "__main__":
    main()

"""The figures of question 7.4: confusion matrix and mistakes on the test set."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mlp.command import arguments
from mlp.figures import style

ROWS = 2  # of mistakes


def draw_confusion(confusion: pd.DataFrame, classes: list[str]) -> Figure:
    """Draw the mean confusion matrix; shades tell the mistakes apart."""
    counts = confusion.pivot(
        index="true_class", columns="predicted_class", values="count_mean"
    ).to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    mistakes = np.where(np.eye(len(counts), dtype=bool), np.nan, 100 * shares)
    most = max(np.nanmax(mistakes), 0.01)  # a bar of colours needs some length
    large = len(classes) > 15  # no room for the numbers
    crowded = len(classes) + max(map(len, classes)) / 2 > 16
    figure, axes = plt.subplots(
        figsize=(style.TEXT_WIDTH * (0.75 + crowded / 4), 5.5 if crowded else 2.8)
    )
    image = axes.imshow(mistakes, cmap="Blues", vmin=0, vmax=most)
    for (row, column), count in np.ndenumerate(counts):
        if count and not large:
            dark = mistakes[row, column] > 0.6 * most
            axes.text(
                column,
                row,
                f"{count:.1f}" if count < 100 else f"{count:.0f}",
                ha="center",
                va="center",
                fontsize=7,
                color="w" if dark else "k",
            )
    step = -(-len(classes) // 40)  # of more names, some
    names = list(map(style.text, classes))[::step]
    axes.set_xticks(range(0, len(classes), step), names)
    axes.set_yticks(range(0, len(classes), step), names)
    if large:
        axes.tick_params(labelsize=5)
    if max(map(len, classes)) > 3 or large:
        axes.tick_params(axis="x", rotation=90)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.grid(visible=False)
    figure.colorbar(image, label="share of the true class,\nmistakes only (%)")
    return figure


def draw_mistakes(runs: list[np.ndarray], classes: list[str]) -> Figure:
    """Draw the test images that most seeds get wrong, the surest mistakes first."""
    names = ["index", "true_class", "predicted_class", "probability", "image"]
    # at once, since the table of a run without mistakes would make floats of all
    wrong = pd.DataFrame({n: list(np.concatenate([r[n] for r in runs])) for n in names})
    images = wrong.groupby("index").agg(
        times=("index", "size"),
        probability=("probability", "mean"),
        true_class=("true_class", "first"),
        predicted_class=("predicted_class", lambda classes: classes.mode()[0]),
        image=("image", "first"),
    )
    shown = images.sort_values(["times", "probability"], ascending=False)
    long_names = max(map(len, classes)) > 3
    separator = "\n" if long_names else ""
    height = 2.4 if long_names else 1.9
    columns = 8 if max(map(len, classes)) < 10 else 5
    figure, grid = plt.subplots(ROWS, columns, figsize=(style.TEXT_WIDTH, height))
    for axes in grid.flat:
        axes.set_axis_off()
    if shown.empty:
        figure.text(0.5, 0.5, "no mistakes", ha="center")
    for axes, (_, row) in zip(grid.flat, shown.iterrows()):
        axes.imshow(row["image"], cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(
            f"{style.text(classes[row['true_class']])}{separator}$\\rightarrow$"
            f"{style.text(classes[row['predicted_class']])}\n"
            f"{row['times']}/{len(runs)}, {row['probability']:.2f}",
            fontsize=8,
        )
    return figure


def main() -> None:
    """Draw both figures."""
    options = arguments(
        __doc__, confusion=Path, mistakes=[Path], class_names=json.loads,
        confusion_figure=[Path], mistakes_figure=[Path],
    )  # fmt: skip

    style.use()
    confusion = draw_confusion(pd.read_csv(options.confusion), options.class_names)
    style.save(confusion, options.confusion_figure)
    runs = [np.load(path) for path in options.mistakes]
    style.save(draw_mistakes(runs, options.class_names), options.mistakes_figure)


if __name__ == "__main__":
    main()

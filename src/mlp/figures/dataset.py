"""The figure of question 5: some of the images to train on, and their pixels."""

import json
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlp.command import arguments
from mlp.data import idx
from mlp.figures import style

COLUMNS, ROWS = 6, 2  # images shown


def draw(x: NDArray[np.uint8], t: NDArray[np.intp], classes: list[str]) -> Figure:
    """Draw the first image of each class, and a histogram of all pixels.

    Parameters
    ----------
    x : ndarray of uint8, (instances, height, width)
    t : ndarray of int, (instances,)
    classes : list of str
        The names; of more than fit, the first are shown.
    """
    figure = plt.figure(figsize=(style.TEXT_WIDTH, 1.7))
    grid = figure.add_gridspec(ROWS, COLUMNS + 1, width_ratios=[1] * COLUMNS + [3])
    shown, first = np.unique(t, return_index=True)
    for number, (label, index) in enumerate(zip(shown[: ROWS * COLUMNS], first)):
        axes = figure.add_subplot(grid[divmod(number, COLUMNS)])
        axes.imshow(x[index], cmap="gray_r", vmin=0, vmax=255)
        axes.set_axis_off()
        name = style.text(textwrap.fill(classes[label], 10))
        axes.set_title(name, fontsize=8 if len(name) < 4 else 5, pad=2)
    counts = np.zeros(256, int)
    for some in np.array_split(x.ravel(), 100):  # all at once would take eight times x
        counts += np.bincount(some, minlength=256)
    axes = figure.add_subplot(grid[:, COLUMNS])
    axes.stairs(counts.reshape(32, 8).sum(axis=1), np.arange(0, 257, 8), fill=True)
    axes.set(yscale="log", xlabel="value of a pixel", ylabel="pixels")
    axes.set_xticks([0, 64, 128, 192, 256])
    return figure


def main() -> None:
    """Draw the figure of the images to train on."""
    options = arguments(
        __doc__, **idx.LABELLED, class_names=json.loads, validation_size=int,
        figure=[Path],
    )  # fmt: skip

    names = options.class_names
    labelled = idx.read_labelled(
        options.images, options.labels, options.sha256, len(names)
    )
    x, t = (idx.split(each, options.validation_size)[0] for each in labelled)
    style.use()
    style.save(draw(x, t, names), options.figure)


if __name__ == "__main__":
    main()

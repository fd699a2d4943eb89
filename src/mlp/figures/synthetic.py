"""The figures of question 4: learning curve and decision boundary."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mlp.command import arguments
from mlp.data import normalization
from mlp.data.synthetic import THRESHOLD, load_synth, quadratic_form
from mlp.figures import style
from mlp.networks import batch
from mlp.summaries.synthetic import read_parameters

SHOWN = 1500  # validation instances drawn


def draw_curve(runs: list[pd.DataFrame]) -> Figure:
    """Draw the losses of each run, and their means, against the instances seen."""
    figure, panels = plt.subplots(
        1, 2, figsize=(style.TEXT_WIDTH, 1.8), sharex=True, sharey=True
    )
    mean = pd.concat(runs).groupby("instances").mean()
    for axes, column, title in zip(
        panels,
        ("train_loss", "validation_loss"),
        ("training, running mean", "validation"),
    ):
        for run in runs:
            axes.plot(run["instances"], run[column], "-", color="0.6", linewidth=0.8)
        axes.plot([], [], "-", color="0.6", linewidth=0.8, label="one seed")
        axes.plot(mean.index, mean[column], "-k", linewidth=1.6, label="mean")
        axes.set(title=title, xlabel="instances seen", ylim=(0, None))
    panels[0].set_ylabel("loss (nats)")
    panels[1].legend()
    return figure


def draw_boundary(networks: list[batch.Parameters]) -> Figure:
    """Draw where each network switches class, over the data and the true ellipse."""
    training, validation = load_synth()
    normalize = normalization.min_max(training.x)
    x, t = validation.x[:SHOWN], validation.t[:SHOWN]
    span = np.linspace(-3.2, 3.2, 400)
    plane = np.stack(np.meshgrid(span, span), axis=-1)  # (400, 400, 2)

    figure, axes = plt.subplots(figsize=(0.6 * style.TEXT_WIDTH, 2.1))
    for value, marker, color in ((0, "o", style.COLORS[0]), (1, "+", style.COLORS[1])):
        axes.plot(
            *x[t == value].T,
            marker,
            color=color,
            markersize=2.5,
            markeredgewidth=0.4,
            fillstyle="none",
            alpha=0.7,
            label=f"class {value}",
        )
    points = normalize(plane.reshape(-1, 2))
    axes.contour(  # a band, on which the networks' lines are seen
        span,
        span,
        quadratic_form(plane),
        [THRESHOLD],
        colors="0.75",
        linewidths=5,
        zorder=3,
    )
    for network in networks:
        _, cache = batch.forward(network, points, np.zeros(len(points), int))
        probability = cache.y[:, 1].reshape(plane.shape[:2])
        axes.contour(
            span, span, probability, [0.5], colors="k", linewidths=0.9, zorder=4
        )
    axes.plot([], [], "-k", linewidth=0.9, label="networks")
    axes.plot([], [], "-", color="0.75", linewidth=5, label="true boundary")
    axes.set(xlabel="feature 1", ylabel="feature 2", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    axes.set_aspect("equal")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
    return figure


def main() -> None:
    """Draw both figures."""
    options = arguments(
        __doc__, curves=[Path], parameters=[Path], curve_figure=[Path],
        boundary_figure=[Path],
    )  # fmt: skip

    style.use()
    curves = [pd.read_csv(path) for path in options.curves]
    style.save(draw_curve(curves), options.curve_figure)
    style.save(
        draw_boundary([read_parameters(path) for path in options.parameters]),
        options.boundary_figure,
    )


if __name__ == "__main__":
    main()

"""The look of all figures: a font that can be searched, sizes, and colours."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlp.outputs import replacing

TEXT_WIDTH = 6.3  # inches, \textwidth of templates/preamble.tex
COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"]
"""Okabe and Ito's colours that stay apart for the colour-blind."""
LINES = ["-", "--", ":", "-."]
"""A line style beside each colour, for print in black and white."""


def use() -> None:
    """Set the style for all figures drawn from here on."""
    plt.rcdefaults()
    plt.rcParams.update(
        {
            "axes.formatter.use_mathtext": True,
            "axes.grid": True,
            "axes.prop_cycle": plt.cycler(color=COLORS[:4])
            + plt.cycler(linestyle=LINES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 9,
            "axes.labelsize": 9,
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.wspace": 0.06,
            # Matplotlib brings it, it has the letters of all names and, unlike Computer
            # Modern, codes by which a figure's text can be searched and copied
            "font.family": "STIXGeneral",
            "font.size": 9,
            "errorbar.capsize": 2,
            "grid.color": "0.9",
            "grid.linewidth": 0.5,
            "legend.fontsize": 8,
            "legend.frameon": False,
            "legend.title_fontsize": 7,
            "lines.linewidth": 1.2,
            "lines.markersize": 4,
            "mathtext.fontset": "stix",
            "pdf.compression": 0,  # zlib is another on each system
            "pdf.fonttype": 42,
            "savefig.dpi": 200,
            "svg.hashsalt": "mlp",
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
        }
    )
    matplotlib.use("Agg")


def text(words: str) -> str:
    """Keep Matplotlib from reading mathematics into words."""
    return words.replace("$", r"\$")


def mark_integers(axes: Axes, count: int) -> None:
    """Mark integers alone below a figure; a single one, if there is no more."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if count == 1:
        axes.set(xlim=(0.4, 1.5), xticks=[1])


def save(figure: Figure, paths: Iterable[Path]) -> None:
    """Save a figure, as PDF and as SVG; the bytes depend on nothing else."""
    for output in paths:
        with replacing(output) as temporary:
            figure.savefig(
                temporary,
                format=output.suffix[1:],
                metadata={"Creator": None, "Producer": None, "CreationDate": None}
                if output.suffix == ".pdf"
                else {"Creator": None, "Date": None},
            )
    plt.close(figure)

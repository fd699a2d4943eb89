"""Describe the images to train and to validate on, before anything is trained."""

from pathlib import Path

import numpy as np
import pandas as pd

from mlp.command import arguments
from mlp.data import idx
from mlp.outputs import write_table


def describe(name: str, x: np.ndarray, classes: int) -> dict:
    """Describe a set of images, (instances, height, width)."""
    return {
        "set": name,
        "instances": len(x),
        "pixels": x[0].size,
        "classes": classes,
        "guessing_loss": np.log(classes),
        "pixel_minimum": x.min(),
        "pixel_mean": x.mean(),
        "pixel_std": x.std(),
        "pixel_rms": np.hypot(x.mean(), x.std()),
        "zero_share": (x == 0).mean(),
        "pixel_maximum": x.max(),
    }


def main() -> None:
    """Write one row a set."""
    options = arguments(
        __doc__, **idx.LABELLED, classes=int, validation_size=int, output=Path,
    )  # fmt: skip

    x, _ = idx.read_labelled(
        options.images, options.labels, options.sha256, options.classes
    )
    training, validation = idx.split(x, options.validation_size)
    sets = {"training": training, "validation": validation, "full training": x}
    rows = [describe(name, part, options.classes) for name, part in sets.items()]
    write_table(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    main()

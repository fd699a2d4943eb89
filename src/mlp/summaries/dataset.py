"""Describe the images to train and to validate on, before anything is trained."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    idx.add_arguments(parser)
    parser.add_argument("--classes", type=int, required=True)
    parser.add_argument("--validation-size", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()

    x, _ = idx.read_labelled(
        arguments.images, arguments.labels, arguments.sha256, arguments.classes
    )
    training, validation = idx.split(x, arguments.validation_size)
    sets = {"training": training, "validation": validation, "full training": x}
    rows = [describe(name, part, arguments.classes) for name, part in sets.items()]
    write_table(arguments.output, pd.DataFrame(rows))


if __name__ == "__main__":
    main()

"""Affine maps that bring features into a controlled range.

A map is fitted to the training features alone and then applied to all others.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Normalization(NamedTuple):
    """The map ``x -> (x - shift) / scale``."""

    shift: NDArray[np.float64] | np.float64
    scale: NDArray[np.float64] | np.float64

    def __call__(self, x: NDArray) -> NDArray[np.float64]:
        """Normalize the features `x`, of shape (..., features)."""
        return (x - self.shift) / self.scale


def min_max(x: NDArray) -> Normalization:
    """Fit the map of each feature of `x`, (instances, features), onto [-1, 1]."""
    low, high = x.min(axis=0), x.max(axis=0)
    return Normalization((low + high) / 2, (high - low) / 2)


def unit_interval(x: NDArray[np.uint8]) -> Normalization:
    """Map the bytes 0..255 onto [0, 1], whatever values `x` holds."""
    return Normalization(np.float64(0), np.float64(255))


def standardize(x: NDArray[np.uint8]) -> Normalization:
    """Fit one map of all pixels of `x` onto mean 0 and standard deviation 1."""
    total = squares = 0
    for some in np.array_split(x.ravel(), 100):  # all at once would take eight times x
        total += int(some.sum(dtype=np.int64))
        squares += int(np.square(some, dtype=np.uint16).sum(dtype=np.int64))
    variance = (x.size * squares - total**2) / x.size**2  # of whole numbers, so exact
    return Normalization(np.float64(total / x.size), np.sqrt(variance) or np.float64(1))


PIXELS = {"unit_interval": unit_interval, "standardize": standardize}
"""The normalizations of images, by name."""


def normalize(name: str, *images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Normalize sets of images by the first of them.

    Parameters
    ----------
    name : str
        A key of `PIXELS`.
    *images : ndarray of uint8, (instances, height, width)

    Returns
    -------
    list of ndarray, (instances, pixels)
    """
    fitted = PIXELS[name](images[0])
    table = fitted(np.arange(256)).astype(np.float32)  # a pixel has 256 values
    return [table[x.reshape(len(x), -1)] for x in images]

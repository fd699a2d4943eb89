"""The synthetic data of question 4: points in the plane, one class in an ellipse.

A point ``x`` belongs to class 1 where ``x^T A x > 0.6`` and to class 0 inside that
ellipse.  The values are, bit for bit, those of the course's ``load_synth``.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

A = np.array([[1.0, -0.05], [1.0, 0.4]])
THRESHOLD = 0.6
TRAINING_SIZE, VALIDATION_SIZE = 60_000, 10_000
CLASSES = 2


class Labelled(NamedTuple):
    """Features and target classes of some instances."""

    x: NDArray[np.float64]  # (instances, 2)
    t: NDArray[np.int64]  # (instances,)


def load_synth() -> tuple[Labelled, Labelled]:
    """Generate the training and the validation set, always the same.

    Returns
    -------
    training : Labelled
        60,000 instances.
    validation : Labelled
        10,000 instances.
    """
    # the course draws from the legacy generator, whose values its successor lacks
    x = np.random.RandomState(0).randn(TRAINING_SIZE + VALIDATION_SIZE, 2)
    t = (quadratic_form(x) > THRESHOLD).astype(np.int64)
    return (
        Labelled(x[:TRAINING_SIZE], t[:TRAINING_SIZE]),
        Labelled(x[TRAINING_SIZE:], t[TRAINING_SIZE:]),
    )


def quadratic_form(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Value of ``x^T A x`` for points ``x`` of shape (..., 2)."""
    return np.einsum("...i,ij,...j->...", x, A, x)

"""The activation functions of the hidden layer, for arrays.

The derivative of each can be written by its output ``h``, so the backward pass needs no
more of the forward pass than that.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Activation(NamedTuple):
    """An activation function, elementwise."""

    forward: Callable[[NDArray], NDArray]  # k -> h
    backward: Callable[[NDArray, NDArray], NDArray]  # dh, h -> dk


def sigmoid(k: NDArray) -> NDArray:
    """Logistic function, elementwise."""
    with np.errstate(over="ignore"):  # where exp is infinite, 0 is right
        return 1 / (1 + np.exp(-k))


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, lambda dh, h: dh * h * (1 - h)),
    "tanh": Activation(np.tanh, lambda dh, h: dh * (1 - h * h)),
    "relu": Activation(lambda k: np.maximum(k, 0), lambda dh, h: dh * (h > 0)),
}
"""The activation functions by name; at its kink, ``relu`` gets the derivative 0."""

"""The network of question 6: a batch of instances at a time, in NumPy.

The rows of ``x`` are the instances, so each line of `mlp.networks.scalar` becomes one
product of matrices::

    K = XW + b,  H = sigmoid(K),  O = HV + c,  Y = softmax(O),  l = -mean_n ln Y[n, t_n]

Another activation function may take the place of the sigmoid.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlp.networks.activations import ACTIVATIONS

INITIALIZATIONS = {
    "lecun_normal": lambda fan_in, fan_out: fan_in**-0.5,
    "glorot_normal": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "he_normal": lambda fan_in, fan_out: (2 / fan_in) ** 0.5,
    "standard_normal": lambda fan_in, fan_out: 1.0,
}
"""Standard deviation of a layer's weights, by the name of the initialization."""


class Parameters(NamedTuple):
    """The weights and biases, or the derivatives of the loss with respect to them."""

    W: NDArray  # (inputs, hidden)
    b: NDArray  # (hidden,)
    V: NDArray  # (hidden, classes)
    c: NDArray  # (classes,)


class Cache(NamedTuple):
    """What the backward pass needs of the forward pass."""

    x: NDArray  # (batch, inputs)
    t: NDArray  # (batch,), target classes
    activation: str  # a key of ACTIVATIONS
    h: NDArray  # (batch, hidden)
    y: NDArray  # (batch, classes)


def initialize(
    inputs: int,
    hidden: int,
    classes: int,
    rng: np.random.Generator,
    initialization: str = "lecun_normal",
) -> Parameters:
    """Draw normal weights in single precision; the biases start at zero.

    Parameters
    ----------
    inputs, hidden, classes : int
        Layer sizes.
    rng : numpy.random.Generator
        Source of the random numbers.
    initialization : str
        A key of `INITIALIZATIONS`.
    """
    std = INITIALIZATIONS[initialization]

    def weights(fan_in: int, fan_out: int) -> NDArray:
        draw = rng.standard_normal((fan_in, fan_out), dtype=np.float32)
        return draw * np.float32(std(fan_in, fan_out))

    return Parameters(
        W=weights(inputs, hidden),
        b=np.zeros(hidden, np.float32),
        V=weights(hidden, classes),
        c=np.zeros(classes, np.float32),
    )


def forward(
    parameters: Parameters, x: NDArray, t: NDArray, activation: str = "sigmoid"
) -> tuple[float, Cache]:
    """Compute the mean loss of a batch.

    Parameters
    ----------
    parameters : Parameters
    x : ndarray, (batch, inputs)
        The features.
    t : ndarray of int, (batch,)
        The target classes.
    activation : str
        A key of `ACTIVATIONS`.

    Returns
    -------
    loss : float
        Mean over the batch, in nats.
    cache : Cache
        For `backward`.
    """
    W, b, V, c = parameters
    h = ACTIVATIONS[activation].forward(x @ W + b)  # (batch, hidden)
    o = h @ V + c  # (batch, classes)
    o -= o.max(axis=1, keepdims=True)  # softmax shifts out of exp's overflow
    e = np.exp(o)
    total = e.sum(axis=1, keepdims=True)  # (batch, 1)
    loss = (np.log(total).sum() - o[np.arange(len(t)), t].sum()) / len(t)
    return loss, Cache(x, t, activation, h, e / total)


def backward(parameters: Parameters, cache: Cache, dl: float = 1.0) -> Parameters:
    """Compute the derivatives of the mean loss with respect to all parameters.

    Parameters
    ----------
    parameters : Parameters
        As given to `forward`.
    cache : Cache
        As returned by `forward`.
    dl : float
        The factor of the loss in what is differentiated: 1, or the learning rate.

    Returns
    -------
    gradient : Parameters
        ``dW, db, dV, dc``, each shaped like its parameter, times `dl`.
    """
    x, t, activation, h, y = cache
    do = y.copy()  # (batch, classes)
    do[np.arange(len(t)), t] -= 1
    do *= dl / len(t)  # the loss is a mean over the batch
    dV = h.T @ do  # (hidden, classes)
    dh = do @ parameters.V.T  # (batch, hidden)
    dk = ACTIVATIONS[activation].backward(dh, h)
    dW = np.dot(x.T, dk)  # (inputs, hidden); x.T @ dk is slow for a batch of one
    return Parameters(dW, dk.sum(axis=0), dV, do.sum(axis=0))


def evaluate(
    parameters: Parameters,
    x: NDArray,
    t: NDArray,
    activation: str = "sigmoid",
    batch_size: int = 5000,
) -> tuple[float, float]:
    """Mean loss in nats and accuracy over all instances."""
    loss = correct = 0.0
    for start in range(0, len(t), batch_size):
        batch = slice(start, start + batch_size)
        batch_loss, cache = forward(parameters, x[batch], t[batch], activation)
        loss += float(batch_loss) * len(cache.t)
        correct += float((cache.y.argmax(axis=1) == cache.t).sum())
    return loss / len(t), correct / len(t)

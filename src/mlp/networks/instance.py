"""The network of question 5: one instance at a time, in NumPy.

The loops of `mlp.networks.scalar` become products of vectors and matrices.  The
parameters are those of `mlp.networks.batch`, with which the network is trained.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlp.networks.activations import ACTIVATIONS
from mlp.networks.batch import Parameters


class Cache(NamedTuple):
    """What the backward pass needs of the forward pass."""

    x: NDArray  # (inputs,)
    t: int  # target class
    activation: str  # a key of ACTIVATIONS
    h: NDArray  # (hidden,)
    y: NDArray  # (classes,)


def forward(
    parameters: Parameters, x: NDArray, t: int, activation: str = "sigmoid"
) -> tuple[float, Cache]:
    """Compute the loss of one instance.

    Parameters
    ----------
    parameters : Parameters
    x : ndarray, (inputs,)
        The features.
    t : int
        The target class.
    activation : str
        A key of `ACTIVATIONS`.

    Returns
    -------
    loss : float
        In nats.
    cache : Cache
        For `backward`.
    """
    W, b, V, c = parameters
    h = ACTIVATIONS[activation].forward(x @ W + b)  # (hidden,)
    o = h @ V + c  # (classes,)
    o -= o.max()  # softmax shifts out of exp's overflow
    e = np.exp(o)
    total = e.sum()
    return np.log(total) - o[t], Cache(x, t, activation, h, e / total)


def backward(parameters: Parameters, cache: Cache) -> Parameters:
    """Compute the derivatives of the loss with respect to all parameters.

    Parameters
    ----------
    parameters : Parameters
        As given to `forward`.
    cache : Cache
        As returned by `forward`.

    Returns
    -------
    gradient : Parameters
        ``dW, db, dV, dc``, each shaped like its parameter.
    """
    x, t, activation, h, y = cache
    do = y.copy()  # (classes,)
    do[t] -= 1
    dV = np.outer(h, do)  # (hidden, classes)
    dh = parameters.V @ do  # (hidden,)
    dk = ACTIVATIONS[activation].backward(dh, h)
    dW = np.outer(x, dk)  # (inputs, hidden)
    return Parameters(dW, dk, dV, do)


def mean_gradient(
    parameters: Parameters, x: NDArray, t: NDArray, activation: str = "sigmoid"
) -> tuple[float, Parameters]:
    """Add up the losses and gradients of a few instances, one after another.

    Parameters
    ----------
    parameters : Parameters
    x : ndarray, (instances, inputs)
    t : ndarray of int, (instances,)
    activation : str
        A key of `ACTIVATIONS`.

    Returns
    -------
    loss : float
        Mean over the instances, in nats.
    gradient : Parameters
        Of that mean.
    """
    loss, gradient = 0.0, Parameters(*map(np.zeros_like, parameters))
    for x_n, t_n in zip(x, t):
        loss_n, cache = forward(parameters, x_n, t_n, activation)
        loss += float(loss_n)
        for total, d in zip(gradient, backward(parameters, cache)):
            total += d
    return loss / len(t), Parameters(*(total / len(t) for total in gradient))

"""The network of questions 3 and 4: one instance at a time, in plain Python.

Two linear layers, a sigmoid between them, a softmax and the cross-entropy on top::

    k = xW + b,  h = sigmoid(k),  o = hV + c,  y = softmax(o),  l = -ln y_t

Vectors are lists of floats and matrices are lists of rows, so ``W[i][j]`` joins input
``i`` to hidden unit ``j``.  Nothing is imported but the standard library.
"""

import math
import random
from typing import NamedTuple

Vector = list[float]
Matrix = list[list[float]]


class Parameters(NamedTuple):
    """The weights and biases, or the derivatives of the loss with respect to them."""

    W: Matrix  # (inputs, hidden)
    b: Vector  # (hidden,)
    V: Matrix  # (hidden, classes)
    c: Vector  # (classes,)


class Cache(NamedTuple):
    """What the forward pass computes on its way to the loss."""

    x: Vector  # (inputs,)
    t: int  # target class
    k: Vector  # (hidden,)
    h: Vector  # (hidden,)
    o: Vector  # (classes,)
    y: Vector  # (classes,)


def initialize(
    inputs: int, hidden: int, classes: int, rng: random.Random
) -> Parameters:
    """Draw normal weights with variance 1 / fan-in; the biases start at zero.

    Parameters
    ----------
    inputs, hidden, classes : int
        Layer sizes.
    rng : random.Random
        Source of the random numbers.
    """

    def weights(fan_in: int, fan_out: int) -> Matrix:
        std = fan_in**-0.5
        return [[rng.gauss(0.0, std) for _ in range(fan_out)] for _ in range(fan_in)]

    return Parameters(
        W=weights(inputs, hidden),
        b=[0.0] * hidden,
        V=weights(hidden, classes),
        c=[0.0] * classes,
    )


def sigmoid(k: float) -> float:
    """Logistic function; the form with tanh cannot overflow."""
    return 0.5 + 0.5 * math.tanh(0.5 * k)


def softmax(o: Vector) -> Vector:
    """Class probabilities of the logits ``o``; the shift keeps exp from overflowing."""
    shift = max(o)
    e = [math.exp(o_i - shift) for o_i in o]
    total = math.fsum(e)
    return [e_i / total for e_i in e]


def cross_entropy(o: Vector, t: int) -> float:
    """Loss ``-ln softmax(o)_t``, from the logits so that no ``ln 0`` can occur."""
    shift = max(o)
    return shift + math.log(math.fsum([math.exp(o_i - shift) for o_i in o])) - o[t]


def forward(parameters: Parameters, x: Vector, t: int) -> tuple[float, Cache]:
    """Compute the loss of one instance.

    Parameters
    ----------
    parameters : Parameters
    x : list of float, (inputs,)
        The features.
    t : int
        The target class.

    Returns
    -------
    loss : float
        In nats.
    cache : Cache
        For `backward`.
    """
    W, b, V, c = parameters
    k = b
    for x_i, W_i in zip(x, W):
        k = [k_j + x_i * w for k_j, w in zip(k, W_i)]
    h = [sigmoid(k_j) for k_j in k]
    o = c
    for h_i, V_i in zip(h, V):
        o = [o_j + h_i * v for o_j, v in zip(o, V_i)]
    return cross_entropy(o, t), Cache(x, t, k, h, o, softmax(o))


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
    x, t, _, h, _, y = cache
    do = [y_j - (j == t) for j, y_j in enumerate(y)]
    dV = [[h_i * do_j for do_j in do] for h_i in h]
    dh = [math.fsum([v * do_j for v, do_j in zip(v_i, do)]) for v_i in parameters.V]
    dk = [dh_j * h_j * (1.0 - h_j) for dh_j, h_j in zip(dh, h)]
    dW = [[x_i * dk_j for dk_j in dk] for x_i in x]
    return Parameters(dW, dk, dV, do)


def descend(parameters: Parameters, gradient: Parameters, rate: float) -> None:
    """Take one step of gradient descent, changing `parameters` in place."""
    W, b, V, c = parameters
    dW, db, dV, dc = gradient
    for p, dp in zip([*W, b, *V, c], [*dW, db, *dV, dc]):  # rows
        for i, dp_i in enumerate(dp):
            p[i] -= rate * dp_i


def train_epoch(
    parameters: Parameters,
    instances: list[tuple[Vector, int]],
    rate: float,
) -> list[float]:
    """Train on each instance once, in the order given, changing `parameters` in place.

    Returns
    -------
    losses : list of float
        The loss of each instance, before the step that it caused.
    """
    losses = []
    for x, t in instances:
        loss, cache = forward(parameters, x, t)
        descend(parameters, backward(parameters, cache), rate)
        losses.append(loss)
    return losses


def evaluate(
    parameters: Parameters, instances: list[tuple[Vector, int]]
) -> tuple[float, float]:
    """Mean loss in nats and accuracy over the instances."""
    loss = correct = 0.0
    for x, t in instances:
        instance_loss, cache = forward(parameters, x, t)
        loss += instance_loss
        correct += cache.y.index(max(cache.y)) == t
    return loss / len(instances), correct / len(instances)

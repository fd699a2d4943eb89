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
    total = sum(e)
    return [e_i / total for e_i in e]


def cross_entropy(o: Vector, t: int) -> float:
    """Loss ``-ln softmax(o)_t``, from the logits so that no ``ln 0`` can occur."""
    shift = max(o)
    return shift + math.log(sum(math.exp(o_i - shift) for o_i in o)) - o[t]


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
    k = [b_j + sum([x_i * w for x_i, w in zip(x, w_j)]) for b_j, w_j in zip(b, zip(*W))]
    h = [sigmoid(k_j) for k_j in k]
    o = [c_j + sum([h_i * v for h_i, v in zip(h, v_j)]) for c_j, v_j in zip(c, zip(*V))]
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
    dh = [sum([v * do_j for v, do_j in zip(v_i, do)]) for v_i in parameters.V]
    dk = [dh_j * h_j * (1.0 - h_j) for dh_j, h_j in zip(dh, h)]
    dW = [[x_i * dk_j for dk_j in dk] for x_i in x]
    return Parameters(dW, dk, dV, do)


def descend(parameters: Parameters, gradient: Parameters, rate: float) -> Parameters:
    """Take one step of gradient descent and return the new parameters."""
    W, b, V, c = parameters
    dW, db, dV, dc = gradient

    def step(p: Vector, dp: Vector) -> Vector:
        return [p_i - rate * dp_i for p_i, dp_i in zip(p, dp)]

    return Parameters(
        W=[step(W_i, dW_i) for W_i, dW_i in zip(W, dW)],
        b=step(b, db),
        V=[step(V_i, dV_i) for V_i, dV_i in zip(V, dV)],
        c=step(c, dc),
    )


def train_epoch(
    parameters: Parameters,
    instances: list[tuple[Vector, int]],
    rate: float,
) -> tuple[Parameters, list[float]]:
    """Train on each instance once, in the order given.

    Returns
    -------
    parameters : Parameters
        After the last step.
    losses : list of float
        The loss of each instance, before the step that it caused.
    """
    losses = []
    for x, t in instances:
        loss, cache = forward(parameters, x, t)
        parameters = descend(parameters, backward(parameters, cache), rate)
        losses.append(loss)
    return parameters, losses


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

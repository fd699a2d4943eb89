"""The local derivatives of questions 1 and 2, in scalar terms and plain Python.

The softmax ``y`` of the logits ``o`` and the loss ``l = -ln y_t`` of class ``t``.
"""

import math

from mlp.networks.scalar import Matrix, Vector


def loss_by_outputs(y: Vector, t: int) -> Vector:
    """Derivatives ``dl/dy_i``: ``-1 / y_t`` where ``i = t``, else 0.

    Raises
    ------
    ZeroDivisionError
        If ``y_t`` has underflowed to 0.
    """
    return [-1.0 / y_i if i == t else 0.0 for i, y_i in enumerate(y)]


def outputs_by_logits(y: Vector) -> Matrix:
    """Derivatives ``dy_i/do_j``: ``y_i (1 - y_i)`` if ``i = j``, else ``-y_i y_j``."""
    return [
        [y_i * ((i == j) - y_j) for j, y_j in enumerate(y)] for i, y_i in enumerate(y)
    ]


def loss_by_logits_in_two_steps(y: Vector, t: int) -> Vector:
    """Derivatives ``dl/do_j`` by the chain rule, as a sum over all ``y_i``."""
    dy, Y = loss_by_outputs(y, t), outputs_by_logits(y)
    return [math.fsum(dy[i] * Y[i][j] for i in range(len(y))) for j in range(len(y))]


def loss_by_logits(y: Vector, t: int) -> Vector:
    """Derivatives ``dl/do_j = y_j - 1`` where ``j = t``, else ``y_j``."""
    return [y_j - (j == t) for j, y_j in enumerate(y)]

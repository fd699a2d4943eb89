"""Question 3: the derivatives of all networks against references they do not share.

At the point that the assignment draws, and at random points, the derivatives of the
scalar, the per-instance and the batched network stand beside central differences of
the scalar loss and, where the assignment prints them, beside its values.  At the
assignment's point the hidden gradients vanish by symmetry, so that only the random
points can tell a right backward pass of the hidden layer from a wrong one.
"""

import argparse
import hashlib
import random
from collections.abc import Callable, Iterator
from inspect import getsource
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mlp.networks import batch, instance, scalar
from mlp.outputs import write_csv

NETWORKS = (scalar, instance, batch)
ASSIGNMENT = scalar.Parameters(
    W=[[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]],
    b=[0.0, 0.0, 0.0],
    V=[[1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]],
    c=[0.0, 0.0],
)
ASSIGNMENT_INSTANCE = ([1.0, -1.0], 0)
ASSIGNMENT_DERIVATIVES = scalar.Parameters(
    W=[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
    b=[0.0, 0.0, 0.0],
    V=[[-0.4404, 0.4404], [-0.4404, 0.4404], [-0.4404, 0.4404]],
    c=[-0.5, 0.5],
)
TOLERANCES = {
    "instance": 1e-12,  # rounding of float64
    "batch": 1e-12,
    "finite_difference": 1e-8,  # rounding and the cubic term, at a step of 1e-5
    "assignment": 5e-5,  # half a unit of the last digit that it prints
}
"""How far, absolutely, a column may be from the scalar network's derivative."""


class Point(NamedTuple):
    """Where derivatives of the mean loss are taken."""

    name: str
    parameters: scalar.Parameters
    instances: list[tuple[list[float], int]]


def random_points(number: int, rng: random.Random) -> Iterator[Point]:
    """Draw networks of random sizes, with a few instances each."""
    for i in range(number):
        inputs, hidden, classes = (rng.randint(2, 5) for _ in range(3))
        parameters = scalar.initialize(inputs, hidden, classes, rng)
        parameters = parameters._replace(
            b=[rng.gauss(0, 1) for _ in range(hidden)],
            c=[rng.gauss(0, 1) for _ in range(classes)],
        )
        instances = [
            ([rng.gauss(0, 1) for _ in range(inputs)], rng.randrange(classes))
            for _ in range(rng.randint(1, 4))
        ]
        yield Point(f"random {i + 1}", parameters, instances)


def elements(
    parameters: scalar.Parameters | batch.Parameters,
) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """List all parameters as (name, index, value), the index counting from 0."""
    for name, array in zip(parameters._fields, map(np.array, parameters)):
        for index, value in np.ndenumerate(array):
            yield name, index, float(value)


def values(parameters: scalar.Parameters | batch.Parameters) -> list[float]:
    """List the values of all parameters, in the order of `elements`."""
    return [value for *_, value in elements(parameters)]


def central_differences(
    loss: Callable[[scalar.Parameters], float],
    parameters: scalar.Parameters,
    step: float = 1e-5,
) -> list[float]:
    """Approximate the derivatives of `loss`, in the order of `elements`.

    Each is ``(loss(p + step) - loss(p - step)) / (2 step)``, with an error of the
    order of ``step**2``.
    """

    def moved(name: str, index: tuple[int, ...], by: float) -> scalar.Parameters:
        array = np.array(getattr(parameters, name))
        array[index] += by
        return parameters._replace(**{name: array.tolist()})

    return [
        (loss(moved(name, index, step)) - loss(moved(name, index, -step))) / (2 * step)
        for name, index, _ in elements(parameters)
    ]


def mean_gradient(network, parameters, instances) -> list[float]:
    """Average the derivatives that a per-instance network gives, as `elements` does."""
    gradients = []
    for x, t in instances:
        _, cache = network.forward(parameters, x, t)
        gradients.append(values(network.backward(parameters, cache)))
    return [sum(each) / len(each) for each in zip(*gradients)]


def check(point: Point) -> list[dict]:
    """Take all derivatives at a point in each way, one row a derivative."""
    arrays = batch.Parameters(*map(np.array, point.parameters))
    x = np.array([x for x, _ in point.instances])
    t = np.array([t for _, t in point.instances])

    def mean_loss(parameters: scalar.Parameters) -> float:
        losses = [scalar.forward(parameters, x, t)[0] for x, t in point.instances]
        return sum(losses) / len(losses)

    _, cache = batch.forward(arrays, x, t)
    columns = {
        "scalar": mean_gradient(scalar, point.parameters, point.instances),
        "instance": mean_gradient(instance, arrays, zip(x, t)),
        "batch": values(batch.backward(arrays, cache)),
        "finite_difference": central_differences(mean_loss, point.parameters),
    }
    rows: list[dict] = [
        {
            "point": point.name,
            "layer": "hidden" if name in "Wb" else "output",
            "parameter": name,
            "index": ",".join(str(i + 1) for i in index),  # from 1, as in the report
        }
        for name, index, _ in elements(point.parameters)
    ]
    for way, derivatives in columns.items():
        for row, derivative in zip(rows, derivatives, strict=True):
            row[way] = derivative
    return rows


def failures(rows: list[dict]) -> Iterator[str]:
    """Describe each derivative that differs from one of its references."""
    for row in rows:
        for column, tolerance in TOLERANCES.items():
            if row[column] == "":  # the assignment prints none for random points
                continue
            if not abs(row["scalar"] - row[column]) <= tolerance:
                yield (
                    f"{row['point']}: the derivative by {row['parameter']}_"
                    f"{row['index']} is {row['scalar']!r} in the scalar network, "
                    f"but {row[column]!r} by {column}"
                )


def forward_pass(point: Point) -> Iterator[dict]:
    """List what the scalar network computes for the first instance, up to the loss."""
    loss, cache = scalar.forward(point.parameters, *point.instances[0])
    for quantity in ("k", "h", "o", "y"):
        for i, value in enumerate(getattr(cache, quantity)):
            yield {"quantity": quantity, "index": i + 1, "value": value}
    yield {"quantity": "l", "index": 1, "value": loss}


def differences(rows: list[dict]) -> Iterator[dict]:
    """Summarize each reference by its largest distance from the scalar network."""
    for column, tolerance in TOLERANCES.items():
        distances = [
            abs(row["scalar"] - row[column]) for row in rows if row[column] != ""
        ]
        yield {
            "reference": column,
            "derivatives": len(distances),
            "largest_difference": max(distances),
            "tolerance": tolerance,
        }


def main() -> None:
    """Write the tables and what was checked, or fail and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--random-points", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--derivatives", type=Path, required=True)
    parser.add_argument("--differences", type=Path, required=True)
    parser.add_argument("--forward-pass", type=Path, required=True)
    parser.add_argument("--checked", type=Path, required=True)
    arguments = parser.parse_args()

    assignment = Point("assignment", ASSIGNMENT, [ASSIGNMENT_INSTANCE])
    rows = [
        row | {"assignment": printed}
        for row, printed in zip(check(assignment), values(ASSIGNMENT_DERIVATIVES))
    ]
    for point in random_points(arguments.random_points, random.Random(arguments.seed)):
        rows += [row | {"assignment": ""} for row in check(point)]

    differing = list(failures(rows))
    if differing:
        raise SystemExit("\n".join(["The gradient check failed.", *differing]))
    write_csv(arguments.derivatives, rows)
    write_csv(arguments.differences, differences(rows))
    write_csv(arguments.forward_pass, forward_pass(assignment))
    sources = {network.__name__: getsource(network) for network in NETWORKS}
    write_csv(
        arguments.checked,
        [
            {"module": name, "sha256": hashlib.sha256(source.encode()).hexdigest()}
            for name, source in sources.items()
        ],
    )


if __name__ == "__main__":
    main()

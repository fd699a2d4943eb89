"""Question 3: the derivatives of all networks against references they do not share.

At the point that the assignment draws, and at random points, the derivatives of the
scalar, the per-instance and the batched network stand beside central differences of
the scalar loss and, where the assignment prints them, beside its values.  At the
assignment's point the hidden gradients vanish by symmetry, so that only the random
points can tell a right backward pass of the hidden layer from a wrong one.

The scalar network is that of the assignment, with sigmoids.  With another activation
function the batched network stands in its place.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator
from inspect import getfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mlp.command import arguments
from mlp.networks import activations, batch, instance, scalar
from mlp.outputs import write_csv
from mlp.records import digest

CHECKED = (scalar, instance, batch, activations)
KINK = 0.01  # how near 0 a sum may come at which a function has no derivative there
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
"""How far, absolutely, a column may be from the derivative that is checked."""


class Point(NamedTuple):
    """Where derivatives of the mean loss are taken."""

    name: str
    parameters: scalar.Parameters
    instances: list[tuple[list[float], int]]
    activation: str = "sigmoid"
    printed: scalar.Parameters | None = None  # the derivatives, by the assignment


def random_points(number: int, rng: random.Random, activation: str) -> list[Point]:
    """Draw networks of random sizes, with a few instances each.

    For ``relu`` only those count that have no sum near its kink at 0.
    """
    points: list[Point] = []
    drawn = 0
    while len(points) < number:
        drawn += 1
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
        caches = [scalar.forward(parameters, *each)[1] for each in instances]
        smallest = min(abs(k) for cache in caches for k in cache.k)
        if activation != "relu" or smallest > KINK:
            points.append(Point(f"random {drawn}", parameters, instances, activation))
    return points


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


def mean_gradient(
    parameters: scalar.Parameters, instances: list[tuple[list[float], int]]
) -> list[float]:
    """Average the derivatives by the scalar network, in the order of `elements`."""
    gradients = []
    for x, t in instances:
        _, cache = scalar.forward(parameters, x, t)
        gradients.append(values(scalar.backward(parameters, cache)))
    return [math.fsum(each) / len(each) for each in zip(*gradients)]


def check(point: Point) -> list[dict]:
    """Take all derivatives at a point in each way, one row a derivative.

    With another activation function than the sigmoid, there is none by the scalar
    network, and the loss of which differences are taken is the batched network's.
    """
    arrays = batch.Parameters(*map(np.array, point.parameters))
    x = np.array([x for x, _ in point.instances])
    t = np.array([t for _, t in point.instances])

    def loss(parameters: scalar.Parameters) -> float:
        if point.activation == "sigmoid":
            losses = [scalar.forward(parameters, *i)[0] for i in point.instances]
            return math.fsum(losses) / len(losses)
        moved = batch.Parameters(*map(np.array, parameters))
        return batch.forward(moved, x, t, point.activation)[0]

    _, cache = batch.forward(arrays, x, t, point.activation)
    none = [""] * len(values(arrays))
    columns = {
        "scalar": mean_gradient(point.parameters, point.instances)
        if point.activation == "sigmoid"
        else none,
        "instance": values(instance.mean_gradient(arrays, x, t, point.activation)[1]),
        "batch": values(batch.backward(arrays, cache)),
        "finite_difference": central_differences(loss, point.parameters),
        "assignment": values(point.printed) if point.printed else none,
    }
    return [
        {
            "activation": point.activation,
            "point": point.name,
            "layer": "hidden" if name in "Wb" else "output",
            "parameter": name,
            "index": ",".join(str(i + 1) for i in index),  # from 1, as in the report
            **dict(zip(columns, derivatives)),
        }
        for (name, index, _), *derivatives in zip(
            elements(point.parameters), *columns.values(), strict=True
        )
    ]


def checked(row: dict) -> str:
    """Name the network whose derivative the row checks."""
    return "batch" if row["scalar"] == "" else "scalar"


def references(row: dict) -> Iterator[tuple[str, float, float]]:
    """List the references of a derivative: name, the derivative, that of the reference.

    The assignment prints none for random points.
    """
    own = checked(row)
    for name in TOLERANCES:
        if name != own and row[name] != "":
            yield name, row[own], row[name]


def failures(rows: list[dict]) -> Iterator[str]:
    """Describe each derivative that differs from one of its references."""
    for row in rows:
        for name, derivative, reference in references(row):
            if not abs(derivative - reference) <= TOLERANCES[name]:
                yield (
                    f"{row['point']}, {row['activation']}: the derivative by "
                    f"{row['parameter']}_{row['index']} is {derivative!r} in the "
                    f"{checked(row)} network, but {reference!r} by {name}"
                )


def forward_pass(point: Point) -> Iterator[dict]:
    """List what the scalar network computes for the first instance, up to the loss."""
    loss, cache = scalar.forward(point.parameters, *point.instances[0])
    for quantity in ("k", "h", "o", "y"):
        for i, value in enumerate(getattr(cache, quantity)):
            yield {"quantity": quantity, "index": i + 1, "value": value}
    yield {"quantity": "l", "index": 1, "value": loss}


def differences(rows: list[dict]) -> Iterator[dict]:
    """Summarize each reference by its largest distance, one activation at a time."""
    for activation, (name, tolerance) in itertools.product(
        activations.ACTIVATIONS, TOLERANCES.items()
    ):
        of_activation = [row for row in rows if row["activation"] == activation]
        sizes = [abs(row[checked(row)]) for row in of_activation]
        pairs = [
            pair
            for row in of_activation
            for reference, *pair in references(row)
            if reference == name
        ]
        if pairs:
            relative = [
                abs(a - b) / max(abs(a), abs(b)) for a, b in pairs if a and a != b
            ]
            yield {
                "activation": activation,
                "reference": name,
                "derivatives": len(pairs),
                "largest_difference": max(abs(a - b) for a, b in pairs),
                "tolerance": tolerance,
                "largest_relative_error": max(relative, default=0.0),
                "smallest_derivative": min(filter(None, sizes)),
                "largest_derivative": max(sizes),
            }


def main() -> None:
    """Write the tables and what was checked, or fail and say what differs."""
    options = arguments(
        __doc__, random_points=int, seed=int, derivatives=Path, differences=Path,
        forward_pass=Path, checked=Path,
    )  # fmt: skip

    assignment = Point(
        "assignment", ASSIGNMENT, [ASSIGNMENT_INSTANCE], printed=ASSIGNMENT_DERIVATIVES
    )
    points = [assignment]
    for activation in activations.ACTIVATIONS:
        rng = random.Random(options.seed)
        points += random_points(options.random_points, rng, activation)
    rows = [row for point in points for row in check(point)]

    differing = list(failures(rows))
    if differing:
        raise SystemExit("\n".join(["The gradient check failed.", *differing]))
    write_csv(options.derivatives, rows)
    write_csv(options.differences, differences(rows))
    write_csv(options.forward_pass, forward_pass(assignment))
    write_csv(
        options.checked,
        [
            {"module": module.__name__, "sha256": digest(Path(getfile(module)))}
            for module in CHECKED
        ],
    )


if __name__ == "__main__":
    main()

"""The gradient check of question 3: it passes, and each planted bug makes it fail."""

import itertools
import random

import numpy as np
import pytest

from mlp.experiments import gradient_check
from mlp.networks import activations, batch, instance, scalar

ASSIGNMENT = gradient_check.Point(
    "assignment",
    gradient_check.ASSIGNMENT,
    [gradient_check.ASSIGNMENT_INSTANCE],
    printed=gradient_check.ASSIGNMENT_DERIVATIVES,
)


def rows_of(points):
    return [row for point in points for row in gradient_check.check(point)]


def random_points(activation="sigmoid"):
    return gradient_check.random_points(5, random.Random(0), activation)


@pytest.mark.parametrize("activation", activations.ACTIVATIONS)
def test_all_networks_pass_at_all_points(activation):
    rows = rows_of([ASSIGNMENT, *random_points(activation)])
    assert list(gradient_check.failures(rows)) == []
    assert sum(row["point"] == "assignment" for row in rows) == 17
    derivatives = len(rows) - 17
    counted = {
        (row["activation"], row["reference"]): row["derivatives"]
        for row in gradient_check.differences(rows[17:])
    }
    references = {"instance", "batch", "finite_difference"}
    if activation != "sigmoid":  # the batched network is what is checked
        references -= {"batch"}
    assert counted == {(activation, name): derivatives for name in references}


def test_the_derivatives_of_the_assignment():
    derivatives = {
        (row["parameter"], row["index"]): row["scalar"] for row in rows_of([ASSIGNMENT])
    }
    assert derivatives["W", "2,3"] == 0.0
    assert derivatives["V", "1,1"] == pytest.approx(-0.4404, abs=5e-5)
    assert derivatives["V", "3,2"] == pytest.approx(0.4404, abs=5e-5)
    assert (derivatives["c", "1"], derivatives["c", "2"]) == (-0.5, 0.5)


def without_sigmoid_derivative(network):
    """Plant a bug: the backward pass treats the sigmoid as the identity."""
    right = network.backward

    def backward(parameters, cache):
        h = [0.5 + 0.0 * h_j for h_j in cache.h]  # h (1 - h) is constant then
        return right(parameters, cache._replace(h=type(cache.h)(h)))._replace(
            V=right(parameters, cache).V
        )

    return backward


def test_the_relative_error_is_over_the_larger_of_the_two_and_leaves_out_zeros():
    rows = [
        {"activation": "sigmoid", "scalar": value, "instance": reference}
        | dict.fromkeys(["batch", "finite_difference", "assignment"], "")
        for value, reference in [(0.0, 1e-9), (-0.02, -0.01), (0.8, 0.9), (0.5, 0.5)]
    ]
    (found,) = gradient_check.differences(rows)
    assert found["largest_relative_error"] == pytest.approx(0.5)
    assert found["largest_difference"] == pytest.approx(0.1)
    assert (found["smallest_derivative"], found["largest_derivative"]) == (0.02, 0.8)


def test_a_wrong_hidden_layer_passes_at_the_point_of_the_assignment(monkeypatch):
    monkeypatch.setattr(scalar, "backward", without_sigmoid_derivative(scalar))
    rows = rows_of([ASSIGNMENT])
    assert list(gradient_check.failures(rows)) == []


def test_a_wrong_hidden_layer_fails_at_random_points(monkeypatch):
    monkeypatch.setattr(scalar, "backward", without_sigmoid_derivative(scalar))
    messages = list(gradient_check.failures(rows_of(random_points())))
    assert any("W_1,1" in message for message in messages)
    assert any("by finite_difference" in message for message in messages)
    assert not any("by V_" in message for message in messages)


@pytest.mark.parametrize(
    ("network", "activation"),
    [
        (scalar, "sigmoid"),
        *itertools.product([instance, batch], activations.ACTIVATIONS),
    ],
)
@pytest.mark.parametrize("parameter", ["W", "b", "V", "c"])
def test_a_wrong_derivative_in_any_network_fails(
    monkeypatch, network, activation, parameter
):
    right = network.backward

    def backward(parameters, cache):
        gradient = right(parameters, cache)
        wrong = -np.array(getattr(gradient, parameter))  # the sign, say
        return gradient._replace(**{parameter: wrong})

    monkeypatch.setattr(network, "backward", backward)
    messages = list(gradient_check.failures(rows_of(random_points(activation))))
    assert messages
    assert all(f"by {parameter}_" in message for message in messages)
    name = network.__name__.rpartition(".")[2]
    if name == gradient_check.checked(rows_of(random_points(activation))[0]):
        assert any("by finite_difference" in message for message in messages)
    else:
        assert all(f"by {name}" in message for message in messages)


@pytest.mark.parametrize(
    ("activation", "planted"),
    [
        ("sigmoid", lambda dh, h: dh * h),
        ("tanh", lambda dh, h: dh * (1 - h)),
        ("tanh", activations.ACTIVATIONS["sigmoid"].backward),
        ("relu", lambda dh, h: dh * (h >= 0)),
        ("relu", lambda dh, h: dh * h),
    ],
)
def test_a_wrong_local_derivative_fails(monkeypatch, activation, planted):
    wrong = activations.ACTIVATIONS[activation]._replace(backward=planted)
    monkeypatch.setitem(activations.ACTIVATIONS, activation, wrong)
    messages = list(gradient_check.failures(rows_of(random_points(activation))))
    assert any("W_1,1" in message for message in messages)
    assert not any("by V_" in message for message in messages)


def hidden_sums(point):
    return [
        k
        for x, t in point.instances
        for k in scalar.forward(point.parameters, x, t)[1].k
    ]


def test_relu_is_checked_away_from_its_kink_where_it_would_fail():
    points = random_points("relu")
    assert len(points) == 5
    assert min(abs(k) for each in points for k in hidden_sums(each)) > 0.01
    point, *_ = points
    b = point.parameters.b
    b[0] -= hidden_sums(point)[0] - 1e-6
    assert list(gradient_check.failures(rows_of([point])))
    smooth = point._replace(activation="tanh")
    assert list(gradient_check.failures(rows_of([smooth]))) == []


def test_a_derivative_that_is_no_number_fails(monkeypatch):
    right = batch.backward

    def backward(parameters, cache):
        gradient = right(parameters, cache)
        return gradient._replace(b=gradient.b * float("nan"))

    monkeypatch.setattr(batch, "backward", backward)
    assert list(gradient_check.failures(rows_of(random_points())))

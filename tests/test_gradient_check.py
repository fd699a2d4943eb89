"""The gradient check of question 3: it passes, and each planted bug makes it fail."""

import random

import numpy as np
import pytest

from mlp.experiments import gradient_check
from mlp.networks import batch, instance, scalar

ASSIGNMENT = gradient_check.Point(
    "assignment", gradient_check.ASSIGNMENT, [gradient_check.ASSIGNMENT_INSTANCE]
)


def rows_of(points):
    rows = [row for point in points for row in gradient_check.check(point)]
    printed = gradient_check.values(gradient_check.ASSIGNMENT_DERIVATIVES)
    for row in rows:
        row["assignment"] = ""
        if row["point"] == "assignment":
            row["assignment"] = printed.pop(0)
    return rows


def random_points():
    return list(gradient_check.random_points(5, random.Random(0)))


def test_all_networks_pass_at_all_points():
    rows = rows_of([ASSIGNMENT, *random_points()])
    assert list(gradient_check.failures(rows)) == []
    assert sum(row["point"] == "assignment" for row in rows) == 17


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


@pytest.mark.parametrize("network", [scalar, instance, batch])
@pytest.mark.parametrize("parameter", ["W", "b", "V", "c"])
def test_a_wrong_derivative_in_any_network_fails(monkeypatch, network, parameter):
    right = network.backward

    def backward(parameters, cache):
        gradient = right(parameters, cache)
        wrong = -np.array(getattr(gradient, parameter))  # the sign, say
        return gradient._replace(**{parameter: wrong})

    monkeypatch.setattr(network, "backward", backward)
    name = network.__name__.rpartition(".")[2]
    messages = list(gradient_check.failures(rows_of(random_points())))
    assert messages
    assert all(f"by {parameter}_" in message for message in messages)
    if network is not scalar:
        assert all(f"by {name}" in message for message in messages)


def test_a_derivative_that_is_no_number_fails(monkeypatch):
    right = batch.backward

    def backward(parameters, cache):
        gradient = right(parameters, cache)
        return gradient._replace(b=gradient.b * float("nan"))

    monkeypatch.setattr(batch, "backward", backward)
    assert list(gradient_check.failures(rows_of(random_points())))

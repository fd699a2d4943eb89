"""The scalar network, against values worked out by hand and finite differences."""

import math
import random
import sys

import pytest

from mlp.networks import scalar
from mlp.networks.local_derivatives import (
    loss_by_logits,
    loss_by_logits_in_two_steps,
    loss_by_outputs,
    outputs_by_logits,
)
from tests.tools.project import ran


def test_forward_gives_the_values_of_the_assignment():
    parameters = scalar.Parameters(
        W=[[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]],
        b=[0.0, 0.0, 0.0],
        V=[[1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]],
        c=[0.0, 0.0],
    )
    loss, cache = scalar.forward(parameters, [1.0, -1.0], 0)
    assert loss == pytest.approx(math.log(2), abs=1e-15)
    assert cache.h == pytest.approx([1 / (1 + math.exp(-2))] * 3, abs=1e-15)
    assert cache.y == [0.5, 0.5]


def test_nothing_is_imported_but_the_standard_library():
    script = (
        "import sys, mlp.networks.scalar\n"
        "third_party = {name.partition('.')[0] for name in sys.modules}\n"
        "third_party -= set(sys.stdlib_module_names) | {'mlp', '__main__'}\n"
        "print(*(name for name in third_party if not name.startswith('_')))"
    )
    command = [sys.executable, "-S", "-c", script]
    printed = ran(command, code=0, env={"PYTHONPATH": "src"})
    assert printed.stdout.split() == []


@pytest.mark.parametrize("k", [-1e4, -800.0, 0.0, 800.0, 1e4])
def test_sigmoid_does_not_overflow(k):
    assert scalar.sigmoid(k) == pytest.approx(0.5 if k == 0 else float(k > 0))


def test_softmax_and_loss_of_large_logits():
    assert scalar.softmax([1000.0, 1000.0]) == [0.5, 0.5]
    assert scalar.cross_entropy([1000.0, 0.0], 1) == 1000.0
    assert scalar.cross_entropy([-1000.0, 0.0], 1) == 0.0


def test_descend_moves_each_parameter_against_its_gradient():
    parameters = scalar.Parameters([[1.0]], [2.0], [[3.0, 4.0]], [5.0, 6.0])
    gradient = scalar.Parameters([[10.0]], [20.0], [[30.0, 40.0]], [50.0, 60.0])
    scalar.descend(parameters, gradient, 0.125)
    assert parameters == ([[-0.25]], [-0.5], [[-0.75, -1.0]], [-1.25, -1.5])


def test_training_lowers_the_loss():
    rng = random.Random(0)
    instances = [([x, -x], int(x > 0)) for x in (rng.gauss(0, 1) for _ in range(200))]
    parameters = scalar.initialize(2, 3, 2, rng)
    losses = scalar.train_epoch(parameters, instances, 0.5)
    assert sum(losses[-20:]) < sum(losses[:20]) / 2
    loss, accuracy = scalar.evaluate(parameters, instances)
    each = [scalar.forward(parameters, *instance) for instance in instances]
    right = [cache.y[cache.t] == max(cache.y) for _, cache in each]
    assert loss == pytest.approx(math.fsum(loss for loss, _ in each) / 200)
    assert accuracy == right.count(True) / 200 > 0.9


def test_initialize_draws_with_variance_one_over_fan_in():
    parameters = scalar.initialize(100, 200, 2, random.Random(0))
    weights = [w for row in parameters.W for w in row]
    variance = sum(w * w for w in weights) / len(weights)
    assert variance == pytest.approx(1 / 100, rel=0.03)
    assert set(parameters.b + parameters.c) == {0.0}


def test_local_derivatives_are_those_of_finite_differences():
    o, t, step = [0.3, -1.2, 2.0], 1, 1e-6
    y = scalar.softmax(o)
    for j in range(3):
        up, down = list(o), list(o)
        up[j] += step
        down[j] -= step
        difference = (scalar.cross_entropy(up, t) - scalar.cross_entropy(down, t)) / 2
        assert loss_by_logits(y, t)[j] == pytest.approx(difference / step, abs=1e-8)
        above, below = scalar.softmax(up), scalar.softmax(down)
        for i in range(3):
            slope = (above[i] - below[i]) / (2 * step)
            assert outputs_by_logits(y)[i][j] == pytest.approx(slope, abs=1e-8)
    slope = (-math.log(y[t] + step) + math.log(y[t] - step)) / (2 * step)
    assert loss_by_outputs(y, t) == pytest.approx([0.0, slope, 0.0], abs=1e-6)
    assert loss_by_logits_in_two_steps(y, t) == pytest.approx(loss_by_logits(y, t))


def test_two_steps_fail_where_one_does_not():
    y = scalar.softmax([800.0, 0.0])
    assert loss_by_logits(y, 1) == [1.0, -1.0]
    with pytest.raises(ZeroDivisionError):
        loss_by_logits_in_two_steps(y, 1)

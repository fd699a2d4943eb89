"""The NumPy networks and their training."""

import itertools

import numpy as np
import pytest

from mlp.hyperparameters import Hyperparameters
from mlp.networks import batch, instance, sgd
from mlp.networks.activations import ACTIVATIONS

each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def network(dtype=np.float64):
    rng = np.random.default_rng(0)
    parameters = batch.initialize(6, 5, 4, rng)
    x = rng.standard_normal((7, 6))
    t = rng.integers(0, 4, 7)
    return batch.Parameters(*(p.astype(dtype) for p in parameters)), x.astype(dtype), t


@each_activation
def test_batch_gradient_is_the_mean_over_its_instances(activation):
    parameters, x, t = network()
    loss, cache = batch.forward(parameters, x, t, activation)
    caches = [instance.forward(parameters, *i, activation) for i in zip(x, t)]
    assert loss == pytest.approx(np.mean([each for each, _ in caches]), abs=1e-14)
    gradients = [instance.backward(parameters, each) for _, each in caches]
    for name, dp in batch.backward(parameters, cache)._asdict().items():
        mean = np.mean([getattr(each, name) for each in gradients], axis=0)
        np.testing.assert_allclose(dp, mean, rtol=0, atol=1e-14)


@each_activation
def test_single_precision_stays_single(activation):
    parameters, x, t = network(np.float32)
    _, cache = batch.forward(parameters, x, t, activation)
    for array in (cache.h, cache.y, *batch.backward(parameters, cache)):
        assert array.dtype == np.float32


def test_the_factor_of_the_loss_scales_the_gradient():
    parameters, x, t = network()
    _, cache = batch.forward(parameters, x, t)
    gradient = batch.backward(parameters, cache)
    for dp, scaled in zip(gradient, batch.backward(parameters, cache, 0.25)):
        np.testing.assert_allclose(scaled, 0.25 * dp, rtol=1e-12)


def test_loss_of_logits_far_apart_is_finite():
    parameters, x, t = network(np.float32)
    far = parameters._replace(V=parameters.V * 1e6)
    _, cache = batch.forward(far, x, t)
    t = cache.y.argmin(axis=1)  # sure of a wrong class
    for loss, cache in (
        batch.forward(far, x, t),
        instance.forward(far, x[0], int(t[0])),
    ):
        assert np.isfinite(loss)
        assert loss > 100
        assert np.isfinite(cache.y).all()


@pytest.mark.parametrize(
    ("activation", "h", "slopes"),
    [
        ("sigmoid", [0, 0, 0.5, 0.880797, 1, 1], [0, 0, 0.25, 0.104994, 0, 0]),
        ("tanh", [-1, -1, 0, 0.964028, 1, 1], [0, 0, 1, 0.070651, 0, 0]),
        ("relu", [0, 0, 0, 2, 90, 1e4], [0, 0, 0, 1, 1, 1]),  # at its kink, 0
    ],
)
def test_activations_go_to_their_limits_without_a_warning(activation, h, slopes):
    k = np.array([-1e4, -90, 0, 2, 90, 1e4], np.float32)
    forward, backward = ACTIVATIONS[activation]
    with np.errstate(all="raise", under="ignore"):
        assert forward(k).tolist() == pytest.approx(h, rel=1e-5)
        dk = backward(np.full(6, 3, np.float32), forward(k))
    assert dk.tolist() == pytest.approx([3 * slope for slope in slopes], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("lecun_normal", 1 / 400),
        ("glorot_normal", 2 / 700),
        ("he_normal", 2 / 400),
        ("standard_normal", 1.0),
    ],
)
def test_initializations_have_their_variance(name, variance):
    parameters = batch.initialize(400, 300, 10, np.random.default_rng(0), name)
    assert parameters.W.var() == pytest.approx(variance, rel=0.02)
    assert not parameters.b.any()
    assert not parameters.c.any()


def train(x, t, rng=1, **changes):
    choice = Hyperparameters(
        5, "sigmoid", "lecun_normal", "standardize", 4, 0.5, "constant", 2
    )._replace(**changes)
    (*_, (parameters, _)), losses = itertools.tee(
        sgd.train(choice, x, t, 4, np.random.default_rng(rng))
    )
    return parameters, [each for _, each in losses]


@each_activation
@pytest.mark.parametrize("initialization", batch.INITIALIZATIONS)
def test_one_step_is_gradient_descent(activation, initialization):
    _, x, t = network(np.float32)
    start = batch.initialize(6, 5, 4, np.random.default_rng(1), initialization)
    _, cache = batch.forward(start, x, t, activation)
    gradient = batch.backward(start, cache)
    trained, _ = train(
        x, t, batch_size=7, epochs=1, learning_rate=0.25, activation=activation,
        initialization=initialization,
    )  # fmt: skip
    for p, before, dp in zip(trained, start, gradient, strict=True):
        np.testing.assert_allclose(p, before - 0.25 * dp, rtol=1e-4, atol=1e-6)


def test_each_epoch_uses_each_instance_once(monkeypatch):
    _, x, t = network()
    seen = []

    def forward(parameters, x, *rest):
        seen.append(x[:, 0].tolist())
        return batch.forward(parameters, x, *rest)

    monkeypatch.setattr(sgd, "forward", forward)
    _, losses = train(x, t)
    assert [len(each) for each in seen] == [4, 3, 4, 3]  # the rest is a smaller batch
    assert [len(each) for each in losses] == [2, 2]
    for epoch in (seen[:2], seen[2:]):
        assert sorted(itertools.chain(*epoch)) == sorted(x[:, 0].tolist())
    assert seen[0] != seen[2]


def test_linear_schedule_falls_to_zero():
    assert sgd.SCHEDULES["linear"](4).tolist() == [1.0, 0.75, 0.5, 0.25]
    assert sgd.SCHEDULES["constant"](3).tolist() == [1.0, 1.0, 1.0]


def test_the_same_seed_gives_the_same_losses_and_another_does_not():
    _, x, t = network()
    _, first = train(x, t)
    _, again = train(x, t)
    _, other = train(x, t, rng=2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_diverging_run_goes_on_to_its_end():
    _, x, t = network()
    with np.errstate(all="ignore"):
        _, losses = train(x * 1e3, t, learning_rate=1e308, epochs=4)
    assert not np.isfinite(losses[-1]).all()


def test_evaluate_does_not_depend_on_how_it_cuts():
    parameters, x, t = network()
    assert batch.evaluate(parameters, x, t, "tanh", 3) == pytest.approx(
        batch.evaluate(parameters, x, t, "tanh")
    )

"""How much is done, counted, so that a regression shows without a clock."""

import csv
import random
import sys
import tracemalloc
from typing import ClassVar

import numpy as np
import pytest

from mlp.data.normalization import normalize
from mlp.hyperparameters import Hyperparameters
from mlp.networks import batch, scalar, sgd
from mlp.networks.activations import ACTIVATIONS
from tests.tools.project import printed_by
from workflow import profile


class Counted(np.ndarray):
    """An array that counts what NumPy computes of it, by the size of the outcome."""

    outcomes: ClassVar[list[int]] = []

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        inputs = [np.asarray(each) for each in inputs]
        if out:
            options["out"] = tuple(np.asarray(each) for each in out)
        result = getattr(ufunc, method)(*inputs, **options)
        Counted.outcomes.append(np.size(result))
        return self if out else np.asarray(result).view(Counted)

    def __array_function__(self, function, types, arguments, options):
        arguments = [np.asarray(each) for each in arguments]
        result = function(*arguments, **options)
        Counted.outcomes.append(np.size(result))
        return np.asarray(result).view(Counted)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_step_passes_twice_over_the_weights_and_seldom_over_the_rest(
    activation, monkeypatch
):
    def initialize(*arguments):
        parameters = batch.initialize(*arguments)
        return batch.Parameters(*(p.view(Counted) for p in parameters))

    monkeypatch.setattr(sgd, "initialize", initialize)
    rng = np.random.default_rng(0)
    choice = Hyperparameters(20, activation, "lecun_normal", "", 8, 0.1, "constant", 1)
    x = rng.standard_normal((80, 50), dtype=np.float32).view(Counted)
    Counted.outcomes = []
    list(sgd.train(choice, x, rng.integers(0, 4, 80), 4, rng))
    steps = 10
    weights, hidden = 50 * 20, 8 * 20
    assert Counted.outcomes.count(weights) == 2 * steps  # the derivative, the update
    assert Counted.outcomes.count(hidden) <= 11 * steps
    assert len(Counted.outcomes) <= 36 * steps


def test_a_scalar_step_calls_few_functions():
    rng = random.Random(0)
    parameters = scalar.initialize(2, 3, 2, rng)
    instances = [([rng.gauss(0, 1), rng.gauss(0, 1)], i % 2) for i in range(100)]
    calls = []
    sys.setprofile(lambda frame, event, argument: calls.append(event))
    try:
        scalar.train_epoch(parameters, instances, 0.1)
    finally:
        sys.setprofile(None)
    # forward, backward, descend, softmax, cross_entropy, three sigmoids, the parts
    # of lists, the tuples
    assert calls.count("call") <= 36 * len(instances)


def test_images_are_normalized_in_little_more_memory_than_they_take():
    images = np.random.default_rng(0).integers(0, 256, (2000, 28, 28), np.uint8)
    tracemalloc.start()
    (x,) = normalize("standardize", images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert x.nbytes == 4 * images.size
    assert peak <= 1.1 * x.nbytes


@pytest.mark.parametrize("name", ["train", "train_final", "train_synthetic"])
def test_a_training_job_imports_no_library_that_it_has_no_use_for(name):
    slow = {"pandas", "matplotlib", "scipy", "jinja2", "requests", "yaml"}
    assert slow.isdisjoint(
        printed_by(f"import sys, mlp.experiments.{name}; print(*sys.modules)")
    )


def test_the_profile_sums_up_the_jobs_of_a_rule(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "benchmarks" / "train"
    folder.mkdir(parents=True)
    for name, seconds, memory in (("a", 1.0, 100.0), ("b", 3.0, 300.0)):
        with (folder / f"{name}.tsv").open("w") as file:
            writer = csv.writer(file, delimiter="\t")
            writer.writerows([["s", "max_rss"], [seconds, memory]])
    (tmp_path / "benchmarks" / "softmax.tsv").write_text("s\tmax_rss\n1.0\t-\n")
    monkeypatch.chdir(tmp_path)
    profile.main()
    header, train, softmax = capsys.readouterr().out.splitlines()
    assert header.split() == ["jobs", "total", "mean", "share", "memory"]
    assert train.split() == ["train", "2", "4.0", "s", "2.00", "s", "80%", "300", "MB"]
    assert softmax.split()[:6] == ["softmax", "1", "1.0", "s", "1.00", "s"]

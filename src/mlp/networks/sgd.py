"""Minibatch stochastic gradient descent for the network of `mlp.networks.batch`."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mlp.networks.batch import Parameters, backward, forward

SCHEDULES = {
    "constant": lambda steps: np.ones(steps),
    "linear": lambda steps: 1 - np.arange(steps) / steps,
}
"""Factor of the learning rate at each step, by the name of the schedule."""


def train(
    parameters: Parameters,
    x: NDArray,
    t: NDArray,
    *,
    batch_size: int,
    learning_rate: float,
    schedule: str,
    epochs: int,
    rng: np.random.Generator,
) -> Iterator[NDArray]:
    """Train by gradient descent on shuffled batches, changing `parameters` in place.

    Parameters
    ----------
    parameters : Parameters
    x : ndarray, (instances, inputs)
    t : ndarray of int, (instances,)
    batch_size : int
        The last batch of an epoch holds what is left.
    learning_rate : float
        At the first step.
    schedule : str
        A key of `SCHEDULES`: how the rate changes from step to step.
    epochs : int
        Each instance is used once an epoch.
    rng : numpy.random.Generator
        Shuffles the instances.

    Yields
    ------
    losses : ndarray, (batches,)
        After each epoch, the mean loss of each batch before the step that it caused.
    """
    batches = -(-len(t) // batch_size)
    rates = learning_rate * SCHEDULES[schedule](batches * epochs)
    for epoch_rates in rates.reshape(epochs, batches).tolist():
        order = rng.permutation(len(t))
        losses = np.empty(batches)
        for step, rate in enumerate(epoch_rates):
            batch = order[step * batch_size : (step + 1) * batch_size]
            losses[step], cache = forward(parameters, x.take(batch, axis=0), t[batch])
            # the rate scales the few derivatives by logits rather than the many by W
            for p, dp in zip(parameters, backward(parameters, cache, rate)):
                p -= dp
        yield losses

"""Minibatch stochastic gradient descent for the network of `mlp.networks.batch`."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mlp.hyperparameters import Hyperparameters
from mlp.networks.batch import Parameters, backward, forward, initialize

SCHEDULES = {
    "constant": lambda steps: np.ones(steps),
    "linear": lambda steps: 1 - np.arange(steps) / steps,
}
"""Factor of the learning rate at each step, by the name of the schedule."""


def train(
    hyperparameters: Hyperparameters,
    x: NDArray,
    t: NDArray,
    classes: int,
    rng: np.random.Generator,
) -> Iterator[tuple[Parameters, NDArray]]:
    """Train a new network by gradient descent on shuffled batches.

    Parameters
    ----------
    hyperparameters : Hyperparameters
        The last batch of an epoch holds what is left of the instances.
    x : ndarray, (instances, inputs)
    t : ndarray of int, (instances,)
    classes : int
        The number of outputs.
    rng : numpy.random.Generator
        Draws the initial weights and shuffles the instances.

    Yields
    ------
    parameters : Parameters
        After each epoch; the next epoch changes them in place.
    losses : ndarray, (batches,)
        The mean loss of each batch of that epoch before the step that it caused; not
        finite once the run has diverged.
    """
    size, activation = hyperparameters.batch_size, hyperparameters.activation
    batches, epochs = -(-len(t) // size), hyperparameters.epochs
    schedule = SCHEDULES[hyperparameters.schedule](batches * epochs)
    rates = hyperparameters.learning_rate * schedule
    parameters = initialize(
        x.shape[1],
        hyperparameters.hidden_size,
        classes,
        rng,
        hyperparameters.initialization,
    )
    for epoch_rates in rates.reshape(epochs, batches).tolist():
        order = rng.permutation(len(t))
        losses = np.empty(batches)
        with np.errstate(over="ignore", invalid="ignore"):  # the losses tell of it
            for step, rate in enumerate(epoch_rates):
                batch = order[step * size : (step + 1) * size]
                losses[step], cache = forward(
                    parameters, x.take(batch, axis=0), t[batch], activation
                )
                # the rate scales the few derivatives by logits, not the many by W
                for p, dp in zip(parameters, backward(parameters, cache, rate)):
                    p -= dp
        yield parameters, losses

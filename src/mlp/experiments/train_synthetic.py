"""Question 4: train the scalar network on the synthetic data, from one seed."""

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

from mlp.command import arguments
from mlp.data import normalization
from mlp.data.synthetic import CLASSES, load_synth
from mlp.networks import scalar
from mlp.outputs import write, write_csv

Instances = list[tuple[list[float], int]]


def load_normalized() -> tuple[Instances, Instances]:
    """Give the training and the validation instances, features mapped to [-1, 1]."""
    training, validation = load_synth()
    normalize = normalization.min_max(training.x)
    first, second = (
        list(zip(normalize(x).tolist(), t.tolist())) for x, t in (training, validation)
    )
    return first, second


def train(
    parameters: scalar.Parameters,
    training: Instances,
    validation: Instances,
    *,
    learning_rate: float,
    epochs: int,
    interval: int,
    rng: random.Random,
) -> Iterator[dict]:
    """Train by SGD, one instance a step, changing `parameters` in place.

    Yields
    ------
    row : dict
        Before the first step and after each `interval`: ``instances`` seen so far;
        ``train_loss``, the mean over those since the last look, each before its step;
        ``validation_loss`` and ``validation_accuracy``; after the last step
        ``whole_train_loss``, that of the whole training set.
    """

    def row(instances: int, losses: list[float]) -> dict:
        loss, accuracy = scalar.evaluate(parameters, validation)
        return {
            "instances": instances,
            "train_loss": math.fsum(losses) / len(losses) if losses else "",
            "validation_loss": loss,
            "validation_accuracy": accuracy,
            "whole_train_loss": scalar.evaluate(parameters, training)[0]
            if instances == epochs * len(training)
            else "",
        }

    yield row(0, [])
    for epoch in range(epochs):
        order = rng.sample(training, len(training))
        for start in range(0, len(order), interval):
            chunk = order[start : start + interval]
            losses = scalar.train_epoch(parameters, chunk, learning_rate)
            yield row(epoch * len(order) + start + len(chunk), losses)


def main() -> None:
    """Write the learning curve and the trained parameters."""
    options = arguments(
        __doc__, hidden_size=int, learning_rate=float, epochs=int, interval=int,
        seed=int, curve=Path, parameters=Path,
    )  # fmt: skip

    training, validation = load_normalized()
    rng = random.Random(options.seed)
    inputs = len(training[0][0])
    parameters = scalar.initialize(inputs, options.hidden_size, CLASSES, rng)
    rows = []
    for row in train(
        parameters,
        training,
        validation,
        learning_rate=options.learning_rate,
        epochs=options.epochs,
        interval=options.interval,
        rng=rng,
    ):
        rows.append({"seed": options.seed} | row)
        print(*(f"{name}={value}" for name, value in rows[-1].items()), flush=True)

    write_csv(options.curve, rows)
    write(options.parameters, json.dumps(parameters._asdict(), indent=1) + "\n")


if __name__ == "__main__":
    main()

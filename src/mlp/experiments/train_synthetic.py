"""Question 4: train the scalar network on the synthetic data, from one seed."""

import argparse
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

from mlp.data import normalization
from mlp.data.synthetic import CLASSES, load_synth
from mlp.networks import scalar
from mlp.outputs import replacing, write_csv

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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--interval", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--curve", type=Path, required=True)
    parser.add_argument("--parameters", type=Path, required=True)
    arguments = parser.parse_args()

    training, validation = load_normalized()
    rng = random.Random(arguments.seed)
    inputs = len(training[0][0])
    parameters = scalar.initialize(inputs, arguments.hidden_size, CLASSES, rng)
    rows = []
    for row in train(
        parameters,
        training,
        validation,
        learning_rate=arguments.learning_rate,
        epochs=arguments.epochs,
        interval=arguments.interval,
        rng=rng,
    ):
        rows.append({"seed": arguments.seed} | row)
        print(*(f"{name}={value}" for name, value in rows[-1].items()), flush=True)

    write_csv(arguments.curve, rows)
    with replacing(arguments.parameters) as temporary:
        temporary.write_text(json.dumps(parameters._asdict(), indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Odd but valid configurations and data, and the sentences that they make.

All runs here in one process, by the steps' own `main`, on a few images.
"""

import copy
import json
import random
import re
import tempfile
import warnings
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from mlp.data import normalization
from mlp.data.idx import split
from mlp.experiments import train, train_final
from mlp.hyperparameters import Hyperparameters
from mlp.outputs import write_csv
from mlp.summaries import comparisons, dataset, final, mnist_runs
from mlp.summaries import learning_rate_sweep as sweep
from tests.test_findings import BASE, report
from tests.tools.project import step
from workflow import configuration, runs

CONFIG = yaml.safe_load(Path("config.yaml").read_text())
KINDS = ("separable", "random labels", "constant", "imbalanced", "noisy", "one class")


@dataclass
class Report:
    """What the oracle judges: the sentences, and the raw runs."""

    name: str
    config: dict
    text: str  # LaTeX, without what marks its numbers
    findings: dict
    runs: dict[tuple, pd.DataFrame]  # rows by setting and seed, one an epoch
    tested: pd.DataFrame  # the final runs
    wrong: dict[int, dict]  # of the test images that a final run gets wrong, by seed,
    # the true class and the predicted one


def images(rng, kind, size, classes, side):
    """Make images and labels of a kind."""
    t = rng.integers(0, classes, size)
    if kind == "imbalanced":
        t = np.where(rng.random(size) < 0.9, 0, t)
    if kind == "one class":
        t[:] = 0
    x = rng.integers(0, 60, (size, side * side))
    if kind in ("separable", "imbalanced", "noisy"):
        x[np.arange(size), t % (side * side)] = 255
    if kind == "noisy":
        t = np.where(rng.random(size) < 0.4, rng.integers(0, classes, size), t)
    if kind == "constant":
        x[:] = 255
    return x.reshape(size, side, side).astype(np.uint8), t


def choose_config(rng: random.Random) -> tuple[dict, str, dict]:
    """Make up a configuration that is valid, the kind of the data, and their sizes."""
    config = copy.deepcopy(CONFIG)
    size = {
        "classes": rng.choice([2, 3, 10, 30]),
        "side": rng.choice([1, 2, 4, 8, 40]),
        "train": rng.choice([2, 20, 60, 200]),
        "validation": rng.choice([1, 2, 30, 100]),
        "test": rng.choice([1, 2, 30, 100]),
    }
    seeds = sorted(rng.sample(range(20), rng.choice([2, 3, 5])))
    rates = rng.choice(
        [[1e-4, 1e-3, 1e-2], [0.3, 1, 3], [0.01, 0.1, 1, 10], [30, 100, 1000],
         [1e-3, 0.1, 10], [0.1, 0.1001, 0.1002], [0.1, 0.3, 1, 3, 1000]]
    )  # fmt: skip
    sizes = rng.choice([[1], [4, 8], [8, 300], [1, 2, 4], [1000]])
    config["hyperparameters"] |= {
        "hidden_size": rng.choice([1, 2, 6]),
        "activation": rng.choice(["sigmoid", "tanh", "relu"]),
        "initialization": rng.choice(["lecun_normal", "he_normal", "standard_normal"]),
        "normalization": rng.choice(["standardize", "unit_interval"]),
        "batch_size": rng.choice(sizes),
        "learning_rate": rng.choice(rates),
        "schedule": rng.choice(["linear", "constant"]),
        "epochs": rng.choice([1, 2, 3]),
    }
    grids = [
        {"batch_size": sizes, "learning_rate": rates[:3]},
        {"schedule": ["constant", "linear"], "learning_rate": rates[-2:]},
        {"activation": ["tanh", "relu"], "learning_rate": rates[:2]},
        {"hidden_size": [1, 5], "epochs": [1, 3]},
    ]
    config["learning_rate_sweep"] |= {
        "learning_rates": rates,
        "grid": rng.sample(grids, rng.randint(1, 4)),
        "seeds": seeds,
    }
    config["mnist_runs"]["seeds"] = seeds
    config["final"]["seeds"] = sorted(rng.sample(range(20, 30), rng.choice([2, 4])))
    config["dataset"] |= {
        "name": "Odd",
        "classes": [f"class {i}" for i in range(size["classes"])],
        "validation_size": size["validation"],
    }
    labels = 8 + size["train"] + size["validation"]
    config["dataset"]["files"]["train_labels"]["bytes"] = labels
    mistakes = list(configuration.problems(config))
    assert not mistakes, mistakes
    return config, rng.choice(KINDS), size


def folder_of(folder, setting, seed):
    words = runs.words(setting, "/")
    return folder / runs.RUN.format(hyperparameters=words, seed=seed)


def train_all(config, x, t, folder):
    """Make all runs of question 7.1 to 7.3; give their rows by setting and seed."""
    grids = config["learning_rate_sweep"]["grid"]
    rates = {"learning_rate": config["learning_rate_sweep"]["learning_rates"]}
    settings = [config["hyperparameters"]]
    settings += runs.settings(config["hyperparameters"], rates, *grids)
    validation_size = config["dataset"]["validation_size"]
    labels = split(t, validation_size)
    rows = {}
    for setting in settings:
        choice = Hyperparameters(**setting)
        parts = normalization.normalize(
            choice.normalization, *split(x, validation_size)
        )
        both = list(map(train.Instances, parts, labels))
        for seed in config["mnist_runs"]["seeds"]:
            if (choice, seed) in rows:
                continue
            classes = len(config["dataset"]["classes"])
            after = "each" if setting == config["hyperparameters"] else "last"
            epochs, losses = zip(*train.train(choice, *both, classes, seed, after))
            path = folder_of(folder, setting, seed)
            path.mkdir(parents=True)
            write_csv(path / "epochs.csv", epochs)
            write_csv(
                path / "batches.csv",
                [{"step": i + 1, "loss": v} for i, v in enumerate(chain(*losses))],
            )
            rows[choice, seed] = pd.DataFrame(epochs)
            rows[choice, seed].attrs["losses"] = np.stack(losses)  # (epochs, batches)
    return rows


def synthetic_curves(rng, folder):
    """Make up curves of question 4: what the network does there is tried elsewhere."""
    paths = []
    start = rng.choice([0.69, 2.0, 40.0])
    for seed in range(rng.choice([2, 3, 5])):
        end = max(1e-4, start * rng.choice([0.01, 0.9, 1.0, 1.1]) + rng.gauss(0, 0.01))
        losses = np.geomspace(start, end, 12)
        table = {
            "seed": seed,
            "instances": range(0, 12000, 1000),
            "train_loss": [np.nan, *losses[1:]],
            "validation_loss": losses + rng.gauss(0, 0.01),
            "validation_accuracy": rng.choice([0.5, 0.5622, 1.0]),
            "whole_train_loss": [np.nan] * 11 + [losses[-1]],
        }
        paths.append(folder / f"curve{seed}.csv")
        pd.DataFrame(table).to_csv(paths[-1], index=False)
    return paths


def make(number: int) -> Report | None:
    """Make the report that is made up from a seed; None if nothing can be chosen."""
    rng = random.Random(number)
    config, kind, size = choose_config(rng)
    classes = size["classes"]
    numpy_rng = np.random.default_rng(number)
    x, t = images(
        numpy_rng, kind, size["train"] + size["validation"], classes, size["side"]
    )
    test = images(numpy_rng, kind, size["test"], classes, size["side"])
    words = runs.words(config["hyperparameters"])
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        rows = train_all(config, x, t, folder)
        try:
            table, tested, wrong = summarize(config, rng, x, t, test, folder)
        except sweep.NoCandidateError:
            return None
        tables = BASE | {each: pd.read_csv(path) for each, path in table.items()}
    parts = zip(("training", "validation"), split(x, size["validation"]))
    tables["dataset"] = pd.DataFrame(
        [
            dataset.describe(n, part, classes)
            for n, part in [*parts, ("full training", x)]
        ]
    )
    source, record = report(tables, config)
    text = " ".join(re.sub(r"\\sourced\{\d+\}\{[^{}]*\}", "", source).split())
    text = re.sub(r"\{(\\(?:num|qty)(?:\{[^{}]*\})+)\}", r"\1", text)
    name = f"report {number}: {kind}, {size}, {words}"
    return Report(name, config, text, record["findings"], rows, tested, wrong)


def summarize(config, rng, x, t, test, folder):
    """Run the steps from the runs to the tables; give these and the final runs."""
    hyperparameters, grids = config["hyperparameters"], config["learning_rate_sweep"]
    seeds, rates = config["mnist_runs"]["seeds"], grids["learning_rates"]
    same = {
        "hyperparameters": runs.words(hyperparameters),
        "rates": rates,
        "seeds": len(seeds),
    }
    settings = runs.settings(hyperparameters, {"learning_rate": rates}, *grids["grid"])
    planned = [str(folder / path) for path in runs.runs("epochs.csv", settings, seeds)]
    mine = {
        name: [
            folder_of(folder, hyperparameters, seed) / f"{name}.csv" for seed in seeds
        ]
        for name in ("epochs", "batches")
    }
    chosen = ["learning_rates", "learning_curves", "grid", "activations", "settings"]
    chosen += ["chosen", "sweep"]
    names = [*mine, *chosen, "final", "final_summary", "confusion", "comparisons"]
    table = {name: folder / f"{name}.csv" for name in names}
    outputs = {f"{name}_output": table[name] for name in mine}
    step(mnist_runs, **mine, **outputs)
    step(
        sweep,
        "\n".join(planned),
        grids=json.dumps(grids["grid"]),
        planned=len(planned),
        **same,
        **{name: table[name] for name in chosen},
    )
    results, mistakes, confusion, mistaken = [], [], [], {}
    classes = len(config["dataset"]["classes"])
    for seed in config["final"]["seeds"]:
        for choice, setting in train_final.read_chosen(table["chosen"]).items():
            tested = train_final.train_and_test(setting, x, t, *test, classes, seed)
            named = {"choice": choice, "seed": seed}
            results.append(named | setting._asdict() | tested.result)
            if choice == "as_assigned":
                wrong = np.flatnonzero(tested.predicted != test[1])
                mistakes.append(folder / f"mistakes{seed}.npy")
                np.save(mistakes[-1], wrong.astype([("index", int)]))
                pairs = zip(test[1][wrong].tolist(), tested.predicted[wrong])
                mistaken[seed] = dict(zip(wrong.tolist(), pairs))
                counts = train_final.confusion(test[1], tested.predicted, classes)
                confusion.append(folder / f"confusion{seed}.csv")
                write_csv(confusion[-1], counts)
    tested = pd.DataFrame(results)
    tested.to_csv(folder / "results.csv", index=False)
    step(
        final,
        results=folder / "results.csv",
        confusions=confusion,
        mistakes=mistakes,
        final=table["final"],
        summary=table["final_summary"],
        confusion=table["confusion"],
    )
    step(
        comparisons,
        "\n".join(planned),
        validation_size=config["dataset"]["validation_size"],
        train_size=len(t),
        synthetic=synthetic_curves(rng, folder),
        chosen=table["chosen"],
        final=table["final"],
        mistakes=mistakes,
        output=table["comparisons"],
        **same,
        **mine,
    )
    return table, tested, mistaken

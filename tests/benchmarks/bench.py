"""Time whole runs, from the start of a process to its tables, beside other tools.

``make bench`` writes ``docs/benchmarks.md``.  A run reads MNIST, normalizes it, trains
the network of question 5 by plain SGD, looks at both sets before and after each epoch
and writes the tables of `mlp.experiments.train`, which is this project's run.  The
tools take turns, with one thread each, from the same weights and with the same batches;
scikit-learn shuffles by itself.
"""

import argparse
import csv
import importlib.util
import itertools
import os
import platform
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import yaml

from tests.tools.project import ran
from workflow.environment import environment

EPOCHS, LEARNING_RATE, SEED = 5, 0.1, 0
SETTING = (
    "hidden_size=300 activation=sigmoid initialization=lecun_normal "
    "normalization=standardize batch_size={} learning_rate=0.1 schedule=constant "
    "epochs=5"
)
SIZES = [4, 8, 16, 32, 64]
STEPS, TOLERANCE = 100, 1e-4  # whose losses must agree, and how well
OURS = {"this project, portable": "portable", "this project, native": "native"}
ENVIRONMENT = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
    ),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "PYTHONPATH": os.pathsep.join(["src", "."]),
}


def jax(parameters, x, t, size):
    """Give an epoch in a jitted scan, and an evaluation."""
    import jax
    import numpy as np
    from jax import numpy as jnp

    x, t = jnp.asarray(x), jnp.asarray(t)
    state = tuple(map(jnp.asarray, parameters))

    def losses_of(parameters, x, t):
        W, b, V, c = parameters
        o = jax.nn.sigmoid(x @ W + b) @ V + c
        loss = -jnp.take_along_axis(jax.nn.log_softmax(o), t[:, None], 1).mean()
        return loss, (o.argmax(axis=1) == t).mean()

    @jax.jit
    def scan(state, x, t, batches):
        def step(parameters, batch):
            (loss, _), gradient = jax.value_and_grad(losses_of, has_aux=True)(
                parameters, x[batch], t[batch]
            )
            moved = (p - LEARNING_RATE * dp for p, dp in zip(parameters, gradient))
            return tuple(moved), loss

        return jax.lax.scan(step, state, batches)

    def epoch(order):
        nonlocal state
        whole = len(order) // size * size
        losses = []
        for part in (order[:whole].reshape(-1, size), order[None, whole:]):
            if part.size:  # the last holds what is left
                state, some = scan(state, x, t, part)
                losses += np.asarray(some).tolist()
        return losses

    evaluate = jax.jit(losses_of)
    return epoch, lambda x, t: map(float, evaluate(state, x, t))


def pytorch(parameters, x, t, size):
    """Give an epoch of eager steps, and an evaluation."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    x, t = torch.from_numpy(x), torch.from_numpy(t)
    W, b, V, c = map(torch.from_numpy, parameters)
    network = torch.nn.Sequential(
        torch.nn.Linear(*W.shape), torch.nn.Sigmoid(), torch.nn.Linear(*V.shape)
    )
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), (W.T, b, V.T, c)):
            parameter.copy_(value)
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)

    def epoch(order):
        losses = []
        for batch in torch.from_numpy(order).split(size):
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(x[batch]), t[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    @torch.no_grad()
    def evaluate(x, t):
        o, t = network(torch.from_numpy(x)), torch.from_numpy(t)
        right = (o.argmax(dim=1) == t).float().mean()
        return functional.cross_entropy(o, t).item(), right.item()

    return epoch, evaluate


def scikit_learn(parameters, x, t, size):
    """Give an epoch of MLPClassifier, and an evaluation."""
    import numpy as np
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # one epoch is no convergence
    W, b, V, c = parameters
    network = MLPClassifier(
        (len(b),), activation="logistic", solver="sgd", alpha=0, momentum=0,
        batch_size=size, learning_rate_init=LEARNING_RATE, random_state=SEED,
    )  # fmt: skip
    network.partial_fit(x[:size], t[:size], classes=np.arange(len(c)))
    for array, value in zip(network.coefs_ + network.intercepts_, (W, V, b, c)):
        array[:] = value

    def epoch(order):
        network.partial_fit(x, t)
        return []

    def evaluate(x, t):
        y = network.predict_proba(x)
        return log_loss(t, y), (y.argmax(axis=1) == t).mean()

    return epoch, evaluate


OTHERS = {
    "JAX, an epoch in one jitted scan": (jax, "jax", "jax"),
    "PyTorch, eager": (pytorch, "torch", "torch"),
    "scikit-learn, MLPClassifier": (scikit_learn, "sklearn", "scikit-learn"),
}


def data():
    """Give what a run reads: arguments of `mlp.experiments.train`."""
    dataset = yaml.safe_load(Path("config.yaml").read_text())["dataset"]
    files = [dataset["files"][f"train_{part}"] for part in ("images", "labels")]
    return {
        "images": [str(Path("data", dataset["name"], files[0]["name"]))],
        "labels": [str(Path("data", dataset["name"], files[1]["name"]))],
        "sha256": [file["sha256"] for file in files],
        "classes": [str(len(dataset["classes"]))],
        "validation-size": [str(dataset["validation_size"])],
    }


def run(name, size, folder):
    """Do with another tool what `mlp.experiments.train` does."""
    import numpy as np

    from mlp.data import idx
    from mlp.data.normalization import normalize
    from mlp.networks import batch
    from mlp.outputs import write_csv

    given = data()
    classes, withheld = int(*given["classes"]), int(*given["validation-size"])
    paths = Path(*given["images"]), Path(*given["labels"])
    images, labels = idx.read_labelled(*paths, given["sha256"], classes)
    sets = list(
        zip(
            normalize("standardize", *idx.split(images, withheld)),
            idx.split(labels, withheld),
        )
    )
    x, t = sets[0]
    rng = np.random.default_rng(SEED)
    parameters = batch.initialize(x.shape[1], 300, classes, rng)
    epoch, evaluate = OTHERS[name][0](parameters, x, t, size)
    initial, _ = evaluate(x, t)
    rows, batches = [], []
    for number in range(1, EPOCHS + 1):
        batches += epoch(rng.permutation(len(x)))
        rows.append({"epoch": number, "initial_train_loss": initial})
        rows[-1] |= {"train_loss": "", "train_accuracy": ""}  # but of the last
        parts = zip(("train", "validation"), sets)
        for part, (some, classes_of) in list(parts)[number < EPOCHS :]:
            loss, accuracy = evaluate(some, classes_of)
            rows[-1] |= {f"{part}_loss": loss, f"{part}_accuracy": accuracy}
    write_csv(folder / "epochs.csv", rows)
    losses = [{"step": i, "loss": loss} for i, loss in enumerate(batches, 1)]
    write_csv(folder / "batches.csv", losses or [{"step": "", "loss": ""}])


def command(name, size, folder):
    """Give the command of a run."""
    if name in OTHERS:
        own = ["tests.benchmarks.bench", "--run", name, str(size), str(folder)]
        return [sys.executable, "-m", *own]
    options = data() | {
        "hyperparameters": [SETTING.format(size)],
        "seed": [str(SEED)],
        "train-loss-after": ["last"],
        "epochs": [str(folder / "epochs.csv")],
        "batches": [str(folder / "batches.csv")],
    }
    words = [word for key, values in options.items() for word in (f"--{key}", *values)]
    return [sys.executable, "-m", "mlp.experiments.train", *words]


def variables(name):
    """Give the variables of a run: those of all jobs, and one thread for each."""
    return environment() | ENVIRONMENT | {"MLP_ARITHMETIC": OURS.get(name, "native")}


def timed(name, size, folder):
    """Run once; give the seconds and the first losses of batches."""
    start = time.perf_counter()
    ran(command(name, size, folder), 0, env=variables(name))
    seconds = time.perf_counter() - start
    with (folder / "batches.csv").open() as file:
        losses = [float(row["loss"] or "nan") for row in csv.DictReader(file)][:STEPS]
    return seconds, losses


def kernel(name):
    """Name what OpenBLAS computes with in a run of this project."""
    say = (
        "import mlp, numpy, threadpoolctl as t; "
        "print(*{each['architecture'] for each in t.threadpool_info()})"
    )
    return ran([sys.executable, "-c", say], 0, env=variables(name)).stdout.strip()


def machine():
    """Name the processor, the number of cores and the system."""
    cpuinfo = Path("/proc/cpuinfo").read_text() if os.path.exists("/proc") else ""
    models = [s.partition(": ")[2] for s in cpuinfo.splitlines() if "model name" in s]
    model = models[0] if models else platform.processor()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def table(header, rows):
    """Write a table in Markdown."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main():
    """Time the tools in turn, see that they do the same work, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", nargs=3, metavar=("TOOL", "SIZE", "FOLDER"))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    if arguments.run:
        name, size, folder = arguments.run
        run(name, int(size), Path(folder))
        return

    names, versions = [*OURS], [f"numpy {version('numpy')}"]
    for name, (_, module, package) in OTHERS.items():
        if importlib.util.find_spec(module) is None:
            print(f"{module} is not installed: left out")
            continue
        names.append(name)
        versions.append(f"{package} {version(package)}")
    seconds, apart = {}, 0.0
    with tempfile.TemporaryDirectory() as temporary:
        turns = itertools.product(range(arguments.rounds), arguments.sizes, names)
        for _, size, name in turns:
            taken, losses = timed(name, size, Path(temporary))
            seconds.setdefault((name, size), []).append(taken)
            if name == names[0]:
                expected = losses
            apart = max([apart, *(abs(a - b) for a, b in zip(losses, expected))])
            if apart > TOLERANCE:
                raise SystemExit(
                    f"{name}, batch size {size}: a loss among the first {STEPS} "
                    f"differs by {apart:.1g}, so the work differs"
                )
            print(f"{name}, batch size {size}: {taken:.1f} s", flush=True)

    # what else a machine does adds to a time and never takes from it
    lowest = {key: min(times) for key, times in seconds.items()}
    sizes = arguments.sizes
    header = ["batch size", *map(str, sizes)]
    times = [
        [
            name,
            *(f"{lowest[name, s]:.1f} (to {max(seconds[name, s]):.1f})" for s in sizes),
        ]
        for name in names
    ]
    ratios = [
        [
            f"{ours} / {name}",
            *(f"{lowest[ours, s] / lowest[name, s]:.2f}" for s in sizes),
        ]
        for ours in OURS
        for name in names[len(OURS) :]
    ]
    kernels = ", ".join(f"{kernel(name)} in {name}" for name in OURS)
    arguments.output.write_text(
        f"""# Benchmarks of a whole run

Written by `make bench`, which anyone can run; not part of the report.

Machine: {machine()}; OpenBLAS has the kernel {kernels}.
Versions: Python {platform.python_version()}, {", ".join(versions)}.

The work: from the start of a process to its tables, {EPOCHS} epochs of the network of question 5 with single precision and
plain SGD at the rate {LEARNING_RATE:g}: MNIST read and checked, the validation set evaluated after each epoch and the
training set before the first and after the last, the loss of each batch
written. One thread each, the tools in turn, {arguments.rounds} rounds. The losses of the first {STEPS} batches agree to
{apart:.0e}; more than {TOLERANCE:.0e} stops the benchmark. scikit-learn shuffles by itself and records no losses of batches.

Seconds, the lowest (to the highest):

{table(header, times)}

Time of this project over that of the tool; below 1, this project is faster:

{table(header, ratios)}
"""  # noqa: E501
    )
    print(arguments.output.read_text())


if __name__ == "__main__":
    main()

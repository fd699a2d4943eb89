"""Time an epoch of training against other tools that do the same work.

``make bench`` runs this and writes ``docs/benchmarks.md``.  Each tool trains the
784-300-10 sigmoid network by plain SGD in a process of its own, with one thread; the
processes take turns, an epoch each, so that all suffer alike from what else the machine
does.  Before that, from the same weights and the same order of the images, their losses
must agree.
"""

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import yaml

INPUTS, HIDDEN, CLASSES = 784, 300, 10
LEARNING_RATE = 0.1
INSTANCES = {1: 5_500, 8: 55_000, 16: 55_000, 32: 55_000, 64: 55_000, 128: 55_000}
"""How many images make an epoch, by batch size; a tenth where an epoch is long."""
EPOCHS = 5  # timed, after one that is not
STEPS, TOLERANCE = 100, 1e-4  # that must agree, and how well
OURS, FLOOR = "this project", "matrix products alone"
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "PYTHONPATH": "src",
    # as for the jobs of the workflow, in workflow/rules/common.smk
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "268435456",
}


def batches(order, batch_size):
    """Cut an order of the instances into batches."""
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def this_project(parameters, x, t):
    from mlp.networks import batch, sgd

    parameters = batch.Parameters(*parameters)

    def epoch(seed, batch_size):
        (losses,) = sgd.train(
            parameters, x, t, batch_size=batch_size, learning_rate=LEARNING_RATE,
            schedule="constant", epochs=1, rng=np.random.default_rng(seed),
        )  # fmt: skip
        return losses

    return epoch


def matrix_products_alone(parameters, x, t):
    W, _, V, _ = parameters

    def epoch(seed, batch_size):
        h = np.ones((batch_size, HIDDEN), np.float32)
        do = np.ones((batch_size, CLASSES), np.float32)
        for start in range(0, len(x), batch_size):
            some = x[start : start + batch_size]
            n = len(some)
            _ = some @ W, h[:n] @ V, h[:n].T @ do[:n], do[:n] @ V.T
            np.dot(some.T, h[:n])

    return epoch


def pytorch(parameters, x, t):
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    x, t = torch.from_numpy(x), torch.from_numpy(t)
    network = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, HIDDEN),
        torch.nn.Sigmoid(),
        torch.nn.Linear(HIDDEN, CLASSES),
    )
    W, b, V, c = map(torch.from_numpy, parameters)
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), (W.T, b, V.T, c)):
            parameter.copy_(value)
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)

    def epoch(seed, batch_size):
        order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
        losses = torch.empty(-(-len(x) // batch_size))
        for step, batch in enumerate(batches(order, batch_size)):
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(x[batch]), t[batch])
            loss.backward()
            optimizer.step()
            losses[step] = loss.detach()
        return losses.numpy()

    return epoch


def jax(parameters, x, t):
    import jax
    from jax import numpy as jnp

    x, t = jnp.asarray(x), jnp.asarray(t)
    state = tuple(map(jnp.asarray, parameters))

    def loss_of(parameters, x, t):
        W, b, V, c = parameters
        o = jax.nn.sigmoid(x @ W + b) @ V + c
        return -jnp.take_along_axis(jax.nn.log_softmax(o), t[:, None], 1).mean()

    @jax.jit
    def scan(state, x, t, batches):
        def step(parameters, batch):
            loss, gradient = jax.value_and_grad(loss_of)(parameters, x[batch], t[batch])
            moved = (p - LEARNING_RATE * dp for p, dp in zip(parameters, gradient))
            return tuple(moved), loss

        return jax.lax.scan(step, state, batches)

    def epoch(seed, batch_size):
        nonlocal state
        order = np.random.default_rng(seed).permutation(len(x))
        whole = len(x) // batch_size * batch_size
        losses = []
        for part in (order[:whole].reshape(-1, batch_size), order[None, whole:]):
            if part.size:  # the last holds what is left
                state, some = scan(state, x, t, part)
                losses.append(np.asarray(some))
        return np.concatenate(losses)

    return epoch


def scikit_learn(parameters, x, t):
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # one epoch is no convergence
    networks = {}

    def start(batch_size):
        network = MLPClassifier(
            (HIDDEN,), activation="logistic", solver="sgd", alpha=0, momentum=0,
            batch_size=batch_size, learning_rate_init=LEARNING_RATE,
        )  # fmt: skip
        network.partial_fit(x[:batch_size], t[:batch_size], classes=np.arange(CLASSES))
        W, b, V, c = parameters
        for array, value in zip(network.coefs_ + network.intercepts_, (W, V, b, c)):
            array[:] = value
        return network

    def epoch(seed, batch_size):
        if batch_size not in networks:
            networks[batch_size] = start(batch_size)
        networks[batch_size].partial_fit(x, t)  # shuffles, and sums the losses

    def first_losses(seed, batch_size):
        network = start(batch_size)
        order = np.random.default_rng(seed).permutation(len(x))
        losses = []
        for batch in batches(order, batch_size)[:STEPS]:
            network.partial_fit(x[batch], t[batch])
            losses.append(network.loss_)
        return np.array(losses)

    epoch.first_losses = first_losses
    return epoch


TOOLS = {
    OURS: (this_project, "numpy"),
    FLOOR: (matrix_products_alone, "numpy"),
    "JAX, an epoch in one jitted scan": (jax, "jax"),
    "PyTorch, eager": (pytorch, "torch"),
    "scikit-learn, MLPClassifier": (scikit_learn, "sklearn"),
}


def load():
    """Give initial parameters, the training images, normalized, and their labels."""
    from mlp.data import idx
    from mlp.data.normalization import normalize
    from mlp.networks import batch

    dataset = yaml.safe_load(Path("config.yaml").read_text())["dataset"]
    files = [dataset["files"][f"train_{part}"] for part in ("images", "labels")]
    paths = [Path("data", dataset["name"], file["name"]) for file in files]
    images, t = idx.read_labelled(*paths, [file["sha256"] for file in files], CLASSES)
    (x,) = normalize("standardize", images[: max(INSTANCES.values())])
    rng = np.random.default_rng(0)
    return batch.initialize(INPUTS, HIDDEN, CLASSES, rng), x, t[: len(x)]


def work(name):
    """Do what standard input asks for, a JSON object a line, and answer likewise."""
    prepare, _ = TOOLS[name]
    parameters, x, t = load()
    epochs = {}
    for line in sys.stdin:
        task = SimpleNamespace(**json.loads(line))
        n = INSTANCES[task.batch_size]
        if task.batch_size not in epochs:
            copies = [p.copy() for p in parameters]
            epochs[task.batch_size] = prepare(copies, x[:n], t[:n])
        epoch = epochs[task.batch_size]
        start = time.perf_counter()
        losses = getattr(epoch, "first_losses" if task.prove else "", epoch)(
            task.seed, task.batch_size
        )
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        first = losses[:STEPS].tolist() if task.prove and losses is not None else None
        answer = {"seconds": seconds, "megabytes": peak, "losses": first}
        print(json.dumps(answer | {"kernel": kernel()}), flush=True)


def ask(process, **task):
    """Have a worker do a task."""
    process.stdin.write(json.dumps(task) + "\n")
    process.stdin.flush()
    return SimpleNamespace(**json.loads(process.stdout.readline()))


def kernel():
    """Name the kernel that OpenBLAS has picked in this process."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown, without threadpoolctl"
    return " ".join(
        library["architecture"]
        for library in threadpool_info()
        if library["internal_api"] == "openblas"
    )


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
    """Prove that the tools do the same work, time them, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", choices=TOOLS)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.worker)
        return

    environment = os.environ | ENVIRONMENT
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        environment.pop(name, None)  # the kernel that OpenBLAS picks by itself
    workers, versions = {}, []
    for name, (_, module) in TOOLS.items():
        if importlib.util.find_spec(module) is None:
            print(f"{module} is not installed: left out")
            continue
        package = {"sklearn": "scikit-learn"}.get(module, module)
        versions.append(f"{package} {version(package)}")
        workers[name] = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.bench", "--worker", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    seconds, megabytes, differences = {}, {}, {}
    for size in INSTANCES:
        ours = ask(workers[OURS], batch_size=size, seed=7, prove=1)
        expected = np.array(ours.losses)
        for name, worker in workers.items():
            if name in (OURS, FLOOR):
                continue
            losses = ask(worker, batch_size=size, seed=7, prove=1).losses
            differences[name, size] = np.abs(losses - expected).max()
            if not differences[name, size] <= TOLERANCE:
                raise SystemExit(
                    f"{name}, batch size {size}: a loss among the first {STEPS} "
                    f"differs by {differences[name, size]:.1g}, so the work differs"
                )
        for epoch in range(EPOCHS + 1):
            for name, worker in workers.items():
                answer = ask(worker, batch_size=size, seed=epoch, prove=0)
                seconds.setdefault((name, size), []).append(answer.seconds)
                megabytes[name] = answer.megabytes
        print(f"batch size {size}: done", flush=True)
    for worker in workers.values():
        worker.stdin.close()

    median = {key: statistics.median(times[1:]) for key, times in seconds.items()}
    header = ["batch size", *map(str, INSTANCES)]
    ratios = [
        [name, *(f"{median[OURS, s] / median[name, s]:.2f}" for s in INSTANCES)]
        for name in workers
        if name != OURS
    ]
    steps = {size: -(-n // size) for size, n in INSTANCES.items()}
    times = [
        [name, *(f"{1e6 * median[name, s] / steps[s]:.0f}" for s in INSTANCES)]
        for name in workers
    ]
    agreement = max(differences.values(), default=0.0)
    arguments.output.write_text(
        f"""# Benchmarks of the training step

Written by `make bench`, which anyone can run; not part of the report.

Machine: {machine()}; OpenBLAS kernel {ours.kernel}.
Versions: Python {platform.python_version()}, {", ".join(dict.fromkeys(versions))}.

The work: epochs of the {INPUTS}-{HIDDEN}-{CLASSES} sigmoid network in single precision, on the first
{max(INSTANCES.values()):,} training images ({INSTANCES[1]:,} of them at batch size 1), plain SGD, shuffling
included, the loss of every batch recorded; one process a tool, one thread each, taking turns. Medians of
{EPOCHS} epochs after one to warm up. From the same weights and order the losses of the first {STEPS} steps
agree to {agreement:.0e} at all batch sizes (more than {TOLERANCE:.0e} stops the benchmark). scikit-learn
records the sum of the losses only.

Time of this project over the time of the tool; below 1, this project is faster:

{table(header, ratios)}

Microseconds a step:

{table(header, times)}

Largest memory of each process, data included:

{table(["", "MB"], [[name, f"{megabytes[name]:.0f}"] for name in workers])}
"""  # noqa: E501
    )
    print(arguments.output.read_text())


if __name__ == "__main__":
    main()

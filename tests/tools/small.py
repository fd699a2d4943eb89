"""A copy of the project with a data set so small that a whole run takes seconds."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys

import numpy as np

from tests.tools.project import copy_of_project

CLASSES = ["left", "right", "both"]
SETTINGS = {
    "gradient_check": {"random_points": 1, "seed": 0},
    "synthetic": {"epochs": 1, "interval": 30000, "seeds": [0, 1]},
    "network": {"hidden_size": 5},
    "training": {"epochs": 1},
    "mnist_runs": {"batch_size": 10, "learning_rate": 0.1, "seeds": [0, 1]},
    "learning_rate_sweep": {
        "learning_rates": [0.03, 0.1, 0.3],
        "grid": {
            "hidden_sizes": [5],
            "batch_sizes": [10, 20],
            "learning_rates": [0.1, 0.3],
        },
        "seeds": [0, 1],
    },
    "final": {"seeds": [2, 3]},
}


def idx(array):
    """Write an array of unsigned bytes in the IDX format."""
    shape = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + shape + array.astype(np.uint8).tobytes()


def images(rng, size):
    """Draw images that are bright at the left, at the right or at both sides."""
    labels = np.arange(size) % len(CLASSES)
    x = rng.integers(0, 100, (size, 8, 8))
    x[labels != 1, :, :4] += rng.integers(0, 150, (np.count_nonzero(labels != 1), 8, 4))
    x[labels != 0, :, 4:] += rng.integers(0, 150, (np.count_nonzero(labels != 0), 8, 4))
    return x, labels


def small_project(folder):
    """Copy the project, with a small data set that small.yaml asks for."""
    copy_of_project(folder)
    rng = np.random.default_rng(0)
    files = {}
    (folder / "small").mkdir()
    for part, name, size in (("train", "train", 300), ("test", "t10k", 90)):
        for kind, array in zip(("images", "labels"), images(rng, size)):
            content = idx(array)
            file = f"{name}-{kind}-idx{array.ndim}-ubyte"
            (folder / "small" / f"{file}.gz").write_bytes(gzip.compress(content))
            files[f"{part}_{kind}"] = {
                "name": file,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
    settings = SETTINGS | {
        "dataset": {
            "name": "Small",
            "classes": CLASSES,
            "validation_size": 60,
            "folder": "small",
            "files": files,
        }
    }
    (folder / "small.yaml").write_text(json.dumps(settings))
    return folder


def report(folder, *arguments, **options):
    """Start what `make report` starts."""
    return subprocess.Popen(
        [sys.executable, "-m", "workflow.recovery"]
        + ["--cores", "2", "--configfile", "small.yaml", *arguments],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,
    )


def run_and_kill(folder, seconds, kill=os.killpg):
    """Start a run and kill it after so many seconds, with all its jobs or alone."""
    run = report(folder)
    try:
        run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        kill(run.pid, signal.SIGKILL)
        run.wait()


def products(folder):
    """Read all files that a run makes, those that should not be there as well."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for name in ("data", "results", "report")
        for path in (folder / name).rglob("*")
        if path.is_file()
    }

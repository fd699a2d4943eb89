"""A copy of the project with a data set so small that a whole run takes seconds."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import yaml
from snakemake.utils import update_config

from tests.tools.project import clone_of_project, commit_all, own_packages

CLASSES = ["left", "right", "both"]
COURSE = "my;course,1'"
FINAL = ["train_final", "final", "final_figures", "comparisons"]
TRAINING = ["train", "mnist_runs", "mnist_runs_figures", "learning_rate_sweep"]
TRAINING += ["learning_rate_sweep_figures"]
"""The rules that come after the training on the images, or make the final runs."""
SETTINGS = {
    "report": {
        "template": COURSE,
        "author": """A_B & {C} 'quoted' "twice" $HOME Jos\u00e9 \u0141\u00f3d\u017a""",
    },
    "gradient_check": {"random_points": 1, "seed": 0},
    "synthetic": {"epochs": 1, "interval": 30000, "seeds": [0, 1]},
    "hyperparameters": {
        "hidden_size": 5,
        "batch_size": 10,
        "learning_rate": 0.1,
        "epochs": 1,
    },
    "mnist_runs": {"seeds": [0, 1]},
    "learning_rate_sweep": {
        "learning_rates": [0.03, 0.1, 0.3],
        "grid": {"batch_size": [10, 20], "learning_rate": [0.1, 0.3]},
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
    """Commit, in a clone, a configuration of little work with a small data set.

    It has a template of the user's own; each such clone has the same commit.
    """
    clone_of_project(folder)
    rng = np.random.default_rng(0)
    files = {}
    (folder / "small").mkdir()
    for part, name, size in (("train", "train", 300), ("test", "t10k", 90)):
        for kind, array in zip(("images", "labels"), images(rng, size)):
            content = idx(array)
            file = f"{name}-{kind}-idx{array.ndim}-ubyte"
            (folder / "small" / f"{file}.gz").write_bytes(
                gzip.compress(content, mtime=0)
            )
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
    config = yaml.safe_load((folder / "config.yaml").read_text())
    update_config(config, settings)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / COURSE).mkdir()
    preamble = (folder / "templates" / "preamble.tex").read_text()
    (folder / COURSE / "preamble.tex").write_text(preamble + "\\usepackage{own}\n")
    (folder / COURSE / "own.sty").write_text("% nothing\n")
    commit_all(folder)
    own_packages(folder)
    return folder


def without(rules, project, folder):
    """Copy a project without its report and what some of the rules have made."""
    shutil.copytree(project, folder, symlinks=True)
    made = json.loads((folder / "report" / "manifest.json").read_text())
    files = [
        "report/report.pdf",
        *(file for rule in rules for file in made[rule]["files"]),
    ]
    for file in files:
        (folder / file).unlink()
    return folder


def report(folder, *arguments, **options):
    """Start what `make report` starts."""
    return subprocess.Popen(
        [sys.executable, "-m", "workflow.recovery", "--cores", "2", *arguments],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,
    )


def products(folder):
    """Read all files that a run makes, those that should not be there as well."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for name in ("data", "results", "report")
        for path in (folder / name).rglob("*")
        if path.is_file()
    }

"""
What all rules share: the checked configuration, the environment of the jobs, and the
names of the files that more than one rule mentions.
"""

import json
import os
import sys

import yaml
from snakemake.exceptions import WorkflowError

from workflow.provenance import code, commit
from workflow.configuration import problems

with open(workflow.source_path("../schemas/config.schema.yaml")) as schema_file:
    mistakes = list(problems(config, yaml.safe_load(schema_file)))
if mistakes:
    raise WorkflowError("The configuration cannot be used.", *mistakes)

COMMIT = commit()

os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), *os.get_exec_path()]),
    PYTHONPATH="src",
    PYTHONHASHSEED="0",
    SOURCE_DATE_EPOCH=str(COMMIT.time),
    FORCE_SOURCE_DATE="1",
    # else glibc hands each gradient's memory back to the system and asks for it anew
    MALLOC_TRIM_THRESHOLD_="268435456",
    MALLOC_MMAP_THRESHOLD_="268435456",
)

DATA = f"data/{config['dataset']['name']}"
TRAIN_IMAGES = f"{DATA}/train-images-idx3-ubyte"
TRAIN_LABELS = f"{DATA}/train-labels-idx1-ubyte"
TEST_IMAGES = f"{DATA}/t10k-images-idx3-ubyte"
TEST_LABELS = f"{DATA}/t10k-labels-idx1-ubyte"
CLASSES = config["dataset"]["classes"]

RUN = "results/runs/batch_size={batch_size}/learning_rate={learning_rate}/seed={seed}"


def templates(folders):
    """The files of the folders with templates, the LaTeX classes among them included."""
    missing = [folder for folder in folders if not os.path.isdir(folder)]
    if missing:
        raise WorkflowError(f"report.template: there is no folder {missing[0]}")
    return [
        entry.path
        for folder in folders
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
        if entry.is_file()
    ]


def runs(file, batch_sizes, learning_rates, seeds):
    """The paths of a file of all runs on a grid."""
    return collect(
        f"{RUN}/{file}",
        batch_size=batch_sizes,
        learning_rate=map(float, learning_rates),
        seed=seeds,
    )

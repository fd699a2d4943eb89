"""
What all rules share: the checked configuration, the environment of the jobs, and the
names of the files that more than one rule mentions.
"""

import itertools
import json
import os
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

from workflow.provenance import SOURCES, code, commit, contents, sources
from workflow.configuration import problems
from workflow.recovery import MARK, WRITTEN

with open(workflow.source_path("../schemas/config.schema.yaml")) as schema_file:
    SCHEMA = yaml.safe_load(schema_file)
mistakes = list(problems(config, SCHEMA))
if mistakes:
    raise WorkflowError("The configuration cannot be used.", *mistakes)

# those that the user's folder has come before those of the project
TEMPLATES = [*filter(None, [config["report"]["template"]]), "templates"]
COMMIT = commit([*SOURCES, *TEMPLATES])
with open("config.yaml", encoding="utf-8") as config_file:
    committed = yaml.safe_load(config_file)
list(problems(committed, SCHEMA))  # reads its numbers alike
COMMIT = COMMIT._replace(another_configuration=config != committed)

os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), *os.get_exec_path()]),
    PYTHONPATH="src",
    PYTHONHASHSEED="0",
    DATASET_SOURCES=json.dumps(
        [{"folder": config["dataset"]["folder"]}]
        if config["dataset"]["folder"]
        else config["dataset"]["sources"]
    ),
    # else glibc hands each gradient's memory back to the system and asks for it anew
    MALLOC_TRIM_THRESHOLD_="268435456",
    MALLOC_MMAP_THRESHOLD_="268435456",
    **{MARK: os.getcwd()},
)

DATA = f"data/{config['dataset']['name']}"
TRAIN_IMAGES = f"{DATA}/train-images-idx3-ubyte"
TRAIN_LABELS = f"{DATA}/train-labels-idx1-ubyte"
TEST_IMAGES = f"{DATA}/t10k-images-idx3-ubyte"
TEST_LABELS = f"{DATA}/t10k-labels-idx1-ubyte"
CLASSES = config["dataset"]["classes"]
DIGESTS = {name: file["sha256"] for name, file in config["dataset"]["files"].items()}
TRAIN_DIGESTS = [DIGESTS["train_images"], DIGESTS["train_labels"]]
TEST_DIGESTS = [DIGESTS["test_images"], DIGESTS["test_labels"]]

RUN = "/".join(
    [
        "results/runs",
        "hidden_size={hidden_size}",
        "batch_size={batch_size}",
        "learning_rate={learning_rate}",
        "seed={seed}",
    ]
)


def templates(folders):
    """The files of the folders with templates, the LaTeX classes among them included."""
    missing = [folder for folder in folders if not os.path.isdir(folder)]
    if missing:
        raise WorkflowError(f"report.template: there is no folder {missing[0]}")
    for folder, written in itertools.product(folders, WRITTEN):
        if Path(folder).resolve().is_relative_to(written.resolve()):
            raise WorkflowError(f"report.template: the pipeline writes to {folder}")
    return [
        entry.path
        for folder in folders
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
        if entry.is_file()
        and not entry.name.startswith((".", "#"))
        and entry.name[-1] != "~"
    ]


def runs(file, hidden_sizes, batch_sizes, learning_rates, seeds):
    """The paths of a file of all runs on a grid."""
    return collect(
        f"{RUN}/{file}",
        hidden_size=hidden_sizes,
        batch_size=batch_sizes,
        learning_rate=map(float, learning_rates),
        seed=seeds,
    )

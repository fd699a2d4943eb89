"""The report, from the data to the PDF.

data -> runs -> summaries -> figures -> document: each rules file does its part of that
for the questions it is named after, with the code that stands under src/mlp.
"""

import gc
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")

gc.set_threshold(100_000)  # of the jobs of a large sweep nothing is garbage

import yaml

from workflow.configuration import problems, syntax_error
from workflow.environment import environment, python
from workflow.recovery import MARK, cancel_leftovers, record_run
from workflow.sources import CHOICE, as_json, code, recorded, step

if not os.path.samefile(workflow.basedir, os.curdir):
    raise WorkflowError(f"Start this with: snakemake --directory {workflow.basedir}")

for file in map(Path, ["config.yaml", *workflow.configfiles]):
    if reason := syntax_error(file):
        raise WorkflowError("The configuration cannot be read.", reason)


configfile: "config.yaml"


if mistakes := list(problems(config)):
    raise WorkflowError("The configuration cannot be used.", *mistakes)

try:
    programs = str(python().parent)
except ImportError as error:
    raise WorkflowError(str(error)) from None
if os.pathsep in programs:  # which would end the name of the folder
    programs = os.path.relpath(programs)
path = os.pathsep.join([programs, *os.get_exec_path()])

variables = environment()
os.environ.clear()
os.environ.update(
    variables,
    PATH=path,
    PYTHONPATH="src",
    DATASET_SOURCES=json.dumps(
        [{"folder": config["dataset"]["folder"]}]
        if config["dataset"]["folder"]
        else config["dataset"]["sources"]
    ),
    **{MARK: os.getcwd(), CHOICE: config["arithmetic"]},
)


include: "workflow/rules/download.smk"
include: "workflow/rules/softmax.smk"
include: "workflow/rules/gradient_check.smk"
include: "workflow/rules/synthetic.smk"
include: "workflow/rules/mnist_runs.smk"
include: "workflow/rules/learning_rate_sweep.smk"
include: "workflow/rules/final.smk"
include: "workflow/rules/comparisons.smk"
include: "workflow/rules/document.smk"


onstart:
    record_run()
    # By now this run holds the lock. Its plan counts on files that the jobs of a killed
    # run have removed as they ended, so it needs a new one.
    if workflow.executor_plugin.name == "slurm" and (jobs := cancel_leftovers()):
        raise WorkflowError(
            "A killed run had left jobs in the queue of Slurm, and they have been "
            f"cancelled: {' '.join(jobs)}. Start this run again."
        )


localrules:
    all,


rule all:
    """The report; what a plain `snakemake` makes."""
    default_target: True
    input:
        rules.report.output,
        rules.render.output,
        rules.figures.input,


# Snakemake would load it to look for parameters that are tables; a rules file that has
# some has loaded it by now
sys.modules.setdefault("pandas", None)

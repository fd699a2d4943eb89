"""The report, from the data to the PDF.

data -> runs -> summaries -> figures -> document: each rules file does its part of that
for the questions it is named after, with the code that stands under src/mlp.
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


# only with --software-deployment-method apptainer; else the jobs run in .venv
container: "docker://debian:12"


include: "workflow/rules/common.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/softmax.smk"
include: "workflow/rules/gradient_check.smk"
include: "workflow/rules/synthetic.smk"
include: "workflow/rules/mnist.smk"
include: "workflow/rules/document.smk"


localrules:
    all,


rule all:
    """The report; what a plain `snakemake` makes."""
    default_target: True
    input:
        rules.report.output,

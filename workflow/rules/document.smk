"""This part of the workflow renders the templates with the results and compiles the PDF.

It reads templates/*.tex, results/*.csv and results/figures/*.pdf.  It makes:

    report/report.tex
    report/ledger.json    each number in it, and the cell of a CSV that it comes from
    report/manifest.json      which rule makes which file
    report/provenance.json    what all of it was made from, by SHA-256
    report/report.pdf
"""

from workflow.commit import commit
from workflow.configuration import problems
from workflow.sources import (
    SOURCES,
    all_triggers,
    contents,
    listed,
    parameters,
    places,
    sources,
    steps,
    templates,
)

# those that the user's folder has come before those of the project
FOLDERS = config["report"]["template"], "templates"
TEMPLATES = [os.path.expanduser(folder) for folder in FOLDERS if folder]
TEMPLATE_FILES = templates(TEMPLATES)
LISTED = listed(TEMPLATE_FILES)
PLACES = places()
COMMIT = commit([*SOURCES, *TEMPLATES])
with open("config.yaml", encoding="utf-8") as config_file:
    committed = yaml.safe_load(config_file)
list(problems(committed))  # reads it as it has read the configuration of this run
COMMIT = COMMIT._replace(another_configuration=config != committed)

# the tables and figures of each rule
MADE = {
    "softmax": rules.softmax.output,
    "gradient_check": rules.gradient_check.output,
    "train_synthetic": collect(rules.train_synthetic.output, seed=SYNTHETIC_SEEDS),
    "synthetic": rules.synthetic.output,
    "synthetic_figures": rules.synthetic_figures.output,
    "dataset": rules.dataset.output,
    "batching": rules.batching.output,
    "dataset_figures": rules.dataset_figures.output,
    "train": [
        f"{os.path.dirname(run)}/{name}"
        for run in sorted({*MNIST_RUNS["epochs"], *SWEEP_RUNS})
        for name in ("batches.csv", "epochs.csv")
    ],
    "mnist_runs": rules.mnist_runs.output,
    "mnist_runs_figures": rules.mnist_runs_figures.output,
    "learning_rate_sweep": rules.learning_rate_sweep.output,
    "learning_rate_sweep_figures": rules.learning_rate_sweep_figures.output,
    "train_final": collect(rules.train_final.output, seed=FINAL_SEEDS),
    "final": rules.final.output,
    "comparisons": rules.comparisons.output,
    "final_figures": rules.final_figures.output,
}
IN_FOLDER = [(os.path.dirname(file), file) for name in MADE for file in MADE[name]]
TABLES = [file for folder, file in IN_FOLDER if folder == "results"]
FIGURES = [file for folder, file in IN_FOLDER if folder == "results/figures"]
# all but where the data came from, which makes no difference
SETTINGS = config | {
    "dataset": {
        key: value
        for key, value in config["dataset"].items()
        if key not in ("folder", "sources")
    }
}


localrules:
    figures,
    manifest,


rule figures:
    """All figures of the report."""
    input:
        FIGURES,


rule render:
    """Render the templates to LaTeX, with what the results hold."""
    input:
        tables=TABLES,
        templates=TEMPLATE_FILES,
        manifest="report/manifest.json",
    output:
        source="report/report.tex",
        ledger="report/ledger.json",
    log:
        "logs/render.txt",
    benchmark:
        "benchmarks/render.tsv"
    params:
        *code("mlp.document.render", *LISTED),
        *contents({file: Path(file) for file in TEMPLATE_FILES}),
        settings=as_json(SETTINGS, sort_keys=True),
        commit=as_json(COMMIT._asdict()),
        listed=LISTED,
        templates=TEMPLATES,
    shell:
        recorded(
            "mlp.document.render",
            input="tables manifest",
            params="templates listed settings commit",
            output="source ledger",
        )


rule manifest:
    """List the rules with their place in the source and the files that each has made."""
    output:
        "report/manifest.json",
    log:
        "logs/manifest.txt",
    params:
        rules=lambda wildcards: json.dumps(
            {
                name: {
                    **PLACES[name],
                    **steps(workflow.get_rule(name)),
                    "files": list(files),
                }
                for name, files in (MADE | {"render": rules.render.output}).items()
            },
            indent=1,
        ),
    # a thousand files fit on no command line, but this one is the shell's own
    shell:
        """
        printf '%s\\n' {params.rules:q} >{output:q} 2>{log:q}
        """


rule provenance:
    """Write down what the results were made from, and which rule made which."""
    input:
        # a function: Snakemake looks at each file of a list by name again for each other
        lambda wildcards: (
            all_triggers(workflow.dag_settings)
            and [file for files in MADE.values() for file in files]
        ),
        render=rules.render.output,
        manifest=rules.manifest.output,
    output:
        "report/provenance.json",
    log:
        "logs/provenance.txt",
    benchmark:
        "benchmarks/provenance.tsv"
    params:
        *code("mlp.document.provenance"),
        commit=as_json(COMMIT._asdict()),
        settings=as_json(SETTINGS, sort_keys=True),
        data=as_json(
            {f: FILES[name]["sha256"] for name, f in rules.download.output.items()}
        ),
        parameters=lambda wildcards: json.dumps(
            {name: parameters(workflow.get_rule(name)) for name in (*MADE, "render")}
        ),
        sources=contents({file: Path(file) for file in {*sources(), *TEMPLATE_FILES}}),
    shell:
        step(
            "mlp.document.provenance",
            input="manifest",
            params="commit settings data parameters sources",
            output="output",
        )


rule report:
    """Compile the report."""
    input:
        source=rules.render.output.source,
        figures=[file for file in FIGURES if file.endswith(".pdf")],
        tables=TABLES,
        provenance=rules.provenance.output,
        templates=TEMPLATE_FILES,
    output:
        report("report/report.pdf", category="Document", labels={"shows": "The report"}),
    log:
        "logs/report.txt",
    benchmark:
        "benchmarks/report.tsv"
    params:
        *code("mlp.document.report"),
        date=COMMIT.time,
        templates=TEMPLATES,
    shell:
        step(
            "mlp.document.report",
            input="source provenance",
            params="templates date",
            output="output",
        )

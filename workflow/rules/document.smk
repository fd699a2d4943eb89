"""
This part of the workflow renders the templates with the results and compiles the PDF.

REQUIRED INPUTS:

    templates/*.tex
    results/*.csv
    results/figures/*.pdf

OUTPUTS:

    report/report.tex
    report/ledger.json    each number in it, and the cell of a CSV that it comes from
    report/manifest.json      which rule makes which file
    report/provenance.json    what all of it was made from, by SHA-256
    report/report.pdf
"""

# the tables and figures of each rule
MADE = {
    "softmax": rules.softmax.output,
    "gradient_check": rules.gradient_check.output,
    "train_synthetic": collect(rules.train_synthetic.output, seed=SYNTHETIC_SEEDS),
    "synthetic": rules.synthetic.output,
    "synthetic_figures": rules.synthetic_figures.output,
    "dataset": rules.dataset.output,
    "train": [
        str(Path(run).with_name(name))
        for run in sorted({*MNIST_RUNS["epochs"], *SWEEP_RUNS})
        for name in ("batches.csv", "epochs.csv")
    ],
    "mnist_runs": rules.mnist_runs.output,
    "mnist_figures": rules.mnist_figures.output,
    "learning_rate_sweep": rules.learning_rate_sweep.output,
    "sweep_figures": rules.sweep_figures.output,
    "train_final": collect(rules.train_final.output, seed=FINAL_SEEDS),
    "final": rules.final.output,
    "final_figures": rules.final_figures.output,
}
TABLES = [
    rules.softmax.output,
    *rules.gradient_check.output,
    *rules.synthetic.output,
    rules.dataset.output,
    rules.mnist_runs.output.epochs,
    rules.mnist_runs.output.batches,
    *rules.learning_rate_sweep.output,
    *rules.final.output,
]
FIGURES = [file for name in MADE if "figures" in name for file in MADE[name]]
# all but where the data came from, which makes no difference
SETTINGS = config | {
    "dataset": {
        key: value
        for key, value in config["dataset"].items()
        if key not in ("folder", "sources")
    }
}
LISTED = [
    "mlp.experiments.gradient_check",
    "mlp.networks.local_derivatives",
    "mlp.networks.scalar",
    "mlp.networks.instance",
    "mlp.networks.batch",
    "mlp.networks.sgd",
]


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
        templates=templates(TEMPLATES),
    output:
        tex="report/report.tex",
        ledger="report/ledger.json",
    log:
        "logs/render.txt",
    benchmark:
        "benchmarks/render.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("mlp.document.render", *LISTED),
        *contents({file: Path(file) for file in templates(TEMPLATES)}),
        # functions, since Snakemake would take braces in a string for wildcards
        settings=lambda wildcards: json.dumps(SETTINGS),
        commit=COMMIT.name,
        date=lambda wildcards: config["report"]["date"] or COMMIT.date,
        listed=LISTED,
        templates=TEMPLATES,
    shell:
        """
        python -m mlp.document.render {input.tables:q} \
            --templates {params.templates:q} \
            --listed {params.listed} \
            --settings {params.settings:q} \
            --commit {params.commit:q} \
            --date={params.date:q} \
            --output {output.tex:q} \
            --ledger {output.ledger:q} \
            >{log:q} 2>&1
        """


rule manifest:
    """List the files that each rule has made; a thousand fit on no command line."""
    output:
        "report/manifest.json",
    log:
        "logs/manifest.txt",
    params:
        made=lambda wildcards: json.dumps(
            {name: list(files) for name, files in MADE.items()}
            | {"render": list(rules.render.output)}
        ),
    run:
        Path(output[0]).write_text(params.made)


rule provenance:
    """Write down what the results were made from, and which rule made which."""
    input:
        **MADE,
        render=rules.render.output,
        manifest=rules.manifest.output,
    output:
        "report/provenance.json",
    log:
        "logs/provenance.txt",
    benchmark:
        "benchmarks/provenance.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("mlp.document.provenance"),
        commit=lambda wildcards: json.dumps(COMMIT._asdict()),
        settings=lambda wildcards: json.dumps(SETTINGS),
        data=lambda wildcards: json.dumps(
            {file: DIGESTS[name] for name, file in rules.download.output.items()}
        ),
        sources=contents(
            {file: Path(file) for file in {*sources(), *templates(TEMPLATES)}}
        ),
    shell:
        """
        python -m mlp.document.provenance \
            --commit {params.commit:q} \
            --settings {params.settings:q} \
            --data {params.data:q} \
            --sources {params.sources:q} \
            --manifest {input.manifest:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule report:
    """Compile the report."""
    input:
        tex=rules.render.output.tex,
        figures=[file for file in FIGURES if file.endswith(".pdf")],
        tables=TABLES,
        provenance=rules.provenance.output,
        templates=templates(TEMPLATES),
    output:
        report("report/report.pdf", category="Document", labels={"shows": "The report"}),
    log:
        "logs/report.txt",
    benchmark:
        "benchmarks/report.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("mlp.document.typeset"),
        date=COMMIT.time,
        templates=TEMPLATES,
    shell:
        """
        python -m mlp.document.typeset {input.tex:q} \
            --templates {params.templates:q} \
            --date {params.date} \
            --output {output:q} \
            >{log:q} 2>&1
        """

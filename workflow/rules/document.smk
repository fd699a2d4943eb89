"""
This part of the workflow renders the templates with the results and compiles the PDF.

REQUIRED INPUTS:

    templates/*.tex
    results/*.csv
    results/figures/*.pdf

OUTPUTS:

    report/report.tex
    report/ledger.json    each number in it, and the cell of a CSV that it comes from
    report/report.pdf
"""

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
FIGURES = [
    file
    for drawing in (
        rules.synthetic_figures,
        rules.mnist_figures,
        rules.sweep_figures,
        rules.final_figures,
    )
    for file in drawing.output
]
# those that the user's folder has come before those of the project
TEMPLATES = [*filter(None, [config["report"]["template"]]), "templates"]
# what the templates may print; where the data came from makes no difference
SETTINGS = config | {
    "dataset": {key: config["dataset"][key] for key in ("name", "classes")}
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


rule report:
    """Compile the report."""
    input:
        tex=rules.render.output.tex,
        figures=[file for file in FIGURES if file.endswith(".pdf")],
        tables=TABLES,
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
        templates=TEMPLATES,
    shell:
        """
        python -m mlp.document.typeset {input.tex:q} \
            --templates {params.templates:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """

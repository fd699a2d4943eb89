"""This part of the workflow renders the templates with the results and compiles the PDF,
and makes what Snakemake's own report shows beside it, which is no part of `all`.

It reads templates/, results/*.csv and results/figures/.  It makes:

    report/report.tex
    report/ledger.json    each number in it, and the cell of a CSV that it comes from
    report/manifest.json      which rule makes which file
    report/provenance.json    what all of it was made from, by SHA-256
    report/report.pdf
    results/pages/question_*.html    what `make html` shows beside the PDF
"""

from workflow.commit import commit
from workflow.configuration import problems
from workflow.sources import (
    RECORD,
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
COMMIT["another_configuration"] = config != committed

# the tables and figures of each rule
MADE = {
    each.name: each.output
    for each in workflow.rules
    if (each.shellcmd or "").endswith(RECORD)
} | {
    "train_synthetic": collect(rules.train_synthetic.output, seed=SYNTHETIC_SEEDS),
    "train": [
        f"{os.path.dirname(run)}/{name}"
        for run in sorted({*MNIST_RUNS["epochs"], *SWEEP_RUNS})
        for name in ("batches.csv", "epochs.csv")
    ],
    "train_final": collect(rules.train_final.output, seed=FINAL_SEEDS),
}
MADE_FILES = [file for files in MADE.values() for file in files]
TABLES = [file for file in MADE_FILES if os.path.dirname(file) == "results"]
FIGURES = [file for file in MADE_FILES if os.path.dirname(file) == "results/figures"]
# all but where the data came from, which makes no difference
SETTINGS = config | {
    "dataset": {
        key: value
        for key, value in config["dataset"].items()
        if key not in ("folder", "sources")
    }
}
PAGE = {
    "questions": "templates/page/questions.yaml",
    "template": "templates/page/page.html",
}
with open(PAGE["questions"], encoding="utf-8") as questions_file:
    QUESTIONS = yaml.safe_load(questions_file)


report: "../description.rst"


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
        settings=as_json(SETTINGS),
        commit=as_json(COMMIT),
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


rule report:
    """Compile the report, with what it was made from, and which rule made which."""
    input:
        # a function: Snakemake looks at each file of a list by name again for each other,
        # and for each input at all jobs that give one: what has been summed up is left out
        lambda wildcards: all_triggers(workflow.dag_settings)
        and sorted({*MADE_FILES}.difference(SWEEP_RUNS)),
        **dict(rules.render.output.items()),
        manifest=rules.manifest.output,
        templates=TEMPLATE_FILES,
    output:
        provenance="report/provenance.json",
        pdf=report(
            "report/report.pdf", category="Document", labels={"shows": "The report"}
        ),
    log:
        "logs/report.txt",
    benchmark:
        "benchmarks/report.tsv"
    params:
        *code("mlp.document.report"),
        settings=as_json(SETTINGS),
        commit=as_json(COMMIT),
        data=as_json(
            {
                file: FILES[name]["sha256"]
                for name, file in rules.download.output.items()
            }
        ),
        parameters=lambda wildcards: json.dumps(
            {name: parameters(workflow.get_rule(name)) for name in (*MADE, "render")}
        ),
        sources=contents({file: Path(file) for file in {*sources(), *TEMPLATE_FILES}}),
        templates=TEMPLATES,
    shell:
        step(
            "mlp.document.report",
            input="source manifest",
            params="commit settings data parameters sources templates",
            output="provenance pdf",
        )


rule pages:
    """Put the figures and tables of each question on a page of HTML."""
    input:
        *(file for question in QUESTIONS.values() for file in question["shows"]),
        **PAGE,
        ledger=rules.render.output.ledger,
        manifest=rules.manifest.output,
    output:
        [
            report(
                f"results/pages/question_{number}.html",
                category=f"Question {number}",
                labels={"shows": question["title"]},
            )
            for number, question in QUESTIONS.items()
        ],
    log:
        "logs/pages.txt",
    benchmark:
        "benchmarks/pages.tsv"
    params:
        *code("mlp.document.pages"),
        *contents({file: Path(file) for file in PAGE.values()}),
    shell:
        step(
            "mlp.document.pages",
            input="questions template ledger manifest",
            output="output",
        )

"""This part of the workflow makes what Snakemake's own report shows beside the PDF, for
`make html`. It is no part of `all`.

It reads templates/page/, report/ledger.json and manifest.json, results/*.csv and
results/figures/*.svg.  It makes:

    results/pages/question_*.html    the figures and tables of a question
"""

with open("templates/page/questions.yaml") as questions_file:
    QUESTIONS = yaml.safe_load(questions_file)


report: "../description.rst"


PAGE = {
    "questions": "templates/page/questions.yaml",
    "template": "templates/page/page.html",
}


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

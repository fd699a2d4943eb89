"""The figures and tables of each question as one page of HTML, whole in itself."""

import base64
import json
import math
from collections.abc import Mapping
from pathlib import Path

import jinja2
import pandas as pd
import yaml

from mlp.command import arguments
from mlp.document.ledger import Ledger
from mlp.outputs import replacing


def shorten(value: object) -> str:
    """Write a cell with as many digits as one can read; dashes where there is none."""
    if not isinstance(value, float):
        return str(value)
    return "--" if math.isnan(value) else f"{value:.5g}"


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Write the cells for a reader, each mean beside its standard deviation."""
    shown = table.map(shorten)
    for mean in table.columns[table.columns.str.endswith("_mean")]:
        std = mean.removesuffix("_mean") + "_std"
        if std in table:
            shown[mean] += [
                "" if math.isnan(each) else f" ± {each:.2g}" for each in table[std]
            ]
            shown = shown.drop(columns=std).rename(columns={mean: f"{mean} ± std"})
    return shown.rename(columns=lambda name: name.replace("_", " "))


def exhibit(file: str, question: Mapping, book: Ledger) -> dict:
    """Read a table, or a figure with what it shows, with numbers from the tables."""
    shown = {"file": file, "caption": question["shows"][file]}
    if file.endswith(".csv"):
        return shown | {"table": readable(pd.read_csv(file))}
    encoded = base64.b64encode(Path(file).read_bytes()).decode()
    description = jinja2.Template(
        question["describes"][file], undefined=jinja2.StrictUndefined
    ).render(row=book.row, rows=book.rows, largest=book.largest, smallest=book.smallest)
    image = f"data:image/svg+xml;base64,{encoded}"
    return shown | {"image": image, "description": description}


def numbers(ledger: Mapping, made: Mapping[str, str]) -> list[dict]:
    """List the numbers printed from tables, given with the rule that made each."""
    return [
        {
            **number,
            "file": file,
            "rule": made[file],
            "row": " ".join(f"{key}={value}" for key, value in number["keys"].items()),
        }
        for number in ledger["numbers"]
        if (file := f"results/{number['table']}") in made
    ]


def findings(ledger: Mapping, question: str) -> list[dict]:
    """List the findings that decide what the text of a question says."""
    template = f"question{question.replace('.', '_')}.tex"
    return [
        {
            "name": name,
            "outcome": outcome,
            "tables": ledger["rests_on"][name],
            "printed": sentence[str(outcome).lower()],
            "otherwise": sentence[str(not outcome).lower()],
        }
        for name, outcome in ledger["findings"].items()
        for sentence in ledger["sentences"][name]
        if sentence["template"] == template
    ]


def main() -> None:
    """Write a page for each question."""
    options = arguments(
        __doc__, questions=Path, template=Path, ledger=Path, manifest=Path,
        output=[Path],
    )  # fmt: skip

    questions = yaml.safe_load(options.questions.read_text())
    template = jinja2.Template(
        options.template.read_text(),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    ledger, rules = (
        json.loads(path.read_text("utf-8"))
        for path in (options.ledger, options.manifest)
    )
    shown = [file for question in questions.values() for file in question["shows"]]
    tables = [file for file in shown if file.endswith(".csv")]
    book = Ledger({Path(file).stem: pd.read_csv(file) for file in tables}, {})
    rule_of = {file: rule for rule, made in rules.items() for file in made["files"]}
    for (number, question), output in zip(questions.items(), options.output):
        made = {file: rule_of[file] for file in question["shows"]}
        page = template.render(
            number=number,
            title=question["title"],
            exhibits=[exhibit(file, question, book) for file in made],
            made=made,
            numbers=numbers(ledger, made),
            findings=findings(ledger, number),
            rules={rule: rules[rule] for rule in sorted(set(made.values()))},
        )
        with replacing(output) as temporary:
            temporary.write_text(page, "utf-8")


if __name__ == "__main__":
    main()

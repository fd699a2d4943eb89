"""The figures and tables of each question as one page of HTML, whole in itself."""

import argparse
import base64
import json
import math
from collections.abc import Mapping
from pathlib import Path

import jinja2
import pandas as pd
import yaml

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


def exhibit(path: Path, caption: str, description: str) -> dict:
    """Read a figure or a table for the template; a figure needs a description."""
    shown = {"file": path, "caption": caption, "description": description}
    if path.suffix == ".svg":
        encoded = base64.b64encode(path.read_bytes()).decode()
        return shown | {"image": f"data:image/svg+xml;base64,{encoded}"}
    return shown | {"table": readable(pd.read_csv(path))}


def describe(text: str, book: Ledger) -> str:
    """Say what a figure shows to who cannot see it, with numbers from the tables."""
    template = jinja2.Template(text, undefined=jinja2.StrictUndefined)
    return template.render(
        row=book.row, rows=book.rows, largest=book.largest, smallest=book.smallest
    )


def numbers(ledger: Mapping, made: Mapping[str, str]) -> list[dict]:
    """List the numbers printed from the tables of a page, a row each.

    Parameters
    ----------
    ledger : mapping
        As written by `mlp.document.render`.
    made : mapping of str to str
        The tables of the page, with the rule that made each.
    """
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--outputs", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()

    questions = yaml.safe_load(arguments.questions.read_text())
    template = jinja2.Template(
        arguments.template.read_text(),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    ledger, rules = (
        json.loads(path.read_text("utf-8"))
        for path in (arguments.ledger, arguments.manifest)
    )
    shown = (
        Path(file) for question in questions.values() for file in question["shows"]
    )
    book = Ledger({f.stem: pd.read_csv(f) for f in shown if f.suffix == ".csv"}, {})
    rule_of = {file: rule for rule, made in rules.items() for file in made["files"]}
    for (number, question), output in zip(questions.items(), arguments.outputs):
        made = {file: rule_of[file] for file in question["shows"]}
        page = template.render(
            number=number,
            title=question["title"],
            exhibits=[
                exhibit(
                    Path(file),
                    text,
                    describe(question["describes"][file], book)
                    if file.endswith(".svg")
                    else "",
                )
                for file, text in question["shows"].items()
            ],
            made=made,
            numbers=numbers(ledger, made),
            findings=findings(ledger, number),
            rules={rule: rules[rule] for rule in sorted(set(made.values()))},
        )
        with replacing(output) as temporary:
            temporary.write_text(page, "utf-8")


if __name__ == "__main__":
    main()

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
from mlp.outputs import write


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
        json.loads(path.read_text()) for path in (options.ledger, options.manifest)
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
            ledger=ledger,
            hanging=[
                (name, sentence)
                for name in ledger["findings"]
                for sentence in ledger["sentences"][name]
                if sentence["template"] == f"question{number.replace('.', '_')}.tex"
            ],
            rules={rule: rules[rule] for rule in sorted(set(made.values()))},
        )
        write(output, page)


if __name__ == "__main__":
    main()

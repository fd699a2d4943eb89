"""The figures and tables of each question as one page of HTML, whole in itself."""

import argparse
import base64
import math
from pathlib import Path

import jinja2
import pandas as pd
import yaml

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


def exhibit(path: Path, caption: str) -> dict:
    """Read a figure or a table for the template."""
    shown = {"file": path, "caption": caption}
    if path.suffix == ".svg":
        encoded = base64.b64encode(path.read_bytes()).decode()
        return shown | {"image": f"data:image/svg+xml;base64,{encoded}"}
    return shown | {"table": readable(pd.read_csv(path))}


def main() -> None:
    """Write a page for each question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--outputs", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()

    questions = yaml.safe_load(arguments.questions.read_text())
    template = jinja2.Template(
        arguments.template.read_text(),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    for (number, question), output in zip(questions.items(), arguments.outputs):
        shown = [exhibit(Path(file), text) for file, text in question["shows"].items()]
        with replacing(output) as temporary:
            temporary.write_text(
                template.render(number=number, title=question["title"], exhibits=shown)
            )


if __name__ == "__main__":
    main()

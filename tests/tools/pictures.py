"""Make the pictures of the README; ``make pictures`` runs this.

They show three pages and a figure of the default report, and the rules as a graph by
Graphviz. What they were made from stands beside them, for ``tests/test_readme.py``.
"""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import pypdfium2
from PIL import Image

from mlp.document.pdf import Report
from tests.tools.project import PROJECT, ran, snakemake

FOLDER = PROJECT / "docs" / "pictures"
MADE_FROM = FOLDER / "made_from.json"
PAGES = 3
FIGURE = Path("results", "figures", "learning_rates.svg")


def seen(folder):
    """Digest the letters of what is shown: alike for any TeX and, nearly, settings."""
    source = (folder / "report" / "report.tex").read_text()
    _, _, shown = source.partition(r"\begin{document}")
    shown, _, _ = shown.partition(r"\label{q4}")
    figure = pypdfium2.PdfDocument(folder / FIGURE.with_suffix(".pdf"))[0]
    texts = {"figure": figure.get_textpage().get_text_range(), "pages": shown}
    return {
        name: hashlib.sha256("".join(filter(str.isalpha, text)).encode()).hexdigest()
        for name, text in texts.items()
    }


def rule_graph():
    """Ask Snakemake for the graph of the rules, as DOT and as pairs of names."""
    dot = snakemake(PROJECT, "--rulegraph", "dot", "--", "report").stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', dot))
    edges = re.findall(r"(\d+) -> (\d+)", dot)
    return dot, sorted(f"{names[a]} -> {names[b]}" for a, b in edges)


def pages(pdf):
    """Draw the first pages beside each other, in few shades of grey."""
    document = pypdfium2.PdfDocument(pdf)
    drawn = [document[i].render(scale=1.1).to_pil() for i in range(PAGES)]
    width, height = drawn[0].size
    whole = Image.new("L", (PAGES * (width + 2) - 2, height), 160)
    for number, page in enumerate(drawn):
        whole.paste(page, (number * (width + 2), 0))
    return whole.quantize(16)


def accuracy(ledger):
    """Look up the first number of the abstract, as it is printed."""
    numbers = ledger["numbers"]
    return next(n["printed"] for n in numbers if n["table"] == "final_summary.csv")


def main(folder):
    """Make the pictures from the report in a folder of the project."""
    report = Report(folder / "report" / "report.pdf")
    said = report.provenance
    if said["commit"]["uncommitted_changes"] or said["commit"]["another_configuration"]:
        raise SystemExit(f"{report.path} is not of a commit: commit, `make report`")
    FOLDER.mkdir(exist_ok=True)
    pages(report.path).save(FOLDER / "pages.png", optimize=True)
    shutil.copyfile(folder / FIGURE, FOLDER / "figure.svg")
    dot, edges = rule_graph()
    for command in (["tred"], ["dot", "-Tsvg"]):
        dot = ran(command, code=0, input=dot).stdout
    (FOLDER / "rules.svg").write_text(dot)
    made_from = {
        "accuracy": accuracy(report.ledger),
        "config.yaml": said["sources"]["config.yaml"],
        "rules": edges,
        "seen": seen(folder),
    }
    MADE_FROM.write_text(json.dumps(made_from, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(*sys.argv[1:]))

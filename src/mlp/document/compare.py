"""What has changed from one report to another, by what is attached to their PDFs."""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from mlp.command import arguments, received
from mlp.document.pdf import Report

Changes = Iterator[str]  # lines for a reader
NOTHING = "(none)"
FIGURE = re.compile(r"results/figures/.*\.pdf$")


def flat(settings: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Give the settings, each by the path of its key."""
    if isinstance(settings, list) and settings and isinstance(settings[0], Mapping):
        settings = dict(enumerate(settings, start=1))
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            yield from flat(value, f"{path}.{key}".removeprefix("."))
    else:
        yield path, settings


def differences(old: Mapping, new: Mapping) -> Iterator[tuple]:
    """Give each name whose values differ, or which one of the two lacks, with both."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, NOTHING), new.get(name, NOTHING)
        if before != after:
            yield name, before, after


def values(old: Mapping, new: Mapping) -> Changes:
    """List the names whose values differ."""
    for name, before, after in differences(old, new):
        yield f"{name}: {before} -> {after}"


def files(old: Mapping, new: Mapping) -> Changes:
    """List the files whose SHA-256 differs."""
    for name, before, after in differences(old, new):
        if NOTHING in (before, after):
            yield f"{name}: only in the {'old' if name in old else 'new'} report"
        else:
            yield name


def numbers(old: Report, new: Report) -> Changes:
    """List the numbers that a reader sees differently, the largest change first.

    They stand below the headings of the new report, in its order.
    """
    before, after = (  # the more precise one, where a cell is printed in two ways
        {
            cell: max(printed, key=lambda number: len(number["printed"]))
            for cell, printed in report.by_cell().items()
        }
        for report in (old, new)
    )
    headings = ["", *dict.fromkeys(h.title for h in new.headings), "In tables"]
    changed = []
    for cell in before.keys() & after.keys():
        was, now = before[cell], after[cell]
        if was["printed"] != now["printed"] and was["table"] != "config.yaml":
            change = abs(now["value"] - was["value"])
            relative = change / (abs(was["value"]) or math.inf)
            place = new.place(now)
            at = headings.index(place.heading if place else "In tables")
            line = f"  {was['printed']} -> {now['printed']}  {' '.join(cell)}"
            line += f", page {place.page}" if place else ""
            changed.append((at, -(relative or change), line))
    for at, lines in groupby(sorted(changed), itemgetter(0)):
        yield f"{headings[at] or 'The abstract'}:"
        yield from (line for *_, line in lines)
    for name, a, b in (("old", before, after), ("new", after, before)):
        if only := a.keys() - b.keys():
            tables = ", ".join(sorted({cell[0] for cell in only}))
            yield f"{len(only)} numbers are only in the {name} report, from {tables}"


def findings(old: Report, new: Report) -> Changes:
    """List the findings that turned, each with its sentence in both reports."""
    before, after = old.ledger["findings"], new.ledger["findings"]
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield f"{name}: {before[name]} -> {after[name]}"
            for sign, report in (("-", old), ("+", new)):
                outcome = str(report.ledger["findings"][name]).lower()
                for sentence in report.ledger["sentences"].get(name, []):
                    yield f"  {sign} {sentence[outcome] or '(nothing)'}"


def compare(old: Report, new: Report) -> dict[str, list[str]]:
    """List all changes, by kind; nothing between two builds of one commit."""
    was, now = old.provenance, new.provenance
    figures = (
        {n: made["sha256"] for n, made in each["results"].items() if FIGURE.match(n)}
        for each in (was, now)
    )
    return {
        "Settings": list(values(dict(flat(was["config"])), dict(flat(now["config"])))),
        "Sources": list(files(was["sources"], now["sources"])),
        "Data": list(files(was["data"], now["data"])),
        "Versions": list(values(was["versions"], now["versions"])),
        "Numbers": list(numbers(old, new)),
        "Findings": list(findings(old, new)),
        "Figures": list(files(*figures)),
    }


def main() -> None:
    """Print what has changed."""
    options = arguments(__doc__, old=received, new=received)
    changes = compare(Report(options.old), Report(options.new))
    for kind, lines in changes.items():
        if lines:
            print(kind, *(f"  {line}" for line in lines), sep="\n")
    if not any(changes.values()):
        print("Nothing has changed.")


if __name__ == "__main__":
    main()

"""Where a number or a finding of a report comes from, as its PDF says."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlp.command import arguments, received
from mlp.document.pdf import Report

NAMED = 6  # files that are named one by one


def runs_behind(report: Report, number: Mapping) -> list[str]:
    """List the files that the rule has read for a row, by their folders."""
    rule = report.provenance["results"][f"results/{number['table']}"]["rule"]
    row = {f"{name}={value}" for name, value in number["keys"].items()}

    def agrees(file: str) -> bool:
        folders = [p for p in Path(file).parts if p.partition("=")[0] in number["keys"]]
        return row.issuperset(folders)

    return list(filter(agrees, report.manifest[rule]["inputs"]))


def check(report: Report, number: Mapping) -> str:
    """Say whether the table attached holds the number, and is the one here."""
    name = f"results/{number['table']}"
    attached = report.table(number["table"])[number["column"]][number["row"]]
    holds = "holds it" if attached == number["value"] else f"holds {attached} instead"
    here = "there is none here to compare it with"
    if Path(name).is_file():
        same = Path(name).read_bytes() == report.files[number["table"]]
        here = f"the one here is {'the same' if same else 'another'}"
    return f"{name}, attached to the PDF, {holds}; {here}"


def describe(report: Report, number: Mapping) -> Iterator[tuple[str, str]]:
    """Say where a number is from, from its cell to the runs."""
    commit = report.provenance["commit"]["hash"][:12]
    yield "value", repr(number["value"])
    if number["table"] == "config.yaml":
        yield "setting", f"{number['column']}, in the configuration at commit {commit}"
        return
    file = f"results/{number['table']}"
    name = report.provenance["results"][file]["rule"]
    rule, runs = report.manifest[name], runs_behind(report, number)
    keys = " ".join(f"{key}={value}" for key, value in number["keys"].items())
    yield "cell", f"{file}, column {number['column']}, row {number['row'] + 1}: {keys}"
    yield "rule", f"{name}, to be rerun with: snakemake --force {file}"
    yield "command", rule["command"]
    yield "code", f"{rule['place']}:{rule['line']} and {', '.join(rule['code'])}"
    yield "commit", report.provenance["commit"]["hash"]
    more = f", ... ({len(runs)} files)" * (len(runs) > NAMED)
    yield "made of", ", ".join(runs[:NAMED]) + more
    if seeds := sorted({p for r in runs for p in Path(r).parts if p[:5] == "seed="}):
        yield "seeds", ", ".join(seed.removeprefix("seed=") for seed in seeds)
    yield "check", check(report, number)


def trace_number(report: Report, printed: str) -> Iterator[str]:
    """Say for each cell behind a number where it is printed and where it is from.

    Raises
    ------
    SystemExit
        If no number is printed so.
    """
    cells = report.by_cell().values()
    found = [[n for n in numbers if n["printed"] == printed] for numbers in cells]
    if not any(found):
        raise SystemExit(
            f"{report.path} prints no {printed or 'such number'} from a table; give "
            "the digits as they are printed, NUMBER=98.25, or FINDING=words"
        )
    for numbers in filter(None, found):
        for place in map(report.place, numbers):
            where = "in a table of the report"
            if place:
                heading = place.heading or "the abstract"
                where = f"on page {place.page}, {heading}: ... {place.words} ..."
            yield f"{printed} {where}"
        for name, text in describe(report, numbers[0]):
            yield from step(name, text)


def trace_finding(report: Report, words: str) -> Iterator[str]:
    """Say what came out of a finding, what it rests on, and what is printed for it.

    Raises
    ------
    SystemExit
        If none has that name, or a sentence with these words.
    """
    outcomes, sentences = report.ledger["findings"], report.ledger["sentences"]
    found = [
        name
        for name in outcomes
        if words == name
        or any(words in said["true"] + "\0" + said["false"] for said in sentences[name])
    ]
    if not found:
        raise SystemExit(
            f"{report.path}: no finding is called {words!r}, and no sentence of one "
            f"has these words; the findings are {', '.join(outcomes)}"
        )
    compared = report.table("comparisons.csv")
    for name in found:
        outcome = str(outcomes[name]).lower()
        other = str(not outcomes[name]).lower()
        yield f"{name}: {outcome}"
        yield from step("rests on", ", ".join(report.ledger["rests_on"][name]))
        yield from step("code", "src/mlp/document/findings.py")
        named = re.findall(r"<(\w+)>", str(sentences[name]))
        for _, row in compared[compared["name"].isin(named)].iterrows():
            cells = (f"{column} {cell}" for column, cell in row.dropna().items())
            yield from step("numbers", ", ".join(cells))
        for sentence in sentences[name]:
            place = f"templates/{sentence['template']}:{sentence['line']}"
            yield from step("printed", f"{sentence[outcome] or '(nothing)'} [{place}]")
            yield from step("if not", sentence[other] or "(nothing)")


def step(name: str, text: str) -> list[str]:
    """Write a step of a trace for a terminal."""
    return textwrap.wrap(
        text,
        width=100,
        initial_indent=f"  {name:8} ",
        subsequent_indent=" " * 11,
        break_on_hyphens=False,
        break_long_words=False,
    )


def main() -> None:
    """Print where a number is from, or what a finding rests on."""
    options = arguments(__doc__, pdf=received, number=str, finding=str)
    report = Report(options.pdf)
    if options.finding:
        lines = trace_finding(report, options.finding)
    else:
        lines = trace_number(report, options.number)
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()

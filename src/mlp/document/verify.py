"""Verification: whether a report is what the data, the code and the results here give.

Each line says what was compared with what.  The exit code is 0 for the same report, 1
for another one, and 3 where it cannot be told from here.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import TemplateError

from mlp.command import arguments, received
from mlp.document import facsimile
from mlp.document.compare import NOTHING, differences, flat
from mlp.document.facsimile import ALIKE, DIFFERS, SAME, UNCHECKED, Verdict
from mlp.document.ledger import LedgerError
from mlp.document.listings import ListingError
from mlp.document.pdf import DESCRIBED, UNREADABLE, Claims, Report, ReportError
from mlp.document.render import render
from mlp.document.report import LatexError, typeset
from mlp.records import digest, shorten
from workflow.commit import changes
from workflow.sources import listed

APART = ("arithmetic", "commit", "results", "sources", "versions")
TABLE = re.compile(r"results/[^/]+\.csv")
PRECISION = 1e-9  # relative; what another Python or another libm makes of a result
NOT_COPIED = (".venv", ".snakemake", "results", "report", "logs", "benchmarks")


def built() -> Claims | None:
    """Read what the report that was built here says; None if there is none.

    Raises
    ------
    ReportError
        If there is one that no build has written.
    """
    report = Path("report")
    if not (report / DESCRIBED[0]).exists():
        return None
    files = [*report.glob("*.json"), *Path("results").glob("*.csv")]
    return Claims({path.name: path.read_bytes() for path in files}, report)


def digests(names: Iterable[str]) -> dict[str, str]:
    """Give the SHA-256 of the files of this project that are here."""
    here = Path.cwd()
    return {
        name: digest(Path(name))
        for name in names
        # a PDF by mail may name any file
        if (here / name).resolve().is_relative_to(here) and Path(name).is_file()
    }


def compare_digests(
    what: str, expected: Mapping, found: Mapping, if_absent: str = DIFFERS
) -> Iterator[Verdict]:
    """Compare the SHA-256 of files by name."""
    if same := expected.items() & found.items():
        yield SAME, f"{len(same)} {what}"
    for name, _, now in differences(expected, found):
        if now != NOTHING:
            yield DIFFERS, f"{name}, among the {what}"
    if absent := sorted(expected.keys() - found.keys()):
        names = ", ".join(absent[:3]) + ", ..." * (len(absent) > 3)
        yield if_absent, f"{len(absent)} {what}, which are missing: {names}"


def compare_files(theirs: Claims, ours: Claims | None) -> Iterator[Verdict]:
    """Compare files by their SHA-256: as the PDF says, as made here, as now."""
    attached = {
        f"results/{name}": hashlib.sha256(table).hexdigest()
        for name, table in theirs.tables.items()
    }
    tables = {n: said for n, said in theirs.results.items() if TABLE.fullmatch(n)}
    # by the names here as well: a PDF may keep silent about some
    sources = digests(theirs.sources | (ours.sources if ours else {}))
    what = "tables attached to the PDF and its digests"
    yield from compare_digests(what, tables, attached)
    yield from compare_digests("sources of the PDF and here", theirs.sources, sources)
    if ours:
        what, made = "sources here and those of the results", digests(ours.sources)
        yield from compare_digests(what, ours.sources, made)
        what, made = "results here and as they were made", digests(ours.results)
        yield from compare_digests(what, ours.results, made, UNCHECKED)
        what, data = "data files here and in config.yaml", digests(ours.data)
        yield from compare_digests(what, {n: ours.data[n] for n in data}, data)


def compare_commit(theirs: Claims) -> Iterator[Verdict]:
    """Compare the sources here with those of the commit that the PDF names."""
    said, time, uncommitted, _ = map(str, theirs.commit)
    what = f"commit {said[:12]}"
    named = re.fullmatch("[0-9a-f]{40,64}", said)
    if not named or changes([])[0] == "unknown":
        why = "this folder is no clone and no archive" if named else "the PDF has none"
        yield ALIKE, f"the commit: {why}; its files are compared without it, see above"
        return
    *known, changed = changes(filter(os.path.isfile, theirs.sources), said)
    if [*map(str, known)] != [said, time]:
        yield UNCHECKED, f"{what} of the PDF, which is not in git here"
    elif str(bool(changed)) == uncommitted:
        yield SAME, f"the sources of {what}, as far as the PDF says so"
    else:
        names = ", ".join(changed) or "nothing"
        yield DIFFERS, f"{what}: {names} is changed since, unlike it says"


def compare_claims(theirs: Claims, ours: Claims) -> Iterator[Verdict]:
    """Compare what the PDF says with what the report built here says, by kind."""
    other = theirs.arithmetic != ours.arithmetic
    turned = UNCHECKED if other else DIFFERS
    said, found = (
        {name: part for name, part in each.provenance.items() if name not in APART}
        | {"rule": {n: made["rule"] for n, made in each.provenance["results"].items()}}
        for each in (theirs, ours)
    )
    kinds: list[tuple[str, str, Mapping, Mapping]] = [
        ("claims in provenance.json", DIFFERS, said, found),
        ("rules in manifest.json", DIFFERS, theirs.manifest, ours.manifest),
        ("findings", turned, theirs.ledger["findings"], ours.ledger["findings"]),
        ("versions", ALIKE, theirs.versions, ours.versions),
        ("arithmetic", UNCHECKED, {"it": theirs.arithmetic}, {"it": ours.arithmetic}),
    ]
    for kind, verdict, a, b in kinds:
        there, here = dict(flat(a)), dict(flat(b))
        if there == here:
            yield SAME, f"{len(here)} {kind} of the PDF and here"
        cause = ": a cause of small differences" * (verdict == ALIKE)
        for name, *pair in differences(there, here):
            first, second = (shorten(str(value), 0) for value in pair)
            line = f"{kind}, {name}: {first} in the PDF, {second} here{cause}"
            chosen = UNCHECKED if name == "config.arithmetic" else verdict
            yield DIFFERS if NOTHING in pair else chosen, line
    yield from compare_numbers(theirs, ours, other)
    yield from compare_tables(theirs, ours, other)


def spread(ours: Claims, number: Mapping) -> str:
    """Say how much a number varies between seeds."""
    table = ours.table(number["table"])
    for column in (re.sub("(_?)mean$", r"\1std", number["column"]), "std"):
        if column != number["column"] and column in table:
            return f"seeds spread by {table[column][number['row']]:.2g}"
    return "no spread of seeds is known"


def compare_numbers(theirs: Claims, ours: Claims, other: bool) -> Iterator[Verdict]:
    """Compare each number printed with that of the results here.

    With an `other` arithmetic, those of the training may differ without being wrong.
    """
    numbers = [claims.by_cell() for claims in (theirs, ours)]
    printed = [
        {cell: ", ".join({n["printed"]: None for n in found}) for cell, found in each}
        for each in (cells.items() for cells in numbers)
    ]
    differing = list(differences(*printed))
    yield SAME, f"{len(printed[1]) - len(differing)} cells printed in the PDF and here"
    for cell, there, here in differing:
        (table, _, column), both = cell, NOTHING not in (there, here)
        line = f"{' '.join(cell)}: {there} in the PDF, {here} here"
        found = [number for each in numbers for number in each.get(cell, [])]
        values = [number["value"] for number in found]
        gap = np.ptp(values)
        if both and gap <= PRECISION * np.abs(values).max():
            yield ALIKE, f"{line}; both are right, the cell lies between the two"
        elif table == "config.yaml" or column == "n" or not other:
            yield DIFFERS, line
        else:
            apart = f"; they lie {gap:.2g} apart, and {spread(ours, found[-1])}"
            yield UNCHECKED, line + apart * both


def apart(a: pd.DataFrame, b: pd.DataFrame) -> float:
    """Give the largest relative difference of two tables; infinite if more differs."""
    if a.shape != b.shape or list(a) != list(b) or not a.isna().equals(b.isna()):
        return np.inf
    floats = a.dtypes.eq(float) & b.dtypes.eq(float)
    if not a.loc[:, ~floats].equals(b.loc[:, ~floats]):
        return np.inf
    a, b = a.loc[:, floats], b.loc[:, floats]
    # in relation to the column: a difference of two like numbers has fewer digits
    return float(((a - b).abs().max() / b.abs().max().replace(0, 1)).max())


def compare_tables(theirs: Claims, ours: Claims, other: bool) -> Iterator[Verdict]:
    """Compare the tables attached to the PDF with those on disk."""
    differing = list(differences(theirs.tables, ours.tables))
    yield SAME, f"{len(ours.tables) - len(differing)} tables of the PDF and on disk"
    for name, there, here in differing:
        if NOTHING in (there, here):
            yield DIFFERS, f"{name}, which one of the PDF and the results here lacks"
            continue
        distance = apart(theirs.table(name), ours.table(name))
        verdict = UNCHECKED if other and distance < np.inf else DIFFERS
        yield (
            ALIKE if distance <= PRECISION else verdict,
            f"{name} of the PDF and on disk, apart by {distance:.1g} at most",
        )
    if not differing:  # other digits give other runs and figures
        there, here = (
            {n: sha256 for n, sha256 in claims.results.items() if n[:8] == "results/"}
            for claims in (theirs, ours)
        )
        yield from compare_digests("results of the PDF and here", there, here)


def rendered(claims: Claims) -> tuple[str, dict]:
    """Print the tables of a report anew, with the templates and the code here."""
    templates = [Path(folder) for folder in claims.templates]
    return render(
        templates,
        {name.removesuffix(".csv"): claims.table(name) for name in claims.tables},
        claims.config,
        listed(str(path) for folder in templates for path in folder.glob("*.tex")),
        claims.manifest,
        claims.commit,
        claims.versions,
        claims.arithmetic,
    )


def typeset_again(source: str, claims: Claims) -> bytes:
    """Typeset a report, with what is attached to it and the figures here."""
    with tempfile.TemporaryDirectory() as folder:
        report, results = Path(folder, "report"), Path(folder, "results")
        report.mkdir()
        results.mkdir()
        (report / "report.tex").write_text(source)
        for name in DESCRIBED:  # no other file, which TeX might take for one of ours
            (report / name).write_bytes(claims.files[name])
        for name, content in claims.tables.items():
            (results / Path(name).name).write_bytes(content)
        (results / "figures").symlink_to(Path("results", "figures").resolve())
        folders = [Path(name) for name in claims.templates]
        return typeset(report / "report.tex", folders, claims.commit.time)


def compare_pages(theirs: Report, exact: bool) -> Iterator[Verdict]:
    """Print the tables attached anew, with the sources here, and compare the pages."""
    source, record = rendered(theirs)
    if json.loads(json.dumps(record)) != theirs.ledger:
        yield DIFFERS, "the ledger of the PDF, from that of the tables attached to it"
        return
    try:
        again = typeset_again(source, theirs)
    except (OSError, LatexError) as error:
        yield UNCHECKED, f"the pages: {error}"
        return
    yield from facsimile.compare(theirs.path.read_bytes(), again, exact)


def verify(pdf: Path) -> list[Verdict]:
    """Compare a PDF with its attachments, and these with the files of this project.

    Raises
    ------
    ReportError
        If the PDF cannot be read, or does not say where it comes from.
    """
    theirs = Report(pdf)
    verdicts: list[Verdict] = []
    try:
        ours = built()
        verdicts += [*compare_files(theirs, ours), *compare_commit(theirs)]
        if not ours:
            nothing = "the results, since there are none here: REBUILD=1 makes them"
            return [*verdicts, (UNCHECKED, nothing)]
        verdicts += compare_claims(theirs, ours)
        if facsimile.exit_code(verdicts) != 1:
            verdicts += compare_pages(theirs, theirs.tables == ours.tables)
    except ReportError as error:
        verdicts.append((DIFFERS, str(error)))
    except (*UNREADABLE, LedgerError, ListingError, TemplateError) as error:
        verdicts.append((UNCHECKED, f"the rest, which cannot be read: {error!r}"))
    return verdicts


def rebuild(folder: Path) -> Path:
    """Make everything anew in a folder, with the settings of the report here.

    Raises
    ------
    ReportError
        If that fails, with what was printed last.
    """
    project, settings = folder / "project", folder / "settings.json"
    shutil.copytree(
        ".",
        project,
        ignore_dangling_symlinks=True,
        ignore=lambda at, _: NOT_COPIED if at == "." else ["__pycache__"],
    )
    if os.path.isdir(".venv"):
        (project / ".venv").symlink_to(Path(".venv").resolve())
    ours = built()
    settings.write_text(json.dumps(ours.config if ours else {}))
    run = subprocess.run(
        [sys.executable, "-m", "workflow.recovery", "--cores", "all"]
        + ["--configfile", settings, "--", "report"],
        cwd=project,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise ReportError(f"The rebuild failed:\n{run.stderr[-2000:]}")
    return project


def main() -> None:
    """Say what is the same and what is not, with the exit code of the answer."""
    options = arguments(__doc__, pdf=received, rebuild=str)
    pdf = options.pdf.resolve()
    try:
        with tempfile.TemporaryDirectory() as folder, chdir("."):  # and back
            if options.rebuild:
                os.chdir(rebuild(Path(folder)))
                print("All was made anew: what is here below is what that gave.")
            verdicts = verify(pdf)
    except ReportError as error:
        print(error, file=sys.stderr)
        raise SystemExit(3) from None
    for verdict, subject in verdicts:
        print(f"{verdict}: {subject}")
    code = facsimile.exit_code(verdicts)
    exactly = ", in all bytes" * ((SAME, facsimile.ALL_BYTES) in verdicts)
    answers = {
        0: f"is the same report{exactly}",
        1: "is another report",
        3: "may be the same report; that cannot be told from here",
    }
    print(f"{options.pdf} {answers[code]}")
    raise SystemExit(code)


if __name__ == "__main__":
    main()

"""Verification: whether a report is what the data, the code and the results here give.

Each line says what was compared with what.  The exit code is 0 for the same report, 1
for another one, and 3 where it cannot be told from here.
"""

import argparse
import hashlib
import io
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

from mlp.document import facsimile
from mlp.document.compare import NOTHING, differences, flat
from mlp.document.ledger import LedgerError
from mlp.document.listings import ListingError
from mlp.document.pdf import DESCRIBED, UNREADABLE, Claims, Report, ReportError
from mlp.document.render import render
from mlp.document.report import LatexError, typeset
from mlp.document.verdicts import ALIKE, DIFFERS, SAME, UNCHECKED, Verdict, exit_code
from mlp.records import digest, shorten

PROJECT = Path(__file__).resolve().parents[3]
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
    report, results = PROJECT / "report", PROJECT / "results"
    if not (report / DESCRIBED[0]).exists():
        return None
    files = [*report.glob("*.json"), *results.glob("*.csv")]
    return Claims({path.name: path.read_bytes() for path in files}, report)


def digests(names: Iterable[str]) -> dict[str, str]:
    """Give the SHA-256 of the files of this project that are here."""
    paths = {name: (PROJECT / name).resolve() for name in names}
    return {
        name: digest(path)
        for name, path in paths.items()
        # a PDF by mail may name any file
        if path.is_relative_to(PROJECT.resolve()) and path.is_file()
    }


def git(*arguments: str) -> str:
    """Ask git about this project, whatever the user has set; nothing if it has none."""
    command = ["git", "-c", f"safe.directory={PROJECT}", "--no-optional-locks"]
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    try:
        return subprocess.run(
            [*command, *arguments],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
            env=variables,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def compare_files(theirs: Claims, ours: Claims | None) -> Iterator[Verdict]:
    """Compare files by their SHA-256: as the PDF says, as made here, as now."""
    attached = {
        f"results/{name}": hashlib.sha256(table).hexdigest()
        for name, table in theirs.tables.items()
    }
    tables = {n: said for n, said in theirs.results.items() if TABLE.fullmatch(n)}
    # by the names here as well: a PDF may keep silent about some
    sources = digests(theirs.sources | (ours.sources if ours else {}))
    comparisons = [
        ("tables attached to the PDF and its digests", tables, attached, DIFFERS),
        ("sources of the PDF and here", theirs.sources, sources, DIFFERS),
    ]
    if ours:
        made = digests(ours.sources), digests(ours.results), digests(ours.data)
        data = {name: ours.data[name] for name in made[2]}
        comparisons += [
            ("sources here and those of the results", ours.sources, made[0], DIFFERS),
            ("results here and as they were made", ours.results, made[1], UNCHECKED),
            ("data files here and in config.yaml", data, made[2], UNCHECKED),
        ]
    for what, expected, found, if_absent in comparisons:
        if same := expected.items() & found.items():
            yield SAME, f"{len(same)} {what}"
        for name, _, now in differences(expected, found):
            if now != NOTHING:
                yield DIFFERS, f"{name}, among the {what}"
        if absent := sorted(expected.keys() - found.keys()):
            names = ", ".join(absent[:3]) + ", ..." * (len(absent) > 3)
            yield if_absent, f"{len(absent)} {what}, which are missing: {names}"


def compare_commit(theirs: Claims) -> Iterator[Verdict]:
    """Compare the sources here with those of the commit that the PDF names."""
    said = str(theirs.commit.hash)
    # no commit of a repository around this folder, which has not these files
    ours = git("rev-parse", "HEAD", "HEAD:./Snakefile")
    if not re.fullmatch("[0-9a-f]{40,64}", said) or not ours:
        yield ALIKE, "the commit: one of the two has none; the sources are what counts"
        return
    time, _, _ = git("rev-list", "--max-count=1", "--timestamp", said).partition(" ")
    if time != str(theirs.commit.time):
        yield UNCHECKED, f"commit {said[:12]} of the PDF, which is not in git here"
        return
    names = [name for name in theirs.sources if (PROJECT / name).is_file()]
    changed = git("diff", "--name-only", said, "--", *names)
    changed += git("ls-files", "--others", "--exclude-standard", "--", *names)
    if bool(changed) is bool(theirs.commit.uncommitted_changes):
        yield SAME, f"the sources of commit {said[:12]}, as far as the PDF says so"
    else:
        listed = changed or "nothing"
        yield DIFFERS, f"commit {said[:12]}: {listed} is changed since, unlike it says"


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
    table = pd.read_csv(io.BytesIO(ours.tables[number["table"]]))
    for column in (re.sub("(_?)mean$", r"\1std", number["column"]), "std"):
        if column != number["column"] and column in table:
            return f"seeds spread by {table[column][number['row']]:.2g}"
    return "no spread of seeds is known"


def compare_numbers(theirs: Claims, ours: Claims, other: bool) -> Iterator[Verdict]:
    """Compare each number printed with that of the results here.

    Parameters
    ----------
    theirs, ours : Claims
    other : bool
        Whether the two are of another arithmetic, so that numbers of the training may
        differ without being wrong.
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


def apart(there: bytes, here: bytes) -> float:
    """Give the largest relative difference of two tables; infinite if more differs."""
    a, b = (pd.read_csv(io.BytesIO(content)) for content in (there, here))
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
        distance = apart(there, here)
        verdict = UNCHECKED if other and distance < np.inf else DIFFERS
        yield (
            ALIKE if distance <= PRECISION else verdict,
            f"{name} of the PDF and on disk, apart by {distance:.1g} at most",
        )
    if not differing:  # other digits give other runs and figures
        results = {
            name: (theirs.results.get(name), ours.results.get(name))
            for name in theirs.results | ours.results
            if name.startswith("results/")
        }
        wrong = [name for name, (there, here) in results.items() if there != here]
        for name in wrong:
            yield DIFFERS, f"{name}, by the digests of the PDF and here"
        yield SAME, f"{len(results) - len(wrong)} results by their digests"


def rendered(claims: Claims) -> tuple[str, dict]:
    """Print the tables of a report anew, with the templates and the code here."""
    modules = [
        ".".join(path.relative_to(PROJECT / "src").with_suffix("").parts)
        for path in (PROJECT / "src").rglob("*.py")
    ]
    tables = {
        Path(name).stem: pd.read_csv(io.BytesIO(content))
        for name, content in claims.tables.items()
    }
    with chdir(PROJECT):
        return render(
            [Path(folder) for folder in claims.templates],
            tables,
            claims.config,
            modules,
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
        (results / "figures").symlink_to(PROJECT.resolve() / "results" / "figures")
        folders = [PROJECT / name for name in claims.templates]
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
        if exit_code(verdicts) != 1:
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
    project = folder / "project"
    shutil.copytree(
        PROJECT,
        project,
        ignore_dangling_symlinks=True,
        ignore=lambda at, _: NOT_COPIED if Path(at) == PROJECT else ["__pycache__"],
    )
    if (PROJECT / ".venv").is_dir():
        (project / ".venv").symlink_to((PROJECT / ".venv").resolve())
    ours, settings = built(), folder / "settings.json"
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


ANSWERS = {
    0: "is the same report",
    1: "is another report",
    3: "may be the same report; that cannot be told from here",
}


def main() -> None:
    """Say what is the same and what is not, with the exit code of the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pdf", type=Path)
    parser.add_argument("--rebuild", action="store_true", help="make all anew first")
    arguments = parser.parse_args()
    pdf = arguments.pdf.resolve()
    global PROJECT
    try:
        with tempfile.TemporaryDirectory() as folder:
            if arguments.rebuild:
                PROJECT = rebuild(Path(folder))
                print("All was made anew: what is here below is what that gave.")
            verdicts = verify(pdf)
    except ReportError as error:
        print(error, file=sys.stderr)
        raise SystemExit(3) from None
    for verdict, subject in verdicts:
        print(f"{verdict}: {subject}")
    code = exit_code(verdicts)
    exactly = ", in all bytes" * ((SAME, facsimile.ALL_BYTES) in verdicts)
    print(f"{arguments.pdf} {ANSWERS[code]}{exactly * (code == 0)}")
    raise SystemExit(code)


if __name__ == "__main__":
    main()

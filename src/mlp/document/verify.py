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
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pypdfium2
from pypdf.errors import DependencyError, PyPdfError

from mlp.document import facsimile
from mlp.document.render import render
from mlp.document.report import LatexError, typeset
from mlp.document.verdicts import ALIKE, DIFFERS, SAME, UNCHECKED, Verdict, exit_code
from mlp.records import digest

PROJECT = Path(__file__).resolve().parents[3]
PROVENANCE = "provenance.json"
HERE = "what is here"
PRECISION = 1e-9  # relative; what another Python or another libm makes of a result
NOT_COPIED = (".venv", ".snakemake", "results", "report", "logs", "benchmarks", "data")
UNREADABLE = (
    PyPdfError,
    DependencyError,  # such as an encryption that needs another library
    pypdfium2.PdfiumError,
    zlib.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)


class VerificationError(SystemExit):
    """A file that does not say where it comes from; its message ends the step."""


def attachments(pdf: Path) -> dict[str, bytes]:
    """Read the files attached to a PDF.

    Raises
    ------
    VerificationError
        If it is no PDF, or carries no provenance.
    """
    try:
        attached = pypdf.PdfReader(pdf).attachments
        files = {name: b"".join(contents) for name, contents in attached.items()}
    except OSError as error:
        raise VerificationError(f"{pdf}: {error.strerror}") from error
    except UNREADABLE as error:
        raise VerificationError(f"{pdf} cannot be read as a PDF: {error}") from error
    if PROVENANCE not in files:
        raise VerificationError(f"{pdf} has no {PROVENANCE} attached to it")
    return files


class Claims:
    """What a report says of itself, attached to it or in the files of ``report/``."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.provenance, self.ledger, self.manifest = (
            json.loads(files[f"{name}.json"])
            for name in ("provenance", "ledger", "manifest")
        )
        said = self.provenance
        self.commit: dict = dict(said["commit"])
        self.config: dict = dict(said["config"])
        self.data: dict[str, str] = dict(said["data"])
        self.sources: dict[str, str] = dict(said["sources"])
        self.results = {name: made["sha256"] for name, made in said["results"].items()}
        self.versions: dict[str, str] = dict(said["versions"])
        self.arithmetic = str(said["arithmetic"])
        self.templates = [
            str(f) for f in (self.config["report"]["template"], "templates") if f
        ]
        self.tables = {n: b for n, b in files.items() if n.endswith(".csv")}

    @cached_property
    def commit_name(self) -> str:
        """Write the commit as the report does."""
        flags = ("uncommitted_changes", "another_configuration")
        changes = " and ".join(f.replace("_", " ") for f in flags if self.commit[f])
        return self.commit["hash"][:12] + f" with {changes}" * bool(changes)

    @cached_property
    def revision(self) -> str:
        """Write the identifier of Software Heritage as the report does."""
        name = str(self.commit["hash"])
        known = re.fullmatch("[0-9a-f]{40}", name)
        clean = not self.commit["uncommitted_changes"]
        return f"swh:1:rev:{name}" if known and clean else ""

    @cached_property
    def date(self) -> str:
        """Write the date as the report does."""
        day = datetime.fromtimestamp(self.commit["time"], UTC)
        of_commit = f"{day.day} {day:%B %Y}" if self.commit["time"] else ""
        return self.config["report"]["date"] or of_commit


def claims_here() -> Claims | None:
    """Read what the report that was built here says; None if there is none.

    Raises
    ------
    VerificationError
        If there is one that cannot be read.
    """
    if not (PROJECT / "report" / PROVENANCE).exists():
        return None
    files = [
        *(PROJECT / "report").glob("*.json"),
        *(PROJECT / "results").glob("*.csv"),
    ]
    try:
        return Claims({path.name: path.read_bytes() for path in files})
    except UNREADABLE as error:
        raise VerificationError(
            f"{PROJECT / 'report'} holds what no build has written: {error}"
        ) from error


def digests(names: Iterable[str]) -> dict[str, str]:
    """Give the SHA-256 of the files of this project that are here."""
    paths = {name: (PROJECT / name).resolve() for name in names}
    return {
        name: digest(path)
        for name, path in paths.items()
        # a PDF by mail may name any file
        if path.is_relative_to(PROJECT.resolve()) and path.is_file()
    }


def compare(
    what: str,
    expected: Mapping[str, str],
    found: Mapping[str, str],
    if_absent: str = UNCHECKED,
) -> Iterator[Verdict]:
    """Compare files by their SHA-256."""
    if same := expected.items() & found.items():
        yield SAME, f"{len(same)} {what}"
    for name in sorted(found):
        if found[name] != expected.get(name):
            yield DIFFERS, f"{name}, among the {what}"
    if absent := sorted(expected.keys() - found.keys()):
        names = ", ".join(absent[:3]) + ", ..." * (len(absent) > 3)
        yield if_absent, f"{len(absent)} {what}, which are missing: {names}"


def compare_attached(theirs: Claims) -> Iterator[Verdict]:
    """Compare the tables attached with the digests that the PDF itself gives."""
    tables = {
        file: sha256
        for file, sha256 in theirs.results.items()
        if re.fullmatch(r"results/[^/]+\.csv", file)
    }
    attached = {
        f"results/{name}": hashlib.sha256(table).hexdigest()
        for name, table in theirs.tables.items()
    }
    yield from compare("tables attached to the PDF", tables, attached, DIFFERS)


def compare_sources(theirs: Claims) -> Iterator[Verdict]:
    """Compare the sources that the PDF names with those here, and the commit."""
    yield from compare(
        f"sources of the PDF and of {HERE}",
        theirs.sources,
        digests(theirs.sources),
        DIFFERS,
    )
    said = str(theirs.commit["hash"])
    # no commit of a repository around this folder, which has not these files
    ours = git("rev-parse", "HEAD", "HEAD:./Snakefile")
    if not re.fullmatch("[0-9a-f]{40,64}", said) or not ours:
        yield ALIKE, "the commit: one of the two has none; the sources are what counts"
        return
    time, _, _ = git("rev-list", "--max-count=1", "--timestamp", said).partition(" ")
    if time != str(theirs.commit["time"]):
        yield UNCHECKED, f"commit {said[:12]} of the PDF, which is not in git here"
        return
    names = [name for name in theirs.sources if (PROJECT / name).is_file()]
    changed = git("diff", "--name-only", said, "--", *names)
    changed += git("ls-files", "--others", "--exclude-standard", "--", *names)
    if bool(changed) is bool(theirs.commit["uncommitted_changes"]):
        yield SAME, f"the sources of commit {said[:12]}, as far as the PDF says so"
    else:
        listed = changed or "nothing"
        yield DIFFERS, f"commit {said[:12]}: {listed} is changed since, unlike it says"


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


def compare_here(ours: Claims) -> Iterator[Verdict]:
    """Compare the files here with the digests taken when they were made."""
    made = "results here and their digests when they were made"
    yield from compare(made, ours.results, digests(ours.results))
    sources = digests(ours.sources)
    if changed := sorted(n for n in sources if sources[n] != ours.sources[n]):
        yield DIFFERS, f"the results here are of another {', '.join(changed)}"
    data = digests(ours.data)
    known = {name: ours.data[name] for name in data}
    yield from compare("data files here and their digests in config.yaml", known, data)


def flat(settings: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Give the settings, each by the path of its key."""
    if isinstance(settings, list) and settings and isinstance(settings[0], Mapping):
        settings = dict(enumerate(settings, start=1))
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            yield from flat(value, f"{path}.{key}".removeprefix("."))
    else:
        yield path, settings


def compare_settings(theirs: Claims, ours: Claims) -> Iterator[Verdict]:
    """Compare settings, data and the versions that the PDF names."""
    said, here = dict(flat(theirs.config)), dict(flat(ours.config))
    for key in sorted(said.keys() | here.keys()):
        if said.get(key) != here.get(key):
            yield DIFFERS, f"{key}: {said.get(key)} in the PDF, {here.get(key)} here"
    if said == here:
        yield SAME, f"{len(here)} settings of the PDF and of {HERE}"
    # by their names as well: a PDF may keep silent about some
    sources = "sources by the digests of the PDF and here"
    yield from compare(sources, theirs.sources, ours.sources, DIFFERS)
    yield from compare("data files of the PDF and here", theirs.data, ours.data)
    for name in sorted(theirs.versions.keys() | ours.versions.keys()):
        a, b = theirs.versions.get(name), ours.versions.get(name)
        if a != b:
            yield (
                ALIKE,
                f"{name} {a} in the PDF, {b} here: a cause of small differences",
            )
    if theirs.arithmetic != ours.arithmetic:
        yield (
            UNCHECKED,
            f"the arithmetic: {theirs.arithmetic} in the PDF, {ours.arithmetic} here; "
            "another processor or another choice may give other numbers",
        )


def spread(ours: Claims, number: Mapping) -> float | None:
    """Look up the standard deviation of a number between seeds, if there is one."""
    table = pd.read_csv(io.BytesIO(ours.tables[number["table"]]))
    for column in (re.sub("(_?)mean$", r"\1std", number["column"]), "std"):
        if column != number["column"] and column in table:
            return float(table[column][number["row"]])
    return None


def by_cell(claims: Claims) -> dict[tuple, list[Mapping]]:
    """Give the numbers printed, by their cell, in the order of the text."""
    cells = defaultdict(list)
    for number in claims.ledger["numbers"]:
        keys = json.dumps(number["keys"], sort_keys=True)
        cells[number["table"], keys, number["column"]].append(number)
    return cells


def compare_numbers(theirs: Claims, ours: Claims, other: bool) -> Iterator[Verdict]:
    """Compare each number printed, and each finding, with those of the results here.

    Parameters
    ----------
    theirs, ours : Claims
    other : bool
        Whether the two are of another arithmetic, so that numbers of the training may
        differ without being wrong.
    """
    printed, expected = by_cell(theirs), by_cell(ours)
    same = 0
    for cell in sorted(printed.keys() | expected.keys()):
        pairs = [
            [n["printed"] for n in each.get(cell, [])] for each in (printed, expected)
        ]
        if pairs[0] == pairs[1]:
            same += len(pairs[0])
            continue
        table, keys, column = cell
        there, here = (", ".join(dict.fromkeys(each)) or "nothing" for each in pairs)
        line = f"{table} {keys} {column}: {there} in the PDF, {here} here"
        values = [n["value"] for n in printed.get(cell, []) + expected.get(cell, [])]
        if all(pairs) and np.ptp(values) <= PRECISION * np.abs(values).max():
            yield ALIKE, f"{line}; both are right, the cell lies between the two"
            continue
        fixed = table == "config.yaml" or column == "n" or not other
        if fixed or not all(pairs):
            yield DIFFERS if fixed else UNCHECKED, line
            continue
        std = spread(ours, expected[cell][0])
        gap = abs(printed[cell][0]["value"] - expected[cell][0]["value"])
        yield (
            UNCHECKED,
            f"{line}; they lie {gap:.2g} apart, and "
            + (f"seeds spread by {std:.2g}" if std else "no spread of seeds is known"),
        )
    yield SAME, f"{same} numbers printed in the PDF and those of the results here"
    there, here = theirs.ledger["findings"], ours.ledger["findings"]
    turned = sorted(
        n for n in there.keys() | here.keys() if there.get(n) != here.get(n)
    )
    for name in turned:
        verdict = UNCHECKED if other and name in there and name in here else DIFFERS
        yield (
            verdict,
            f"finding {name}: {there.get(name)} in the PDF, {here.get(name)} here",
        )
    if not turned:
        yield SAME, f"{len(here)} findings of the PDF and of the results here"


def apart(there: bytes, here: bytes) -> float:
    """Give the largest relative difference of two tables; infinite if more differs."""
    tables = [pd.read_csv(io.BytesIO(content)) for content in (there, here)]
    a, b = tables
    if a.shape != b.shape or list(a) != list(b):
        return np.inf
    largest = 0.0
    for name in a:
        if a[name].equals(b[name]):
            continue
        if not all(pd.api.types.is_float_dtype(t[name]) for t in tables):
            return np.inf
        if not (a[name].isna() == b[name].isna()).all():
            return np.inf
        # in relation to the column: a difference of two like numbers has fewer digits
        scale = float(b[name].abs().max()) or 1.0
        largest = max(largest, float((a[name] - b[name]).abs().max()) / scale)
    return largest


def compare_tables(theirs: Claims, ours: Claims, other: bool) -> Iterator[Verdict]:
    """Compare the tables attached to the PDF with those on disk."""
    same = 0
    for name in sorted(theirs.tables.keys() | ours.tables.keys()):
        there, here = theirs.tables.get(name), ours.tables.get(name)
        if there == here:
            same += 1
        elif there is None or here is None:
            yield DIFFERS, f"{name}, which is only {'here' if here else 'in the PDF'}"
        elif (distance := apart(there, here)) <= PRECISION:
            yield (
                ALIKE,
                f"{name} of the PDF and on disk, apart by {distance:.1g} at most",
            )
        else:
            kind = UNCHECKED if other and distance < np.inf else DIFFERS
            yield kind, f"{name} of the PDF and on disk, apart by {distance:.1g}"
    if same:
        yield SAME, f"{same} tables of the PDF and on disk"


def compare_runs(theirs: Claims, ours: Claims) -> Iterator[Verdict]:
    """Compare the digests of what is not attached: runs, figures.

    Only where all tables are the same to the byte: other digits have other digests.
    """
    names = {
        name
        for name in theirs.results.keys() | ours.results.keys()
        if name.startswith("results/")
    }
    there, here = (
        {name: claims.results[name] for name in names if name in claims.results}
        for claims in (theirs, ours)
    )
    yield from compare("results by the digests of the PDF and here", there, here)


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
            claims.commit_name,
            claims.revision,
            claims.date,
            claims.versions,
            claims.arithmetic,
        )


def typeset_again(source: str, claims: Claims, files: Mapping[str, bytes]) -> bytes:
    """Typeset a report, with what is attached to it and the figures here."""
    with tempfile.TemporaryDirectory() as folder:
        report, results = Path(folder, "report"), Path(folder, "results")
        report.mkdir()
        results.mkdir()
        (report / "report.tex").write_text(source)
        for name, content in files.items():
            place = results if name.endswith(".csv") else report
            (place / Path(name).name).write_bytes(content)
        (results / "figures").symlink_to(PROJECT.resolve() / "results" / "figures")
        folders = [PROJECT / name for name in claims.templates]
        return typeset(report / "report.tex", folders, claims.commit["time"])


def compare_pages(pdf: Path, theirs: Claims, exact: bool) -> Iterator[Verdict]:
    """Print the tables attached anew, with the sources here, and compare the pages."""
    source, record = rendered(theirs)
    if json.loads(json.dumps(record)) != theirs.ledger:
        yield DIFFERS, "the ledger of the PDF, from that of the tables attached to it"
    try:
        again = typeset_again(source, theirs, attachments(pdf))
    except (OSError, LatexError) as error:
        yield UNCHECKED, f"the pages: {error}"
        return
    yield from facsimile.compare(pdf.read_bytes(), again, exact)


def verify(pdf: Path) -> list[Verdict]:
    """Compare a PDF with its attachments, and these with the files of this project.

    Raises
    ------
    VerificationError
        If the PDF cannot be read, or has no provenance that can.
    """
    files = attachments(pdf)
    try:
        theirs = Claims(files)
    except UNREADABLE as error:
        raise VerificationError(f"{pdf}: its {PROVENANCE} cannot be read") from error
    verdicts = [*compare_attached(theirs), *compare_sources(theirs)]
    exact = False
    try:
        ours = claims_here()
    except VerificationError as error:
        return [*verdicts, (DIFFERS, str(error))]
    if ours:
        other = theirs.arithmetic != ours.arithmetic
        verdicts += [*compare_here(ours), *compare_settings(theirs, ours)]
        verdicts += compare_numbers(theirs, ours, other)
        verdicts += compare_tables(theirs, ours, other)
        if exact := theirs.tables == ours.tables:
            verdicts += compare_runs(theirs, ours)
        if theirs.manifest != ours.manifest:
            verdicts.append((DIFFERS, "the rules in manifest.json of the PDF and here"))
    else:
        verdicts.append(
            (UNCHECKED, "the results, since there are none here: REBUILD=1 makes them")
        )
    if exit_code(verdicts) != 1:
        try:
            verdicts += compare_pages(pdf, theirs, exact)
        except UNREADABLE as error:
            verdicts.append((UNCHECKED, f"the pages, which cannot be read: {error}"))
        except SystemExit as error:
            verdicts.append((DIFFERS, f"the text, which cannot be made: {error}"))
    return verdicts


def rebuild(folder: Path) -> Path:
    """Make everything anew in a folder, with the settings of the report here.

    Raises
    ------
    VerificationError
        If that fails, with what was printed last.
    """
    project = folder / "project"
    shutil.copytree(
        PROJECT,
        project,
        symlinks=True,
        ignore=lambda at, _: NOT_COPIED if Path(at) == PROJECT else ["__pycache__"],
    )
    if (PROJECT / "data").is_dir():
        shutil.copytree(PROJECT / "data", project / "data")
    if (PROJECT / ".venv").is_dir():
        (project / ".venv").symlink_to((PROJECT / ".venv").resolve())
    settings = []
    if ours := claims_here():
        (folder / "settings.json").write_text(json.dumps(ours.config))
        settings = ["--configfile", str(folder / "settings.json")]
    run = subprocess.run(
        [sys.executable, "-m", "workflow.recovery", "--cores", "all"]
        + [*settings, "--", "report"],
        cwd=project,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise VerificationError(f"The rebuild failed:\n{run.stderr[-2000:]}")
    return project


def main() -> None:
    """Say what is the same and what is not, with the exit code of the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pdf", type=Path)
    parser.add_argument("--rebuild", action="store_true", help="make all anew first")
    arguments = parser.parse_args()
    pdf = arguments.pdf.resolve()
    global PROJECT, HERE
    try:
        with tempfile.TemporaryDirectory() as folder:
            if arguments.rebuild:
                PROJECT, HERE = rebuild(Path(folder)), "a rebuild"
            verdicts = verify(pdf)
    except VerificationError as error:
        print(error, file=sys.stderr)
        raise SystemExit(3) from None
    for verdict, subject in verdicts:
        print(f"{verdict}: {subject}")
    code = exit_code(verdicts)
    bytes_too = (SAME, "all bytes of the PDF, typeset again") in verdicts
    answers = {
        0: "is the same report" + ", in all bytes" * bytes_too,
        1: "is another report",
        3: "may be the same report; that cannot be told from here",
    }
    print(f"{arguments.pdf} {answers[code]} (compared with {HERE})")
    raise SystemExit(code)


if __name__ == "__main__":
    main()

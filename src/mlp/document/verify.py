"""Verification: whether a report, the data and the code here belong together."""

import argparse
import hashlib
import io
import json
import os
import re
import subprocess
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pypdf
from pypdf.errors import DependencyError, PyPdfError

from mlp.document.provenance import digest
from mlp.document.report import LatexError, typeset

PROJECT = Path(__file__).resolve().parents[3]
PROVENANCE = "provenance.json"
SAME, DIFFERS, UNCHECKED = "same", "differs", "not checked"
Verdict = tuple[str, str]  # one of these three, and on what
UNREADABLE = (
    PyPdfError,
    DependencyError,  # such as an encryption that needs another library
    zlib.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)


class Provenance(NamedTuple):
    """What a provenance says; files by name, with their SHA-256."""

    commit: str
    time: int  # of the commit, seconds since 1970
    templates: list[str]  # folders
    data: dict[str, str]
    sources: dict[str, str]
    results: dict[str, str]


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


def read(content: bytes) -> Provenance:
    """Read a provenance."""
    said = json.loads(content)
    template = said["config"]["report"]["template"]
    return Provenance(
        str(said["commit"]["hash"]),
        int(said["commit"]["time"]),
        [str(folder) for folder in (template, "templates") if folder],
        dict(said["data"]),
        dict(said["sources"]),
        {str(name): entry["sha256"] for name, entry in said["results"].items()},
    )


def digests(names: Iterable[str]) -> dict[str, str]:
    """Give the SHA-256 of the files of this project that are here."""
    paths = {name: (PROJECT / name).resolve() for name in names}
    return {
        name: digest(path)
        for name, path in paths.items()
        # a PDF by mail may name any file
        if path.is_relative_to(PROJECT) and path.is_file()
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


def compare_with_project(provenance: Provenance) -> list[Verdict]:
    """Compare what a report was made from with the files of this project."""
    theirs, ours = provenance.commit, checked_out()
    inside = {
        name: sha256
        for name, sha256 in provenance.sources.items()
        if (PROJECT / name).resolve().is_relative_to(PROJECT)
    }
    sources = list(compare("sources", inside, digests(inside), DIFFERS))
    if outside := sorted(provenance.sources.keys() - inside.keys()):
        place = f"sources outside of the project: {', '.join(outside)}"
        sources.append((UNCHECKED, place))
    results = compare("results", provenance.results, digests(provenance.results))
    data = compare("data files", provenance.data, digests(provenance.data))
    if differ(sources) and theirs != ours and "unknown" not in (theirs, ours):
        place = f"the report is of commit {theirs[:12]}, checked out is {ours[:12]}"
        return [(UNCHECKED, f"sources and results: {place}"), *data]
    return [*sources, *results, *data]


def checked_out() -> str:
    """Name the commit that is checked out; "unknown" if there is none."""
    # none of the repository around this folder, nor of one that a variable names
    command = ["git", "-c", f"safe.directory={PROJECT}", "rev-parse"]
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    try:
        return subprocess.run(
            [*command, "HEAD", "HEAD:./Snakefile"],
            cwd=PROJECT,
            env=variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()[0]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def compare_pages(pdf: Path, provenance: Provenance) -> Verdict:
    """Typeset the report again, from the same results, and compare all bytes."""
    folders = [PROJECT / folder for folder in provenance.templates]
    try:
        again = typeset(PROJECT / "report" / "report.tex", folders, provenance.time)
    except (OSError, LatexError) as error:
        return UNCHECKED, f"the pages: {error}"
    if again == pdf.read_bytes():
        return SAME, "the pages, typeset again"
    theirs, ours = producer(pdf), producer(io.BytesIO(again))
    if theirs != ours:
        return UNCHECKED, f"the pages: typeset by {theirs}, and here is {ours}"
    return DIFFERS, f"{pdf}, from what the same results give when typeset again"


def producer(pdf: Path | io.BytesIO) -> str | None:
    """Name the program that typeset a PDF."""
    metadata = pypdf.PdfReader(pdf).metadata
    return metadata.producer if metadata else None


def differ(verdicts: Iterable[Verdict]) -> bool:
    """Tell whether any of the verdicts is bad."""
    return any(verdict == DIFFERS for verdict, _ in verdicts)


def verify(pdf: Path) -> list[Verdict]:
    """Compare a PDF with its provenance, and that with the files of this project.

    Raises
    ------
    VerificationError
        If the PDF cannot be read, or has no provenance that can.
    """
    files = attachments(pdf)
    content = files.pop(PROVENANCE)
    try:
        provenance = read(content)
    except UNREADABLE as error:
        raise VerificationError(f"{pdf}: its {PROVENANCE} cannot be read") from error

    tables = {
        file: sha256
        for file, sha256 in provenance.results.items()
        if re.fullmatch(r"results/[^/]+\.csv", file)
    }
    attached = {
        f"results/{name}": hashlib.sha256(table).hexdigest()
        for name, table in files.items()
    }
    # not in the file itself, but it must be the one that is here
    provenance.results[f"report/{PROVENANCE}"] = hashlib.sha256(content).hexdigest()

    verdicts = list(compare("tables attached", tables, attached, DIFFERS))
    verdicts += compare_with_project(provenance)
    if all(verdict == SAME for verdict, _ in verdicts):
        verdicts.append(compare_pages(pdf, provenance))
    else:
        verdicts.append(
            (UNCHECKED, "the pages, since not all of the above is the same")
        )
    return verdicts


def main() -> None:
    """Say what belongs together and what does not, with exit code 1 then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pdf", type=Path)
    pdf = parser.parse_args().pdf
    verdicts = verify(pdf)
    for verdict, subject in verdicts:
        print(f"{verdict}: {subject}")
    if differ(verdicts):
        raise SystemExit(f"{pdf} does not belong to what is here")
    print(f"{pdf} belongs to what was checked")


if __name__ == "__main__":
    main()

"""Compile the report, and accept nothing that a reader would stumble over."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pypdf

from mlp import records
from mlp.command import arguments
from mlp.document.provenance import digest_sources, versions
from mlp.outputs import replacing, write

BLEMISH = re.compile(
    r"^Overfull.*|^.*Warning: .*(?:undefined|multiply.defined|"
    r"Font shape|not found|float is stuck|Float too large|Token not allowed).*",
    re.MULTILINE,
)
"""What the log says of lines too long, of labels without a target, of missing fonts."""

ERROR = re.compile(r"^(?:! .*|.*:\d+: .*)(?:\n.*){0,4}", re.MULTILINE)
FIGURES = Path("..", "results", "figures")  # as templates/macros.tex has it


class LatexError(SystemExit):
    """What LaTeX finds wrong; a step that does not catch it ends with its message."""


def blemishes(log: str) -> list[str]:
    """List what in a log of LaTeX tells of a flaw in the document."""
    return sorted(set(BLEMISH.findall(log)))


def compress(figure: Path, folder: str) -> None:
    """Compress the streams of a PDF, which LaTeX would take over as they are."""
    writer = pypdf.PdfWriter(clone_from=figure)
    for number, entry in enumerate(writer._objects):
        if isinstance(entry, pypdf.generic.StreamObject) and "/Filter" not in entry:
            writer._objects[number] = entry.flate_encode()
    writer.write(Path(folder, figure.name))


def typeset(source: Path, templates: Sequence[Path], date: int) -> bytes:
    """Compile a report.

    Parameters
    ----------
    source : Path
        LaTeX.
    templates : sequence of Path
        Folders that may hold a class or a style file.
    date : int
        What the PDF says of its date, in seconds since 1970.

    Returns
    -------
    bytes
        The PDF.

    Raises
    ------
    LatexError
        If LaTeX cannot compile it, or finds a flaw.
    """
    if not shutil.which("latexmk"):
        raise LatexError("latexmk is not here; `make report` installs TeX, or says how")
    # where workflow.recovery finds what a killed step leaves, by this name
    with tempfile.TemporaryDirectory(
        dir=source.parent.resolve(), prefix=f".{os.getpid()}."
    ) as build:
        for figure in (source.parent / FIGURES).glob("[!.]*.pdf"):
            compress(figure, build)
        # in a list of folders TeX takes some characters for more than themselves
        inside = os.path.basename(build)
        inputs = {f"{inside}/{n}": path for n, path in enumerate(templates)}
        for link, folder in inputs.items():
            (source.parent / link).symlink_to(folder.resolve())
        process = subprocess.run(
            ["latexmk", "-pdf", "-norc", "-no-shell-escape", "-halt-on-error"]
            + ["-file-line-error", "-interaction=nonstopmode"]
            + [f"-outdir={inside}", source.name],
            cwd=source.parent,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": build,  # a tree of TeX files there would take part
                "LC_ALL": "C.UTF-8",
                "SOURCE_DATE_EPOCH": str(date),
                "FORCE_SOURCE_DATE": "1",
                "TEXINPUTS": ":".join([".", inside, *inputs, ""]),
                # latexmk looks from here, and starts BibTeX in the folder of its output
                "BIBINPUTS": ":".join([*inputs, *map(os.path.basename, inputs), ""]),
                "max_print_line": "10000",  # else LaTeX breaks the lines of its log
            },
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        log_file = Path(build, source.stem + ".log")
        log = log_file.read_text(errors="replace") if log_file.exists() else ""
        if process.returncode != 0:
            found = "\n".join(match.group() for match in ERROR.finditer(log))
            for link, folder in inputs.items():
                found = found.replace(f"{link}/", f"{folder}/")
            raise LatexError(
                f"LaTeX cannot compile {source}:\n"
                + (found or process.stdout + process.stderr)
            )
        if flaws := blemishes(log):
            raise LatexError("\n".join([f"LaTeX warns about {source}:", *flaws]))
        return Path(build, source.stem + ".pdf").read_bytes()


def main() -> None:
    """Write what all was made from and the PDF, or fail and say what is wrong."""
    options = arguments(
        __doc__, source=Path, manifest=Path, commit=json.loads, settings=json.loads,
        data=json.loads, parameters=json.loads, sources=[str], templates=[Path],
        provenance=Path, pdf=Path,
    )  # fmt: skip

    manifest = json.loads(options.manifest.read_text())
    sources = dict(source.rsplit(" ", 1) for source in options.sources)
    description = {
        "arithmetic": records.arithmetic_of(manifest),
        "commit": options.commit,
        "config": options.settings,
        # the steps that read the data have checked them; the test set stays closed here
        "data": options.data,
        "results": records.check(manifest, options.parameters),
        "sources": digest_sources(sources),
        "versions": versions(),
    }
    # the templates attach it
    write(options.provenance, json.dumps(description, indent=1, sort_keys=True) + "\n")
    pdf = typeset(options.source, options.templates, options.commit["time"])
    with replacing(options.pdf) as temporary:
        temporary.write_bytes(pdf)


if __name__ == "__main__":
    main()

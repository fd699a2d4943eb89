"""Compile the report, and accept nothing that a reader would stumble over."""

import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pypdf

from mlp.command import arguments
from mlp.outputs import replacing
from mlp.records import current

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


def compressed(figure: Path) -> bytes:
    """Compress the streams of a PDF, which LaTeX would take over as they are."""
    writer = pypdf.PdfWriter(clone_from=figure)
    for number, entry in enumerate(writer._objects):
        if isinstance(entry, pypdf.generic.StreamObject) and "/Filter" not in entry:
            writer._objects[number] = entry.flate_encode()
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


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
            Path(build, figure.name).write_bytes(compressed(figure))
        # in a list of folders TeX takes some characters for more than themselves
        inputs = {f"{Path(build).name}/{n}": path for n, path in enumerate(templates)}
        for link, folder in inputs.items():
            (source.parent / link).symlink_to(folder.resolve())
        process = subprocess.run(
            [
                *("latexmk", "-pdf", "-norc", "-no-shell-escape"),
                *("-halt-on-error", "-file-line-error", "-interaction=nonstopmode"),
                f"-outdir={Path(build).name}",
                source.name,
            ],
            cwd=source.parent,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": build,  # a tree of TeX files there would take part
                "LC_ALL": "C.UTF-8",
                "SOURCE_DATE_EPOCH": str(date),
                "FORCE_SOURCE_DATE": "1",
                "TEXINPUTS": os.pathsep.join([".", Path(build).name, *inputs, ""]),
                # latexmk looks from here, and starts BibTeX in the folder of its output
                "BIBINPUTS": os.pathsep.join(
                    [*inputs, *map(os.path.basename, inputs), ""]
                ),
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
    """Write the PDF, or fail and say what LaTeX found wrong."""
    options = arguments(
        __doc__, source=Path, provenance=Path, templates=[Path], date=int, output=Path,
    )  # fmt: skip

    for file, made in json.loads(options.provenance.read_text())["results"].items():
        if current(Path(file)) != made["sha256"]:
            raise SystemExit(
                f"{file} has changed since {options.provenance} was written: remove "
                "both, and start again"
            )
    with replacing(options.output) as temporary:
        temporary.write_bytes(typeset(options.source, options.templates, options.date))


if __name__ == "__main__":
    main()

"""Compile the report, and accept nothing that a reader would stumble over."""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

from mlp.outputs import replacing

BLEMISH = re.compile(
    r"^Overfull.*|^.*Warning: .*(?:undefined|multiply.defined|"
    r"Font shape|not found|float is stuck|Float too large|Token not allowed).*",
    re.MULTILINE,
)
"""What the log says of lines too long, of labels without a target, of missing fonts."""

ERROR = re.compile(r"^(?:! .*|.*:\d+: .*)(?:\n.*){0,4}", re.MULTILINE)


def blemishes(log: str) -> list[str]:
    """List what in a log of LaTeX tells of a flaw in the document."""
    return sorted(set(BLEMISH.findall(log)))


def main() -> None:
    """Write the PDF, or fail and say what LaTeX found wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--templates", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()

    source = arguments.source
    # a template may come with a class of its own
    folders = [str(folder.resolve()) for folder in arguments.templates]
    with (
        replacing(arguments.output) as pdf,
        # beside it, where workflow.recovery finds what a killed step leaves
        tempfile.TemporaryDirectory(dir=pdf.parent, prefix=f"{pdf.name}.") as build,
    ):
        process = subprocess.run(
            [
                "latexmk",
                "-pdf",
                "-norc",
                "-halt-on-error",
                "-file-line-error",
                "-interaction=nonstopmode",
                "-no-shell-escape",
                f"-outdir={os.path.relpath(build, source.parent)}",
                source.name,
            ],
            cwd=source.parent,
            env=os.environ
            | {
                "TEXINPUTS": os.pathsep.join([".", *folders, ""]),
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
            found = [match.group() for match in ERROR.finditer(log)]
            raise SystemExit(
                f"LaTeX cannot compile {source}:\n"
                + ("\n".join(found) or process.stdout + process.stderr)
            )
        if flaws := blemishes(log):
            raise SystemExit("\n".join([f"LaTeX warns about {source}:", *flaws]))
        pdf.write_bytes(Path(build, source.stem + ".pdf").read_bytes())


if __name__ == "__main__":
    main()

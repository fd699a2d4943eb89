"""Snakemake's linter, but for two lints, on which it stops at every rule.

The packages are locked in requirements.txt and the programs named in Containerfile, for
all rules at once; a directive that names them again for each would not be used. The
name of its rule is among what Snakemake fills in, though its linter does not know it.
"""

import re
import sys
from pathlib import Path

from tests.tools.project import PROJECT, snakemake

ACCEPTED = (
    "Specify a conda environment or container for each rule.",
    "Shell command directly uses variable rule from outside of the rule",
)


def lints(folder: Path) -> list[str]:
    """List the lints of a workflow that are not accepted, each with what it is of."""
    run = snakemake(folder, "--lint")
    found = re.split(r"^(?=Lints? for )", run.stdout + run.stderr, flags=re.MULTILINE)
    if len(found) == 1 and run.returncode:
        return found  # it could not be read
    return [
        f"{where} * {lint}"
        for where, *each in (part.split("    * ") for part in found[1:])
        for lint in each
        if not lint.startswith(ACCEPTED)
    ]


if __name__ == "__main__":
    sys.exit("".join(lints(PROJECT)) or None)

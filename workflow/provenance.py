"""Where results come from: the code that a step depends on, and the commit."""

import hashlib
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parent.parent / "src"
LOCK = SOURCE.parent / "requirements.txt"


@cache
def imported(module: str) -> dict[str, Path]:
    """Find the modules of this project that `module` imports, itself included."""
    finder = ModuleFinder(path=[str(SOURCE)])
    finder.import_hook(module, fromlist=["*"])
    return {
        name: Path(file)
        for name, found in finder.modules.items()
        if (file := getattr(found, "__file__", None))
    }


@cache
def code(*modules: str) -> list[str]:
    """List the modules that the steps `modules` import, as ``name hash``.

    Given to a rule as parameters, they make Snakemake redo the rule's jobs when the
    content of one of them changes, whatever the time stamps say.  The locked versions
    of all other packages count for every step.
    """
    files = {LOCK.name: LOCK}
    for module in modules:
        files |= imported(module)
    return contents(files)


def contents(files: Mapping[str, Path]) -> list[str]:
    """List files by name, as ``name hash``."""
    return [
        f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
        for name, path in sorted(files.items())
    ]


class Commit(NamedTuple):
    """The state of the repository."""

    name: str  # its hash, and whether files differ from it; or "unknown"
    time: int  # seconds since 1970; 0 if unknown

    @property
    def date(self) -> str:
        """Write the day, in UTC; nothing if unknown."""
        day = datetime.fromtimestamp(self.time, UTC)
        return f"{day.day} {day:%B %Y}" if self.time else ""


def commit() -> Commit:
    """Look up the commit that is checked out."""

    def git(*arguments: str) -> str:
        project = str(SOURCE.parent)
        # the repository may belong to another user, as in a container
        command = ["git", "-c", f"safe.directory={project}", "-C", project, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        name, time = git("log", "-1", "--format=%H %ct").split()
        changed = git("status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return Commit("unknown", 0)
    state = " with uncommitted changes" if changed else ""
    return Commit(name[:12] + state, int(time))

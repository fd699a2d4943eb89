"""Where results come from: the code that a step depends on, and the commit."""

import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parent.parent / "src"
LOCK = SOURCE.parent / "requirements.txt"
SOURCES = ("Snakefile", "config.yaml", LOCK.name, "src", "templates", "workflow")
"""What the report depends on, besides the data and a folder with other templates."""


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


def sources() -> list[str]:
    """List the files of `SOURCES` by their names from the top of the project."""
    top = SOURCE.parent
    return sorted(
        str(path.relative_to(top))
        for name in SOURCES
        for path in ((top / name).rglob("*") if (top / name).is_dir() else [top / name])
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.name.startswith((".", "#"))
        and path.name[-1] != "~"
    )


class Commit(NamedTuple):
    """The state of the repository."""

    hash: str  # or "unknown"
    time: int  # seconds since 1970; 0 if unknown
    uncommitted_changes: bool  # in a file that the report depends on
    another_configuration: bool = False  # than that of config.yaml

    @property
    def name(self) -> str:
        """Write the hash, and what differs from that commit."""
        changes = self.uncommitted_changes * ["uncommitted changes"]
        changes += self.another_configuration * ["another configuration"]
        return self.hash[:12] + " with " * bool(changes) + " and ".join(changes)

    @property
    def date(self) -> str:
        """Write the day, in UTC; nothing if unknown."""
        day = datetime.fromtimestamp(self.time, UTC)
        return f"{day.day} {day:%B %Y}" if self.time else ""


def commit(folders: Iterable[str]) -> Commit:
    """Look up the commit that is checked out.

    Parameters
    ----------
    folders : iterable of str
        The folders and files whose changes count.
    """
    project = SOURCE.parent

    def git(*arguments: str) -> str:
        # the repository may belong to another user, as in a container
        safe = f"safe.directory={project}"
        return subprocess.run(
            # reading the state must not write to .git, where the user may be at work
            ["git", "--no-optional-locks", "-c", safe, "-C", str(project), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    # git refuses the names of folders elsewhere
    inside = [f for f in folders if (project / f).resolve().is_relative_to(project)]
    try:
        name, time = git("log", "-1", "--format=%H %ct").split()
        changed = git("status", "--porcelain", "--", *inside)
    except (OSError, subprocess.CalledProcessError):
        return Commit("unknown", 0, False)
    return Commit(name, int(time), bool(changed))

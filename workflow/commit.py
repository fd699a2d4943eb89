"""The commit of the repository that is checked out."""

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from workflow.sources import SOURCE


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

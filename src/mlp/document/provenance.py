"""Provenance: the code, settings and data that the results were made from, by SHA-256.

Nothing in it depends on the clock or on the folder that the project is in.
"""

import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from mlp import records

PACKAGES = ("jinja2", "matplotlib", "numpy", "pandas", "scipy", "snakemake")


class Commit(NamedTuple):
    """The state of the repository, as `workflow.commit` finds it."""

    hash: str  # or "unknown"
    time: int  # seconds since 1970; 0 if unknown
    uncommitted_changes: bool  # in a file that the report depends on
    another_configuration: bool  # than that of config.yaml

    @property
    def name(self) -> str:
        """Write the hash, and what differs from that commit."""
        changes = self.uncommitted_changes * ["uncommitted changes"]
        changes += self.another_configuration * ["another configuration"]
        return self.hash[:12] + " with " * bool(changes) + " and ".join(changes)

    @property
    def revision(self) -> str:
        """Write the identifier of Software Heritage; nothing if that has not this."""
        known = re.fullmatch("[0-9a-f]{40}", self.hash) and not self.uncommitted_changes
        return f"swh:1:rev:{self.hash}" if known else ""

    @property
    def date(self) -> str:
        """Write the day, in UTC; nothing if unknown."""
        day = datetime.fromtimestamp(self.time, UTC)
        return f"{day.day} {day:%B %Y}" if self.time else ""


def digest_sources(sources: Mapping[str, str]) -> dict[str, str]:
    """Give the SHA-256 of each source.

    Parameters
    ----------
    sources : mapping of str to str
        The file names, with the first digits of the SHA-256 that each had when the
        run began.

    Raises
    ------
    SystemExit
        If one has changed since, so that the results may be of either content.
    """
    digests = {name: records.digest(Path(name)) for name in sources}
    for name, start in sources.items():
        if not digests[name].startswith(start):
            raise SystemExit(f"{name} has changed during the run: start it again")
    return digests


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that compute and print."""
    return {"python": platform.python_version()} | {n: version(n) for n in PACKAGES}

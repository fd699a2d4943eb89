"""The commit of the repository that is checked out."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from workflow.sources import SOURCE, is_source, sources

CARRIED = ".commit.json"
"""Of an unpacked archive: the ``hash``, ``time`` and SHA-256 of ``files``."""


class Commit(NamedTuple):
    """The state of the repository; `mlp.document.provenance` writes it in words."""

    hash: str  # or "unknown"
    time: int  # seconds since 1970; 0 if unknown
    uncommitted_changes: bool  # in a file that the report depends on
    another_configuration: bool = False  # than that of config.yaml


def git(*arguments: str, stdin: str | None = None) -> str:
    """Ask git about this project, whatever the user has set.

    Raises
    ------
    OSError, subprocess.CalledProcessError
        If there is no git, no repository, or not what it is asked for.
    """
    project = SOURCE.parent
    return subprocess.run(
        # the repository may belong to another user, as in a container
        ["git", "--no-replace-objects", "-c", f"safe.directory={project}", *arguments],
        cwd=project,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_LITERAL_PATHSPECS": "1",
        },
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=True,
    ).stdout


def commit(folders: Iterable[str]) -> Commit:
    """Look up the commit that is checked out, or that an unpacked archive is of.

    It is asked of git's objects, since settings change what commands for people print,
    and the contents are compared, since settings and flags hide changes from those.

    Parameters
    ----------
    folders : iterable of str
        The folders and files whose changes count.
    """
    project = SOURCE.parent
    paths = ((project / folder).resolve() for folder in folders)
    # git refuses the names of folders elsewhere
    inside = [str(p.relative_to(project)) for p in paths if p.is_relative_to(project)]
    here = sources(inside, project)
    try:
        # else the repository around this folder is not that of its files
        git("rev-parse", "--verify", "HEAD:./Snakefile")
        time, name = git("rev-list", "--max-count=1", "--timestamp", "HEAD").split()
        tree = git("ls-tree", "-r", "-z", "HEAD", "--", *inside).split("\0")[:-1]
        digests = git("hash-object", "--stdin-paths", stdin="\n".join(here)).split()
        entries = (entry.split("\t") for entry in tree)
        listed = {file: description.split()[2] for description, file in entries}
    except (OSError, subprocess.CalledProcessError):
        try:
            said = json.loads((project / CARRIED).read_text())
        except (OSError, ValueError):
            return Commit("unknown", 0, False)
        time, name, listed = said["time"], said["hash"], said["files"]
        digests = [hashlib.sha256((project / f).read_bytes()).hexdigest() for f in here]
    present = dict(zip(here, digests, strict=True))
    committed = {
        file: digest
        for file, digest in listed.items()
        if file in present
        or (is_source(file) and any(Path(file).is_relative_to(i) for i in inside))
    }
    return Commit(name, int(time), committed != present)

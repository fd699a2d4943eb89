"""The commit of the repository that is checked out."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from workflow.sources import SOURCE, is_source, sources

CARRIED = ".commit.json"
"""Of an unpacked archive: the ``hash``, ``time`` and SHA-256 of ``files``."""


def git(*arguments: str) -> str:
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
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=True,
    ).stdout


def changes(
    folders: Iterable[str], revision: str = "HEAD"
) -> tuple[str, int, list[str]]:
    """Compare files here with those of a commit, or else of the archive unpacked here.

    Git is asked of its objects, since settings change what commands for people print,
    and the contents are compared, since settings and flags hide changes from those.

    Parameters
    ----------
    folders : iterable of str
        The folders and files whose changes count.
    revision : str
        The commit.

    Returns
    -------
    hash : str
        The commit; ``"unknown"`` if it is not known here.
    time : int
        Its time.
    changed : list of str
        The names of the files that are not the same.
    """
    project = SOURCE.parent
    paths = ((project / folder).resolve() for folder in folders)
    # git refuses the names of folders elsewhere
    inside = [str(p.relative_to(project)) for p in paths if p.is_relative_to(project)]
    names = sources(inside, project)
    try:
        # else the repository around this folder is not that of its files
        git("rev-parse", "--verify", f"{revision}:./Snakefile")
        time, name = git("rev-list", "--max-count=1", "--timestamp", revision).split()
        tree = git("ls-tree", "-r", "-z", name, "--", *inside).split("\0")[:-1]
        objects = git("hash-object", "--", *names).split()
        entries = (entry.split("\t") for entry in tree)
        committed = {file: description.split()[2] for description, file in entries}
    except (OSError, subprocess.CalledProcessError):
        try:
            said = json.loads((project / CARRIED).read_text())
        except (OSError, ValueError):
            return "unknown", 0, []
        name, time, committed = said["hash"], said["time"], said["files"]
        contents = ((project / file).read_bytes() for file in names)
        objects = [hashlib.sha256(content).hexdigest() for content in contents]
    here = dict(zip(names, objects, strict=True))
    changed = [
        file
        for file in sorted(committed.keys() | here.keys())
        if committed.get(file) != here.get(file)
        and (
            file in (*names, *inside)
            or (is_source(file) and any(Path(file).is_relative_to(i) for i in inside))
        )
    ]
    return name, int(time), changed


def commit(folders: Iterable[str]) -> dict:
    """Look up the commit here, and its changes, as `mlp.document.provenance` has it."""
    name, time, changed = changes(folders)
    return {"hash": name, "time": time, "uncommitted_changes": bool(changed)}

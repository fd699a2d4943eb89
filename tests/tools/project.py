"""A copy of the project to run the workflow in, and Snakemake run there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from workflow.sources import SOURCE

PROJECT = SOURCE.parent


def copy_of_project(folder):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    return folder


def clone_of_project(folder):
    """Clone the repository; what is not committed comes along as such."""
    # else a commit in another clone touches the objects that both link to
    command = ["git", "clone", "--quiet", "--no-hardlinks", PROJECT, folder]
    subprocess.run(command, check=True)
    return copy_of_project(folder)


def commit_all(folder):
    """Commit all files of a folder, in the repository that it is or becomes."""
    user = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(["git", *user, *command], cwd=folder, check=True)


def own_packages(folder):
    """Give a project a .venv that says it is up to date, with the packages of this."""
    (folder / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        (folder / ".venv" / path.name).symlink_to(path)
    for stamp in ("report", "archive", "dev"):
        (folder / ".venv" / stamp).unlink(missing_ok=True)
        (folder / ".venv" / stamp).touch()


def offline():
    """Find a command that runs another one without a network; None if there is none."""
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        try:
            subprocess.run([*command, "true"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return command
    return None


def snakemake(folder, *arguments, prefix=(), umask=-1, **environment):
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [*prefix, sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=kept | environment,
        umask=umask,
    )


def scheduled(folder, *arguments):
    """Ask which rules would run, and how often."""
    tiny = ["--configfile", "tests/tiny.yaml"]
    dry = snakemake(folder, "--dry-run", *tiny, *arguments)
    return schedule(dry.stdout + dry.stderr)


def schedule(printed):
    """Read which rules would run, and how often, from what a dry run printed."""
    if "Nothing to be done" in printed:
        return {}
    _, found, table = printed.partition("Job stats:")
    assert found, printed
    rows = re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)
    return {name: int(count) for name, count in rows if name not in ("total", "all")}

"""A copy of the project to run the workflow in, and Snakemake run there."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

from workflow.sources import SOURCE

PROJECT = SOURCE.parent


def copy_of_project(folder):
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = ran(listing, code=0, cwd=PROJECT)
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
    """Commit all files of a folder, in the repository that it is or becomes.

    The same files on the same commit give the same commit.
    """
    date = "2026-01-01T00:00:00Z"
    dates = os.environ | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    user = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(["git", *user, *command], cwd=folder, env=dates, check=True)


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


def ran(command, code=None, **options):
    """Run a command and keep what it prints; with a `code`, it must end with that."""
    run = subprocess.run(command, capture_output=True, text=True, **options)
    assert code in (None, run.returncode), run.stdout + run.stderr
    return run


def apt_install(packages, code=None):
    """Install packages of Debian, or see that it fails."""
    apt = ["apt-get", "--quiet=2", "-o", "DPkg::Lock::Timeout=600"]
    variables = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    ran([*apt, "update"], env=variables)
    install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    return ran(install, code, env=variables)


def printed_by(script, **environment):
    """Run a script with what a step has, and give the words that it prints."""
    command = [sys.executable, "-c", script]
    environment = os.environ | {"PYTHONPATH": "src"} | environment
    return ran(command, 0, cwd=PROJECT, env=environment).stdout.split()


def step(module, stdin="", **arguments):
    """Run a step as its rule does, but here."""
    argv = [module.__name__]
    for name, value in arguments.items():
        argv.append(f"--{name.replace('_', '-')}")
        argv += map(str, value if isinstance(value, list) else [value])
    with mock.patch("sys.argv", argv), mock.patch("sys.stdin", io.StringIO(stdin)):
        module.main()


def snakemake(folder, *arguments, prefix=(), umask=-1, code=None, **environment):
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | environment
    command = [*prefix, sys.executable, "-m", "snakemake", *arguments]
    return ran(command, code, cwd=folder, env=kept, umask=umask)


def schedule(printed):
    """Read which rules would run, and how often, from what a dry run printed."""
    if "Nothing to be done" in printed:
        return {}
    _, found, table = printed.partition("Job stats:")
    assert found, printed
    rows = re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)
    return {name: int(count) for name, count in rows if name not in ("total", "all")}

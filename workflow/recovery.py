"""Start Snakemake, also where an earlier run was killed.

A killed Snakemake leaves its locks behind, and the jobs that it had started run on,
maybe with code that has been edited since.  Unless a run is still at work in this
folder, its jobs are ended and its locks and temporary files removed.
"""

import argparse
import fcntl
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from workflow.environment import environment

RUN = Path(".snakemake/run.lock")  # locked by a run; holds where and which it is
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
OUTPUTS = [Path("results"), Path("report")]
WRITTEN = [RUN.parent, *map(Path, ("results", "report", "logs", "benchmarks"))]
PROBE = bytes(2**20)
TEMPORARY = re.compile(r"\.(\d+)\.")  # then a name; see mlp.outputs
MARK = "MLP_JOB_OF"  # the environment variable that tells all jobs of a folder
SECONDS_TO_END = 30


def record_run() -> None:
    """Write down where and which the run in this folder is."""
    RUN.write_text(f"process {os.getpid()} on {platform.node()}")


def is_job(process: psutil.Process) -> bool:
    """Tell whether a process was started by a rule in this folder."""
    return process.environ().get(MARK) == str(Path.cwd())


def is_run(process: psutil.Process) -> bool:
    """Tell whether a process is a Snakemake in this folder, and not one in a job."""
    command = process.cmdline()[:3]  # python -m snakemake, or python bin/snakemake
    is_snakemake = "snakemake" in [Path(word).name for word in command]
    here = is_snakemake and Path(process.cwd()) == Path.cwd()
    return here and not is_job(process)  # a `run:` is a Snakemake of its own


def is_here(pid: int) -> bool:
    """Tell whether a process runs in this folder, as a step does, started by hand."""
    with suppress(psutil.Error):  # there is none, or it has ended and nobody took note
        return Path(psutil.Process(pid).cwd()) == Path.cwd()
    return False


def find(condition: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Find the processes that fulfil a condition."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it has just ended, or belongs to another user
            if condition(process):
                found.append(process)
    return found


def at_work(run: str, advice: str = "") -> SystemExit:
    """Say in one line that a run has this folder."""
    return SystemExit(
        f"Another run, {run}, is at work in this folder: wait until it has ended, "
        f"or end it.{advice}"
    )


def clear() -> None:
    """Remove what a killed run has left: jobs, locks and temporary files.

    Raises
    ------
    SystemExit
        If the run is still at work, or if that cannot be known from here.
    """
    locked = any(SNAKEMAKE_LOCKS.glob("*.lock"))
    jobs = find(is_job)
    if locked or jobs:
        for run in find(is_run):
            raise at_work(f"process {run.pid}")
    last_run = RUN.read_text()
    if locked and last_run and not last_run.endswith(f" on {platform.node()}"):
        raise at_work(last_run, " If it was killed: .venv/bin/snakemake --unlock")
    while jobs:
        for job in jobs:
            with suppress(psutil.NoSuchProcess):
                job.kill()
        _, alive = psutil.wait_procs(jobs, SECONDS_TO_END)
        for job in alive:
            raise at_work(f"of which process {job.pid} does not end")
        jobs = find(is_job)  # those that had just been started
    shutil.rmtree(SNAKEMAKE_LOCKS, ignore_errors=True)  # as --unlock does, but at once
    for folder in OUTPUTS:
        for path in [*folder.rglob(".*")]:
            temporary = TEMPORARY.match(path.name)
            if not temporary or is_here(int(temporary[1])):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def slurm_jobs() -> list[str]:
    """List the ids of the user's Slurm jobs that a run in this folder has submitted."""
    command = ["squeue", "--me", "--noheader", "--format=%i|%k|%Z"]
    listing = subprocess.check_output(command, text=True)
    jobs = [line.split("|", 2) for line in listing.splitlines()]
    return [
        job
        for job, comment, folder in jobs
        # the executor writes the comment; an allocation with Snakemake in it has none
        if comment.startswith("rule_") and folder == os.getcwd()
    ]


def cancel_leftovers() -> list[str]:
    """Cancel those jobs, wait until they have ended, and return their ids.

    A run that is killed leaves its jobs in the queue, where they would delete and write
    the files of the jobs that the next run sends.  Only to be called by a run that
    holds the lock of the folder, so that none of the jobs belongs to another.
    """
    jobs = slurm_jobs()
    if jobs:
        subprocess.run(["scancel", *jobs], check=True)
    while slurm_jobs():
        time.sleep(1)
    return jobs


def follow(folder: Path) -> None:
    """Say where a link leads if there is nothing."""
    if folder.is_symlink() and not folder.exists():
        raise SystemExit(
            f"{folder} is a link to {os.readlink(folder)}, which is not there: "
            "make that folder, or remove the link"
        )


def probe(folder: Path) -> None:
    """Write to a folder and undo it; Snakemake would end in a traceback there."""
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(PROBE)
    except OSError as error:
        message = f"{folder.resolve()} cannot be written to: {error.strerror}"
        raise SystemExit(message) from None


def lock() -> None:
    """Take the lock of a run, which Snakemake then keeps; its jobs do not get it.

    Raises
    ------
    BlockingIOError
        If another run has it.
    """
    file = os.open(RUN, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:  # a network disk; runs are then told by their processes
        sys.stderr.write(f"{RUN}: {error.strerror}; going on without a lock\n")
    os.set_inheritable(file, True)


def main() -> None:
    """Become Snakemake, with the arguments given."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", default=[])
    for file in parser.parse_known_args()[0].configfile:
        if not os.path.isfile(file):
            raise SystemExit(
                f"--configfile: there is no file {file}; "
                "put -- before the names of rules, as in --configfile FILE -- report"
            )
    try:
        os.getcwd().encode()
    except UnicodeEncodeError:  # Snakemake would end in a traceback
        message = f"{os.getcwdb()!r}, the name of this folder, is not in UTF-8"
        raise SystemExit(message) from None
    for folder in (Path("data"), *WRITTEN):
        follow(folder)
    for folder in WRITTEN:
        probe(folder)
    try:
        lock()
        clear()
        record_run()
    except BlockingIOError:
        raise at_work(RUN.read_text()) from None
    except OSError as error:
        raise SystemExit(str(error)) from None
    command = [sys.executable, "-m", "snakemake", *sys.argv[1:]]
    os.execve(sys.executable, command, environment())


if __name__ == "__main__":
    main()

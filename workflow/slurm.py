"""The jobs on a Slurm cluster that a killed run has left behind."""

import os
import subprocess
import time


def leftovers() -> list[str]:
    """List the ids of the user's Slurm jobs that a run in this folder has submitted."""
    listing = subprocess.run(
        ["squeue", "--me", "--noheader", "--format=%i|%k|%Z"],
        capture_output=True,
        text=True,
        check=True,
    )
    jobs = [line.split("|", 2) for line in listing.stdout.splitlines()]
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
    jobs = leftovers()
    if jobs:
        subprocess.run(["scancel", *jobs], check=True)
    while leftovers():
        time.sleep(1)
    return jobs

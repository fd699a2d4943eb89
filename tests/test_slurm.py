"""The workflow on a Slurm cluster, in both ways of docs/cluster.md, and with faults."""

import hashlib
import re
import subprocess
import sys

import pytest

from tests.tools.project import ran, snakemake
from tests.tools.slurm_cluster import cluster, obstacle, queue, wait_for
from tests.tools.small import FINAL, TRAINING, without

pytestmark = pytest.mark.skipif(bool(obstacle()), reason=str(obstacle()))

# the plugin asks Slurm for the state of its jobs ever more seldom, up to each 3 minutes
IMPATIENT = """
import asyncio
from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
RemoteExecutor.sleep = lambda self: asyncio.sleep(1)
main()
"""
COMMAND = [sys.executable, "-c", IMPATIENT, "--workflow-profile=profiles/slurm"]
COMMAND += ["--slurm-init-seconds-before-status-checks=1"]
# two Slurm jobs train at a time, so that one of them can be cancelled
COMMAND += ["--group-components", "training=5", "final=2", "summaries=5"]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")):
        yield


def digest(folder):
    return hashlib.sha256((folder / "report" / "report.pdf").read_bytes()).hexdigest()


def jobs(comment, states):
    """List the ids of the Slurm jobs whose comment starts so."""
    return [
        job
        for job, text in queue("%i", "%k", states=states)
        if text.startswith(comment)
    ]


def test_in_one_allocation(slurm, small, tmp_path):
    folder = without(FINAL, small, tmp_path / "project")
    send = ["sbatch", "--parsable", "--cpus-per-task=2", "--wrap=make report CORES=2"]
    job = ran(send, code=0, cwd=folder).stdout.strip()
    wait_for(lambda: [job] not in queue("%i"), "the job")
    output = (folder / f"slurm-{job}.out").read_text()
    assert re.search(r"^train_final +2$", output, re.MULTILINE), output
    assert digest(folder) == digest(small)


def test_with_a_job_cancelled_and_the_run_killed(slurm, small, tmp_path):
    folder = without(TRAINING + FINAL, small, tmp_path / "project")
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        run = subprocess.Popen(
            COMMAND, cwd=folder, stdout=file, stderr=subprocess.STDOUT
        )

    def running(comment):
        assert run.poll() is None, output.read_text()
        return jobs(comment, "RUNNING")

    try:
        wait_for(
            lambda: (
                running("rule_training") and any(folder.glob("results/runs/**/*.csv"))
            ),
            "the first training run",
        )
        cancelled = running("rule_training")[0]
        subprocess.run(["scancel", cancelled], check=True)
        summaries = folder / "results/epochs.csv", folder / "results/grid.csv"
        wait_for(lambda: any(path.exists() for path in summaries), "the first summary")
        (left,) = running("rule_summaries")
    finally:
        run.kill()
        run.wait()
    assert cancelled in jobs("rule_training", "CANCELLED")
    assert "Error in group training" in output.read_text()
    finished = {
        path: path.stat().st_mtime_ns
        for path in (folder / "results" / "runs").rglob("*.csv")
    }
    assert len(finished) == 20

    assert snakemake(folder, "--unlock").returncode == 0
    first = ran(COMMAND, cwd=folder)
    assert first.returncode == 1
    assert f"they have been cancelled: {left}. Start" in first.stdout + first.stderr
    assert "Traceback" not in first.stdout + first.stderr
    assert jobs("rule_summaries", "PENDING,RUNNING,COMPLETING") == []
    again = ran(COMMAND, cwd=folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert digest(folder) == digest(small)
    assert jobs("rule_summaries", "CANCELLED") == [left]
    assert len(jobs("rule_summaries", "COMPLETED")) == 1
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    nodes = {node for (node,) in queue("%N", states="all")}
    assert nodes == {"node1", "node2"}

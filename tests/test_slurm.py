"""The workflow on a Slurm cluster, in both ways of docs/cluster.md, and with faults."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from tests.tools.project import commit_all, snakemake
from tests.tools.slurm_cluster import cluster, obstacle, queue, wait_for
from tests.tools.small import small_project

pytestmark = pytest.mark.skipif(bool(obstacle()), reason=str(obstacle()))

PROFILE = [
    "--workflow-profile=profiles/slurm",
    "--slurm-init-seconds-before-status-checks=4",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository whose config.yaml asks for little, of a small data set."""
    folder = small_project(tmp_path_factory.mktemp("slurm") / "project")
    config = yaml.safe_load((folder / "config.yaml").read_text())
    update_config(config, yaml.safe_load((folder / "small.yaml").read_text()))
    config["report"]["author"] = """A_B & {C} 'quoted' "twice" $HOME"""
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / ".venv").symlink_to(sys.prefix)
    commit_all(folder)
    return folder


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")):
        yield


@pytest.fixture(scope="module")
def local_pdf(project):
    folder = copy_of(project, "local")
    run = snakemake(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return digest(folder)


def copy_of(project, name):
    return Path(shutil.copytree(project, project.with_name(name), symlinks=True))


def digest(folder):
    return hashlib.sha256((folder / "report" / "report.pdf").read_bytes()).hexdigest()


def jobs(comment, states):
    """List the ids of the Slurm jobs whose comment starts so."""
    return [
        job
        for job, text in queue("%i", "%k", states=states)
        if text.startswith(comment)
    ]


def test_in_one_allocation(project, slurm, local_pdf):
    folder = copy_of(project, "allocation")
    command = ["sbatch", "--wait", "--cpus-per-task=2", "--wrap=make report CORES=2"]
    run = subprocess.run(command, cwd=folder, check=False)
    assert run.returncode == 0, "".join(p.read_text() for p in folder.glob("slurm-*"))
    assert digest(folder) == local_pdf


def test_with_a_job_cancelled_and_the_run_killed(project, slurm, local_pdf):
    folder = copy_of(project, "profile")
    output = folder.with_name("profile.txt")
    with output.open("w") as file:
        run = subprocess.Popen(
            [sys.executable, "-m", "snakemake", *PROFILE],
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
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
        wait_for(lambda: any(folder.glob("results/*.csv")), "the first summary")
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
    first = snakemake(folder, *PROFILE)
    assert first.returncode == 1
    assert f"they have been cancelled: {left}. Start" in first.stdout + first.stderr
    assert "Traceback" not in first.stdout + first.stderr
    assert jobs("rule_summaries", "PENDING,RUNNING,COMPLETING") == []
    again = snakemake(folder, *PROFILE)
    assert again.returncode == 0, again.stdout + again.stderr
    assert digest(folder) == local_pdf
    assert jobs("rule_summaries", "CANCELLED") == [left]
    assert len(jobs("rule_summaries", "COMPLETED")) == 1
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    nodes = {node for (node,) in queue("%N", states="all")}
    assert nodes == {"node1", "node2"}

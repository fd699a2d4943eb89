"""Runs that are killed, meet a full disk, or find another at work; then a run again."""

import os
import platform
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.tools.project import ran
from tests.tools.small import FINAL, TRAINING, products, report, small_project, without
from workflow.recovery import RUN, SNAKEMAKE_LOCKS, clear

STEP = "src/mlp/experiments/softmax.py"
ENDLESS = """
from pathlib import Path
from mlp.outputs import replacing
import sys, time
with replacing(Path(sys.argv[2])) as temporary:
    temporary.write_text("of the old code")
    Path("temporary").write_text(str(temporary))
    while True:
        time.sleep(0.01)
"""
HELD_UP = """
rule held_up:
    output: "results/held_up"
    run:
        Path("held_up").touch()
        while True: os.sched_yield()
"""
DEADLINE = 120  # s


def finish(process, code):
    output, _ = process.communicate(timeout=DEADLINE)
    assert "Traceback" not in output
    assert process.returncode == code, output
    return output


def wait_until(condition, run):
    deadline = time.monotonic() + DEADLINE
    while not condition() and time.monotonic() < deadline:
        assert run.poll() is None, run.communicate()[0]


@pytest.fixture
def project(tmp_path):
    return small_project(tmp_path / "project")


@pytest.fixture
def endless(project):
    """A run that is held up in a step that has written half of its output."""
    step = project / STEP
    source = step.read_text()
    step.write_text(ENDLESS)
    run = report(project, "--", "softmax")
    wait_until((project / "temporary").exists, run)
    (job,) = (
        process
        for process in psutil.Process(run.pid).children(recursive=True)
        if process.cmdline()[1:3] == ["-m", "mlp.experiments.softmax"]
    )
    step.write_text(source)
    yield run, job
    for process in (run, job):
        if psutil.pid_exists(process.pid):
            process.kill()
    run.wait()


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.campaign) for n in range(1, 20))]
)
def test_after_kills_at_random_moments_a_run_ends_with_the_same_bytes(
    tmp_path, small, seed
):
    moments = random.Random(seed)
    project = tmp_path / "project"
    if seed % 2:
        small_project(project)
    else:
        without(TRAINING + FINAL, small, project)
    for kill in (os.killpg, os.kill, os.killpg):  # with all its jobs, or alone
        run = report(project)
        try:
            run.communicate(timeout=moments.uniform(1, 10))
        except subprocess.TimeoutExpired:
            kill(run.pid, signal.SIGKILL)
            run.wait()
    finish(report(project), code=0)
    assert products(project) == products(small)


def test_no_job_of_a_killed_run_lives_on(project, endless):
    run, job = endless
    run.kill()
    run.wait()
    assert job.is_running()
    assert list((project / SNAKEMAKE_LOCKS).iterdir())
    finish(report(project, "--", "softmax"), code=0)
    assert not job.is_running()
    # no temporary file beside them
    record, result = sorted((project / "results").iterdir())
    assert record.name == ".softmax.json"
    assert result.read_text().startswith("precision,margin,")


def test_nor_does_a_snakemake_that_a_killed_run_has_started(project):
    rules = project / "workflow/rules/softmax.smk"
    source = rules.read_text()
    rules.write_text(source + HELD_UP)
    run = report(project, "--", "held_up")
    wait_until((project / "held_up").exists, run)
    jobs = psutil.Process(run.pid).children(recursive=True)
    assert jobs
    rules.write_text(source)
    run.kill()
    run.wait()
    try:
        finish(report(project, "--", "softmax"), code=0)
        assert not any(job.is_running() for job in jobs)
    finally:
        for job in filter(psutil.Process.is_running, jobs):
            job.kill()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_job_is_named_and_leaves_nothing(project, endless, sent):
    run, job = endless
    job.send_signal(sent)
    output = finish(run, code=1)
    assert "Error in rule softmax" in output
    assert "log: logs/softmax.txt" in output
    assert not (project / "results/softmax.csv").exists()
    finish(report(project, "--", "softmax"), code=0)
    left = sorted(path.name for path in (project / "results").iterdir())
    assert left == [".softmax.json", "softmax.csv"]


@pytest.mark.parametrize(("command", "kept"), [("cat", True), ("true", False)])
def test_only_a_process_at_work_here_keeps_its_temporary_file(
    tmp_path, monkeypatch, command, kept
):
    monkeypatch.chdir(tmp_path)
    for folder in ("results", RUN.parent):
        (tmp_path / folder).mkdir()
    RUN.touch()
    with subprocess.Popen([command], stdin=subprocess.PIPE) as process:
        if not kept:  # it has ended, but its number is still taken
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        temporary = tmp_path / "results" / f".{process.pid}.table.csv"
        temporary.touch()
        clear()
        assert temporary.exists() is kept


def test_a_second_run_is_turned_away_and_the_first_goes_on(project, endless):
    run, job = endless
    output = finish(report(project), code=1)
    assert output.startswith(f"Another run, process {run.pid} on {platform.node()}, is")
    assert len(output.splitlines()) == 1
    (project / RUN).unlink()  # as if it had been started without workflow.recovery
    output = finish(report(project), code=1)
    assert output.startswith(f"Another run, process {run.pid}, is at work")
    assert run.poll() is None
    assert job.is_running()


def test_a_lock_of_another_machine_stays(project):
    (project / SNAKEMAKE_LOCKS).mkdir(parents=True)
    lock = project / SNAKEMAKE_LOCKS / "0.output.lock"
    lock.write_text("results/softmax.csv\n")
    (project / RUN).write_text("process 1 on another")
    output = finish(report(project, "--", "softmax"), code=1)
    assert output.startswith("Another run, process 1 on another, is at work")
    assert "snakemake --unlock" in output
    assert lock.exists()
    (project / RUN).write_text(f"process 1 on {platform.node()}")
    finish(report(project, "--", "softmax"), code=0)


def test_snakemake_started_by_hand_records_itself(project):
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--", "softmax"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    finish(process, code=0)
    recorded = (project / RUN).read_text()
    assert recorded == f"process {process.pid} on {platform.node()}"


def mount(*arguments):
    mounted = ran(["mount", *map(str, arguments)])
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr}")


@pytest.fixture
def results(project):
    """The folder of results, on a mount of its own that the test makes."""
    folder = project / "results"
    folder.mkdir()
    yield folder
    subprocess.run(["umount", "-q", folder], check=False)


def test_a_disk_that_is_full_at_the_start_is_named(project, results):
    mount("-t", "tmpfs", "-o", "size=4k", "tmpfs", results)
    output = finish(report(project), code=1)
    assert output == f"{results} cannot be written to: No space left on device\n"


def test_a_read_only_folder_is_named(project, results):
    mount("--bind", results, results)
    mount("-o", "remount,ro,bind", results)
    output = finish(report(project), code=1)
    assert output == f"{results} cannot be written to: Read-only file system\n"


def test_a_disk_that_fills_up_during_a_run(project, results, small):
    mount("-t", "tmpfs", "-o", f"size={2**20 + 8192}", "tmpfs", results)
    step = project / STEP
    source = step.read_text()
    filling = "    Path('results/filling').write_bytes(bytes(2**20 + 8192 - 4096))\n"
    step.write_text(source.replace("    write_csv(", f"{filling}    write_csv("))
    output = finish(report(project, "--", "softmax", "results/dataset.csv"), code=1)
    assert "cannot be written: [Errno 28] No space left on device" in output
    assert "Error in rule" in output
    (results / "filling").unlink()
    assert {path.suffix for path in results.rglob("*")} <= {".csv"}  # none is half

    subprocess.run(["umount", results], check=True)
    step.write_text(source)
    finish(report(project, "--", "softmax", "results/dataset.csv"), code=0)
    assert products(project).items() <= products(small).items()

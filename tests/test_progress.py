"""What a run shows: bars at a terminal, plain lines elsewhere, failed logs in both."""

import contextlib
import os
import pty
import shutil
import subprocess
import sys

import pytest

from tests.tools.project import PROJECT, ran, snakemake

FAILING = """
rule fails:
    output: "never"
    log: "fails.txt"
    shell: "echo the reason [/] >{log}; exit 1"
"""


def at_terminal(folder, *command, **environment):
    """Run a command with a terminal as its standard error; give what it prints."""
    terminal, inner_end = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"TERM": "xterm"} | environment,
        stdout=inner_end,
        stderr=inner_end,
    )
    os.close(inner_end)
    printed = b""
    with contextlib.suppress(OSError):  # how Linux says that nothing more will come
        while chunk := os.read(terminal, 4096):
            printed += chunk
    os.close(terminal)
    return process.wait(), printed.decode()


@pytest.fixture
def failing(tmp_path):
    shutil.copytree(PROJECT / "profiles", tmp_path / "profiles")
    (tmp_path / "Snakefile").write_text(FAILING)
    return tmp_path


def test_make_shows_bars_at_a_terminal_only():
    _, printed = at_terminal(PROJECT, "make", "-n", "report")
    assert "--logger rich" in printed
    _, printed = at_terminal(PROJECT, "make", "-n", "report", TERM="dumb")
    assert "workflow.recovery --cores" in printed
    assert "--logger" not in printed
    piped = ran(["make", "-n", "report"], code=0, cwd=PROJECT)
    assert "workflow.recovery --cores" in piped.stdout
    assert "--logger" not in piped.stdout


def test_the_log_of_a_failed_job_is_shown_below_the_bars(failing):
    status, printed = at_terminal(
        failing, sys.executable, "-m", "snakemake", "--logger", "rich"
    )
    assert status == 1
    assert "Total Progress" in printed
    assert printed.count("the reason [/]") == 2  # in the command, and in the log
    assert "Traceback" not in printed


def test_a_pipe_gets_plain_lines_and_the_log_of_a_failed_job(failing):
    run = snakemake(failing)
    assert run.returncode == 1
    assert "rule fails:" in run.stderr
    assert "Logfile fails.txt:" in run.stderr
    assert "\x1b" not in run.stdout + run.stderr

"""The run on real images that files of tests share; none changes its results."""

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config
from xdist.scheduler import LoadScopeScheduling

from tests.tools.project import (
    PROJECT,
    clone_of_project,
    commit_all,
    offline,
    own_packages,
    snakemake,
)
from workflow.environment import environment

# the tests start programs, too, and import Matplotlib
for name in os.environ.keys() - environment().keys():
    if not name.upper().startswith(("PYTEST", "HYPOTHESIS", "NODE", "NPM")):
        del os.environ[name]


TINY = {
    "test_archive",
    "test_provenance",
    "test_reruns",
    "test_same_bytes",
    "test_sealed",
    "test_tiny_run",
    "test_trace",
    "test_its_commands_do_what_they_say",
    "test_the_columns_here_are_those_of_the_results",
    "test_the_pictures_show_what_is_here",
}
"""The files and tests that share the run on real images."""
LONGEST = ["tiny", "test_slurm", "test_recovery", "test_environment"]
"""What takes long goes first, so that no worker is left alone with it in the end."""


def group(nodeid):
    """Name what one worker runs all of: a file, or what shares the tiny run."""
    path, _, test = nodeid.partition("::")
    names = {Path(path).stem, test.partition("[")[0]}
    return "tiny" if names & TINY else Path(path).stem


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each group to one worker; xdist 3.8 does not see its marks in pytest 9.2."""
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group
    return scheduler


def pytest_collection_modifyitems(items):
    """Put first what takes longest, and see that what shares the tiny run is known."""
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(group(item.nodeid), len(order)))
    for item in items:
        if "downloaded" in item.fixturenames and group(item.nodeid) != "tiny":
            raise pytest.UsageError(f"{item.nodeid} is to be listed in TINY")


def download(folder):
    """Clone the project and get the data; its steps record what they open of these."""
    clone_of_project(folder)
    # the steps have src on their path
    shutil.copy(
        folder / "tests" / "tools" / "recorder" / "sitecustomize.py", folder / "src"
    )
    source = {}
    if (PROJECT / "data" / "MNIST").exists():
        source = {"dataset": {"folder": str(PROJECT / "data" / "MNIST")}}
    (folder / "source.yaml").write_text(json.dumps(source))
    build(folder, "--cores", "1", "--until", "download")
    return folder


def build(folder, *arguments, **conditions):
    """Make the report with the tiny configuration."""
    files = ["--configfile", "tests/tiny.yaml", "source.yaml"]
    run = snakemake(folder, *arguments, *files, **conditions)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="session")
def downloaded(tmp_path_factory):
    return download(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def outside(tmp_path_factory):
    """An empty home and an empty folder for temporary files."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "home").mkdir()
    (folder / "tmp").mkdir()
    return folder


@pytest.fixture(scope="session")
def written(downloaded, outside):
    """What the run wrote, on a machine without a network where that can be had."""
    before = files(downloaded)
    build(
        downloaded,
        "--cores",
        "2",
        prefix=offline() or [],
        HOME=str(outside / "home"),
        TMPDIR=str(outside / "tmp"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    after = files(downloaded)
    return {name for name in after if after[name] != before.get(name)}


@pytest.fixture(scope="session")
def tiny(downloaded, written):
    return downloaded


@pytest.fixture(scope="session")
def committed(tiny, tmp_path_factory):
    """A repository whose config.yaml is the tiny one, and the report of its commit."""
    folder = tmp_path_factory.mktemp("committed") / "project"
    clone_of_project(folder)
    settings = yaml.safe_load((folder / "config.yaml").read_text())
    update_config(settings, yaml.safe_load((tiny / "tests" / "tiny.yaml").read_text()))
    settings["dataset"]["folder"] = str(tiny / "data" / "MNIST")
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    commit_all(folder)
    for name in ("data", "results", ".snakemake/metadata"):
        shutil.copytree(tiny / name, folder / name)
    own_packages(folder)
    run = snakemake(folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """The same under other conditions, as far as they do not change the arithmetic."""
    folder = tmp_path_factory.mktemp("else") / "d\u00e9p\u00f4t no. 2"
    folder.mkdir()
    download(folder)
    build(
        folder,
        "--cores",
        "1",
        umask=0o077,
        HOME=str(tmp_path_factory.mktemp("home")),
        LANG="tr_TR.UTF-8",
        LC_ALL="tr_TR.UTF-8",
        PYTHONHASHSEED="12345",
        TZ="Pacific/Kiritimati",
    )
    return folder


def files(folder):
    """When each file was last written, by its path in the folder."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
        and path.relative_to(folder).parts[0] not in (".snakemake", "opened.txt")
    }

"""The runs that files of tests share; none changes their results."""

import fcntl
import functools
import json
import os
import shutil
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.tools.dry_runs import dry_runs
from tests.tools.project import PROJECT, clone_of_project, offline, snakemake
from tests.tools.small import small_project
from workflow.environment import environment

# the tests start programs, too, and import Matplotlib
for name in os.environ.keys() - environment().keys():
    if not name.upper().startswith(("PYTEST", "HYPOTHESIS", "NODE", "NPM")):
        del os.environ[name]


TINY = {
    "test_reruns",
    "test_same_bytes",
    "test_sealed",
    "test_tiny_run",
    "test_trace",
    "test_the_columns_here_are_those_of_the_results",
    "test_the_pictures_show_what_is_here",
}
"""The files and tests that share the run on real images."""
SHARING = ["tiny", "test_provenance"]  # the second has a copy of that run
LONGEST = ["tiny", "test_slurm", "test_recovery", "test_provenance", "test_archive"]
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
        if "tiny" in item.fixturenames and group(item.nodeid) not in SHARING:
            raise pytest.UsageError(f"{item.nodeid} is to be listed in TINY")


def made_once(factory, name, make):
    """Let the first worker that asks for a folder make it; all have the same."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(folder)
    assert (folder / "report" / "report.pdf").exists()
    return folder


def build(folder, *arguments, **conditions):
    """Make the report with the tiny configuration."""
    files = ["--configfile", "tests/tiny.yaml", "source.yaml"]
    snakemake(folder, *arguments, *files, **conditions, code=0)


def make_tiny(folder):
    """Get the data, and make the report without a network where that can be had.

    The steps record what they open of the data. Beside the folder are a copy of it, a
    list of what the run has written, its home and its folder for temporary files.
    """
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
    before = files(folder)
    outside = {"HOME": folder.with_name("home"), "TMPDIR": folder.with_name("tmp")}
    for path in outside.values():
        path.mkdir()
    build(
        folder,
        "--cores",
        "2",
        prefix=offline() or [],
        PYTHONDONTWRITEBYTECODE="1",
        **{name: str(path) for name, path in outside.items()},
    )
    after = files(folder)
    written = [name for name in after if after[name] != before.get(name)]
    folder.with_name("written.json").write_text(json.dumps(written))
    shutil.copytree(folder, folder.with_name("copy_of_tiny"), symlinks=True)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return made_once(tmp_path_factory, "tiny", make_tiny)


@pytest.fixture(scope="session")
def plan_of_tiny(tiny):
    """Ask Snakemake what it would do after that run, given files and arguments."""
    with dry_runs(tiny) as ask:
        yield functools.partial(ask, "--configfile", "tests/tiny.yaml", "source.yaml")


@pytest.fixture(scope="session")
def plan(tmp_path_factory):
    """Ask Snakemake what it would do in a small project without results."""
    with dry_runs(small_project(tmp_path_factory.mktemp("plan") / "project")) as ask:
        yield ask


ODD = {
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "PYTHONHASHSEED": "12345",
    "TZ": "Pacific/Kiritimati",
}


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A project with little work and its report, which all workers share.

    It was made under odd conditions, as far as they do not change the arithmetic.
    """

    def make(folder):
        home = str(tmp_path_factory.mktemp("home"))
        odd = {"umask": 0o077, "HOME": home} | ODD
        snakemake(small_project(folder), "--cores", "2", **odd, code=0)

    return made_once(tmp_path_factory, "d\u00e9p\u00f4t no. 2", make)


@pytest.fixture(scope="session")
def committed(small, tmp_path_factory):
    """A copy of that project, to write into."""
    folder = tmp_path_factory.mktemp("committed") / "project"
    return shutil.copytree(small, folder, symlinks=True)


def files(folder):
    """When each file was last written, by its path in the folder."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
        and path.relative_to(folder).parts[0] not in (".snakemake", "opened.txt")
    }

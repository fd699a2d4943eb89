"""The run on real images that files of tests share; none changes its results."""

import json
import shutil

import pytest

from tests.project import PROJECT, copy_of_project, offline, snakemake

CONFIGURATION = ["--configfile", "tests/tiny.yaml", "source.yaml"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Give each file to one worker, and all tests that share the run to the same."""
    for item in items:
        group = "tiny" if "downloaded" in item.fixturenames else item.path.stem
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def downloaded(tmp_path_factory):
    """A copy of the project with the data, whose steps record what they open."""
    folder = copy_of_project(tmp_path_factory.mktemp("tiny"))
    # the steps have src on their path
    shutil.copy(folder / "tests" / "recorder" / "sitecustomize.py", folder / "src")
    source = {}
    if (PROJECT / "data" / "MNIST").exists():
        source = {"dataset": {"folder": str(PROJECT / "data" / "MNIST")}}
    (folder / "source.yaml").write_text(json.dumps(source))
    download = snakemake(folder, *CONFIGURATION, "--", "download")
    assert download.returncode == 0, download.stdout + download.stderr
    return folder


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """An empty home and an empty folder for temporary files."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "home").mkdir()
    (folder / "tmp").mkdir()
    return folder


@pytest.fixture(scope="session")
def written(downloaded, elsewhere):
    """What the run wrote, on a machine without a network where that can be had."""
    before = files(downloaded)
    run = snakemake(
        downloaded,
        *CONFIGURATION,
        prefix=offline() or [],
        environment={
            "HOME": str(elsewhere / "home"),
            "TMPDIR": str(elsewhere / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    assert run.returncode == 0, run.stdout + run.stderr
    after = files(downloaded)
    return {name for name in after if after[name] != before.get(name)}


@pytest.fixture(scope="session")
def tiny(downloaded, written):
    return downloaded


def files(folder):
    """When each file was last written, by its path in the folder."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
        and path.relative_to(folder).parts[0] not in (".snakemake", "opened.txt")
    }

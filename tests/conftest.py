"""The run on real images that files of tests share; none changes its results."""

import json
import shutil

import pytest

from tests.project import PROJECT, copy_of_project, snakemake


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Give each file to one worker, and all tests that share the run to the same."""
    for item in items:
        group = "tiny" if "tiny" in item.fixturenames else item.path.stem
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    folder = copy_of_project(tmp_path_factory.mktemp("tiny"))
    # the steps have src on their path
    shutil.copy(folder / "tests" / "recorder" / "sitecustomize.py", folder / "src")
    files = ["tests/tiny.yaml"]
    if (PROJECT / "data" / "MNIST").exists():
        source = {"dataset": {"folder": str(PROJECT / "data" / "MNIST")}}
        (folder / "source.yaml").write_text(json.dumps(source))
        files.append("source.yaml")
    run = snakemake(folder, "--configfile", *files)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder

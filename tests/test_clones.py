"""Clones made in any way, by anybody's git, and run by anybody's Snakemake."""

import os
import shutil
import sys
import venv
from pathlib import Path

import pytest

from tests.tools.project import PROJECT, commit_all, copy_of_project, ran
from workflow import commit

FILES = {"Snakefile": "x\n", "src/a.py": "x\n", "run.sh": "x\n"}


def git(folder, *arguments):
    user = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    command = ["git", *user, "-c", "protocol.file.allow=always", *arguments]
    done = ran(command, code=0, cwd=folder)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy(PROJECT / ".gitattributes", folder)
    commit_all(folder)
    return folder


def another(folder):
    """Make another repository, with a commit."""
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "another")
    return folder


def worktree(repository, new):
    git(repository, "worktree", "add", "-q", str(new))


def shallow(repository, new):
    git(repository, "clone", "-q", "--depth=1", repository.as_uri(), str(new))


def crlf(repository, new):
    git(repository, "clone", "-q", "-c", "core.autocrlf=true", ".", str(new))
    assert b"\r" not in (new / "run.sh").read_bytes()


def submodule(repository, new):
    outer = another(new.parent / "outer")
    git(outer, "submodule", "--quiet", "add", str(repository), "inner")
    new.symlink_to(outer / "inner")


def tarball(repository, new):
    shutil.copytree(repository, new, ignore=shutil.ignore_patterns(".git"))


def tarball_in_another_repository(repository, new):
    tarball(repository, another(new.parent / "outer") / "inner")
    new.symlink_to(new.parent / "outer" / "inner")


def said(monkeypatch, folder):
    """Give what the workflow says of a clone: commit, time, and whether changed."""
    monkeypatch.setattr(commit, "SOURCE", folder.resolve() / "src")
    return tuple(commit.commit(["src", "Snakefile", "run.sh"]).values())


@pytest.mark.parametrize("way", [worktree, shallow, crlf, submodule])
def test_a_clone_of_any_kind_names_its_commit(repository, tmp_path, monkeypatch, way):
    way(repository, tmp_path / "new")
    head, time, changed = said(monkeypatch, tmp_path / "new")
    assert head == git(repository, "rev-parse", "HEAD")
    assert time
    assert not changed


@pytest.mark.parametrize("way", [tarball, tarball_in_another_repository])
def test_no_commit_is_claimed_that_is_not_of_these_files(
    repository, tmp_path, monkeypatch, way
):
    way(repository, tmp_path / "new")
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    assert said(monkeypatch, tmp_path / "new")[0] == "unknown"


@pytest.mark.parametrize(
    "settings",
    [
        {"log.showSignature": "true", "log.decorate": "full"},
        {"status.showUntrackedFiles": "no", "core.fsmonitor": "true"},
        {"core.quotePath": "true", "status.relativePaths": "false"},
        {"core.excludesFile": "ignore-all", "color.ui": "always"},
        {"alias.rev-list": "!false", "core.pager": "false"},
    ],
)
def test_no_setting_changes_what_is_said(repository, monkeypatch, tmp_path, settings):
    head = git(repository, "rev-parse", "HEAD")
    (repository / "ignore-all").write_text("*\n")
    for name, value in settings.items():
        git(repository, "config", name, value)
    monkeypatch.setenv("GIT_DIR", str(another(tmp_path / "another") / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    monkeypatch.setenv("GIT_TRACE", "1")
    assert said(monkeypatch, repository)[::2] == (head, False)
    monkeypatch.undo()
    git(repository, "update-index", "--assume-unchanged", "src/a.py")
    (repository / "src" / "a.py").write_text("changed\n")
    assert said(monkeypatch, repository)[::2] == (head, True)
    (repository / "src" / "a.py").write_text(FILES["src/a.py"])
    (repository / "src" / "\u00e9 new.py").write_text("new\n")
    assert said(monkeypatch, repository)[::2] == (head, True)


WITHOUT = ("numpy", "matplotlib", "pandas", "scipy", "snakemake_executor_plugin_slurm")


@pytest.fixture
def own_snakemake(tmp_path):
    """A Snakemake of the user's own, beside none of the packages that the jobs need."""
    venv.create(tmp_path / "own", symlinks=True)
    (packages,) = tmp_path.glob("own/lib/python*/site-packages")
    for path in Path(pytest.__file__).parents[1].iterdir():
        if not path.name.startswith(WITHOUT):
            (packages / path.name).symlink_to(path)
    return [tmp_path / "own" / "bin" / "python", "-m", "snakemake"]


@pytest.mark.parametrize("there", [False, True])
def test_the_jobs_of_any_snakemake_have_the_packages(tmp_path, own_snakemake, there):
    folder = copy_of_project(tmp_path / "project")
    if there:
        (folder / ".venv").symlink_to(sys.prefix)
    run = ran(
        [*own_snakemake, "--", "softmax"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": "/nowhere", "PYTHONSAFEPATH": ""},
    )
    printed = run.stdout + run.stderr
    assert (run.returncode == 0) == there == (folder / "results").exists(), printed
    missing = "python: the package matplotlib is missing; `make .venv/report` installs"
    assert (missing in printed) != there
    assert ("Job stats" in printed) == there

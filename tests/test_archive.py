"""The archive: a crate with right digests, the same from the same commit."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
from rocrate.rocrate import ROCrate

from mlp.document.archive import REPORT
from workflow import commit
from workflow.sources import SOURCES


def git(folder, *arguments):
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done.stdout.decode()


def archive(folder, output="report/archive.zip"):
    return subprocess.run(
        [sys.executable, "-m", "mlp.document.archive", "--output", output],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def clean(tiny, tmp_path_factory):
    """The run, as if all that is the user's had been committed before."""
    folder = tmp_path_factory.mktemp("archive") / "clean"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns(".snakemake"))
    (folder / "src" / "sitecustomize.py").unlink()
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "all")
    name, time = git(folder, "log", "-1", "--format=%H %ct").split()
    file = folder / "report" / "provenance.json"
    said = json.loads(file.read_text())
    said["commit"] |= {"hash": name, "time": int(time), "uncommitted_changes": False}
    said["sources"].pop("src/sitecustomize.py", None)
    file.write_text(json.dumps(said))
    return folder


@pytest.fixture(scope="module")
def packed(clean):
    done = archive(clean)
    assert done.returncode == 0, done.stderr
    return clean / "report" / "archive.zip"


@pytest.fixture
def unpacked(packed, tmp_path):
    with zipfile.ZipFile(packed) as file:
        file.extractall(tmp_path)
    return tmp_path


def test_the_same_commit_gives_the_same_bytes_also_unpacked(clean, packed, unpacked):
    for folder in (clean, unpacked):
        again = folder / "report" / "again.zip"
        assert archive(folder, str(again)).returncode == 0
        assert again.read_bytes() == packed.read_bytes()


def test_the_crate_names_each_file_with_its_digest_and_its_job(unpacked):
    crate = ROCrate(unpacked)
    digests = {e["name"]: e.get("sha256") for e in crate.data_entities}
    files = {str(p.relative_to(unpacked)) for p in unpacked.rglob("*") if p.is_file()}
    assert {*digests} == files - {"ro-crate-metadata.json"}
    assert {*REPORT, "LICENSE", "CITATION.cff", "requirements.txt"} <= files
    for name, sha256 in digests.items():
        assert sha256 == hashlib.sha256((unpacked / name).read_bytes()).hexdigest()
    jobs = crate.get_by_type("CreateAction")
    made = {result["name"]: job for job in jobs for result in job["result"]}
    job = made["results/final.csv"]
    assert job["instrument"]["name"] == "final"
    assert "results/final/seed=2/result.csv" in {e["name"] for e in job["object"]}
    assert {"results/figures/grid.pdf", *REPORT} <= {*made}
    assert crate.mainEntity["name"] == "Snakefile"


def test_what_is_unpacked_knows_its_commit(clean, unpacked, monkeypatch):
    monkeypatch.setattr(commit, "SOURCE", clean / "src")
    said = commit.commit(SOURCES)
    monkeypatch.setattr(commit, "SOURCE", unpacked / "src")
    assert commit.commit(SOURCES) == said
    assert said.revision == f"swh:1:rev:{said.hash}"
    (unpacked / "src" / "new.py").touch()
    assert commit.commit(SOURCES).uncommitted_changes
    (unpacked / "src" / "new.py").rename(unpacked / "Snakefile")
    assert not commit.commit(SOURCES).revision


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("report/report.pdf", "report/report.pdf is missing: `make report`"),
        ("LICENSE", "LICENSE has changed since commit "),
        ("results/final.csv", "results/final.csv is not what report/report.pdf is"),
    ],
)
def test_what_does_not_belong_together_is_refused(unpacked, name, message):
    (unpacked / name).unlink()
    done = archive(unpacked)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_uncommitted_changes_are_refused(tiny):
    assert "commit all, `make report`" in archive(tiny).stderr

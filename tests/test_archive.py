"""The archive: a crate with right digests, the same from the same commit."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import rocrate
from rocrate.rocrate import ROCrate

from mlp.document.archive import REPORT
from tests.test_environment import HOSTILE
from tests.tools.project import PROJECT, own_packages, ran
from tests.tools.small import products
from workflow import commit
from workflow.sources import SOURCES


def archive(folder):
    return ran(
        [sys.executable, "-m", "mlp.document.archive"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "src"},
    )


@pytest.fixture(scope="module")
def packed(committed):
    done = archive(committed)
    assert done.returncode == 0, done.stderr
    return committed / "report" / "archive.zip"


@pytest.fixture
def unpacked(packed, tmp_path):
    with zipfile.ZipFile(packed) as file:
        file.extractall(tmp_path)
    return tmp_path


def test_the_same_commit_gives_the_same_bytes_also_unpacked(
    committed, packed, unpacked
):
    before = packed.read_bytes()
    for folder in (committed, unpacked):
        assert archive(folder).returncode == 0
        assert (folder / "report" / "archive.zip").read_bytes() == before


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


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A function that gives the verdict of roc-validator on a crate."""
    packages = tmp_path_factory.mktemp("validator")
    pip = [sys.executable, "-m", "pip", "install", "--no-compile", "--target", packages]
    pip += ["--require-hashes", "--requirement", PROJECT / "requirements-validator.txt"]
    if subprocess.run(pip, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs a package index, for roc-validator")
    context = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"

    def judge(crate):
        script = PROJECT / "tests" / "tools" / "validate_crate.py"
        done = subprocess.run(
            [sys.executable, script, crate, context],
            cwd=packages,
            env={"PYTHONPATH": str(packages)},
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout)

    return judge


def test_the_crate_keeps_to_its_profiles(unpacked, judged):
    checks, issues = judged(unpacked)
    assert issues == []
    assert checks > 100
    file = unpacked / "ro-crate-metadata.json"
    file.write_text(file.read_text().replace('"mainEntity"', '"about"'))
    assert judged(unpacked)[1]


def test_what_is_unpacked_knows_its_commit(committed, unpacked, monkeypatch):
    monkeypatch.setattr(commit, "SOURCE", committed / "src")
    said = commit.commit(SOURCES)
    monkeypatch.setattr(commit, "SOURCE", unpacked / "src")
    assert commit.commit(SOURCES) == said
    assert not said["uncommitted_changes"]
    (unpacked / "src" / "new.py").touch()
    assert commit.commit(SOURCES)["uncommitted_changes"]
    (unpacked / "src" / "new.py").rename(unpacked / "Snakefile")
    assert commit.commit(SOURCES)["uncommitted_changes"]


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


@pytest.mark.parametrize("what", ["uncommitted_changes", "another_configuration"])
def test_what_no_commit_gives_is_refused(unpacked, what):
    file = unpacked / "report" / "provenance.json"
    said = json.loads(file.read_text())
    said["commit"][what] = True
    file.write_text(json.dumps(said))
    refused = f" with {what.replace('_', ' ')}: commit all, `make report`"
    assert refused in archive(unpacked).stderr


def test_what_is_unpacked_makes_the_same_report_whatever_the_user_has_set(
    packed, small, tmp_path
):
    home = tmp_path / "home"
    for file in ("siunitx.sty", "booktabs.sty"):
        path = home / "texmf" / "tex" / "latex" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(r"\errmessage{not this one}")
    for path, text in {
        ".config/matplotlib/matplotlibrc": "font.size: 40\n",
        ".config/snakemake/default/config.yaml": "nolock: true\n",
        ".latexmkrc": "die;\n",
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    folder = tmp_path / "a $b{c},d;e:f 'g'"
    with zipfile.ZipFile(packed) as file:
        file.extractall(folder)
    own_packages(folder)
    (folder / "matplotlibrc").write_text("font.size: 40\nbackend: nonsense\n")
    names = "json numpy plot psutil queue random statistics tempfile yaml"
    for name in names.split():
        (folder / f"{name}.py").write_text("raise SystemExit(f'{__file__} came first')")
    run = ".venv/bin/python -E -m workflow.recovery --cores 2 --forceall"
    hostile = HOSTILE | {"HOME": str(home), "PATH": os.environ["PATH"]}
    ran(run.split(), code=0, cwd=folder, env=hostile)
    here, there = products(folder), products(small)
    assert {"report/report.pdf", "report/provenance.json"} < here.keys()
    assert len(here) > 70
    assert [name for name in here | there if here.get(name) != there.get(name)] == []
    for name in names.split():
        (folder / f"{name}.py").unlink()
    for target in ("report", "verify"):
        made = ran(["make", target], code=0, cwd=folder)
    assert "same: the sources of commit " in made.stdout

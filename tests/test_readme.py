"""What the README shows and says: its pictures, its links and its commands."""

import hashlib
import json
import re
import shutil
import subprocess

import pytest

from tests.tools import pictures
from tests.tools.project import PROJECT

TEXTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"]
TEXTS += sorted((PROJECT / "docs").glob("*.md"))
NOT_RUN = ("make report", "make test")  # as they are run by .ci/run and elsewhere


def test_the_pictures_show_what_is_here():
    made_from = json.loads(pictures.MADE_FROM.read_text())
    assert made_from["rules"] == pictures.rule_graph()[1], "see `make pictures`"
    here = {
        name: hashlib.sha256((PROJECT / name).read_bytes()).hexdigest()
        for name in pictures.SHOWN
    }
    assert made_from["sources"] == here, "`make report pictures`"
    assert sum(f.stat().st_size for f in pictures.FOLDER.iterdir()) < 400_000


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_each_link_leads_somewhere(text):
    links = re.findall(r'\]\(([^)]+)\)|src="([^"]+)"', text.read_text())
    files = [a or b for a, b in links if "://" not in a]
    assert [name for name in files if not (text.parent / name).exists()] == []


def commands():
    """List the lines of the README's blocks of code."""
    text = (PROJECT / "README.md").read_text()
    lines = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    return [line for line in lines if not line.startswith(NOT_RUN)]


def test_its_commands_do_what_they_say(committed, tmp_path):
    folder = shutil.copytree(committed, tmp_path / "project", symlinks=True)
    report = folder / "report" / "report.pdf"
    for name in ("received.pdf", "old.pdf"):
        shutil.copy(report, folder / name)
    numbers = json.loads((folder / "report" / "ledger.json").read_text())["numbers"]
    accuracy = next(n["printed"] for n in numbers if n["table"] == "final_summary.csv")
    report.unlink()
    lines = commands()
    assert {line.split()[0] for line in lines} == {"make", "snakemake"}
    said = {}
    for line in lines:
        run = subprocess.run(
            ["sh", "-c", line.replace("98.25", accuracy)],
            cwd=folder,
            env={"PATH": f"{folder}/.venv/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        said[line.partition("#")[0].strip()] = run.stdout
        assert run.returncode == 0, (line, run.stdout + run.stderr)
    assert report.read_bytes() == (folder / "received.pdf").read_bytes()
    assert "abstract" in said["make trace NUMBER=98.25"]
    assert "rests on" in said["make trace FINDING=overfit"]
    assert said["make compare PDF=old.pdf"] == "Nothing has changed.\n"
    for name in ("report.html", "archive.zip"):
        assert (folder / "report" / name).is_file()

"""What the README shows and says: its pictures, its links and its commands."""

import json
import os
import re
import shutil

import pytest

from mlp.records import digest
from tests.tools import pictures
from tests.tools.project import PROJECT, ran

TEXTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"]
TEXTS += sorted((PROJECT / "docs").glob("*.md"))
MADE_FROM = json.loads(pictures.MADE_FROM.read_text())
NOT_RUN = ("make report", "make test")  # as they are run by .ci/run and elsewhere


def test_the_pictures_show_what_is_here(tiny):
    assert MADE_FROM["rules"] == pictures.rule_graph()[1], "see `make pictures`"
    assert MADE_FROM["config.yaml"] == digest(PROJECT / "config.yaml")
    assert MADE_FROM["seen"] == pictures.seen(tiny), "`make report pictures`"
    assert sum(f.stat().st_size for f in pictures.FOLDER.iterdir()) < 400_000


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_each_link_leads_somewhere(text):
    links = re.findall(r'\]\(([^)]+)\)|src="([^"]+)"', text.read_text())
    files = [a or b for a, b in links if "://" not in a]
    assert [name for name in files if not (text.parent / name).exists()] == []


def test_its_commands_do_what_they_say(committed, tmp_path):
    text = (PROJECT / "README.md").read_text()
    lines = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    script = "\n".join(line for line in lines if not line.startswith(NOT_RUN))
    folder = shutil.copytree(committed, tmp_path / "project", symlinks=True)
    report = folder / "report" / "report.pdf"
    report.rename(folder / "received.pdf")
    ledger = json.loads((folder / "report" / "ledger.json").read_text())
    shown, accuracy = MADE_FROM["accuracy"], pictures.accuracy(ledger)
    assert f"NUMBER={shown} " in script
    script = script.replace(shown, accuracy)
    script = script.replace("tests/tiny.yaml", "config.yaml")  # which is as tiny
    run = ran(
        ["sh", "-exc", script],
        code=0,
        cwd=folder,
        env=os.environ | {"PATH": f"{folder}/.venv/bin:{os.environ['PATH']}"},
    )
    assert report.read_bytes() == (folder / "received.pdf").read_bytes()
    said = f"{accuracy} on page 1, the abstract", "rests on", "Nothing has changed."
    assert [words for words in said if words not in run.stdout] == []
    for name in ("report.html", "archive.zip"):
        assert (folder / "report" / name).is_file()

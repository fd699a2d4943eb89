"""What the README shows and says: its pictures, its links and its commands."""

import hashlib
import json
import re

import pytest

from tests.tools import pictures
from tests.tools.project import PROJECT

TEXTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"]
TEXTS += sorted((PROJECT / "docs").glob("*.md"))


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

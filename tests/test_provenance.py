"""Where results come from, and whether a report belongs to what is here."""

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager

import pypdf
import pytest

from mlp.document import verify
from mlp.document.provenance import digest_sources
from mlp.document.verdicts import DIFFERS
from tests.tools.forgeries import FORGERIES, HONEST, outcome
from tests.tools.project import PROJECT, commit_all, copy_of_project
from workflow.commit import commit
from workflow.sources import contents


@contextmanager
def flipped(path, position=-2):
    """Flip a bit of a file for a while."""
    before, times = path.read_bytes(), os.stat(path)
    changed = bytearray(before)
    changed[position] ^= 1
    path.write_bytes(changed)
    try:
        yield
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.fixture
def pdf(tiny, monkeypatch):
    monkeypatch.setattr(verify, "PROJECT", tiny)
    return tiny / "report" / "report.pdf"


@pytest.fixture(scope="module", autouse=True)
def _typeset_once():
    """Spare TeX what it has set before."""
    set_before = {}
    typeset = verify.typeset

    def again(source, templates, date):
        key = (
            source.read_text(),
            *(p.read_bytes() for p in source.parent.glob("*.json")),
        )
        if key not in set_before:
            set_before[key] = typeset(source, templates, date)
        return set_before[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "typeset", again)
        yield


@pytest.fixture
def said(pdf):
    return json.loads((pdf.parent / "provenance.json").read_text())


def answer(monkeypatch, pdf):
    monkeypatch.setattr("sys.argv", ["verify", str(pdf)])
    with pytest.raises(SystemExit) as ended:
        verify.main()
    return ended.value.code


def differing(pdf):
    return [what for verdict, what in verify.verify(pdf) if verdict == DIFFERS]


def test_the_provenance_covers_all_that_is_there(tiny, said):
    made = {
        str(path.relative_to(tiny))
        for folder in ("results", "report")
        for path in (tiny / folder).rglob("*")
        if path.is_file()
        and path.name[0] != "."
        and path.name
        not in ("README.md", "report.pdf", "provenance.json", "manifest.json")
    }
    assert set(said["results"]) == made
    assert len(made) > 60
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--"]
        + ["src", "templates", "workflow", "Snakefile", "config.yaml"]
        + ["requirements.txt"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    recorder = {"src/sitecustomize.py"}  # of the fixture
    assert set(said["sources"]) == {*listed.stdout.splitlines()} | recorder
    assert said["config"]["final"]["seeds"] == [2, 3]
    assert said["results"]["results/final.csv"]["rule"] == "final"
    assert said["results"]["results/final/seed=2/result.csv"]["rule"] == "train_final"
    assert said["results"]["report/report.tex"]["rule"] == "render"
    assert str(tiny) not in json.dumps(said)


def test_a_report_is_that_of_its_project(pdf, tmp_path, monkeypatch, capsys):
    received = tmp_path / "by mail.pdf"
    received.write_bytes(pdf.read_bytes())
    assert answer(monkeypatch, received) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^same: \d\d tables attached", printed, re.MULTILINE)
    assert re.search(r"^same: \d+ sources of the PDF", printed, re.MULTILINE)
    assert "same: 4 data files of the PDF" in printed
    assert "same: all bytes of the PDF, typeset again" in printed
    assert "is the same report, in all bytes" in printed


def test_each_file_with_a_flipped_bit_is_named(tiny, pdf, said, monkeypatch):
    attached = verify.attachments(pdf)
    monkeypatch.setattr(verify, "attachments", lambda _: dict(attached))
    files = [*said["sources"], *said["results"], *said["data"]]
    assert len(files) > 140
    for file in files[::30]:
        if not (tiny / file).stat().st_size:  # an empty __init__.py
            continue
        with flipped(tiny / file):
            assert any(file in what for what in differing(pdf)), file


def test_an_attachment_with_another_content_is_named(pdf, tmp_path):
    for name in ("final.csv", "gradient_check.csv"):
        writer = pypdf.PdfWriter(clone_from=pdf)
        (attachment,) = (a for a in writer.attachment_list if a.name == name)
        changed = bytearray(attachment.content)
        changed[-2] ^= 1
        attachment.content = bytes(changed)
        writer.write(tmp_path / "forged.pdf")
        found = differing(tmp_path / "forged.pdf")
        assert f"results/{name}, among the tables attached to the PDF" in found


def test_what_is_not_here_cannot_be_told(tiny, tmp_path, monkeypatch, capsys):
    clone = copy_of_project(tmp_path)
    shutil.copy(tiny / "src" / "sitecustomize.py", clone / "src")
    monkeypatch.setattr(verify, "PROJECT", clone)
    assert answer(monkeypatch, tiny / "report" / "report.pdf") == 3
    assert "there are none here: REBUILD=1 makes them" in capsys.readouterr().out
    (clone / "src" / "mlp" / "outputs.py").unlink()
    assert answer(monkeypatch, tiny / "report" / "report.pdf") == 1
    printed = capsys.readouterr().out
    assert "which are missing: src/mlp/outputs.py" in printed


def test_a_file_here_that_no_build_has_written_is_told(tiny, pdf):
    with flipped(tiny / "report" / "ledger.json", position=0):
        (found,) = differing(pdf)
    assert "holds what no build has written" in found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        (b"", "cannot be read as a PDF"),
        (b"no PDF at all", "cannot be read as a PDF"),
        ("blank", "has no provenance.json attached to it"),
        (b"{}", "its provenance.json cannot be read"),
        (b'["sources"]', "its provenance.json cannot be read"),
        (b"\xff", "its provenance.json cannot be read"),
    ],
)
def test_without_a_provenance_there_is_one_clear_line(tmp_path, content, message):
    file = tmp_path / "x.pdf"
    if isinstance(content, bytes) and message.startswith("cannot"):
        file.write_bytes(content)
    elif content is not None:
        writer = pypdf.PdfWriter()
        writer.add_blank_page(100, 100)
        if content != "blank":
            writer.add_attachment("provenance.json", content)
        writer.write(file)
    with pytest.raises(SystemExit) as error:
        verify.verify(file)
    assert message in str(error.value)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_files_outside_of_the_project_are_left_alone(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "project").mkdir()
    monkeypatch.setattr(verify, "PROJECT", tmp_path / "project")
    assert verify.digests(["../secret", str(tmp_path / "secret"), "/dev/zero"]) == {}


def test_a_source_edited_during_the_run_stops_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    (start,) = contents({"a.py": tmp_path / "a.py"})
    sources = dict([start.split()])
    assert digest_sources(sources)["a.py"].startswith(sources["a.py"])
    (tmp_path / "a.py").write_text("x = 2\n")
    with pytest.raises(SystemExit, match=r"^a\.py has changed during the run"):
        digest_sources(sources)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a blank page with the genuine attachments", 1),
        ("another digit on page 9", 1),
        ("two figures swapped", 1),
        ("a curve moved", 1),
        ("a white area over the text", 3),
        ("a note over the text", 1),
        ("another cell that is not printed", 1),
        ("another run", 1),
        ("no sources", 1),
        ("better results, said to be of another Python", 1),
        ("better results, said to be native", 3),
        ("another number in the text", 1),
    ],
)
def test_a_forgery_is_no_report_of_here(pdf, name, code):
    assert outcome(pdf.read_bytes(), FORGERIES[name])[0] == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pypdf, compressed", 0),
        ("pdfium", 0),
        ("Python 3.13.5", 0),
        ("another Python and last digits", 0),
        ("TeX without compression", 0),
        ("TeX that breaks pages otherwise", 3),
        ("ARM", 3),
    ],
)
def test_an_honest_report_is_not_another_one(pdf, name, code):
    assert outcome(pdf.read_bytes(), HONEST[name])[0] == code


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    (folder / "src").mkdir(parents=True)
    (folder / "course").mkdir()
    for name in ("README.md", "src/a.py", "course/preamble.tex", "Snakefile"):
        (folder / name).write_text("x\n")
    monkeypatch.setattr("workflow.commit.SOURCE", folder / "src")
    commit_all(folder)
    return folder


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("README.md", False),
        ("src/__pycache__/a.pyc", False),
        ("src/.a.py.swp", False),
        ("src/a.py", True),
        ("src/new.py", True),
        ("course/preamble.tex", True),
    ],
)
def test_what_counts_as_uncommitted(repository, file, changed):
    folders = ["src", "course", "../elsewhere"]
    assert not commit(folders).uncommitted_changes
    (repository / file).parent.mkdir(exist_ok=True)
    (repository / file).write_text("other\n")
    found = commit(folders)
    assert found.uncommitted_changes is changed
    assert found.name == found.hash[:12] + " with uncommitted changes" * changed
    both = found._replace(uncommitted_changes=True, another_configuration=True)
    assert both.name.endswith(" with uncommitted changes and another configuration")

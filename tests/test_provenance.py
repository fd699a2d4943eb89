"""Where results come from, and whether a report belongs to what is here."""

import json
import os
import re
import shutil
from contextlib import contextmanager

import pypdf
import pytest

from mlp.document import facsimile, verify
from mlp.document.facsimile import DIFFERS, SAME, UNCHECKED
from mlp.document.pdf import ReportError
from mlp.document.provenance import Commit, digest_sources
from tests.tools.forgeries import FORGERIES, HONEST, outcome, typeset_once
from tests.tools.project import PROJECT, commit_all, copy_of_project, ran, step
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


@pytest.fixture(scope="module", name="tiny")
def own_tiny(tiny):
    """A copy of the tiny run, to change while others use that."""
    return tiny.with_name("copy_of_tiny")


@pytest.fixture
def pdf(tiny, monkeypatch):
    monkeypatch.chdir(tiny)
    monkeypatch.setattr("workflow.commit.SOURCE", tiny / "src")
    monkeypatch.setattr(verify, "typeset_again", typeset_once)
    return tiny / "report" / "report.pdf"


@pytest.fixture
def said(pdf):
    return json.loads((pdf.parent / "provenance.json").read_text())


def answer(pdf):
    with pytest.raises(SystemExit) as ended:
        step(verify, pdf=pdf, rebuild="")
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
    command = (
        "git ls-files --cached --others --exclude-standard -- "
        "src templates workflow Snakefile config.yaml requirements.txt"
    )
    listed = ran(command.split(), code=0, cwd=PROJECT)
    recorder = {"src/sitecustomize.py"}  # of the fixture
    assert set(said["sources"]) == {*listed.stdout.splitlines()} | recorder
    assert said["config"]["final"]["seeds"] == [2, 3]
    assert said["results"]["results/final.csv"]["rule"] == "final"
    assert said["results"]["results/final/seed=2/result.csv"]["rule"] == "train_final"
    assert said["results"]["report/report.tex"]["rule"] == "render"


def test_a_report_is_that_of_its_project(pdf, tmp_path, capsys):
    received = tmp_path / "by mail.pdf"
    received.write_bytes(pdf.read_bytes())
    assert answer(received) == 0
    printed = capsys.readouterr().out
    for what in ("tables attached to", "sources of", "results here", "claims in"):
        assert re.search(rf"^same: [1-9]\d* {what}", printed, re.MULTILINE)
    assert "same: all bytes of the PDF, typeset again" in printed
    assert "is the same report, in all bytes" in printed


def test_each_file_with_a_flipped_bit_is_named(tiny, pdf, said):
    files = [*said["sources"], *said["results"], *said["data"]]
    assert len(files) > 140
    for file in files[::30]:
        if not (tiny / file).stat().st_size:  # an empty __init__.py
            continue
        with flipped(tiny / file):
            assert any(file in what for what in differing(pdf)), file


def test_what_is_not_here_cannot_be_told(tiny, tmp_path, monkeypatch, capsys):
    clone = copy_of_project(tmp_path)
    shutil.copy(tiny / "src" / "sitecustomize.py", clone / "src")
    monkeypatch.chdir(clone)
    monkeypatch.setattr("workflow.commit.SOURCE", clone / "src")
    assert answer(tiny / "report" / "report.pdf") == 3
    printed = capsys.readouterr().out
    assert "there are none here: REBUILD=1 makes them" in printed
    assert "alike: the commit: this folder is no clone and no archive; its" in printed
    (clone / "src" / "mlp" / "outputs.py").unlink()
    assert answer(tiny / "report" / "report.pdf") == 1
    printed = capsys.readouterr().out
    assert "which are missing: src/mlp/outputs.py" in printed


def test_a_file_here_that_no_build_has_written_is_told(tiny, pdf):
    with flipped(tiny / "report" / "ledger.json", position=0):
        (found,) = differing(pdf)
    assert "does not say where it comes from" in found


@pytest.mark.parametrize("content", [None, b"", b"no PDF at all"])
def test_a_file_that_is_no_pdf_is_told_in_one_line(tmp_path, content):
    file = tmp_path / "x.pdf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ReportError, match=rf"^{file}(: No such| cannot be read).*\Z"):
        verify.verify(file)


def test_a_report_that_is_encrypted_is_told_to_be(tmp_path, monkeypatch, capsys):
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "x.pdf")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert answer("~/x.pdf") == 3
    assert capsys.readouterr().err.startswith(f"{tmp_path}/x.pdf is encrypted; write")


@pytest.mark.parametrize("content", [None, b"{}", b'["sources"]', b"\xff"])
def test_without_a_provenance_there_is_one_clear_line(tmp_path, content):
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    if content is not None:
        writer.add_attachment("provenance.json", content)
    file = tmp_path / "x.pdf"
    writer.write(file)
    with pytest.raises(ReportError, match=rf"^{file} does not say where .*\Z"):
        verify.verify(file)


def test_files_outside_of_the_project_are_left_alone(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
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


PROGRAMS = ("qpdf", "gs", "mutool", "pdftk", "pdftocairo", "pdfunite")
FORGED = {
    "a blank page with the genuine attachments": 1,
    "another digit on page 9": 1,
    "two figures swapped": 1,
    "a curve moved": 1,
    "a white area over the text": 3,
    "pale words as drawings": 3,
    "a note over the text": 1,
    "two links swapped": 3,
    "a layer": 1,
    "another heading among the contents": 1,
    "a heading more": 1,
    "another title for other viewers": 3,
    "another table for other viewers": 1,
    "other words, and their source attached": 1,
    "another cell": 1,
    "another cell that is not printed": 1,
    "another run": 1,
    "no sources": 1,
    "a number less in the ledger": 1,
    "a word of praise": 1,
    "better results, said to be of another Python": 1,
    "better results, said to be native": 3,
}
GENUINE = {
    "pypdf, compressed": 0,
    "pypdf, without metadata": 3,
    "mutool, in other words": 3,
    "pdfium": 0,
    "Python 3.13.5": 0,
    "another Python and last digits": 0,
    "TeX without compression": 0,
    "TeX that breaks pages otherwise": 3,
    "native, the same digits": 3,
}


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        pytest.param(
            name,
            [known[name]] if name in known else others,
            marks=[] if name in known else [pytest.mark.campaign],
        )
        for cases, known, others in (
            (FORGERIES, FORGED, [1, 3]),
            (HONEST, GENUINE, [0, 3]),
        )
        for name in cases
    ],
)
def test_a_forgery_is_not_the_report_of_here_and_an_honest_one_no_other(
    pdf, name, codes
):
    program = name.split()[0].strip(",")
    if program in PROGRAMS and not shutil.which(program):
        pytest.skip(f"needs {program}")
    change = (FORGERIES | HONEST)[name]
    assert outcome(pdf.read_bytes(), change) in codes


def test_what_another_program_makes_of_a_report_is_not_another_one():
    """As Ghostscript, which draws figures on the page and loses signs."""
    assert facsimile.same_but_signs("x»y=2²", "x⊙y=→²")
    assert not facsimile.same_but_signs("x⊙y=→3", "x⊙y=→2")
    assert not facsimile.same_but_signs("x⊙y=→23", "x⊙y=→2")
    outcomes = {"abc": SAME, "ax": UNCHECKED, "acb": DIFFERS, "axc": DIFFERS}
    for there, expected in outcomes.items():
        ((found, _),) = facsimile.compare_figures([*there], [*"abc"], exact=True)
        assert found == expected, there


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
    assert not commit(folders)["uncommitted_changes"]
    (repository / file).parent.mkdir(exist_ok=True)
    (repository / file).write_text("other\n")
    assert commit(folders)["uncommitted_changes"] is changed


def test_a_commit_is_written_in_words():
    commit = Commit("a" * 40, 86400, False, False)
    assert commit.name == "a" * 12
    assert commit.revision == "swh:1:rev:" + "a" * 40
    assert commit.date == "2 January 1970"
    changed = commit._replace(uncommitted_changes=True, another_configuration=True)
    words = "with uncommitted changes and another configuration"
    assert (changed.name, changed.revision) == ("a" * 12 + f" {words}", "")
    unknown = Commit("unknown", 0, False, False)
    assert unknown[:1] == (unknown.name,)
    assert unknown.revision == unknown.date == ""

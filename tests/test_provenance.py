"""Where results come from, and whether a report belongs to what is here."""

import json
import os
import random
import re
import shutil
import subprocess
from contextlib import contextmanager

import pypdf
import pytest

from mlp.document import verify
from mlp.document.provenance import digest_sources
from tests.tools.project import PROJECT, copy_of_project
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


@pytest.fixture
def said(pdf):
    return json.loads((pdf.parent / "provenance.json").read_text())


def main(monkeypatch, pdf):
    monkeypatch.setattr("sys.argv", ["verify", str(pdf)])
    verify.main()


def differing(pdf):
    return [what for verdict, what in verify.verify(pdf) if verdict == verify.DIFFERS]


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


def test_a_report_belongs_to_its_project(tiny, pdf, tmp_path, monkeypatch, capsys):
    received = tmp_path / "by mail.pdf"
    received.write_bytes(pdf.read_bytes())
    main(monkeypatch, received)
    printed = capsys.readouterr().out
    assert re.search(r"^same: \d\d tables attached$", printed, re.MULTILINE)
    assert re.search(r"^same: \d\d sources$", printed, re.MULTILINE)
    assert "same: 4 data files" in printed
    assert "same: the pages, typeset again" in printed
    assert "not checked" not in printed


def test_each_file_with_a_flipped_bit_is_named(tiny, pdf, said, monkeypatch):
    attached = verify.attachments(pdf)
    monkeypatch.setattr(
        verify, "attachments", lambda _: dict(attached)
    )  # once is enough
    files = [
        *said["sources"],
        *said["results"],
        *said["data"],
        "report/provenance.json",
    ]
    assert len(files) > 140
    for file in files:
        if not (tiny / file).stat().st_size:  # an empty __init__.py
            continue
        with flipped(tiny / file):
            (found,) = differing(pdf)
        assert found.startswith(f"{file}, among the ")


def test_an_attachment_with_another_content_is_named(pdf, tmp_path):
    for name in ("final.csv", "gradient_check.csv"):
        writer = pypdf.PdfWriter(clone_from=pdf)
        (attachment,) = (a for a in writer.attachment_list if a.name == name)
        changed = bytearray(attachment.content)
        changed[-2] ^= 1
        attachment.content = bytes(changed)
        writer.write(tmp_path / "forged.pdf")
        found = differing(tmp_path / "forged.pdf")
        assert found == [f"results/{name}, among the tables attached"]


def test_a_pdf_with_a_flipped_bit_is_refused(pdf, tmp_path, monkeypatch):
    original = pdf.read_bytes()
    monkeypatch.setattr(verify, "typeset", lambda *_: original)  # saves its time
    rng = random.Random(0)
    for position in rng.sample(range(len(original)), 20):
        changed = bytearray(original)
        changed[position] ^= 1 << rng.randrange(8)
        (tmp_path / "changed.pdf").write_bytes(changed)
        with pytest.raises(SystemExit):
            main(monkeypatch, tmp_path / "changed.pdf")


def test_what_is_not_here_is_not_checked(tiny, said, tmp_path, monkeypatch, capsys):
    clone = copy_of_project(tmp_path)
    shutil.copy(tiny / "src" / "sitecustomize.py", clone / "src")
    monkeypatch.setattr(verify, "PROJECT", clone)
    main(monkeypatch, tiny / "report" / "report.pdf")
    printed = capsys.readouterr().out
    assert "not checked: 4 data files, which are missing: data/MNIST/t10k" in printed
    assert re.search(r"not checked: \d+ results, which are missing: ", printed)
    assert "not checked: the pages" in printed
    (clone / "src" / "mlp" / "outputs.py").unlink()
    with pytest.raises(SystemExit, match="does not belong to what is here"):
        main(monkeypatch, tiny / "report" / "report.pdf")
    printed = capsys.readouterr().out
    assert "differs: 1 sources, which are missing: src/mlp/outputs.py" in printed


def test_of_another_commit_only_the_data_are_checked(pdf, tiny, said, monkeypatch):
    read = verify.read
    other = lambda content: read(content)._replace(commit="a" * 40)  # noqa: E731
    monkeypatch.setattr(verify, "read", other)
    monkeypatch.setattr(verify, "checked_out", lambda: "b" * 40)
    with flipped(tiny / "Snakefile"):
        verdicts = verify.verify(pdf)
    assert not verify.differ(verdicts)
    message = "sources and results: the report is of commit aaaaaaaaaaaa, checked out"
    assert any(message in what for _, what in verdicts)
    assert (verify.SAME, "4 data files") in verdicts


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


def test_sources_outside_of_the_project_are_not_checked(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.setattr(verify, "PROJECT", tmp_path / "project")
    monkeypatch.setattr(verify, "checked_out", lambda: "a" * 40)
    name = str(tmp_path / "course" / "preamble.tex")
    report = verify.Provenance("a" * 40, 0, [], {}, {name: "b" * 64}, {})
    assert verify.compare_with_project(report) == [
        (verify.UNCHECKED, f"sources outside of the project: {name}")
    ]


def test_a_source_edited_during_the_run_stops_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    (start,) = contents({"a.py": tmp_path / "a.py"})
    sources = dict([start.split()])
    assert digest_sources(sources)["a.py"].startswith(sources["a.py"])
    (tmp_path / "a.py").write_text("x = 2\n")
    with pytest.raises(SystemExit, match=r"^a\.py has changed during the run"):
        digest_sources(sources)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    (folder / "src").mkdir(parents=True)
    (folder / "course").mkdir()
    for name in ("README.md", "src/a.py", "course/preamble.tex", "Snakefile"):
        (folder / name).write_text("x\n")
    monkeypatch.setattr("workflow.commit.SOURCE", folder / "src")
    identity = ["-c", "user.name=A", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
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

"""The workflow as its users meet it: a whole small run, reruns, and error messages.

The tests of the class share one run of the pipeline on real images, in a copy of the
project, with ``tests/tiny.yaml``.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pypdf
import pytest

from workflow.provenance import SOURCE, imported

PROJECT = SOURCE.parent
RULES = "\n".join(p.read_text() for p in sorted(PROJECT.glob("workflow/rules/*.smk")))
STEPS = sorted(set(re.findall(r"python -m (mlp[\w.]+)", RULES)))


def copy_of_project(folder):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    return folder


def snakemake(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )


def scheduled(folder, *arguments):
    """Ask which rules would run, and how often."""
    tiny = ["--configfile", "tests/tiny.yaml"]
    dry = snakemake(folder, "--dry-run", *tiny, *arguments)
    assert dry.returncode == 0, dry.stdout + dry.stderr
    if "Nothing to be done" in dry.stdout + dry.stderr:
        return {}
    table = (dry.stdout + dry.stderr).partition("Job stats:")[2]
    rows = re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)
    return {name: int(count) for name, count in rows if name not in ("total", "all")}


@pytest.mark.parametrize("step", STEPS)
def test_the_code_of_a_step_covers_all_that_it_imports(step):
    script = (
        f"import sys, {step}\n"
        "print(*(name for name in sys.modules if name.partition('.')[0] == 'mlp'))"
    )
    command = [sys.executable, "-c", script]
    printed = subprocess.run(
        command, cwd=PROJECT, env=os.environ | {"PYTHONPATH": "src"}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    really_imported = set(printed.stdout.split())
    assert step in really_imported
    assert really_imported <= set(imported(step))


def test_each_rule_declares_the_code_that_it_runs():
    rules = re.split(r"^rule ", RULES, flags=re.MULTILINE)[1:]
    running = [rule for rule in rules if "python -m" in rule]
    assert len(running) >= len(STEPS)
    for rule in running:
        (step,) = re.findall(r"python -m (mlp[\w.]+)", rule)
        assert f'*code("{step}"' in rule


def test_package_files_are_empty():
    assert [p for p in SOURCE.rglob("__init__.py") if p.read_text()] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("training: {epochs: 2.5}", "training.epochs: 2.5 is not of type 'integer'"),
        ("training: {epoch: 2}", r"training: .*'epoch' was unexpected"),
        ("final: {seeds: [1, 1]}", r"final.seeds: \[1, 1\] has non-unique elements"),
    ],
)
def test_a_wrong_configuration_stops_before_any_job(tmp_path, text, message):
    (tmp_path / "wrong.yaml").write_text(text)
    run = snakemake(PROJECT, "-n", "--configfile", str(tmp_path / "wrong.yaml"))
    output = run.stdout + run.stderr
    assert run.returncode != 0
    assert re.search(message, output)
    assert "Traceback" not in output
    assert "Job stats" not in output


def test_without_a_source_the_error_lists_what_each_answered(tmp_path):
    folder = copy_of_project(tmp_path)
    sources = [{"mirror": f"http://127.0.0.1:{port}/{{file}}"} for port in (9, 11)]
    dataset = {"dataset": {"sources": sources}}
    (folder / "closed.yaml").write_text(json.dumps(dataset))
    run = snakemake(folder, "--configfile", "closed.yaml", "--", "download")
    assert run.returncode != 0
    assert "http://127.0.0.1:9/{file}: " in run.stderr
    assert "http://127.0.0.1:11/{file}: " in run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert list((folder / "data").rglob("*ubyte*")) == []


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = copy_of_project(tmp_path_factory.mktemp("tiny"))
    if (PROJECT / "data").exists():
        shutil.copytree(PROJECT / "data", folder / "data")
    run = snakemake(folder, "--configfile", "tests/tiny.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="module")
def pdf_text(tiny):
    pages = pypdf.PdfReader(tiny / "report" / "report.pdf").pages
    return "\n".join(page.extract_text() for page in pages)


@pytest.mark.xdist_group("tiny")
class TestTinyRun:
    def test_the_pdf_answers_all_questions(self, pdf_text):
        for number in range(1, 8):
            assert f"Question {number}" in pdf_text
        assert "Assignment 1: Implementing an MLP using NumPy" in pdf_text

    def test_each_number_of_the_ledger_is_in_the_pdf(self, tiny, pdf_text):
        numbers = json.loads((tiny / "report" / "ledger.json").read_text())["numbers"]
        assert len(numbers) > 100
        squeezed = re.sub(r"\s", "", pdf_text).replace("\u2212", "-")
        for entry in numbers:
            mantissa = entry["printed"].partition("e")[0]
            assert mantissa in squeezed, entry

    def test_each_number_of_the_ledger_is_in_its_file(self, tiny):
        numbers = json.loads((tiny / "report" / "ledger.json").read_text())["numbers"]
        for entry in numbers:
            if entry["table"].endswith(".csv"):
                table = pd.read_csv(tiny / "results" / entry["table"])
                assert float(table.loc[entry["row"], entry["column"]]) == entry["value"]

    def test_the_tables_have_their_rows_and_columns(self, tiny):
        check = pd.read_csv(tiny / "results" / "gradient_check.csv")
        assert (check["point"] == "assignment").sum() == 17
        rates = pd.read_csv(tiny / "results" / "learning_rates.csv")
        assert rates["learning_rate"].tolist() == [0.01, 0.3]
        assert rates["n"].tolist() == [2, 2]
        assert {"validation_accuracy_mean", "validation_loss_std"} <= set(rates)
        final = pd.read_csv(tiny / "results" / "final.csv")
        assert final["seed"].tolist() == [2, 3]
        assert final["test_accuracy"].min() > 0.8
        assert {"test_loss", "test_errors"} <= set(final)

    def test_nothing_generated_is_tracked_by_git(self, tiny):
        ignored = subprocess.run(
            ["git", "check-ignore", "--no-index", "--stdin"],
            cwd=PROJECT,
            input="data/x\nresults/x\nlogs/x\nreport/report.pdf\nreport/README.md\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert "report/README.md" not in ignored.stdout
        assert len(ignored.stdout.splitlines()) == 4

    def test_a_second_run_has_nothing_to_do(self, tiny):
        assert scheduled(tiny) == {}

    def test_a_touch_has_no_effect(self, tiny):
        for folder in ("src", "templates", "data", "workflow"):
            for path in (tiny / folder).rglob("*"):
                path.touch()
        assert scheduled(tiny) == {}

    @pytest.mark.parametrize(
        ("file", "expected"),
        [
            (
                "src/mlp/networks/sgd.py",
                {
                    "train": 6,
                    "mnist_runs": 1,
                    "mnist_figures": 1,
                    "learning_rate_sweep": 1,
                    "sweep_figures": 1,
                    "train_final": 2,
                    "final": 1,
                    "final_figures": 1,
                    "render": 1,
                    "report": 1,
                },
            ),
            ("src/mlp/figures/sweep.py", {"sweep_figures": 1, "report": 1}),
            ("src/mlp/document/typeset.py", {"report": 1}),
            ("templates/question1.tex", {"render": 1, "report": 1}),
            (
                "src/mlp/summaries/final.py",
                {"final": 1, "final_figures": 1, "render": 1, "report": 1},
            ),
            (
                "src/mlp/networks/local_derivatives.py",
                {"softmax": 1, "render": 1, "report": 1},
            ),
            ("README.md", {}),
        ],
    )
    def test_an_edit_reschedules_exactly_what_depends_on_it(self, tiny, file, expected):
        path = tiny / file
        before, times = path.read_bytes(), os.stat(path)
        path.write_bytes(before + b"\n# an edit\n")
        try:
            assert scheduled(tiny) == expected
        finally:
            path.write_bytes(before)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"report": {"author": "B"}}, {"render": 1, "report": 1}),
            (
                {"synthetic": {"seeds": [0, 1, 2]}},
                {
                    "train_synthetic": 1,
                    "synthetic": 1,
                    "synthetic_figures": 1,
                    "render": 1,
                    "report": 1,
                },
            ),
            (
                {"gradient_check": {"random_points": 4}},
                {"gradient_check": 1, "render": 1, "report": 1},
            ),
        ],
    )
    def test_a_setting_reschedules_exactly_what_depends_on_it(
        self, tiny, change, expected
    ):
        (tiny / "change.yaml").write_text(json.dumps(change))
        files = ["--configfile", "tests/tiny.yaml", "change.yaml"]
        assert scheduled(tiny, *files) == expected

    def test_a_single_rule_can_be_rerun(self, tiny):
        assert scheduled(tiny, "--force", "gradient_check") == {"gradient_check": 1}

    def test_only_the_final_runs_depend_on_the_test_set(self, tiny):
        summary = snakemake(
            tiny, "--configfile", "tests/tiny.yaml", "--detailed-summary"
        )
        lines = [line.split("\t") for line in summary.stdout.splitlines()]
        header = next(line for line in lines if line[0] == "output_file")
        files = [dict(zip(header, line)) for line in lines if len(line) == len(header)]
        readers = {f["rule"] for f in files if "t10k" in f["input-file(s)"]}
        assert readers == {"train_final"}
        assert "train" in {f["rule"] for f in files}

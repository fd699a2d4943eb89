"""A whole run on real images, with ``tests/tiny.yaml``.

The tests share the run, in a copy of the project; none of them changes its results.
"""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter

import pandas as pd
import pypdf
import pytest
import yaml
from selenium.webdriver.common.by import By

from tests.tools.browser import chromium, press, show, wait
from tests.tools.project import PROJECT, offline, ran, schedule, snakemake

QUESTIONS = yaml.safe_load((PROJECT / "templates/page/questions.yaml").read_text())
CATEGORIES = ["Document", *(f"Question {number}" for number in QUESTIONS)]


@pytest.fixture(scope="module")
def summary(plan_of_tiny):
    """What Snakemake says of each output, by column."""
    _, listing = plan_of_tiny("--detailed-summary")
    lines = [line.split("\t") for line in listing.splitlines()]
    start = next(i for i, line in enumerate(lines) if line[0] == "output_file")
    header, *rows = lines[start:]
    return [dict(zip(header, row)) for row in rows]


@pytest.fixture(scope="module")
def pdf_text(tiny):
    pages = pypdf.PdfReader(tiny / "report" / "report.pdf").pages
    return "\n".join(page.extract_text() for page in pages)


@pytest.fixture(scope="module")
def page(tiny):
    report = ["--report", "report/report.html", "--report-after-run"]
    tiny_report = ["--configfile", "tests/tiny.yaml", *report, "--", "report", "pages"]
    snakemake(tiny, *tiny_report, code=0)
    return tiny / "report" / "report.html"


@pytest.fixture(scope="module")
def browser(page, tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


def test_the_rules_write_what_they_declare_and_nothing_else(summary, tiny):
    written = set(json.loads(tiny.with_name("written.json").read_text()))
    rows = [row for row in summary if not row["output_file"].startswith("data/")]
    outputs = {row["output_file"] for row in rows}
    logs = {row["log-file(s)"] for row in rows}
    benchmarks = {re.sub(r"^logs/(.*)txt$", r"benchmarks/\1tsv", log) for log in logs}
    benchmarks -= {"benchmarks/manifest.tsv"}  # it takes no time
    records = {name for name in written if re.search(r"/\.\w+\.json$", name)}
    assert {re.sub(r"[^/]*$", "", name) for name in records} == {
        re.sub(r"[^/]*$", "", name) for name in outputs if "pages" not in name
    } | {"report/"}
    assert written - records == outputs | logs | benchmarks


def test_the_rules_leave_nothing_outside(tiny):
    home, temporary = tiny.with_name("home"), tiny.with_name("tmp")
    left = [p for folder in (home, temporary) for p in folder.rglob("*") if p.is_file()]
    # but for Matplotlib's list of fonts, made once for a user
    assert {p.parent for p in left} <= {home / ".cache" / "matplotlib"}


def test_the_run_had_no_network(tiny):
    if not (prefix := offline()):
        pytest.skip("this user may not make network namespaces here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"import socket; socket.create_connection({server.getsockname()})"
        command = [sys.executable, "-c", connect]
        subprocess.run(command, check=True)
        cut_off = subprocess.run([*prefix, *command], capture_output=True, check=False)
    assert cut_off.returncode != 0


def test_the_pdf_answers_all_questions(pdf_text):
    for number in range(1, 8):
        assert f"Question {number}" in pdf_text
    assert "Assignment 1: Implementing an MLP using NumPy" in pdf_text


def test_the_pdf_has_each_number_as_often_as_the_ledger(tiny, pdf_text):
    numbers = json.loads((tiny / "report" / "ledger.json").read_text())["numbers"]
    assert len(numbers) > 100
    mantissas = (entry["printed"].lstrip("-").partition("e")[0] for entry in numbers)
    for printed, times in Counter(mantissas).items():
        digits = r"\s?".join(map(re.escape, printed))  # groups of three, with a space
        number = rf"(?<![\d.]){digits}(?!\d|\.\d)"
        assert len(re.findall(number, pdf_text)) >= times, printed


def test_each_number_of_the_ledger_is_in_its_file(tiny):
    numbers = json.loads((tiny / "report" / "ledger.json").read_text())["numbers"]
    for entry in numbers:
        if entry["table"].endswith(".csv"):
            table = pd.read_csv(tiny / "results" / entry["table"])
            assert float(table.loc[entry["row"], entry["column"]]) == entry["value"]


def test_the_tables_have_their_rows_and_columns(tiny):
    check = pd.read_csv(tiny / "results" / "gradient_check.csv")
    assert (check["point"] == "assignment").sum() == 17
    rates = pd.read_csv(tiny / "results" / "learning_rates.csv")
    assert rates["learning_rate"].tolist() == [0.01, 0.3, 1.0]
    assert rates["n"].tolist() == [2, 2, 2]
    final = pd.read_csv(tiny / "results" / "final.csv")
    assert final["seed"].tolist() == [2, 3]
    assert final["test_accuracy"].min() > 0.8


def test_nothing_generated_is_tracked_by_git(tiny):
    ignored = ran(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=PROJECT,
        input="data/x\nresults/x\nlogs/x\nreport/report.pdf\nreport/README.md\n",
    )
    assert "report/README.md" not in ignored.stdout
    assert len(ignored.stdout.splitlines()) == 4


def test_a_single_rule_can_be_rerun(plan_of_tiny):
    _, printed = plan_of_tiny("--force", "gradient_check")
    assert schedule(printed) == {"gradient_check": 1}


def test_only_the_final_runs_depend_on_the_test_set(summary):
    readers = {row["rule"] for row in summary if "t10k" in row["input-file(s)"]}
    assert readers == {"train_final"}
    assert "train" in {row["rule"] for row in summary}


def test_a_template_of_another_class_and_odd_text(tiny, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(tiny, folder, symlinks=True)
    author = r"A_B & {C}\input{x} ^~#$% Łukasz 'quoted' --x--"
    report = {
        "author": author,
        "template": "tests/two_columns",
        "title": r"\immediate\write18{touch ran} \VAR{7 * 7} \BLOCK{if 0}",
        "student_number": "$(touch ran) `touch ran`; touch ran",
        "course": "{wildcards} {input[0]} %(x)s ' \" touch ran",
        "date": "--output x; touch ran",
    }
    (folder / "other.yaml").write_text(json.dumps({"report": report}))
    files = ["--configfile", "tests/tiny.yaml", "other.yaml"]
    snakemake(folder, *files, code=0)

    reader = pypdf.PdfReader(folder / "report" / "report.pdf")
    assert reader.metadata.author == author
    first_page = re.sub(r"\s", "", reader.pages[0].extract_text())
    for key in ("author", "title", "student_number", "course", "date"):
        assert report[key].replace(" ", "") in first_page
    assert list(folder.rglob("ran")) == []
    assert (
        r"\documentclass[10pt,a4paper,twocolumn]{scrartcl}"
        in (folder / "report" / "report.tex").read_text()
    )


def test_the_page_has_the_questions_in_order(browser, page):
    browser.get(page.as_uri())
    wait(browser, lambda b: b.find_elements(By.LINK_TEXT, "Document"))
    entries = [entry.text for entry in browser.find_elements(By.TAG_NAME, "a")]
    assert [entry for entry in entries if entry.startswith(("Doc", "Q"))] == CATEGORIES


def test_the_page_has_the_pdf(browser, page, tiny):
    frame = show(browser, page, "Document")
    kind, _, content = frame.get_attribute("src").partition(",")
    assert kind.startswith("data:application/pdf")
    assert base64.b64decode(content) == (tiny / "report" / "report.pdf").read_bytes()


@pytest.mark.parametrize("number", QUESTIONS)
def test_the_page_shows_each_figure_and_table_with_its_caption(
    browser, page, tiny, number
):
    browser.switch_to.frame(show(browser, page, f"Question {number}"))
    question = QUESTIONS[number]
    assert browser.find_element(By.TAG_NAME, "h1").text.endswith(question["title"])
    shown = browser.find_elements(By.TAG_NAME, "figure")
    assert len(shown) == len(question["shows"])
    for figure, (file, caption) in zip(shown, question["shows"].items()):
        below = figure.find_element(By.TAG_NAME, "figcaption")
        assert below.is_displayed()
        assert below.text == f"{caption} {file}"
        if file.endswith(".svg"):
            image = figure.find_element(By.TAG_NAME, "img")
            assert image.is_displayed()
            assert int(image.get_property("naturalWidth")) > 300
            assert image.size["width"] >= int(image.get_property("naturalWidth"))
        else:
            table = pd.read_csv(tiny / file)
            assert figure.find_element(By.TAG_NAME, "table").is_displayed()
            rows = figure.find_elements(By.CSS_SELECTOR, "tbody tr")
            assert len(rows) == len(table)
            first = rows[0].find_element(By.TAG_NAME, "td")
            assert first.is_displayed()
            assert first.text == str(table.iloc[0, 0])


@pytest.mark.parametrize(("entry", "graphs"), [("Workflow", 1), ("Statistics", 2)])
def test_the_page_shows_rules_and_run_times(browser, page, entry, graphs):
    browser.get(page.as_uri())
    press(browser, entry)
    drawn = wait(
        browser, lambda b: b.find_elements(By.CSS_SELECTOR, "canvas.marks, svg.marks")
    )
    assert len(drawn) == graphs
    for graph in drawn:
        assert graph.is_displayed()
        assert graph.size["height"] > 300


def test_the_page_has_no_error_and_no_need_of_a_network(browser, page):
    for category in CATEGORIES:
        show(browser, page, category)
    messages = browser.get_log("browser")
    assert [each for each in messages if each["level"] == "SEVERE"] == []
    events = [
        json.loads(e["message"])["message"] for e in browser.get_log("performance")
    ]
    asked = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    inside = ("data:", "chrome:", "chrome-extension:")  # the last two for PDFs
    assert {url for url in asked if not url.startswith(inside)} == {page.as_uri()}


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core, which knows what makes a page hard to use for some."""
    folder = tmp_path_factory.mktemp("axe")
    npm = ["npm", "install", "--silent", "--prefix", folder, "axe-core@4.14.1"]
    if not shutil.which("npm") or subprocess.run(npm, check=False).returncode != 0:
        pytest.skip("needs npm and a registry of packages for it")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


def test_the_pages_can_be_used_by_all(browser, page, tiny, axe):
    for path in sorted((tiny / "results" / "pages").glob("*.html")):
        browser.get(path.as_uri())
        browser.execute_script(axe)
        found = browser.execute_async_script("axe.run().then(arguments[0])")
        assert not [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]]


def test_the_numbers_of_a_page_can_be_searched_and_sorted(browser, page, tiny):
    browser.get((tiny / "results" / "pages" / "question_7.3.html").as_uri())
    rows = "return [...document.querySelectorAll('#numbers tbody tr')]"
    browser.find_element(By.CSS_SELECTOR, "[data-rows=numbers]").send_keys("_loss_mean")
    seen = browser.execute_script(
        f"{rows}.filter(row => !row.hidden).map(row => row.cells[4].textContent)"
    )
    assert seen
    assert all("_loss_mean" in column for column in seen)
    press(browser, "#numbers th:nth-child(2) button", By.CSS_SELECTOR)
    values = browser.execute_script(f"{rows}.map(row => +row.cells[1].textContent)")
    assert values == sorted(values)
    assert len(set(values)) > 1


def test_results_of_other_settings_get_into_no_report(tiny, tmp_path):
    """Whatever Snakemake remembers."""
    copy = shutil.copytree(
        tiny, tmp_path / "copy", ignore=shutil.ignore_patterns(".snakemake")
    )
    for file in (copy / "data").rglob("*"):  # else another test's touch redoes all
        os.utime(file, (0, 0))
    (copy / "other.yaml").write_text("dataset: {validation_size: 57000}")
    (copy / "templates" / "question1.tex").touch()
    files = ["--configfile", "tests/tiny.yaml", "source.yaml", "other.yaml"]
    run = snakemake(copy, "--cores", "2", *files)
    assert run.returncode == 1
    assert (
        "was made with validation_size 58000, and not 57000" in run.stdout + run.stderr
    )


def test_fewer_triggers_are_refused(plan_of_tiny):
    code, printed = plan_of_tiny("--rerun-triggers", "mtime")
    assert code == 1
    assert "--rerun-triggers leaves out code, input, params" in printed

"""From a number in the PDF to where it came from, and from one report to the next."""

import copy
import csv
import re

import pytest

from mlp.document import compare, trace
from mlp.document.pdf import Report

EXPONENT = re.compile(r"e.*")


@pytest.fixture
def report(tiny):
    return Report(tiny / "report" / "report.pdf")


def changed(report, **parts):
    """Copy a report and replace what it says, by part and key."""
    other = copy.copy(report)
    for part, values in parts.items():
        setattr(other, part, copy.deepcopy(getattr(report, part)) | values)
    return other


def test_each_linked_number_is_found_where_it_is_printed(report):
    numbers = report.ledger["numbers"]
    places = [(n["printed"], report.place(n)) for n in numbers if n["anchor"]]
    assert len(places) > len(numbers) / 2
    for printed, place in places:
        digits = EXPONENT.sub("", printed).lstrip("-")
        assert digits in re.sub(r"\s", "", place.words), (printed, place)


def test_a_number_of_the_abstract_is_traced_to_the_seeds(report, tiny):
    with (tiny / "results" / "final.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["choice"] == "as_assigned"]
    accuracy = sum(float(row["test_accuracy"]) for row in rows) / len(rows)
    text = "\n".join(trace.trace_number(report, f"{100 * accuracy:.2f}"))
    assert re.search(r"on page 1, the abstract: \.\.\. .*it classifies", text)
    assert re.search(r"on page \d+, 7\.4 The final network", text)
    assert "results/final_summary.csv, column mean, row 4: choice=as_assigned" in text
    assert "snakemake --force results/final_summary.csv" in text
    assert re.search(r"workflow/rules/final\.smk:\d+", text)
    assert report.provenance["commit"]["hash"] in text
    assert re.search(r"seeds +2, 3$", text, re.MULTILINE)
    assert "holds it" in text


def test_a_row_is_traced_to_the_runs_of_its_setting_alone(report):
    number = next(
        n
        for n in report.ledger["numbers"]
        if n["table"] == "learning_rates.csv" and n["keys"]["learning_rate"] == 0.3
    )
    runs = trace.runs_behind(report, number)
    assert len(runs) == 2
    assert all("/learning_rate=0.3/" in run for run in runs)


def test_a_cell_that_the_attached_table_does_not_hold_is_told(report):
    number = next(n for n in report.ledger["numbers"] if n["table"] == "softmax.csv")
    assert "holds it" in trace.check(report, number)
    assert "holds it" not in trace.check(report, number | {"value": 7.5})


def test_a_finding_is_traced_to_both_of_its_sentences(report):
    name, (sentence, *_) = next(
        (name, said)
        for name, said in report.ledger["sentences"].items()
        if name in report.ledger["findings"] and said[0]["true"] and said[0]["false"]
    )
    outcome = report.ledger["findings"][name]
    text = " ".join(" ".join(trace.trace_finding(report, name)).split())
    printed, other = sentence[str(outcome).lower()], sentence[str(not outcome).lower()]
    assert text.startswith(f"{name}: {str(outcome).lower()} rests on results/")
    assert text.index(f"printed {printed}") < text.index(f"if not {other}")
    words = " ".join(printed.split()[:4])
    assert name in " ".join(trace.trace_finding(report, words))


def test_a_finding_is_traced_to_the_numbers_it_rests_on(report, tiny):
    with (tiny / "results" / "comparisons.csv").open() as file:
        row = next(r for r in csv.DictReader(file) if r["name"] == "running_lag")
    text = " ".join(" ".join(trace.trace_finding(report, "running_lag_larger")).split())
    cells = [f"{column} {row[column]}" for column in ("n", "difference", "verdict")]
    assert [cell for cell in cells if cell not in text] == []


@pytest.mark.parametrize(
    ("ask", "what", "told"),
    [
        (
            trace.trace_number,
            "98.251",
            r"prints no 98\.251 from a table; give the digits",
        ),
        (trace.trace_number, "", "prints no such number from a table; give .* NUMBER="),
        (trace.trace_finding, "the moon", r"no finding is called 'the moon'"),
    ],
)
def test_what_is_not_printed_is_told_in_one_line(report, ask, what, told):
    with pytest.raises(SystemExit, match=told):
        list(ask(report, what))


def test_a_report_has_not_changed_from_itself(report):
    assert not any(compare.compare(report, report).values())


def test_what_changed_is_listed_by_kind(report):
    numbers = copy.deepcopy(report.ledger["numbers"])
    for number in numbers:
        if number["table"] == "final_summary.csv" and number["column"] == "mean":
            number.update(printed="1.5" + number["printed"], value=2 * number["value"])
    name = next(iter(report.ledger["findings"]))
    findings = report.ledger["findings"]
    config = copy.deepcopy(report.provenance["config"])
    config["hyperparameters"]["epochs"] = 99
    figure = "results/figures/epochs.pdf"
    results = report.provenance["results"] | {figure: {"rule": "x", "sha256": "y"}}
    other = changed(
        report,
        ledger={"numbers": numbers, "findings": findings | {name: not findings[name]}},
        provenance={"config": config, "results": results, "sources": {}},
    )
    changes = compare.compare(report, other)
    assert changes["Settings"] == ["hyperparameters.epochs: 2 -> 99"]
    assert "Snakefile: only in the old report" in changes["Sources"]
    assert not changes["Data"]
    assert not changes["Versions"]
    assert all(
        "final_summary.csv" in line for line in changes["Numbers"] if "->" in line
    )
    assert sum("->" in line for line in changes["Numbers"]) >= 4
    assert changes["Findings"][0] == f"{name}: {findings[name]} -> {not findings[name]}"
    assert changes["Figures"] == [figure]


def test_the_largest_change_of_a_question_comes_first(report):
    changes = iter([1.01, 3.0, 1.2])
    numbers = copy.deepcopy(report.ledger["numbers"])
    for number in [n for n in numbers if n["table"] == "learning_rates.csv"]:
        if number["column"] == "validation_loss_mean":
            factor = next(changes, 1)
            number["value"] *= factor
            number["printed"] = f"{number['value']:.5f}"
    lines = compare.compare(report, changed(report, ledger={"numbers": numbers}))
    pairs = [re.match(r" +(\S+) -> (\S+)", line) for line in lines["Numbers"]]
    factors = [float(pair[2]) / float(pair[1]) for pair in pairs if pair]
    assert factors == sorted(factors, reverse=True)
    assert factors[0] == pytest.approx(3, rel=0.01)

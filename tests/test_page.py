"""The pages of the questions: every result, as a reader can take it in."""

import json
import re

import pandas as pd
import pytest
import yaml

from mlp.document import pages
from tests.test_workflow import RULES
from tests.tools.project import PROJECT, step


def test_every_figure_and_table_is_on_one_page():
    made = re.findall(r'"(results/\w+\.csv)"', RULES)
    made += [f"{file}.svg" for file in re.findall(r'"(results/figures/\w+)", "', RULES)]
    questions = yaml.safe_load(
        (PROJECT / "templates/page/questions.yaml").read_text()
    ).values()
    shown = [file for question in questions for file in question["shows"]]
    assert sorted(shown) == sorted(made)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.98263, "0.98263"),
        (1.0, "1"),
        (1.2345678e-16, "1.2346e-16"),
        (float("nan"), "--"),
        (float("inf"), "inf"),
        (47040016, "47040016"),
        (True, "True"),
        ("finite_difference", "finite_difference"),
    ],
)
def test_a_cell_has_as_many_digits_as_one_can_read(value, written):
    assert pages.shorten(value) == written


def test_a_mean_stands_beside_its_standard_deviation():
    nan = float("nan")
    table = pd.DataFrame(
        {"n": [3, 1], "loss_mean": [0.123456, 2], "loss_std": [0.0321, nan], "mean": 1}
    )
    shown = pages.readable(table)
    assert list(shown) == ["n", "loss mean ± std", "mean"]
    assert shown["loss mean ± std"].tolist() == ["0.12346 ± 0.032", "2"]
    assert pages.readable(table[["loss_mean"]]).columns == ["loss mean"]


def test_a_page_is_whole_in_itself_and_escapes_what_it_shows(tmp_path):
    pd.DataFrame({"name": ["<b> & c"]}).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "b.svg").write_text("<svg/>")
    shows = {str(tmp_path / "a.csv"): "A < B", str(tmp_path / "b.svg"): '"C"'}
    questions = tmp_path / "questions.yaml"
    question = {"title": "T", "shows": shows, "describes": {[*shows][1]: '"C"'}}
    questions.write_text(yaml.safe_dump({"1": question}))
    made = {"files": [*shows], "place": "p.smk", "line": 1, "command": "c", "code": []}
    (tmp_path / "manifest.json").write_text(json.dumps({"rule": made | {"inputs": []}}))
    record = {"numbers": [], "findings": {}, "rests_on": {}, "sentences": {}}
    (tmp_path / "ledger.json").write_text(json.dumps(record))
    template = PROJECT / "templates/page/page.html"
    output = tmp_path / "1.html"
    made_by = {name: tmp_path / f"{name}.json" for name in ("ledger", "manifest")}
    step(pages, questions=questions, template=template, output=output, **made_by)
    written = output.read_text()
    assert "&lt;b&gt; &amp; c" in written
    assert "A &lt; B" in written
    assert 'alt="&#34;C&#34;"' in written
    assert re.findall(r'(?:src|href)="([^",]*)', written) == [
        "data:image/svg+xml;base64"
    ]

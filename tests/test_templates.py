"""The templates: no result is typed into them."""

import re

import pytest
import yaml
from jinja2 import nodes

from mlp.document.render import environment
from tests.test_workflow import RULES
from tests.tools.project import PROJECT

TEMPLATES = [
    path
    for path in sorted((PROJECT / "templates").glob("*.tex"))
    if path.name not in ("preamble.tex", "macros.tex")
]
# numbers that are no results: what the assignment fixes, and what words mean
GIVEN = [
    r"divided by 255",
    r"\varepsilon = 10^{-5}",
    r"4.7\,\% with 300 hidden",  # published
    r"1.6\,\% with 800 and",
    r"From a margin of 80",
    r"SHA-256",
    r"x86-64 processor",
]
NOT_TEXT = [
    r"(?<!\\)%.*",  # comments
    r"\\(?:VAR|BLOCK)\{(?:[^{}]|\{[^{}]*\})*\}",
    r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}",
    r"\\begin\{(?:equation|gather)\}.*?\\end\{(?:equation|gather)\}",
    r"\\begin\{tabular\}\{.*?\n +\}\n",
    r"\\begin\{tabular\}\{[^}]*\}",
    r"\\(?:label|cite|cref|Cref|file|cmidrule|multicolumn|setlength|\w*skip)"
    r"(?:\([lr]*\))?(?:\{[^{}]*\})+",
    r"@\{[^}]*\}",
    r"\\frac12",
    r"[\d.]+\\linewidth",
    r"(?<!\d)\d(?!\d|\.\d)",  # one digit: a class, an index, a question
]


def typed_numbers(source):
    """Find the numbers in the text of a template that nothing has put there."""
    for given in GIVEN:
        source = source.replace(given, "")
    for pattern in NOT_TEXT:
        flags = re.DOTALL if "begin" in pattern else re.NOFLAG
        source = re.sub(pattern, " ", source, flags=flags)
    return re.findall(r"\d+(?:\.\d+)?", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_result_is_typed(path):
    assert typed_numbers(path.read_text()) == []


def test_no_result_is_typed_into_a_caption_of_the_page():
    questions = (PROJECT / "templates/page/questions.yaml").read_text()
    for question in yaml.safe_load(questions).values():
        assert typed_numbers("\n".join(question["shows"].values())) == []


@pytest.mark.parametrize(
    "planted",
    [
        "an accuracy of 98.26 per cent",
        r"\num{0.983}",
        r"\qty{98}{\percent}",
        "$n = 12$ seeds",
        "173 mistakes",
    ],
)
def test_a_planted_result_is_found(planted):
    for path in TEMPLATES:
        assert typed_numbers(path.read_text() + planted + "\n")


def test_all_that_is_given_is_still_there():
    text = "".join(path.read_text() for path in TEMPLATES)
    assert [given for given in GIVEN if given not in text] == []


TEXT = "\n".join(path.read_text() for path in TEMPLATES)


def undecided(source):
    """Find each ``else`` that speaks for all other values of a key of config.yaml."""
    choices = environment(()).parse(source).find_all(nodes.If)
    return [
        choice.lineno
        for choice in choices
        if choice.else_
        and "config" in {name.name for name in choice.test.find_all(nodes.Name)}
    ]


def test_no_else_speaks_for_the_other_values_of_a_key():
    assert {path.name: undecided(path.read_text()) for path in TEMPLATES} == {
        path.name: [] for path in TEMPLATES
    }
    planted = r"""\BLOCK{if config.a.b == "c"}x\BLOCK{else}y\BLOCK{endif}"""
    assert undecided(planted) == [1]


def test_each_figure_names_the_file_and_label_that_it_shows():
    shown = re.findall(
        r"\\resultfigure\{(\w+)\}\{([\w:-]+)\}\{.*?"
        r'made_by\("([\w:-]+)", "(\w+)\.pdf"\)',
        TEXT,
        re.DOTALL,
    )
    assert len(shown) == TEXT.count(r"\resultfigure")
    assert [(label, file) for *_, label, file in shown] == [
        (label, figure) for figure, label, *_ in shown
    ]
    made = re.findall(r'"results/figures/(\w+)", "\.pdf"', RULES)
    assert sorted(figure for figure, *_ in shown) == sorted(made)


@pytest.mark.parametrize(
    "table",
    re.findall(r"\\begin\{table\}.*?\\end\{table\}", TEXT, re.DOTALL),
    ids=lambda table: re.search(r"\\label\{(.*?)\}", table)[1],
)
def test_each_table_names_the_file_and_label_that_it_shows(table):
    (label,) = re.findall(r"\\label\{(tab:.*?)\}", table)
    if label == "tab:sources":
        return
    ((named, file),) = re.findall(r'made_by\("([\w:-]+)", "(\w+)\.csv"\)', table)
    assert named == label
    assert file in re.findall(r'\brows?\("(\w+)"', table)

"""The templates: no result is typed into them."""

import re

import pytest
import yaml

from tests.tools.project import PROJECT

TEMPLATES = [
    path
    for path in sorted((PROJECT / "templates").glob("*.tex"))
    if path.name not in ("preamble.tex", "macros.tex")
]
# numbers that are no results: what the assignment fixes, and what words mean
GIVEN = [
    r"values from 0 to 255",
    r"divided by 255",
    r"\varepsilon = 10^{-5}",
    r"\ln 2 \approx 0.693",
    r"From a margin of 100",
    r"SHA-256",
]
NOT_TEXT = [
    r"(?<!\\)%.*",  # comments
    r"\\(?:VAR|BLOCK)\{(?:[^{}]|\{[^{}]*\})*\}",
    r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}",
    r"\\begin\{(?:equation|gather)\}.*?\\end\{(?:equation|gather)\}",
    r"\\begin\{tabular\}\{.*?\n +\}\n",
    r"\\begin\{tabular\}\{[^}]*\}",
    r"\\(?:label|cref|Cref|file|cmidrule|multicolumn|setlength|\w*skip)"
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

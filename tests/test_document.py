"""The way of results into the document: escaping, ledger, listings, rendering."""

import ast
import io
import re
from pathlib import Path

import jinja2
import pandas as pd
import pypdf
import pytest

from mlp.document import ledger, listings, render, report
from mlp.document.latex import Tex, escape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        (r"A_B & {C}\input{x}", r"A\_B \& \{C\}\textbackslash{}input\{x\}"),
        ("100 % #1 $2", r"100 \% \#1 \$2"),
        ("^ ~", r"\textasciicircum{} \textasciitilde{}"),
        ("a--b", "a{-}{-}b"),
        ("\"it's`", r"\textquotedbl{}it\textquotesingle{}s\textasciigrave{}"),
        ("<a|b>", r"\textless{}a\textbar{}b\textgreater{}"),
        ("x,,y", "x{,}{,}y"),
        ("[n/a]*", "{[}n/a{]}{*}"),
        ("\u2018\u2018", r"\textquoteleft{}\textquoteleft{}"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_text_is_escaped(text, expected):
    assert escape(text) == expected


TABLES = {
    "runs": pd.DataFrame(
        {
            "seed": [3, 4],
            "loss_mean": [0.123456, float("nan")],
            "loss_std": [0.01, float("nan")],
            "note": ["0.5", "none"],
        }
    )
}
SETTINGS = {"training": {"epochs": 5}, "rates": [0.001, 1e-05, 3]}


@pytest.fixture
def book():
    return ledger.Ledger(TABLES, SETTINGS)


def test_a_number_is_printed_and_recorded(book):
    row = book.row("runs", seed=3)
    link = r"\sourced{%d}{runs.csv}{%s}"
    assert row.number("loss_mean") == link % (0, r"\num{0.123}")
    assert row.percent("loss_mean", 1) == link % (1, r"\qty{12.3}{\percent}")
    assert row.spread("loss", 2) == link % (3, r"\num{0.12 +- 0.01}")
    assert row.cell("loss_std") == "0.010"
    assert book.entries[0] == {
        "printed": "0.123",
        "value": 0.123456,
        "table": "runs.csv",
        "row": 0,
        "keys": {"seed": 3},
        "column": "loss_mean",
        "anchor": "number.0",
    }
    assert [(entry["printed"], entry["anchor"]) for entry in book.entries[1:]] == [
        ("12.3", "number.1"),
        ("0.12", "number.3"),
        ("0.01", "number.3"),
        ("0.010", None),
    ]


def test_a_zero_has_no_power_of_ten_and_no_sign():
    runs = pd.DataFrame({"n": [1], "zero": [0.0], "less": [-0.004]})
    row = ledger.Ledger({"runs": runs}, {}).row("runs")
    assert row.cell("zero", ".2e") == "0"
    assert row.cell("zero", 2) == row.cell("less", 2) == "0.00"
    assert row.cell("less", 3) == "-0.004"


def test_no_difference_is_printed_as_none_that_was_told():
    told = {"metric": ["ln x"], "difference": [-0.0002], "low": [-3], "high": [-1e-5]}
    row = ledger.Ledger({"t": pd.DataFrame(told | {"n": [4]})}, {}).row("t")
    numbers = re.findall(r"\\num\{(.*?)\}", row.told())
    assert numbers == ["-0.00020", "-3.00", "-1.0e-05", "4"]


def test_where_there_is_no_number_there_is_a_dash(book):
    row = book.row("runs", seed=4)
    assert row.number("loss_mean") == "--"
    assert row.cell("loss_mean") == "{--}"
    assert row.spread("loss") == "--"
    assert book.entries == []
    assert not row.is_number("note")
    assert book.row("runs", seed=3).is_number("note")


def test_settings_are_printed_as_given(book):
    link = r"\sourced{%d}{config.yaml}{\num{%s}}"
    assert book.setting("training.epochs") == link % (0, "5")
    printed = [link % (1, "0.001"), link % (2, "1e-05"), link % (3, "3")]
    assert book.setting("rates") == ", ".join(printed)
    with pytest.raises(ledger.LedgerError, match=r"no key training\.epoch$"):
        book.setting("training.epoch")


def test_extremes(book):
    tables = {"t": pd.DataFrame({"x": [2.0, 9.0, 5.0], "y": [True, False, True]})}
    book = ledger.Ledger(tables, {})
    assert book.largest("t", "x").index == 1
    assert book.largest("t", "x", y=True).index == 2
    assert book.smallest("t", "x").index == 0
    with pytest.raises(ledger.LedgerError, match=r"no row of t\.csv has"):
        book.largest("t", "x", y=3)


def test_what_is_not_there_is_named(book):
    with pytest.raises(ledger.LedgerError, match=r"no other\.csv among \['runs'\]"):
        book.row("other")
    with pytest.raises(ledger.LedgerError, match=r"runs\.csv has no column los"):
        book.row("runs", seed=3).number("los")
    with pytest.raises(ledger.LedgerError, match=r"0 rows of runs\.csv have .*9"):
        book.row("runs", seed=9)
    with pytest.raises(ledger.LedgerError, match=r"2 rows of runs\.csv"):
        book.row("runs")


MODULE = '''\
def first(x):
    """Docstring.

    Of several lines.
    """

    def inner(y):
        """Another."""
        return y

    return inner(x)  # "not a docstring"


class Second:
    "Docstring."

    z: int
'''


@pytest.fixture
def source(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text(MODULE)
    return tmp_path


def test_a_listing_is_the_source_without_docstrings(source):
    found = listings.find("package.module.first", source)
    assert found.code.splitlines() == [
        "def first(x):",
        "    def inner(y):",
        "        return y",
        "",
        '    return inner(x)  # "not a docstring"',
    ]
    assert found.lines == (1, 11)
    assert listings.find("package.module.Second", source).code == (
        "class Second:\n    z: int"
    )


def test_a_signature_is_on_one_line(tmp_path):
    (tmp_path / "module.py").write_text(
        "def f(\n    x: int,\n    *y: list[\n        int\n    ],\n) -> int:\n"
        '    """Docstring."""\n    return (\n        x\n    )\n\n\n'
        "def g(\n    x,  # shape\n):\n    return x\n\n\ndef h(x): return x\n"
    )
    assert listings.find("module.f", tmp_path).code.splitlines() == [
        "def f(x: int, *y: list[ int ]) -> int:",
        "    return (",
        "        x",
        "    )",
    ]
    assert listings.find("module.g", tmp_path).code.splitlines()[0] == "def g("
    assert listings.find("module.h", tmp_path).code == "def h(x): return x"


def test_a_listing_may_have_several_names_of_a_module():
    names = ("mlp.networks.scalar.Vector", "Title", "Matrix")
    module = ["mlp.networks.scalar"]
    printed = render.print_listing(*names, listed=module, checked={})
    assert "\nVector = list[float]\n\nMatrix = list[list[float]]\n" in printed
    assert "label={lst:networks-scalar-Vector}" in printed


def test_a_listing_of_what_is_gone_is_refused(source):
    with pytest.raises(listings.ListingError, match="defines no third"):
        listings.find("package.module.third", source)
    with pytest.raises(listings.ListingError, match=r"no file .*other\.py"):
        listings.find("package.other.first", source)


def test_listings_of_the_project_are_still_python():
    for module in ("scalar", "instance", "batch"):
        for function in ("forward", "backward"):
            found = listings.find(f"mlp.networks.{module}.{function}", Path("src"))
            assert ast.unparse(ast.parse(found.code))
            assert '"""' not in found.code


def test_a_listing_must_be_a_dependency():
    with pytest.raises(listings.ListingError, match="has not found this call"):
        render.print_listing(
            "mlp.networks.sgd.train", "", listed=["mlp.networks.batch"], checked={}
        )


def rendered(tmp_path, template, **context):
    (tmp_path / "template.tex").write_text(template)
    return render.environment((tmp_path,)).get_template("template.tex").render(context)


def test_what_a_template_prints_is_escaped_unless_it_is_latex(tmp_path):
    source = rendered(
        tmp_path, r"\VAR{author} \VAR{number}", author="A_B", number=Tex(r"\num{1}")
    )
    assert source == r"A\_B \num{1}"


def test_a_value_is_no_template(tmp_path):
    source = rendered(tmp_path, r"\VAR{author}", author=r"\VAR{7}\BLOCK{if x}")
    assert source == (r"\textbackslash{}VAR\{7\}\textbackslash{}BLOCK\{if x\}")


@pytest.mark.parametrize("value", [0.5, 3, None, [1]])
def test_a_template_cannot_print_a_number_past_the_ledger(tmp_path, value):
    with pytest.raises(ledger.LedgerError, match="cannot be printed"):
        rendered(tmp_path, r"\VAR{value}", value=value)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (r"\VAR{missing}", "'missing' is undefined"),
        (r"\VAR{1}", "1 cannot be printed"),
        (r"\BLOCK{if}", "Expected an expression"),
    ],
)
def test_a_mistake_is_named_with_its_template_and_line(tmp_path, mistake, message):
    (tmp_path / "answer.tex").write_text(f"text\n{mistake}")
    with pytest.raises((ledger.LedgerError, jinja2.TemplateError)) as error:
        rendered(tmp_path, r'\BLOCK{include "answer.tex"}')
    place = f"{tmp_path}/answer.tex, line 2: "
    assert f"{render.where(error.value)}{error.value}".startswith(place + message)


def test_a_template_that_is_not_in_utf8_is_named(tmp_path):
    (tmp_path / "good.tex").write_text("caf\u00e9")
    (tmp_path / "preamble.tex").write_bytes("% pr\u00e9ambule".encode("latin-1"))
    (line,) = render.not_in_utf8([tmp_path])
    assert line.startswith(f"{tmp_path}/preamble.tex is not in UTF-8: ")


@pytest.mark.parametrize(
    ("line", "is_blemish"),
    [
        (r"Overfull \hbox (13.2pt too wide) in paragraph at lines 1--2", True),
        ("LaTeX Warning: Reference `x' on page 1 undefined on input line 7.", True),
        ("LaTeX Warning: There were multiply-defined labels.", True),
        ("LaTeX Font Warning: Font shape `T1/x/m/n' undefined", True),
        ("Package hyperref Warning: Token not allowed in a PDF string", True),
        ("Output written on report.pdf (14 pages, 412 bytes).", False),
        (r"Underfull \hbox (badness 1728) in paragraph at lines 5--6", False),
    ],
)
def test_blemishes_in_a_log(line, is_blemish):
    assert bool(report.blemishes(f"start\n{line}\nend\n")) is is_blemish


TEX = r"""\documentclass{article}\begin{document}%s\end{document}"""


def test_a_citation_is_found_among_the_templates(tmp_path):
    folder = tmp_path / "a, b $c"
    folder.mkdir()
    (folder / "references.bib").write_text("@misc{key, title = {Some title}}")
    body = r"\cite{key}\bibliographystyle{plain}\bibliography{references}"
    (tmp_path / "x.tex").write_text(TEX % body)
    pdf = report.typeset(tmp_path / "x.tex", [folder], 0)
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert "Some title" in page.extract_text()


def test_a_missing_latexmk_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="latexmk is not here"):
        report.typeset(tmp_path / "x.tex", [], 0)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (r"\hbox to \hsize{\rule{2\hsize}{1pt}}", r"warns about .*\nOverfull"),
        (r"\ref{nothing}", r"Reference `nothing' .* undefined"),
        (r"\undefined", r"cannot compile .*\n.*x\.tex:1: Undefined control sequence"),
    ],
)
def test_a_flaw_leaves_no_document(tmp_path, body, message):
    (tmp_path / "x.tex").write_text(TEX % body)
    with pytest.raises(SystemExit, match=message):
        report.typeset(tmp_path / "x.tex", [tmp_path], 0)
    assert [path.name for path in tmp_path.iterdir()] == ["x.tex"]

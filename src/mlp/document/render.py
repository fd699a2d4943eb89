"""Render the templates to the report's LaTeX source, with what the results hold."""

import argparse
import itertools
import json
from collections.abc import Callable, Collection
from pathlib import Path

import jinja2
import pandas as pd

from mlp.document import findings, listings
from mlp.document.latex import Tex, escape
from mlp.document.ledger import Ledger, LedgerError
from mlp.outputs import replacing

SOURCE = Path("src")


def print_expression(value: object) -> str:
    """Escape what a template prints, unless it is LaTeX already.

    Raises
    ------
    LedgerError
        If it is a number, which only the ledger may print.
    """
    if isinstance(value, Tex):
        return value
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises, and says what is undefined
    raise LedgerError(f"{value!r} cannot be printed; print a number through a row")


def environment(templates: Path) -> jinja2.Environment:
    """Make the environment, with delimiters that look like macros to LaTeX."""
    return jinja2.Environment(
        block_start_string=r"\BLOCK{",
        block_end_string="}",
        variable_start_string=r"\VAR{",
        variable_end_string="}",
        comment_start_string=r"\COMMENT{",
        comment_end_string="}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        finalize=print_expression,
        loader=jinja2.FileSystemLoader(templates),
    )


def print_listing(symbol: str, listed: Collection[str]) -> Tex:
    """Print the source of a function, with a caption that says where it stands.

    Raises
    ------
    ListingError
        If the function is not in one of the modules `listed`.
    """
    module = symbol.rpartition(".")[0]
    if module not in listed:
        raise listings.ListingError(
            f"listing of {symbol}: {module} is not in LISTED of document.smk, "
            "so that an edit of it would not reach the report"
        )
    found = listings.find(symbol, SOURCE)
    name = symbol.removeprefix("mlp.").replace(".", "-")
    lines = found.code.count("\n") + 4  # with the caption
    return Tex(
        f"\\Needspace{{{lines}\\baselineskip}}\n"
        f"\\begin{{lstlisting}}[label={{lst:{name}}},caption={{"
        f"\\lstname{{{escape(found.file)}}}, lines \\num{{{found.first_line}}} "
        f"to \\num{{{found.last_line}}}}}]\n{found.code}\n\\end{{lstlisting}}\n"
    )


def render(
    templates: Path,
    tables: dict[str, pd.DataFrame],
    settings: dict,
    listed: Collection[str],
    commit: str,
    date: str,
) -> tuple[str, dict]:
    """Render ``report.tex`` among the templates.

    Returns
    -------
    source : str
        LaTeX.
    record : dict
        The ``numbers`` printed, as in `Ledger.entries`, and the ``findings`` asked
        for, each with its outcome.
    """
    ledger = Ledger(tables, settings)
    outcomes: dict[str, bool] = {}

    def ask(name: str) -> bool:
        if name not in findings.FINDINGS:
            raise LedgerError(f"there is no finding {name} in mlp.document.findings")
        outcomes[name] = findings.FINDINGS[name](tables)
        return outcomes[name]

    functions: dict[str, Callable] = {
        "row": ledger.row,
        "rows": ledger.rows,
        "largest": ledger.largest,
        "smallest": ledger.smallest,
        "setting": ledger.setting,
        "finding": ask,
        "listing": lambda symbol: print_listing(symbol, listed),
        "zip_longest": itertools.zip_longest,
    }
    source = (
        environment(templates)
        .get_template("report.tex")
        .render(config=settings, commit=commit, date=date, **functions)
    )
    return source, {"numbers": ledger.entries, "findings": outcomes}


def main() -> None:
    """Write the source and the record of what it holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--listed", nargs="+", required=True)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    arguments = parser.parse_args()

    tables = {path.stem: pd.read_csv(path) for path in arguments.tables}
    try:
        source, record = render(
            arguments.templates,
            tables,
            arguments.settings,
            arguments.listed,
            arguments.commit,
            arguments.date,
        )
    except (LedgerError, listings.ListingError) as error:
        raise SystemExit(str(error)) from None
    except jinja2.TemplateError as error:
        place = getattr(error, "filename", None) or arguments.templates
        line = getattr(error, "lineno", None)
        where = f"{place}, line {line}" if line else place
        raise SystemExit(f"{where}: {error}") from None
    for path, text in {
        arguments.output: source,
        arguments.ledger: json.dumps(record, indent=1) + "\n",
    }.items():
        with replacing(path) as temporary:
            temporary.write_text(text)


if __name__ == "__main__":
    main()

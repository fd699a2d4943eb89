"""Render the templates to the report's LaTeX source, with what the results hold."""

import itertools
import json
import re
import traceback
from collections.abc import Collection, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import jinja2
import pandas as pd

from mlp import records
from mlp.command import arguments
from mlp.document import findings, listings
from mlp.document.latex import Tex, escape
from mlp.document.ledger import Ledger, LedgerError
from mlp.document.provenance import Commit, versions
from mlp.document.sentences import sentences
from mlp.outputs import write

SOURCE = Path("src")
PRINTED = ("Python", "NumPy", "pandas", "SciPy", "Matplotlib", "Jinja2", "Snakemake")
"""The names of `mlp.document.provenance.versions` as the report prints them."""


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


@cache
def environment(templates: tuple[Path, ...]) -> jinja2.Environment:
    """Make the environment, with delimiters that look like macros to LaTeX.

    Of templates with the same name, that of the first folder counts.
    """
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


def print_listing(
    symbol: str,
    title: str,
    *others: str,
    listed: Collection[str],
    checked: Mapping[str, str],
) -> Tex:
    """Print the source of a function, with a title and where it stands.

    The names of `others` from the same module are printed below it.

    Raises
    ------
    ListingError
        If the function is not in one of the modules `listed`, or is in one of a
        network whose source is not the one that the gradient check has `checked`.
    """
    module = symbol.rpartition(".")[0]
    if module not in listed:
        raise listings.ListingError(
            f"listing of {symbol}: the rule render has not found this call, so that "
            "an edit of the module would not reach the report"
        )
    names = [symbol, *(f"{module}.{other}" for other in others)]
    found = [listings.find(name, SOURCE) for name in names]
    file = found[0].file
    digest = records.digest(Path(file))
    if checked.get(module, digest) != digest:
        raise listings.ListingError(
            f"listing of {symbol}: {file} has changed since its gradient check"
        )
    lines = ["-".join(map(str, dict.fromkeys(each.lines))) for each in found]
    place = escape(f"{file}:{','.join(lines)}")
    breakable = re.sub(r"(/|\\_|:|\{,\})", r"\1\\allowbreak{}", place)
    code = "\n\n".join(each.code for each in found)
    label = f"lst:{symbol.removeprefix('mlp.').replace('.', '-')}"
    return Tex(
        "\\Needspace{8\\baselineskip}\n"
        f"\\begin{{lstlisting}}[label={{{label}}},"
        f"caption={{{escape(title)} (\\file{{{breakable}}})}}]\n"
        f"{code}\n\\end{{lstlisting}}\n"
    )


class Exhibit(NamedTuple):
    """A figure or table of the report, and the rule that made it."""

    label: Tex  # in LaTeX; none for a table of which the text has numbers
    file: str  # below results/
    maker: Tex  # the rule, with a link to it where the repository is known


def find_exhibit(
    label: str, file: str, manifest: Mapping[str, Mapping], code: str = ""
) -> Exhibit:
    """Find the rule that has made a file of ``results/``, with a link to its `code`.

    Raises
    ------
    LedgerError
        If there is none.
    """
    for rule, made in manifest.items():
        if {f"results/{file}", f"results/figures/{file}"} & {*made["files"]}:
            maker = rf"\madeby{{{escape(rule)}}}"
            if code:
                line = rf"{code}/{made['place']}\#L{made['line']}"
                maker = rf"\href{{{line}}}{{{maker}}}"
            return Exhibit(Tex(label), file, Tex(maker))
    raise LedgerError(f"made_by: no rule makes {file} in results/ or results/figures/")


class Read(dict):
    """The tables that were read, of those given."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        super().__init__()
        self.tables = tables

    def __missing__(self, name: str) -> pd.DataFrame:
        return self.setdefault(name, self.tables[name])


def render(
    templates: Sequence[Path],
    tables: dict[str, pd.DataFrame],
    settings: dict,
    listed: Collection[str],
    manifest: Mapping[str, Mapping],
    commit: Commit,
    versions: Mapping[str, str],
    arithmetic: str,
) -> tuple[str, dict]:
    """Render ``report.tex`` among the templates.

    Returns
    -------
    source : str
        LaTeX.
    record : dict
        The ``numbers`` printed, as in `Ledger.entries`, and the ``findings`` asked
        for, each with its outcome, the tables that it ``rests_on``, and the
        ``sentences`` that hang on it.
    """
    ledger = Ledger(tables, settings)
    outcomes: dict[str, bool] = {}
    rests_on: dict[str, list[str]] = {}
    exhibits: list[Exhibit] = []
    checked = tables["gradient_checked"].set_index("module")["sha256"].to_dict()
    code = settings["report"]["repository"] or ""
    if code:
        code = f"{code.rstrip('/')}/blob/{commit.hash[:12]}"

    def ask(name: str) -> bool:
        if name not in findings.FINDINGS:
            raise LedgerError(f"there is no finding {name} in mlp.document.findings")
        read = Read(tables)
        outcomes[name] = findings.FINDINGS[name](read)
        rests_on[name] = [f"results/{table}.csv" for table in read]
        return outcomes[name]

    def made_by(label: str, file: str) -> Tex:
        exhibits.append(find_exhibit(label, file, manifest, code))
        return exhibits[-1].maker

    def sources() -> list[Exhibit]:
        shown = {exhibit.file for exhibit in exhibits} | {"config.yaml"}
        text = dict.fromkeys(entry["table"] for entry in ledger.entries)
        return exhibits + [
            find_exhibit("", file, manifest, code) for file in text if file not in shown
        ]

    jinja = environment(tuple(templates))
    source = jinja.get_template("report.tex").render(
        config=settings,
        commit=commit.name,
        revision=commit.revision,
        date=settings["report"]["date"] or commit.date,
        tables=[Tex(name) for name in sorted(tables)],  # file names of ours
        versions={name: versions[name.lower()] for name in PRINTED},
        arithmetic=arithmetic,
        row=ledger.row,
        rows=ledger.rows,
        largest=ledger.largest,
        smallest=ledger.smallest,
        setting=ledger.setting,
        told=lambda name: ledger.row("comparisons", name=name).told(),
        finding=ask,
        listing=partial(print_listing, listed=listed, checked=checked),
        made_by=made_by,
        exhibits=sources,  # so far
        tex=Tex,
        zip_longest=itertools.zip_longest,
    )
    return singular(source), {
        "numbers": ledger.entries,
        "findings": outcomes,
        "rests_on": rests_on,
        "sentences": sentences(jinja, templates),
    }


COUNTED = (
    "epoch|unit|image|network|seed|point|instance|parameter|pixel|class|run|mistake|"
    "batch|setting|derivative|step"
)
KINDS = r"(?:(?:hidden|sigmoid|tanh|rectified|linear|training|test|canonical)\s+)*"
"""Words between a number and the noun."""


def singular(source: str) -> str:
    """Take the plural from the noun behind each number that is 1."""
    one = rf"(\\num\{{1\}}\}}*\s+{KINDS}(?:{COUNTED}))e?s\b"
    return re.sub(one, r"\1", source)


def where(error: Exception) -> str:
    """Name the template and the line in which an error arose, as far as is known."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename}, line {error.lineno}: "
    frames = traceback.extract_tb(error.__traceback__)
    places = [f for f in frames if f.filename.endswith(".tex")]
    return f"{places[-1].filename}, line {places[-1].lineno}: " if places else ""


def not_in_utf8(templates: Sequence[Path]) -> list[str]:
    """List the templates that cannot be read."""
    found = []
    for path in (path for folder in templates for path in sorted(folder.glob("*.tex"))):
        try:
            path.read_text("utf-8")
        except UnicodeDecodeError as error:
            found.append(f"{path} is not in UTF-8: {error}")
    return found


def main() -> None:
    """Write the source and the record of what it holds."""
    options = arguments(
        __doc__, tables=[Path], manifest=Path, templates=[Path], listed=[str],
        settings=json.loads, commit=json.loads, source=Path, ledger=Path,
    )  # fmt: skip

    tables = {path.stem: pd.read_csv(path) for path in options.tables}
    manifest = json.loads(options.manifest.read_text())
    try:
        source, record = render(
            options.templates,
            tables,
            options.settings,
            options.listed,
            manifest,
            Commit(**options.commit),
            versions(),
            records.arithmetic_of(manifest),
        )
    except (LedgerError, listings.ListingError, jinja2.TemplateError) as error:
        raise SystemExit(f"{where(error)}{error}") from None
    except UnicodeDecodeError:
        raise SystemExit("\n".join(not_in_utf8(options.templates))) from None
    write(options.source, source)
    write(options.ledger, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

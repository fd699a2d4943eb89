"""What a report says of itself, and where in the pages of its PDF a number stands."""

import io
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pypdf
import pypdfium2
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

from mlp.document.provenance import Commit

DESCRIBED = ("provenance.json", "ledger.json", "manifest.json")
WORDS = 8  # on either side of a number
NEAR = 3.0  # points


class Place(NamedTuple):
    """Where a number is printed."""

    page: int  # from 1
    heading: str  # that it stands under; "" before the first
    words: str  # around it


class Heading(NamedTuple):
    """A heading of the table of contents; headings sort as they are read."""

    page: int  # from 0
    below_top: float  # the negative of its height on the page, in points
    title: str


def headings(reader: pypdf.PdfReader) -> list[Heading]:
    """Read the table of contents of a PDF."""

    def flat(entries: list) -> Iterator[pypdf.generic.Destination]:
        for entry in entries:
            yield from flat(entry) if isinstance(entry, list) else [entry]

    return sorted(
        Heading(
            reader.get_destination_page_number(entry) or 0,
            -float(entry.top or 0),
            str(entry.title),
        )
        for entry in flat(reader.outline)
    )


UNREADABLE = (
    PyPdfError,
    DependencyError,
    pypdfium2.PdfiumError,
    zlib.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a file that no build has written may end in."""


class ReportError(SystemExit):
    """A report that does not say where it comes from; its message ends the step."""


class Claims:
    """What a report says of itself.

    Parameters
    ----------
    files : mapping of str to bytes
        Those attached to a PDF, or those in ``report/`` and ``results/``.
    place : Path
        Where they were found.

    Raises
    ------
    ReportError
        If they do not say where the report comes from.
    """

    def __init__(self, files: Mapping[str, bytes], place: Path) -> None:
        self.files = files
        try:
            said, self.ledger, self.manifest = (
                json.loads(files[name]) for name in DESCRIBED
            )
            self.provenance = said
            self.commit = Commit(**said["commit"])
            self.config: dict = dict(said["config"])
            self.data: dict[str, str] = dict(said["data"])
            self.sources: dict[str, str] = dict(said["sources"])
            self.results = {n: made["sha256"] for n, made in said["results"].items()}
            self.versions: dict[str, str] = dict(said["versions"])
            self.arithmetic = str(said["arithmetic"])
            course = self.config["report"]["template"]
        except UNREADABLE as error:
            raise ReportError(
                f"{place} does not say where it comes from, in {', '.join(DESCRIBED)} "
                f"as a build of today writes them: {error!r}"
            ) from error
        self.templates = [str(folder) for folder in (course, "templates") if folder]
        self.tables = {n: b for n, b in files.items() if n.endswith(".csv")}

    def table(self, name: str) -> pd.DataFrame:
        """Read a table."""
        return pd.read_csv(io.BytesIO(self.tables[name]))

    def by_cell(self) -> dict[tuple, list[Mapping]]:
        """Give the numbers printed, by their cell, in the order of the text."""
        cells = defaultdict(list)
        for number in self.ledger["numbers"]:
            keys = " ".join(f"{name}={value}" for name, value in number["keys"].items())
            cells[number["table"], keys, number["column"]].append(number)
        return cells


class Report(Claims):
    """A report as a PDF.

    Raises
    ------
    ReportError
        If it cannot be read, or does not say where it comes from.
    """

    def __init__(self, pdf: Path) -> None:
        self.path = pdf
        try:
            self.reader = pypdf.PdfReader(pdf)
            attached = self.reader.attachments.items()
            files = {name: b"".join(contents) for name, contents in attached}
        except OSError as error:
            raise ReportError(f"{pdf}: {error.strerror}") from error
        except (DependencyError, FileNotDecryptedError) as error:
            raise ReportError(
                f"{pdf} is encrypted; write it without, as by: qpdf --decrypt"
            ) from error
        except UNREADABLE as error:
            raise ReportError(f"{pdf} cannot be read as a PDF: {error}") from error
        super().__init__(files, pdf)

    @cached_property
    def texts(self) -> list[pypdfium2.PdfTextPage]:
        """The text of each page, with its places."""
        return [page.get_textpage() for page in pypdfium2.PdfDocument(self.path)]

    @cached_property
    def headings(self) -> list[Heading]:
        """The table of contents."""
        return headings(self.reader)

    @cached_property
    def anchors(self) -> Mapping[str, pypdf.generic.Destination]:
        """The named places of the PDF."""
        return self.reader.named_destinations

    def place(self, number: Mapping) -> Place | None:
        """Find a number of the ledger; None where it is not linked."""
        anchor = self.anchors.get(number["anchor"])
        if anchor is None:
            return None
        page = self.reader.get_destination_page_number(anchor) or 0
        left, height = float(anchor.left or 0), float(anchor.top or 0)
        links: list = self.reader.pages[page].annotations or []
        for link in links:  # the anchor stands in its own
            x, bottom, _, top = map(float, link.get_object()["/Rect"])
            if abs(x - left) < NEAR and bottom < height < top:
                height = (bottom + top) / 2
                break
        text = self.texts[page].get_text_range()
        at = self.texts[page].get_index(left + NEAR, height, NEAR, NEAR) or 0
        at = text.rfind(" ", 0, at) + 1
        words = text[:at].split()[-WORDS:] + text[at:].split()[:WORDS]
        above = [h for h in self.headings if h[:2] <= (page, -height)]
        return Place(page + 1, above[-1].title if above else "", " ".join(words))

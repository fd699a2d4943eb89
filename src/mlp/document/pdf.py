"""A report as a PDF: what is attached to it, and where in its pages a number stands."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pypdf
import pypdfium2

from mlp.document.verify import VerificationError, attachments

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


class Report:
    """What a report says of itself.

    Attributes
    ----------
    ledger, manifest, provenance : dict
        What was printed, by which rules it was made, and from what.

    Raises
    ------
    VerificationError
        If one of them is not attached to the PDF.
    """

    def __init__(self, pdf: Path) -> None:
        self.path = pdf
        self.attached = attachments(pdf)
        try:
            self.ledger, self.manifest, self.provenance = (
                json.loads(self.attached[f"{name}.json"])
                for name in ("ledger", "manifest", "provenance")
            )
        except (KeyError, ValueError) as error:
            raise VerificationError(
                f"{pdf} does not say where its numbers come from: {error} is not "
                "attached to it; it may be older than that"
            ) from error

    @cached_property
    def reader(self) -> pypdf.PdfReader:
        """The PDF and its links."""
        return pypdf.PdfReader(self.path)

    @cached_property
    def texts(self) -> list[pypdfium2.PdfTextPage]:
        """The text of each page, with its places."""
        return [page.get_textpage() for page in pypdfium2.PdfDocument(self.path)]

    @cached_property
    def headings(self) -> list[Heading]:
        """The table of contents."""

        def flat(entries: list) -> Iterator[pypdf.generic.Destination]:
            for entry in entries:
                yield from flat(entry) if isinstance(entry, list) else [entry]

        return sorted(
            Heading(
                self.reader.get_destination_page_number(entry) or 0,
                -float(entry.top or 0),
                str(entry.title),
            )
            for entry in flat(self.reader.outline)
        )

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

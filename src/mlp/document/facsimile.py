"""The pages of a report beside those that its source gives here.

What a PDF says of itself counts for nothing here: not the program that made it, nor its
dates.  Another TeX may break lines and pages elsewhere; a program that saves a PDF anew
may order and compress its objects otherwise.
"""

import difflib
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pypdf
import pypdfium2

from mlp.document.verdicts import DIFFERS, SAME, UNCHECKED, Verdict

VISIBLE = 64  # of 255 levels of grey, at 72 dots an inch: a thin stroke of a digit
UNPRINTED = re.compile(
    r"[\s\u00ad\ufffe\x00-\x1f-]"
)  # spaces, and hyphens at line ends
NOTHING = pypdf.generic.DictionaryObject()
DRAWN = re.compile(rb"(/[^\s/]+)\s+Do\b")
AROUND = 25  # characters


class Pages:
    """What a reader sees of a PDF, as bytes."""

    def __init__(self, pdf: bytes) -> None:
        self.reader = pypdf.PdfReader(io.BytesIO(pdf))
        self.pages = list(pypdfium2.PdfDocument(pdf))
        words = [page.get_textpage().get_text_range() for page in self.pages]
        self.words = [unicodedata.normalize("NFKC", text) for text in words]
        self.texts = [UNPRINTED.sub("", text) for text in self.words]

    def running_text(self) -> str:
        """Give the text of all pages, without their numbers."""
        numbered = enumerate(self.texts, start=1)
        return "".join(text.removesuffix(str(number)) for number, text in numbered)

    def figures(self) -> list[str]:
        """Give the SHA-256 of each drawing, uncompressed, in the order of drawing."""
        found: list[str] = []
        for page in self.reader.pages:
            contents = page.get_contents()
            if contents is not None:
                found += drawings(contents.get_data(), page.get("/Resources", NOTHING))
        return found

    def properties(self) -> dict[str, object]:
        """Give what else a reader may meet: the title, addresses, notes, scripts."""
        notes: Counter[str] = Counter()
        for page in self.reader.pages:
            for each in page.annotations or []:
                note = each.get_object()
                action = note.get("/A", NOTHING).get_object()
                notes[f"{note['/Subtype']} {action.get('/URI', '')}".strip()] += 1
        root = self.reader.root_object
        information: Mapping = self.reader.metadata or {}
        names = ("/Title", "/Author", "/Subject")
        return {
            "notes and links": notes,
            "scripts": ["/JavaScript" in root.get("/Names", {}), "/AA" in root],
            **{name[1:].lower(): str(information.get(name)) for name in names},
        }


def drawings(content: bytes, resources: Any) -> Iterator[str]:
    """Give the SHA-256 of what a page or a drawing draws, in that order."""
    known = resources.get_object().get("/XObject", NOTHING).get_object()
    for name in DRAWN.findall(content):
        stream = known[name.decode("latin-1")].get_object()
        data = stream.get_data()
        yield hashlib.sha256(data).hexdigest()
        if stream["/Subtype"] == "/Form":
            yield from drawings(data, stream.get("/Resources", NOTHING))


def compare(pdf: bytes, again: bytes, exact: bool) -> Iterator[Verdict]:
    """Compare a PDF with what its source gives here.

    Parameters
    ----------
    pdf, again : bytes
    exact : bool
        Whether the figures here are those of the report, to the byte.
    """
    if pdf == again:
        yield SAME, "all bytes of the PDF, typeset again"
        return
    there, here = Pages(pdf), Pages(again)
    same_text = there.texts == here.texts
    if same_text:
        yield SAME, f"the text of {len(here.texts)} pages, typeset again"
    elif there.running_text() == here.running_text():
        yield (
            UNCHECKED,
            "the text, typeset again: the same, but pages break elsewhere",
        )
    elif Counter(" ".join(there.words).split()) == Counter(
        " ".join(here.words).split()
    ):
        yield UNCHECKED, "the text: the same words as typeset again, in another order"
    else:
        yield from (
            (DIFFERS, f"page {number}: {difference(a, b)}")
            for number, (a, b) in enumerate(zip_pages(there.texts, here.texts), start=1)
            if a != b
        )
    for name, value in here.properties().items():
        if there.properties()[name] != value:
            yield DIFFERS, f"the {name} of the PDF, from those typeset again"
    if there.figures() == here.figures():
        yield SAME, f"{len(here.figures())} drawings in the figures"
    elif exact:
        yield DIFFERS, "a figure in the PDF, from those of results/figures here"
    else:
        yield UNCHECKED, "the figures, which are drawn from other results"
    if same_text:
        yield from compare_looks(there, here)


def zip_pages(there: list[str], here: list[str]) -> Iterator[tuple[str, str]]:
    """Pair the pages, with nothing where one has fewer."""
    for number in range(max(len(there), len(here))):
        yield (
            there[number] if number < len(there) else "",
            here[number] if number < len(here) else "",
        )


def difference(there: str, here: str) -> str:
    """Show the first difference of two texts."""
    at = next(
        (i for i, (a, b) in enumerate(zip(there, here)) if a != b),
        min(len(there), len(here)),
    )
    start = max(at - AROUND, 0)
    a, b = there[start : at + AROUND], here[start : at + AROUND]
    likeness = difflib.SequenceMatcher(None, there, here, autojunk=False).quick_ratio()
    return f"'{a}' stands where '{b}' belongs ({likeness:.1%} of the page alike)"


def compare_looks(there: Pages, here: Pages) -> Iterator[Verdict]:
    """Compare the pages as a reader sees them, drawings over the text included."""
    strange = []
    for number, pages in enumerate(zip(there.pages, here.pages), start=1):
        sizes = {tuple(round(length) for length in page.get_size()) for page in pages}
        if len(sizes) > 1:
            yield DIFFERS, f"page {number}, in its size"
            return
        a, b = (page.render(grayscale=True).to_numpy().astype(int) for page in pages)
        if np.abs(a - b).max() > VISIBLE:
            strange.append(str(number))
    if strange:
        named = ", ".join(strange)
        yield UNCHECKED, f"the look of page {named}: not as typeset here; look at it"
    else:
        yield SAME, "the look of the pages"

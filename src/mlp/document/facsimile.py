"""The pages of a report beside those that its source gives here.

What a PDF says of itself counts for nothing here: not the program that made it, nor its
dates.  Another TeX may break lines and pages elsewhere; a program that saves a PDF anew
may order and compress its objects otherwise, draw figures on the page itself, or lose
which signs its glyphs stand for.
"""

import difflib
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
import pypdf
import pypdfium2

SAME, ALIKE, DIFFERS, UNCHECKED = "same", "alike", "differs", "cannot be told"
Verdict = tuple[str, str]  # one of these four, and on what
ALL_BYTES = "all bytes of the PDF, typeset again"
VISIBLE = 64  # of 255 levels of grey, at 72 dots an inch: a thin stroke of a digit
NEAR = 1.0  # points
# spaces, and hyphens at line ends
UNPRINTED = re.compile(r"[\s\u00ad\ufffe\x00-\x1f-]")
NOTHING = pypdf.generic.DictionaryObject()
DRAWN = re.compile(rb"(/[^\s/]+)\s+Do\b")
ACTIVE = ("/JS", "/AA", "/Launch", "/AcroForm", "/OCProperties", "/RichMedia")
AROUND = 25  # characters


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Give 0 for the same report, 1 for another one, 3 if that cannot be told."""
    found = {verdict for verdict, _ in verdicts}
    return 1 if DIFFERS in found else 3 if UNCHECKED in found else 0


class Pages:
    """What a reader sees of a PDF, as bytes."""

    def __init__(self, pdf: bytes) -> None:
        self.reader = pypdf.PdfReader(io.BytesIO(pdf))
        self.pages = list(pypdfium2.PdfDocument(pdf))
        found = [page.get_textpage().get_text_range() for page in self.pages]
        normal = [unicodedata.normalize("NFKC", text) for text in found]
        self.words = " ".join(normal).split()
        self.texts = [UNPRINTED.sub("", text) for text in normal]
        numbered = enumerate(self.texts, start=1)
        self.running = "".join(text.removesuffix(str(n)) for n, text in numbered)

    def figures(self) -> list[str]:
        """Give the SHA-256 of each drawing, uncompressed, in the order of drawing."""
        found: list[str] = []
        for page in self.reader.pages:
            contents = page.get_contents()
            if contents is not None:
                found += drawings(contents.get_data(), page.get("/Resources", NOTHING))
        return found

    def links(self) -> list[tuple[tuple, list[float]]]:
        """Give each note or link: what it is, and the numbers of its places."""
        destinations: Mapping = self.reader.named_destinations
        found = []
        for page in self.reader.pages:
            for each in page.annotations or []:
                note = each.get_object()
                action = note.get("/A", NOTHING).get_object()
                name = str(note.get("/Dest", action.get("/D")))
                to = destinations.get(name, NOTHING)
                number = self.reader.get_destination_page_number(to) if to else None
                kind = action.get("/S", "/GoTo")
                what = note["/Subtype"], kind, action.get("/URI"), "/AP" in note
                places = [*note["/Rect"], to.get("/Left", 0), to.get("/Top", 0)]
                found.append(((*what, number), [float(place) for place in places]))
        return found

    def properties(self) -> dict[str, object]:
        """Give what else a reader may meet."""
        contents = str(self.reader.outline)
        information: Mapping = self.reader.metadata or {}
        objects = map(str, pypdf.PdfWriter(clone_from=self.reader)._objects)
        return {
            "notes and links": Counter(what[:4] for what, _ in self.links()),
            "scripts, layers or forms": Counter(
                name for each in objects for name in ACTIVE if f"'{name}'" in each
            ),
            "files attached": sorted(self.reader.attachments),
            "table of contents": re.findall("'/Title': '(.*?)'", contents),
            **{
                name: str(information.get(f"/{name.title()}"))
                for name in ("title", "author", "subject", "keywords")
            },
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
        yield SAME, ALL_BYTES
        return
    there, here = Pages(pdf), Pages(again)
    yield from compare_texts(there, here)
    found = there.properties()
    for name, value in here.properties().items():
        if found[name] != value:
            yield DIFFERS, f"the {name} of the PDF, from those typeset again"
    yield from compare_figures(there.figures(), here.figures(), exact)
    if there.texts == here.texts:
        yield from compare_looks(there, here)


def compare_texts(there: Pages, here: Pages) -> Iterator[Verdict]:
    """Compare the pages by their text."""
    if there.texts == here.texts:
        yield SAME, f"the text of {len(here.texts)} pages, typeset again"
    elif there.running == here.running:
        what = "the text: the same as typeset again, but pages break elsewhere"
        yield UNCHECKED, what
    elif Counter(there.words) == Counter(here.words):
        yield UNCHECKED, "the text: the same words as typeset again, in another order"
    else:
        pairs = zip_longest(there.texts, here.texts, fillvalue="")
        for number, (a, b) in enumerate(pairs, start=1):
            if a != b:
                verdict = UNCHECKED if same_but_signs(a, b) else DIFFERS
                yield verdict, f"page {number}: {difference(a, b)}"


def same_but_signs(there: str, here: str) -> bool:
    """Tell whether only signs, such as that of a product, are other characters."""
    return len(there) == len(here) and all(
        a == b or unicodedata.category(b) == "Sm" for a, b in zip(there, here)
    )


def difference(there: str, here: str) -> str:
    """Show the first difference of two texts."""
    pairs = enumerate(zip_longest(there, here))
    start = max(next(at for at, (a, b) in pairs if a != b) - AROUND, 0)
    found, right = (text[start : start + 2 * AROUND] for text in (there, here))
    alike = difflib.SequenceMatcher(None, there, here, autojunk=False).quick_ratio()
    return f"'{found}' stands where '{right}' belongs ({alike:.1%} of the page alike)"


def compare_figures(there: list, here: list, exact: bool) -> Iterator[Verdict]:
    """Compare the drawings, of which a program may have drawn some on the page."""
    if there == here:
        yield SAME, f"{len(here)} drawings in the figures"
    elif not exact:
        yield UNCHECKED, "the figures, which are drawn from other results"
    elif len(there) < len(here):
        yield UNCHECKED, "the figures, of which some are no drawings of their own"
    else:
        yield DIFFERS, "a figure in the PDF, from those of results/figures here"


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
    (links, places), (expected, where) = (
        zip(*pages.links(), strict=True) for pages in (there, here)
    )
    if links != expected or not np.allclose(places, where, rtol=0, atol=NEAR):
        yield UNCHECKED, "the links: elsewhere, or to elsewhere, than typeset here"

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
from itertools import chain, zip_longest
from typing import Any

import numpy as np
import pypdf
import pypdfium2

from mlp.document.pdf import headings

SAME, ALIKE, DIFFERS, UNCHECKED = "same", "alike", "differs", "cannot be told"
Verdict = tuple[str, str]  # one of these four, and on what
ALL_BYTES = "all bytes of the PDF, typeset again"
LOOK = "the look of the pages"
VISIBLE = 8  # of 255 levels of a colour, at 72 dots an inch: a pale stroke of a digit
NEAR = 1.0  # points
# spaces, and hyphens at line ends
UNPRINTED = re.compile(r"[\s\u00ad\ufffe\x00-\x1f-]")
NOTHING = pypdf.generic.DictionaryObject()
DRAWN = re.compile(rb"(/[^\s/]+)\s+Do\b")
INFORMATION = ("/Title", "/Author", "/Subject", "/Keywords")
ACTIVE = ["/JS", "/AA", "/Launch", "/URI", "/AcroForm", "/OCProperties", "/RichMedia"]
# of PDF; those that TeX gives have digits, and streams are decoded
NAME = re.compile("'(/[A-Z][A-Za-z]+)(?<!Decode)'")
AROUND = 25  # characters


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Give 0 for the same report, 1 for another one, 3 if that cannot be told."""
    found = {verdict for verdict, _ in verdicts}
    return 1 if DIFFERS in found else 3 if UNCHECKED in found else 0


class Pages:
    """What a reader sees of a PDF, as bytes."""

    def __init__(self, pdf: bytes) -> None:
        self.reader = pypdf.PdfReader(io.BytesIO(pdf))
        self.objects = [*map(str, pypdf.PdfWriter(clone_from=self.reader)._objects)]
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
        """Give each note, link and heading: what it is, and the numbers of its places.

        The last of what it is names the page that it leads to.
        """
        destinations: Mapping = self.reader.named_destinations
        found: list[tuple[tuple, list[float]]] = [
            (("heading", heading.title, heading.page), [heading.below_top])
            for heading in headings(self.reader)
        ]
        for page in self.reader.pages:
            for each in page.annotations or []:
                note = each.get_object()
                action = note.get("/A", NOTHING).get_object()
                name = str(note.get("/Dest", action.get("/D")))
                to = destinations.get(name, NOTHING)
                number = self.reader.get_destination_page_number(to) if to else None
                kind = action.get("/S", "/GoTo")
                said = action.get("/URI"), note.get("/Contents"), "/AP" in note
                places = [*note["/Rect"], to.get("/Left", 0), to.get("/Top", 0)]
                what = note["/Subtype"], kind, *said, number
                found.append((what, [float(place) for place in places]))
        return found

    def things(self) -> Counter:
        """Count what else a reader may meet."""
        information: Mapping = self.reader.metadata or {}
        found = Counter(what[:-1] for what, _ in self.links())
        found.update(
            (name, information[name]) for name in INFORMATION if name in information
        )
        for each in self.objects:
            found.update({(name,): each.count(f"'{name}'") for name in ACTIVE})
        for file in self.reader.attachment_list:
            said: Mapping = file.pdf_object  # viewers differ in which of two they take
            names = {file.name, *(said.get(key, file.name) for key in ("/F", "/UF"))}
            copies = {part.get_object().get_data() for part in said["/EF"].values()}
            found["file", ", ".join(sorted(names)), *sorted(copies)] += 1
        return found


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
    yield from compare_things(there, here)
    looks = [*compare_looks(there, here)] if there.texts == here.texts else []
    yield from looks
    # a program may write the same drawings in other words
    exact = exact and (SAME, LOOK) not in looks
    yield from compare_figures(there.figures(), here.figures(), exact)


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
        yield UNCHECKED, "the figures, drawn from other results or by another program"
    elif len(there) < len(here):
        yield UNCHECKED, "the figures, of which some are no drawings of their own"
    else:
        yield DIFFERS, "a figure in the PDF, from those of results/figures here"


def compare_things(there: Pages, here: Pages) -> Iterator[Verdict]:
    """Compare what else there is, of which a program that saves a PDF may lose some."""
    found, expected = there.things(), here.things()
    odd, known = ({*NAME.findall(" ".join(each.objects))} for each in (there, here))
    for verdict, what, things in (
        (DIFFERS, "more than typeset again", {*(found - expected)}),
        (UNCHECKED, "less than typeset again", {*(expected - found)}),
        (UNCHECKED, "unknown to what is typeset again", {*zip(odd - known)}),
    ):
        if things:
            kinds = sorted({" ".join(map(str, thing[:2])) for thing in things})
            yield verdict, f"{what}: {', '.join(kinds[:3])}{', ...' * (len(kinds) > 3)}"


def compare_looks(there: Pages, here: Pages) -> Iterator[Verdict]:
    """Compare the pages as a reader sees them, drawings over the text included."""
    strange = []
    for number, pages in enumerate(zip(there.pages, here.pages), start=1):
        sizes = {tuple(round(length) for length in page.get_size()) for page in pages}
        if len(sizes) > 1:
            yield DIFFERS, f"page {number}, in its size"
            return
        a, b = (page.render().to_numpy().astype(int) for page in pages)
        if np.abs(a - b).max() > VISIBLE:
            strange.append(str(number))
    if strange:
        named = ", ".join(strange)
        yield UNCHECKED, f"the look of page {named}: not as typeset here; look at it"
    else:
        yield SAME, LOOK
    (links, places), (expected, where) = (
        ([what for what, _ in links], [*chain(*(at for _, at in links))])
        for links in (there.links(), here.links())
    )
    if links != expected or not np.allclose(places, where, rtol=0, atol=NEAR):
        yield UNCHECKED, "the links: elsewhere, or to elsewhere, than typeset here"

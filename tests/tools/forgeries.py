"""Forged reports, and honest ones as other machines and programs change them.

No forgery may get 0, the same report; no honest one 1, another report.
"""

import hashlib
import io
import json
import re
import tempfile
from pathlib import Path

import pandas as pd
import pypdf
import pypdfium2
from pypdf import generic

from mlp.document import verify
from mlp.document.facsimile import exit_code
from mlp.document.pdf import Report, ReportError
from tests.tools.project import ran

OTHER = "0" * 64
FIRST = object()  # of the names of a mapping
RUN = "results/final/seed=2/result.csv"


def edited(change):
    """Change a copy of a PDF by a function of its writer."""

    def edit(pdf):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
        change(writer)
        return written(writer)

    return edit


def written(writer):
    """Give the bytes of what pypdf or pdfium has read or made."""
    file = io.BytesIO()
    (writer.write if hasattr(writer, "write") else writer.save)(file)
    return file.getvalue()


def made(value):
    """Give plain values as an object of a PDF."""
    if isinstance(value, dict):
        pairs = {generic.NameObject(key): made(part) for key, part in value.items()}
        return generic.DictionaryObject(pairs)
    if isinstance(value, list):
        return generic.ArrayObject(map(made, value))
    if isinstance(value, str):
        kinds = generic.TextStringObject, generic.NameObject
        return kinds[value.startswith("/")](value)
    return value if isinstance(value, generic.PdfObject) else generic.FloatObject(value)


def put(find, **entries):
    """Set entries of what a function finds in a PDF."""
    entries = {f"/{name}": value for name, value in entries.items()}
    return edited(lambda writer: find(writer).update(made(entries)))


def attachment(writer, name):
    return next(a for a in writer.attachment_list if a.name == name)


def embedded(writer, name):
    return attachment(writer, name).pdf_object["/EF"]


def heading(writer):
    return writer.root_object["/Outlines"]["/First"].get_object()


def said(name, *path):
    """Change what an attachment in JSON says; the last of `path` is its new value."""

    def change(writer):
        *keys, last, value = path
        file = attachment(writer, f"{name}.json")
        content = part = json.loads(file.content)
        for key in keys:
            part = part[min(part) if key is FIRST else key]
        last = min(part) if last is FIRST else last
        part[last] = value(part[last]) if callable(value) else value
        file.content = (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()

    return edited(change)


def claimed(*path):
    return said("provenance", *path)


def in_table(name, consistent):
    """Change the first cell with a fraction; if `consistent`, its digest as well."""

    def change(writer):
        file = attachment(writer, name)
        file.content = re.sub(rb"0\.(\d)", rb"0.9\1", file.content, count=1)
        return hashlib.sha256(file.content).hexdigest()

    def edit(pdf):
        digest = []
        pdf = edited(lambda writer: digest.append(change(writer)))(pdf)
        path = "results", f"results/{name}", "sha256", *digest
        return claimed(*path)(pdf) if consistent else pdf

    return edit


def redrawn(writer, old, data):
    """Give a stream of other data with all else that an old one says."""
    stream = generic.DecodedStreamObject()
    stream.update({k: v for k, v in old.items() if k not in ("/Length", "/Filter")})
    stream.set_data(data)
    return writer._add_object(stream)


def on_page(number, pattern, new, count=1):
    """Replace a pattern in what is drawn on a page."""

    def change(writer):
        page = writer.pages[number]
        old = page.get_contents().get_data()
        data = re.sub(pattern, new, old, count=count)
        assert data != old
        page.update(made({"/Contents": redrawn(writer, {}, data)}))

    return edited(change)


def drawn(number, operators):
    """Draw something more at the end of a page."""
    return on_page(number, rb"\Z", b"\nQ Q q " + operators + b" Q\n")


def forms(writer):
    """Give the figures, each with the dictionary and the name that it has there."""
    for page in writer.pages:
        objects = page["/Resources"].get_object().get("/XObject", made({}))
        for name, drawing in objects.get_object().items():
            yield objects.get_object(), name, drawing.get_object()


def swap_figures(writer):
    (a, first, _), (b, second, _) = list(forms(writer))[:2]
    a[first], b[second] = b.raw_get(second), a.raw_get(first)


def move_a_line(writer):
    (objects, name, form), *_ = forms(writer)
    data = re.sub(rb"(\d)\.(\d) ", rb"\1.9\2 ", form.get_data(), count=40)
    objects[name] = redrawn(writer, form, data)


def annotate(subtype, **more):
    note = {"/Type": "/Annot", "/Subtype": subtype, "/Contents": "99.99"}
    note |= {"/Rect": [100, 600, 300, 700], **{f"/{k}": v for k, v in more.items()}}
    return edited(lambda writer: writer.add_annotation(0, made(note)))


def links(writer):
    """Give the links of the first page that has some that lead into the report."""
    for page in writer.pages:
        notes = [each.get_object() for each in page.get("/Annots", [])]
        if len(found := [n for n in notes if "/D" in n.get("/A", {})]) > 1:
            return found
    raise LookupError("no links")


def swap_links(writer):
    a, b = links(writer)[0], links(writer)[-1]
    first = a["/A"]
    a.update(made({"/A": b["/A"]}))
    b.update(made({"/A": first}))


def pages(order):
    """Keep the attachments, and some of the pages, in another order."""

    def change(writer):
        chosen = order(list(writer.pages))
        tree = writer.root_object["/Pages"].get_object()
        kids = [page.indirect_reference for page in chosen]
        count = generic.NumberObject(len(kids))
        tree.update(made({"/Kids": kids, "/Count": count}))

    return edited(change)


def blank(pdf):
    """Attach all that is genuine to a blank page of another program."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    for name, contents in pypdf.PdfReader(io.BytesIO(pdf)).attachments.items():
        writer.add_attachment(name, contents[0])
    writer.add_metadata({"/Producer": "pdfTeX-1.40.25"})
    return written(writer)


TYPESET = verify.typeset_again
TYPESET_BEFORE = {}


def typeset_once(source, claims):
    """Spare TeX, which takes longer than all else, what it has set before."""
    key = source, *sorted(claims.files.items())
    if key not in TYPESET_BEFORE:
        TYPESET_BEFORE[key] = TYPESET(source, claims)
    return TYPESET_BEFORE[key]


def made_elsewhere(change=lambda _: None, tables=lambda _, table: table, tex=str):
    """Build a report with other claims, tables or TeX that agree with each other."""

    def build(pdf):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "in.pdf").write_bytes(pdf)
            files = Report(Path(folder, "in.pdf")).files
        said = json.loads(files["provenance.json"])
        change(said)
        for name in [n for n in files if n.endswith(".csv")]:
            files[name] = tables(name, files[name])
            sha256 = hashlib.sha256(files[name]).hexdigest()
            said["results"][f"results/{name}"]["sha256"] = sha256
        files["provenance.json"] = json.dumps(said, indent=1).encode()
        claims = verify.Claims(files, Path("forged"))
        source, record = verify.rendered(claims)
        files["ledger.json"] = (json.dumps(record, indent=1) + "\n").encode()
        return typeset_once(tex(source), claims)

    return build


def with_its_source(pdf):
    """Attach the source of other words, for whoever typesets the report again."""
    sources = []

    def other_words(source):
        sources.append(source.replace("classifies", "sees", 1))
        return sources[0]

    forged = made_elsewhere(tex=other_words)(pdf)
    return edited(lambda w: w.add_attachment("report.tex", sources[0].encode()))(forged)


def digits(relative, names=r".*"):
    """Move all that was measured in some tables by so much."""

    def change(name, content):
        if not re.fullmatch(names, name):
            return content
        table = pd.read_csv(io.BytesIO(content))
        for column in table.select_dtypes("float"):
            if re.search("loss|accuracy|mean|std|mum|low|high|difference", column):
                table[column] *= 1 + relative
        return table.to_csv(index=False).encode()

    return change


def program(*command):
    """Save a PDF anew by another program."""

    def save(pdf):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.pdf").write_bytes(pdf)
            ran(command, code=0, cwd=folder)
            return Path(folder, "b.pdf").read_bytes()

    return save


def qpdf(*options):
    return program("qpdf", "--warning-exit-0", "a.pdf", "b.pdf", *options)


def pdfium(pdf):
    return written(pypdfium2.PdfDocument(pdf))


def compress(writer):
    for page in writer.pages:
        page.compress_content_streams()


def claim(**claims):
    return lambda provenance: provenance.update(claims)


def native(provenance):
    provenance["config"]["arithmetic"] = "native"
    provenance["arithmetic"] = "native, openblas SkylakeX"


def versions(**other):
    return lambda provenance: provenance["versions"].update(other)


def replaced(old, new):
    """Replace words of the source."""
    return made_elsewhere(tex=lambda source: re.sub(old, new, source, count=1))


def at_start(tex):
    return made_elsewhere(tex=lambda s: s.replace(BEGIN, BEGIN + tex))


BEGIN = r"\begin{document}"
MEANS = "final_summary.csv|epochs.csv|learning_rates.csv"
ADDRESS = {"/S": "/URI", "/URI": "http://x"}
SCRIPT = {"/S": "/JavaScript", "/JS": "app.alert(1)"}
INVERTED = {True: False, False: True}.get
FORGERIES = {
    "a blank page with the genuine attachments": blank,
    **{
        f"another digit on page {n + 1}": on_page(
            n, rb"\((\d)", lambda m: b"(1" if m[1] == b"7" else b"(7"
        )
        for n in range(0, 14, 2)
    },
    "a page less": pages(lambda kids: kids[:-1]),
    "a page twice": pages(lambda kids: [*kids, kids[1]]),
    "two pages swapped": pages(lambda kids: [kids[1], kids[0], *kids[2:]]),
    "a blank page more": edited(lambda w: w.add_blank_page()),
    "a page in another unit": put(lambda w: w.pages[0], UserUnit=2),
    "a smaller page": put(lambda w: w.pages[0], CropBox=[0, 0, 500, 500]),
    "a page turned": edited(lambda w: w.pages[2].rotate(90)),
    "a white area over the text": drawn(0, b"1 g 100 500 300 200 re f"),
    "a line over a figure": drawn(8, b"4 w 100 500 m 400 700 l S"),
    "words over the text": drawn(0, b"BT /F8 12 Tf 100 500 Td (99.99) Tj ET"),
    "words that are hidden": drawn(0, b"BT 3 Tr /F8 12 Tf 9 9 Td (99.99) Tj ET"),
    "white words": drawn(0, b"BT 1 g /F8 12 Tf 9 9 Td (99.99) Tj ET"),
    "no words to be seen": on_page(0, rb"\bBT\b", b"BT 3 Tr", count=0),
    "pale words as drawings": drawn(0, b".8 g 9 500 30 2 re 9 490 30 2 re f"),
    "a line of text elsewhere": on_page(0, rb"(-?\d+\.\d+) Td", b"9 Td"),
    "two figures swapped": edited(swap_figures),
    "a curve moved": edited(move_a_line),
    "a note over the text": annotate("/FreeText"),
    "a stamp": annotate("/Stamp"),
    "a square": annotate("/Square", IC=[1, 1, 1]),
    "a file behind a pin": annotate("/FileAttachment"),
    "a form": annotate("/Widget", FT="/Tx"),
    "a link elsewhere": annotate("/Link", A=ADDRESS),
    "a link to nowhere": annotate("/Link"),
    "a link moved": put(lambda w: links(w)[0], Rect=[10, 10, 90, 20]),
    "a link that draws": put(lambda w: links(w)[0], AP={"/N": {}}, F=36),
    "words at a link": put(lambda w: links(w)[0], Contents="99.99 %"),
    "two links swapped": edited(swap_links),
    "a script": put(lambda w: w.root_object, OpenAction=SCRIPT),
    "a script behind a link": put(lambda w: links(w)[0]["/A"], Next=SCRIPT),
    "a layer": put(lambda w: w.root_object, OCProperties={"/OCGs": []}),
    "an address that opens": put(lambda w: w.root_object, OpenAction=ADDRESS),
    "a file that opens": put(lambda w: w.root_object, Collection={"/D": "final.csv"}),
    "another heading among the contents": put(heading, Title="99.99 %"),
    "a heading more": edited(
        lambda w: w.add_outline_item(title="It's 99.99 %", page_number=0)
    ),
    "a heading that leads elsewhere": put(heading, A={"/S": "/GoTo", "/D": "page.9"}),
    "another title": edited(lambda w: w.add_metadata({"/Title": "X"})),
    "another author": edited(lambda w: w.add_metadata({"/Author": "X"})),
    "keywords": edited(lambda w: w.add_metadata({"/Keywords": "99.99 %"})),
    "another title for other viewers": edited(
        lambda w: setattr(w, "xmp_metadata", b"<x/>")
    ),
    "another table for other viewers": edited(
        lambda w: embedded(w, "final.csv").update(
            {generic.NameObject("/UF"): embedded(w, "epochs.csv").raw_get("/F")}
        )
    ),
    "a word on a table": put(
        lambda w: attachment(w, "final.csv").pdf_object, Desc="checked"
    ),
    "a table more": edited(lambda w: w.add_attachment("extra.csv", b"a\n1\n")),
    "a file more": edited(lambda w: w.add_attachment("results.txt", b"99.99 %")),
    "a table twice": edited(lambda w: w.add_attachment("final.csv", b"a\n1\n")),
    "other words, and their source attached": with_its_source,
    "another cell": in_table("final.csv", consistent=False),
    "another cell, and its digest": in_table("final.csv", consistent=True),
    "another cell that is not printed": in_table("batches.csv", consistent=True),
    "another printed number": said("ledger", "numbers", 5, "printed", "99.9"),
    "another value in the ledger": said("ledger", "numbers", 5, "value", 99.9),
    "a number less in the ledger": said("ledger", "numbers", lambda was: was[1:]),
    "numbers that are none": said("ledger", "numbers", "x"),
    "a finding turned": said("ledger", "findings", FIRST, INVERTED),
    "another sentence of a finding": said("ledger", "sentences", FIRST, []),
    "another rule": said("manifest", "final", "line", 1),
    "another command": said("manifest", "final", "command", "cat"),
    "another setting": claimed("config", "synthetic", "epochs", 9),
    "seeds in another order": claimed("config", "final", "seeds", lambda s: s[::-1]),
    "a setting more": claimed("config", "checked", "by the teacher"),
    "another source": claimed("sources", "Snakefile", OTHER),
    "no sources": claimed("sources", {}),
    "other data": claimed("data", FIRST, OTHER),
    "no data": claimed("data", {}),
    "another commit": claimed("commit", "hash", "a" * 40),
    "another time of the commit": claimed("commit", "time", 1),
    "no changes since the commit": claimed("commit", "uncommitted_changes", INVERTED),
    "another configuration": claimed("commit", "another_configuration", INVERTED),
    "another run": claimed("results", RUN, "sha256", OTHER),
    "a run less": claimed("results", lambda r: {k: r[k] for k in r if k != RUN}),
    "another version": claimed("versions", "numpy", "1.0"),
    "no versions": claimed("versions", {}),
    "another arithmetic": claimed("arithmetic", "native"),
    "a word of praise": claimed("checked", "by the teacher"),
    "all of another arithmetic": made_elsewhere(claim(arithmetic="processor is X")),
    "better results, all consistent": made_elsewhere(tables=digits(0.005, MEANS)),
    "better results, said to be native": made_elsewhere(native, digits(0.005, MEANS)),
    "better results, said to be of another Python": made_elsewhere(
        versions(python="3.13.5"), digits(0.005, MEANS)
    ),
    "other words": replaced("classifies", "sees"),
    "words more at the end": replaced(r"\\end\{document\}", r"More.\\end{document}"),
    "another number in the text": replaced(r"\\num\{0\.3\}", r"\\num{0.2}"),
    "another number of commit": replaced(r"from commit (\\file\{)\w", r"commit \1z"),
    "another author on the page": replaced(r"(\\author\{)", r"\1X, "),
    "another figure": replaced(r"(\\resultfigure\{)\w+", r"\1confusion"),
}
BY_QPDF = (
    "--object-streams=generate", "--object-streams=disable", "--linearize", "--qdf",
    "--stream-data=uncompress", "--stream-data=compress", "--coalesce-contents",
    "--normalize-content=y", "--min-version=1.7", "--force-version=1.5",
    "--recompress-flate", "--preserve-unreferenced", "--newline-before-endstream",
    "--decode-level=all", "--compress-streams=n", "--deterministic-id",
    "--optimize-images", "--externalize-inline-images", "--compression-level=9",
)  # fmt: skip
GS = ("gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-sOutputFile=b.pdf")
resaved = edited(lambda _: None)
HONEST = {
    "as it is": lambda pdf: pdf,
    **{f"qpdf {option}": qpdf(option) for option in BY_QPDF},
    "qpdf twice": lambda pdf: qpdf("--linearize")(qpdf("--qdf")(pdf)),
    "qpdf, encrypted without a password": qpdf("--encrypt", "", "x", "256", "--"),
    "gs": program(*GS, "a.pdf"),
    "gs for screens": program(*GS, "-dPDFSETTINGS=/screen", "a.pdf"),
    "gs for printers": program(*GS, "-dPDFSETTINGS=/printer", "a.pdf"),
    "gs of PDF 1.4": program(*GS, "-dCompatibilityLevel=1.4", "a.pdf"),
    "mutool": program("mutool", "clean", "-gggg", "-z", "a.pdf", "b.pdf"),
    "mutool, readable": program("mutool", "clean", "-d", "-a", "a.pdf", "b.pdf"),
    "mutool, in other words": program("mutool", "clean", "-s", "a.pdf", "b.pdf"),
    "pdfunite": program("pdfunite", "a.pdf", "b.pdf"),
    "pdftk": program("pdftk", "a.pdf", "output", "b.pdf", "uncompress"),
    "pdftocairo": program("pdftocairo", "-pdf", "a.pdf", "b.pdf"),
    "pypdf": resaved,
    "pypdf, compressed": edited(compress),
    "pypdf, like objects once": edited(lambda w: w.compress_identical_objects()),
    "pypdf, another producer": edited(
        lambda w: w.add_metadata({"/Producer": "X", "/CreationDate": "D:2030"})
    ),
    "pypdf, without metadata": edited(lambda w: setattr(w, "metadata", None)),
    "pypdf, after qpdf": lambda pdf: resaved(qpdf("--qdf")(pdf)),
    "pypdf, then qpdf": lambda pdf: qpdf("--linearize")(resaved(pdf)),
    "pdfium": pdfium,
    "pdfium, then pypdf": lambda pdf: resaved(pdfium(pdf)),
    "a line end more": lambda pdf: pdf + b"\n",
    "from a mail with other line ends at its end": lambda pdf: pdf.rstrip() + b"\r\n",
    **{
        f"Python {version}": made_elsewhere(versions(python=version))
        for version in ("3.11.2", "3.12.3", "3.13.5", "3.14.0")
    },
    **{
        f"last digits apart by {relative}": made_elsewhere(tables=digits(relative))
        for relative in (2e-16, -2e-16, 1e-15, 1e-14, -1e-13)
    },
    "another Python and last digits": made_elsewhere(
        versions(python="3.13.5"), digits(1e-15, "synthetic.*|gradient_differences.csv")
    ),
    "ARM": made_elsewhere(
        claim(arithmetic="processor is aarch64, not x86-64, openblas neoversen1"),
        digits(0.003, MEANS),
    ),
    "no AVX2": made_elsewhere(
        claim(arithmetic="processor without AVX2 and FMA, openblas Sandybridge"),
        digits(-0.002, MEANS),
    ),
    "native": made_elsewhere(native, digits(1e-6, MEANS)),
    "native, the same digits": made_elsewhere(native),
    "TeX without compression": made_elsewhere(tex=r"\pdfcompresslevel=0 {}".format),
    "TeX of another zlib": made_elsewhere(tex=r"\pdfcompresslevel=3 {}".format),
    "TeX without object streams": made_elsewhere(
        tex=r"\pdfobjcompresslevel=0 {}".format
    ),
    "TeX of PDF 1.4": made_elsewhere(tex=r"\pdfminorversion=4 {}".format),
    "TeX that breaks lines otherwise": at_start(r"\hyphenpenalty=9999 "),
    "TeX that breaks pages otherwise": at_start(r"\vspace*{2pt}"),
    "TeX that moves the text by a hair": at_start(r"\hoffset=.2pt "),
    "TeX with another date": made_elsewhere(
        tex=lambda s: s.replace(BEGIN, r"\pdfinfo{/Note (x)}" + BEGIN)
    ),
}  # fmt: skip


def outcome(pdf, change):
    """Verify what a change makes of a PDF, and give the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "changed.pdf")
        file.write_bytes(change(pdf))
        try:
            return exit_code(verify.verify(file))
        except ReportError:
            return 3

"""Forge reports, and change honest ones as other machines and programs do; verify all.

    python -m tests.tools.forgeries    # of report/report.pdf, such as the tiny one

No forgery may get 0, the same report; no honest one 1, another report.
"""

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import chdir
from pathlib import Path

import pandas as pd
import pypdf
import pypdfium2
from pypdf.generic import (
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    RectangleObject,
    TextStringObject,
)

from mlp.document import verify
from mlp.document.verdicts import exit_code


def edited(pdf, change):
    """Change a copy of a PDF by a function of its writer."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    writer = change(writer) or writer
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def attachment(writer, name):
    return next(a for a in writer.attachment_list if a.name == name)


def in_json(name, change):
    """Change an attachment in JSON by a function of what it says."""

    def edit(writer):
        file = attachment(writer, name)
        said = json.loads(file.content)
        change(said)
        file.content = (json.dumps(said, indent=1, sort_keys=True) + "\n").encode()

    return lambda pdf: edited(pdf, edit)


def in_table(name, consistent):
    """Change the first cell with a fraction; if `consistent`, its digest as well."""

    def edit(writer):
        file = attachment(writer, name)
        file.content = re.sub(rb"0\.(\d)", rb"0.9\1", file.content, count=1)
        if consistent:
            said = attachment(writer, "provenance.json")
            content = json.loads(said.content)
            sha256 = hashlib.sha256(file.content).hexdigest()
            content["results"][f"results/{name}"]["sha256"] = sha256
            said.content = json.dumps(content).encode()

    return lambda pdf: edited(pdf, edit)


def on_page(number, change):
    """Change what is drawn on a page by a function of its stream."""

    def edit(writer):
        page = writer.pages[number]
        stream = DecodedStreamObject()
        stream.set_data(change(page.get_contents().get_data()))
        page[NameObject("/Contents")] = writer._add_object(stream)

    return lambda pdf: edited(pdf, edit)


def other_digit(content):
    """Change a digit of the text of a page."""
    new = re.sub(
        rb"\((\d)", lambda m: b"(1" if m[1] == b"7" else b"(7", content, count=1
    )
    assert new != content
    return new


def drawn(operators):
    return lambda content: content + b"\nQ Q q " + operators + b" Q\n"


def forms(writer):
    """Give the figures, each with the dictionary and the name that it has there."""
    for page in writer.pages:
        objects = page["/Resources"].get_object().get("/XObject", DictionaryObject())
        for name, drawing in objects.get_object().items():
            yield objects.get_object(), name, drawing.get_object()


def swap_figures(writer):
    (a, first, _), (b, second, _) = list(forms(writer))[:2]
    a[first], b[second] = b.raw_get(second), a.raw_get(first)


def move_a_line(writer):
    (objects, name, form), *_ = forms(writer)
    stream = DecodedStreamObject()
    stream.update({k: v for k, v in form.items() if k not in ("/Length", "/Filter")})
    stream.set_data(re.sub(rb"(\d)\.(\d) ", rb"\1.9\2 ", form.get_data(), count=40))
    objects[name] = writer._add_object(stream)


def annotate(subtype, **more):
    def edit(writer):
        note = {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(subtype),
            NameObject("/Rect"): RectangleObject((100, 600, 300, 700)),
            NameObject("/Contents"): TextStringObject("99.99"),
            **{NameObject(f"/{k}"): v for k, v in more.items()},
        }
        writer.add_annotation(0, DictionaryObject(note))

    return lambda pdf: edited(pdf, edit)


def add_script(writer):
    script = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject("app.alert(1)")}
    names = writer.root_object.setdefault(NameObject("/Names"), DictionaryObject())
    names.get_object()[NameObject("/JavaScript")] = DictionaryObject(
        {NameObject(name): value for name, value in script.items()}
    )


def pages(order):
    """Keep the attachments, and some of the pages, in another order."""

    def edit(writer):
        kids = list(writer.pages)
        chosen = order(kids)
        tree = writer.root_object["/Pages"].get_object()
        tree[NameObject("/Kids")] = type(tree["/Kids"])(
            page.indirect_reference for page in chosen
        )
        tree[NameObject("/Count")] = pypdf.generic.NumberObject(len(chosen))

    return lambda pdf: edited(pdf, edit)


def blank(pdf):
    """Attach all that is genuine to a blank page of another program."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    for name, contents in pypdf.PdfReader(io.BytesIO(pdf)).attachments.items():
        writer.add_attachment(name, contents[0])
    writer.add_metadata({"/Producer": "pdfTeX-1.40.25"})
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def made_elsewhere(change=lambda _: None, tables=lambda _, table: table, tex=str):
    """Build a report with other claims, tables or TeX that agree with each other."""

    def build(pdf):
        with chdir(verify.PROJECT), tempfile.TemporaryDirectory() as folder:
            Path(folder, "in.pdf").write_bytes(pdf)
            files = verify.attachments(Path(folder, "in.pdf"))
            said = json.loads(files["provenance.json"])
            change(said)
            for name in [n for n in files if n.endswith(".csv")]:
                files[name] = tables(name, files[name])
                sha256 = hashlib.sha256(files[name]).hexdigest()
                said["results"][f"results/{name}"]["sha256"] = sha256
            files["provenance.json"] = json.dumps(said, indent=1).encode()
            claims = verify.Claims(files)
            source, record = verify.rendered(claims)
            files["ledger.json"] = (json.dumps(record, indent=1) + "\n").encode()
            return verify.typeset_again(tex(source), claims, files)

    return build


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


def qpdf(*options):
    def save(pdf):
        with tempfile.TemporaryDirectory() as folder:
            old, new = Path(folder, "a.pdf"), Path(folder, "b.pdf")
            old.write_bytes(pdf)
            subprocess.run(["qpdf", "--warning-exit-0", old, new, *options], check=True)
            return new.read_bytes()

    return save


def pdfium(pdf):
    written = io.BytesIO()
    pypdfium2.PdfDocument(pdf).save(written)
    return written.getvalue()


def compress(writer):
    for page in writer.pages:
        page.compress_content_streams()


def said(**claims):
    return lambda provenance: provenance.update(claims)


def versions(**other):
    return lambda provenance: provenance["versions"].update(other)


def in_provenance(change):
    return in_json("provenance.json", change)


OTHER = "0" * 64
BEGIN = r"\begin{document}"
MEANS = "final_summary.csv|epochs.csv|learning_rates.csv"
OVER = b"1 g 100 500 300 200 re f"
FORGERIES = {
    "a blank page with the genuine attachments": blank,
    **{
        f"another digit on page {n + 1}": on_page(n, other_digit)
        for n in range(0, 14, 2)
    },
    "a page less": pages(lambda kids: kids[:-1]),
    "a page twice": pages(lambda kids: [*kids, kids[1]]),
    "two pages swapped": pages(lambda kids: [kids[1], kids[0], *kids[2:]]),
    "a blank page more": lambda pdf: edited(pdf, lambda w: w.add_blank_page() and None),
    "a white area over the text": on_page(0, drawn(OVER)),
    "a line over a figure": on_page(8, drawn(b"4 w 100 500 m 400 700 l S")),
    "words over the text": on_page(0, drawn(b"BT /F8 12 Tf 100 500 Td (99.99) Tj ET")),
    "two figures swapped": lambda pdf: edited(pdf, swap_figures),
    "a curve moved": lambda pdf: edited(pdf, move_a_line),
    "a note over the text": annotate("/FreeText"),
    "a stamp": annotate("/Stamp"),
    "a square": annotate("/Square", IC=pypdf.generic.ArrayObject([FloatObject(1)] * 3)),
    "a link elsewhere": annotate(
        "/Link",
        A=DictionaryObject(
            {
                NameObject("/S"): NameObject("/URI"),
                NameObject("/URI"): TextStringObject("http://x"),
            }
        ),
    ),
    "another title": lambda pdf: edited(pdf, lambda w: w.add_metadata({"/Title": "X"})),
    "another author": lambda pdf: edited(
        pdf, lambda w: w.add_metadata({"/Author": "X"})
    ),
    "a smaller page": lambda pdf: edited(
        pdf, lambda w: setattr(w.pages[0], "cropbox", RectangleObject((0, 0, 500, 500)))
    ),
    "a page turned": lambda pdf: edited(pdf, lambda w: w.pages[2].rotate(90) and None),
    "a script": lambda pdf: edited(pdf, add_script),
    "another cell": in_table("final.csv", consistent=False),
    "another cell, and its digest": in_table("final.csv", consistent=True),
    "another cell that is not printed": in_table("batches.csv", consistent=True),
    "another printed number in the ledger": in_json(
        "ledger.json", lambda s: s["numbers"][5].update(printed="99.9")
    ),
    "a finding turned": in_json(
        "ledger.json",
        lambda s: s["findings"].update(dict.fromkeys(s["findings"], True)),
    ),
    "another rule": in_json("manifest.json", lambda s: s["final"].update(line=1)),
    "another setting": in_provenance(
        lambda s: s["config"]["synthetic"].update(epochs=9)
    ),
    "another source": in_provenance(lambda s: s["sources"].update(Snakefile=OTHER)),
    "no sources": in_provenance(lambda s: s.update(sources={})),
    "other data": in_provenance(
        lambda s: s["data"].update(dict.fromkeys(s["data"], OTHER))
    ),
    "another commit": in_provenance(lambda s: s["commit"].update(hash="a" * 40)),
    "no changes since the commit": in_provenance(
        lambda s: s["commit"].update(
            uncommitted_changes=not s["commit"]["uncommitted_changes"]
        )
    ),
    "another run": in_provenance(
        lambda s: next(v for k, v in s["results"].items() if "/runs/" in k).update(
            sha256=OTHER
        )
    ),
    "another version": in_provenance(versions(numpy="1.0")),
    "another arithmetic": in_provenance(said(arithmetic="native")),
    "all of another arithmetic": made_elsewhere(said(arithmetic="processor is X")),
    "better results, all consistent": made_elsewhere(tables=digits(0.005, MEANS)),
    "better results, said to be native": made_elsewhere(
        said(arithmetic="native"), digits(0.005, MEANS)
    ),
    "better results, said to be of another Python": made_elsewhere(
        versions(python="3.13.5"), digits(0.005, MEANS)
    ),
    "other words": made_elsewhere(tex=lambda s: s.replace("classifies", "sees", 1)),
    "another number in the text": made_elsewhere(
        tex=lambda s: re.sub(r"\\num\{0\.3\}", r"\\num{0.2}", s, count=1)
    ),
    "another number of commit": made_elsewhere(
        tex=lambda s: re.sub(r"from commit (\\file\{)\w", r"from commit \1z", s)
    ),
}
BY_QPDF = (
    "--object-streams=generate", "--object-streams=disable", "--linearize", "--qdf",
    "--stream-data=uncompress", "--stream-data=compress", "--coalesce-contents",
    "--normalize-content=y", "--min-version=1.7", "--force-version=1.5",
    "--recompress-flate", "--preserve-unreferenced", "--newline-before-endstream",
    "--decode-level=all", "--compress-streams=n", "--deterministic-id",
)  # fmt: skip
HONEST = {
    "as it is": lambda pdf: pdf,
    **{f"qpdf {option}": qpdf(option) for option in BY_QPDF},
    "qpdf twice": lambda pdf: qpdf("--linearize")(qpdf("--qdf")(pdf)),
    "pypdf": lambda pdf: edited(pdf, lambda _: None),
    "pypdf, compressed": lambda pdf: edited(pdf, compress),
    "pypdf, like objects once": lambda pdf: edited(
        pdf, lambda w: w.compress_identical_objects() and None
    ),
    "pypdf, another producer": lambda pdf: edited(
        pdf, lambda w: w.add_metadata({"/Producer": "X", "/CreationDate": "D:2030"})
    ),
    "pypdf, after qpdf": lambda pdf: edited(qpdf("--qdf")(pdf), lambda _: None),
    "pypdf, then qpdf": lambda pdf: qpdf("--linearize")(edited(pdf, lambda _: None)),
    "pdfium": pdfium,
    "pdfium, then pypdf": lambda pdf: edited(pdfium(pdf), lambda _: None),
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
        said(arithmetic="processor is aarch64, not x86-64, openblas neoversen1"),
        digits(0.003, MEANS),
    ),
    "no AVX2": made_elsewhere(
        said(arithmetic="processor without AVX2 and FMA, openblas Sandybridge"),
        digits(-0.002, MEANS),
    ),
    "native": made_elsewhere(
        said(arithmetic="native, openblas SkylakeX"), digits(1e-6, MEANS)
    ),
    "native, the same digits": made_elsewhere(said(arithmetic="native, openblas X")),
    "TeX without compression": made_elsewhere(tex=r"\pdfcompresslevel=0 {}".format),
    "TeX without object streams": made_elsewhere(
        tex=r"\pdfobjcompresslevel=0 {}".format
    ),
    "TeX of PDF 1.4": made_elsewhere(tex=r"\pdfminorversion=4 {}".format),
    "TeX that breaks lines otherwise": made_elsewhere(
        tex=lambda s: s.replace(BEGIN, BEGIN + r"\hyphenpenalty=9999 ")
    ),
    "TeX that breaks pages otherwise": made_elsewhere(
        tex=lambda s: s.replace(BEGIN, BEGIN + r"\vspace*{2pt}")
    ),
    "TeX with another date": made_elsewhere(
        tex=lambda s: s.replace(BEGIN, r"\pdfinfo{/Note (x)}" + BEGIN)
    ),
}  # fmt: skip


def outcome(pdf, change):
    """Verify what a change makes of a PDF; give the exit code, and what is not same."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "changed.pdf")
        file.write_bytes(change(pdf))
        try:
            verdicts = verify.verify(file)
        except verify.VerificationError as error:
            return 3, [str(error)]
    return exit_code(verdicts), [f"{a}: {b}" for a, b in verdicts if a != "same"]


def main():
    """Print the outcome of each, and fail if one is wrong."""
    once, again = {}, verify.typeset_again  # TeX takes longer than all else

    def typeset_again(source, claims, files):
        key = source, *sorted(files.items())
        if key not in once:
            once[key] = again(source, claims, files)
        return once[key]

    verify.typeset_again = typeset_again
    pdf = (verify.PROJECT / "report" / "report.pdf").read_bytes()
    wrong, counts = [], {}
    for kind, cases, refused in (("forgery", FORGERIES, 0), ("honest", HONEST, 1)):
        counts[kind] = Counter()
        for name, change in cases.items():
            if name.startswith("qpdf") and not shutil.which("qpdf"):
                continue
            code, reasons = outcome(pdf, change)
            counts[kind][code] += 1
            wrong += [name] * (code == refused)
            print(f"{kind}\t{code}\t{name}\t{(reasons or ['-'])[0][:90]}", flush=True)
    print(
        *(f"{kind}: {dict(sorted(c.items()))}" for kind, c in counts.items()), sep="\n"
    )
    if wrong:
        sys.exit(f"wrong: {', '.join(wrong)}")


if __name__ == "__main__":
    main()

"""The sentences of the templates that hang on a finding, printed or not."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import jinja2
from jinja2 import nodes


def asked(test: nodes.Node) -> Iterator[str]:
    """Give the findings that a condition asks for by name."""
    for call in nodes.Output([test]).find_all(nodes.Call):
        if getattr(call.node, "name", None) == "finding":
            yield call.args[0].as_const()


def words(parts: Iterable[nodes.Node]) -> str:
    """Write what a branch prints: LaTeX, with each expression by the column it prints.

    What hangs on another condition, in turn, is left out.
    """
    texts = []
    for part in parts:
        for piece in part.nodes if isinstance(part, nodes.Output) else []:
            if isinstance(piece, nodes.TemplateData):
                texts.append(piece.data)
            else:
                names = (
                    name.value for name in nodes.Output([piece]).find_all(nodes.Const)
                )
                texts.append(f"<{next(names, '...')}>")
        if isinstance(part, nodes.If):
            texts.append(" ... ")
    return re.sub(r"\s+", " ", "".join(texts)).strip()


def sentences(
    environment: jinja2.Environment, templates: Sequence[Path]
) -> dict[str, list[dict]]:
    """List for each finding where it decides what is printed.

    Returns
    -------
    dict
        By finding, the ``template`` and the ``line``, and what it prints if it is
        ``true`` and if it is ``false``.
    """
    found: dict[str, list[dict]] = {}
    # of templates with the same name, that of the first folder counts
    files = {p.name: p for f in reversed(templates) for p in sorted(f.glob("*.tex"))}
    for name, file in files.items():
        for branch in environment.parse(file.read_text("utf-8")).find_all(nodes.If):
            denied = isinstance(branch.test, nodes.Not)
            true, false = words(branch.body), words([*branch.elif_, *branch.else_])
            for finding in asked(branch.test):
                found.setdefault(finding, []).append(
                    {
                        "template": name,
                        "line": branch.lineno,
                        "true": false if denied else true,
                        "false": true if denied else false,
                    }
                )
    return found

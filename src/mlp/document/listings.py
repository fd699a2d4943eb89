"""Listings: the source of a function as it stands in its module, without docstrings."""

import ast
from pathlib import Path
from typing import NamedTuple


class ListingError(Exception):
    """A symbol that cannot be printed."""


class Listing(NamedTuple):
    """A piece of source code and where it stands."""

    code: str
    file: str
    lines: tuple[int, int]  # the first and the last


def find(symbol: str, source: Path) -> Listing:
    """Find a function, class or constant by its dotted name.

    Parameters
    ----------
    symbol : str
        Such as ``mlp.networks.scalar.forward``.
    source : Path
        The folder of the package.

    Raises
    ------
    ListingError
        If there is no such module, or nothing of that name in it.
    """
    module, _, name = symbol.rpartition(".")
    file = source / (module.replace(".", "/") + ".py")
    if not file.is_file():
        raise ListingError(f"listing of {symbol}: there is no file {file}")
    text = file.read_text()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            break
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            break
    else:
        raise ListingError(f"listing of {symbol}: {file} defines no {name}")

    lines = dict(enumerate(text.splitlines(), start=1))
    place = node.lineno, node.end_lineno or node.lineno
    if isinstance(node, ast.FunctionDef):
        join_signature(node, lines)
    for inner in ast.walk(node):
        drop_docstring(inner, lines)
    shown = [lines[n] for n in range(place[0], place[1] + 1) if n in lines]
    return Listing("\n".join(shown), str(file), place)


def join_signature(node: ast.FunctionDef, lines: dict[int, str]) -> None:
    """Write the signature of a function on one line, which LaTeX breaks as it must."""
    numbers = range(node.lineno, node.body[0].lineno)
    if len(numbers) < 2 or any("#" in lines[number] for number in numbers):
        return
    whole = " ".join(lines.pop(number).strip() for number in numbers)
    whole = whole.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    lines[node.lineno] = whole


def drop_docstring(node: ast.AST, lines: dict[int, str]) -> None:
    """Remove the lines of a definition's docstring, and the blank one behind it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            last = first.end_lineno or first.lineno
            blank_follows = not lines.get(last + 1, "end").strip()
            for number in range(first.lineno, last + 1 + blank_follows):
                del lines[number]

"""Listings: the source of a function as it stands in its module, without docstrings."""

import ast
from dataclasses import dataclass
from pathlib import Path

JOINED = "\0"  # a line that has become part of the one before


class ListingError(Exception):
    """A symbol that cannot be printed."""


@dataclass(frozen=True)
class Listing:
    """A piece of source code and where it stands."""

    code: str
    file: str
    first_line: int
    last_line: int


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

    lines = text.splitlines()
    if isinstance(node, ast.FunctionDef):
        join_signature(node, lines)
    hidden = {
        line for inner in ast.walk(node) for line in docstring_lines(inner, lines)
    }
    last_line = node.end_lineno or node.lineno
    shown = [
        lines[number - 1]
        for number in range(node.lineno, last_line + 1)
        if number not in hidden and lines[number - 1] != JOINED
    ]
    return Listing("\n".join(shown), str(file), node.lineno, last_line)


def join_signature(node: ast.FunctionDef, lines: list[str]) -> None:
    """Write the signature of a function on one line, which LaTeX breaks as it must."""
    first, last = node.lineno - 1, node.body[0].lineno - 1
    if last - first < 2 or any("#" in line for line in lines[first:last]):
        return
    whole = " ".join(line.strip() for line in lines[first:last])
    whole = whole.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    lines[first:last] = [whole, *[JOINED] * (last - first - 1)]


def docstring_lines(node: ast.AST, lines: list[str]) -> range:
    """Number the lines of a definition's docstring, and the blank one behind it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            last = first.end_lineno or first.lineno
            blank_follows = last < len(lines) and not lines[last].strip()
            return range(first.lineno, last + 1 + blank_follows)
    return range(0)

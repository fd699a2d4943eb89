"""The command line of a step: options that are all needed, as the rules give them."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def received(name: str) -> Path:
    """Name a file as a user does: not every shell replaces the ~ in ``PDF=~/x.pdf``."""
    return Path(os.path.expanduser(name))


def arguments(
    doc: str | None, **kinds: Callable[[str], Any] | list[Callable[[str], Any]]
) -> argparse.Namespace:
    """Read the options that a step has been started with.

    Parameters
    ----------
    doc : str
        The docstring of its module, whose first line is what ``--help`` says.
    **kinds
        How the text of an option is read, by name; in a list if it takes several.
    """
    parser = argparse.ArgumentParser(description=str(doc).splitlines()[0])
    for name, kind in kinds.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(kind, list):
            parser.add_argument(option, type=kind[0], nargs="+", required=True)
        else:
            parser.add_argument(option, type=kind, required=True)
    return parser.parse_args()

"""Output files that appear whole or not at all."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a training job has no need of pandas and its start-up time
    import pandas as pd


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place if all goes well.

    A step that fails or is killed leaves nothing at `path`, and one that runs on
    after its workflow was killed never writes into a file that somebody reads.

    Raises
    ------
    SystemExit
        If the system refuses to write, such as on a full disk, with its reason.
    """
    # the process id keeps an orphan and its successor out of each other's file;
    # workflow.recovery knows the name and removes what a killed step leaves
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise SystemExit(f"{path} cannot be written: {error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def write(path: Path, text: str) -> None:
    """Write a text."""
    with replacing(path) as temporary:
        temporary.write_text(text)


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV, with all digits; the keys of the first are the columns."""
    rows = list(rows)
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table as CSV, without its index."""
    write(path, table.to_csv(index=False))

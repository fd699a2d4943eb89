"""What each result was made from: a record beside it, and the check of all of them.

A record does not depend on what Snakemake remembers.  Each job ends by writing one,
with its parameters (settings, hashes of the code) and the SHA-256 of its inputs and
outputs.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path

from mlp import arithmetic
from mlp.outputs import write

Parameters = Sequence[tuple[str, str | None]]  # name, value; None: one for each job
LONG = 60  # characters of a value in a message


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_of(rule: str, file: str) -> Path:
    """Name the record of the job of a rule that made a file."""
    return Path(file).with_name(f".{rule}.json")


def describe(parameters: list[str], inputs: list[str], outputs: list[str]) -> dict:
    """Describe a job that has just ended."""
    return {
        "arithmetic": arithmetic.in_use(),
        "parameters": parameters,
        # the steps check the data against the digests among their parameters
        "inputs": {
            name: None if name.startswith("data/") else digest(Path(name))
            for name in inputs
        },
        "outputs": {name: digest(Path(name)) for name in outputs},
    }


def other_parameters(found: Sequence[str], expected: Parameters) -> Iterator[str]:
    """Say which parameters are not those expected."""
    wanted = [(name, value) for name, value in expected if value != ""]  # as the shell
    if len(found) != len(wanted):
        yield f"with {len(found)} settings and modules, and not {len(wanted)}"
    for was, (name, value) in zip(found, wanted):
        if value is not None and was != value:
            equal = takewhile(lambda pair: pair[0] == pair[1], zip(was, value))
            start = max(0, len([*equal]) - LONG // 2)
            was, value = (shorten(text, start) for text in (was, value))
            yield f"with {name} {was}, and not {value}"


def shorten(text: str, start: int) -> str:
    """Keep a value from filling the message: quote it from about where it differs."""
    end = start + LONG
    return "..." * (start > 0) + text[start:end] + "..." * (end < len(text))


def faults(
    rule: str, file: str, inputs: Sequence[str], parameters: Parameters
) -> Iterator[str]:
    """Say what in the record of a file is not as the report claims."""
    try:
        record = read(record_of(rule, file))
    except (OSError, ValueError):
        yield "without a record of what it is made from"
        return
    yield from other_parameters(record["parameters"], parameters)
    if list(record["inputs"]) != list(dict.fromkeys(inputs)):
        yield "from other files, or from these in another order"
    for name, sha256 in record["inputs"].items():
        if sha256 and sha256 != current(Path(name)):
            yield f"from another {name}"
    if record["outputs"].get(file) != current(Path(file)):
        yield "as another file, which has changed since"


@cache
def read(path: Path) -> dict:
    """Read a record."""
    return json.loads(path.read_text())


@cache
def current(path: Path) -> str:
    """Give the SHA-256 that a file has now; none if it is not there."""
    return digest(path) if path.is_file() else ""


def check(
    rules: Mapping[str, Mapping], parameters: Mapping[str, Parameters]
) -> dict[str, dict[str, str]]:
    """Check that all files are made as the report claims.

    Parameters
    ----------
    rules : mapping
        As in ``report/manifest.json``, by name, with their ``files`` and ``inputs``.
    parameters : mapping
        Those of each rule.

    Returns
    -------
    dict
        The ``rule`` and the ``sha256`` of each file.

    Raises
    ------
    SystemExit
        For the first that is not.
    """
    checked = {}
    for rule, made in rules.items():
        for file in made["files"]:
            for fault in faults(rule, file, made["inputs"], parameters[rule]):
                raise SystemExit(
                    f"{file} was made {fault}: it belongs into no report. "
                    f"Make it anew: snakemake --forcerun {rule}"
                )
            checked[file] = {"rule": rule, "sha256": current(Path(file))}
    return checked


def arithmetic_of(rules: Mapping[str, Mapping]) -> str:
    """Name the arithmetic of all results that say which it was, and of this process."""
    paths = {record_of(rule, f) for rule, made in rules.items() for f in made["files"]}
    found = {read(path)["arithmetic"] for path in paths if path.is_file()}
    others = sorted(found - {arithmetic.in_use()})
    return ", and ".join([arithmetic.described(), *others])


def main() -> None:
    """Write the record of a job of the rule named.

    Standard input has its parameters, inputs and outputs, each ended by a zero byte,
    with an empty one between the three.
    """
    parts: list[list[str]] = [[]]
    for item in sys.stdin.read().split("\0")[:-1]:
        if item:
            parts[-1].append(item)
        else:
            parts.append([])
    record = describe(*parts)
    write(record_of(sys.argv[1], parts[-1][0]), json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

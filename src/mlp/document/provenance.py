"""Provenance: the code, settings and data that the results were made from, by SHA-256.

Nothing in it depends on the clock or on the folder that the project is in.
"""

import argparse
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from mlp import records
from mlp.outputs import replacing
from mlp.records import digest

PACKAGES = ("jinja2", "matplotlib", "numpy", "pandas", "scipy", "snakemake")


def digest_sources(sources: Mapping[str, str]) -> dict[str, str]:
    """Give the SHA-256 of each source.

    Parameters
    ----------
    sources : mapping of str to str
        The file names, with the first digits of the SHA-256 that each had when the
        run began.

    Raises
    ------
    SystemExit
        If one has changed since, so that the results may be of either content.
    """
    digests = {name: digest(Path(name)) for name in sources}
    for name, start in sources.items():
        if not digests[name].startswith(start):
            raise SystemExit(f"{name} has changed during the run: start it again")
    return digests


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that compute and print."""
    return {"python": platform.python_version()} | {n: version(n) for n in PACKAGES}


def describe(
    commit: dict,
    settings: dict,
    data: dict[str, str],
    sources: Mapping[str, str],
    manifest: Mapping[str, Mapping],
    parameters: Mapping[str, records.Parameters],
) -> dict:
    """Describe where the results come from.

    Parameters
    ----------
    commit : dict
        The state of the repository.
    settings : dict
        The configuration.
    data : dict of str to str
        The SHA-256 of each file of the data set, which the steps that read it have
        checked; so the test set need not be opened here.
    sources : mapping of str to str
        As in `digest_sources`.
    manifest : mapping of str to mapping
        The rules with their ``files``.
    parameters : mapping of str to sequence
        The parameters of each rule.

    Raises
    ------
    RecordError
        If a result was made with others.
    """
    return {
        "arithmetic": records.arithmetic_of(manifest),
        "commit": commit,
        "config": settings,
        "data": data,
        "results": records.check(manifest, parameters),
        "sources": digest_sources(sources),
        "versions": versions(),
    }


def main() -> None:
    """Write the provenance as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commit", type=json.loads, required=True)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--data", type=json.loads, required=True)
    parser.add_argument("--parameters", type=json.loads, required=True)
    parser.add_argument("--sources", nargs="+", metavar="'NAME SHA256'", required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()

    description = describe(
        arguments.commit,
        arguments.settings,
        arguments.data,
        dict(source.rsplit(" ", 1) for source in arguments.sources),
        json.loads(arguments.manifest.read_text()),
        arguments.parameters,
    )
    with replacing(arguments.output) as temporary:
        temporary.write_text(json.dumps(description, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

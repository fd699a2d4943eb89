"""Make all tables and figures on other processors, and compare all bytes.

    python -m tests.tools.processors Haswell EPYC-Milan    # as qemu-x86_64 names them

Each step runs in the emulator; Snakemake does not.  The data set is that of
`tests.tools.small`; with --tiny it is MNIST in the tiny configuration, for hours.
qemu 7.2 crashes in NumPy's sort for AVX2, which draws images; qemu 10 does not.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.tools.project import PROJECT, clone_of_project, snakemake
from tests.tools.small import small_project

CPUS = ("Haswell", "Broadwell", "Skylake-Client", "EPYC-Rome", "EPYC-Milan", "max")


def build(folder, tiny, cpu=None):
    """Make the tables and figures, each step in the emulator if there is a `cpu`."""
    folder.mkdir()
    if tiny:
        clone_of_project(folder)
        (folder / "data").symlink_to(PROJECT / "data")
    else:
        small_project(folder)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    emulator = f"qemu-x86_64 -cpu {cpu} " if cpu else ""
    python.write_text(f'#!/bin/sh\nexec {emulator}{sys.executable} "$@"\n')
    python.chmod(0o755)
    configuration = "tests/tiny.yaml" if tiny else "config.yaml"
    options = ["--cores", "all", "--keep-going", "--configfile", configuration]
    run = snakemake(folder, *options, "--", "figures", "render")
    (folder / "output.txt").write_text(run.stdout + run.stderr)
    made = (folder / "results").rglob("*")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in made
        if path.is_file() and path.suffix in (".csv", ".json", ".npy", ".pdf", ".svg")
    }


def main():
    """Print a line for each processor, and fail if one makes other bytes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cpus", nargs="*", default=CPUS)
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    different = 0
    with tempfile.TemporaryDirectory() as top:
        here = build(Path(top, "here"), arguments.tiny)
        print(f"this one\t{len(here)} files", flush=True)
        for cpu in arguments.cpus:
            there = build(Path(top, cpu), arguments.tiny, cpu)
            other = [name for name in there if there[name] != here[name]]
            lacking = sorted(here.keys() - there.keys())
            print(
                f"{cpu}\t{len(there) - len(other)} same\t{len(other)} different: "
                f"{other[:3]}\t{len(lacking)} not made: {lacking[:3]}",
                flush=True,
            )
            different += len(other)
    sys.exit(bool(different))


if __name__ == "__main__":
    main()

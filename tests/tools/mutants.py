"""Plant mistakes in the networks, the summaries and the findings, for tests to find.

``make mutants`` draws some of the mutants of cosmic-ray, runs for each the tests that
need no run of the workflow, and prints those that survive; what each of them means
stands in ``docs/mutants.md``.  Mutants that Python refuses, such as floats shifted by
bits, are not drawn: they would die without a test; nor are those of ``main``, which
runs of the workflow test.
"""

import argparse
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tools.project import clone_of_project

GROUPS = {
    "src/mlp/networks": "networks scalar gradient_check experiments",
    "src/mlp/summaries": "comparison comparisons summaries experiments",
    "src/mlp/document/findings.py": "findings",
}
"""The files of tests for the code of a folder."""
REFUSED = re.compile("RShift|LShift|_Bit|_Mod$|_Is$|_IsNot$|Invert")
PYTEST = "python -m pytest -o addopts= -x -q --noconftest -p no:cacheprovider"
CONFIGURATION = """
[cosmic-ray]
module-path = "{module}"
timeout = 120.0
excluded-modules = []
test-command = "{command}"
[cosmic-ray.distributor]
name = "local"
"""


def draw(session, size, rng):
    """Keep some of the mutants; give the number of all that Python does not refuse."""
    with sqlite3.connect(session) as database:
        rows = database.execute(
            "select job_id, operator_name from mutation_specs "
            "where definition_name is not 'main' order by module_path, start_pos_row, "
            "start_pos_col, operator_name, operator_args, occurrence"
        )
        mutants = [job for job, operator in rows if not REFUSED.search(operator)]
        kept = rng.sample(mutants, min(size, len(mutants)))
        for table in ("work_items", "mutation_specs"):
            database.execute(
                f"delete from {table} where job_id not in "  # noqa: S608
                f"({','.join('?' * len(kept))})",
                kept,
            )
    return len(mutants)


def main():
    """Print a table of counts, and a diff of each survivor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=130, help="mutants of each group")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(["src", "."]),
        "PYTHONDONTWRITEBYTECODE": "1",  # a mutant may be as old and long as the next
    }
    counts = []
    for module, names in GROUPS.items():
        with tempfile.TemporaryDirectory() as folder:
            clone_of_project(Path(folder))
            files = " ".join(f"tests/test_{name}.py" for name in names.split())
            command = f"{PYTEST} {files} -k 'not columns_here'"
            Path(folder, "mutants.toml").write_text(
                CONFIGURATION.format(module=module, command=command)
            )
            run = ["cosmic-ray", "init", "mutants.toml", "mutants.sqlite"]
            subprocess.run(run, cwd=folder, env=environment, check=True)
            session = Path(folder, "mutants.sqlite")
            number = draw(session, arguments.sample, random.Random(arguments.seed))
            run[1] = "exec"
            subprocess.run(run, cwd=folder, env=environment, check=True)
            with sqlite3.connect(session) as database:
                ended = database.execute(
                    "select test_outcome, diff from work_results order by diff"
                ).fetchall()
        alive = [diff for outcome, diff in ended if outcome == "SURVIVED"]
        counts.append(f"| {module} | {number} | {len(ended)} | {len(alive)} |")
        print(*counts[-1:], *alive, sep="\n", flush=True)
    print(
        "| code | mutants | drawn | alive |", "| --- | ---: | ---: | ---: |", sep="\n"
    )
    print(*counts, sep="\n")


if __name__ == "__main__":
    main()

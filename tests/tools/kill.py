"""Kill runs at random moments and see that the next makes the same bytes.

    python -m tests.tools.kill 20

Each round is a copy of the project with a small data set.  A run is killed with
``kill -9`` after a random time, with or without its jobs; the next must end well by
itself, with the data, tables, figures and PDF of a run that nobody disturbed.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.tools.small import products, report, run_and_kill, small_project


def main(rounds: int, seed: int) -> None:
    """Run the rounds; end with an error if one of them differs."""
    moments = random.Random(seed)
    survived = 0
    with tempfile.TemporaryDirectory() as folders:
        folder = small_project(Path(folders, "undisturbed"))
        start = time.monotonic()
        run = report(folder)
        output, _ = run.communicate()
        duration = time.monotonic() - start
        assert run.returncode == 0, output
        expected = products(folder)
        for i in range(rounds):
            folder = small_project(Path(folders, str(i)))
            after = moments.uniform(0, duration)
            kill = moments.choice([os.killpg, os.kill])
            run_and_kill(folder, after, kill)
            run = report(folder)
            output, _ = run.communicate()
            found = products(folder)
            same = run.returncode == 0 and found == expected
            survived += same
            what = "all" if kill is os.killpg else "Snakemake"
            print(
                f"{i}: killed {what} after {after:.1f} s: {'same' if same else output}"
            )
            for name in sorted(found.keys() ^ expected.keys()):
                print("  ", name)
            for name in sorted(found.keys() & expected.keys()):
                if found[name] != expected[name]:
                    print("  ", name)
    print(f"{survived} of {rounds} survived")
    sys.exit(survived != rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)

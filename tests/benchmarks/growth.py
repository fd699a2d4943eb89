"""Time sweeps of ever more runs, tiny ones; ``make growth`` writes ``docs/growth.md``.

The images are a few hundred made up for tests, so that what is measured is the pipeline
around the training and not the training.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.tools.project import ran
from tests.tools.small import small_project

SIZES = [(3, 2, 2), (5, 2, 10), (10, 2, 50), (10, 10, 100)]
"""Learning rates, batch sizes and seeds that make 12, 100, 1,000 and 10,000 runs."""
CORES = 2
BATCH_SIZES = [10, 20, 12, 15, 24, 25, 30, 40, 50, 60]
RATES = [0.03, 0.1, 0.3, 0.01, 0.02, 0.05, 0.07, 0.2, 0.5, 0.7]
CONFIGURATION = ["--configfile", "growth.json"]
VERIFY = [sys.executable, "-m", "mlp.document.verify", "--pdf=report/report.pdf"]
VERIFY += ["--rebuild="]


def configuration(rates, batch_sizes, seeds):
    """Configure a sweep: a grid of settings, each from several seeds."""
    return {
        "learning_rate_sweep": {
            "learning_rates": RATES[:rates],
            "grid": {
                "batch_size": BATCH_SIZES[:batch_sizes],
                "learning_rate": RATES[:rates],
            },
            "seeds": list(range(seeds)),
        }
    }


def snakemake(folder, *targets, options=()):
    """Run Snakemake; give its wall time, its jobs and the memory of its process."""
    command = [
        sys.executable, "-m", "snakemake", "--cores", str(CORES), *options,
        *CONFIGURATION, "--", *targets,
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    start = time.perf_counter()
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    printed = (folder / "output.txt").read_text()
    if status:
        raise SystemExit(printed)
    jobs = re.search(r"^total +(\d+)$", printed, re.MULTILINE)
    return seconds, int(jobs[1]) if jobs else 0, usage.ru_maxrss / 1024


def seconds_of(folder, *command):
    """Time a command that runs as a step does."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    start = time.perf_counter()
    ran(command, 0, cwd=folder, env=os.environ | {"PYTHONPATH": "src", "PATH": path})
    return time.perf_counter() - start


def train_alone(folder):
    """Time the command of one training job by itself."""
    asked = ["-n", "-p", "--forcerun", "train", *CONFIGURATION, "--", "mnist_runs"]
    dry = ran([sys.executable, "-m", "snakemake", *asked], 0, cwd=folder)
    command = re.search(r"python -m mlp.experiments.train(.*\\\n)*.*", dry.stdout)
    words = ["bash", "-c", command[0].partition(" >")[0]]
    times = [seconds_of(folder, *words) for _ in range(5)]
    shutil.rmtree(folder / "results" / "runs")
    return sorted(times)[2]


def main():
    """Run the sweeps and write the table."""
    lines, alone = [], 0.0
    with tempfile.TemporaryDirectory() as temporary:
        project = small_project(Path(temporary, "project"))
        for sizes in SIZES:
            (project / "growth.json").write_text(json.dumps(configuration(*sizes)))
            for made in ("results", "report", ".snakemake"):
                shutil.rmtree(project / made, ignore_errors=True)
            snakemake(project, "softmax", "gradient_check", "synthetic", "download")
            alone = alone or train_alone(project)
            plan, _, plan_memory = snakemake(
                project, "learning_rate_sweep", options=["--dry-run", "-q"]
            )
            seconds, jobs, memory = snakemake(project, "learning_rate_sweep")
            jobs -= 1  # the summary
            rest, _, _ = snakemake(project)
            (project / "results/chosen.csv").unlink()
            times = [
                seconds,
                seconds / jobs - alone / CORES,
                snakemake(project, "learning_rate_sweep")[0],
                rest,
                snakemake(project)[0],
                seconds_of(project, *VERIFY),
            ]
            lines.append(
                f"| {jobs} | {plan:.1f} | {plan_memory:.0f} | {memory:.0f} | "
                + " | ".join(f"{float(f'{each:.3g}'):g}" for each in times)
                + " |"
            )
            print(lines[-1], flush=True)
    Path("docs/growth.md").write_text(
        f"""# Growth: sweeps of ever more runs

Written by `make growth`; not part of the report.

Machine: {os.cpu_count()} cores, {platform.system()}; `--cores {CORES}`. The runs are tiny, 240 images for one epoch:
the command of one takes {alone:.2f} s by itself. "Plan" is `snakemake -n`, and "MB" the memory of the Snakemake process
in it and in the sweep. The overhead of a run is the time of the sweep over its runs, less half that of the command.
"Summary" is the sweep's summary alone, with the runs there; "report" everything from there to the PDF, other runs and
provenance included; "nothing to do" a run after that; "verify" the check of the report.

| runs | plan, s | plan, MB | sweep, MB | sweep, s | overhead a run, s | summary, s | report, s | nothing to do, s | verify, s |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(lines)}
"""  # noqa: E501
    )


if __name__ == "__main__":
    main()

"""Time sweeps of ever more runs, tiny ones; ``make growth`` writes ``docs/growth.md``.

The images are a few hundred made up here, so that what is measured is the pipeline
around the training and not the training.
"""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.project import copy_of_project

SIZES = (10, 100, 1000)
CORES = 2
RATES = [0.01, 0.1, 1.0, 0.02, 0.03, 0.05, 0.2, 0.3, 0.5, 0.7]


def idx(array):
    """Write an array of bytes in the IDX format."""
    shape = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + shape + array.astype(np.uint8).tobytes()


def dataset(folder, instances=400):
    """Write images of two classes that a small network tells apart; describe them."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    files = {}
    for part, stem in (("train", "train"), ("test", "t10k")):
        t = rng.integers(0, 2, instances)
        x = rng.integers(0, 100, (instances, 28, 28)) + 100 * t[:, None, None]
        for what, array in (("images-idx3", x), ("labels-idx1", t)):
            content = idx(array)
            name = f"{stem}-{what}-ubyte"
            (folder / name).write_bytes(content)
            files[f"{part}_{what.partition('-')[0]}"] = {
                "name": name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
    return {
        "name": "made-up",
        "classes": ["dark", "bright"],
        "validation_size": 100,
        "folder": str(folder),
        "files": files,
    }


def configuration(data, runs):
    """Configure a sweep of so many runs: a grid of settings, from several seeds."""
    seeds = {10: 1, 100: 10, 1000: 50}[runs]
    settings = runs // seeds
    rates, batch_sizes = {10: (5, 2), 20: (10, 2)}[settings]
    return {
        "dataset": data,
        "gradient_check": {"random_points": 1},
        "synthetic": {"epochs": 1, "interval": 30000, "seeds": [0, 1]},
        "network": {"hidden_size": 5},
        "training": {"epochs": 1},
        "mnist_runs": {"batch_size": 50, "learning_rate": 0.1, "seeds": [0, 1]},
        "learning_rate_sweep": {
            "learning_rates": RATES[:rates],
            "grid": {
                "hidden_sizes": [5],
                "batch_sizes": [50, 100, 200][:batch_sizes],
                "learning_rates": RATES[:rates],
            },
            "seeds": list(range(seeds)),
        },
        "final": {"seeds": [0, 1]},
    }


def snakemake(folder, *targets):
    """Run Snakemake; give its wall time, its jobs and the memory of its process."""
    command = [
        sys.executable, "-m", "snakemake", "--cores", str(CORES),
        "--configfile", "growth.json", "--", *targets,
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


def train_alone(folder):
    """Time the command of one training job by itself."""
    dry = subprocess.run(
        [
            sys.executable, "-m", "snakemake", "-n", "-p", "--forcerun", "train",
            "--configfile", "growth.json", "--", "mnist_runs",
        ],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    command = re.search(r"python -m mlp.experiments.validation(.*\\\n)*.*", dry.stdout)
    environment = os.environ | {
        "PYTHONPATH": "src",
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
    }
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(
            ["bash", "-c", command[0]], cwd=folder, env=environment, check=True
        )
        times.append(time.perf_counter() - start)
    return sorted(times)[2]


def main():
    """Run the sweeps and write the table."""
    lines, alone = [], 0.0
    with tempfile.TemporaryDirectory() as temporary:
        project = Path(temporary, "project")
        project.mkdir()
        copy_of_project(project)
        data = dataset(Path(temporary, "made-up"))
        for runs in SIZES:
            config = configuration(data, runs)
            (project / "growth.json").write_text(json.dumps(config))
            for made in ("results", "report", ".snakemake"):
                subprocess.run(["rm", "-rf", project / made], check=True)
            snakemake(project, "softmax", "gradient_check", "synthetic", "download")
            alone = alone or train_alone(project)
            seconds, jobs, memory = snakemake(project, "learning_rate_sweep")
            jobs -= 1  # the summary
            overhead = seconds / jobs - alone / CORES
            rest, _, _ = snakemake(project)
            subprocess.run(["rm", "-f", project / "results/chosen.csv"], check=True)
            summary, _, _ = snakemake(project, "learning_rate_sweep")
            nothing, _, _ = snakemake(project)
            lines.append(
                f"| {jobs} | {seconds:.1f} | {overhead:.3f} | {memory:.0f} "
                f"| {summary:.1f} | {rest:.1f} | {nothing:.1f} |"
            )
            print(lines[-1], flush=True)
    Path("docs/growth.md").write_text(
        f"""# Growth: sweeps of ever more runs

Written by `make growth`; not part of the report.

Machine: {os.cpu_count()} cores, {platform.system()}; `--cores {CORES}`. The runs are tiny, 300 images for one epoch:
the command of one takes {alone:.2f} s by itself. The overhead of a run is the time of the sweep over its runs, less
half that. The memory is that of the Snakemake process. "Summary" is the sweep's summary alone, with the runs there;
"report" everything from there to the PDF, other runs included; "nothing to do" a run after that.

| runs | sweep, s | overhead a run, s | memory, MB | summary, s | report, s | nothing to do, s |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(lines)}
"""  # noqa: E501
    )


if __name__ == "__main__":
    main()

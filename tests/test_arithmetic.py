"""The same bits on each processor that can do it, and on each version of Python."""

import hashlib
import os
import random
import re
import sys

import numpy as np
import pytest

from mlp import arithmetic
from tests.tools.project import PROJECT, ran
from workflow import sources

SOURCE = PROJECT / "src"
NUMPY = "import mlp, numpy; from mlp.arithmetic import described; print(described())"
SET = (*arithmetic.PORTABLE, *arithmetic.THREADS, arithmetic.CHOICE)
PORTABLE_HERE = arithmetic.obstacle() is None


def run(script, **environment):
    """Run a script as a step by hand does, with nothing set but what is given."""
    kept = {name: value for name, value in os.environ.items() if name not in SET}
    return ran(
        [sys.executable, "-c", script],
        code=0,
        env=kept | {"PYTHONPATH": "src"} | environment,
        cwd=PROJECT,
    ).stdout.strip()


def test_a_step_by_hand_has_the_portable_arithmetic():
    disturbed = run(NUMPY, NPY_DISABLE_CPU_FEATURES="AVX2", OMP_NUM_THREADS="2")
    assert run(NUMPY) == disturbed
    if PORTABLE_HERE:
        assert disturbed == "portable"
    threads = "import threadpoolctl as t; print(max(b['num_threads'] for b in t.threadpool_info()))"  # fmt: skip # noqa: E501
    assert run(f"{NUMPY}; {threads}", OMP_NUM_THREADS="2").split()[-1] == "1"


def test_the_native_arithmetic_says_what_it_is_whatever_is_loaded():
    said = run(NUMPY, MLP_ARITHMETIC="native")
    assert re.fullmatch(r"native, openblas \w+", said)
    for other in ("sys", "scipy.stats"):  # SciPy has a BLAS of its own
        script = NUMPY.replace("numpy", other)
        assert run(script, MLP_ARITHMETIC="native", OPENBLAS_CORETYPE="") == said


@pytest.mark.parametrize(
    ("machine", "features", "expected"),
    [
        ("x86_64", {"avx2", "fma", "sse2"}, "portable"),
        ("AMD64", {"avx2", "fma"}, "portable"),
        ("x86_64", {"avx2"}, "processor without AVX2 and FMA"),
        ("x86_64", set(), "processor without AVX2 and FMA"),
        ("aarch64", {"avx2", "fma"}, "processor is aarch64, not x86-64"),
    ],
)
def test_only_where_it_means_something(monkeypatch, machine, features, expected):
    monkeypatch.setattr(arithmetic.platform, "machine", lambda: machine)
    monkeypatch.setattr(arithmetic, "processor_features", lambda: features)
    environment = {"NPY_DISABLE_CPU_FEATURES": "x"}
    monkeypatch.setattr(arithmetic.os, "environ", environment)
    arithmetic.choose()
    assert arithmetic.in_use() == expected
    assert (environment.keys() >= arithmetic.PORTABLE.keys()) is (
        expected == "portable"
    )
    assert ("NPY_DISABLE_CPU_FEATURES" in environment) is (expected != "portable")


def test_the_first_processor_is_asked(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor : 0\nflags\t: fpu avx2\n\nflags : x\n")
    assert arithmetic.processor_features(tmp_path / "cpuinfo") >= {"fpu", "avx2"}
    assert "x" not in arithmetic.processor_features(tmp_path / "cpuinfo")
    assert arithmetic.processor_features(tmp_path / "none") == set()


def test_the_workflow_sets_what_the_steps_read():
    assert sources.CHOICE == arithmetic.CHOICE


# their bits, or their order, are another in another version of Python
VARYING = re.compile(
    r"""(?<![\w.]) (sum | hash | id) \(
    | \bnp\.savez | \bmath\. (hypot | dist | sumprod | fma | cbrt | gamma) \(
    | ^\s* from\ (math | random)\ import | ^\s* (import | from)\ statistics\b
    | (?<!np\.) \brandom\.[a-z] | \bnp\.random\. (?!default_rng\() [a-z]
    | \bfor\ [\w, ]+\ in\ (set\( | frozenset\( | \{ [^:{}]+ \})""",
    re.MULTILINE | re.VERBOSE,
)
WHOLE_NUMBERS = {"src/mlp/data/download.py": {"sum("}}  # of bytes


def varying(source):
    """List what in a source may give other bits in another version of Python."""
    return {found.group() for found in VARYING.finditer(source)}


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")))
def test_nothing_varies_with_the_version(path):
    allowed = WHOLE_NUMBERS.get(str(path.relative_to(PROJECT)), set())
    assert varying(path.read_text()) <= allowed


@pytest.mark.parametrize(
    "source",
    [
        "total = sum(e)",
        "x = math.hypot(a, b)",
        "import statistics",
        "from statistics import fmean",
        "from math import sumprod",
        "x = random.random()",
        "np.savez(file, x=x)",
        "np.random.seed(0)",
        "f = [g(x) for x in set(names)]",
        "for x in {1, 2}: print(x)",
        "x = hash(name)",
    ],
)
def test_what_varies_would_be_found(source):
    assert varying(source)


def test_the_random_draws_are_those_of_all_versions():
    rng = random.Random(0)
    draws = [rng.gauss(0.0, 1.0) for _ in range(100)], rng.sample(range(60000), 60000)
    array = np.random.default_rng(0).standard_normal(1000, dtype=np.float32)
    order = np.random.default_rng(0).permutation(60000)
    assert [
        hashlib.sha256(repr(part).encode()).hexdigest()[:16]
        for part in (*draws, array.tolist(), order.tolist())
    ] == [
        "ea194060aa3f1fa3",
        "77a1d8952fec015d",
        "ad9684a59037014a",
        "008f9b71d886ee5f",
    ]

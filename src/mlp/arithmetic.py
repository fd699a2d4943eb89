"""The arithmetic of all steps: the same bits on each processor that can do it.

OpenBLAS and NumPy choose their code by the processor that they find, and each code
rounds in another order.  On x86-64 with AVX2 and FMA both can be held to the code for
these, before NumPy is loaded; elsewhere they go on choosing, and the report says so.
"""

import os
import platform
from pathlib import Path

PORTABLE = {
    "OPENBLAS_CORETYPE": "Haswell",  # its code for AVX2
    "OPENBLAS_L2_SIZE": "512",  # KB, from which it takes the sizes of blocks
    "NPY_ENABLE_CPU_FEATURES": "X86_V3",  # no more than AVX2
}
CHOICE = "MLP_ARITHMETIC"  # the environment variable with what config.yaml chooses
NEEDED = {"avx2", "fma"}
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def processor_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> set[str]:
    """List what the first processor can do, in the words of Linux."""
    try:
        with cpuinfo.open() as lines:
            line = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        line = ""
    return set(line.split())


def obstacle() -> str | None:
    """Say why this machine has no portable arithmetic; None if it has."""
    machine = platform.machine()
    if machine.lower() not in ("x86_64", "amd64"):
        return f"processor is {machine}, not x86-64"
    if not processor_features() >= NEEDED:
        return "processor without AVX2 and FMA"
    return None


def in_use() -> str:
    """Name the arithmetic of this process: ``portable``, ``native`` or an obstacle."""
    return "native" if os.environ.get(CHOICE) == "native" else obstacle() or "portable"


def described() -> str:
    """Name the arithmetic, with the code that NumPy's BLAS turned out to be."""
    import numpy as np
    from threadpoolctl import threadpool_info

    name = in_use()
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    home = os.path.dirname(np.__file__)  # or numpy.libs, beside it; SciPy has another
    own = [each for each in libraries if each["filepath"].startswith(home)] or libraries
    code = sorted({f"{b['internal_api']} {b.get('architecture')}" for b in own})
    if name == "portable" and code == [f"openblas {PORTABLE['OPENBLAS_CORETYPE']}"]:
        return name
    return f"{name.replace('portable', 'another BLAS')}, {', '.join(code)}"


def choose() -> None:
    """Set the environment for NumPy, which must not have been loaded before."""
    for name in THREADS:  # a second one would add up in another order
        os.environ[name] = "1"
    if in_use() == "portable":
        os.environ.pop("NPY_DISABLE_CPU_FEATURES", None)  # refused beside the other
        os.environ.update(PORTABLE)

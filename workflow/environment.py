"""The variables that programs are started with, and the Python that runs the steps.

Of the user's variables those pass that are listed here.  All others, known or not, may
change what a program does or writes, and none of them is needed.  Imports nothing that
a bare Python has not: ``make`` runs this before anything is installed.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
CACHE = PROJECT / ".snakemake" / "cache"  # the home may not be writable
BUILD = str(PROJECT / "requirements-build.txt")
"""What packages are built with that come as source; locked, too."""
PIP = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host"),
    *("cert", "client-cert", "proxy", "timeout", "default-timeout", "retries"),
    *("keyring-provider", "cache-dir", "no-cache-dir", "use-feature", "use-deprecated"),
)
"""The settings of pip that say where packages come from and how they are reached."""

PASSED = re.compile(
    "PATH|HOME|USER|LOGNAME|TMPDIR|TZ|TERM|COLORTERM|NO_COLOR"
    "|LD_LIBRARY_PATH|NIX_LD|NIX_LD_LIBRARY_PATH"  # without which Python may not start
    "|(HTTPS?|ALL|NO|FTP)_PROXY|(https?|all|no|ftp)_proxy|NETRC|KRB5CCNAME"
    "|(NIX_)?SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE"
    "|XDG_CONFIG_(HOME|DIRS)|PIP_CONFIG_FILE|"  # where pip finds its settings
    + "|".join(f"PIP_{name.upper().replace('-', '_')}" for name in PIP)
    + "|PYTHONDONTWRITEBYTECODE"
    "|(SLURM|SBATCH|MUNGE)_.*"
    "|MLP_.*"  # our own
)
FIXED = {
    "LC_ALL": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": str(CACHE / "matplotlib"),
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",  # else a user's random.py beside the Snakefile is imported
    "PYTHONUTF8": "1",  # where there is no such locale
    "SNAKEMAKE_PROFILE": "none",
    "XDG_CACHE_HOME": str(CACHE),
    # else glibc hands each gradient's memory back to the system and asks for it anew
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "268435456",
}


def environment(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give the variables that programs are started with.

    Parameters
    ----------
    given : mapping of str to str
        Those of the user.
    """
    passed = {name: value for name, value in given.items() if PASSED.fullmatch(name)}
    if "USER" not in passed:  # a user without a name, as in a container
        passed["USER"] = str(os.getuid())
    return passed | FIXED


def missing() -> str:
    """Say what of the packages this Python has not; nothing if it has all.

    Raises
    ------
    ImportError
        If they are there and cannot be used, as those of another Python.
    """
    with (PROJECT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    for name in wanted:
        try:
            version(name)
        except PackageNotFoundError:
            return f"the package {name} is missing"
    for name in ("numpy", "psutil"):
        import_module(name)
    has_name = Path(sys.executable).with_name("python").exists()
    return "" if has_name else "no program beside it is called python"


def python() -> Path:
    """Find a Python that can run the steps: that of .venv, else the one that runs this.

    Raises
    ------
    ImportError
        If there is none, with what to do.
    """
    own = VENV / "bin" / "python"
    if own.exists() and not VENV.samefile(sys.prefix):
        check = [str(own), "-E", "-m", "workflow.environment"]
        if not subprocess.run(
            check, cwd=PROJECT, capture_output=True, check=False
        ).returncode:
            return own
    if reason := missing():
        raise ImportError(
            f"{sys.executable}: {reason}; `make .venv/report` installs what the "
            "jobs need in .venv, where they find it"
        )
    return Path(sys.executable)


def pip(*arguments: str, **options: Any) -> str | None:
    """Run pip, which says why if it fails, and so does this; return what it prints."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, text=True, check=False, **options)
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout


def install(requirements: str) -> None:
    """Install packages beside this Python, and nowhere else.

    From the user's settings of pip come the index and the way to it.
    """
    variables = environment()
    variables["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", "")
    listed = str(pip("config", "list", env=variables, stdout=subprocess.PIPE))
    for section in ("global", "install", ":env:"):  # the last counts most
        for line in listed.splitlines():
            name, _, value = line.partition("=")
            if name in [f"{section}.{setting}" for setting in PIP]:
                name = name.removeprefix(f"{section}.").upper().replace("-", "_")
                variables[f"PIP_{name}"] = ast.literal_eval(value)
    variables["PIP_CONFIG_FILE"] = os.devnull
    for file in (BUILD, requirements):
        options = ("--quiet", "--require-hashes", "--no-build-isolation", "-r", file)
        pip("install", *options, env=variables)


def main() -> None:
    """Install a file of requirements, if one is named, and see that all is there.

    The exit code is 1 if something is missing, and 2 if it cannot be used.
    """
    for requirements in sys.argv[1:]:
        install(requirements)
    try:
        reason = missing()
    except ImportError:
        raise SystemExit(2) from None
    if reason:
        raise SystemExit(f"{sys.executable}: {reason}")


if __name__ == "__main__":
    main()

"""The variables that programs are started with, and the Python that runs the steps.

Of the user's variables those pass that are listed here.  All others, known or not, may
change what a program does or writes, and none of them is needed.  Imports nothing that
a bare Python has not: ``make`` runs this before anything is installed.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CACHE = PROJECT / ".snakemake" / "cache"  # the home may not be writable
PIP = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host"),
    *("cert", "client-cert", "proxy", "timeout", "retries", "keyring-provider"),
    *("cache-dir", "no-cache-dir", "use-feature", "use-deprecated"),
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

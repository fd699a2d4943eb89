"""The source files that results depend on: modules, templates and the lock file."""

import hashlib
import itertools
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import RerunTrigger

from workflow.recovery import WRITTEN

SOURCE = Path(__file__).resolve().parent.parent / "src"
LOCK = SOURCE.parent / "requirements.txt"
CHOICE = "MLP_ARITHMETIC"
"""The environment variable of `mlp.arithmetic`, which the Snakefile sets."""
SOURCES = ("Snakefile", "config.yaml", LOCK.name, "src", "templates", "workflow")
"""What the report depends on, besides the data and a folder with other templates."""


RECORD = """
        printf '%s\\0' {params:q} '' {input:q} '' {output:q} \\
            | python -m mlp.records {rule} >>{log:q} 2>&1
        """


def step(module: str, stdin: str = "", **given: str) -> str:
    """Write the shell command of a rule that runs a module.

    ``input="images labels"`` gives it the options ``--images {input.images:q} --labels
    {input.labels:q}``, and ``output="output"`` gives it all outputs as one.  The input
    `stdin` is named on standard input, for more files than fit on a command line.
    """
    options = []
    for kind, names in given.items():
        for name in names.split():
            value = kind if name == kind else f"{kind}.{name}"
            options.append(f"--{name.replace('_', '-')} {{{value}:q}}")
    files = f"printf '%s\\n' {{input.{stdin}:q}} | " if stdin else ""
    return f"{files}python -m {module} {' '.join(options)} >{{log:q}} 2>&1"


def recorded(module: str, stdin: str = "", **given: str) -> str:
    """Write it as `step` does, and let each job write what its files were made from.

    So does each rule whose files the report is made from: see `mlp.records`.
    """
    return step(module, stdin, **given) + RECORD


def as_json(value: Any) -> Callable:
    """Give a rule a parameter whose braces Snakemake does not take for wildcards."""
    return lambda wildcards: json.dumps(value, sort_keys=True)


@cache
def imported(module: str) -> dict[str, Path]:
    """Find the modules of this project that `module` imports, itself included."""
    finder = ModuleFinder(path=[str(SOURCE)])
    finder.import_hook(module, fromlist=["*"])
    return {
        name: Path(file)
        for name, found in finder.modules.items()
        if (file := getattr(found, "__file__", None))
    }


@cache
def code(*modules: str) -> list[str]:
    """List the modules that the steps `modules` import, as ``name hash``.

    Given to a rule as parameters, they make Snakemake redo the rule's jobs when the
    content of one of them changes, whatever the time stamps say.  The locked versions
    of all other packages count for every step, and so does the arithmetic.
    """
    files = {LOCK.name: LOCK}
    for module in modules:
        files |= imported(module)
    return [f"arithmetic {os.environ.get(CHOICE, 'portable')}", *contents(files)]


def contents(files: Mapping[str, Path]) -> list[str]:
    """List files by name, as ``name hash``."""
    return [
        f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
        for name, path in sorted(files.items())
    ]


def is_source(path: str) -> bool:
    """Tell a file from what an editor or Python leaves beside it."""
    return not any(
        name.startswith((".", "#")) or name[-1] == "~" or name == "__pycache__"
        for name in Path(path).parts
    )


def templates(folders: Iterable[str]) -> list[str]:
    """List the files of folders with templates, LaTeX classes among them included.

    Raises
    ------
    WorkflowError
        If a folder is not there, or is one that the pipeline writes to.
    """
    for folder in folders:
        if not os.path.isdir(folder):
            raise WorkflowError(f"report.template: there is no folder {folder}")
    for folder, written in itertools.product(folders, WRITTEN):
        if Path(folder).resolve().is_relative_to(written.resolve()):
            raise WorkflowError(f"report.template: the pipeline writes to {folder}")
    return [
        entry.path
        for folder in folders
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
        if entry.is_file() and is_source(entry.name)
    ]


def listed(files: Iterable[str]) -> list[str]:
    """List the modules from which templates print listings."""
    calls = re.compile(r'\blisting\(\s*"([\w.]+)\.\w+"')
    texts = (Path(file).read_text("utf-8", "replace") for file in files)
    return sorted({module for text in texts for module in calls.findall(text)})


def places() -> dict[str, dict]:
    """Find the ``place``, a rules file, and the ``line`` of each rule."""
    return {
        match[1]: {"place": str(file.relative_to(SOURCE.parent)), "line": number}
        for file in sorted((SOURCE.parent / "workflow" / "rules").glob("*.smk"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if (match := re.match(r"rule (\w+):", line))
    }


def steps(rule: Any) -> dict:
    """Say how a rule of Snakemake makes its files.

    Returns
    -------
    dict
        The ``command``, with what Snakemake fills in by name; the modules of ``code``
        that it imports; and the ``inputs``, which are the same for all its jobs.
    """
    command = " ".join(rule.shellcmd.removesuffix(RECORD).split())
    step = re.search(r"python -m ([\w.]+)", command)
    code = imported(step[1]).values() if step else []
    inputs: list[str] = []
    for given in rule.input:
        inputs += given(None) if callable(given) else [str(given)]
    return {
        "command": command,
        "code": sorted(str(file.relative_to(SOURCE.parent)) for file in code),
        "inputs": inputs,
    }


def all_triggers(settings: Any) -> bool:
    """See that Snakemake redoes what any change asks for.

    Raises
    ------
    SystemExit
        If its command line leaves out a reason for that.  Of other errors in what a
        rule needs Snakemake takes no notice where the file of the rule is there.
    """
    if ignored := RerunTrigger.all() - {*settings.rerun_triggers}:
        names = ", ".join(sorted(map(str, ignored)))
        raise SystemExit(
            f"--rerun-triggers leaves out {names}: results could be of other code or "
            "settings than the report says"
        )
    return True


def parameters(rule: Any) -> list[tuple[str, str | None]]:
    """List the parameters of a rule of Snakemake, as `mlp.records` compares them.

    One that depends on the wildcards, which are in the names of the files, is None.
    """
    listed: list[tuple[str, str | None]] = []
    for name, value in rule.params._allitems():
        try:
            given = str(value(None) if callable(value) else value)
        except AttributeError:  # None has no wildcards
            given = None
        listed.append((name or "code", given))
    return listed


def sources(names: Iterable[str] = SOURCES, top: Path = SOURCE.parent) -> list[str]:
    """List the files of folders, and files, by their names from the top."""
    return sorted(
        {
            str(path.relative_to(top))
            for name in names
            for path in [top / name, *(top / name).rglob("*")]
            if path.is_file() and is_source(str(path.relative_to(top / name)))
        }
    )

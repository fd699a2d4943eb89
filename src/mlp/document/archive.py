"""Pack the report, and all that it comes from, into a zip that others' tools read.

It is a Provenance Run Crate: an RO-Crate with the workflow, its files and the jobs that
made them. Nothing in it depends on the clock; its times are those of the commit.
"""

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rocrate.model import ComputationalWorkflow, ContextEntity
from rocrate.rocrate import ROCrate

from mlp.document.pdf import Claims
from mlp.outputs import replacing
from mlp.records import digest, record_of
from workflow.commit import CARRIED, changes, git

ARCHIVE = Path("report", "archive.zip")
JSON = [f"report/{name}.json" for name in ("provenance", "ledger", "manifest")]
REPORT = ["report/report.pdf", "report/report.tex", *JSON]
AGAIN = "`make report`, then `make archive`."
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"


def collect() -> tuple[Claims, dict[str, str], dict[str, str]]:
    """Give what the report says of itself, and the files of the commit and the run.

    Raises
    ------
    SystemExit
        If something is missing, or is not of the commit.
    """
    if missing := [name for name in REPORT if not Path(name).is_file()]:
        raise SystemExit(f"{missing[0]} is missing: {AGAIN}")
    files = {Path(name).name: Path(name).read_bytes() for name in JSON}
    claims = Claims(files, Path("report"))
    if not claims.commit.revision or claims.commit.another_configuration:
        raise SystemExit(
            f"{REPORT[0]} is of commit {claims.commit.name}: commit all, {AGAIN}"
        )
    try:
        listed = git("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD:./")
        of_commit = listed.split("\0")[:-1]
    except (OSError, subprocess.CalledProcessError):
        if not Path(CARRIED).is_file():
            raise SystemExit("No commit is known here: archive in a clone.") from None
        of_commit = json.loads(Path(CARRIED).read_text())["files"]
    head, _, changed = changes(of_commit)
    if changed:
        raise SystemExit(f"{changed[0]} has changed since commit {head[:12]}: {AGAIN}")
    if head != claims.commit.hash:
        raise SystemExit(f"{REPORT[0]} is not of commit {head[:12]}: {AGAIN}")
    tracked = {name: digest(Path(name)) for name in sorted(of_commit)}
    names = {*REPORT, *claims.results}
    for rule, job in claims.manifest.items():
        names |= {str(record_of(rule, name)) for name in job["files"]}
    made = {name: digest(Path(name)) for name in names if Path(name).is_file()}
    for name, sha256 in (claims.sources | claims.results).items():
        if (tracked | made).get(name) != sha256:
            raise SystemExit(f"{name} is not what {REPORT[0]} is made from: {AGAIN}")
    return claims, tracked, made


def describe(claims: Claims, files: Mapping[str, str]) -> dict:
    """Describe the files and the jobs in the terms of RO-Crate."""
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(TERMS)

    def add(kind: str, identifier: str, **properties: Any) -> ContextEntity:
        given = {"@type": kind, "name": identifier.strip("#")} | properties
        return crate.add(ContextEntity(crate, identifier, given))

    entities, version = {}, claims.versions["snakemake"]
    for name, sha256 in files.items():
        described = {"name": name, "sha256": sha256}
        entities[name] = crate.add_file(name, name, properties=described)
    kinds = {"@type": [*ComputationalWorkflow.TYPES, "HowTo"]}
    entities["Snakefile"] = flow = crate.add_workflow(
        "Snakefile",
        properties={"name": "Snakefile", "sha256": files["Snakefile"]} | kinds,
        main=True,
        lang="snakemake",
        lang_version=version,
    )

    def get(name: str) -> ContextEntity:
        if name not in entities:  # as the data, which are not packed
            known = {"sha256": claims.data[name]} if name in claims.data else {}
            entities[name] = add("CreativeWork", f"#{name}", **known)
        return entities[name]

    given = [get(name) for name in ("config.yaml", *sorted(claims.data))]
    result = [get(name) for name in REPORT]
    run = add("CreateAction", "#run", instrument=flow, object=given, result=result)
    actions, controls = [run], []
    for position, (rule, made) in enumerate(claims.manifest.items()):
        parts = [get(name) for name in made["code"]]
        tool = add("SoftwareApplication", f"#{rule}", hasPart=parts)
        tool["description"] = made["command"]
        step = add("HowToStep", f"#step-{rule}", position=position, workExample=tool)
        flow.append_to("hasPart", tool)
        flow.append_to("step", step)
        records = {str(record_of(rule, name)) for name in made["files"]}
        for record in sorted(records & files.keys()):
            job = json.loads(Path(record).read_text())
            action = add("CreateAction", f"#job-{record}", instrument=tool)
            action["object"] = [get(name) for name in job["inputs"]]
            action["result"] = [get(name) for name in job["outputs"]]
            control = add("ControlAction", f"#control-{record}", object=action)
            control["instrument"] = step
            actions.append(action)
            controls.append(control)
    engine = add("SoftwareApplication", "#Snakemake", softwareVersion=version)
    whole = add("OrganizeAction", "#jobs", object=controls, result=run)
    whole["instrument"] = engine

    date = datetime.fromtimestamp(claims.commit.time, UTC).isoformat()
    for key, value in {
        "name": "Implementing an MLP using NumPy: a reproducible report",
        "description": f"The report of commit {claims.commit.name} and its sources",
        "identifier": claims.commit.revision,
        "license": entities["LICENSE"],
        "datePublished": date,
        "mentions": actions,
        "conformsTo": [
            add("CreativeWork", url, name=name, version=url.rpartition("/")[2])
            for url, name in PROFILES.items()
        ],
    }.items():
        crate.root_dataset[key] = value
    return crate.metadata.generate()


def archive() -> None:
    """Write the zip; not compressed, which would be the word of the system's zlib."""
    claims, tracked, made = collect()

    def text(content: dict) -> bytes:
        return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()

    commit = {"hash": claims.commit.hash, "time": claims.commit.time, "files": tracked}
    contents = {CARRIED: text(commit)}
    carried = hashlib.sha256(contents[CARRIED]).hexdigest()
    files = dict(sorted((tracked | made | {CARRIED: carried}).items()))
    contents["ro-crate-metadata.json"] = text(describe(claims, files))
    time = datetime.fromtimestamp(claims.commit.time, UTC).timetuple()[:6]
    with replacing(ARCHIVE) as temporary, zipfile.ZipFile(temporary, "w") as packed:
        for name in sorted({*files, *contents}):
            entry = zipfile.ZipInfo(name, time)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            packed.writestr(entry, contents.get(name) or Path(name).read_bytes())


if __name__ == "__main__":
    archive()
    print(f"The archive is {ARCHIVE.resolve()}")

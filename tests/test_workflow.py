"""The workflow: the code that its rules declare, and what it says of mistakes."""

import json
import re

import pytest
import yaml

from tests.tools.lint import lints
from tests.tools.project import (
    PROJECT,
    copy_of_project,
    printed_by,
    schedule,
    snakemake,
)
from workflow.sources import SOURCE, code, places

RULES = "\n".join(p.read_text() for p in sorted(PROJECT.glob("workflow/rules/*.smk")))
RUNS = re.compile(r"""(?:python -m |(?:step|recorded)\(\s*")(mlp[\w.]+)""")
STEPS = sorted(set(RUNS.findall(RULES)))


IMPORT_ALL = f"""
import sys
from importlib import import_module

for step in {STEPS}:
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlp"]:
        del sys.modules[name]
    import_module(step)
    print(*(name for name in sys.modules if name.partition(".")[0] == "mlp"), sep=",")
"""


@pytest.fixture(scope="module")
def imported():
    """The modules of the project that each step has when it is imported."""
    return dict(zip(STEPS, printed_by(IMPORT_ALL), strict=True))


@pytest.mark.parametrize("step", STEPS)
def test_the_code_of_a_step_covers_all_that_it_imports(imported, step):
    really_imported = set(imported[step].split(","))
    assert step in really_imported
    declared = {entry.split()[0] for entry in code(step)}
    assert really_imported <= declared
    assert "requirements.txt" in declared


def test_each_rule_declares_the_code_that_it_runs():
    rules = re.split(r"^rule ", RULES, flags=re.MULTILINE)[1:]
    running = [rule for rule in rules if RUNS.search(rule)]
    assert len(running) >= len(STEPS)
    for rule in running:
        (step,) = RUNS.findall(rule)
        name = rule.partition(":")[0]
        assert step.endswith(f".{name.removesuffix('_figures')}")
        assert name.endswith("_figures") == step.startswith("mlp.figures.")
        # the digests fix what a download gives, whatever its code
        assert (f'*code("{step}"' in rule) == (step != "mlp.data.download")


def test_rules_are_found_at_their_place():
    for name, place in places().items():
        lines = (PROJECT / place["place"]).read_text().splitlines()
        assert lines[place["line"] - 1] == f"rule {name}:"


def test_all_that_a_plain_run_submits_to_slurm_is_in_a_group():
    profile = yaml.safe_load((PROJECT / "profiles/slurm/profile.yaml").read_text())
    local = re.findall(r"^localrules:\n((?:    \w+,\n)+)", RULES, re.MULTILINE)
    local = set(re.findall(r"\w+", "".join(local)))
    assert profile["groups"].keys() == places().keys() - local - {"pages"}
    assert profile["set-resources"].keys() <= places().keys()


def test_the_readme_lists_the_rules_with_what_they_make():
    table = (PROJECT / "README.md").read_text().partition("| rule | makes |\n")[2]
    rows = dict(
        re.findall(r"^\| `(\w+)` \| (.*) \|$", table.partition("\n\n")[0], re.M)
    )
    files = {path.stem for path in PROJECT.glob("workflow/rules/*.smk")}
    assert rows.keys() == files & places().keys() | {"figures", "report", "pages"}
    for name, makes in rows.items():
        _, _, rule = RULES.partition(f"\nrule {name}:\n")
        output, _, _ = rule.partition("\n    log:")
        for file in re.findall(r"[\w/]+\.(?:csv|pdf)", makes):
            assert f'{file}"' in output
        for word in re.findall(r"`(\w+)`", makes):
            assert word in places()


def test_package_files_are_empty_but_for_the_choice_of_the_arithmetic():
    full = [path for path in SOURCE.rglob("__init__.py") if path.read_text()]
    assert full == [SOURCE / "mlp" / "__init__.py"]


def test_a_wrong_configuration_stops_before_any_job(plan):
    wrong = {"wrong.yaml": "final: {seeds: [1, 1]}"}
    code, output = plan("--configfile", "wrong.yaml", **wrong)
    assert code != 0
    assert "final.seeds: [1, 1] has non-unique elements" in output
    assert "Traceback" not in output
    assert "Job stats" not in output


@pytest.mark.parametrize("folder", ["report", "results/course", "../project/report"])
def test_a_template_among_the_outputs_is_refused(plan, folder):
    (plan.folder / folder).mkdir(parents=True, exist_ok=True)
    code, printed = plan("--config", f"report={{template: {folder}}}")
    assert code != 0
    assert f"report.template: the pipeline writes to {folder}" in printed
    assert "Traceback" not in printed


def test_what_an_editor_leaves_among_the_templates_is_no_template(plan):
    left = [plan.folder / "templates" / name / ".#page.html" for name in ("", "page")]
    for path in left:
        path.symlink_to("user@host.1:1")
    code, printed = plan("--", "pages")
    assert code == 0, printed
    for path in left:
        path.unlink()


def test_runs_that_are_made_anyway_are_not_left_out(plan):
    left_out = "learning_rate_sweep={missing_runs: leave_out}"
    _, printed = plan("--config", left_out, "--", "learning_rate_sweep")
    # the seeds of mnist_runs, at a setting of the sweep
    assert schedule(printed)["train"] == 2


def test_without_a_source_the_error_lists_what_each_answered(tmp_path):
    folder = copy_of_project(tmp_path)
    sources = [{"mirror": f"http://127.0.0.1:{port}/{{file}}"} for port in (9, 11)]
    dataset = {"dataset": {"sources": sources}}
    (folder / "closed.yaml").write_text(json.dumps(dataset))
    run = snakemake(folder, "--configfile", "closed.yaml", "--", "download")
    assert run.returncode != 0
    assert "http://127.0.0.1:9/{file}: " in run.stderr
    assert "http://127.0.0.1:11/{file}: " in run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert list((folder / "data").rglob("*ubyte*")) == []


@pytest.mark.parametrize(
    ("rule", "lint"),
    [
        ("rule new:\n    output: 'x'\n    shell: 'touch x'\n", "No log directive"),
        ("rule broken\n", "SyntaxError"),
    ],
)
def test_another_lint_is_not_accepted(tmp_path, rule, lint):
    folder = copy_of_project(tmp_path)
    with (folder / "workflow/rules/document.smk").open("a") as rules:
        rules.write(f"\n{rule}")
    assert re.search(lint, "".join(lints(folder)))

"""The findings: each has tables for which it holds, others for which it does not.

The base tables are those of a report in which all goes as a textbook has it; each case
changes cells of them.
"""

import copy
import re
from pathlib import Path

import jinja2
import pandas as pd
import pytest
import yaml

from mlp.document import findings, listings, render
from mlp.experiments import gradient_check
from workflow import sources
from workflow.configuration import SCHEMA

NAN = float("nan")


SETTINGS = yaml.safe_load(Path("config.yaml").read_text())


def frame(**columns):
    return pd.DataFrame({"n": 5} | columns)


def choices(**columns):
    """A table by the hyperparameters, which are as in config.yaml if not given."""
    return frame(**SETTINGS["hyperparameters"] | columns)


BASE = {
    "softmax": pd.DataFrame(
        {
            "precision": ["single", "double"],
            "margin": [90, 720],
            "target_output": 0.3,
            "two_steps": "-0.7",
            "one_step": -0.7,
            "overflow_margin": [88.7, 709.8],
        }
    ),
    "forward_pass": pd.DataFrame(
        {"quantity": [*"khoyl"], "index": [1] * 5, "value": [2.0, 0.9, 0.0, 0.5, 0.7]}
    ),
    "gradient_check": pd.DataFrame(
        {
            "activation": ["sigmoid"] * 4 + ["tanh"],
            "point": ["assignment", "assignment", "random 1", "random 1", "random 1"],
            "layer": ["hidden", "output", "hidden", "output", "hidden"],
            "parameter": ["W", "V", "W", "V", "W"],
            "index": "1,1",
            "scalar": [0.0, -0.44, 0.2, 0.3, NAN],
            "finite_difference": [0.0, -0.44, 0.2, 0.3, 0.4],
            "assignment": [0.0, -0.4404, NAN, NAN, NAN],
        }
    ),
    "gradient_differences": pd.DataFrame(
        {
            "activation": "sigmoid",
            "reference": ["instance", "batch", "finite_difference", "assignment"],
            "derivatives": 17,
            "largest_difference": 1e-16,
            "tolerance": 1e-12,
            "largest_relative_error": 1e-15,
            "smallest_derivative": 0.001,
            "largest_derivative": 0.9,
        }
    ),
    "gradient_checked": pd.DataFrame(
        [
            {"module": module, "sha256": listings.digest(module, Path("src"))}
            for module in (each.__name__ for each in gradient_check.CHECKED)
        ]
    ),
    "synthetic_data": pd.DataFrame(
        {
            "set": ["training", "validation"],
            "state": "raw",
            "feature": 1,
            "instances": 100,
            "minimum": -4.0,
            "mean": 0.0,
            "std": 1.0,
            "maximum": 4.0,
            "class_0_share": 0.45,
            "class_1_share": 0.55,
            "majority_share": 0.55,
        }
    ),
    "synthetic_curve": frame(
        instances=[0, 10, 50, 100],
        train_loss_mean=[NAN, 0.7, 0.4, 0.1],
        train_loss_std=[NAN, 0.01, 0.01, 0.01],
        validation_loss_mean=[0.72, 0.69, 0.4, 0.1],
        validation_loss_std=0.01,
        validation_accuracy_mean=[0.5, 0.5, 0.8, 0.97],
        validation_accuracy_std=0.01,
    ),
    "synthetic": pd.DataFrame(
        {
            "seed": [0, 1],
            "validation_loss": [0.1, 0.3],
            "validation_accuracy": [0.98, 0.9],
        }
    ),
    "dataset": pd.DataFrame(
        {
            "set": ["training", "validation", "full training"],
            "instances": [50, 10, 60],
            "pixels": 4,
            "classes": 2,
            "pixel_mean": 33.0,
            "pixel_std": 78.0,
        }
    ),
    "epochs": choices(
        epoch=[1, 2, 3],
        running_train_loss_mean=[0.5, 0.25, 0.12],
        running_train_loss_std=0.001,
        train_loss_mean=[0.3, 0.1, 0.05],
        train_loss_std=[0.01, 0.005, 0.001],
        train_accuracy_mean=0.9,
        train_accuracy_std=0.01,
        validation_loss_mean=[0.31, 0.2, 0.15],
        validation_loss_std=0.001,
        validation_accuracy_mean=0.9,
        validation_accuracy_std=0.01,
        generalization_gap_mean=[0.01, 0.1, 0.1],
        generalization_gap_std=0.001,
    ),
    "batches": frame(step=range(1, 21), loss_mean=0.5, loss_std=0.2),
    "learning_rates": choices(
        learning_rate=[0.01, 0.1, 1.0, 10.0],
        train_loss_mean=[0.9, 0.10, 0.05, 9.0],
        train_loss_std=0.001,
        validation_loss_mean=[0.8, 0.15, 0.25, 9.0],
        validation_loss_std=0.001,
        validation_accuracy_mean=[0.80, 0.97, 0.95, 0.5],
        validation_accuracy_std=0.001,
        diverged=[0, 0, 0, 2],
    ),
    "grid": choices(
        batch_size=[8, 8, 16, 16, 64, 64],
        learning_rate=[0.1, 1.0] * 3,
        validation_accuracy_mean=[0.98, 0.90, 0.97, 0.95, 0.90, 0.93],
        validation_accuracy_std=0.0001,
        diverged=0,
    ),
    "settings": choices(
        batch_size=[8, 8, 16, 16, 64, 64],
        learning_rate=[0.1, 1.0] * 3,
        validation_accuracy_mean=[0.98, 0.90, 0.97, 0.95, 0.90, 0.93],
        validation_accuracy_std=0.0001,
        diverged=0,
    ),
    "activations": choices(
        activation=["sigmoid", "tanh"],
        train_loss_mean=0.1,
        train_loss_std=0.01,
        validation_loss_mean=0.1,
        validation_loss_std=0.01,
        validation_accuracy_mean=0.9,
        validation_accuracy_std=0.01,
    ),
    "sweep": pd.DataFrame({"planned": [30], "missing": 0}),
    "chosen": choices(
        choice="as_assigned",
        batch_size=[8],
        learning_rate=0.1,
        validation_accuracy_mean=0.98,
        validation_accuracy_std=0.0001,
        validation_sampling_error=0.02,
    ),
    "final": pd.DataFrame(
        {
            "choice": "as_assigned",
            "seed": [1, 2],
            "train_loss": 0.1,
            "train_accuracy": 0.99,
            "test_loss": 0.2,
            "test_accuracy": 0.96,
            "test_errors": 400,
            "test_size": 10000,
        }
    ),
    "final_summary": pd.DataFrame(
        {
            "choice": "as_assigned",
            "metric": [
                "train_loss",
                "train_accuracy",
                "test_loss",
                "test_accuracy",
                "test_errors",
            ],
            "n": 5,
            "mean": [0.1, 0.99, 0.2, 0.96, 400.0],
            "std": 0.001,
            "confidence": 0.95,
            "low": 0.1,
            "high": 0.2,
            "sampling_error": [NAN, NAN, NAN, 0.002, NAN],
        }
    ),
    "confusion": pd.DataFrame(
        {
            "true_class": [0, 0],
            "predicted_class": [0, 1],
            "count_mean": [9.0, 1.0],
            "mistake": [False, True],
        }
    ),
}
FILES = sorted(map(str, Path("templates").glob("*.tex")))
LISTED = sources.listed(FILES)
MANIFEST = {
    "some_rule": {
        "place": "workflow/rules/some.smk",
        "line": 7,
        "files": [f"results/{name}.csv" for name in BASE]
        + [
            f"results/figures/{name}"
            for file in FILES
            for name in re.findall(r'"(\w+\.pdf)"', Path(file).read_text())
        ],
    }
}
BETTER_NETWORK = {
    name: pd.concat(
        [BASE[name], BASE[name].assign(choice="best_of_all")], ignore_index=True
    )
    for name in ("chosen", "final_summary")
}

# finding: (changes that make it hold, its sentence), (changes against it, its sentence)
# where the base tables or the absence of a sentence do, there is {} or ""
CASES = {
    "hidden_derivatives_vanish_at_assignment": (
        ({}, "What this check cannot see"),
        ({"gradient_check.scalar": [0.1, -0.44, 0.2, 0.3, NAN]}, "More points"),
    ),
    "hidden_derivatives_vanish_nowhere_else": (
        ({}, "in each of which the hidden layer"),
        ({"gradient_check.scalar": [0.0, -0.44, 0.0, 0.3, NAN]}, ""),
    ),
    "synthetic_training_loss_drops": (
        ({}, "The training loss drops as the training progresses"),
        (
            {"synthetic_curve.train_loss_std": 2.0},
            "does not drop by more than the noise",
        ),
    ),
    "synthetic_starts_on_plateau": (
        ({}, "At first it stays near"),
        ({"synthetic_curve.validation_loss_mean": [0.7, 0.4, 0.2, 0.1]}, ""),
    ),
    "synthetic_validation_exceeds_training": (
        (
            {"synthetic_curve.validation_loss_mean": [0.72, 0.69, 0.4, 0.2]},
            "nats, is higher than the training loss",
        ),
        ({}, "is not higher than the training loss by more than the noise: a network"),
    ),
    "synthetic_beats_majority": (
        ({}, ""),
        ({"synthetic_data.majority_share": 0.99}, ": no better than that"),
    ),
    "synthetic_seeds_part": (
        ({}, "Not all seeds do so equally well"),
        ({"synthetic.validation_loss": [0.1, 0.15]}, ""),
    ),
    "running_loss_lags": (
        ({}, "The running mean lies above the other in every epoch"),
        (
            {"epochs.running_train_loss_mean": [0.5, 0.25, 0.01]},
            "the training did not improve steadily",
        ),
    ),
    "running_loss_hides_gap": (
        ({}, "the validation loss would look lower"),
        ({"epochs.running_train_loss_mean": [0.3, 0.1, 0.05]}, ""),
    ),
    "validation_exceeds_training": (
        ({}, "is the generalization gap: how much worse"),
        ({"epochs.generalization_gap_std": 9.0}, "no generalization gap to be seen"),
    ),
    "gap_grows": (
        ({}, "It is wider than after the first epoch"),
        (
            {"epochs.generalization_gap_mean": [0.1, 0.1, 0.1]},
            "It is not wider than after the first epoch",
        ),
    ),
    "validation_loss_lowest_at_end": (
        ({}, "there is no overfitting to be seen yet"),
        (
            {"epochs.validation_loss_mean": [0.31, 0.1, 0.15]},
            "lower after an earlier epoch, which is overfitting",
        ),
    ),
    "spread_shrinks": (
        ({}, "the runs come together as they learn"),
        (
            {"epochs.train_loss_std": [0.001, 0.005, 0.01]},
            "The runs do not come together",
        ),
    ),
    "spread_of_batches_exceeds_spread_of_epochs": (
        ({}, "most of it is not disagreement between the networks"),
        ({"batches.loss_std": 0.0001}, "the networks themselves differ"),
    ),
    "best_rate_is_inside": (
        ({}, "so the range was wide enough"),
        (
            {"learning_rates.validation_accuracy_mean": [0.99, 0.97, 0.95, 0.5]},
            "the range was too narrow",
        ),
    ),
    "low_rates_are_worse": (
        ({}, "The lowest rates are worse"),
        (
            {"learning_rates.validation_accuracy_mean": [0.9701, 0.9702, 0.95, 0.5]},
            "The lowest rate is not worse than the best by more than the noise",
        ),
    ),
    "low_rates_underfit": (
        ({}, "their training loss, too, is higher at the end"),
        (
            {"learning_rates.train_loss_mean": [0.1, 0.10, 0.05, 9.0]},
            "although its training loss ends no higher",
        ),
    ),
    "high_rates_are_worse": (
        ({}, "The highest rate is worse, presumably"),
        (
            {
                "learning_rates.diverged": 0,
                "learning_rates.validation_accuracy_mean": [0.8, 0.97, 0.95, 0.97],
            },
            "so even higher ones should be tried",
        ),
    ),
    "some_rates_diverge": (
        ({}, "such runs count as diverged"),
        ({"learning_rates.diverged": 0}, "so none counts as diverged"),
    ),
    "rates_matter_more_than_seeds": (
        ({}, "vary more between the rates than between the seeds"),
        (
            {"learning_rates.validation_accuracy_std": 0.9},
            "vary no more between the rates",
        ),
    ),
    "lowest_training_loss_generalizes_worse": (
        ({}, "it fits better and generalizes worse"),
        ({"learning_rates.validation_loss_mean": [0.8, 0.15, 0.1, 9.0]}, ""),
    ),
    "validation_images_are_easier": (
        ({}, "These must be easier than the others"),
        ({"learning_rates.validation_loss_mean": [0.95, 0.15, 0.25, 9.0]}, ""),
    ),
    "best_rate_grows_with_batch_size": (
        ({}, "The best rate of the largest batch size is higher"),
        (
            {
                "grid.validation_accuracy_mean": [0.90, 0.98, 0.97, 0.95, 0.93, 0.90],
                "chosen.learning_rate": 1.0,
            },
            "but does not grow with it",
        ),
    ),
    "best_rate_same_for_all_batch_sizes": (
        (
            {"grid.validation_accuracy_mean": [0.98, 0.90, 0.97, 0.95, 0.93, 0.90]},
            "All batch sizes have the same best rate",
        ),
        ({}, "The best rate of the largest batch size is higher"),
    ),
    "several_hidden_sizes": (
        ({"grid.hidden_size": [30, 30, 30, 300, 300, 300]}, "and a third, the number"),
        ({}, ""),
    ),
    "larger_network_is_better": (
        (
            {
                "grid.hidden_size": [30, 30, 30, 30, 300, 300],
                "grid.validation_accuracy_mean": [0.91, 0.92, 0.95, 0.96, 0.97, 0.98],
            },
            "largest network validates better",
        ),
        (
            {"grid.hidden_size": [30, 30, 30, 30, 300, 300]},
            "largest network does not validate better",
        ),
    ),
    "several_activations": (
        ({}, "compares them at the setting of"),
        ({"activations.activation": "sigmoid"}, ""),
    ),
    "another_network_is_chosen_too": (
        (BETTER_NETWORK, "Of all settings tried, whatever their network, another one"),
        ({}, ""),
    ),
    "runs_are_missing": (
        ({"sweep.missing": 7}, r"\num{30} runs planned for this question \num{7} are"),
        ({}, ""),
    ),
    "choice_is_clear": (
        ({}, "It is better than each other setting by more than the noise"),
        (
            {"settings.validation_accuracy_mean": [0.98, 0.90, 0.98, 0.95, 0.90, 0.93]},
            "some of its neighbours may be as good",
        ),
    ),
    "choice_is_within_sampling_error": (
        ({}, "no larger than twice the standard error"),
        ({"chosen.validation_sampling_error": 0.001}, ""),
    ),
    "chosen_batch_size_is_at_the_edge": (
        ({}, "at the edge of those tried"),
        ({"chosen.batch_size": 16}, ""),
    ),
    "test_is_below_validation": (
        ({}, "That is below the validation accuracy"),
        (
            {"final_summary.mean": [0.1, 0.99, 0.2, 0.98, 200.0]},
            "It does not differ from the validation accuracy",
        ),
    ),
    "test_is_above_validation": (
        (
            {"final_summary.mean": [0.1, 0.999, 0.2, 0.99, 100.0]},
            "That is above the validation accuracy",
        ),
        ({}, "That is below the validation accuracy"),
    ),
    "test_gap_exceeds_sampling_error": (
        (
            {"chosen.validation_sampling_error": 0.001},
            "by more than the sizes of the two sets explain",
        ),
        ({}, "by no more than two sets of these sizes may differ by chance"),
    ),
    "some_test_images_are_mistaken": (
        ({}, "shows which classes are taken for which"),
        ({"final.test_errors": 0}, "No network gets any of the test images wrong"),
    ),
    "training_exceeds_test": (
        ({}, "is a matter of generalization"),
        ({"final_summary.mean": [0.1, 0.96, 0.2, 0.96, 400.0]}, ""),
    ),
}


def changed(changes):
    tables = copy.deepcopy(BASE)
    for place, values in changes.items():
        table, _, column = place.partition(".")
        assert not column or column in tables[table]
        if column:
            tables[table][column] = values
        else:
            tables[table] = values
    return tables


def report(tables, settings=SETTINGS):
    source, record = render.render(
        [Path("templates")],
        tables,
        settings,
        LISTED,
        MANIFEST,
        "0123456789ab",
        "today",
    )
    return " ".join(source.split()), record


def test_the_columns_here_are_those_of_the_results(tiny):
    assert BASE.keys() == {path.stem for path in (tiny / "results").glob("*.csv")}
    for name, table in BASE.items():
        written = pd.read_csv(tiny / "results" / f"{name}.csv", nrows=0)
        assert set(table) <= set(written), name


def test_every_finding_has_a_case():
    assert set(CASES) == set(findings.FINDINGS)


@pytest.mark.parametrize("name", CASES)
def test_a_finding_and_its_opposite(name):
    sides = CASES[name]
    for (changes, sentence), (_, other), outcome in (
        (*sides, True),
        (*reversed(sides), False),
    ):
        tables = changed(changes)
        source, record = report(tables)
        assert findings.FINDINGS[name](tables) is outcome
        assert record["findings"].get(name, outcome) is outcome
        assert sentence in source
        if other:
            assert other not in source
        # no word runs into a number
        assert re.findall(r"\w+\\(?:num|qty)\b", source) == []


def test_every_finding_is_used_in_the_report():
    templates = "".join(path.read_text() for path in Path("templates").glob("*.tex"))
    for name in findings.FINDINGS:
        assert f'finding("{name}")' in templates


def test_a_single_seed_shows_no_difference():
    tables = copy.deepcopy(BASE)
    for table in ("epochs", "learning_rates", "grid", "chosen", "synthetic_curve"):
        tables[table]["n"] = 1
        for column in [c for c in tables[table] if c.endswith("_std")]:
            tables[table][column] = NAN
    tables["final_summary"]["std"] = NAN
    _, record = report(tables)
    told = {name for name, outcome in record["findings"].items() if outcome}
    assert "validation_exceeds_training" not in told
    assert "low_rates_are_worse" not in told
    assert "choice_is_clear" not in told
    assert "test_is_below_validation" not in told


def test_a_gap_that_is_noise_is_no_gap():
    a = pd.Series({"n": 4, "loss_mean": 1.0, "loss_std": 1.0})
    b = pd.Series({"n": 4, "loss_mean": 0.0, "loss_std": 0.0})
    assert not findings.exceeds(a, b, "loss")  # 1.0 is twice its error of 0.5
    assert findings.exceeds(a + [0, 0.01, 0], b, "loss")
    assert not findings.exceeds(b, a, "loss")


def test_a_column_that_is_gone_stops_the_rendering():
    tables = copy.deepcopy(BASE)
    tables["final_summary"] = tables["final_summary"].drop(columns="low")
    with pytest.raises(
        render.LedgerError, match=r"final_summary\.csv has no column low"
    ):
        report(tables)


def test_a_network_that_was_not_checked_is_not_listed():
    tables = copy.deepcopy(BASE)
    tables["gradient_checked"]["sha256"] = "0" * 64
    with pytest.raises(listings.ListingError, match="changed since its gradient check"):
        report(tables)


WITH_WORDS = {
    key: values["enum"]
    for key in SETTINGS["hyperparameters"]
    if "enum" in (values := SCHEMA["$defs"].get(key, {}))
}


@pytest.mark.parametrize("key", WITH_WORDS)
def test_each_value_of_a_key_has_words_of_its_own_and_no_other_has_any(key):
    def said(value):
        settings = copy.deepcopy(SETTINGS)
        settings["hyperparameters"][key] = value
        return report(BASE, settings)[0]

    assert len(set(map(said, WITH_WORDS[key]))) == len(WITH_WORDS[key]) > 1
    with pytest.raises(jinja2.UndefinedError, match="has no attribute 'planted'"):
        said("planted")


def test_a_file_that_no_rule_makes_is_no_exhibit():
    with pytest.raises(render.LedgerError, match=r"no rule makes grid\.png"):
        render.find_exhibit("fig:grid", "grid.png", MANIFEST)


def test_a_repository_gives_links_to_the_code_at_the_commit():
    settings = copy.deepcopy(SETTINGS)
    settings["report"]["repository"] = "https://example.org/a/b/"
    source, _ = report(BASE, settings)
    address = r"https://example.org/a/b/blob/0123456789ab/workflow/rules/some.smk\#L7"
    assert rf"\href{{{address}}}{{\madeby{{some\_rule}}}}" in source
    assert r"\href" not in report(BASE)[0]

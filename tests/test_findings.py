"""The findings: each has tables for which it holds, others for which it does not.

The base tables are those of a report in which all goes as a textbook has it; each case
changes cells of them.
"""

import re
from pathlib import Path

import jinja2
import pandas as pd
import pytest
import yaml

from mlp.document import findings, listings, render
from mlp.document.provenance import Commit, versions
from mlp.experiments import gradient_check
from mlp.records import digest
from mlp.summaries import final
from mlp.summaries.comparison import UNTOLD
from workflow import sources
from workflow.configuration import SCHEMA

NAN = float("nan")
SETTINGS = yaml.safe_load(Path("config.yaml").read_text())


def table(**columns):
    return pd.DataFrame(columns)


def frame(**columns):
    return pd.DataFrame({"n": 5} | columns)


def choices(**columns):
    """A table by the hyperparameters, which are as in config.yaml if not given."""
    return frame(**SETTINGS["hyperparameters"] | columns)


def compared(**verdicts):
    """A table of comparisons; each has the verdict given, or is larger."""
    names = dict.fromkeys(findings.COMPARISONS, "larger")
    others = {
        "schedule_at_setting": ("7.3 schedules", 0.3, "constant"),
        "activation_tanh": ("7.3 activations", "tanh", "sigmoid"),
        "schedule_spread": ("7.2", "constant", "linear"),
        "saturation": ("7.3 rates", 1.0, 0.1),
    }
    return pd.DataFrame(
        [
            {
                "name": name,
                "family": others.get(name, ("x",))[0],
                "metric": "validation_accuracy",
                "first": others.get(name, (0, 3))[1],
                "second": others.get(name, (0, 0, 2))[-1],
                "difference": 0.0 if verdict == "equal" else 0.5,
                "low": 0.4,
                "high": 0.6,
                "n": 5,
                "p": 0.01,
                "p_holm": 0.02,
                "verdict": UNTOLD if verdict == "equal" else verdict,
            }
            for name, verdict in (
                names | {"activation_tanh": "larger"} | verdicts
            ).items()
            if verdict
        ]
    )


BASE = {
    "comparisons": compared(),
    "softmax": table(precision=["single", "double"], margin=[90, 720],
        target_output=0.3, two_steps="-0.7", one_step=-0.7,
        overflow_margin=[88.7, 709.8]),
    "forward_pass": table(quantity=[*"khoyl"], index=[1] * 5,
        value=[2.0, 0.9, 0.0, 0.5, 0.7]),
    "gradient_check": table(activation=["sigmoid"] * 4 + ["tanh"],
        point=["assignment", "assignment", "random 1", "random 1", "random 1"],
        layer=["hidden", "output", "hidden", "output", "hidden"],
        parameter=["W", "V", "W", "V", "W"], index="1,1",
        scalar=[0.0, -0.44, 0.2, 0.3, NAN],
        finite_difference=[0.0, -0.44, 0.2, 0.3, 0.4],
        assignment=[0.0, -0.4404, NAN, NAN, NAN]),
    "gradient_differences": table(activation="sigmoid",
        reference=["instance", "batch", "finite_difference", "assignment"],
        derivatives=17, largest_difference=1e-16, tolerance=1e-12,
        largest_relative_error=1e-15, smallest_derivative=0.001,
        largest_derivative=0.9),
    "gradient_checked": table(
        module=[each.__name__ for each in gradient_check.CHECKED],
        sha256=[digest(Path(each.__file__)) for each in gradient_check.CHECKED]),
    "synthetic_data": table(set=["training", "training", "validation"], state="raw",
        feature=[1, 2, 1], instances=100, minimum=-4.0, mean=0.0, std=1.0, maximum=4.0,
        class_0_share=0.45, class_1_share=0.55, majority_share=0.55,
        **{f"{name}_{i}": 1 for name in ("value", "class") for i in range(1, 6)}),
    "synthetic_curve": frame(instances=[0, 10, 50, 100],
        train_loss_mean=[NAN, 0.7, 0.4, 0.1], train_loss_std=[NAN, 0.01, 0.01, 0.01],
        validation_loss_mean=[0.72, 0.69, 0.4, 0.1], validation_loss_std=0.01,
        validation_accuracy_mean=[0.5, 0.5, 0.8, 0.97], validation_accuracy_std=0.01),
    "synthetic": table(seed=[0, 1], validation_loss=[0.1, 0.3],
        validation_accuracy=[0.98, 0.9]),
    "synthetic_outcome": table(n=[2], entropy=0.69, parameters=17, closed=2,
        above_majority=2, on_plateau=1, first_train_loss_median=0.7,
        last_train_loss_median=0.1, last_validation_accuracy_median=0.97),
    "batching": table(step=[1, 2], instance_loss=[2.4, 1.9], loss_difference=1e-07,
        matmul_difference=1e-06),
    "dataset": table(set=["training", "validation", "full training"],
        instances=[500, 10, 510], pixels=4, classes=2, guessing_loss=0.693,
        pixel_minimum=0, pixel_mean=33.0, pixel_std=78.0, pixel_rms=84.7,
        zero_share=0.8, pixel_maximum=255),
    "epochs": choices(epoch=[1, 2, 3], running_train_loss_mean=[0.5, 0.25, 0.12],
        running_train_loss_std=0.001, train_loss_mean=[0.3, 0.1, 0.05],
        train_loss_std=[0.01, 0.005, 0.001], train_accuracy_mean=0.9,
        train_accuracy_std=0.01, validation_loss_mean=[0.31, 0.2, 0.15],
        validation_loss_std=0.001, validation_accuracy_mean=0.9,
        validation_accuracy_std=0.01, generalization_gap_mean=[0.01, 0.1, 0.1],
        generalization_gap_std=0.001, diverged=0, untrained=0),
    "batches": frame(step=range(1, 21), loss_mean=0.5, loss_std=0.2),
    "learning_rates": choices(learning_rate=[0.01, 0.1, 1.0, 10.0],
        train_loss_mean=[0.9, 0.1, 0.05, 9.0], train_loss_std=0.001,
        validation_loss_mean=[0.8, 0.15, 0.25, 9.0], validation_loss_std=0.001,
        validation_accuracy_mean=[0.8, 0.97, 0.95, 0.5], validation_accuracy_std=0.001,
        saturated_mean=[0.0, 0.1, 0.2, 0.9], saturated_std=0.01,
        diverged=[0, 0, 0, 2], untrained=0, best=[False, True, False, False], open=""),
    "learning_curves": choices(epoch=[1, 2, 3], validation_loss_mean=[0.3, 0.2, 0.15],
        validation_loss_std=0.001),
    "grid": choices(batch_size=[8, 8, 16, 16, 64, 64], learning_rate=[0.1, 1.0] * 3,
        validation_accuracy_mean=[0.98, 0.9, 0.97, 0.95, 0.9, 0.93],
        validation_accuracy_std=0.0001, diverged=0, best=[True, False] * 3, open=""),
    "settings": choices(batch_size=[8, 8, 16, 16, 64, 64], learning_rate=[0.1, 1.0] * 3,
        validation_accuracy_mean=[0.98, 0.9, 0.97, 0.95, 0.9, 0.93],
        validation_accuracy_std=0.0001, diverged=0),
    "activations": choices(activation=["sigmoid", "tanh"], train_loss_mean=0.1,
        train_loss_std=0.01, validation_loss_mean=0.1, validation_loss_std=0.01,
        validation_accuracy_mean=0.9, validation_accuracy_std=0.01),
    "sweep": table(planned=[30], missing=0, settings=10, diverged=0),
    "chosen": choices(choice="as_assigned", batch_size=[16], learning_rate=0.1,
        validation_accuracy_mean=0.98, validation_accuracy_std=0.0001),
    "final": table(choice="as_assigned", seed=[1, 2], train_loss=0.1,
        train_accuracy=0.99, test_loss=0.2, test_accuracy=0.96, test_errors=400,
        test_size=10000),
    "final_summary": table(choice="as_assigned",
        metric=[*final.METRICS],
        n=5, mean=[0.1, 0.99, 0.2, 0.96, 400.0], std=0.001, confidence=0.95,
        low=[NAN, NAN, NAN, 0.95, NAN], high=[NAN, NAN, NAN, 0.97, NAN],
        mistaken_by_most=[NAN, NAN, NAN, 3, NAN]),
    "confusion": table(true_class=[0, 0], predicted_class=[0, 1], count_mean=[9.0, 1.0],
        mistake=[False, True]),
}  # fmt: skip
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
        ({"gradient_check.scalar": [0.1, -0.44, 0.2, 0.3, NAN]}, "More points")),
    "hidden_derivatives_vanish_nowhere_else": (
        ({}, "in each of which the hidden layer"),
        ({"gradient_check.scalar": [0.0, -0.44, 0.0, 0.3, NAN]}, "")),
    "synthetic_starts_on_plateau": (
        ({}, "A tenth of the way, a plateau"),
        ({"synthetic_outcome.on_plateau": 0}, "")),
    "synthetic_all_closed": (
        ({}, "In all "),
        ({"synthetic_outcome.closed": 1}, "elsewhere the region of class 0 is open")),
    "synthetic_seeds_part": (
        ({}, "The seeds part"), ({"synthetic.validation_loss": [0.1, 0.15]}, "")),
    "several_epochs": (
        ({}, "nats after the first and"), ({"epochs": BASE["epochs"].iloc[:1]}, "")),
    "setting_diverges": (
        ({"epochs.diverged": [0, 0, 1]}, "Runs that diverged, whose"), ({}, "")),
    "setting_is_untrained": (
        ({"epochs.untrained": [5, 5, 1]}, "Runs that have hardly learned anything"),
        ({"epochs.untrained": [5, 5, 0]}, "")),
    "batches_differ": (
        ({}, "since each batch is a few other images"),
        ({"dataset.instances": 10}, "A batch holds the whole training set")),
    "all_rates_diverge": (
        ({"learning_rates.best": False}, "which leaves none to compare"),
        ({}, "The highest mean validation accuracy")),
    "some_rates_diverge": (
        ({}, "A run has diverged if"), ({"learning_rates.diverged": 0}, "")),
    "some_rates_do_not_train": (
        ({"learning_rates.untrained": 1}, "the run counts as untrained"), ({}, "")),
    "highest_rate_diverges": (
        ({}, "At the highest rate"),
        ({"learning_rates.diverged": [2, 0, 0, 0]}, "The highest rate is worse")),
    "range_of_rates_is_wide_enough": (
        ({}, "has worse ones on either side"),
        ({"comparisons": compared(lowest_rate=UNTOLD)}, "do not show for sure")),
    "best_rate_is_inside": (
        ({"comparisons": compared(lowest_rate=UNTOLD)}, "do not show for sure"),
        ({"comparisons": compared(lowest_rate=None), "learning_rates.open": "lowest",
          "learning_rates.best": [True, False, False, False]},
         "at the edge of the range")),
    "schedules_are_compared": (
        ({}, "has the control"),
        ({"comparisons": compared(schedule_at_setting=None)}, "")),
    "several_activations": (
        ({}, "compares them, each at"),
        ({"comparisons": compared(activation_tanh=None)}, "")),
    "a_batch_size_is_open": (
        ({"grid.open": ["lowest", "", "", "", "", ""]}, "The grid is open"), ({}, "")),
    "some_fields_diverge": (
        ({"grid.diverged": [1, 0, 0, 0, 0, 0]}, "A cross: a run diverged."), ({}, "")),
    "another_network_is_chosen_too": (
        (BETTER_NETWORK, "Of all settings tried, whatever their network, that of the"),
        ({}, "")),
    "runs_are_missing": (
        ({"sweep.missing": 7}, "runs planned for this question"), ({}, "")),
    "some_settings_diverge": (
        ({"sweep.diverged": 1}, "Settings left out of the choice"), ({}, "")),
    "chosen_batch_size_is_at_the_edge": (
        ({"chosen.batch_size": 8}, "at the edge of those tried"), ({}, "")),
    "some_test_images_are_mistaken": (
        ({}, "shows which classes are taken for which"),
        ({"final.test_errors": 0}, "No network gets any of the test images wrong")),
    "most_networks_mistake_some_test_image": (
        ({}, "wrong in more than half of the networks: "),
        ({"final_summary.mistaken_by_most": 0},
          "none is wrong in more than half of the networks")),
}  # fmt: skip
# by comparison, the sentences of larger, smaller and what cannot be told; if it is
# equal, or not made, what is in their place
VERDICTS = {
    "synthetic_drop": ("loss drops as", "loss rises as", "Whether the training loss d"),
    "synthetic_gap": ("fit their own points", "easier ones, and",
        "end differs from the"),
    "running_lag": ("since it averages", "not improve", "is higher cannot be told"),
    "gap": ("This is the generalization gap",
        r"After the last epoch the validation loss is \emph{lower}",
        "gap is not to be seen"),
    "gap_growth": ("larger than after the first epoch (", "is smaller than after the f",
        "larger than after the first epoch cannot"),
    "validation_rise": ("is overfitting as far", "is no overfitting",
        "neither shown nor excluded"),
    "epoch_start": ("meets images again", None, None),
    "spread_change": ("runs move apart", "runs come together", "Whether it changes"),
    "batch_spread": ("Most of the spread", "figure is disagreement",
        "networks do cannot"),
    "schedule_spread": ("ends with a larger", "ends with a smaller", "in it is open"),
    "schedule_at_setting": ("there is the better", "there is the worse",
        "two cannot be"),
    "next_rate": ("It is better than the next, ", None,
        "Whether it is better than the next, "),
    "lowest_rate": ("The lowest rate is worse", None, "Whether the lowest rate"),
    "lowest_rate_loss": ("its steps are too short", None, None),
    "highest_rate": ("The highest rate is worse", None, "Whether the highest rate"),
    "saturation": ("saturated than the best: ", "leaves fewer hidden",
        "saturated than the best cannot"),
    "fitting_rate": ("fits better and gener", None, None),
    "easier_images": ("those are the easier ones", None, None),
    "batch_rate": ("call for longer", "is lower than that of",
        "Whether the best rates"),
    "one_curve": ("than the rate itself", "than its quotient by",
        "Whether the accuracies foll"),
    "hidden_size": ("hidden units validate better", "hidden units validate worse",
        "in a way that"),
    "choice": ("It is better than the next (", None, "so another may do as well"),
    "test": ("That is above the", "That is below the", "Whether it differs from"),
    "final_gap": ("does better, with", "training set the network does worse",
        "Whether the network does better"),
}  # fmt: skip


def changed(changes):
    tables = dict(BASE)
    for place, values in changes.items():
        name, _, column = place.partition(".")
        assert not column or column in tables[name]
        tables[name] = tables[name].assign(**{column: values}) if column else values
    return tables


def choosing(section, **values):
    return SETTINGS | {section: SETTINGS[section] | values}


def report(tables, settings=SETTINGS):
    source, record = render.render(
        [Path("templates")],
        tables,
        settings,
        LISTED,
        MANIFEST,
        Commit("0123456789ab", 0, False, False),
        versions(),
        "portable",
    )
    return " ".join(source.split()), record


def test_the_columns_here_are_those_of_the_results(tiny):
    assert BASE.keys() == {path.stem for path in (tiny / "results").glob("*.csv")}
    for name, table in BASE.items():
        written = pd.read_csv(tiny / "results" / f"{name}.csv", nrows=0)
        assert set(table) <= set(written), name
    rates, curves = (
        pd.read_csv(tiny / "results" / f"{name}.csv")
        for name in ("learning_rates", "learning_curves")
    )
    loss = curves.query("epoch == epochs")["validation_loss_mean"]
    assert loss.to_list() == rates["validation_loss_mean"].to_list()


def test_every_finding_has_a_case():
    told = {
        f"{name}_{outcome}"
        for name, outcomes in findings.COMPARISONS.items()
        for outcome in outcomes.split()
    }
    assert VERDICTS.keys() == findings.COMPARISONS.keys()
    assert CASES.keys() | told == findings.FINDINGS.keys()
    assert not CASES.keys() & told


@pytest.fixture(scope="module")
def told():
    """The report in which all comparisons have the same verdict, by that."""
    texts, outcomes = {}, findings.COMPARISONS
    optional = [name for name in outcomes if "compared" in outcomes[name]]
    for verdict in ("larger", "smaller", UNTOLD, "equal", None):
        verdicts = dict.fromkeys(outcomes if verdict else optional, verdict)
        same = {"learning_rates.diverged": 0, "comparisons": compared(**verdicts)}
        texts[verdict], record = report(changed(same))
        expected = {
            f"{name}_{outcome}": outcome in ("compared", verdict)
            for name in outcomes
            for outcome in outcomes[name].split()
        }
        for name in expected.keys() & record["findings"] if verdict else ():
            assert record["findings"][name] is expected[name]
    return texts


@pytest.mark.parametrize("name", VERDICTS)
def test_each_verdict_has_its_sentence_and_no_other(told, name):
    verdicts = ("larger", "smaller", UNTOLD)
    for verdict, sentence in zip(verdicts, VERDICTS[name]):
        if sentence:
            assert sentence in told[verdict]
            untold = {*verdicts} if VERDICTS[name][1] else {"larger", UNTOLD}
            for other in untold - {verdict}:
                assert sentence not in told[other]
            if "compared" in findings.COMPARISONS[name]:
                assert sentence not in told[None]


def test_no_finding_and_no_template_reads_a_mean_to_say_more_or_less():
    source = Path(findings.__file__).read_text()
    assert "_mean" not in source
    assert "_std" not in source
    asked = re.compile(r"BLOCK\{(?:el)?if [^}]*_(?:mean|std|median)")
    for path in Path("templates").glob("*.tex"):
        assert asked.findall(path.read_text()) == []


EDGES = [
    ("some_rates_diverge", {"learning_rates.diverged": [0, 1, 0, 0]}, True),
    ("hidden_derivatives_vanish_at_assignment",
     {"gradient_check.scalar": [-0.1, -0.44, 0.2, 0.3, NAN]}, False),
    ("chosen_batch_size_is_at_the_edge",
     {"chosen.batch_size": 16, "settings.batch_size": 16}, False),
    ("chosen_batch_size_is_at_the_edge",
     {"chosen.batch_size": 16, "settings": table(batch_size=[8, 16])}, True),
    ("chosen_batch_size_is_at_the_edge", {"chosen": table(batch_size=[16, 8])}, False),
    ("synthetic_seeds_part", {"synthetic.validation_loss": [0.1, 0.2]}, False),
    ("range_of_rates_is_wide_enough", {"learning_rates.diverged": 0}, True),
    ("range_of_rates_is_wide_enough",
     {"comparisons": compared(highest_rate=None)}, True),
    ("some_test_images_are_mistaken",
     {"final": table(choice=["as_assigned", "other"], test_errors=[0, 1])}, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "outcome"), EDGES)
def test_a_finding_at_its_edge(name, changes, outcome):
    assert findings.FINDINGS[name](changed(changes)) is outcome


@pytest.fixture(scope="module")
def of_base():
    return report(BASE)


@pytest.mark.parametrize("name", CASES)
def test_a_finding_and_its_opposite_have_their_sentences(of_base, name):
    sides = CASES[name]
    for outcome, (changes, sentence), (_, other) in zip(
        (True, False), sides, reversed(sides)
    ):
        tables = changed(changes)
        assert findings.FINDINGS[name](tables) is outcome
        source, record = report(tables) if changes else of_base
        assert record["findings"].get(name, outcome) is outcome
        assert sentence in source
        assert not other or other not in source
        # no word runs into a number
        assert re.findall(r"\w+\\(?:num|qty)\b", source) == []


def test_a_share_is_that_of_the_rate_compared_where_a_higher_one_diverged():
    source, _ = report(BASE)
    assert re.search(r"than the best: \S*\\qty\{20\.0\}", source)


def test_every_finding_is_used_in_the_report():
    templates = "".join(path.read_text() for path in Path("templates").glob("*.tex"))
    for name in findings.FINDINGS:
        assert f'finding("{name}")' in templates


def test_a_column_that_is_gone_stops_the_rendering():
    without = {"final_summary": BASE["final_summary"].drop(columns="low")}
    with pytest.raises(render.LedgerError, match=r"_summary\.csv has no column low"):
        report(changed(without))


def test_a_network_that_was_not_checked_is_not_listed():
    with pytest.raises(listings.ListingError, match="changed since its gradient check"):
        report(changed({"gradient_checked.sha256": "0" * 64}))


WITH_WORDS = {
    key: values["enum"]
    for key in SETTINGS["hyperparameters"]
    if "enum" in (values := SCHEMA["$defs"].get(key, {}))
}


@pytest.mark.parametrize("key", WITH_WORDS)
def test_each_value_of_a_key_has_words_of_its_own_and_no_other_has_any(key):
    def said(value):
        return report(BASE, choosing("hyperparameters", **{key: value}))[0]

    assert len(set(map(said, WITH_WORDS[key]))) == len(WITH_WORDS[key]) > 1
    with pytest.raises(jinja2.UndefinedError, match="has no attribute 'planted'"):
        said("planted")


def test_a_file_that_no_rule_makes_is_no_exhibit():
    with pytest.raises(render.LedgerError, match=r"no rule makes grid\.png"):
        render.find_exhibit("fig:grid", "grid.png", MANIFEST)


def test_a_repository_gives_links_to_the_code_at_the_commit(of_base):
    there = choosing("report", repository="https://example.org/a/b/")
    source, _ = report(BASE, there)
    address = r"https://example.org/a/b/blob/0123456789ab/workflow/rules/some.smk\#L7"
    assert rf"\href{{{address}}}{{\madeby{{some\_rule}}}}" in source
    assert r"\href" not in of_base[0]


def test_one_of_anything_is_in_the_singular():
    one_of_each = choosing("hyperparameters", epochs=1, hidden_size=1)
    tables = changed({"dataset.instances": 1, "batching.step": 1})
    source, _ = report(tables, one_of_each)
    many = r"\\num\{1\}\}* (?:\w+ )?(?:units|epochs|images|steps)"
    assert re.findall(many, source) == []
    for one in (r"1\}\}* epoch\b", r"1\}\}* sigmoid unit\b"):
        assert re.search(one, source)

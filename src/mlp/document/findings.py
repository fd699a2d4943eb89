"""What the results say: each sentence of the report that states a finding hangs on one.

A finding is a function of the summary tables, by its name in the templates, that is
true or false.  What is more or less is told by the verdicts of comparisons.csv alone;
what else there is, are counts and what was tried.
"""

import functools
from collections.abc import Callable, Mapping

import pandas as pd

Tables = Mapping[str, pd.DataFrame]
Finding = Callable[[Tables], bool]
OUTCOMES: dict[str, Callable[[pd.Series], bool]] = {
    "larger": lambda row: row["verdict"] == "larger",
    "smaller": lambda row: row["verdict"] == "smaller",
    "equal": lambda row: row["difference"] == 0,
    "compared": lambda row: True,
}
COMPARISONS = {
    "synthetic_drop": "larger smaller",
    "synthetic_gap": "larger smaller",
    "running_lag": "larger smaller",
    "gap": "larger smaller",
    "gap_growth": "compared larger smaller",
    "validation_rise": "compared larger smaller",
    "epoch_start": "larger",
    "spread_change": "compared larger smaller",
    "batch_spread": "larger smaller",
    "schedule_spread": "compared larger smaller",
    "schedule_at_setting": "compared larger smaller",
    "next_rate": "compared larger equal",
    "lowest_rate": "compared larger",
    "lowest_rate_loss": "larger",
    "highest_rate": "compared larger",
    "saturation": "compared larger smaller",
    "fitting_rate": "larger",
    "easier_images": "larger",
    "batch_rate": "compared larger smaller",
    "one_curve": "compared larger smaller",
    "hidden_size": "compared larger smaller",
    "choice": "compared larger equal",
    "test": "larger smaller",
    "final_gap": "larger smaller",
}
"""The outcomes that a template asks for, by comparison, as ``NAME_OUTCOME``.  What is
neither larger nor smaller cannot be told; what could not be made is not compared."""


def outcome_of(tables: Tables, name: str, outcome: str) -> bool:
    """Tell whether a comparison was made and has this outcome."""
    comparisons = tables["comparisons"]
    rows = comparisons[comparisons["name"] == name]
    return len(rows) == 1 and bool(OUTCOMES[outcome](rows.iloc[0]))


FINDINGS: dict[str, Finding] = {
    f"{name}_{outcome}": functools.partial(outcome_of, name=name, outcome=outcome)
    for name, outcomes in COMPARISONS.items()
    for outcome in outcomes.split()
}


def finding(function: Finding) -> Finding:
    """Let the templates ask for a function by its name."""
    FINDINGS[function.__name__] = function
    return function


def some(table: str, column: str) -> Finding:
    """Make the finding that a column counts something in some row."""
    return lambda tables: bool((tables[table][column] > 0).any())


def some_of(family: str) -> Finding:
    """Make the finding that some comparison of a family was made."""
    return lambda tables: bool((tables["comparisons"]["family"] == family).any())


FINDINGS |= {
    "schedules_are_compared": some_of("7.3 schedules"),
    "several_activations": some_of("7.3 activations"),
    # some network is, a tenth of the way, no better than the class shares
    "synthetic_starts_on_plateau": some("synthetic_outcome", "on_plateau"),
    # runs diverged where they end above the loss before training, and are untrained
    # where they end near it
    "some_rates_diverge": some("learning_rates", "diverged"),
    "some_rates_do_not_train": some("learning_rates", "untrained"),
    "some_fields_diverge": some("grid", "diverged"),
    "some_settings_diverge": some("sweep", "diverged"),
    # runs of the sweep failed, or have not been made
    "runs_are_missing": some("sweep", "missing"),
    # more than half of the networks get some one test image wrong
    "most_networks_mistake_some_test_image": some("final_summary", "mistaken_by_most"),
    # each network encloses class 0, as the ellipse does
    "synthetic_all_closed": lambda tables: all(
        row.closed == row.n for row in tables["synthetic_outcome"].itertuples()
    ),
    # the worst seed ends with more than twice the validation loss of the best
    "synthetic_seeds_part": lambda tables: bool(
        tables["synthetic"]["validation_loss"].pipe(lambda x: x.max() > 2 * x.min())
    ),
    # a batch is a part of the training set
    "batches_differ": lambda tables: bool(
        tables["epochs"]["batch_size"].iloc[0]
        < tables["dataset"].set_index("set").loc["training", "instances"]
    ),
    # some network of question 5 gets some test image wrong
    "some_test_images_are_mistaken": lambda tables: bool(
        tables["final"].query("choice == 'as_assigned'")["test_errors"].any()
    ),
    "several_epochs": lambda tables: len(tables["epochs"]) > 1,
    # of the setting of question 7.1, at the end
    "setting_diverges": lambda tables: bool(tables["epochs"]["diverged"].iloc[-1]),
    "setting_is_untrained": lambda tables: bool(tables["epochs"]["untrained"].iloc[-1]),
    # so that no rate is best
    "all_rates_diverge": lambda tables: not tables["learning_rates"]["best"].any(),
    # the best rate of some batch size is the lowest or highest tried there
    "a_batch_size_is_open": lambda tables: bool(tables["grid"]["open"].any()),
    # the best of all settings is none of the network of question 5
    "another_network_is_chosen_too": lambda tables: len(tables["chosen"]) > 1,
}


def hidden(tables: Tables, *, at_assignment: bool) -> pd.DataFrame:
    """Give the derivatives by W and b in the scalar network, and where they are 0."""
    check = tables["gradient_check"].dropna(subset="scalar")
    there = (check["point"] == "assignment") == at_assignment
    rows = check[there & (check["layer"] == "hidden")]
    return rows.assign(vanishes=rows["scalar"] == 0)


@finding
def hidden_derivatives_vanish_at_assignment(tables: Tables) -> bool:
    """At the assignment's point all derivatives by W and b are 0."""
    return bool(hidden(tables, at_assignment=True)["vanishes"].all())


@finding
def hidden_derivatives_vanish_nowhere_else(tables: Tables) -> bool:
    """At no random point are all derivatives by W and b 0."""
    points = hidden(tables, at_assignment=False).groupby("point")
    return not points["vanishes"].all().any()


@finding
def highest_rate_diverges(tables: Tables) -> bool:
    """At the highest learning rate a run diverged."""
    rates = tables["learning_rates"]
    return bool(rates.loc[rates["learning_rate"].idxmax(), "diverged"] > 0)


@finding
def best_rate_is_inside(tables: Tables) -> bool:
    """A rate beyond those tried could not be better, by being lower or higher."""
    tried = tables["learning_rates"]
    return tried.loc[tried["best"], "open"].iloc[0] not in ("lowest", "highest")


@finding
def range_of_rates_is_wide_enough(tables: Tables) -> bool:
    """The lowest rate is worse than the best, and the highest is, or diverges."""
    high = highest_rate_diverges(tables) or FINDINGS["highest_rate_larger"](tables)
    return FINDINGS["lowest_rate_larger"](tables) and high


@finding
def chosen_batch_size_is_at_the_edge(tables: Tables) -> bool:
    """No smaller, or no larger, batch size than the chosen one was tried."""
    tried = tables["settings"]["batch_size"]
    chosen = tables["chosen"]["batch_size"].iloc[0]
    return bool(tried.nunique() > 1 and chosen in (tried.min(), tried.max()))

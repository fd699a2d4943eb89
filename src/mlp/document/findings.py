"""What the results say: each sentence of the report that states a finding hangs on one.

A finding is a function of the summary tables, by its name in the templates, that is
true or false.  Where it compares means over seeds, a difference counts only if it is
larger than twice its standard error (`exceeds`); what cannot be told is false.
"""

import math
from collections.abc import Callable, Mapping

import pandas as pd

from mlp.hyperparameters import Hyperparameters

Tables = Mapping[str, pd.DataFrame]
LN_2 = math.log(2)  # the loss of guessing between two classes, in nats
FINDINGS: dict[str, Callable[[Tables], bool]] = {}


def finding(function: Callable[[Tables], bool]) -> Callable[[Tables], bool]:
    """Let the templates ask for a function by its name."""
    FINDINGS[function.__name__] = function
    return function


def exceeds(
    higher: pd.Series, lower: pd.Series, metric: str, lower_metric: str | None = None
) -> bool:
    """Tell whether one mean lies above another by more than noise.

    Parameters
    ----------
    higher, lower : Series
        Rows with ``n`` and the ``_mean`` and ``_std`` of the metric.
    metric, lower_metric : str
        The metric of the first row, and of the second if that is another one.

    Returns
    -------
    bool
        Whether the difference is more than twice its standard error,
        ``sqrt(std_1**2 / n_1 + std_2**2 / n_2)``; not so for a single seed.
    """
    lower_metric = lower_metric or metric
    difference = higher[f"{metric}_mean"] - lower[f"{lower_metric}_mean"]
    variance = (
        higher[f"{metric}_std"] ** 2 / higher["n"]
        + lower[f"{lower_metric}_std"] ** 2 / lower["n"]
    )
    return bool(difference > 2 * variance**0.5)


# Question 3


@finding
def hidden_derivatives_vanish_at_assignment(tables: Tables) -> bool:
    """At the assignment's point all derivatives by W and b are 0."""
    check = tables["gradient_check"]
    hidden = check[(check["point"] == "assignment") & (check["layer"] == "hidden")]
    return bool((hidden["scalar"] == 0).all())


@finding
def hidden_derivatives_vanish_nowhere_else(tables: Tables) -> bool:
    """At no random point are all derivatives by W and b 0 in the scalar network."""
    check = tables["gradient_check"].dropna(subset="scalar")
    hidden = check[(check["point"] != "assignment") & (check["layer"] == "hidden")]
    return bool(hidden.groupby("point")["scalar"].agg(lambda d: (d != 0).any()).all())


# Question 4


@finding
def synthetic_training_loss_drops(tables: Tables) -> bool:
    """The training loss at the last look lies below that at the first."""
    first, last = first_and_last(tables)
    return exceeds(first, last, "train_loss")


@finding
def synthetic_starts_on_plateau(tables: Tables) -> bool:
    """A tenth of the way the mean validation loss is still 9/10 of that of guessing."""
    curve = tables["synthetic_curve"]
    tenth = curve[curve["instances"] <= curve["instances"].max() / 10].iloc[-1]
    return bool(tenth["instances"] > 0 and tenth["validation_loss_mean"] > 0.9 * LN_2)


@finding
def synthetic_validation_exceeds_training(tables: Tables) -> bool:
    """The validation loss ends above the training loss."""
    _, last = first_and_last(tables)
    return exceeds(last, last, "validation_loss", "train_loss")


@finding
def synthetic_beats_majority(tables: Tables) -> bool:
    """The validation accuracy ends above the share of the larger class."""
    _, last = first_and_last(tables)
    data = tables["synthetic_data"]
    majority = data.loc[data["set"] == "validation", "majority_share"].iloc[0]
    return bool(last["validation_accuracy_mean"] > majority)


@finding
def synthetic_seeds_part(tables: Tables) -> bool:
    """The worst seed ends with more than twice the validation loss of the best."""
    loss = tables["synthetic"]["validation_loss"]
    return bool(loss.max() > 2 * loss.min())


def first_and_last(tables: Tables) -> tuple[pd.Series, pd.Series]:
    """Give the first and the last look at the losses that followed training."""
    curve = tables["synthetic_curve"]
    return curve.iloc[1], curve.iloc[-1]


# Question 7.1


@finding
def running_loss_lags(tables: Tables) -> bool:
    """In each epoch the running mean lies above the training loss at its end."""
    epochs = tables["epochs"]
    return bool((epochs["running_train_loss_mean"] > epochs["train_loss_mean"]).all())


@finding
def running_loss_hides_gap(tables: Tables) -> bool:
    """In some epoch the validation loss lies between the two training losses."""
    e = tables["epochs"]
    between = (e["validation_loss_mean"] < e["running_train_loss_mean"]) & (
        e["validation_loss_mean"] > e["train_loss_mean"]
    )
    return bool(between.any())


@finding
def validation_exceeds_training(tables: Tables) -> bool:
    """After the last epoch the validation loss lies above the training loss."""
    nothing = pd.Series(
        {"n": 1, "generalization_gap_mean": 0.0, "generalization_gap_std": 0.0}
    )
    return exceeds(tables["epochs"].iloc[-1], nothing, "generalization_gap")


@finding
def gap_grows(tables: Tables) -> bool:
    """The gap between the losses is wider after the last epoch than after the first."""
    epochs = tables["epochs"]
    return exceeds(epochs.iloc[-1], epochs.iloc[0], "generalization_gap")


@finding
def validation_loss_lowest_at_end(tables: Tables) -> bool:
    """No earlier epoch has a lower mean validation loss than the last one."""
    loss = tables["epochs"]["validation_loss_mean"]
    return bool(loss.iloc[-1] <= loss.min())


# Question 7.2


@finding
def spread_shrinks(tables: Tables) -> bool:
    """The training loss varies less over the seeds after the last epoch."""
    std = tables["epochs"]["train_loss_std"]
    return bool(std.iloc[-1] < std.iloc[0])


@finding
def spread_of_batches_exceeds_spread_of_epochs(tables: Tables) -> bool:
    """Batch losses vary over the seeds more than the loss on the whole set does."""
    std = tables["batches"]["loss_std"]
    tenth = max(len(std) // 10, 1)
    return bool(std.iloc[-tenth:].mean() > tables["epochs"]["train_loss_std"].iloc[-1])


# Question 7.3


def best_rate(tables: Tables) -> pd.Series:
    """Give the learning rate with the highest mean validation accuracy."""
    rates = tables["learning_rates"]
    return rates.loc[rates["validation_accuracy_mean"].idxmax()]


@finding
def best_rate_is_inside(tables: Tables) -> bool:
    """The best learning rate is neither the lowest nor the highest one tried."""
    tried = tables["learning_rates"]["learning_rate"]
    return bool(tried.min() < best_rate(tables)["learning_rate"] < tried.max())


@finding
def low_rates_are_worse(tables: Tables) -> bool:
    """The lowest rate validates worse than the best."""
    rates = tables["learning_rates"]
    return exceeds(
        best_rate(tables),
        rates.loc[rates["learning_rate"].idxmin()],
        "validation_accuracy",
    )


@finding
def low_rates_underfit(tables: Tables) -> bool:
    """The lowest rate ends with a higher training loss than the best one."""
    rates = tables["learning_rates"]
    return exceeds(
        rates.loc[rates["learning_rate"].idxmin()], best_rate(tables), "train_loss"
    )


@finding
def high_rates_are_worse(tables: Tables) -> bool:
    """The highest rate validates worse than the best, or diverges."""
    rates = tables["learning_rates"]
    highest = rates.loc[rates["learning_rate"].idxmax()]
    return bool(highest["diverged"] > 0) or exceeds(
        best_rate(tables), highest, "validation_accuracy"
    )


@finding
def some_rates_diverge(tables: Tables) -> bool:
    """At some learning rate a run diverged."""
    return bool((tables["learning_rates"]["diverged"] > 0).any())


@finding
def rates_matter_more_than_seeds(tables: Tables) -> bool:
    """Accuracies differ more between learning rates than between seeds of one rate."""
    rates = tables["learning_rates"]
    mean = rates["validation_accuracy_mean"]
    return bool(mean.std() > rates["validation_accuracy_std"].median())


@finding
def lowest_training_loss_generalizes_worse(tables: Tables) -> bool:
    """The rate with the lowest training loss validates with a higher loss."""
    rates = tables["learning_rates"]
    fitting = rates.loc[rates["train_loss_mean"].idxmin()]
    return exceeds(fitting, best_rate(tables), "validation_loss")


@finding
def validation_images_are_easier(tables: Tables) -> bool:
    """At the lowest rate the training loss is higher than the validation loss."""
    rates = tables["learning_rates"]
    lowest = rates.loc[rates["learning_rate"].idxmin()]
    return exceeds(lowest, lowest, "train_loss", "validation_loss")


@finding
def best_rate_grows_with_batch_size(tables: Tables) -> bool:
    """In the grid, the best rate of the largest batch size is above the smallest's."""
    best = best_rate_by_batch_size(on_grid(tables))
    return bool(best.iloc[-1] > best.iloc[0])


@finding
def best_rate_same_for_all_batch_sizes(tables: Tables) -> bool:
    """In the grid, each batch size has the same best learning rate."""
    return bool(best_rate_by_batch_size(on_grid(tables)).nunique() == 1)


def on_grid(tables: Tables) -> pd.DataFrame:
    """Give the settings that differ from that of question 7.1 in size or rate alone."""
    grid, setting = tables["grid"], tables["epochs"].iloc[0]
    fixed = ["activation", "initialization", "normalization", "schedule", "epochs"]
    return grid[(grid[fixed] == setting[fixed]).all(axis="columns")]


def best_rate_by_batch_size(grid: pd.DataFrame) -> pd.Series:
    """Give the best learning rate of each batch size that has one.

    Of accuracies with several hidden sizes it is the mean that counts.
    """
    settings = grid.groupby(["batch_size", "learning_rate"])
    accuracy = settings["validation_accuracy_mean"].mean(skipna=False).unstack()
    return accuracy.dropna(how="all").idxmax(axis="columns").sort_index()


@finding
def several_activations(tables: Tables) -> bool:
    """The setting of question 7.1 was trained with other activation functions, too."""
    return bool(tables["activations"]["activation"].nunique() > 1)


@finding
def another_network_is_chosen_too(tables: Tables) -> bool:
    """The best of all settings is none of the network of question 5."""
    return bool((tables["chosen"]["choice"] == "best_of_all").any())


@finding
def several_hidden_sizes(tables: Tables) -> bool:
    """The grid varies the number of hidden units."""
    return bool(on_grid(tables)["hidden_size"].nunique() > 1)


@finding
def larger_network_is_better(tables: Tables) -> bool:
    """In the grid, the largest network at its best validates better than the smallest.

    Each at its own best batch size and learning rate.
    """
    grid = on_grid(tables).dropna(subset="validation_accuracy_mean")
    best = grid.loc[grid.groupby("hidden_size")["validation_accuracy_mean"].idxmax()]
    return exceeds(best.iloc[-1], best.iloc[0], "validation_accuracy")


@finding
def runs_are_missing(tables: Tables) -> bool:
    """Runs of the sweep failed, or have not been made."""
    return bool(tables["sweep"].loc[0, "missing"] > 0)


@finding
def choice_is_clear(tables: Tables) -> bool:
    """The chosen setting validates better than each other one by more than noise."""
    settings, chosen = tables["settings"], tables["chosen"].iloc[0]
    setting = list(Hyperparameters._fields)
    others = settings[(settings[setting] != chosen[setting]).any(axis="columns")]
    others = others[others["diverged"] == 0]
    return all(
        exceeds(chosen, other, "validation_accuracy") for _, other in others.iterrows()
    )


@finding
def choice_is_within_sampling_error(tables: Tables) -> bool:
    """The chosen setting leads by no more than twice the sampling error."""
    chosen = tables["chosen"].iloc[0]
    accuracies = tables["settings"]["validation_accuracy_mean"].nlargest(2)
    lead = accuracies.iloc[0] - accuracies.iloc[-1]
    return bool(lead <= 2 * chosen["validation_sampling_error"])


@finding
def chosen_batch_size_is_at_the_edge(tables: Tables) -> bool:
    """No smaller, or no larger, batch size than the chosen one was tried."""
    tried = tables["settings"]["batch_size"]
    return bool(tables["chosen"]["batch_size"].iloc[0] in (tried.min(), tried.max()))


# Question 7.4


def tested(tables: Tables, metric: str) -> pd.Series:
    """Give the summary of a metric for the network of question 5."""
    return (
        tables["final_summary"]
        .set_index(["choice", "metric"])
        .loc[("as_assigned", metric)]
    )


def final(tables: Tables, metric: str) -> pd.Series:
    """Give the test result of a metric in the form that `exceeds` takes."""
    row = tested(tables, metric)
    return pd.Series(
        {"n": row["n"], f"{metric}_mean": row["mean"], f"{metric}_std": row["std"]}
    )


@finding
def test_is_below_validation(tables: Tables) -> bool:
    """The test accuracy lies below the validation accuracy of the chosen setting."""
    return exceeds(
        tables["chosen"].iloc[0],
        final(tables, "test_accuracy"),
        "validation_accuracy",
        "test_accuracy",
    )


@finding
def test_is_above_validation(tables: Tables) -> bool:
    """The test accuracy lies above the validation accuracy of the chosen setting."""
    return exceeds(
        final(tables, "test_accuracy"),
        tables["chosen"].iloc[0],
        "test_accuracy",
        "validation_accuracy",
    )


@finding
def training_exceeds_test(tables: Tables) -> bool:
    """The network does better on what it was trained on than on the test set."""
    return exceeds(
        final(tables, "train_accuracy"),
        final(tables, "test_accuracy"),
        "train_accuracy",
        "test_accuracy",
    )


@finding
def test_gap_exceeds_sampling_error(tables: Tables) -> bool:
    """Test and validation accuracy differ by more than twice their sampling error."""
    chosen = tables["chosen"].iloc[0]
    test = tested(tables, "test_accuracy")
    difference = abs(chosen["validation_accuracy_mean"] - test["mean"])
    variance = chosen["validation_sampling_error"] ** 2 + test["sampling_error"] ** 2
    return bool(difference > 2 * variance**0.5)


@finding
def some_test_images_are_mistaken(tables: Tables) -> bool:
    """At least one network gets at least one test image wrong."""
    return bool((tables["final"]["test_errors"] > 0).any())

"""The summaries, on tables small enough to summarize by hand."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from mlp.hyperparameters import Hyperparameters
from mlp.networks.batch import Parameters
from mlp.summaries import (
    dataset,
    final,
    mnist_runs,
    statistics,
    synthetic,
)
from mlp.summaries import learning_rate_sweep as sweep
from tests.tools.project import step
from workflow.runs import words

NAN = float("nan")


def test_mean_and_sample_standard_deviation_over_seeds():
    runs = pd.DataFrame(
        {
            "rate": [1, 1, 1, 2, 2, 2],
            "seed": [0, 1, 2, 0, 1, 2],
            "loss": [1.0, 2.0, 6.0, 5.0, float("nan"), 6.0],
        }
    )
    first, second = statistics.over_seeds(runs, ["rate"], ["loss"]).to_dict("records")
    assert first == {
        "rate": 1,
        "n": 3,
        "loss_mean": 3.0,
        "loss_std": pytest.approx(math.sqrt(7)),
    }
    assert second["n"] == 3
    assert math.isnan(second["loss_mean"])  # a run that diverged is not left out
    assert math.isnan(second["loss_std"])


CHOICE = Hyperparameters(
    300, "sigmoid", "lecun_normal", "standardize", 16, 0.1, "linear", 2
)


def runs(*rows):
    """Name the columns of rows; what has no column is as in `CHOICE`."""
    columns = [
        "batch_size",
        "learning_rate",
        "seed",
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_accuracy",
    ]
    same = CHOICE._asdict() | {"train_accuracy": 0.5, "saturated": 0.1}
    return pd.DataFrame(rows, columns=columns).assign(
        initial_train_loss=2.3,
        **{name: value for name, value in same.items() if name not in columns},
    )


RUNS = runs(
    (16, 0.1, 0, 1, 2.0, 2.0, 0.99),  # not the last epoch
    (16, 0.1, 0, 2, 0.5, 0.6, 0.90),
    (16, 0.1, 1, 2, 0.5, 0.6, 0.92),
    (16, 1.0, 0, 2, 0.4, 0.5, 0.91),
    (16, 1.0, 1, 2, 0.4, 0.4, 0.91),
    (8, 9.0, 0, 2, float("nan"), float("nan"), 0.10),
    (8, 9.0, 1, 2, 0.1, 0.1, 0.99),
    (8, 1.0, 0, 2, 2.6, 2.4, 0.95),  # more than a tenth above 2.3
    (8, 1.0, 1, 2, 2.2, 2.2, 0.95),  # less than a tenth below
)


def summarized(table=RUNS):
    return sweep.summarize(table)


def test_the_sweep_is_summarized_by_setting():
    table = summarized().set_index(["batch_size", "learning_rate"])
    assert table.loc[(16, 0.1), "validation_accuracy_mean"] == pytest.approx(0.91)
    assert [*table.index] == [(8, 1.0), (8, 9.0), (16, 0.1), (16, 1.0)]
    assert table["diverged"].tolist() == [1, 1, 0, 0]
    assert table["untrained"].tolist() == [1, 0, 0, 0]


OTHER = Hyperparameters(30, "relu", "he_normal", "unit_interval", 5, 7.0, "constant", 1)
EACH_OTHER = [{name: value} for name, value in OTHER._asdict().items()]


@pytest.mark.parametrize("other", EACH_OTHER, ids=OTHER._fields)
@pytest.mark.parametrize(
    "summarize",
    [
        summarized,
        lambda table: mnist_runs.summarize(table.assign(running_train_loss=1)),
    ],
    ids=["learning_rate_sweep", "mnist_runs"],
)
def test_runs_that_differ_in_any_hyperparameter_are_told_apart(summarize, other):
    run = RUNS.iloc[[1]].assign(epoch=lambda rows: rows["epochs"])
    another = run.assign(**other).assign(epoch=lambda rows: rows["epochs"])
    table = summarize(pd.concat([run, another, another.assign(seed=1)]))
    rows = table[[*CHOICE._fields, "n"]].values
    settings = {Hyperparameters(*row): n for *row, n in rows}
    assert settings == {CHOICE: 1, CHOICE._replace(**other): 2}


def test_the_gap_is_taken_within_each_run():
    table = mnist_runs.summarize(RUNS.iloc[3:5].assign(running_train_loss=1.0))
    (row,) = table.to_dict("records")
    assert row["generalization_gap_mean"] == pytest.approx(0.05)  # of 0.1 and 0.0
    assert row["generalization_gap_std"] == pytest.approx(0.1 / math.sqrt(2))


def test_the_choice_is_by_accuracy_then_loss_and_never_diverged():
    chosen = sweep.choose(summarized(), 2)
    assert chosen[["batch_size", "learning_rate"]].to_numpy().tolist() == [[16, 1.0]]
    better = RUNS.assign(train_accuracy=1 - RUNS["learning_rate"] / 10)
    better.loc[better["learning_rate"] == 1.0, "validation_accuracy"] += 0.01
    better.loc[better["learning_rate"] == 1.0, "validation_loss"] += 1.0
    chosen = sweep.choose(summarized(better), 2)
    assert chosen["learning_rate"].tolist() == [1.0]  # though all else speaks for 0.1
    with pytest.raises(sweep.NoCandidateError, match="add lower learning rates"):
        sweep.choose(summarized(RUNS[RUNS["batch_size"] == 8]), 2)


def test_a_setting_without_all_seeds_is_no_candidate():
    summary = summarized(RUNS.drop(4))  # of what would be chosen, seed 1
    assert sweep.choose(summary, 2)["learning_rate"].tolist() == [0.1]
    with pytest.raises(sweep.NoCandidateError, match="all 3 seeds"):
        sweep.choose(summary, 3)


@pytest.mark.parametrize(
    ("other", "accuracy", "choices"),
    [
        # what question 5 fixes is chosen for it, however well another network does
        ({"activation": "tanh"}, 0.99, ["as_assigned", "best_of_all"]),
        ({"hidden_size": 30}, 0.99, ["as_assigned", "best_of_all"]),
        ({"activation": "tanh"}, 0.50, ["as_assigned"]),
        ({"initialization": "he_normal"}, 0.99, ["as_assigned"]),
    ],
)
def test_the_network_of_question_5_is_chosen_and_a_better_one_beside_it(
    other, accuracy, choices
):
    others = RUNS.iloc[1:3].assign(validation_accuracy=accuracy, **other)
    chosen = sweep.choices(summarized(pd.concat([RUNS, others])), CHOICE, 2)
    assert chosen["choice"].tolist() == choices
    best = CHOICE._replace(**other if accuracy > 0.91 else {"learning_rate": 1.0})
    assert Hyperparameters(*chosen[[*CHOICE._fields]].iloc[-1]) == best
    if len(choices) == 2:
        assert chosen["learning_rate"].tolist() == [1.0, 0.1]


def test_the_best_rate_of_each_batch_size_is_marked_and_whether_it_is_open():
    table = sweep.best_rates(summarized(), CHOICE)
    (best,) = table[table["best"]].itertuples()  # both rates of size 8 diverge
    assert (best.batch_size, best.learning_rate, best.open) == (16, 1.0, "highest")
    one = sweep.best_rates(summarized(RUNS.iloc[1:3]), CHOICE)
    assert not one["best"].any()  # nothing to be the best of
    perfect = RUNS.iloc[1:5].assign(validation_accuracy=1.0)
    assert (sweep.best_rates(summarized(perfect), CHOICE)["open"] == "").all()
    worse = RUNS.iloc[1:3].assign(learning_rate=9.0, validation_accuracy=0.1)
    marked = sweep.best_rates(summarized(pd.concat([RUNS[1:5], worse])), CHOICE)
    (best,) = marked[marked["best"]].itertuples()
    assert (best.learning_rate, best.open) == (1.0, "")


def test_each_activation_is_compared_at_the_best_of_its_rates():
    others = RUNS.iloc[1:5].assign(activation="tanh")
    others.loc[others["learning_rate"] == 0.1, "validation_accuracy"] = 0.99
    elsewhere = RUNS.iloc[1:3].assign(activation="relu", batch_size=8)
    table = sweep.activations(summarized(pd.concat([RUNS, others, elsewhere])), CHOICE)
    assert table[["activation", "learning_rate"]].values.tolist() == [
        ["sigmoid", 1.0],
        ["tanh", 0.1],
    ]


def test_a_network_that_encloses_class_0_is_told_from_one_that_does_not():
    steep = 20.0
    corner = np.array([[1, 0, -1, 0], [0, 1, 0, -1]]) * steep  # edges of a square

    def network(edges, bias):
        W = corner[:, :edges]
        V = np.array([[4.0, -4.0]] * edges)
        return Parameters(W, np.full(edges, steep / 2), V, np.array([-bias, bias]))

    assert synthetic.closed(network(4, 14.0))
    assert not synthetic.closed(network(4, 99.0))  # class 1 everywhere
    for side in range(4):  # open there
        W, b, V, c = network(4, 10.0)
        others = np.arange(4) != side
        assert not synthetic.closed(Parameters(W[:, others], b[others], V[others], c))


def test_the_seeds_of_question_4_are_counted_by_how_they_end():
    runs = pd.DataFrame(
        {
            "seed": [0, 0, 0, 0, 1, 1, 1, 1],
            "instances": [0, 10, 11, 100] * 2,
            "train_loss": [NAN, 0.7, 0.4, 0.1, NAN, 0.5, 0.4, 0.3],
            "validation_loss": [0.8, 0.6730, 0.4, 0.1, 0.8, 0.5, 0.4, 0.3],
            "validation_accuracy": [0.5, 0.6, 0.7, 0.99, 0.5, 0.6, 0.7, 0.61],
        }
    )
    network = Parameters(*(np.zeros(s) for s in ((2, 3), 3, (3, 2), 2)))
    result, outcome = synthetic.summarize(runs, [network] * 2, 0.6, 1000)
    assert result["above_majority"].tolist() == [True, False]  # 0.61 is within chance
    assert result["on_plateau"].tolist() == [True, False]
    (row,) = outcome.to_dict("records")
    assert row["entropy"] == pytest.approx(0.6730117)
    assert (row["n"], row["closed"], row["parameters"]) == (2, 0, 17)
    assert row["first_train_loss_median"] == pytest.approx(0.6)
    assert row["last_validation_accuracy_median"] == pytest.approx(0.8)


def test_a_grid_has_the_settings_whose_values_are_all_among_its_own():
    summary = summarized()
    grids = [{"batch_size": [8], "learning_rate": [0.1, 1.0]}, {"learning_rate": [0.1]}]
    found = summary[sweep.on_grids(summary, grids)]
    assert found[["batch_size", "learning_rate"]].to_numpy().tolist() == [
        [8, 1.0],
        [16, 0.1],
    ]


def test_the_final_summary():
    results = pd.DataFrame(
        {
            "choice": ["b", "b", "b", "a"],
            "seed": [1, 2, 3, 1],
            "train_loss": 0.1,
            "train_accuracy": 1.0,
            "test_loss": [0.2, 0.3, 0.4, 0.2],
            "test_accuracy": [0.97, 0.98, 0.99, 0.5],
            "test_errors": [3, 2, 1, 50],
            "test_size": 100,
        }
    )
    right = pd.DataFrame(np.ones((4, 100), bool))
    right.iloc[:3, 0] = False
    right.iloc[:2, 1] = False  # half of them
    right.iloc[2, 2] = False
    table = final.summarize(results, right).set_index(["choice", "metric"])
    row = table.loc[("b", "test_accuracy")]
    assert row["n"] == 3
    assert row["mean"] == pytest.approx(0.98)
    assert row["std"] == pytest.approx(0.01)
    assert 0.95 < row["low"] < 0.98 < row["high"] <= 1
    assert row["mistaken_by_most"] == 1
    assert table["mistaken_by_most"].count() == 1  # of the network of question 5 alone
    assert list(table.index.unique("choice")) == ["b", "a"]  # as they come
    assert table.loc[("a", "test_accuracy"), "mean"] == 0.5


@pytest.mark.parametrize("absent", ["learning_rates", "grid"])
def test_a_sweep_without_a_run_of_a_part_is_refused(tmp_path, monkeypatch, absent):
    monkeypatch.chdir(tmp_path)
    RUNS.iloc[1:3].to_csv("run.csv", index=False)
    rates = {"learning_rates": 0.1, "grid": 0.1} | {absent: 9.0}
    names = "learning_rates learning_curves grid activations settings chosen sweep"
    options = {
        "hyperparameters": words(CHOICE._asdict()),
        "rates": rates["learning_rates"],
        "grids": json.dumps([{"learning_rate": [rates["grid"]]}]),
    } | dict.fromkeys(names.split(), "x")
    message = f"learning_rate_sweep.{absent} is"
    with pytest.raises(sweep.NoCandidateError, match=message):
        step(sweep, "run.csv\n", seeds=2, planned=4, **options)
    assert not (tmp_path / "x").exists()


def test_the_confusion_matrix_is_averaged():
    pairs = {"true_class": 0, "predicted_class": [0, 1, 0, 1]}
    counts = pd.DataFrame(pairs | {"count": [5, 1, 4, 2]})
    assert final.summarize_confusion(counts).to_dict("list") == {
        "true_class": [0, 0],
        "predicted_class": [0, 1],
        "count_mean": [4.5, 1.5],
        "mistake": [False, True],
    }


def test_the_synthetic_data_are_described_before_and_after():
    table = synthetic.describe_data()
    assert table["value_1"][:2].tolist() == [1.764052345967664, 0.4001572083672233]
    assert table.loc[0, "class_1":"class_5"].tolist() == [1, 1, 1, 1, 0]
    assert table["feature"].tolist() == [1, 2] * 4
    share = table["class_0_share"].to_numpy()
    assert share == pytest.approx([26_506 / 60_000] * 4 + [4_378 / 10_000] * 4)
    for name in ("class_1_share", "majority_share"):  # class 1 is the larger one
        assert table[name].to_numpy() == pytest.approx(1 - share)
    raw = table[(table["set"] == "training") & (table["state"] == "raw")]
    assert raw["minimum"].min() == pytest.approx(-4.85, abs=0.005)
    assert raw["maximum"].max() == pytest.approx(4.29, abs=0.005)
    normalized = table[(table["set"] == "training") & (table["state"] == "normalized")]
    assert normalized["minimum"].to_numpy() == pytest.approx([-1, -1])
    assert normalized["maximum"].to_numpy() == pytest.approx([1, 1])


def test_a_set_of_images_is_described():
    row = dataset.describe("training", np.array([[[0, 4]], [[4, 8]]], np.uint8), 3)
    assert (row["instances"], row["pixels"], row["classes"]) == (2, 2, 3)
    assert (row["pixel_minimum"], row["pixel_mean"], row["pixel_maximum"]) == (0, 4, 8)
    assert row["pixel_std"] == pytest.approx(math.sqrt(8))
    assert row["pixel_rms"] == pytest.approx(math.sqrt((16 + 16 + 64) / 4))
    assert row["zero_share"] == 0.25
    assert row["guessing_loss"] == pytest.approx(math.log(3))

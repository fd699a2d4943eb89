"""The summaries, on tables small enough to summarize by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from mlp.summaries import dataset, final, statistics, sweep, synthetic


def test_mean_and_sample_standard_deviation_over_seeds():
    runs = pd.DataFrame(
        {
            "rate": [1, 1, 1, 2, 2],
            "seed": [0, 1, 2, 0, 1],
            "loss": [1.0, 2.0, 6.0, 5.0, float("nan")],
        }
    )
    first, second = statistics.over_seeds(runs, ["rate"], ["loss"]).to_dict("records")
    assert first == {
        "rate": 1,
        "n": 3,
        "loss_mean": 3.0,
        "loss_std": pytest.approx(math.sqrt(7)),
    }
    assert second["n"] == 2
    assert math.isnan(second["loss_mean"])  # a run that diverged is not left out


def runs(*rows):
    columns = [
        "hidden_size",
        "batch_size",
        "learning_rate",
        "seed",
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_accuracy",
    ]
    return pd.DataFrame(rows, columns=columns).assign(train_accuracy=0.5)


RUNS = runs(
    (300, 16, 0.1, 0, 1, 2.0, 2.0, 0.99),  # not the last epoch
    (300, 16, 0.1, 0, 2, 0.5, 0.6, 0.90),
    (300, 16, 0.1, 1, 2, 0.5, 0.6, 0.92),
    (300, 16, 1.0, 0, 2, 0.4, 0.5, 0.91),
    (300, 16, 1.0, 1, 2, 0.4, 0.4, 0.91),
    (300, 8, 9.0, 0, 2, float("nan"), float("nan"), 0.10),
    (300, 8, 9.0, 1, 2, 0.1, 0.1, 0.99),
    (300, 8, 1.0, 0, 2, 2.4, 2.4, 0.95),  # above ln 10 = 2.303
    (300, 8, 1.0, 1, 2, 2.2, 2.2, 0.95),
)


def test_the_sweep_is_summarized_by_setting():
    summary = sweep.summarize(RUNS, classes=10, validation_size=100)
    table = summary.set_index(["hidden_size", "batch_size", "learning_rate"]).loc[300]
    assert table.loc[(16, 0.1), "validation_accuracy_mean"] == pytest.approx(0.91)
    assert table["diverged"].to_dict() == {
        (8, 1.0): 1,
        (8, 9.0): 1,
        (16, 0.1): 0,
        (16, 1.0): 0,
    }


def test_the_choice_is_by_accuracy_then_loss_and_never_diverged():
    chosen = sweep.choose(sweep.summarize(RUNS, classes=10, validation_size=100), 2)
    assert chosen[["batch_size", "learning_rate"]].to_numpy().tolist() == [[16, 1.0]]
    better = RUNS.assign(train_accuracy=1 - RUNS["learning_rate"] / 10)
    better.loc[better["learning_rate"] == 1.0, "validation_accuracy"] += 0.01
    better.loc[better["learning_rate"] == 1.0, "validation_loss"] += 1.0
    chosen = sweep.choose(sweep.summarize(better, classes=10, validation_size=100), 2)
    assert chosen["learning_rate"].tolist() == [1.0]  # though all else speaks for 0.1
    with pytest.raises(sweep.NoCandidateError, match="add lower learning rates"):
        sweep.choose(
            sweep.summarize(
                RUNS[RUNS["batch_size"] == 8], classes=10, validation_size=100
            ),
            2,
        )


def test_a_setting_without_all_seeds_is_no_candidate():
    fewer = RUNS.drop(4)  # of what would be chosen, seed 1
    summary = sweep.summarize(fewer, classes=10, validation_size=100)
    assert sweep.choose(summary, 2)["learning_rate"].tolist() == [0.1]
    with pytest.raises(sweep.NoCandidateError, match="all 3 seeds"):
        sweep.choose(summary, 3)


def test_the_final_summary():
    results = pd.DataFrame(
        {
            "seed": [1, 2, 3],
            "train_loss": [0.1, 0.1, 0.1],
            "train_accuracy": [1.0, 1.0, 1.0],
            "test_loss": [0.2, 0.3, 0.4],
            "test_accuracy": [0.97, 0.98, 0.99],
            "test_errors": [3, 2, 1],
            "test_size": [100, 100, 100],
        }
    )
    table = final.summarize(results).set_index("metric")
    row = table.loc["test_accuracy"]
    assert (row["n"], row["minimum"], row["maximum"]) == (3, 0.97, 0.99)
    assert row["mean"] == pytest.approx(0.98)
    assert row["std"] == pytest.approx(0.01)
    half = 4.302653 * 0.01 / math.sqrt(3)  # Student's t with 2 degrees of freedom
    assert row["low"] == pytest.approx(0.98 - half, abs=1e-6)
    assert row["high"] == pytest.approx(0.98 + half, abs=1e-6)
    assert row["sampling_error"] == pytest.approx(math.sqrt(0.98 * 0.02 / 100))
    single = final.summarize(results.head(1)).set_index("metric")
    assert math.isnan(single.loc["test_accuracy", "low"])


@pytest.mark.parametrize("absent", ["learning_rates", "grid"])
def test_a_sweep_without_a_run_of_a_part_is_refused(tmp_path, monkeypatch, absent):
    monkeypatch.chdir(tmp_path)
    rates = {"learning_rates": 0.1, "grid": 0.3} | {absent: 9.0}
    run = RUNS[(RUNS["learning_rate"] == 0.1) & (RUNS["seed"] == RUNS["seed"].iloc[0])]
    for rate in (0.1, 0.3):
        run.assign(learning_rate=rate).to_csv(f"{rate}.csv", index=False)
    setting = {
        name: str(RUNS[name].iloc[0]) for name in ("hidden_size", "batch_size", "seed")
    }
    options = {
        "classes": 10,
        "validation-size": 100,
        "hidden-size": setting["hidden_size"],
        "batch-size": setting["batch_size"],
        "rates": rates["learning_rates"],
        "grid-hidden-sizes": setting["hidden_size"],
        "grid-batch-sizes": setting["batch_size"],
        "grid-rates": rates["grid"],
        "seeds": setting["seed"],
        "missing-runs": "leave_out",
        **dict.fromkeys(("learning-rates", "grid", "settings", "chosen", "sweep"), "x"),
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    monkeypatch.setattr("sys.argv", ["sweep", "{learning_rate}.csv", *arguments])
    with pytest.raises(
        sweep.NoCandidateError, match=f"learning_rate_sweep.{absent} is"
    ):
        sweep.main()
    assert not (tmp_path / "x").exists()


def test_the_confusion_matrix_is_averaged():
    counts = pd.DataFrame(
        {
            "true_class": [0, 0, 0, 0],
            "predicted_class": [0, 1, 0, 1],
            "count": [5, 1, 4, 2],
        }
    )
    assert final.summarize_confusion(counts).to_dict("list") == {
        "true_class": [0, 0],
        "predicted_class": [0, 1],
        "count_mean": [4.5, 1.5],
        "mistake": [False, True],
    }


def test_the_synthetic_data_are_described_before_and_after():
    table = synthetic.describe_data()
    assert len(table) == 8
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

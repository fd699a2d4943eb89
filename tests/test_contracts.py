"""What no verdict and no number printed depends on, and what can make none better."""

from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlp.document.findings import COMPARISONS, FINDINGS
from mlp.document.ledger import Ledger
from mlp.networks import batch
from mlp.summaries import comparison, comparisons, final
from mlp.summaries import learning_rate_sweep as sweep
from tests.test_summaries import CHOICE, runs

FIXED = settings(derandomize=True, deadline=None, database=None, max_examples=40)
BETTER = {"smaller": -1, comparison.UNTOLD: 0, "larger": 1}
IMAGES = 40
# losses in quarters, so that a shift or a factor of 2 rounds nothing
losses = st.integers(1, 40).map(lambda quarters: quarters / 4)
accuracies = st.sampled_from([39, IMAGES]).map(lambda right: right / IMAGES)  # ties


@st.composite
def sweeps(draw):
    """Last epochs of some seeds at some rates, with the mistakes of each network."""
    rows = [
        (16, rate, seed, 2, draw(losses) / 8, draw(losses), draw(accuracies))
        for rate in (0.01, 0.1, 1.0)[: draw(st.integers(2, 3))]
        for seed in range(draw(st.integers(2, 4)))
    ]
    table = runs(*rows)
    images = st.permutations(range(IMAGES))
    wrong = (IMAGES * (1 - table["validation_accuracy"])).round().astype(int)
    mistakes = [" ".join(map(str, draw(images)[:n])) for n in wrong]
    return table.assign(validation_mistakes=mistakes)


def ranking(told):
    return sweep.ranked(told.settings)["learning_rate"].tolist()


def verdicts(table):
    """Give findings on the learning rates, their p-values, and which rate is best."""
    told = comparisons.Runs(table, IMAGES)
    rates = table["learning_rate"].unique()
    rows = [
        ("x", *row[:-1], *row[-1])
        for row in comparisons.learning_rates(told, CHOICE, rates)
    ]
    columns = ["family", "name", "metric", "first", "second"]
    columns += comparison.Comparison._fields
    tables = {"comparisons": comparison.judge(pd.DataFrame(rows, columns=columns))}
    outcomes = {
        f"{name}_{outcome}": FINDINGS[f"{name}_{outcome}"](tables)
        for name in tables["comparisons"]["name"]
        for outcome in COMPARISONS[name].split()
    }
    return outcomes, tables["comparisons"]["p"].round(9).tolist(), ranking(told)


@FIXED
@given(
    sweeps(),
    st.randoms(use_true_random=False),
    st.permutations([7, 3, 40, 5]),
    st.integers(-8, 8),
    st.permutations(range(IMAGES)),
)
def test_no_verdict_depends_on_order_names_of_seeds_unit_of_loss_or_order_of_images(
    table, random, names, power, images
):
    losses_in = [name for name in table if name.endswith("_loss")]
    other = table.assign(
        **table[losses_in] * 2.0**power,
        seed=table["seed"].map(dict(enumerate(names))),
        validation_mistakes=[
            " ".join(str(images[int(i)]) for i in text.split())
            for text in table["validation_mistakes"]
        ],
    )
    order = random.sample(range(len(table)), len(table))
    assert verdicts(other.iloc[order]) == verdicts(table)


@FIXED
@given(sweeps(), st.sampled_from([0.01, 0.1]), st.integers(0, 1), st.integers(0, 8))
def test_a_setting_made_worse_by_a_constant_is_never_ranked_better(
    table, rate, fewer, more
):
    mine = (table["learning_rate"] == rate).astype(float)
    worse = table.assign(
        validation_accuracy=table["validation_accuracy"] - mine * fewer / IMAGES,
        validation_loss=table["validation_loss"] + mine * more / 4,
    )
    before, after = (ranking(comparisons.Runs(t, IMAGES)) for t in (table, worse))
    assert after.index(rate) >= before.index(rate)
    assert sorted(after) == sorted(before)


series = st.lists(losses, min_size=2, max_size=6)


@FIXED
@given(series, series, st.integers(1, 40), st.booleans(), st.integers(1, 5))
def test_a_side_made_smaller_by_a_constant_never_looks_larger(
    first, second, by, paired, among
):
    first = pd.Series(first)
    second = pd.Series(second)
    if not paired:
        second.index += len(first)

    def told(shift):
        compared = comparison.compare(first - shift, second, among)
        row = {"family": "x", "metric": "loss", **compared._asdict()}
        return comparison.judge(pd.DataFrame([row])).iloc[0]

    before, after = told(0), told(by / 4)
    assert BETTER[after["verdict"]] <= BETTER[before["verdict"]]
    assert np.isclose(after["difference"], before["difference"] - by / 4)
    for row in (before, after):  # the interval says what the verdict does
        side = int(row["low"] > 0) - int(row["high"] < 0)
        assert BETTER[row["verdict"]] == side


@FIXED
@given(st.permutations(range(4)), st.integers(0, 99), st.sampled_from(["tanh", "relu"]))
def test_no_loss_accuracy_or_confusion_depends_on_the_names_of_classes(
    names, seed, activation
):
    rng = np.random.default_rng(seed)
    names = np.array(names)
    parameters = batch.initialize(5, 6, 4, rng)._replace(c=rng.standard_normal(4))
    x, t = rng.standard_normal((30, 5)), rng.integers(0, 4, 30)
    renamed = parameters._replace(
        V=parameters.V[:, np.argsort(names)], c=parameters.c[np.argsort(names)]
    )
    loss, accuracy = batch.evaluate(parameters, x, t, activation)
    again = batch.evaluate(renamed, x, names[t], activation)
    assert np.isclose(again[0], loss)
    assert again[1] == accuracy
    right = pd.DataFrame([{"true_class": t, "predicted_class": p, "count": 4 * t + p}
                          for t in range(4) for p in range(4)])  # fmt: skip
    pairs = ["true_class", "predicted_class"]
    other = right.assign(**{name: names[right[name]] for name in pairs})
    mean = final.summarize_confusion(right).set_index(pairs)
    there = final.summarize_confusion(other).set_index(pairs)
    for (a, b), row in mean.iterrows():
        assert there.loc[(names[a], names[b])].tolist() == row.tolist()


cells = st.floats(-1e4, 1e4, allow_subnormal=False)


@FIXED
@given(st.lists(cells, min_size=1, max_size=5), st.integers(0, 4), st.data())
def test_a_printed_number_is_that_of_its_row_whatever_the_order(values, digits, data):
    table = pd.DataFrame({"name": range(len(values)), "x": values, "y": 0.0})
    order = data.draw(st.permutations(range(len(values))))
    shuffled = table.iloc[order].reset_index(drop=True)
    for cells in (table, shuffled):
        ledger = Ledger({"table": cells}, {})
        for name, value in enumerate(values):
            row = ledger.row("table", name=name)
            printed = row.digits("x", digits, 100)
            half = Decimal(1).scaleb(-digits) / 2
            assert abs(Decimal(printed) - Decimal(100 * value)) <= half
            assert ledger.entries[-1]["keys"] == {"name": name}
            assert ledger.entries[-1]["value"] == value
        assert ledger.largest("table", "x").value("x") == max(values)
        assert ledger.smallest("table", "x").value("x") == min(values)

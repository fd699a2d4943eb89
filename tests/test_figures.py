"""The figures: what they draw is what the tables hold."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pypdf
import pytest

from mlp.figures import dataset, final, learning_rate_sweep, mnist_runs, style
from mlp.hyperparameters import Hyperparameters


@pytest.fixture(autouse=True)
def _style():
    style.use()
    yield
    plt.close("all")


def grid(**columns):
    choice = Hyperparameters(
        300, "sigmoid", "lecun_normal", "standardize", 16, 0.3, "linear", 5
    )
    accuracy = {"validation_accuracy_mean": [0.91, 0.92, 0.93, 0.94, 0.95, 0.96]}
    return pd.DataFrame(choice._asdict() | accuracy | {"diverged": 0} | columns)


def drawn(figure):
    """The numbers in the fields of each panel, by title, batch size and rate."""
    return {
        panel.get_title(): {
            (
                panel.get_yticklabels()[int(text.get_position()[1])].get_text(),
                panel.get_xticklabels()[int(text.get_position()[0])].get_text(),
            ): text.get_text()
            for text in panel.texts
        }
        for panel in figure.axes
        if panel.images
    }


def test_the_heat_map_has_each_setting_in_its_field():
    table = grid(batch_size=[8, 8, 8, 16, 16, 16], learning_rate=[0.1, 1.0, 3.0] * 2)
    table.loc[5, "validation_accuracy_mean"] = float("nan")
    assert drawn(learning_rate_sweep.draw_grid(table)) == {
        "": {
            ("8", "0.1"): "91.00",
            ("8", "1"): "92.00",
            ("8", "3"): "93.00",
            ("16", "0.1"): "94.00",
            ("16", "1"): "95.00",
            ("16", "3"): "--",
        }
    }


@pytest.mark.parametrize(
    ("columns", "titles"),
    [
        ({"hidden_size": [1, 1, 300] * 2}, ["1 hidden unit", "300 hidden units"]),
        ({"activation": ["relu", "relu", "tanh"] * 2}, ["relu", "tanh"]),
        ({"epochs": [2, 2, 5] * 2, "schedule": ["constant", "constant", "linear"] * 2},
         ["constant, 2 epochs", "linear, 5 epochs"]),
    ],
)  # fmt: skip
def test_the_heat_map_has_a_panel_for_each_value_of_what_varies(columns, titles):
    table = grid(batch_size=8, learning_rate=[0.1, 0.3, 0.1, 1.0, 3.0, 1.0], **columns)
    panels = drawn(learning_rate_sweep.draw_grid(table))
    assert {title: [*fields.values()] for title, fields in panels.items()} == {
        titles[0]: ["91.00", "92.00", "94.00", "95.00"],
        titles[1]: ["93.00", "96.00"],
    }


def test_a_setting_that_diverged_is_crossed_out():
    table = grid(batch_size=[8, 8, 8, 16, 16, 16], learning_rate=[0.1, 1.0, 3.0] * 2)
    table["diverged"] = [0, 0, 0, 0, 0, 1]
    heat_map, quotient = (
        axes
        for axes in learning_rate_sweep.draw_grid(table).axes
        if axes.images or axes.get_xlabel().endswith("/ batch size")
    )
    assert heat_map.lines[0].get_xydata() == pytest.approx(np.array([[2, 0.7]]))
    crosses = [line for line in quotient.lines if line.get_marker() == "x"]
    assert crosses[0].get_xydata() == pytest.approx(np.array([[3 / 16, 4]]))


def test_nothing_is_marked_beyond_what_there_is():
    one = pd.DataFrame({"epoch": [1], "step": 1, "loss": 2.0})
    for metric in ("train_loss", "validation_loss", "running_train_loss"):
        one[f"{metric}_mean"], one[f"{metric}_std"] = 0.1, 0.0
    for metric in ("train_accuracy", "validation_accuracy"):
        one[f"{metric}_mean"], one[f"{metric}_std"] = 1.0, 0.0
    losses, accuracies = mnist_runs.draw_epochs(one).axes
    assert accuracies.get_ylim()[1] < 101
    assert {container[0].get_xdata()[0] for container in losses.containers} == {0.5, 1}
    (curve,) = mnist_runs.draw_batches(one, 5).axes
    for axes in (losses, accuracies, curve):
        assert axes.get_xticks().tolist() == [1]


def test_a_single_setting_beside_a_grid_gets_no_panel():
    table = grid(
        activation=["relu", *["sigmoid"] * 5],
        batch_size=[8, 8, 8, 16, 16, 32],
        learning_rate=[0.1, 0.1, 0.3, 0.1, 0.3, 0.1],
    )
    assert list(drawn(learning_rate_sweep.draw_grid(table))) == ["sigmoid"]


def test_the_running_mean_is_over_the_window():
    batches = pd.DataFrame({"step": range(1, 101), "loss": [1.0] * 50 + [3.0] * 50})
    for window in (5, 50):  # which would be half of so short a run
        *_, mean = mnist_runs.draw_batches(batches, window).axes[0].lines
        assert mean.get_ydata()[-1] == 3.0
        assert mean.get_ydata()[51] == pytest.approx((3 * 1 + 2 * 3) / 5)
    *_, mean = mnist_runs.draw_batches(batches[41:61], 50).axes[0].lines
    assert mean.get_ydata()[9] == 2.0  # of one batch it would be no mean


def test_each_learning_rate_has_its_curve_while_there_are_few():
    epochs = {"epoch": [1, 2], "validation_loss_mean": [2.0, 1.0]}
    curves = [pd.DataFrame(epochs | {"learning_rate": i * i}) / i for i in range(1, 10)]
    for count, drawn in ((8, 8), (9, 5)):
        axes = plt.figure().add_subplot()
        learning_rate_sweep.draw_curves(axes, pd.concat(curves[:count]))
        assert len(axes.lines) == len(axes.get_legend().texts) == drawn
    assert axes.lines[1].get_ydata() == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize("steps", [1, 5, 50, 1000])
def test_the_spread_of_runs_of_any_length(steps):
    step = pd.DataFrame({"step": range(1, steps + 1)})
    runs = [step.assign(loss=loss) for loss in (0.2, 0.4, 0.6)]
    batches = step.assign(loss_mean=0.5, loss_std=0.1)
    single, means = mnist_runs.draw_spread(batches, runs, 1, 100).axes
    for axes, values in ((single, [0.5, 0.1]), (means, [0.2, 0.4, 0.6])):
        assert (axes.get_xticks().tolist() == [1]) == (steps == 1)
        for line, value in zip(axes.lines, values):
            assert line.get_ydata() == pytest.approx(value)
            assert len(line.get_ydata()) >= 2 or steps == 1
    (band,) = means.collections
    assert band.get_datalim(means.transData).intervaly == pytest.approx([0.2, 0.6])
    assert means.lines[-1].get_ydata() == pytest.approx(0.4)
    assert means.lines[0].get_xdata().max() <= 1  # epoch


@pytest.mark.parametrize("classes", [1, 3, 26])
def test_the_first_image_of_each_class_and_all_pixels_are_drawn(classes):
    t = np.repeat(np.arange(classes), 2)[::-1]
    x = np.arange(len(t), dtype=np.uint8)[:, None, None] * np.ones((2, 3), np.uint8)
    *images, histogram = dataset.draw(x, t, ["a long name, $x$"] * classes).axes
    first = [2 * (classes - 1 - c) for c in range(min(classes, 12))]
    assert [axes.images[0].get_array()[0, 0] for axes in images] == first
    (stairs,) = histogram.patches
    assert stairs.get_data().values.sum() == x.size


def test_the_mistakes_of_most_networks_come_first():
    def wrong(index, probability):
        return {
            "index": np.array(index, int),
            "true_class": np.zeros(len(index), int),
            "predicted_class": np.ones(len(index), int),
            "probability": np.array(probability),
            "image": np.array(index, np.uint8)[:, None, None] * np.ones((2, 3), int),
        }

    runs = [wrong([7, 8, 9], [0.5, 0.9, 0.6]), wrong([7, 9], [0.7, 0.7])]
    runs.append(wrong([], []))
    figure = final.draw_mistakes(runs, ["a_b", "$x$"])
    shown = [axes.images[0].get_array()[0, 0] for axes in figure.axes if axes.images]
    assert shown == [9, 7, 8]  # twice with 0.65, twice with 0.6, once
    assert figure.axes[0].get_title().endswith("2/3, 0.65")
    assert r"\$x\$" in figure.axes[0].get_title()


def test_the_text_of_a_figure_can_be_searched(tmp_path):
    figure, axes = plt.subplots()
    axes.set(xscale="log", xlim=(0.05, 0.2), ylim=(-2, -1), title="a_b été, Łódź")
    style.save(figure, [tmp_path / "figure.pdf"])
    (page,) = pypdf.PdfReader(tmp_path / "figure.pdf").pages
    words = page.extract_text()
    for expected in ("a_b été, Łódź", "10\u22121", "\u22121.2"):
        assert expected in words


def test_the_same_figure_is_the_same_bytes(tmp_path):
    batches = pd.DataFrame({"step": range(1, 11), "loss": np.linspace(2, 1, 10)})
    files = [[tmp_path / f"{name}.{kind}" for kind in ("pdf", "svg")] for name in "ab"]
    for paths in files:
        style.save(mnist_runs.draw_batches(batches, 5), paths)
    for first, second in zip(*files):
        assert first.read_bytes() == second.read_bytes()


def test_the_error_is_drawn_against_the_quotient_of_rate_and_batch_size():
    table = grid(batch_size=[8, 8, 8, 16, 16, 16], learning_rate=[0.2, 0.4, 0.8] * 2)
    figure = learning_rate_sweep.draw_grid(table)
    (axes,) = (a for a in figure.axes if a.get_xlabel().endswith("/ batch size"))
    small, large, _ = axes.lines
    assert small.get_xdata() == pytest.approx([0.025, 0.05, 0.1])
    assert large.get_xdata() == pytest.approx([0.0125, 0.025, 0.05])
    assert small.get_ydata() == pytest.approx([9, 8, 7])


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 1.0])
def test_accuracies_that_are_all_the_same_can_be_drawn(tmp_path, accuracy):
    table = grid(batch_size=[8, 8, 8, 16, 16, 16], learning_rate=[0.2, 0.4, 0.8] * 2)
    table["validation_accuracy_mean"] = accuracy
    figure = learning_rate_sweep.draw_grid(table)
    low, high = next(a for a in figure.axes if a.images).images[0].get_clim()
    assert 0 <= low < high <= 100
    for name in ("validation_accuracy", "validation_loss", "train_loss"):
        table[f"{name}_std"] = 0.0
        table[f"{name}_mean"] = accuracy
    table["epoch"] = 1
    rates = learning_rate_sweep.draw_learning_rates(table[:3], table)
    assert rates.axes[0].get_ylim()[0] >= 0
    assert rates.axes[2].get_xticks().tolist() == [1]  # of the one epoch
    style.save(rates, [tmp_path / "rates.pdf"])


def test_names_and_numbers_that_need_room_get_it_and_no_mistake_is_no_blank(tmp_path):
    nobody = {
        name: np.zeros((0, *shape), int)
        for name, shape in {"index": (), "true_class": (), "predicted_class": (),
                            "probability": (), "image": (1, 1)}.items()
    }  # fmt: skip
    figure = final.draw_mistakes([nobody], ["a", "b"])
    assert [text.get_text() for text in figure.texts] == ["no mistakes"]
    for size in (2, 15, 26, 256):
        pairs = [
            {"true_class": i, "predicted_class": j, "count_mean": (i == j) / 2}
            for i, j in np.ndindex(size, size)
        ]
        names = [f"a name as long as {i}" for i in range(size)]
        figure = final.draw_confusion(pd.DataFrame(pairs), names)
        assert figure.axes[0].images[0].get_clim() == (0, 0.01)
        assert {text.get_text() for text in figure.axes[0].texts} <= {"0.5"}
        figure.draw_without_rendering()
        low, high = (
            figure.axes[0].get_yticklabels()[i].get_window_extent() for i in (0, 1)
        )
        assert not low.overlaps(high)
    style.save(figure, [tmp_path / "confusion.pdf"])


def test_a_large_grid_is_drawn_in_part():
    table = pd.concat(
        grid(batch_size=size, hidden_size=hidden, learning_rate=np.geomspace(1, 99, 6))
        for size in range(1, 31)
        for hidden in range(1, 10)
    )
    figure = learning_rate_sweep.draw_grid(table)
    assert sum(bool(axes.images) for axes in figure.axes) == 7
    assert figure.get_size_inches()[1] < 10

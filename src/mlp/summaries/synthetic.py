"""Summarize question 4: the data before and after normalization, and the training."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from mlp.command import arguments
from mlp.data import normalization, synthetic
from mlp.networks import batch
from mlp.outputs import write_table
from mlp.summaries.comparison import share
from mlp.summaries.statistics import over_seeds, read_runs

SHOWN = 5  # first instances, to look at
METRICS = ["train_loss", "validation_loss", "validation_accuracy"]


def describe_data() -> pd.DataFrame:
    """Describe each feature of each set, raw and normalized, one row each."""
    training, validation = synthetic.load_synth()
    normalize = normalization.min_max(training.x)
    rows = []
    for name, (x, t) in {"training": training, "validation": validation}.items():
        for state, values in {"raw": x, "normalized": normalize(x)}.items():
            for feature in range(values.shape[1]):
                column = values[:, feature]
                rows.append(
                    {
                        "set": name,
                        "state": state,
                        "feature": feature + 1,
                        "instances": len(t),
                        "minimum": column.min(),
                        "mean": column.mean(),
                        "std": column.std(),
                        "maximum": column.max(),
                        "class_0_share": (t == 0).mean(),
                        "class_1_share": (t == 1).mean(),
                        "majority_share": max((t == 0).mean(), (t == 1).mean()),
                        **{f"value_{i + 1}": column[i] for i in range(SHOWN)},
                        **{f"class_{i + 1}": t[i] for i in range(SHOWN)},
                    }
                )
    return pd.DataFrame(rows)


def read_parameters(path: Path) -> batch.Parameters:
    """Read the parameters of a scalar network as arrays."""
    values = json.loads(path.read_text())
    return batch.Parameters(**{name: np.array(values[name]) for name in values})


def closed(network: batch.Parameters) -> bool:
    """Tell whether a network encloses class 0 within the range of the training data.

    That is, it gives class 0 to a point of the square, and to none of its border.
    """
    plane = np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, 201)]), axis=-1)
    points = plane.reshape(-1, 2)
    _, cache = batch.forward(network, points, np.zeros(len(points), int))
    inside = (cache.y[:, 0] > 0.5).reshape(plane.shape[:2])
    border = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    return bool(inside.any() and not border.any())


def summarize(
    runs: pd.DataFrame, networks: list[batch.Parameters], majority: float, size: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell where each seed ends, and how many of them do so in which way.

    Parameters
    ----------
    runs : DataFrame
        The looks at the losses of all seeds.
    networks : list of Parameters
        What each has learned.
    majority : float
        The share of the larger class of the validation set.
    size : int
        The number of instances to validate on.

    Returns
    -------
    results : DataFrame
        The last look of each seed, and whether its network is ``closed``, better than
        the majority beyond Wilson's interval, and was ``on_plateau`` a tenth of the
        way: within 2 per cent of the entropy of the shares of the classes.
    outcome : DataFrame
        One row: ``n``, the counts of these, ``entropy``, ``parameters`` of a network,
        and medians over the seeds.
    """
    seen = runs["instances"]
    last = runs[seen == seen.max()].set_index("seed")
    first = runs[seen == seen[seen > 0].min()].set_index("seed")
    tenth = runs[seen == seen[seen <= seen.max() / 10].max()].set_index("seed")
    entropy = float(stats.entropy([majority, 1 - majority]))
    distance = (tenth["validation_loss"] / entropy - 1).abs()
    last["closed"] = list(map(closed, networks))
    right = (last["validation_accuracy"] * size).round().astype(int)
    last["above_majority"] = [share(count, size)[0] > majority for count in right]
    last["on_plateau"] = (tenth["instances"] > 0) & (distance < 0.02)
    outcome = {"n": len(last), "entropy": entropy}
    outcome |= {"parameters": int(np.sum([p.size for p in networks[0]]))}
    outcome |= last[["closed", "above_majority", "on_plateau"]].sum().to_dict()
    for name, look in {"first": first, "last": last}.items():
        medians = look[METRICS].median().add_prefix(f"{name}_").add_suffix("_median")
        outcome |= medians.to_dict()
    return last.reset_index(), pd.DataFrame([outcome])


def main() -> None:
    """Write the description of the data, the learning curve and each seed's result."""
    options = arguments(
        __doc__, curves=[Path], parameters=[Path], data=Path, curve=Path, result=Path,
        outcome=Path,
    )  # fmt: skip

    runs = read_runs(options.curves)
    data = describe_data()
    validation = data[data["set"] == "validation"].iloc[0]
    result, outcome = summarize(
        runs,
        list(map(read_parameters, options.parameters)),
        validation["majority_share"],
        int(validation["instances"]),
    )
    for path, table in {
        options.data: data,
        options.curve: over_seeds(runs, ["instances"], METRICS),
        options.result: result,
        options.outcome: outcome,
    }.items():
        write_table(path, table)


if __name__ == "__main__":
    main()

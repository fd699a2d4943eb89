"""Summarize question 4: the data before and after normalization, and the training."""

import argparse
from pathlib import Path

import pandas as pd

from mlp.data import normalization, synthetic
from mlp.outputs import write_table
from mlp.summaries.statistics import over_seeds

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
                    }
                )
    return pd.DataFrame(rows)


def main() -> None:
    """Write the description of the data, the learning curve and each seed's result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curves", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--curve", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    arguments = parser.parse_args()

    runs = pd.concat(map(pd.read_csv, arguments.curves))
    curve = over_seeds(runs, ["instances"], METRICS)
    for path, table in {
        arguments.data: describe_data(),
        arguments.curve: curve,
        arguments.result: runs[runs["instances"] == runs["instances"].max()],
    }.items():
        write_table(path, table)


if __name__ == "__main__":
    main()

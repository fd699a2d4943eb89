"""The training runs that a configuration asks for, and where they are."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

RUN = "results/runs/{hyperparameters}/seed={seed}"
"""The folder of a run; its hyperparameters are folders, ``hidden_size=300/...``."""

Grid = Mapping[str, Sequence]  # values to try, by hyperparameter


def settings(hyperparameters: Mapping, *grids: Grid) -> Iterator[dict]:
    """Give all combinations of each grid; what one does not name stays as it is."""
    for grid in grids:
        for values in itertools.product(*grid.values()):
            yield {**hyperparameters, **dict(zip(grid, values))}


def words(hyperparameters: Mapping, between: str = " ") -> str:
    """Write hyperparameters as a step reads them, ``hidden_size=300 ...``."""
    return between.join(f"{name}={value}" for name, value in hyperparameters.items())


def runs(file: str, choices: Iterable[Mapping], seeds: Iterable[int]) -> list[str]:
    """Name a file of each run, without repetition and in the order given."""
    folders = [words(choice, between="/") for choice in choices]
    return list(
        dict.fromkeys(
            f"{RUN.format(hyperparameters=folder, seed=seed)}/{file}"
            for folder, seed in itertools.product(folders, seeds)
        )
    )

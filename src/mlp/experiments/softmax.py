"""Question 2: the derivative of the loss by the logits, in two steps and in one."""

from pathlib import Path

import numpy as np

from mlp.command import arguments
from mlp.networks.local_derivatives import loss_by_logits, loss_by_logits_in_two_steps
from mlp.networks.scalar import softmax
from mlp.outputs import write_csv

PRECISIONS: dict[str, type[np.floating]] = {"single": np.float32, "double": np.float64}
MARGINS = {"single": [10, 80, 90, 110], "double": [10, 700, 720, 750]}
"""By how much the logit of a wrong class exceeds that of the target."""


def compare(precision: str, margin: float) -> dict:
    """Take ``dl/do_t`` in both ways, for two classes that are `margin` apart."""
    number = PRECISIONS[precision]
    y: list = [number(y_i) for y_i in softmax([margin, 0.0])]
    with np.errstate(all="ignore"):  # what comes of it is what the table shows
        two_steps = loss_by_logits_in_two_steps(y, 1)[1]
    return {
        "precision": precision,
        "margin": margin,
        "target_output": y[1],
        "two_steps": str(two_steps),
        "one_step": loss_by_logits(y, 1)[1],
        # where 1 / y_t exceeds the largest number
        "overflow_margin": np.log(np.float64(np.finfo(number).max)),
    }


def main() -> None:
    """Write one row a margin."""
    options = arguments(__doc__, output=Path)
    write_csv(
        options.output,
        [compare(precision, m) for precision in MARGINS for m in MARGINS[precision]],
    )


if __name__ == "__main__":
    main()

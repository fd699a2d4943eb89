"""Question 2: the derivative of the loss by the logits, in two steps and in one."""

import argparse
from pathlib import Path

from mlp.networks.local_derivatives import loss_by_logits, loss_by_logits_in_two_steps
from mlp.networks.scalar import softmax
from mlp.outputs import write_csv

MARGINS = [1, 10, 100, 700, 720, 740, 750]
"""By how much the logit of a wrong class exceeds that of the target."""


def compare(margin: float) -> dict:
    """Take ``dl/do_t`` in both ways, for two classes that are `margin` apart."""
    y = softmax([margin, 0.0])
    try:
        two_steps = str(loss_by_logits_in_two_steps(y, 1)[1])
    except ZeroDivisionError:
        two_steps = "division by zero"
    return {
        "margin": margin,
        "target_output": y[1],
        "two_steps": two_steps,
        "one_step": loss_by_logits(y, 1)[1],
    }


def main() -> None:
    """Write one row a margin."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    write_csv(arguments.output, map(compare, MARGINS))


if __name__ == "__main__":
    main()

"""What has to be chosen before the network of question 5 can be trained.

A choice is written as words, ``hidden_size=300 activation=sigmoid ...``: on the command
line of a step, in the folder of a run and in its log.
"""

import argparse
from collections.abc import Mapping
from typing import NamedTuple, Self


class Hyperparameters(NamedTuple):
    """All choices but the seed; the columns by which summaries tell runs apart."""

    hidden_size: int
    activation: str  # a key of activations.ACTIVATIONS
    initialization: str  # a key of batch.INITIALIZATIONS
    normalization: str  # a key of normalization.PIXELS
    batch_size: int
    learning_rate: float  # at the first step
    schedule: str  # a key of sgd.SCHEDULES
    epochs: int

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """Read each from its text.

        Raises
        ------
        argparse.ArgumentTypeError
            If one is missing, unknown or not of its type.
        """
        if texts.keys() != cls.__annotations__.keys():
            raise argparse.ArgumentTypeError(
                f"these are {' '.join(texts)}, expected {' '.join(cls._fields)}"
            )
        try:
            return cls(*(kind(texts[n]) for n, kind in cls.__annotations__.items()))
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    @classmethod
    def from_words(cls, words: str) -> Self:
        """Read ``name=value`` words; raises as `from_texts` does."""
        return cls.from_texts(dict(word.partition("=")[::2] for word in words.split()))

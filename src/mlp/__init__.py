"""The steps of the report; each computes as `mlp.arithmetic` says."""

from mlp import arithmetic

arithmetic.choose()

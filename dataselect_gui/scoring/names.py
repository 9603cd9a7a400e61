"""The names of ways to compute scores. It imports nothing, so that every room can read it."""

from typing import Literal, get_args

Precision = Literal["float32", "float64"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
Batching = Literal["by operation", "one at a time", "by family"]
"""How the records of a batch are kept apart: by a rule for each operation of a ``.pt2`` graph, not at
all, or by the model's family of the transformers library."""

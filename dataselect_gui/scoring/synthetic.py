"""Inputs that stand for records where something is to be found out: the same on every run, anywhere."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SEED = 20_260_101


def synthetic(shape: Sequence[int]) -> NDArray[np.float32]:
    """Return made-up inputs of a shape: uniform in [0, 1), where most functions are defined."""
    return np.random.default_rng(_SEED).random(tuple(shape), dtype=np.float32)


def filler(shape: Sequence[int]) -> NDArray[np.float32]:
    """Return what stands in a place of a batch that holds no record: zeros, of shape (…)."""
    return np.zeros(tuple(shape), dtype=np.float32)

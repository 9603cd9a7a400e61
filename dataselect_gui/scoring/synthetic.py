"""Made-up inputs for trial runs of a model, the same on every run and machine."""

from collections.abc import Sequence

import numpy as np

from dataselect_gui.records.kinds.kind import InputArray

_SEED = 20_260_101


def synthetic(shape: Sequence[int], vocabulary: int | None = None) -> InputArray:
    """Return made-up inputs.

    Parameters
    ----------
    shape : sequence of int
        Their shape, (batch, …).
    vocabulary : int or None
        How many tokens there are where the inputs are texts, of shape (batch, 2 or 3, length); None
        where they are numbers.

    Returns
    -------
    ndarray
        Uniform in [0, 1), where most functions are defined. Or texts of any tokens: the first is as
        long as can be, others are shorter by up to a half.
    """
    drawn = np.random.default_rng(_SEED)
    if vocabulary is None:
        return drawn.random(tuple(shape), dtype=np.float32)
    texts = np.zeros(tuple(shape), dtype=np.int64)
    batch, _rows, length = texts.shape
    texts[:, 0] = drawn.integers(0, vocabulary, (batch, length))
    shorter_by = np.arange(batch) % max(1, length // 2)
    texts[:, 1] = np.arange(length) < (length - shorter_by)[:, None]
    return texts


def filler(shape: Sequence[int], vocabulary: int | None = None) -> InputArray:
    """Return the input for places of a batch without a record, in a shape as `synthetic` takes it.

    Zeros; or texts of one token.
    """
    if vocabulary is None:
        return np.zeros(tuple(shape), dtype=np.float32)
    texts = np.zeros(tuple(shape), dtype=np.int64)
    texts[:, 1, 0] = 1
    return texts

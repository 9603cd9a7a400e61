"""The order and the classes of records, as arrays; nothing here knows Qt."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def order_of(scores: NDArray[np.float64], *, descending: bool) -> NDArray[np.int64]:
    """Return the rows in the order of their scores, those without one last; equal ones as they are.

    Parameters
    ----------
    scores : ndarray of float64
        NaN where there is none, shape (n,).
    descending : bool
        Whether the highest score comes first.

    Returns
    -------
    ndarray of int64
        Shape (n,).
    """
    keys = np.where(np.isnan(scores), np.inf, -scores if descending else scores)
    return np.argsort(keys, kind="stable")


def class_codes(labels: Sequence[str | None]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the labels that occur, sorted, and each record's place among them.

    Parameters
    ----------
    labels : sequence of str or None
        Shape (n,).

    Returns
    -------
    tuple
        The names, and an array of shape (n,), −1 where a record has no label.
    """
    names = sorted(label for label in set(labels) if label is not None)
    code_of: dict[str | None, int] = {None: -1, **{name: code for code, name in enumerate(names)}}
    return names, np.fromiter(map(code_of.__getitem__, labels), np.int64, len(labels))

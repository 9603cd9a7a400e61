"""The order and the classes of records, as arrays; nothing here knows Qt."""

from collections.abc import Mapping, Sequence

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


def relabelled_codes(
    names: Sequence[str], codes: NDArray[np.int64], labels: Mapping[int, str | None]
) -> tuple[list[str], NDArray[np.int64]]:
    """Return names and codes, as `class_codes` does, after some records got other labels.

    A label that no record has any more stays among the names.

    Parameters
    ----------
    names, codes
        As they were.
    labels : mapping of int to str or None
        Row → label.
    """
    given = {label for label in labels.values() if label is not None}
    merged = sorted({*names, *given})
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(merged)}
    moved = np.array([*(code_of[name] for name in names), -1], dtype=np.int64)
    changed = moved[codes]  # −1 takes the last, which is −1.
    for row, label in labels.items():
        changed[row] = code_of.get(label, -1)
    return merged, changed


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
    names = sorted({label for label in labels if label is not None})
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    return names, np.array([code_of.get(label, -1) for label in labels], dtype=np.int64)

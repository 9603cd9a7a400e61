"""What the arrays of a file are called: records, labels, and the parts of data that they belong to.

MedMNIST publishes ``train_images`` and ``train_labels``, Keras ``x_train`` and ``y_train``, others
``train/x`` and ``train/y``, each with the like for validation and test.
"""

import re
from collections.abc import Iterable

from dataselect_gui.records.splits import is_split

RECORDS, LABELS = "x", "y"
_CALLED = {
    **dict.fromkeys("x image images img imgs data features inputs".split(), RECORDS),
    **dict.fromkeys("y label labels target targets".split(), LABELS),
}


def in_parts(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the arrays of each part of data, of those parts that have records.

    Parameters
    ----------
    names : iterable of str
        What the arrays of a file are called.

    Returns
    -------
    dict
        Part → what an array is there (``x``, ``y``, or its own name) → what it is called in the file.
        Where two would be the same, the first one is.
    """
    parts: dict[str, dict[str, str]] = {}
    for name in names:
        for part, own in _readings(name):
            if is_split(part):
                parts.setdefault(part, {}).setdefault(_CALLED.get(own.casefold(), own), name)
                break
    return {part: arrays for part, arrays in parts.items() if RECORDS in arrays}


def of_part(names: Iterable[str], part: str | None) -> tuple[dict[str, str], list[str]]:
    """Return what each array of a part of data is, and which parts there are to choose from.

    Parameters
    ----------
    names : iterable of str
        What the arrays of a file are called.
    part : str or None
        The part that was chosen.

    Returns
    -------
    tuple of dict and list
        What an array is → what it is called in the file, with those that belong to no part; and the
        parts. The first is empty where another part has to be chosen.
    """
    names = list(names)
    parts = {} if RECORDS in names else in_parts(names)
    if not parts and part is None:
        return {name: name for name in names}, []
    chosen = next(iter(parts)) if part is None and len(parts) == 1 else part
    if chosen not in parts:
        return {}, list(parts)
    of_any = {name for arrays in parts.values() for name in arrays.values()}
    return {name: name for name in names if name not in of_any} | parts[chosen], list(parts)


def _readings(name: str) -> Iterable[tuple[str, str]]:
    """Yield how a name may be read: a part of data, and an array of it."""
    first = re.fullmatch(r"([^/_.-]+)[/_.-](.+)", name)
    last = re.fullmatch(r"(.+)[/_.-]([^/_.-]+)", name)
    if first is not None:
        yield first[1], first[2]
    if last is not None:
        yield last[2], last[1]

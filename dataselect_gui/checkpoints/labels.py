"""Match the source's labels to the model's classes: by name, else by index."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _


def match_labels(
    labels: Iterable[str | None],
    source_classes: Sequence[str] | None,
    model_classes: Sequence[str],
) -> dict[str, int]:
    """Match each label to the index of a class of the model, by itself.

    One that fits no class is left out: how a record is labelled stops no other one.

    Parameters
    ----------
    labels : iterable of str or None
        The labels of the records.
    source_classes : sequence of str or None
        The source's own class names by index, where it states them.
    model_classes : sequence of str
        The model's class names by index; empty where the checkpoint states none.

    Returns
    -------
    dict
        From label to index. Where the checkpoint states no classes, indices are not checked.

    Raises
    ------
    UnusableError
        Where none of the labels fits, by name or by index.
    """
    names = sorted({label for label in labels if label is not None})
    matched = {label: _match(label, source_classes, model_classes) for label in names}
    known = {label: match for label, match in matched.items() if match is not None}
    if names and not known:
        raise UnusableError(
            _("The labels do not match the model's classes."),
            _(
                "The records are labelled {names}; the model knows {model_classes}.",
                names=_listed(names),
                model_classes=_listed(model_classes),
            ),
            _("Name another label column, or rename the labels to the model's classes."),
        )
    return known


def class_indices(labels: Iterable[str | None], matched: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the class index of each label, as `match_labels` has them; −1 where there is none."""
    indices = (None if label is None else matched.get(label) for label in labels)
    return np.array([-1 if index is None else index for index in indices], dtype=np.int64)


def _match(
    label: str, source_classes: Sequence[str] | None, model_classes: Sequence[str]
) -> int | None:
    """Return the index of a label's class; None where it fits none.

    It looks at the lists of classes alone, never at the labels of other records: a record's score must
    not depend on how another one is labelled.
    """
    for normal in (str, _folded):
        by_name = {normal(name): index for index, name in enumerate(model_classes)}
        if len(by_name) == len(model_classes) and normal(label) in by_name:
            return by_name[normal(label)]
    model_names = {_folded(name) for name in model_classes}
    if source_classes is not None:
        if label not in source_classes or model_names & {_folded(name) for name in source_classes}:
            return None
        index = list(source_classes).index(label)
    elif label.isascii() and label.isdigit() and not any(n.isdigit() for n in model_names):
        index = int(label)
    else:
        return None
    return index if not model_classes or index < len(model_classes) else None


def _folded(name: str) -> str:
    return name.strip().casefold()


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:most]) or "none"
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

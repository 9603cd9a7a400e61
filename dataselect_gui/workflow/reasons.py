"""Why records have no score, or lack some of their scores."""

from collections.abc import Sequence

import numpy as np

from dataselect_gui.project.table import Table
from dataselect_gui.scoring.catalog import find_score, in_order, spoken_name
from dataselect_gui.texts import _


def reasons_of(table: Table) -> dict[str, str]:
    """Return why records cannot have scores: id → reason.

    Only the reasons of unreadable records are stored. The others follow from the table: a score that
    was computed and has no value is missing for want of a label or of a finite number.

    Parameters
    ----------
    table : Table
        The project's. Scores that were not computed yet have no reason.
    """
    names, ids = in_order(table.columns()), table.index.ids
    is_empty = np.zeros((len(ids), len(names)), dtype=bool)
    for place, name in enumerate(names):
        column = table.column(name)
        is_empty[:, place] = (column.done == 1) & np.isnan(column.values)
    rows = np.flatnonzero(is_empty.any(axis=1))
    labels = table.index.labels
    sentences: dict[tuple[bool, bytes], str] = {}  # A few sentences serve many records.
    reasons = {}
    for row in rows.tolist():
        key = labels[row] is not None, is_empty[row].tobytes()
        if key not in sentences:
            lacking = [name for name, lacks in zip(names, is_empty[row], strict=True) if lacks]
            sentences[key] = _reason(lacking, has_label=key[0])
        reasons[ids[row]] = sentences[key]
    return {**reasons, **table.problems()}


def _reason(lacking: Sequence[str], *, has_label: bool) -> str:
    without_label = [name for name in lacking if not has_label and find_score(name).needs_label]
    without_number = [name for name in lacking if name not in without_label]
    parts = []
    if without_label:
        parts.append(
            _(
                "Without a label it has no score by {scores}.",
                scores=", ".join(map(spoken_name, without_label)),
            )
        )
    if without_number:
        parts.append(
            _(
                "The model gave no finite number for it, so it has no score by {scores}.",
                scores=", ".join(map(spoken_name, without_number)),
            )
        )
    return " ".join(parts)

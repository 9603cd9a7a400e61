"""Why records have no score, or lack some of their scores."""

from collections.abc import Sequence

import numpy as np

from dataselect_gui.project.table import Table
from dataselect_gui.scoring.catalog import find_score, in_order
from dataselect_gui.texts import _


def reasons_of(table: Table) -> dict[str, str]:
    """Return why records cannot have scores: id → reason.

    Only the reasons of records that cannot be read are kept on the disk. The others follow from the
    table: of a score that was computed, only its number can be missing.

    Parameters
    ----------
    table : Table
        The project's. What was not computed yet has no reason.
    """
    names, ids = in_order(table.columns()), table.index.ids
    is_empty = np.zeros((len(ids), len(names)), dtype=bool)
    for place, name in enumerate(names):
        column = table.column(name)
        is_empty[:, place] = (column.done == 1) & np.isnan(column.values)
    rows = np.flatnonzero(is_empty.any(axis=1))
    labels = table.index.labels
    sentences: dict[tuple[bool, bytes], str] = {}  # Few sentences, for perhaps many records.
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
        parts.append(_("Without a label it has no score by {scores}.", scores=", ".join(without_label)))
    if without_number:
        parts.append(
            _(
                "The model gave no finite number for it, so it has no score by {scores}.",
                scores=", ".join(without_number),
            )
        )
    return " ".join(parts)

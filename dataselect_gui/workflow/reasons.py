"""Why records have no score, or lack some of their scores."""

import numpy as np

from dataselect_gui.project.table import Table
from dataselect_gui.scoring.catalog import find_score, in_order


def reasons_of(table: Table) -> dict[str, str]:
    """Return why records cannot have scores: id → reason.

    Only the reasons of records that cannot be read are kept on the disk. The others follow from the
    table: of a score that was computed, only its number can be missing.

    Parameters
    ----------
    table : Table
        The project's. What was not computed yet has no reason.
    """
    ids = table.index.ids
    unlabelled = np.array([label is None for label in table.index.labels], dtype=bool)
    without_label: dict[str, list[str]] = {}
    without_number: dict[str, list[str]] = {}
    for name in in_order(table.columns()):
        column = table.column(name)
        is_empty = (column.done == 1) & np.isnan(column.values)
        needs_label = unlabelled & find_score(name).needs_label
        for rows, found in (
            (is_empty & needs_label, without_label),
            (is_empty & ~needs_label, without_number),
        ):
            for row in np.flatnonzero(rows).tolist():
                found.setdefault(ids[row], []).append(name)
    reasons = {
        record: f"Without a label it has no score by {', '.join(names)}."
        for record, names in without_label.items()
    }
    for record, names in without_number.items():
        told = f"The model gave no finite number for it, so it has no score by {', '.join(names)}."
        reasons[record] = f"{reasons[record]} {told}" if record in reasons else told
    return {**reasons, **table.problems()}

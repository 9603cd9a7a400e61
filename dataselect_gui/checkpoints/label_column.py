"""Find the column of labels by its values, where no column is called so.

A column is proposed where it is the only one whose cells are names of the model's classes. Names that
say nothing by themselves (numbers, yes and no) propose none: any other column may hold them, too.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.class_lookup import ClassLookup, are_placeholders, folded
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.texts import _

NEARLY_ALL = 0.95
"""The share of records whose cell has to be the name of a class."""
_MOST_COLUMNS = 256
_SAY_NOTHING = frozenset("yes no true false y n t f none other unknown".split())


def proposed_column(where: SourceRef, source: Source, checkpoint: Checkpoint) -> str | None:
    """Return the one column whose values are a model's classes; None where there is not one.

    Parameters
    ----------
    where : SourceRef
        How the records are read.
    source : Source
        The records, read so.
    checkpoint : Checkpoint
        The model. Its task has one class for each record, and its classes have names; else no column
        is proposed.
    """
    is_said = where.label_column is not None or bool(where.labels.columns)
    if is_said or any(source.labels) or not checkpoint.task.has_classes:
        return None
    if not _are_telling(checkpoint.labels) or not 0 < len(source.columns) <= _MOST_COLUMNS:
        return None
    rule = replace(where.labels, columns=tuple(source.columns))
    try:
        all_cells = open_source(replace(for_model(where, checkpoint), labels=rule)).labels
    except UnusableError:
        return None
    lookup = cache(ClassLookup(checkpoint.labels, (), ()).find)
    most = (1 - NEARLY_ALL) * len(all_cells)
    unfit = dict.fromkeys(source.columns, 0)
    classes: dict[str, set[int]] = {column: set() for column in source.columns}
    for cells in all_cells:
        known = json.loads(cells or "{}")
        for column in list(unfit):
            match = lookup(known.get(column, ""))
            if match is not None and match.class_index is not None:
                classes[column].add(match.class_index)
            elif unfit[column] + 1 > most:
                del unfit[column]
            else:
                unfit[column] += 1
        if not unfit:
            return None
    proposed = [column for column in unfit if len(classes[column]) > 1]
    return proposed[0] if len(proposed) == 1 else None


def proposal_sentence(column: str) -> str:
    """Say where labels are read from."""
    return _("Labels are read from “{column}”, whose values are the model's classes.", column=column)


def _are_telling(classes: Sequence[str]) -> bool:
    names = set(map(folded, classes))
    if len(names) < 2 or are_placeholders(classes):
        return False
    return not any(name.isdigit() for name in names) and not names <= _SAY_NOTHING

"""What a person should know of a table before its rows go to a model: by column, with counts.

It is told, and changes nothing: how a cell becomes a number is in the checkpoint's file alone.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from dataselect_gui.checkpoints.features import CellState, Feature, Features, Numeric
from dataselect_gui.records.tables.table import CodedColumn
from dataselect_gui.texts import _, ngettext

_FAR = 4.0
"""So many times the spread from the mean does the middle of a column lie that is counted otherwise."""


def row_notes(features: Features, columns: Iterable[CodedColumn]) -> list[str]:
    """Say which cells a model does not know, and which columns may be in another unit.

    Parameters
    ----------
    features : Features
        What the model takes.
    columns : iterable of CodedColumn
        The cells of these columns, each as JSON.
    """
    notes = []
    for feature, column in zip(features.features, columns, strict=True):
        rows = np.bincount(column.codes, minlength=len(column.distinct)).tolist()
        cells = (json.loads(cell or "null") for cell in column.distinct)
        counts = dict(zip(cells, rows, strict=True))
        notes += _cell_notes(feature, counts)
        if isinstance(feature, Numeric):
            notes += _unit_notes(feature, counts)
    return notes


def _cell_notes(feature: Feature, counts: Mapping[str | None, int]) -> list[str]:
    """Say how many cells are unknown or missing, and whether something stands for them."""
    states: Counter[CellState] = Counter()
    for cell, count in counts.items():
        states[feature.state_of(cell)] += count
    said: dict[CellState, str] = {
        "unknown": ngettext(
            "“{column}”: {count:,} row has a category that the model does not know; what "
            "features.json names stands for it.",
            "“{column}”: {count:,} rows have a category that the model does not know; what "
            "features.json names stands for it.",
            states["unknown"],
            column=feature.column,
        ),
        "missing": ngettext(
            "“{column}”: {count:,} row has no value; what features.json names stands for it.",
            "“{column}”: {count:,} rows have no value; what features.json names stands for it.",
            states["missing"],
            column=feature.column,
        ),
        "unusable": ngettext(
            "“{column}”: {count:,} row has no value that the model can take; it has no score.",
            "“{column}”: {count:,} rows have no value that the model can take; they have no score.",
            states["unusable"],
            column=feature.column,
        ),
    }
    return [sentence for state, sentence in said.items() if states[state]]


def _unit_notes(feature: Numeric, counts: Mapping[str | None, int]) -> list[str]:
    """Say where the middle of a column lies far from what the model was made for."""
    numbers = sorted(
        (float(cell), count)
        for cell, count in counts.items()
        if cell is not None and feature.state_of(cell) == "known"
    )
    half, passed = sum(count for _number, count in numbers) / 2, 0
    for number, count in numbers:
        passed += count
        if passed >= half:
            away = abs(number - feature.numeric.mean) / feature.numeric.scale
            break
    else:
        return []
    if away <= _FAR:
        return []
    unit = feature.numeric.unit
    return [
        _(
            "“{column}”: the middle of your numbers lies {away:.0f} times the usual spread from the "
            "model's mean. Are they in {unit}, as the model takes them?",
            column=feature.column,
            away=away,
            unit=unit or _("the same unit"),
        )
    ]

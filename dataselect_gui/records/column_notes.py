"""The columns of labels and of people: who is meant by a cell, and what a person should know of it."""

import json
from collections.abc import Iterable, Sequence

from dataselect_gui.records.cell_text import own_cell
from dataselect_gui.records.label_text import columns_text, named_label
from dataselect_gui.records.source import own_unit, person_name
from dataselect_gui.records.tables.table import Table, listed
from dataselect_gui.texts import _, ngettext

_MOST_CLASSES = 10_000
"""Labels beyond so many are no classes, whose spellings could be compared."""


def labels_of(
    table: Table, label: str, several: Sequence[str], rows: Sequence[int]
) -> list[str | None]:
    """Return the labels of some rows, one text for all of a class; None for blanks.

    They are as they stand; numbers of classes that the file names are these names.

    Parameters
    ----------
    table : Table
        Holds the columns.
    label : str
        The column of labels; where there is none, there are no labels.
    several : sequence of str
        The columns of labels, where there are several, which then count.
    rows : sequence of int
        Which rows.
    """
    texts: dict[str, str] = {}
    cells: Iterable[str | None]
    if several:
        columns = {name: table.column(name) for name in several}
        cells = (columns_text({name: cells[row] for name, cells in columns.items()}) for row in rows)
    elif label in table.columns:
        column, classes = table.columns[label], table.classes.get(label)
        cells = (column[row] for row in rows)
        if classes is not None:
            cells = (_named(table.name, cell, classes) for cell in cells)
    else:
        cells = [None] * len(rows)
    return [texts.setdefault(cell, cell) if cell and cell.strip() else None for cell in cells]


def _named(file: str, cell: str | None, classes: Sequence[str]) -> str | None:
    """Return the name of the class whose number is in a cell, or a list of them as JSON."""
    try:
        value = None if cell is None else json.loads(cell)
    except (ValueError, RecursionError):
        return cell
    is_number = isinstance(value, int | list) or (isinstance(value, float) and value.is_integer())
    return named_label(file, value, classes) if is_number else cell


def units_of(cells: Iterable[str | None], ids: Sequence[str]) -> list[str]:
    """Return the unit of each record; one that names no person is a unit of its own."""
    names: dict[str | None, str] = {}
    units = []
    for cell, record in zip(cells, ids, strict=True):
        if cell not in names:
            names[cell] = person_name(cell)
        units.append(names[cell] or own_unit(record))
    return units


def unit_notes(cells: Iterable[str | None]) -> list[str]:
    """Say how many people are written in several ways, and by which rule each of them is one."""
    written = {cell for cell in cells if cell is not None}
    several = len(written) - len({person_name(cell) for cell in written})
    if not several:
        return []
    return [
        ngettext(
            "{count:,} spelling of a person's name was taken for another one's: blanks around a name, "
            "and .0 behind a whole number, make no other person.",
            "{count:,} spellings of people's names were taken for others: blanks around a name, and .0 "
            "behind a whole number, make no other person.",
            several,
        )
    ]


def label_notes(labels: Iterable[str | None]) -> list[str]:
    """Say which classes are spelled in several ways, differing in capitals or blanks alone."""
    spellings: dict[str, set[str]] = {}
    for label in {label for label in labels if label is not None}:
        spellings.setdefault(own_cell(label).casefold(), set()).add(label)
    if len(spellings) > _MOST_CLASSES:
        return []
    return [
        _(
            "One class is spelled in several ways: {spellings}. Each leaves as the model spells "
            "it, or as it stands where the model has no such class.",
            spellings=listed(sorted(ways)),
        )
        for _name, ways in sorted(spellings.items())
        if len(ways) > 1
    ][:12]

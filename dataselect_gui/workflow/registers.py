"""Opt-out registers: withhold the records of the units that a CSV file lists."""

import csv
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.plain import from_cell
from dataselect_gui.project.project import MOMENT_SECONDS, Project
from dataselect_gui.records.source import person_name
from dataselect_gui.texts import _


@dataclass(frozen=True)
class Register:
    """The effect of a register.

    Attributes
    ----------
    listed : int
        How many units it names.
    matched : int
        How many of them have records in the project.
    records : int
        How many records that are.
    """

    listed: int
    matched: int
    records: int


@dataclass(frozen=True)
class Listing:
    """The content of a register, before it is applied.

    Attributes
    ----------
    columns : tuple of str
        Those of the file.
    column : str or None
        The column that names people or records; None where it is ambiguous.
    names : frozenset of str
        The names in that column, normalised.
    lines : tuple of (int, str)
        The line number in the file and the name, for each row.
    """

    columns: tuple[str, ...]
    column: str | None
    names: frozenset[str]
    lines: tuple[tuple[int, str], ...]

    def unmatched(self, known: AbstractSet[str]) -> list[tuple[int, str]]:
        """Return the lines whose names are not among those known."""
        return [(line, name) for line, name in self.lines if name not in known]


def read_register(project_path: Path, register: Path, column: str | None) -> Listing:
    """Read a register without applying it.

    Raises
    ------
    UnusableError
        Where the file cannot be read.
    """
    project = Project.open(project_path)
    unit_column = project.settings.source.unit_column
    columns, rows = _rows(register)
    _check_header(register, columns, _known_units(project))
    name_column = _column(columns, column, unit_column)
    if name_column is None:
        return Listing(columns, None, frozenset(), ())
    lines = tuple((line, _name(row, name_column)) for line, row in rows)
    return Listing(columns, name_column, frozenset(name for _line, name in lines) - {""}, lines)


def _known_units(project: Project) -> frozenset[str]:
    """Return the units of a project; none are known where its scores are gone."""
    try:
        index = project.table.index
    except UnusableError:
        return frozenset()
    return frozenset(index.units or index.ids)


def put_opted_out(project_path: Path, units: Collection[str]) -> None:
    """Replace the list of units that opted out.

    Raises
    ------
    UnusableError
        Where another process holds the project: a person waits for this, so it waits a moment only.
    """
    project = Project.open(project_path)
    with project.exclusive(MOMENT_SECONDS):
        project.settings.opted_out = sorted(units)
        project.save()


def opt_out(project_path: Path, register: Path, column: str | None) -> Register:
    """Exclude all records of the units in a register, present and future.

    Parameters
    ----------
    project_path : Path
        The project.
    register : Path
        A CSV file with a header, in UTF-8.
    column : str or None
        The column that names the units; by default the project's unit column, or the only one.

    Raises
    ------
    UsageError
        Where the column is not clear.
    UnusableError
        Where the file cannot be read.
    """
    return _apply(project_path, register, column, out=True)


def opt_in(project_path: Path, register: Path, column: str | None) -> Register:
    """Remove the units in a register from the list of those who opted out."""
    return _apply(project_path, register, column, out=False)


def _apply(project_path: Path, register: Path, column: str | None, *, out: bool) -> Register:
    project = Project.open(project_path)
    with project.exclusive():
        index = project.table.index
        units = index.units or index.ids
        named = _read(register, column, project.settings.source.unit_column, set(units))
        there = [unit for unit in units if unit in named]
        listed = project.opted_out | named if out else project.opted_out - named
        project.settings.opted_out = sorted(listed)
        project.save()
    return Register(len(named), len(set(there)), len(there))


def _read(
    register: Path, column: str | None, unit_column: str | None, units: AbstractSet[str]
) -> set[str]:
    columns, rows = _rows(register)
    _check_header(register, columns, units)
    name = _column(columns, column, unit_column)
    if name is None:
        raise UsageError(
            _("The column that names the people is not clear."),
            _(
                "“{name}” has the columns {columns}.",
                name=register.name,
                columns=", ".join(columns) or _("(none)"),
            ),
            _("Name one of them with --register-column."),
        )
    return {_name(row, name) for _line, row in rows} - {""}


def _check_header(register: Path, columns: Sequence[str], units: AbstractSet[str]) -> None:
    """Refuse a register whose first line names somebody: it would be passed over as the header."""
    if any(person_name(from_cell(column)) in units for column in columns):
        raise UnusableError(
            _("“{name}” cannot be used as a register.", name=register.name),
            _("Its first line names somebody, where the names of its columns should be."),
            _("Put a line above it that says what its columns are, for example: person"),
        )


def _name(row: dict[str, str], column: str) -> str:
    """Return the name in a row, without the escaping of the program's own tables."""
    return person_name(from_cell(row.get(column) or ""))


def _rows(register: Path) -> tuple[tuple[str, ...], list[tuple[int, dict[str, str]]]]:
    """Return the columns of a register, and its rows with the numbers of their lines."""
    try:
        with register.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            # The delimiter that a spreadsheet writes depends on its language.
            reader = csv.DictReader(file, delimiter=max(",;\t", key=header.count))
            columns = tuple(name for name in reader.fieldnames or () if name)
            return columns, [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UnusableError(
            _("“{name}” cannot be read.", name=register.name),
            _("It is not there, or not CSV in UTF-8."),
            _("Give a CSV file with a header, one person a line."),
        ) from None


def _column(columns: Sequence[str], stated: str | None, unit_column: str | None) -> str | None:
    """Return the column that names the people; None where it is ambiguous."""
    name = stated or (unit_column if unit_column in columns else None)
    if name is None and len(columns) == 1:
        name = columns[0]
    return name if name in columns else None

"""People's lists: withhold by a register of those who opted out, and delete what a project holds."""

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.project.project import Project, cannot_write


@dataclass(frozen=True)
class Register:
    """What a register came to.

    Attributes
    ----------
    listed : int
        How many units it names.
    found : int
        How many of them have records in the project.
    records : int
        How many records that are.
    """

    listed: int
    found: int
    records: int


def opt_out(project_path: Path, register: Path, column: str | None) -> Register:
    """Make no record of the units in a register eligible, whether it is there now or comes later.

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
    """Take the units in a register off the list of those who opted out."""
    return _apply(project_path, register, column, out=False)


def delete(project_path: Path) -> bool:
    """Delete a project with its scores and thumbnails. The ledger stays: what was released was.

    Returns
    -------
    bool
        Whether the folder is gone; it stays where other files are in it.
    """
    project = Project.open(project_path)
    try:
        with project.exclusive():
            pass  # Nobody else works on it.
        return project.delete()
    except OSError as error:
        raise cannot_write(project_path, error) from None


def _apply(project_path: Path, register: Path, column: str | None, *, out: bool) -> Register:
    project = Project.open(project_path)
    with project.exclusive():
        index = project.table.index
        named = _read(register, column, project.settings["source"]["unit_column"])
        units = index.units or index.ids
        there = [unit for unit in units if unit in named]
        listed = project.opted_out | named if out else project.opted_out - named
        project.settings["opted_out"] = sorted(listed)
        project.save()
    return Register(len(named), len(set(there)), len(there))


def _read(register: Path, column: str | None, unit_column: str | None) -> set[str]:
    try:
        with register.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = [name for name in reader.fieldnames or [] if name]
            name = column or (unit_column if unit_column in columns else None)
            if name is None and len(columns) == 1:
                name = columns[0]
            if name not in columns:
                raise UsageError(
                    "The column that names the people is not clear.",
                    f"“{register.name}” has the columns {', '.join(columns) or '(none)'}.",
                    "Name one of them with --register-column.",
                )
            cells = [(row.get(name) or "").strip() for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UnusableError(
            f"“{register.name}” cannot be read.",
            "It is not there, or not CSV in UTF-8.",
            "Give a CSV file with a header, one person a line.",
        ) from None
    # An id may be stored in either form of Unicode; both are the same to whoever wrote the list.
    return {form for cell in cells if cell for form in (cell, unicodedata.normalize("NFC", cell))}

"""The owner's table of scores in a terminal."""

from typing import TYPE_CHECKING

from dataselect_gui.cli.output import plain, print_lines, results
from dataselect_gui.plain import visible
from dataselect_gui.texts import _

if TYPE_CHECKING:
    from dataselect_gui.workflow import Columns

_MOST = 200
"""Characters of a cell that are shown."""


def print_table(columns: "Columns", most: int = 50) -> None:
    """Print the first rows of a table."""
    from rich.table import Table  # Not for other verbs: the window opens without it.

    table = Table()
    for name, values in columns.items():
        is_number = any(isinstance(value, float) for value in values)
        table.add_column(plain(name), justify="right" if is_number else "left")
    for row in list(zip(*columns.values(), strict=True))[:most]:
        table.add_row(*(plain(_cell(value)) for value in row))
    results.print(table)
    total = len(columns["id"])
    if total > most:
        line = _(
            "The first {most} of {total:,} records; --format csv gives all.", most=most, total=total
        )
        print_lines(results, [line])


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else visible(str(value), _MOST)

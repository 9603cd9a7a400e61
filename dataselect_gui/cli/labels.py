"""The options that say how labels are read."""

from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui.texts import _
from dataselect_gui.workflow import Uncertain

_PANEL = _("Labels")

Label = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="YOURS=CLASS",
        rich_help_panel=_PANEL,
        help=_("Which class of the model one of your labels is; may be given several times."),
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        rich_help_panel=_PANEL,
        help=_("The same for many: a CSV file with the columns label and class, or a JSON object."),
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        "--label-separator",
        metavar="TEXT",
        rich_help_panel=_PANEL,
        help=_("What stands between several labels of a record."),
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--label-columns",
        metavar="A,B,…",
        rich_help_panel=_PANEL,
        help=_(
            "A column for each class, with 1 for yes, 0 for no, −1 for uncertain; blank is not known, "
            "which adds nothing to a score. Of a regression: a column for each number."
        ),
    ),
]
UncertainAs = Annotated[
    Uncertain | None,
    typer.Option(
        "--uncertain",
        rich_help_panel=_PANEL,
        help=_("What −1 in such a column stands for; by default it is not known."),
    ),
]

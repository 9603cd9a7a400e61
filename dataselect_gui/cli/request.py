"""The command `request`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json
from dataselect_gui.cli.output import tell, tell_error
from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _


def request(
    action: Annotated[
        Literal["new", "check"], typer.Argument(help=_("Write keys into it, or check every one."))
    ],
    path: Annotated[Path, typer.Argument(help=_("A checkpoint, or the folder of its request."))],
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help=_("A key to write, its value in JSON or as text; null takes it away."),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a request, or say what is wrong with one."""
    if action == "new":
        checked = workflow.new_request(path, keys or ())
    else:
        checked = workflow.check_request(path)
    faults = [{"key": key, "reason": reason} for key, reason in checked.faults.items()]
    content = {"request": str(checked.path), "faults": faults, "notes": checked.notes}
    if checked.faults:
        fault = UnusableError(
            _("The request cannot be used."),
            " ".join(checked.faults.values()),
            _("Correct these keys of {file}.", file=checked.path.name),
        )
        tell_error("request", as_json, fault, content)
        raise typer.Exit(fault.exit_code)
    content["words"] = checked.lines
    tell(
        "request",
        as_json,
        content,
        [*checked.lines, *checked.notes, _("Request: {path}", path=checked.path)],
    )

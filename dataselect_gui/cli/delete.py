"""The command `delete`."""

from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json, ProjectPath
from dataselect_gui.cli.output import tell
from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _


def delete(
    project: ProjectPath,
    yes: Annotated[bool, typer.Option("--yes", help=_("I mean it."))] = False,
    as_json: Json = False,
) -> None:
    """Delete a project with its scores; records and ledger stay."""
    if not yes:
        raise UsageError(
            _("Nothing was deleted."),
            _(
                "Deleting a project takes its scores, its selection and who opted out; the records "
                "stay, and so does the ledger."
            ),
            _("Add --yes if you mean it."),
        )
    gone = workflow.delete(project)
    if gone:
        line = _("Deleted {project}. The ledger still holds what was released.", project=project)
    else:
        line = _(
            "Deleted {project}. Its folder stays: there are other files in it. The ledger still holds "
            "what was released.",
            project=project,
        )
    tell("delete", as_json, {"project": str(project), "folder_gone": gone}, [line])

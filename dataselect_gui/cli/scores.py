"""The command `scores`."""

from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json, ProjectPath, TableFormat
from dataselect_gui.cli.output import print_lines, print_raw, results, stated_decision, tell
from dataselect_gui.cli.table import print_table
from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _

_BEFORE_SCORES = 5
"""So many columns stand before the scores where there are no answers."""


def scores(
    project: ProjectPath,
    form: Annotated[TableFormat, typer.Option("--format", help=_("How they are written."))] = "table",
    to: Annotated[Path | None, typer.Option(help=_("A file, instead of standard output."))] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="FILTER",
            help=_('Only records that it finds, for example: loss > 2 and label == "cat".'),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show or save the scores: your own copy, not a release."""
    columns = workflow.scores(project) if where is None else workflow.scores_where(project, where)
    if form == "parquet" and to is None:
        raise UsageError(_("Parquet needs a file."), _("It is not text."), _("Add --to FILE."))
    if to is not None:
        workflow.save_table(columns, form, to)
        saved = _("Saved to {to}. This is your own copy: it is not privatised.", to=to)
        tell("scores", as_json, {"to": str(to), "columns": list(columns)}, [saved])
    elif as_json:
        content = {"columns": list(columns), "records": workflow.table_rows(columns)}
        tell("scores", True, content | stated_decision(workflow.decision(project)), [])
    elif form == "table":
        print_table(columns)
        before_scores = _BEFORE_SCORES + ("label_before" in columns)
        if "answer" not in columns and any(map(_needs_model, list(columns)[before_scores:])):
            print_lines(results, [_(workflow.NOT_KEPT)])
        if waiting := workflow.relabelled_records(project).waiting:
            print_lines(results, [workflow.waiting_sentence(waiting)])
    else:
        print_raw(workflow.table_text(columns, form))


def _needs_model(score: str) -> bool:
    return workflow.find_score(score).needs_model

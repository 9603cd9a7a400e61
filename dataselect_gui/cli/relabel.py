"""The command `relabel`."""

from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json, ProjectPath
from dataselect_gui.cli.output import tell
from dataselect_gui.cli.select import ids_in
from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _, ngettext


def relabel(
    project: ProjectPath,
    ids: Annotated[str | None, typer.Argument(help=_("Ids, or @FILE with one a line."))] = None,
    label: Annotated[str | None, typer.Argument(help=_("Their new label."))] = None,
    none: Annotated[bool, typer.Option("--none", help=_("They have no label."))] = False,
    undo: Annotated[bool, typer.Option("--undo", help=_("The labels of your files again."))] = False,
    table: Annotated[
        Path | None,
        typer.Option("--from", help=_("A CSV file with the columns id and label, blank for none.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Give records other labels in the project; your files stay as they are."""
    ways = [label is not None, none, undo]
    if any(ways) != (ids is not None) or sum(ways) > 1 or (table is not None and any(ways)):
        raise UsageError(
            _("It is not clear which records get which label."),
            _("Give ids with one of a label, --none and --undo, or a table with --from."),
            _("Write it like “dataselect relabel PROJECT 17,18 cat”."),
        )
    records = ids_in(ids)
    if table is not None:
        done = workflow.relabel(project, workflow.read_labels(table))
    elif ids is not None:
        given = {} if undo else dict.fromkeys(records, label)
        done = workflow.relabel(project, given, undo=records if undo else ())
    else:
        done = workflow.relabelled_records(project)
    lines = [
        _("{record}: {before} → {after}", record=record, before=_said(own), after=_said(now))
        for record, (own, now) in done.labels.items()
        if not any(ways) or record in records
    ]
    if any(ways) or table is not None:
        lines.append(
            ngettext("{count:,} record relabelled.", "{count:,} records relabelled.", done.changed)
        )
    elif not lines:
        lines.append(_("All records have the labels of your files."))
    if done.waiting:
        lines.append(workflow.waiting_sentence(done.waiting))
        lines.append(_("Score again: only these are scored."))
    labels = {name: {"before": own, "after": now} for name, (own, now) in done.labels.items()}
    content = {"relabelled": labels, "changed": done.changed, "waiting": done.waiting}
    tell("relabel", as_json, content, lines)


def _said(label: str | None) -> str:
    return _("no label") if label is None else label

"""The records behind the random tokens of a release: for the owner, never part of a bundle."""

import json
from pathlib import Path

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.identity import record_keys
from dataselect_gui.project.project import Project
from dataselect_gui.texts import N_, _
from dataselect_gui.workflow.accounts import marks_of
from dataselect_gui.workflow.places import ledger_of
from dataselect_gui.workflow.viewing import note_view

GONE = N_("(no longer among the records)")


def tokens(project_path: Path, release: str) -> dict[str, str]:
    """Return the record that each token of a release stands for.

    Parameters
    ----------
    project_path : Path
        The project.
    release : str
        The release's id, as the ledger lists it.

    Returns
    -------
    dict
        Token, or name of a file without its ending → the record's id, in the order of the tokens.
        Tokens of padding are left out.

    Raises
    ------
    UsageError
        Where the ledger has no such release, or it has no tokens.
    UnusableError
        Where it tells of scores, none was shown yet, and the project cannot be written.
    """
    project = Project.open(project_path)
    index = project.table.index
    with ledger_of(project).snapshot() as snapshot:
        entries = snapshot.statement_of(marks_of(project)).entries
        terms = [
            entry.body["terms"]  # A count, or a threshold that was bought, has none.
            for entry in entries
            if entry.kind == "reserved" and entry.body["release"] == release and "terms" in entry.body
        ]
        kept = snapshot.draw_of(release) if terms else None
    names: dict[str, str] = {} if kept is None else json.loads(kept).get("names", {})
    if not names:
        raise UsageError(
            _("The release “{release}” has no tokens.", release=release),
            _(
                "The ledger of this project lists no such release, or it is a report or a gradient: no "
                "part of these stands for one record."
            ),
            _("Take the release's id from the ledger."),
        )
    if not terms[0].get("marks"):
        note_view(project)  # It may be a copy of the project that the release was made from.
    keys = record_keys(index.content, index.people)
    records = {key.hex(): record for key, record in zip(keys, index.ids, strict=True)}
    record_of = {token: records.get(key, _(GONE)) for key, token in names.items()}
    return dict(sorted(record_of.items()))

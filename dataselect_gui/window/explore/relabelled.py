"""What the owner changed of a record's label, in sentences for the owner alone."""

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.workflow import Look

_MOST_NAME = 60


def relabelled_facts(look: Look, row: int) -> list[str]:
    """Return that a record was relabelled, and that it waits to be scored again, where that is so.

    Parameters
    ----------
    look : Look
        The project.
    row : int
        The record.
    """
    facts = []
    if look.is_corrected(row):
        before, after = (
            _("no label") if label is None else visible(look.shown(label), _MOST_NAME)
            for label in (look.own_labels[row], look.labels[row])
        )
        facts.append(_("Label corrected by you: {before} → {after}", before=before, after=after))
    if row in look.waiting:
        facts.append(_("To be scored again: its scores were for another label, so they are not shown."))
    return facts

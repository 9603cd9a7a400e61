"""The warning of a project that has a lasting problem, and its remedies."""

from collections.abc import Callable
from dataclasses import dataclass

from dataselect_gui.texts import _
from dataselect_gui.window.widgets.notice import Message
from dataselect_gui.workflow import Look, kept_sentence


@dataclass(frozen=True)
class Remedies:
    """What the buttons of a warning do.

    Attributes
    ----------
    find_records, find_checkpoint : callable
        Ask where they are now.
    score : callable
        Computes what is missing or has changed.
    """

    find_records: Callable[[], None]
    find_checkpoint: Callable[[], None]
    score: Callable[[], None]


def project_warning(look: Look, remedies: Remedies, *, has_stale: bool) -> Message | None:
    """Return the warning of a project; None where all is well.

    Parameters
    ----------
    look : Look
        The project.
    remedies : Remedies
        What the buttons do.
    has_stale : bool
        Whether records changed since they were scored.
    """
    if not look.source.exists():  # Looked up each time: a disk may be connected again.
        return Message(
            _("The records are not at {path}.", path=look.source),
            _(
                "They were moved or renamed, or their disk is not connected. Scores and selection are "
                "kept, and are as you left them."
            ),
            _("Show where the records are now, or drop their folder here."),
            ((_("Show me where the records are…"), remedies.find_records),),
        )
    if not look.checkpoint.exists():
        return Message(
            _("The checkpoint is not at {path}.", path=look.checkpoint),
            _(
                "It was moved or renamed, or its disk is not connected. Scores and selection are kept, "
                "and are as you left them."
            ),
            _("Show where the checkpoint is now, or drop it here."),
            ((_("Show me where the checkpoint is…"), remedies.find_checkpoint),),
        )
    if has_stale:
        return Message(
            _("Some records have changed since they were scored."),
            _(
                "They were changed or removed. Each of them is marked, and nothing can be released "
                "until this is put right."
            ),
            _("Score again: only what changed is computed."),
            ((_("Score again"), remedies.score),),
        )
    if not look.is_finished and not len(look.waiting):  # Explore offers to score these again.
        kept = kept_sentence(len(look.ids) - look.unscored, len(look.ids))
        return Message(
            f"{_('Scoring is not finished.')} {kept}",
            do=_("Continue where it stopped: nothing is computed twice."),
            actions=((_("Continue"), remedies.score),),
        )
    return None

"""What is wrong with a project for as long as it is, and what puts it right."""

from collections.abc import Callable
from dataclasses import dataclass

from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.widgets.notice import Message
from dataselect_gui.workflow import Look


@dataclass(frozen=True)
class Mend:
    """What puts a project right.

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


def what_is_wrong(look: Look, mend: Mend, *, has_stale: bool) -> Message | None:
    """Return what a person is told of a project; None where all is well.

    Parameters
    ----------
    look : Look
        The project.
    mend : Mend
        What the buttons do.
    has_stale : bool
        Whether records were found not to be what was scored.
    """
    if not look.source.exists():  # Asked of the disk each time: it may be connected again.
        return Message(
            _("The records are not at {path}.", path=look.source),
            _(
                "They were moved or renamed, or their disk is not connected. Scores and selection are "
                "kept, and are as you left them."
            ),
            _("Show where the records are now, or drop their folder here."),
            ((_("Show me where the records are…"), mend.find_records),),
        )
    if not look.checkpoint.exists():
        return Message(
            _("The checkpoint is not at {path}.", path=look.checkpoint),
            _(
                "It was moved or renamed, or its disk is not connected. Scores and selection are kept, "
                "and are as you left them."
            ),
            _("Show where the checkpoint is now, or drop it here."),
            ((_("Show me where the checkpoint is…"), mend.find_checkpoint),),
        )
    if has_stale:
        return Message(
            _("Some records are not what was scored."),
            _(
                "They were changed or removed since. Each is shown as such, and nothing is released "
                "while there are any."
            ),
            _("Score again: only what changed is computed anew."),
            ((_("Score again"), mend.score),),
        )
    if not look.is_finished:
        return Message(
            _how_far(look),
            do=_("Continue where it stopped: nothing is computed twice."),
            actions=((_("Continue"), mend.score),),
        )
    return None


def _how_far(look: Look) -> str:
    """Return how many scores are kept, and how many records have none yet."""
    if not look.unscored:
        return ngettext(
            "Scoring is not finished. {count:,} score is kept.",
            "Scoring is not finished. {count:,} scores are kept.",
            look.kept,
        )
    return ngettext(
        "Scoring is not finished. {count:,} score is kept; {left}.",
        "Scoring is not finished. {count:,} scores are kept; {left}.",
        look.kept,
        left=ngettext(
            "{count:,} record is not scored yet", "{count:,} records are not scored yet", look.unscored
        ),
    )

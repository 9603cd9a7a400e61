"""Begins and ends the log by which a person reports a fault."""

from dataselect_gui import workflow
from dataselect_gui.texts import _
from dataselect_gui.window.widgets.notice import Message


def switched_log() -> Message:
    """Begin a log, or end the one that is kept, and return what there is to say of it.

    Raises
    ------
    DataSelectError
        Where the log cannot be written.
    """
    path = workflow.log_path()
    if path is not None:
        workflow.stop_log()
        return Message(
            _("Nothing is logged any more."),
            do=_("The log is {path}. Read it before you send it.", path=path),
        )
    path = workflow.start_own_log()
    return Message(
        _("What happens is logged from now on, until the program is closed."),
        _(
            "In {path}: versions, kinds of work and how they ended; no content, names or paths.",
            path=path,
        ),
        _("Do again what went wrong, then send the log with your report."),
    )

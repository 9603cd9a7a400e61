"""The errors that any job may end with, worded with the job's own title and remedy."""

from dataselect_gui.errors import (
    InternalError,
    InterruptedByPersonError,
    NotEnoughMemoryError,
    WorkerDiedError,
)
from dataselect_gui.jobs.faults import Fault
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.texts import _


def stopped(kind: JobKind | None) -> InterruptedByPersonError:
    """Return the error of a job that the person asked to stop; None for work without a kind."""
    if kind is None:
        return InterruptedByPersonError(_("Stopped."), _("You asked for it."), _("Ask for it again."))
    return InterruptedByPersonError(
        _("{job} was stopped.", job=kind.title), _("You asked for it."), kind.afterwards
    )


def died(kind: JobKind, exit_code: int) -> WorkerDiedError:
    """Return the error of a job whose process ended without a message."""
    return WorkerDiedError(
        _("{job} stopped unexpectedly.", job=kind.title), _cause(exit_code), kind.afterwards
    )


def no_answer(kind: JobKind) -> WorkerDiedError:
    """Return the error of a job whose process sent something that is no valid message."""
    return WorkerDiedError(
        _("{job} stopped unexpectedly.", job=kind.title),
        _("Its process said what is no answer: what it was given may be made to do harm."),
        kind.afterwards,
    )


def came_to_nothing(kind: JobKind, why: str) -> WorkerDiedError:
    """Return the error of a job whose process left files that are not valid."""
    return WorkerDiedError(_("{job} came to nothing.", job=kind.title), why, kind.afterwards)


def out_of_memory(kind: JobKind) -> NotEnoughMemoryError:
    """Return the error of a job for which there was not enough memory."""
    return NotEnoughMemoryError(
        _("{job} stopped: there is not enough memory.", job=kind.title),
        _("The model, or its input, is too large for what is free now."),
        _("Close other programs. {afterwards}", afterwards=kind.afterwards),
    )


def crashed(kind: JobKind, fault: Fault) -> InternalError:
    """Return the error of a job that ended by a fault of the program."""
    return InternalError(
        _("{job} stopped because of a fault in the program.", job=kind.title),
        fault.sentence,
        _("Please report these words. {afterwards}", afterwards=kind.afterwards),
    )


def _cause(exit_code: int) -> str:
    if exit_code == -9:
        return _("The system ended its process, most likely because memory ran out.")
    if exit_code < 0:
        return _("Its process was ended by signal {signal}.", signal=-exit_code)
    return _("Its process ended with code {code}.", code=exit_code)

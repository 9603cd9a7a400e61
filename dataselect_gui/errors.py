"""The errors of the program, and its exit codes.

Every error that a person can act on has three parts: what happened, why, and what to do. None of
them ever holds the content of a record. The exit codes are the contract of the command line.
"""

from typing import ClassVar

from dataselect_gui.texts import _


class DataSelectError(Exception):
    """Base of all errors that are shown to a person.

    Parameters
    ----------
    what : str
        What happened, as one sentence.
    why : str
        The cause, as far as it is known.
    do : str
        What the person can do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, why: str, do: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.do = do

    def __str__(self) -> str:
        return f"{self.what} {self.why} {self.do}"


class FaultError(Exception):
    """What the receiver's check found wrong with a bundle, as a sentence."""


class WorkerDiedError(DataSelectError):
    """The process that works on the model ended before its work did."""

    exit_code = 1


class InternalError(DataSelectError):
    """A fault of the program itself."""

    exit_code = 1


class UsageError(DataSelectError):
    """The request itself does not make sense, or an answer is missing."""

    exit_code = 2


class RefusedError(DataSelectError):
    """The ledger refuses a release: nothing was drawn."""

    exit_code = 3


class UnusableError(DataSelectError):
    """An input or a place for output cannot be used."""

    exit_code = 4


class NotEnoughMemoryError(UnusableError):
    """There is too little memory for what was asked."""


class OtherStudyError(UnusableError):
    """The folder of a study holds one of other records, or of the same ones as they were."""


class VerificationError(DataSelectError):
    """A bundle is not what it says it is."""

    exit_code = 5


def disk_refused(error: OSError) -> UnusableError:
    """Return the error for a file that the system refuses, without its name."""
    return UnusableError(
        _("A file could not be read or written."),
        _("The system refused: {reason}.", reason=error.strerror or type(error).__name__),
        _("Make room on the disk or ask for access, and give the same command again."),
    )


def file_refused(name: str, error: OSError) -> UnusableError:
    """Return the error for a file that a person named and that cannot be written."""
    return UnusableError(
        _("“{name}” cannot be written.", name=name),
        error.strerror or _("The disk refused."),
        _("Name another file."),
    )


class InterruptedByPersonError(DataSelectError):
    """The person stopped the work; what was done is kept."""

    exit_code = 130

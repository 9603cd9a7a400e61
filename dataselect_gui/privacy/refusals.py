"""Errors for a ledger that cannot be read or written, or was changed from outside."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import Timeout

from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.texts import _


class TamperedError(RefusedError):
    """The ledger was changed by something other than the program."""


class InUseError(UnusableError):
    """Another process holds the ledger."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turn errors of the disk and of SQLite into errors for a person."""
    try:
        yield
    except Timeout:
        raise in_use() from None
    except (OSError, sqlite3.OperationalError) as error:
        raise _cannot_write(error) from None
    except (sqlite3.DatabaseError, json.JSONDecodeError, UnicodeDecodeError):
        raise tampered(_("Its file is damaged.")) from None


def tampered(why: str) -> TamperedError:
    """Return the error for a ledger that was changed from outside."""
    return TamperedError(
        _("The ledger is not as it was left."),
        _("{why} What earlier releases cost can no longer be told, so nothing is released.", why=why),
        _("Put the newest backup of its folder back, whole."),
    )


def in_use() -> InUseError:
    """Return the error for a ledger that another process holds."""
    return InUseError(
        _("The ledger is in use."),
        _("Another process is writing to it."),
        _("Wait until it has finished, or stop it."),
    )


def _cannot_write(error: Exception) -> UnusableError:
    return UnusableError(
        _("The ledger cannot be written."),
        _("Its folder refused ({error}).", error=getattr(error, "strerror", None) or error),
        _("Make room there, ask for access to it, or name another with DATASELECT_HOME."),
    )

"""What a person is told where the ledger cannot be read or written, or is not as it was left."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import Timeout

from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.texts import _


class TamperedError(RefusedError):
    """The ledger is not as it was left."""


class InUseError(UnusableError):
    """Another process holds the ledger."""


@contextmanager
def refusals() -> Iterator[None]:
    """Tell what the disk and SQLite say as what it comes to for a person."""
    try:
        yield
    except Timeout:
        raise in_use() from None
    except (OSError, sqlite3.OperationalError) as error:
        raise _cannot_write(error) from None
    except (sqlite3.DatabaseError, json.JSONDecodeError, UnicodeDecodeError):
        raise tampered(_("Its file is damaged.")) from None


def tampered(why: str) -> TamperedError:
    """Return the error for a ledger that is not as it was left."""
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

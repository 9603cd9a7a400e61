"""What a person is told where the ledger cannot be read or written, or is not as it was left."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import Timeout

from dataselect_gui.errors import RefusedError, UnusableError


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
        raise tampered("Its file is damaged.") from None


def tampered(why: str) -> TamperedError:
    """Return the error for a ledger that is not as it was left."""
    return TamperedError(
        "The ledger is not as it was left.",
        f"{why} What earlier releases cost can no longer be told, so nothing is released.",
        "Put the newest backup of its folder back, whole.",
    )


def in_use() -> InUseError:
    """Return the error for a ledger that another process holds."""
    return InUseError(
        "The ledger is in use.",
        "Another process is writing to it.",
        "Wait until it has finished, or stop it.",
    )


def _cannot_write(error: Exception) -> UnusableError:
    return UnusableError(
        "The ledger cannot be written.",
        f"Its folder refused ({getattr(error, 'strerror', None) or error}).",
        "Make room there, ask for access to it, or name another with DATASELECT_HOME.",
    )

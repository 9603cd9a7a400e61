"""The window's settings and the fault log, which lie beside the ledger."""

from pathlib import Path

from dataselect_gui.errors import disk_refused
from dataselect_gui.jobs.fault_log import start_log
from dataselect_gui.permissions import replacing
from dataselect_gui.privacy.home import LOG, SETTINGS, home, open_home


def read_settings() -> str:
    """Return the window's settings, and restrict the permissions that an earlier version left open.

    Raises
    ------
    OSError, UnusableError
        Where there are none, or the ledger's folder cannot be used.
    """
    path = home() / SETTINGS
    text = path.read_text(encoding="utf-8")
    open_home(path.parent)
    return text


def write_settings(text: str) -> None:
    """Write the window's settings, readable by this account alone.

    Raises
    ------
    OSError, UnusableError
        Where the ledger's folder refuses.
    """
    open_home(home())
    with replacing(home() / SETTINGS) as file:
        file.write(text.encode())


def start_own_log() -> Path:
    """Start the fault log beside the ledger, readable by this account alone; return its path.

    Raises
    ------
    UnusableError
        Where the ledger's folder refuses.
    """
    path = home() / LOG
    try:
        open_home(path.parent)
    except OSError as error:
        raise disk_refused(error) from None
    start_log(path)
    return path

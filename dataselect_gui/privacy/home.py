"""The folder of the ledger and the settings, and its permissions."""

import os
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.paths import resolved
from dataselect_gui.permissions import check_above, close_folder, has_strangers, make_folder
from dataselect_gui.sandbox.confining import Grant
from dataselect_gui.texts import _

LEDGER, SETTINGS, LOG = "ledger.sqlite", "settings.json", "faults.log"
_OWN_FILES = (
    "ledger.*",
    ".ledger.*",
    SETTINGS,
    f".{SETTINGS}.*",
    f"{LOG}*",
    "QtProject.*",
    "unfinished",
)
_OWN_FOLDERS = ("projects", "demo")
"""Permissions of their content are set where it is opened."""


def home() -> Path:
    """Return the folder of the ledger: ``DATASELECT_HOME``, or the platform's place for user data.

    Raises
    ------
    UsageError
        Where it is no absolute path.
    """
    named = os.environ.get("DATASELECT_HOME")
    folder = Path(named or platformdirs.user_data_dir("dataselect", appauthor=False))
    if not folder.is_absolute():
        raise UsageError(
            _("The ledger's folder is not named in full."),
            _("Its place, and with it the budget, would depend on the folder that you work in."),
            _("Set DATASELECT_HOME to a whole path, without “~”."),
        )
    return folder


def grant(read: Iterable[Path] = (), write: Iterable[Path] = ()) -> Grant:
    """Return what a confined process may access: the given paths, and never the ledger.

    A project or a bundle may lie in one of the folders that the home has for them; it is read where it
    is named, for itself.

    Parameters
    ----------
    read, write : iterable of Path
        Files, and folders with all that is in them.
    """
    private = resolved(home())
    return Grant(
        home=_persons_home(),
        read=tuple(map(str, read)),
        write=tuple(map(str, write)),
        private=(str(private),),
        not_private=tuple(str(private / name) for name in _OWN_FOLDERS),
    )


def _persons_home() -> str:
    """Return the person's home folder by the environment, or else by the account."""
    named = os.path.expanduser("~")  # noqa: PTH111  (a Path's raises where there is none)
    if Path(named).is_absolute() and named != Path(named).anchor:
        return named
    try:
        import pwd

        account = pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):  # Windows, or an account that the system does not list.
        account = ""
    return account if Path(account).is_absolute() else os.path.abspath(os.sep)  # noqa: PTH100


def open_home(folder: Path) -> None:
    """Make the folder, or restrict an existing one, so that no other account can enter it.

    Raises
    ------
    OSError
        Where the disk refuses.
    UnusableError
        Where it holds other files, or others may replace it.
    """
    check_above(folder)
    make_folder(folder)
    close_home(folder)


def close_home(folder: Path) -> None:
    """Restrict the folder where it exists, as `open_home` does, without making it."""
    check_above(folder)
    if not folder.exists():
        return
    own = [path for pattern in _OWN_FILES for path in folder.glob(pattern)]
    is_known = (folder / LEDGER).exists() or (folder / SETTINGS).exists()
    if not is_known and has_strangers(folder, [*own, *(folder / name for name in _OWN_FOLDERS)]):
        raise UnusableError(
            _("“{name}” cannot become the ledger's folder.", name=folder.name),
            _("It holds other files, and other accounts may enter it; the ledger's is closed to them."),
            _("Name a folder that is not there yet with DATASELECT_HOME."),
        )
    close_folder(folder, own)

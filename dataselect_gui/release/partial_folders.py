"""Temporary folders of unfinished bundles, beside their destination.

Each is noted in the ledger's folder before it is made, and locked while its process lives. The next
release of any kind removes those that a killed process left.
"""

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dataselect_gui.errors import UnusableError
from dataselect_gui.permissions import FILE_MODE, make_folder
from dataselect_gui.release.bundle import cannot_write
from dataselect_gui.texts import _

FOLDER = "unfinished"
_LONG_AGO = 3600


@contextmanager
def folder_beside(destination: Path, home: Path) -> Iterator[Path]:
    """Make an empty folder beside a destination, and remove it at the end where it was not moved.

    Parameters
    ----------
    destination : Path
        Where the content will be moved to: on the same disk.
    home : Path
        The ledger's folder.
    """
    token = secrets.token_hex(8)
    note = home / FOLDER / f"{token}.json"
    folder = destination.parent / f".bundle.partial-{token}"
    lock = FileLock(note.with_suffix(".lock"), mode=FILE_MODE)
    try:
        _write_note(note, folder, lock)
        try:
            make_folder(folder)
        except OSError as error:
            raise cannot_write(destination, error, charged=False) from None
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _forget(note, folder)
        with contextlib.suppress(OSError):
            lock.release()
            if not note.exists():
                note.with_suffix(".lock").unlink(missing_ok=True)


def _write_note(note: Path, folder: Path, lock: FileLock) -> None:
    try:
        make_folder(note.parent)
        lock.acquire()
        with note.open("w", encoding="utf-8") as file:
            json.dump({"folder": str(folder)}, file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UnusableError(
            _("The release cannot be begun."),
            _(
                "The ledger's folder refused ({reason}). Nothing was drawn.",
                reason=error.strerror or _("no reason given"),
            ),
            _("Make room there, ask for access to it, or name another with DATASELECT_HOME."),
        ) from None


def sweep(home: Path) -> None:
    """Remove the folders that killed processes left."""
    for name in sorted({path.stem for path in (home / FOLDER).glob("*")}):
        note, lock = (home / FOLDER / f"{name}.{ending}" for ending in ("json", "lock"))
        try:
            if not note.exists():  # A lock without a note may be one that is just being taken.
                if time.time() - lock.stat().st_mtime > _LONG_AGO:
                    lock.unlink(missing_ok=True)
                continue
            with FileLock(lock, timeout=0, mode=FILE_MODE):
                folder = _noted(note)
                if folder is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                _forget(note, folder)
                if not note.exists():
                    lock.unlink(missing_ok=True)
        except (Timeout, OSError):
            continue  # Its process lives, or the disk refuses. The next release tries again.


def _noted(note: Path) -> Path | None:
    try:
        folder = Path(json.loads(note.read_text(encoding="utf-8"))["folder"])
    except (ValueError, KeyError, TypeError):
        return None  # Interrupted before the folder was made.
    # Never any folder but one made above.
    return folder if folder.name.startswith(".") and ".partial-" in folder.name else None


def _forget(note: Path, folder: Path | None) -> None:
    """Delete the note, unless the folder may still exist, for example on a disk that is unplugged."""
    if folder is not None and (folder.exists() or not folder.parent.is_dir()):
        return
    with contextlib.suppress(OSError):
        note.unlink(missing_ok=True)

"""Permissions: what the program writes can be read by this account alone, from the start.

Each process of the program begins with `close_process`: from then on it creates nothing that another
account may read, whichever library creates it. Beyond that, folders are made with mode 0700, whatever
the process does, and what an earlier version left open is closed when it is met.

On Windows the access list of a folder is cut down to its owner's; that part is untested.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import resolved
from dataselect_gui.texts import _

FILE_MODE, FOLDER_MODE = 0o600, 0o700
_OTHERS = 0o077
_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MOST_LINKS = 40
"""As many as Linux follows for a path."""


def close_process() -> None:
    """Have this process create what its owner alone can read, and leave no image of its memory."""
    os.umask(_OTHERS)
    if sys.platform != "win32":
        import resource

        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        # At 1 no file is dumped either, and at 1 alone Linux also gives up a dump into a pipe.
        limit = 0 if most == 0 else 1
        resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def make_folder(path: Path) -> None:
    """Make a folder that nobody else can enter, with those above it where they are missing.

    Raises
    ------
    FileExistsError
        Where something else is there.
    OSError
        Where the disk refuses.
    """
    if not path.parent.exists():
        make_folder(path.parent)
    try:
        path.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        if not path.is_dir():
            raise


def close_folder(path: Path, own: Iterable[Path]) -> None:
    """Close a folder of the program to other accounts, with what the program keeps in it.

    Links are not followed, and nothing of another account is changed.

    Parameters
    ----------
    path : Path
        The folder.
    own : iterable of Path
        Files and folders in it that the program wrote; folders with all that is in them.

    Raises
    ------
    UnusableError
        Where another account owns the folder or something in it, or could put another in its place;
        or where the disk keeps no permissions. What is this account's was closed even so.
    """
    folder = resolved(path)
    if sys.platform == "win32":
        _close_on_windows(folder)
        return
    is_ours = _close(folder)
    for child in own:
        is_ours &= _close(child)
        for inside, folders, files in os.walk(child) if not child.is_symlink() else ():
            for name in [*folders, *files]:
                is_ours &= _close(Path(inside, name))
    if not is_ours or any(_belongs_to_others(child) for child in folder.iterdir()):
        raise _unsafe(folder, _("It, or something in it, belongs to another account."))
    check_above(folder)


def check_above(path: Path) -> None:
    """Refuse a place where another account could exchange a folder for one of its own.

    Raises
    ------
    UnusableError
        Where a folder above it lets others rename what lies in it.
    """
    if is_exposed(resolved(path).parent):
        raise _unsafe(path, _("Other accounts may exchange what lies in a folder above it."))


def is_exposed(place: Path) -> bool:
    """Say whether another account could exchange what lies in a folder for something of its own."""
    place = resolved(place)
    return sys.platform != "win32" and any(
        folder.is_dir() and _others_may_rename_in(folder) for folder in (place, *place.parents)
    )


def has_strangers(path: Path, own: Iterable[Path]) -> bool:
    """Say whether a folder that others can enter holds anything but what the program wrote."""
    is_open = path.is_dir() and bool(path.stat().st_mode & _OTHERS)
    return is_open and not set(path.iterdir()) <= set(own)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file that is closed to others from the start, and is put in its place when it is whole.

    A pipe or a terminal is written to as it is. In a folder that others may write to, as /tmp, one of
    them may have put a link or a pipe where the file shall be: neither is written to.

    Raises
    ------
    OSError
        Where the disk refuses; the file that was there stays.
    UnusableError
        Where links go round in a circle, or another account made one of them or what is there.
    """
    path = _followed(path)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        with _open_stream(path) as file:
            yield file
        return
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(partial, flags, FILE_MODE), "wb") as file:  # noqa: PTH123  (a descriptor)
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def open_own_file(path: Path) -> TextIOWrapper:
    """Open a file to append to: a new one that is closed to others, or the one there, closed now.

    Raises
    ------
    OSError
        Where the disk refuses.
    UnusableError
        Where a link or something else than a file is there, or it belongs to another account, or one
        could exchange it.
    """
    check_above(path)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    opened = os.open(path, flags, FILE_MODE)
    try:
        info = os.fstat(opened)
        if not stat.S_ISREG(info.st_mode):
            raise _unsafe(path, _("It is no file."))
        if sys.platform != "win32":
            if info.st_uid != os.geteuid():
                raise _unsafe(path, _("It belongs to another account."))
            if info.st_mode & _OTHERS:
                os.fchmod(opened, FILE_MODE)
            os.set_blocking(opened, True)
        return open(opened, "a", encoding="utf-8")  # noqa: PTH123  (a descriptor)
    except BaseException:
        os.close(opened)
        raise


def _followed(path: Path) -> Path:
    """Return where a path leads by links of this account and of the system.

    A stream that this process was given, as ``/dev/stdout``, stays the link that it is.
    """
    whole = resolved(path)
    if sys.platform == "win32":
        return whole
    place, rest, links = Path(os.sep), [*reversed(Path.cwd().joinpath(path).parts)], 0
    while rest:
        step = place / rest.pop()
        try:
            info = step.lstat()
        except FileNotFoundError:
            place = step
            continue
        if not stat.S_ISLNK(info.st_mode):
            place = place.parent if step.name == ".." else step
        elif _is_own_stream(step):
            return step
        elif info.st_uid not in {0, os.geteuid()} or links == _MOST_LINKS:
            raise _unsafe(path, _("A link on its way belongs to another account."))
        else:
            rest += reversed(step.readlink().parts)
            links += 1
    return place


def _is_own_stream(path: Path) -> bool:
    return path.parent in {Path(f"/proc/{os.getpid()}/fd"), Path("/dev/fd")}


def _open_stream(path: Path) -> BinaryIO:
    """Open a pipe, a terminal or a device of this account or of the system; nothing else."""
    if sys.platform == "win32":
        return path.open("wb")
    if _is_own_stream(path):
        return open(os.dup(int(path.name)), "wb")  # noqa: PTH123  (a descriptor)
    # A link could have been put there by now, and a pipe that nobody reads would never open.
    opened = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    info = os.fstat(opened)
    is_own = info.st_uid == os.geteuid()
    is_device = stat.S_ISCHR(info.st_mode) and (is_own or info.st_uid == 0)
    if not is_device and not (stat.S_ISFIFO(info.st_mode) and is_own):
        os.close(opened)
        raise _unsafe(path, _("It is a device, or a pipe that another account made."))
    os.set_blocking(opened, True)
    return open(opened, "wb")  # noqa: PTH123  (a descriptor)


def _close(path: Path) -> bool:
    """Take every permission of others from a file or folder; say whether it is this account's."""
    try:
        info = path.lstat()
        if info.st_uid != os.geteuid():
            return False
        if stat.S_ISLNK(info.st_mode) or not info.st_mode & _OTHERS:
            return True
        path.chmod(stat.S_IMODE(info.st_mode) & ~_OTHERS)
        if not path.lstat().st_mode & _OTHERS:
            return True
    except FileNotFoundError:  # A temporary file that another process of ours has taken away.
        return True
    except OSError as error:
        reason = error.strerror or _("no reason given")
        why = _("Its permissions cannot be changed ({reason}).", reason=reason)
        raise _unsafe(path, why) from None
    raise _unsafe(path, _("Its disk keeps no permissions: other accounts may read what it holds."))


def _belongs_to_others(path: Path) -> bool:
    try:
        return path.lstat().st_uid != os.geteuid()
    except FileNotFoundError:
        return False


def _others_may_rename_in(folder: Path) -> bool:
    """Say whether another account may rename what lies in a folder."""
    info = folder.stat()
    writers = info.st_mode & _MAY_WRITE
    if not writers or info.st_mode & stat.S_ISVTX:
        return False
    return bool(writers & stat.S_IWOTH) or not _is_own_group(info.st_gid)


@cache
def _is_own_group(group: int) -> bool:
    """Say whether nobody but this account is in a group, as many systems give each account its own."""
    import grp
    import pwd

    try:
        me, members = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return (
        members.gr_gid == me.pw_gid
        and members.gr_name == me.pw_name
        and set(members.gr_mem) <= {me.pw_name}
    )


def _unsafe(path: Path, why: str) -> UnusableError:
    return UnusableError(
        _("“{name}” is not safe from other accounts of this machine.", name=path.name),
        why,
        _("Name a place that is yours alone, or have it cleared."),
    )


@cache
def _close_on_windows(folder: Path) -> None:
    """Leave a folder to its owner: what it inherited goes, and what lies in it inherits the rest."""
    owner_rights = "*S-1-3-4:(OI)(CI)F"
    done = subprocess.run(  # noqa: S603  (a tool of the system)
        ["icacls", str(folder), "/inheritance:r", "/grant:r", owner_rights],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise _unsafe(folder, _("Its access list could not be changed."))

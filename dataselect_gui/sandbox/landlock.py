"""Confine reads and writes to named paths (Landlock, Linux 5.13 and later).

What each version of the interface (ABI) brought is in the kernel's ``userspace-api/landlock``. What a
kernel does not know is left out; `seccomp` refuses the rest of it.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from dataselect_gui.sandbox.libc import call, prctl

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""The numbers of the three calls, the same on every machine."""
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_AND_REMOVE = sum(1 << bit for bit in (4, 5, 7, 8))
"""Remove and make folders and files: no devices, sockets, pipes, or links that lead elsewhere."""
_FIRST = (1 << 13) - 1
_REFER, _TRUNCATE, _DEVICES = 1 << 13, 1 << 14, 1 << 15
"""Since ABI 2, 3 and 5: move between folders, truncate, control devices."""
_NET = 0b11
"""Since ABI 4: bind and connect TCP."""
_SCOPED = 0b11
"""Since ABI 6: abstract Unix sockets, and signals to processes that are not confined so."""
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _DEVICES
"""What a rule on anything else than a folder may hold."""


def version() -> int:
    """Return the kernel's ABI; 0 where it has none, or it is switched off."""
    return max(0, call(_CREATE, None, 0, _VERSION))


def restrict(read: Iterable[Path], write: Iterable[Path]) -> None:
    """Confine this thread, and all that it starts, for good.

    Parameters
    ----------
    read : iterable of Path
        Files that may be read, and folders with all that is in them. What is not there is passed over.
    write : iterable of Path
        What may be read, written, made, removed and, where it is a device, controlled.

    Raises
    ------
    OSError
        Where the kernel refuses.
    """
    abi = version()
    handled = _FIRST | (_REFER if abi >= 2 else 0) | (_TRUNCATE if abi >= 3 else 0)
    handled |= _DEVICES if abi >= 5 else 0
    rules = struct.pack("=QQQ", handled, _NET if abi >= 4 else 0, _SCOPED if abi >= 6 else 0)
    # An older kernel knows a shorter form, and takes a longer one where the rest of it is zero.
    ruleset = call(_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "The kernel refused to confine the process")
    try:
        reading = _READ | _LIST | _EXECUTE  # Libraries are mapped to be executed.
        writing = reading | _WRITE | _MAKE_AND_REMOVE | _REFER | _TRUNCATE | _DEVICES
        for paths, rights in ((read, reading), (write, writing & ~_EXECUTE)):
            for path in paths:
                _allow(ruleset, path, rights & handled)
        prctl(38, 1)
        if call(_RESTRICT, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "The kernel refused to confine the process")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        allowed = rights if is_folder else rights & _OF_FILES
        rule = struct.pack("=Qi", allowed, opened)
        if call(_ADD, ruleset, _PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), "The kernel refused a path")
    finally:
        os.close(opened)

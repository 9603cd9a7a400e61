"""Calls into the kernel that Python has no function for."""

import ctypes
import functools
from typing import Any


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: Any) -> int:  # noqa: ANN401  (numbers, bytes, references)
    """Make a system call by its number; −1 where it failed, with the reason in `ctypes.get_errno`."""
    function = _libc().syscall
    function.restype = ctypes.c_long
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result: int = function(ctypes.c_long(number), *converted)
    return result


def prctl(option: int, value: int) -> None:
    """Set an option of this process.

    Raises
    ------
    OSError
        Where the kernel refuses.
    """
    zero = ctypes.c_ulong(0)
    if _libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), "The kernel refused an option of the process")

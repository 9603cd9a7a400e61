"""A filter of system calls (seccomp), put together by hand: no library for it is on every Linux.

A filter is a program for the kernel's packet filter (BPF). It sees the call's number, the machine's
kind and the arguments, never what an argument points to. A refused call returns an error, so that a
library that can do without it does; a call in another machine's numbering ends the process.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

from dataselect_gui.sandbox.libc import call, prctl
from dataselect_gui.sandbox.syscalls import ALWAYS, BY_ARGUMENT, LAST

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Machine → its column in the tables, and its AUDIT_ARCH."""
_SECCOMP = (317, 277)
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_X32 = 0x40000000
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_EQUAL, _ABOVE, _AT_LEAST, _HAS = 0x15, 0x25, 0x35, 0x45
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
"""Where they stand in ``struct seccomp_data``."""
_CLONE_THREAD = 0x00010000
_ACCESS_MODE, _TRUNCATE = 0o3, 0o1000
_OWNED_SIGNALS = (8, 10, 15)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX: have the kernel send a signal, to anybody."""
_ORDINARY = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: of all that ``ioctl`` does, what is needed.
Others set attributes of files that may only be read, put words into a terminal, or send signals."""
_OF_DEVICES, _UNTYPED = (0x46, 0x64, 0x4B), (0x30000001, 0x30000002)
"""The types of requests of the drivers of GPUs (NVIDIA's, Linux's, AMD's), and those for NVIDIA's
memory that have no type, beside the small numbers."""
_DUMPABLE = 4

Instruction = tuple[int, int, int, int]


def available() -> bool:
    """Say whether this machine's kernel filters system calls, and its numbers are known here."""
    machine = platform.machine()
    if machine not in _MACHINES or struct.calcsize("P") != 8:
        return False
    action = ctypes.c_uint32(_ERRNO)
    number = _SECCOMP[_MACHINES[machine][0]]
    return call(number, _GET_ACTION_AVAIL, 0, ctypes.byref(action)) == 0


def install() -> None:
    """Filter the calls of this thread and of all that it starts, for good.

    Raises
    ------
    OSError
        Where the kernel refuses the filter.
    """
    prctl(38, 1)  # No new privileges: what a filter of an ordinary user needs.
    column = _MACHINES[platform.machine()][0]
    written = b"".join(struct.pack("<HBBI", *step) for step in program(platform.machine(), os.getpid()))
    held = ctypes.create_string_buffer(written, len(written))
    # struct sock_fprog: how many instructions, and where they are.
    described = struct.pack("@HP", len(written) // 8, ctypes.addressof(held))
    if call(_SECCOMP[column], _SET_MODE_FILTER, 0, described) != 0:
        raise OSError(ctypes.get_errno(), "The filter of system calls was refused")


def program(machine: str, process: int) -> list[Instruction]:
    """Return the filter of a process, by its id, as instructions (code, if true, if false, value)."""
    column, arch = _MACHINES[machine]
    refuse: Instruction = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    unknown: Instruction = (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    allow: Instruction = (_RETURN, 0, 0, _ALLOW)
    kill: Instruction = (_RETURN, 0, 0, _KILL)
    made: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        kill,
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        kill,
        (_ABOVE, 0, 1, LAST),
        unknown,
    ]
    for low, high in _runs(numbers[column] for numbers in ALWAYS.values()):
        made += [(_AT_LEAST, 0, 2, low), (_ABOVE, 1, 0, high), allow]

    def when(name: str, body: list[Instruction]) -> None:
        number = BY_ARGUMENT[name][column]
        if number is not None:
            made.extend([(_EQUAL, 0, len(body), number), *body])

    for name in ("kill", "tgkill"):
        when(name, _by_argument(0, [process], allow, refuse))
    for name in ("prlimit64", "sched_setaffinity"):
        when(name, _by_argument(0, [0, process], allow, refuse))
    when("fcntl", _by_argument(1, _OWNED_SIGNALS, refuse, allow))
    when("ioctl", _by_request(allow, refuse))
    when("prctl", _by_argument(0, [_DUMPABLE], refuse, allow))
    emptied = [(_AND, 0, 0, _ACCESS_MODE | _TRUNCATE), (_EQUAL, 0, 1, _TRUNCATE), refuse, allow]
    # Kernels before 6.2 let a file be emptied that may only be read.
    when("open", [_argument(1), *emptied])
    when("openat", [_argument(2), *emptied])
    when("clone", [_argument(0), (_HAS, 0, 1, _CLONE_THREAD), allow, refuse])
    when("clone3", [unknown])  # Its flags lie in memory; the C library then takes `clone`.
    return [*made, refuse]


def _argument(place: int) -> Instruction:
    """Load the lower half of an argument: no call that is looked at takes more of it."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * place)


def _by_argument(
    place: int, values: Iterable[int], then: Instruction, otherwise: Instruction
) -> list[Instruction]:
    checks = [step for value in values for step in ((_EQUAL, 0, 1, value), then)]
    return [_argument(place), *checks, otherwise]


def _by_request(allow: Instruction, refuse: Instruction) -> list[Instruction]:
    """Allow a request of ``ioctl`` that reads a state, or is a GPU's driver's."""
    small: list[Instruction] = [_argument(1), (_AT_LEAST, 1, 0, 0x100), allow]
    typed = [step for kind in _OF_DEVICES for step in ((_EQUAL, 0, 1, kind << 8), allow)]
    listed = [step for number in (*_ORDINARY, *_UNTYPED) for step in ((_EQUAL, 0, 1, number), allow)]
    return [*small, *listed, (_AND, 0, 0, 0xFF00), *typed, refuse]


def _runs(numbers: Iterable[int | None]) -> list[tuple[int, int]]:
    """Return the numbers as runs of neighbours: first and last of each."""
    runs: list[tuple[int, int]] = []
    for number in sorted(n for n in numbers if n is not None):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs

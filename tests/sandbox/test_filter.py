"""The filter of system calls, also on machines that are not here, and what is said where one lacks."""

import os
import struct
from pathlib import Path

import pytest

from dataselect_gui.sandbox.confining import Confinement
from dataselect_gui.sandbox.seatbelt import profile
from dataselect_gui.sandbox.seccomp import program
from dataselect_gui.sandbox.syscalls import ALWAYS, BY_ARGUMENT, LAST
from tests.sandbox.held import WHERE_CONFINED

pytestmark = WHERE_CONFINED


# The filter, on machines that are not here

ALLOW, REFUSE, UNKNOWN, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def decided(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """Run the filter of process 77 as the kernel does; return what it decides."""
    filled = [*arguments, *([0] * (6 - len(arguments)))]
    data = struct.pack("<IIQ6Q", number, arch or ARCH[machine], 0, *filled)
    held, place, steps = 0, 0, program(machine, 77)
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == 0x20:
            (held,) = struct.unpack_from("<I", data, value)
        elif code == 0x54:
            held &= value
        elif code == 0x06:
            return value
        else:
            test = {0x15: held == value, 0x25: held > value, 0x35: held >= value}
            place += if_true if test.get(code, bool(held & value)) else if_false


@pytest.mark.parametrize("machine", ARCH)
def test_a_filter_allows_what_is_named_and_nothing_else(machine: str) -> None:
    column = list(ARCH).index(machine)
    named = {numbers[column] for numbers in ALWAYS.values()}
    by_argument = {numbers[column] for numbers in BY_ARGUMENT.values()}
    for number in range(LAST + 1):
        if number in named:
            assert decided(machine, number) == ALLOW
        elif number not in by_argument:
            assert decided(machine, number) == REFUSE
    assert decided(machine, LAST + 1) == decided(machine, 1 << 20) == UNKNOWN
    assert decided(machine, 0x40000000) == KILL
    assert decided(machine, 0, arch=0x40000003) == KILL
    assert len(program(machine, 77)) < 4096


@pytest.mark.parametrize("machine", ARCH)
def test_a_filter_looks_at_arguments(machine: str) -> None:
    def answer(name: str, *arguments: int) -> int:
        number = BY_ARGUMENT[name][list(ARCH).index(machine)]
        assert number is not None
        return decided(machine, number, *arguments)

    everybody = (1 << 32) - 1
    for other in (0, 1, 76, everybody):
        assert answer("kill", other, 9) == answer("tgkill", other, other, 9) == REFUSE
    assert answer("kill", 77, 6) == answer("tgkill", 77, 80, 6) == ALLOW
    assert answer("prlimit64", 0, 7) == answer("sched_setaffinity", 77) == ALLOW
    assert answer("prlimit64", 76, 7) == answer("sched_setaffinity", 76) == REFUSE
    threads, fork, spawn = 0x3D0F00, 0x1200011, 0x4111
    assert [answer("clone", flags) for flags in (threads, fork, spawn, 0)] == [ALLOW, *[REFUSE] * 3]
    assert answer("clone3", 0) == UNKNOWN
    reads, empties, writes = os.O_RDONLY, os.O_RDONLY | os.O_TRUNC, os.O_WRONLY | os.O_TRUNC
    opened = [answer("openat", 0, 0, flags) for flags in (reads, empties, writes)]
    assert opened == [ALLOW, REFUSE, ALLOW]
    assert [answer("fcntl", 0, command) for command in (3, 8, 10, 15, 1030)] == [
        ALLOW,
        REFUSE,
        REFUSE,
        REFUSE,
        ALLOW,
    ]
    needed = {
        "TCGETS": 0x5401,
        "TIOCGWINSZ": 0x5413,
        "FIONREAD": 0x541B,
        "FIOCLEX": 0x5451,
        "NV_ESC_CARD_INFO": 0xC90046C8,
        "UVM_INITIALIZE": 0x30000001,
        "UVM_REGISTER_GPU": 37,
        "DRM_IOCTL_VERSION": 0xC0406400,
        "AMDKFD_IOC_GET_VERSION": 0x80084B01,
    }
    harmful = {
        "TIOCSTI": 0x5412,
        "TIOCSTI, with more above": (7 << 32) | 0x5412,
        "FIOSETOWN": 0x8901,
        "FS_IOC_SETFLAGS": 0x40086602,
        "FS_IOC32_SETFLAGS": 0x40046602,
        "FS_IOC_FSSETXATTR": 0x401C5820,
        "FS_IOC_ENABLE_VERITY": 0x40806685,
        "FS_IOC_SET_ENCRYPTION_POLICY": 0x800C6613,
        "FICLONE": 0x40049409,
        "FITRIM": 0xC0185879,
        "NS_GET_PARENT": 0xB702,
    }
    assert {name: answer("ioctl", 0, request) for name, request in needed.items()} == dict.fromkeys(
        needed, ALLOW
    )
    assert {name: answer("ioctl", 0, request) for name, request in harmful.items()} == dict.fromkeys(
        harmful, REFUSE
    )
    assert answer("prctl", 4, 1) == REFUSE


# What is said of it


@pytest.mark.parametrize(
    ("files", "others", "sentence"),
    [
        (True, True, "without network, other programs and other files"),
        (False, True, "does not keep them from other files"),
        (True, False, "does not keep them from network and other programs"),
        (False, False, "offers nothing that confines"),
    ],
)
def test_what_is_missing_is_said(files: bool, others: bool, sentence: str) -> None:
    held = Confinement(files, others, others, ("Landlock 7",), is_tested=True)
    assert sentence in held.sentence
    assert held.is_whole == (files and others)
    untested = Confinement(True, True, True, ("Seatbelt",), is_tested=False)
    assert not untested.is_whole
    assert "not tested" in untested.sentence


def test_a_profile_of_macos_names_places_and_nothing_else(tmp_path: Path) -> None:
    quoted = tmp_path / 'a "b) (allow default'
    written = profile([quoted], [])
    assert '\\"b) (allow default")' in written
    assert '(literal "/dev/null")' in written

"""What a command creates, and for whom it is readable at that moment, seen by strace."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

OTHERS = 0o077
_CALLS = (
    "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,chmod,fchmod,fchmodat,umask,"
    "memfd_create,clone,clone3,fork,vfork,execve"
)
_LINE = re.compile(r"(\d+)\s+(\w+)\((.*)")
_RESUMED = re.compile(r"(\d+)\s+<\.\.\. \w+ resumed>.* = (\d+)\s*$")
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MODE = re.compile(r"\b(0[0-7]*)\)?\s*(?:=|<unfinished)")
_STARTS = {"clone", "clone3", "fork", "vfork"}
_NOT_KEPT = ("/dev/null", "/dev/tty", "/proc/")


@dataclass(frozen=True)
class Created:
    """A file or folder that was created, or whose permissions were set.

    Attributes
    ----------
    call, path : str
        By what, and what.
    mode : int
        What it came to have: the mode asked for, less the process's mask.
    """

    call: str
    path: str
    mode: int

    @property
    def is_open(self) -> bool:
        """Whether another account may do anything with it."""
        return bool(self.mode & OTHERS)


@dataclass
class _Mask:
    value: int


def watch(
    command: Sequence[str | Path], log: Path, **environment: str
) -> tuple[list[Created], list[str]]:
    """Run a command and return what it created, and the lines by which it started programs."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        pytest.skip("strace is not on this machine")
    strace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-v",
        "-s",
        "20000",
        "-e",
        f"trace={_CALLS}",
        "-o",
    ]
    run = subprocess.run(
        [*strace, str(log), *map(str, command)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.umask(0o022),
    )
    if "PTRACE" in run.stderr or "Operation not permitted" in run.stderr:
        pytest.skip("this system lets nobody trace a process")
    assert run.returncode == 0, run.stderr[-3000:]
    lines = log.read_text(errors="replace").splitlines()
    return created_in(lines, 0o022), [line for line in lines if " execve(" in line]


def created_in(lines: Sequence[str], mask: int) -> list[Created]:
    """Read a log of strace, following the mask of each process from its parent's."""
    parents = _parents(lines)
    masks: dict[str, _Mask] = {}
    created = []
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        process, call, rest = match.groups()
        if process not in masks:
            parent, shares = parents.get(process, ("", False))
            inherited = masks.get(parent, _Mask(mask))
            masks[process] = inherited if shares else _Mask(inherited.value)
        if call == "umask":
            asked = re.match("[0-7]+", rest)  # Another process may cut the line off behind it.
            assert asked is not None, line
            masks[process].value = int(asked.group(), 8)
        elif call == "memfd_create":
            created.append(Created(call, "memory", 0o777))
        elif call not in _STARTS and call != "execve":
            created += _created(call, rest, masks[process].value)
    return created


def _created(call: str, rest: str, mask: int) -> list[Created]:
    name = _NAME.search(rest)
    path = name.group(1) if name else "a descriptor"
    creates = call not in {"open", "openat", "openat2"} or "O_CREAT" in rest or "O_TMPFILE" in rest
    if not creates or path.startswith(_NOT_KEPT) or re.search(r"= -1 E", rest):
        return []
    if "__pycache__" in path:  # The program's own code, compiled before its first line can run.
        return []
    match = _MODE.search(rest)
    assert match is not None, rest
    asked = int(match.group(1), 8)
    return [Created(call, path, asked if "chmod" in call else asked & ~mask)]


def _parents(lines: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Return who started each process, and whether it shares its parent's mask, as threads do."""
    parents: dict[str, tuple[str, bool]] = {}
    pending: dict[str, bool] = {}
    for line in lines:
        match, resumed = _LINE.match(line), _RESUMED.match(line)
        if match is not None and match.group(2) in _STARTS:
            shares = "CLONE_FS" in match.group(3)
            child = re.search(r" = (\d+)\s*$", line)
            if child is None:
                pending[match.group(1)] = shares
            else:
                parents[child.group(1)] = (match.group(1), shares)
        elif resumed is not None and resumed.group(1) in pending:
            parents[resumed.group(2)] = (resumed.group(1), pending.pop(resumed.group(1)))
    return parents

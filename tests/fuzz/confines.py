"""Which files the program may open while it works on an input: the input's own, and its own to read."""

import os
import re
import sys
import sysconfig
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_READ = (
    str(_ROOT / "dataselect_gui"),
    str(_ROOT / "resources"),
    str(_ROOT / "tests/fuzz"),
    sys.prefix,
    sys.base_prefix,
    str(Path(sys.executable).resolve().parents[1] / "lib"),
    sysconfig.get_paths()["stdlib"],
    "/usr/lib",
    "/lib",
    "/usr/share/zoneinfo",
    "/proc/self",
    f"/proc/{os.getpid()}",
    "/sys/devices/system",
    "/sys/fs/cgroup",
)
_FILES = frozenset(
    "/dev/null /dev/urandom /etc/ld.so.cache /etc/localtime /proc/meminfo /proc/cpuinfo "
    "/proc/stat /proc/mounts".split()
)

_MOUNTS = re.compile(r"/proc/\d+/mounts")
"""A process's own list of disks, which says whether the ledger lies on one of a network."""


def is_within(path: str, job: str, *, writes: bool) -> bool:
    """Say whether a file may be opened for a job in a folder.

    Parameters
    ----------
    path : str
        The file, as it was named; a relative name is one in the job's folder.
    job : str
        The job's folder.
    writes : bool
        Whether it is opened for more than reading.
    """
    whole = os.path.normpath(os.path.join(job, path))  # noqa: PTH118  (a path may hold anything)
    if _below(whole, job) or whole == "/dev/null":
        return True
    if writes:
        return False
    is_listed = whole in _FILES or _MOUNTS.fullmatch(whole) is not None
    return is_listed or any(_below(whole, folder) for folder in _READ)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


STARTS, ENDS = "/input-starts", "/input-ends"
"""Asked for by a watched child around each input: files that are nowhere."""
_CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)[( ](.*)$")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_CHANGES = frozenset(
    "creat unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink symlinkat "
    "truncate "
    "chmod fchmodat chown lchown fchownat mknod mknodat execve execveat".split()
)
_OPENS = frozenset("open openat openat2".split())
_NETWORK = frozenset("socket connect bind sendto sendmsg socketpair".split())
WATCHED = ",".join(sorted(_CHANGES | _OPENS | _NETWORK | {"newfstatat", "stat"}))


def escapes(trace: str, job: str) -> list[str]:
    """Return the system calls of a trace that left the job while it worked on an input."""
    left, at_work = [], False
    for line in trace.splitlines():
        match = _CALL.match(line)
        if match is None:
            continue
        call, rest = match.groups()
        if STARTS in rest or ENDS in rest:
            at_work = STARTS in rest
            continue
        if not at_work:
            continue
        if call in _NETWORK:
            left.append(line)
            continue
        paths = [
            path.encode("latin-1", "replace").decode("unicode_escape") for path in _PATH.findall(rest)
        ]
        if call in _OPENS and paths:
            writes = bool(re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", rest))
            if not is_within(paths[0], job, writes=writes):
                left.append(line)
        elif call in _CHANGES and not all(is_within(path, job, writes=True) for path in paths[:2]):
            left.append(line)
    return left

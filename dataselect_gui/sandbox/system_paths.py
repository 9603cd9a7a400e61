"""What the interpreter and its libraries read, whatever the job is; never a person's files."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/cuda*",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/filesystems",
    "/proc/devices",
    "/proc/driver/nvidia",
    "/proc/sys/vm",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
)
_OF_GPU = (
    "/sys/bus/pci",
    "/sys/devices/pci*",
    "/sys/module/nvidia*",
    "/sys/class/kfd",
    "/sys/class/drm",
)
_DEVICES = ("/dev/null", "/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/kfd", "/dev/dri/*")
_LIBRARIES = ("LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH")
_SHARED = ("/", "/usr", "/usr/local", "/opt")
"""Prefixes that programs share with much else; what Python needs of them is named otherwise."""


def readable(home: Path) -> list[Path]:
    """Return the files and folders that may be read.

    Parameters
    ----------
    home : Path
        The person's: nothing that it lies in is among them, nor the home as a whole.
    """
    own = Path(__file__).parents[1]
    paths = [Path(name) for name in _expanded((*_SYSTEM, *_OF_GPU))]
    # The resources lie within the package, or beside it in a checkout.
    paths += [own, own.parent / "resources", Path(sys.executable)]
    return [*paths, *(path for path in _of_interpreter() if not holds(path, home))]


def devices() -> list[Path]:
    """Return the devices that may be written: nothing, and graphics processors."""
    return [Path(name) for name in _expanded(_DEVICES)]


def real(path: Path) -> Path:
    """Return the path without links; where they go round in a circle, it leads to nothing."""
    return Path(os.path.realpath(path))


def holds(folder: Path, path: Path) -> bool:
    """Say whether a path is a folder, or lies in it."""
    return real(path).is_relative_to(real(folder))


def _of_interpreter() -> Iterator[Path]:
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix)
    yield from (Path(name) for name in prefixes if name not in _SHARED)
    # Where a frozen program keeps its libraries, and everybody else.
    names = [getattr(sys, "_MEIPASS", ""), *sys.path]
    for variable in _LIBRARIES:
        names += os.environ.get(variable, "").split(os.pathsep)
    yield from (Path(name) for name in names if Path(name).is_absolute() and name not in _SHARED)


def _expanded(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        folder, _, name = pattern.rpartition("/")
        yield from map(str, sorted(Path(folder).glob(name))) if "*" in name else [pattern]

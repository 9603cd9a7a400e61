"""Confine this process to what its job names, for good, before it touches what strangers made.

On Linux by Landlock and seccomp, as far as the kernel has them; on macOS by Seatbelt, on Windows by a
job object, neither of them tested. `available_confinement` says what holds on this machine.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dataselect_gui.sandbox import system_paths
from dataselect_gui.sandbox.system_paths import real
from dataselect_gui.texts import _

_MOST_FILES = 4096
_PLATFORM: str = sys.platform


@dataclass(frozen=True)
class Grant:
    """What a confined process may reach, beside the interpreter and its libraries.

    Attributes
    ----------
    home : str
        The person's, which libraries may lie in, and which is never read as a whole for their sake.
    read, write : tuple of str
        Files, and folders with all that is in them.
    private : tuple of str
        What is not reached though it lies in one of these.
    not_private : tuple of str
        Folders in what is private. What is named in them, by `read` or `write`, is reached.

    Raises
    ------
    ValueError
        Where the home is no absolute path: it would be looked for where the process happens to be.
    """

    home: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    not_private: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not os.path.isabs(self.home):  # noqa: PTH117  (a Path of nothing is the current folder)
            raise ValueError("The home is no absolute path")

    def to_line(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "Grant":
        """Read what `to_line` wrote."""
        fields = json.loads(line)
        lists = {name: tuple(fields[name]) for name in ("read", "write", "private", "not_private")}
        return cls(home=fields["home"], **lists)


@dataclass(frozen=True)
class Confinement:
    """What keeps a confined process in, on this machine.

    Attributes
    ----------
    files : bool
        It reads and writes nothing but what its job names.
    network : bool
        It reaches no network and no other program by a socket.
    processes : bool
        It reads no other program's memory, sends no signals and starts no programs.
    means : tuple of str
        By what.
    is_tested : bool
        Whether tests show that it holds.
    """

    files: bool
    network: bool
    processes: bool
    means: tuple[str, ...]
    is_tested: bool

    @property
    def sentence(self) -> str:
        """What holds and what does not, for a person."""
        held = [part for part, holds in self._parts if holds]
        missing = [part for part, holds in self._parts if not holds]
        means = ", ".join(self.means)
        if not held:
            return _(
                "This system offers nothing that confines what reads strangers' files. Use files of "
                "people you trust."
            )
        if missing:
            sentence = _(
                "Files of strangers are read without {held} ({means}). This system does not keep them "
                "from {missing}.",
                held=_listed(held),
                means=means,
                missing=_listed(missing),
            )
        else:
            sentence = _(
                "Files of strangers are read without network, other programs and other files "
                "({means}).",
                means=means,
            )
        return sentence if self.is_tested else f"{sentence} {_('This was not tested on this system.')}"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, and tests show it."""
        return self.is_tested and all(holds for _part, holds in self._parts)

    @property
    def _parts(self) -> tuple[tuple[str, bool], ...]:
        return (
            (_("network"), self.network),
            (_("other programs"), self.processes),
            (_("other files"), self.files),
        )


class ConfinementError(Exception):
    """The process cannot be confined as it should be."""


_done = False


def is_confined() -> bool:
    """Say whether this process was confined, as far as the machine allows."""
    return _done


def available_confinement() -> Confinement:
    """Return what confines a process on this machine; cheap, and without any effect."""
    if _PLATFORM == "linux":
        from dataselect_gui.sandbox import landlock, seccomp

        version, has_filter = landlock.version(), seccomp.available()
        means = [f"Landlock {version}"] if version else []
        means += ["seccomp"] if has_filter else []
        return Confinement(bool(version), has_filter, has_filter, tuple(means), is_tested=True)
    if _PLATFORM == "darwin":
        from dataselect_gui.sandbox import seatbelt

        holds = seatbelt.available()
        return Confinement(holds, holds, holds, ("Seatbelt",) if holds else (), is_tested=False)
    return Confinement(files=False, network=False, processes=False, means=(), is_tested=False)


def confine(grant: Grant) -> None:
    """Confine this process for good. No other thread may have been started yet.

    Parameters
    ----------
    grant : Grant
        What it may reach.

    Raises
    ------
    ConfinementError
        Where there are threads already, or the system refuses what `available_confinement` says that
        it has.
    """
    global _done
    holds = available_confinement()
    try:
        if _PLATFORM == "linux":
            _confine_linux(grant, holds)
        elif _PLATFORM == "darwin" and holds.files:
            from dataselect_gui.sandbox import seatbelt

            seatbelt.restrict(*_paths(grant))
    except OSError as error:
        raise ConfinementError(error.strerror or type(error).__name__) from None
    _done = True


def _confine_linux(grant: Grant, holds: Confinement) -> None:
    import resource

    from dataselect_gui.sandbox import landlock, seccomp
    from dataselect_gui.sandbox.libc import prctl

    if len(list(Path("/proc/self/task").iterdir())) != 1:  # They would go on unconfined.
        raise ConfinementError("There are threads already")
    files = min(_MOST_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    prctl(4, 0)  # PR_SET_DUMPABLE: nobody reads its memory, and nothing is left of it.
    if holds.files:
        landlock.restrict(*_paths(grant))
    if holds.network:
        seccomp.install()


def _paths(grant: Grant) -> tuple[list[Path], list[Path]]:
    """Return what may be read, and what may be written."""
    private = [real(Path(name)) for name in grant.private]
    # Not resolved: a link in what is private cannot open more of it.
    exempt = list(map(Path, grant.not_private))
    read = [*system_paths.readable(Path(grant.home)), *map(Path, grant.read)]
    write = [*system_paths.devices(), *map(Path, grant.write)]
    return (
        [part for path in read for part in _allowed(path, private, exempt)],
        [part for path in write for part in _allowed(path, private, exempt)],
    )


def _allowed(path: Path, private: list[Path], exempt: list[Path]) -> Iterator[Path]:
    """Yield what a named path stands for."""
    if any(real(path).is_relative_to(folder) for folder in exempt):
        yield path
    else:
        yield from _without(path, private)


def _without(path: Path, private: list[Path]) -> Iterator[Path]:
    """Yield what a path stands for; of a folder that holds something private, all but that."""
    whole = real(path)
    if any(whole.is_relative_to(other) for other in private):
        return
    if not any(other.is_relative_to(whole) for other in private):
        yield path
        return
    try:
        entries = sorted(whole.iterdir())
    except OSError:
        return
    for entry in entries:
        if not entry.is_symlink():
            yield from _without(entry, private)


def _listed(parts: list[str]) -> str:
    *others, last = parts
    return _("{others} and {last}", others=", ".join(others), last=last) if others else last

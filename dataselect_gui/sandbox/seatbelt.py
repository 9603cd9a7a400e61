"""Confine a process on macOS (Seatbelt). Not tested: written after the profiles that come with macOS.

Whatever a person may own is closed, and what the job names is open again: the last rule that fits
decides. Network, other programs and signals to others are refused altogether.
"""

import ctypes
from collections.abc import Iterable
from pathlib import Path

from dataselect_gui.sandbox.system_paths import real

_LIBRARY = "/usr/lib/libSystem.B.dylib"
_PERSONAL = ("/Users", "/Volumes", "/private/tmp", "/private/var/folders", "/Network")
_PROFILE = """(version 1)
(allow default)
(deny network*)
(deny process-fork)
(deny process-exec*)
(deny signal (target others))
(deny mach-priv-task-port)
(deny file-write*)
(deny file-read* {personal})
(allow file-read* {read})
(allow file-read* file-write* {write})
"""


def available() -> bool:
    """Say whether the system has it."""
    return hasattr(ctypes.CDLL(_LIBRARY), "sandbox_init")


def restrict(read: Iterable[Path], write: Iterable[Path]) -> None:
    """Confine this process for good.

    Parameters
    ----------
    read, write : iterable of Path
        What may be read; what may be read and written.

    Raises
    ------
    OSError
        Where the system refuses.
    """
    library = ctypes.CDLL(_LIBRARY)
    refused = ctypes.c_char_p()
    written = profile(read, write).encode()
    if library.sandbox_init(written, ctypes.c_uint64(0), ctypes.byref(refused)) != 0:
        raise OSError(0, "The system refused to confine the process")


def profile(read: Iterable[Path], write: Iterable[Path]) -> str:
    """Return the rules, in the system's own language."""
    return _PROFILE.format(
        personal=_places(map(Path, _PERSONAL)), read=_places(read), write=_places(write)
    )


def _places(paths: Iterable[Path]) -> str:
    """Name files and folders, with all that is in them; a name's quotes and strokes are escaped."""
    names = [str(real(path)).replace("\\", "\\\\").replace('"', '\\"') for path in paths]
    return " ".join(f'(subpath "{name}")' for name in names) or '(literal "/dev/null")'

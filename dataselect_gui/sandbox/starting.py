"""Start a process that confines itself: what it inherits is a pipe each way and few variables."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dataselect_gui.sandbox.confining import Grant

_KEPT = frozenset(
    {
        # Words and time.
        "LANG",
        "LANGUAGE",
        "TZ",
        # Where the interpreter and its libraries are.
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONUTF8",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "CUDA_HOME",
        "CUDA_PATH",
        # Of Windows itself: nothing starts without.
        "PATH",
        "SYSTEMROOT",
        "WINDIR",
        "COMSPEC",
        "NUMBER_OF_PROCESSORS",
    }
)
_END_SECONDS = 30
_KEPT_BEGINNINGS = (
    "LC_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "KMP_",
    "CUDA_",
    "NVIDIA_",
    "PYTORCH_",
    "HSA_",
    "MALLOC_",
    "THP_",
)


def command(flag: str) -> list[str]:
    """Return the command that starts this program anew, for a job."""
    if getattr(sys, "frozen", False):
        return [sys.executable, flag]
    # -P: a file in the current folder must not pass for a library.
    return [sys.executable, "-P", "-m", "dataselect_gui", flag]


def start(
    arguments: list[str], grant: Grant, scratch: Path | None, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start a process, and tell it what it may reach.

    Parameters
    ----------
    arguments : list of str
        Of the command, as `command` returns them.
    grant : Grant
        What it may reach; the first line that it reads.
    scratch : Path or None
        A folder of its own for whatever its libraries put into the home or among temporary files;
        None where they put nothing anywhere.
    environment : mapping
        Variables that it needs beside the usual ones.

    Raises
    ------
    OSError
        Where it cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603  (our own program)
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, **_inherited(), **_places(scratch)},
        # The current folder is a person's.
        cwd=scratch or Path(sys.executable).anchor,
        # Without the terminal's signals.
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        process.stdin.write(grant.to_line().encode())
        process.stdin.flush()
    except OSError:  # It died at once; reading its messages will show that.
        pass
    except BaseException:
        process.kill()
        raise
    return process


@contextmanager
def attended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End the conversation with a process afterwards, and wait for its end; after an error, kill it."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield
    except BaseException:
        process.kill()
        raise
    finally:
        with suppress(OSError):  # It died before it had read all that was written.
            process.stdin.close()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:  # It sent its last message, and does not exit.
            process.kill()
            process.wait()
        process.stdout.close()


def _inherited() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _KEPT or name.upper().startswith(_KEPT_BEGINNINGS)
    }
    if "PYTHONPATH" in kept:  # It may count from the folder that is left.
        parts = kept["PYTHONPATH"].split(os.pathsep)
        kept["PYTHONPATH"] = os.pathsep.join(str(Path(part).absolute()) for part in parts if part)
    return kept


def _places(scratch: Path | None) -> dict[str, str]:
    """Return variables that lead libraries away from the person's home, to which they had no access."""
    place = str(scratch) if scratch is not None else f"{os.sep}nonexistent"
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TMP", "TEMP"), place)
    return {**homes, "USER": "dataselect", "LOGNAME": "dataselect", "HF_HUB_OFFLINE": "1"}

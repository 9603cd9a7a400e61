"""The results of a study on disk: one small file each, so that a study goes on where it was stopped."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from dataselect_gui.errors import OtherStudyError, UnusableError
from dataselect_gui.permissions import FILE_MODE, check_above, close_folder, make_folder, replacing
from dataselect_gui.project.files import write_json
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.texts import _

SETTING, PLAN, PAGE = "setting.json", "plan.json", "page.html"
FINDINGS, TABLE = "findings.json", "table.csv"
FIGURES, RESULTS = "figures", "results"
Result = TypeVar("Result")


class Store:
    """The folder of one study.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    setting : mapping
        What all results depend on: records, checkpoint, start, and how is trained; of a study that was
        begun, some of it.

    Raises
    ------
    UnusableError
        Where the folder holds a study in another setting, or something else.
    """

    def __init__(self, folder: Path, setting: Mapping[str, object]) -> None:
        self.folder = folder
        try:
            was_begun = is_begun(folder, setting)
            check_above(folder)
            make_folder(folder / RESULTS)
            close_study(folder)
            if not was_begun:
                write_json(folder / SETTING, setting)
        except OSError as error:
            raise UnusableError(
                _("“{name}” cannot be written.", name=folder.name),
                error.strerror or _("The disk refused."),
                _("Make room there or ask for access, and try again."),
            ) from None
        self._lock = FileLock(folder / ".lock", timeout=0, mode=FILE_MODE)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the study for writing.

        Raises
        ------
        UnusableError
            Where another process holds it.
        """
        try:
            with self._lock:
                yield
        except Timeout:
            raise UnusableError(
                _("The study “{name}” is in use.", name=self.folder.name),
                _("Another process works on it."),
                _("Wait until it has finished, or stop it."),
            ) from None

    def has(self, name: str) -> bool:
        """Say whether there is a result of that name."""
        return self._path(name).is_file()

    def read(self, name: str, kind: type[Result]) -> Result:
        """Return a result of a kind.

        Raises
        ------
        UnusableError
            Where it is damaged.
        """
        return read_as(self._path(name), kind)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Return the arrays of a result."""
        with np.load(self._path(name).with_suffix(".npz"), allow_pickle=False) as stored:
            return dict(stored)

    def write(self, name: str, result: object, **arrays: NDArray[Any]) -> None:
        """Keep a result; once its file is there, so are its arrays."""
        if arrays:
            content = io.BytesIO()
            np.savez_compressed(content, allow_pickle=False, **arrays)
            with replacing(self._path(name).with_suffix(".npz")) as file:
                file.write(content.getvalue())
        write_json(self._path(name), msgspec.to_builtins(result))

    def _path(self, name: str) -> Path:
        return self.folder / RESULTS / f"{name}.json"


def close_study(folder: Path) -> None:
    """Close a study that is there to other accounts.

    Raises
    ------
    UnusableError
        Where others own something in it, or may exchange it.
    """
    own = (SETTING, PLAN, PAGE, FINDINGS, TABLE, FIGURES, RESULTS, ".lock")
    there = [folder / name for name in own if (folder / name).exists()]
    close_folder(folder, [*there, *folder.glob(".*.partial")])


def is_begun(folder: Path, setting: Mapping[str, object]) -> bool:
    """Say whether a folder holds a study in a setting, or may take one.

    Parameters
    ----------
    folder : Path
        Where a study is, or would be.
    setting : mapping
        What is known of its setting.

    Raises
    ------
    UnusableError
        Where the folder holds a study in another setting, or something else.
    """
    if (folder / SETTING).is_file():
        known = read_json(folder / SETTING)
        close_study(folder)
        if any(known.get(name) != value for name, value in setting.items()):
            raise other_study(folder)
        return True
    if folder.exists() and any(folder.iterdir()):
        raise UnusableError(
            _("“{name}” holds something else.", name=folder.name),
            _("A study is written to a new folder, or goes on in its own."),
            _("Name another folder with --to."),
        )
    return False


def read_json(path: Path) -> dict[str, object]:
    """Return what a file of a study holds.

    Raises
    ------
    UnusableError
        Where it is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise damaged(path)
    return content


def other_study(folder: Path) -> OtherStudyError:
    """Return what is told of a folder that holds a study in another setting."""
    return OtherStudyError(
        _("“{name}” holds a study of something else.", name=folder.name),
        _("Its records, checkpoint, start or number of records differ from these."),
        _("Name another folder with --to."),
    )


def stored_rule(labels: LabelRule) -> object:
    """Return how labels are read, as a file of a study holds it; None for the usual way."""
    return None if labels == LabelRule() else msgspec.to_builtins(labels)


def read_as(path: Path, kind: type[Result]) -> Result:
    """Read a file of a study as a kind of result.

    Raises
    ------
    UnusableError
        Where it is damaged.
    """
    try:
        return msgspec.convert(read_json(path), kind)
    except msgspec.ValidationError:
        raise damaged(path) from None


def damaged(path: Path) -> UnusableError:
    """Return what is told of a file of a study that is not what the program wrote."""
    return UnusableError(
        _("“{name}” of the study is damaged.", name=path.name),
        _("It is not what the program wrote."),
        _("Delete that file; the same command makes it again."),
    )

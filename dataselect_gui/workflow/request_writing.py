"""Write a request: ``dataselect.json``, and the file of its calibration beside it."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.calibration import Calibration
from dataselect_gui.checkpoints.json_file import LARGEST, JsonObject, parse_object
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.request import FILE_NAME, faults_of, request_of
from dataselect_gui.errors import UnusableError, file_refused
from dataselect_gui.permissions import replacing
from dataselect_gui.texts import _

OWN_FILE = re.compile(r"calibration-[0-9a-f]{12}\.safetensors")
"""What `file_of` calls a calibration's file."""


@dataclass(frozen=True)
class CalibrationFound:
    """A calibration that is not written yet.

    Attributes
    ----------
    calibration : Calibration
        As the request is to state it.
    file : bytes or None
        The content of the file that it names; None where it names none.
    rule : dict or None
        As the request is to state it; None where no class has a threshold.
    bounds : dict
        Score → its bounds.
    rows : int
        How many rows were given.
    warnings : list of str
        What the consortium should know before it hands the request over; for itself alone.
    """

    calibration: Calibration
    file: bytes | None
    rule: dict[str, object] | None
    bounds: dict[str, tuple[float, float]]
    rows: int
    warnings: list[str]


@dataclass(frozen=True)
class PreparedRequest:
    """A request as it is to be written, beside what is there.

    Attributes
    ----------
    folder : Path
        Where it is written.
    before : dict or None
        What is there; None for nothing.
    content : dict
        What is to be there.
    calibrated : CalibrationFound or None
        The calibration that is written with it; None for none.
    warnings : sequence of str
        What the consortium should know of the rest of the request before it writes it.
    """

    folder: Path
    before: JsonObject | None
    content: JsonObject
    calibrated: CalibrationFound | None = None
    warnings: Sequence[str] = ()

    @property
    def path(self) -> Path:
        """The ``dataselect.json``."""
        return self.folder / FILE_NAME

    @property
    def file(self) -> Path | None:
        """The calibration's file beside it; None where none is written."""
        name = None if self.calibrated is None else self.calibrated.calibration.file
        return None if name is None else self.folder / name

    @property
    def former_file(self) -> Path | None:
        """The file of the former calibration, which goes; None where there is none to go."""
        former = (self.before or {}).get("calibration")
        name = former.get("file") if self.calibrated is not None and isinstance(former, dict) else None
        if not isinstance(name, str) or not OWN_FILE.fullmatch(name):
            return None
        if self.folder / name == self.file or self.content.get("direction") == name:
            return None
        return self.folder / name

    @property
    def faults(self) -> dict[str, str]:
        """Key → why it cannot be used."""
        return faults_of(self.content)

    @property
    def added(self) -> list[str]:
        """What was not there, as keys; of bounds, each score's are a part of its own."""
        return sorted(parts_of(self.content).keys() - parts_of(self.before).keys())

    @property
    def removed(self) -> list[str]:
        """What will not be there any more."""
        return sorted(parts_of(self.before).keys() - parts_of(self.content).keys())

    @property
    def replaced(self) -> list[str]:
        """What will be there with another value."""
        return [name for name in self._shared() if not self._is_same(name)]

    @property
    def kept(self) -> list[str]:
        """What stays as it is."""
        return [name for name in self._shared() if self._is_same(name)]

    def _shared(self) -> list[str]:
        return sorted(parts_of(self.before).keys() & parts_of(self.content).keys())

    def _is_same(self, part: str) -> bool:
        # As they are written: the digest tells 1 from 1.0.
        return json.dumps(parts_of(self.before)[part]) == json.dumps(parts_of(self.content)[part])


def parts_of(content: JsonObject | None) -> dict[str, object]:
    """Return a request's keys and their values, the bounds of each score as a part of its own."""
    parts = dict(content or {})
    bounds = parts.get("bounds")
    if isinstance(bounds, dict):
        del parts["bounds"]
        parts |= {f"bounds.{score}": pair for score, pair in bounds.items()}
    return parts


def class_names_of(reader: LabelReader) -> list[str]:
    """Return what the classes are called in a calibration: their names, or else their numbers.

    Raises
    ------
    UnusableError
        Where the checkpoint does not say how many there are, or calls two of them the same.
    """
    names = list(reader.class_names) or [str(index) for index in range(reader.outputs)]
    if len(names) < 2:
        raise UnusableError(
            _("The checkpoint does not say what its classes are."),
            _("Neither id2label nor num_labels stands in its config.json."),
            _("Add id2label to the config.json."),
        )
    if len(set(names)) < len(names):
        raise UnusableError(
            _("Two classes of the checkpoint have one name."),
            _("A threshold of that name would be one of both."),
            _("Give every class a name of its own in the config.json."),
        )
    return names


def file_of(tensors: Mapping[str, NDArray[np.generic]]) -> tuple[str | None, bytes | None]:
    """Return the name and the content of a calibration's file; None twice where it needs none.

    The name follows from the content.
    """
    from safetensors.numpy import save

    if not tensors:
        return None, None
    saved = save(dict(tensors))
    return f"calibration-{hashlib.sha256(saved).hexdigest()[:12]}.safetensors", saved


def request_content(folder: Path) -> JsonObject | None:
    """Return the request of a folder as it is written; None where there is none.

    Raises
    ------
    UnusableError
        Where it cannot be read.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return parse_object(file.read(LARGEST + 1))
    except (OSError, ValueError) as error:
        why = str(error) if isinstance(error, ValueError) else _("It cannot be read.")
        raise UnusableError(
            _("The request that is there cannot be read."), why, _("Mend it, or take it away.")
        ) from None


def write_prepared(prepared: PreparedRequest) -> None:
    """Write a request and the file of its calibration; the former calibration's file goes.

    Raises
    ------
    UnusableError
        Where the request that is there is no longer what it was, or the disk refuses.
    """
    folder, calibrated = prepared.folder, prepared.calibrated
    if request_content(folder) != prepared.before:
        raise UnusableError(
            _("The request was not written."),
            _("Another program changed {file} meanwhile.", file=FILE_NAME),
            _("Look at what is there now, and write again."),
        )
    request_of(prepared.content)  # What is written can be read.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if calibrated is not None and calibrated.file is not None and prepared.file is not None:
            with replacing(prepared.file) as file:
                file.write(calibrated.file)
        write_request(folder, prepared.content)
        if prepared.former_file is not None:
            prepared.former_file.unlink(missing_ok=True)
    except OSError as error:
        raise file_refused(folder.name, error) from None


def write_request(folder: Path, content: Mapping[str, object]) -> Path:
    """Write a request whole, in place of the one that is there.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    path = folder / FILE_NAME
    with replacing(path) as file:
        file.write((json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    return path

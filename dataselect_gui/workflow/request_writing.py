"""Write a request: ``dataselect.json``, and the file of its calibration beside it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from dataselect_gui.checkpoints.calibration import Calibration
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import request_folder
from dataselect_gui.checkpoints.request import FILE_NAME, read_request, request_of
from dataselect_gui.errors import UnusableError, file_refused
from dataselect_gui.paths import resolved
from dataselect_gui.permissions import replacing
from dataselect_gui.texts import _

_OWN_FILE = re.compile(r"calibration-[0-9a-f]{12}\.safetensors")


@dataclass(frozen=True)
class WrittenCalibration:
    """What was written.

    Attributes
    ----------
    request : Path
        The ``dataselect.json``.
    file : Path or None
        The file beside it.
    calibration : Calibration
        As the request states it.
    """

    request: Path
    file: Path | None
    calibration: Calibration


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


def write_calibration(
    checkpoint: Checkpoint,
    out: Path | None,
    calibration: Calibration,
    rule: dict[str, object] | None,
    bounds: Mapping[str, tuple[float, float]],
    tensors: Mapping[str, NDArray[np.generic]],
) -> WrittenCalibration:
    """Write a calibration into a request; other keys stay as they are.

    Parameters
    ----------
    checkpoint : Checkpoint
        Whose request it is.
    out : Path or None
        The folder that is written to; None for that of the checkpoint's request.
    calibration : Calibration
        What is stated; its file gets a name that follows from its content.
    rule : dict or None
        Takes the place of an earlier rule; None leaves what there is.
    bounds : mapping
        Added to those that there are.
    tensors : mapping
        What goes into the file; without any there is none.

    Raises
    ------
    UnusableError
        Where the disk refuses, or the request that is there cannot be read.
    """
    from safetensors.numpy import save

    home = request_folder(checkpoint.path)
    folder = home if out is None else resolved(out)
    request = read_request(folder) if (folder / FILE_NAME).is_file() else checkpoint.request
    earlier = None if request.calibration is None else request.calibration.file
    saved = save(dict(tensors)) if tensors else None
    name = None
    if saved is not None:
        name = f"calibration-{hashlib.sha256(saved).hexdigest()[:12]}.safetensors"
    calibration = replace(calibration, file=name)
    content = dict(request.content)
    content["calibration"] = msgspec.to_builtins(calibration)
    if rule is not None:
        content["rule"] = rule
    stated = content.get("bounds")
    if bounds:
        content["bounds"] = {
            **(stated if isinstance(stated, dict) else {}),
            **{score: list(pair) for score, pair in bounds.items()},
        }
    request_of(content)  # What is written can be read.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if name is not None and saved is not None:
            with replacing(folder / name) as file:
                file.write(saved)
        write_request(folder, content)
        if earlier is not None and earlier != name and _OWN_FILE.fullmatch(earlier):
            (folder / earlier).unlink(missing_ok=True)
    except OSError as error:
        raise file_refused(folder.name, error) from None
    return WrittenCalibration(folder / FILE_NAME, None if name is None else folder / name, calibration)


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

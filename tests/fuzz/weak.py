"""Parsers with the mistakes that were once made here, as small as they can be: all must be caught."""

import csv
import ctypes
import hashlib
import io
import json
import math
import os
import socket
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dataselect_gui.records.source import UnreadableRecordError
from tests.fuzz import png
from tests.fuzz.targets import (
    BrokenPromiseError,
    holds_nothing_else,
    is_covered,
    is_no_formula,
    is_plain,
)

_MOST_PIXELS = 89_478_485


@dataclass(frozen=True)
class Defect:
    """A parser with a mistake.

    Attributes
    ----------
    kind : str
        The kind of input that it reads.
    target : callable
        Gives it an input.
    seen : tuple of str
        The outcomes of which one must be found.
    """

    kind: str
    target: Callable[[Path], None]
    seen: tuple[str, ...]


def _program(folder: Path) -> Any:  # noqa: ANN401  (an exported program)
    """Load a graph as it is."""
    import torch

    try:
        return torch.export.load(folder / "model.pt2")
    except (Exception, SystemExit) as error:
        raise UnreadableRecordError(type(error).__name__) from error


def _imports(folder: Path) -> None:
    _program(folder)


def _calls(part: str) -> Callable[[Path], None]:
    def target(folder: Path) -> None:
        for node in _program(folder).graph.nodes:
            if part in str(node.target):
                raise BrokenPromiseError("The model calls an operation that is not allowed.")

    return target


def _declared_shape(folder: Path) -> None:
    """Multiply what a shape lists, whatever that is."""
    try:
        content = (folder / "model.safetensors").read_bytes()
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        header.pop("__metadata__", None)
        for tensor in header.values():
            count = 1
            for side in tensor["shape"]:
                count *= side
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableRecordError("damaged") from error


def _unpacked_members(folder: Path) -> None:
    """Unpack what the directory lists, however often it lists the same place."""
    try:
        with zipfile.ZipFile(folder / "model.pt2") as archive:
            _ = [archive.read(info) for info in archive.infolist()]
    except Exception as error:
        raise UnreadableRecordError("damaged") from error


def _pixels_alone(folder: Path) -> None:
    """Hold nothing but the number of pixels against what can be unpacked."""
    (file,) = folder.iterdir()
    try:
        with Image.open(file) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise UnreadableRecordError("too large")
            image.load()
    except Exception as error:
        raise UnreadableRecordError("damaged") from error


def _stated(folder: Path) -> dict[str, Any]:
    try:
        stated = json.loads((folder / "dataselect.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableRecordError("no JSON") from error
    if not isinstance(stated, dict):
        raise UnreadableRecordError("no object")
    return stated


def _steps(folder: Path) -> None:
    steps = _stated(folder).get("steps")
    if isinstance(steps, int) and steps >= 1:
        float(steps)


def _rates(folder: Path) -> None:
    """Check that numbers are positive, not that they are below one."""
    stated = _stated(folder)
    rate, delta = stated.get("sample_rate"), stated.get("delta")
    if all(isinstance(number, int | float) and 0 < number < 1e300 for number in (rate, delta)):
        math.log1p(-float(rate or 0))


def _names_of_chunks(folder: Path) -> None:
    """Look at which chunks there are, not at what is in them."""
    (file,) = folder.iterdir()
    stored = file.read_bytes()
    try:
        with Image.open(io.BytesIO(stored), formats=["PNG"]) as image:
            image.load()
    except Exception as error:
        raise UnreadableRecordError("damaged") from error
    kinds = [kind for kind, _ in png.read_chunks(stored)]
    ends_there = png.write_chunks(png.read_chunks(stored)) == stored
    if (
        ends_there
        and set(kinds) <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
        and kinds[-1] == b"IEND"
    ):
        holds_nothing_else("png", stored)


def _one_processor(folder: Path) -> None:
    """Cover one file by the digest, and let a library prefer another."""
    from transformers import AutoImageProcessor

    try:
        loaded = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
        image = Image.fromarray(np.arange(14 * 20, dtype=np.uint8).reshape(14, 20))
        made = np.asarray(loaded(images=image, return_tensors="np")["pixel_values"])
    except Exception as error:
        raise UnreadableRecordError("unusable") from error
    covered = (folder / "config.json").read_bytes() + (folder / "preprocessor_config.json").read_bytes()
    is_covered(hashlib.sha256(covered).hexdigest(), made.tobytes())


def _labels(folder: Path) -> list[str]:
    try:
        with (folder / "metadata.csv").open(encoding="utf-8-sig", newline="") as file:
            return [row.get("label") or "" for row in csv.DictReader(file)]
    except (ValueError, csv.Error) as error:
        raise UnreadableRecordError("no CSV") from error


def _written_as_they_are(folder: Path) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([label] for label in _labels(folder))
    is_no_formula(written.getvalue())


def _control_characters_alone(folder: Path) -> None:
    controls = dict.fromkeys({*range(32), 127, *range(128, 160)} - {9, 10}, "�")
    for label in _labels(folder):
        is_plain(label.translate(controls))


def _folder_by_folder(folder: Path) -> None:
    """Go into each folder by a call of itself."""
    for entry in os.scandir(folder):
        if entry.is_dir():
            _folder_by_folder(Path(entry.path))


def _leaves(_: Path) -> None:
    """Open a file and a socket by system calls of which Python is told nothing."""
    system = ctypes.CDLL(None)
    os.close(system.open(b"/etc/hostname", os.O_RDONLY))
    os.close(system.socket(socket.AF_INET, socket.SOCK_DGRAM, 0))


CONTROL = "leaves its job"
DEFECTS = {
    CONTROL: Defect("window", _leaves, ()),
    "a specification imports a module": Defect("pt2-graph", _imports, ("escape",)),
    "a sparse operation is allowed": Defect("pt2-graph", _calls("sparse"), ("broken",)),
    "uninitialised memory is allowed": Defect("pt2-graph", _calls("aten.empty"), ("broken",)),
    "a shape is multiplied unread": Defect("safetensors", _declared_shape, ("memory", "crash")),
    "members of an archive overlap": Defect("pt2-archive", _unpacked_members, ("memory",)),
    "a tile may have any size": Defect("tiff", _pixels_alone, ("memory",)),
    "scans are not counted": Defect("jpeg", _pixels_alone, ("hang",)),
    "steps without an upper bound": Defect("request", _steps, ("crash",)),
    "rates above one": Defect("request", _rates, ("crash",)),
    "data behind the pixels of a PNG": Defect("png", _names_of_chunks, ("broken",)),
    "a processor that no digest covers": Defect("processor", _one_processor, ("broken",)),
    "formulas in a table": Defect("metadata-csv", _written_as_they_are, ("broken",)),
    "texts that turn what is around them": Defect(
        "metadata-csv", _control_characters_alone, ("broken",)
    ),
    "folders in folders in folders": Defect("metadata-csv", _folder_by_folder, ("crash",)),
}

"""Records below ``data`` in a bundle, and how a file of it is written.

Everything follows from the draw and the records, so that the same release written twice gives the same
bytes. Records are in the order of their random names.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import DecodingProcess
from dataselect_gui.records.source import ChangedRecordError, FloatArray, UnreadableRecordError
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.clean import encode

DATA = "data/train"
LISTING = f"{DATA}/metadata.jsonl"
ARRAYS = f"{DATA}/records.npz"


@dataclass(frozen=True)
class Written:
    """What was written below ``data``.

    Attributes
    ----------
    listing : str
        The relative path of the file that lists the content.
    sums : dict
        Relative path → SHA-256 of every file.
    """

    listing: str
    sums: dict[str, str]


def write_records(
    folder: Path,
    candidates: Candidates,
    names: dict[int, str],
    report: Callable[[int, int], None],
) -> Written:
    """Write records into a bundle's folder.

    Parameters
    ----------
    folder : Path
        The bundle's.
    candidates : Candidates
        The records.
    names : dict
        Place of a record → its random name.
    report : callable
        Called with the numbers of records written and to write.
    """
    (folder / DATA).mkdir(parents=True)
    ordered = sorted(names.items(), key=lambda item: item[1])
    place, labels = f"{folder / DATA}/", candidates.index.labels

    sums: dict[str, str] = {}
    lines: list[str] = []
    arrays: list[FloatArray] = []
    # A process that has seen no other records than those that leave: it can smuggle none into them.
    with DecodingProcess() as decoding:
        # One after the other: threads that hand the interpreter's lock to and fro take twice as long.
        for number, (row, name) in enumerate(ordered, start=1):
            extension, content = _record(candidates, row, decoding)
            if isinstance(content, bytes):
                file = f"{name}.{extension}"
                write_new(place + file, content)
                sums[f"{DATA}/{file}"] = hashlib.sha256(content).hexdigest()
                lines.append(listing_line(file, labels[row]))
            else:
                arrays.append(content)
            report(number, len(ordered))
    if arrays:
        written = io.BytesIO()
        np.savez_compressed(
            written, x=np.stack(arrays), y=np.array([labels[row] or "" for row, _ in ordered])
        )
        return write_file(folder, ARRAYS, written.getvalue())
    # The names have one length, so the order of the lines is theirs.
    listing = write_file(folder, LISTING, "".join(lines).encode())
    return Written(LISTING, {**sums, **listing.sums})


def listing_line(file_name: str, label: str | None) -> str:
    """Return the line by which a record is listed."""
    return json.dumps({"file_name": file_name, "label": label}, ensure_ascii=False) + "\n"


def _record(
    candidates: Candidates, row: int, decoding: DecodingProcess
) -> tuple[str, bytes | FloatArray]:
    """Read a record that leaves: the extension and the content of its file, or its numbers."""
    source = candidates.source
    try:
        stored = candidates.records.read(row)
        if source.kind == "images":
            return decoding.clean(stored)
        content = source.decode(stored)
        return encode(content) if isinstance(content, Image.Image) else ("", content)
    except ChangedRecordError:
        raise UnusableError(
            "The release was not written.",
            "A record changed after the release was reserved; its cost counts all the same.",
            "Put the records back as they were and give the same command again, or score them "
            "again for another release.",
        ) from None
    except UnreadableRecordError as error:
        raise UnusableError(
            "The release was not written.",
            f"A record cannot be written: {error} The release was reserved, and its cost counts.",
            "Give the same command again: it finishes the same release and costs nothing more.",
        ) from None


def write_file(folder: Path, name: str, content: bytes) -> Written:
    """Write a file that lists the content of a bundle."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_new(str(folder / name), content)
    return Written(name, {name: hashlib.sha256(content).hexdigest()})


def write_new(path: str, content: bytes) -> None:
    """Write a file that is not there yet."""
    with open(path, "xb", buffering=0) as file:  # noqa: PTH123  (a Path for each of a million files)
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]

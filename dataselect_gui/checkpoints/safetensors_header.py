"""Read the header of a safetensors file, and hold every number in it against the file itself.

A header promises shapes; memory is taken by what it promises. So each tensor's shape must come to the
bytes that are set aside for it, and these must fill the file from end to end, without a gap and without
sharing any: then nothing that is allocated for them can be larger than the file.

The library's own `safe_open` is no substitute: it takes a tensor that is named twice, keys that it does
not know and shapes of a thousand sides, and has all of a header in memory before it can be asked.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.json_file import LARGEST, parse_object
from dataselect_gui.texts import _

BYTES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
}
"""By its name in the header, how many bytes a number takes. No other kinds are read."""
MOST_TENSORS = 100_000
_MOST_SIDES = 8
_LARGEST_SIDE = 1 << 40


@dataclass(frozen=True)
class StoredTensor:
    """What a header says of one tensor, as far as the file bears it out.

    Attributes
    ----------
    shape : tuple of int
        The sides of its shape.
    elements : int
        How many numbers it holds.
    """

    shape: tuple[int, ...]
    elements: int


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Return the tensors of a safetensors file by their names.

    Raises
    ------
    ValueError
        Where its header is none, or promises something else than the file holds; its message is a
        sentence.
    OSError
        Where the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        prefix = file.read(8)
        length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else size
        if length > min(LARGEST, size - 8):
            raise ValueError(_("Its header cannot be read."))
        header = parse_object(file.read(length))
    header.pop("__metadata__", None)
    if len(header) > MOST_TENSORS:
        raise ValueError(
            _("Its header names more than {most_tensors:,} tensors.", most_tensors=MOST_TENSORS)
        )
    places, tensors = [], {}
    for name, entry in header.items():
        tensor, begin, end = _tensor(entry)
        tensors[name] = tensor
        places.append((begin, end))
    expected = 0
    for begin, end in sorted(places):
        if begin != expected:
            raise ValueError(_("Its header cannot be read: its tensors overlap, or leave gaps."))
        expected = end
    if 8 + length + expected != size:
        raise ValueError(_("Its length is not what its header says."))
    return tensors


def _tensor(entry: Any) -> tuple[StoredTensor, int, int]:  # noqa: ANN401  (any part of JSON)
    """Return one tensor, and where its bytes begin and end."""
    is_known = isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "data_offsets"}
    if not is_known or str(entry["dtype"]) not in BYTES:
        raise ValueError(_("Its header cannot be read."))
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not (_are_sizes(shape) and len(shape) <= _MOST_SIDES and _are_sizes(offsets)):
        raise ValueError(_("Its header cannot be read."))
    elements = math.prod(shape)
    if len(offsets) != 2 or offsets[1] - offsets[0] != elements * BYTES[entry["dtype"]]:
        raise ValueError(_("Its header cannot be read: a shape does not fit its place in the file."))
    return StoredTensor(tuple(shape), elements), offsets[0], offsets[1]


def _are_sizes(numbers: Any) -> bool:  # noqa: ANN401  (any part of JSON)
    return isinstance(numbers, list) and all(
        type(number) is int and 0 <= number <= _LARGEST_SIDE for number in numbers
    )

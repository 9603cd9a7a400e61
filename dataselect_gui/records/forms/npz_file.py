"""Float arrays that leave: one ``.npz`` with the records as ``x`` and their labels as ``y``.

The receiver's check holds the file, byte for byte, against what NumPy writes around the packed numbers.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import numpy as np

from dataselect_gui.errors import FaultError, UnusableError
from dataselect_gui.records.forms import limits
from dataselect_gui.records.forms.form import (
    DATA,
    Leaving,
    Named,
    Size,
    Written,
    WrittenForm,
    write_file,
)
from dataselect_gui.records.forms.image_files import IMAGE_FILES
from dataselect_gui.records.npz import MAX_ROWS, Stored, look_at_arrays
from dataselect_gui.records.source import Source
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import PIXELS

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind

ARRAYS = f"{DATA}/records.npz"
_NO_DATE, _IN_ADDITION, _OWN_FILE, _UNIX = 33, 0xFFFFFFFF, 0o600 << 16, 3
"""What a zip file says where NumPy writes it: of its date, of sizes that follow, of who may read it, of
the system that it was made on."""
_CHUNK = 1 << 20
_SLACK = 1 << 20
"""Bytes that packed numbers may have beyond their own."""
_MOST_LABEL, _LAST_CHARACTER, _HALVES = 4096, 0x10FFFF, (0xD800, 0xDFFF)
"""Characters of a label of an array; the last that there is; those that are only half of one."""


@dataclass(frozen=True)
class NpzFile(WrittenForm):
    """All records in one file of arrays."""

    listing: ClassVar[str] = ARRAYS
    listing_encoding: ClassVar[str] = "application/octet-stream"
    warning: ClassVar[str] = PIXELS
    category: ClassVar[str] = "image-classification"

    @property
    def most_listing(self) -> int:
        """How many bytes the file may have: packed numbers may take more than they are."""
        return limits.MOST_ARRAY_BYTES + (limits.MOST_ARRAY_BYTES >> 8) + _SLACK

    def leaves(self, features: Sequence[str]) -> tuple[Leaving, ...]:
        """Return the one file of arrays. See `WrittenForm`."""
        del features
        fields = (("x", N_("the record itself, in full")), ("y", N_("the label")))
        return (Leaving(ARRAYS, N_("Records"), fields, "x (120, 1, 28, 28), y (120,)"),)

    def sizes(
        self, source: Source, rows: Sequence[int], labels: Sequence[str | None]
    ) -> Iterator[Size]:
        """Yield the size of the arrays. See `WrittenForm`."""
        del rows
        longest = max((len(label or "") for label in labels), default=0)
        size = np.asarray(source.blank).nbytes + 4 * max(longest, 1)
        yield len(labels) * size, limits.MOST_ARRAY_BYTES, _("bytes of records and labels")

    def write(self, folder: Path, kind: "RecordKind", records: Iterable[Named]) -> Written:
        """Write all records and their labels as arrays. See `WrittenForm`."""
        arrays, labels = [], []
        for _name, label, stored in records:
            arrays.append(np.asarray(kind.decode(stored)))
            labels.append(label or "")
        if not arrays:  # There is no shape that an array of them could have.
            return IMAGE_FILES.write(folder, kind, ())
        written = io.BytesIO()
        np.savez_compressed(written, x=np.stack(arrays), y=np.array(labels))
        return write_file(folder, ARRAYS, written.getvalue())

    def count(self, bundle: Path) -> int:
        """Return the number of labels. See `WrittenForm`."""
        with np.load(bundle / ARRAYS, allow_pickle=False) as arrays:
            return len(arrays["y"])

    def labels(self, bundle: Path) -> Iterator[str | None]:
        """Yield those of the second array, where it is as it is to be. See `WrittenForm`."""
        try:
            _look_at_records(bundle / ARRAYS)
        except (FaultError, UnusableError):
            return
        with np.load(bundle / ARRAYS, allow_pickle=False) as arrays:
            yield from map(str, arrays["y"])

    def check(self, bundle: Path) -> str:
        """Say how many records are there. See `WrittenForm`."""
        try:
            arrays = _look_at_records(bundle / ARRAYS)
        except UnusableError as error:
            raise FaultError(error.why) from None
        return ngettext(
            "The array file holds {count:,} record with labels alone.",
            "The array file holds {count:,} records with labels alone.",
            arrays["x"].shape[0],
        )

    def check_metadata(self, bundle: Path) -> str:
        """Say that the file holds nothing but its arrays. See `WrittenForm`."""
        nothing_but_arrays(bundle / ARRAYS)
        return _(
            "The array file holds two arrays, with nothing before, between or behind them. Whether the "
            "numbers themselves, or how they are packed, hide something was not looked for."
        )


NPZ_FILE = NpzFile()


def nothing_but_arrays(file: Path) -> None:
    """Hold an array file, byte for byte, against what NumPy writes around the packed numbers.

    Raises
    ------
    FaultError
        Where it is another.
    """
    directory, place = b"", 0
    arrays = _look_at_records(file)
    if list(arrays) != ["x", "y"]:
        raise FaultError(_("The array file holds more than arrays."))
    with file.open("rb") as stored:
        for array in arrays.values():
            info, name = array.info, array.info.filename.encode()
            sizes = (info.file_size, info.compress_size)
            fields = struct.pack("<HHHHHI", 45, 0, zipfile.ZIP_DEFLATED, 0, _NO_DATE, info.CRC)
            local = struct.pack(
                "<4s14sIIHH", b"PK\3\4", fields, _IN_ADDITION, _IN_ADDITION, len(name), 20
            )
            local += name + struct.pack("<HHQQ", 1, 16, *sizes)
            central = struct.pack("<4sBB14sII", b"PK\1\2", 45, _UNIX, fields, *sizes[::-1])
            central += struct.pack("<5HII", len(name), 0, 0, 0, 0, _OWN_FILE, place)
            directory += central + name
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
            )
            if (
                info.header_offset != place
                or stored.read(len(local)) != local
                or array.header != header.getvalue()
                or not _is_whole(stored, array, _Labels(array) if info.filename == "y.npy" else None)
            ):
                raise FaultError(_("The array file holds more than arrays."))
            place += len(local) + info.compress_size
        end = struct.pack(
            "<4s4HIIH", b"PK\5\6", 0, 0, len(arrays), len(arrays), len(directory), place, 0
        )
        if stored.read(len(directory) + len(end) + 1) != directory + end:
            raise FaultError(_("The array file holds more than arrays."))


def _look_at_records(file: Path) -> dict[str, Stored]:
    """Return the arrays of a file, of which none is unpacked before it is known how large they are."""
    stored = look_at_arrays(file)
    if stored.keys() != {"x", "y"}:
        raise FaultError(_("The array file holds more than records and labels."))
    if sum(array.size for array in stored.values()) > limits.MOST_ARRAY_BYTES:
        raise FaultError(_("The arrays unpack to more than arrays of a bundle do."))
    x, y = stored["x"], stored["y"]
    if (
        x.dtype not in {np.dtype(np.float32), np.dtype(np.float64)}
        or len(x.shape) < 2
        or not x.size
        or x.shape[0] > MAX_ROWS
        or y.shape != x.shape[:1]
        or y.dtype.kind != "U"
        or not 0 < y.dtype.itemsize <= 4 * _MOST_LABEL
    ):
        raise FaultError(_("The array file holds something else than records and labels."))
    return stored


class _Labels:
    """Looks at labels on their way: texts, of which the longest is as long as there is room."""

    def __init__(self, array: Stored) -> None:
        self._width, self._left, self._is_filled = array.dtype.itemsize // 4, b"", False

    def take(self, part: bytes) -> bool:
        """Say whether the next bytes are those of texts."""
        whole = self._left + part
        end = len(whole) // (4 * self._width) * 4 * self._width
        self._left = whole[end:]
        letters = np.frombuffer(whole[:end], dtype="<u4").reshape(-1, self._width)
        self._is_filled = self._is_filled or bool(letters[:, -1].any())
        are_halves = (letters >= _HALVES[0]) & (letters <= _HALVES[1])
        return not (letters > _LAST_CHARACTER).any() and not are_halves.any()

    @property
    def fit(self) -> bool:
        """Whether there is no more room than the longest label needs, or the least that there is."""
        return self._is_filled or self._width == 1


def _is_whole(stored: BinaryIO, array: Stored, labels: _Labels | None) -> bool:
    """Say whether a member's packed bytes unpack to its array and end with it."""
    info, inflating = array.info, zlib.decompressobj(-zlib.MAX_WBITS)
    left, part, header, inflated, checksum = info.compress_size, b"", len(array.header), 0, 0
    while not inflating.eof:
        if not part and left:
            part = stored.read(min(left, _CHUNK))
            left -= len(part)
        piece = inflating.decompress(part, _CHUNK)
        if not piece and not part:
            return False  # Cut off: what was taken in may still be on its way out, but here is nothing.
        checksum = zlib.crc32(piece, checksum)
        numbers = piece[max(0, header - inflated) :]
        inflated += len(piece)
        if inflated > info.file_size or (labels is not None and not labels.take(numbers)):
            return False
        part = inflating.unconsumed_tail
    return (
        inflating.eof
        and not left
        and not inflating.unused_data
        and inflated == info.file_size == header + array.size
        and checksum == info.CRC
        and (labels is None or labels.fit)
    )

"""TIFF: the first image's directory, with the tags that decoding needs (TIFF 6.0)."""

import math
import struct
from dataclasses import dataclass

from dataselect_gui.records.image_formats.bare import (
    MAX_MEMORY,
    MAX_PARTS,
    MAX_PIXELS,
    BareImage,
    too_deep,
    too_large,
    too_many,
    unknown_values,
)
from dataselect_gui.records.image_formats.jpeg import read_jpeg
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _STRIPS, _ORIENTATION = 256, 257, 258, 259, 273, 274
_PHOTOMETRIC, _SAMPLES, _ROWS, _STRIP_BYTES, _PLANES = 262, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_FORMATS, _SUBSAMPLING = 339, 530
_MAX_PIECES = 1 << 16
"""Strips or tiles."""
_MAX_VALUES = {
    _WIDTH: 1, _HEIGHT: 1, _BITS: 8, _COMPRESSION: 1, _PHOTOMETRIC: 1, 266: 1, _STRIPS: _MAX_PIECES,
    _ORIENTATION: 1, _SAMPLES: 1, _ROWS: 1, _STRIP_BYTES: _MAX_PIECES, _PLANES: 1, 292: 1, 293: 1,
    317: 1, 320: 3 << 16, _TILE_WIDTH: 1, _TILE_HEIGHT: 1, _TILES: _MAX_PIECES,
    _TILE_BYTES: _MAX_PIECES, 332: 1, 338: 8, _FORMATS: 8, 347: 1 << 16, 529: 3, _SUBSAMPLING: 2,
    531: 1, 532: 6,
}  # fmt: skip
"""Tag → how many values it may have. Any other tag says nothing that decoding needs."""
_TYPES = {1: "B", 3: "H", 4: "I", 5: "II", 7: "B", 16: "Q"}
"""Type → how one value is stored. Only tables of JPEG are of type 7, only coefficients of type 5."""
_READ = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50000})
"""The compressions that are read. LZMA is none: its header asks for gigabytes."""
_PLAIN, _JPEG = 1, 7
_MAX_SAMPLES, _MAX_BITS = 8, 64
_UNIT, _USUAL_TILE = 16, 1024
"""A tile's sides are multiples of 16; encoders choose one of up to 1024 for the smallest images too."""
_MAX_SEGMENTS = 64
"""Of one strip or tile that is coded as JPEG."""
_UNSIGNED, _SIGNED, _FLOAT = frozenset({1}), frozenset({2}), frozenset({3})
_DEEP = {(16, _UNSIGNED), (16, _SIGNED), (32, _SIGNED), (32, _FLOAT)}
"""Bits and formats of a sample, above 8 bits, that are decoded as they are."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _YCBCR = 0, 1, 6


@dataclass(frozen=True)
class Entry:
    """One tag of a directory: its type, its values' bytes, and where they are stored."""

    type: int
    count: int
    value: bytes
    place: int


@dataclass(frozen=True)
class Directory:
    """The first directory of a file.

    Attributes
    ----------
    order : str
        ``"<"`` or ``">"``: the order of bytes, as `struct` has it.
    entries : dict
        Tag → entry, of the tags that decoding needs.
    others : int
        How many other tags there are.
    start, end : int
        Where the directory itself is stored.
    following : int
        Where the next one is, 0 for none.
    """

    order: str
    entries: dict[int, Entry]
    others: int
    start: int
    end: int
    following: int

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return a tag's values; none where it is not there."""
        entry = self.entries.get(tag)
        if entry is None:
            return ()
        code = _TYPES[entry.type]
        return struct.unpack(f"{self.order}{entry.count * len(code)}{code[0]}", entry.value)

    def number(self, tag: int, default: int | None = None) -> int:
        """Return a tag's one value."""
        values = self.numbers(tag)
        if not values:
            if default is None:
                raise ValueError("a tag is missing")
            return default
        return values[0]


def read_directory(stored: bytes) -> Directory:
    """Read the first directory.

    Raises
    ------
    UnreadableRecordError
        Where a tag promises more than an image needs.
    ValueError, struct.error
        Where it is damaged.
    """
    order = "<" if stored.startswith(b"II") else ">"
    is_big = b"+" in stored[2:4]
    head, counter, entry, pointer = ("8xQ", "Q", "HHQ8s", "Q") if is_big else ("4xI", "H", "HHI4s", "I")
    (start,) = struct.unpack_from(f"{order}{head}", stored)
    (count,) = struct.unpack_from(f"{order}{counter}", stored, start)
    if count > MAX_PARTS:
        raise too_many(_("tags"))
    place = start + struct.calcsize(f"={counter}")
    size, room = struct.calcsize(f"={entry}"), struct.calcsize(f"={pointer}")
    entries: dict[int, Entry] = {}
    for _number in range(count):
        tag, kind, values, field = struct.unpack_from(f"{order}{entry}", stored, place)
        place += size
        if tag not in _MAX_VALUES:
            continue
        if values > _MAX_VALUES[tag]:
            raise too_many(_("values of a tag"))
        if tag in entries or kind not in _TYPES or not values:
            raise ValueError("a tag that no decoder takes")
        length = values * struct.calcsize(f"={_TYPES[kind]}")
        inside = length <= room
        (where,) = (place - room,) if inside else struct.unpack(f"{order}{pointer}", field)
        value = field[:length] if inside else stored[where : where + length]
        if len(value) != length:
            raise ValueError("values behind the end of the file")
        entries[tag] = Entry(kind, values, value, where)
    (following,) = struct.unpack_from(f"{order}{pointer}", stored, place)
    return Directory(order, entries, count - len(entries), start, place + room, following)


def bare(stored: bytes) -> BareImage:
    """Return the first image alone, under a directory of its own with nothing but what it needs."""
    directory = read_directory(stored)
    width, height = directory.number(_WIDTH), directory.number(_HEIGHT)
    image = BareImage("TIFF", b"", width, height)
    image.check()
    compression = directory.number(_COMPRESSION, 1)
    if compression not in _READ:
        raise UnreadableRecordError(
            _(
                "The TIFF is compressed in a way that is not read here; deflate, LZW, PackBits, JPEG, "
                "Zstandard and fax are."
            )
        )
    white_is_zero = _check_values(directory, compression)
    pieces = _Pieces.of(directory, width, height)
    pieces.check(stored, directory, compression)
    working = 0 if compression == _PLAIN else pieces.size
    orientation = directory.number(_ORIENTATION, 1)
    return BareImage(
        "TIFF",
        b"".join(_rewritten(stored, directory, black_is_zero=white_is_zero)),
        width,
        height,
        working,
        orientation if 1 <= orientation <= 8 else 1,
        pieces.unpacked,
        white_is_zero,
    )


def _check_values(directory: Directory, compression: int) -> bool:
    """Refuse samples that Pillow does not read, or takes for others.

    Returns
    -------
    bool
        Whether they are greys of 16 bits that are counted from white: Pillow turns 8 bits alone.
    """
    samples, bits = directory.number(_SAMPLES, 1), max(directory.numbers(_BITS) or (1,))
    if not 1 <= samples <= _MAX_SAMPLES or not 1 <= bits <= _MAX_BITS:
        raise ValueError("samples that no decoder takes")
    if bits > 32 or (samples > 1 and bits > 8):
        raise too_deep()
    photometric = directory.number(_PHOTOMETRIC, 0)
    formats = frozenset(directory.numbers(_FORMATS)) or _UNSIGNED
    is_counted_from_white = directory.numbers(_PHOTOMETRIC) == (_WHITE_IS_ZERO,)
    white_is_zero = (bits, formats) == (16, _UNSIGNED) and is_counted_from_white
    if bits > 8:  # It inverts none of these, and reads 12 bits as if they were 16.
        is_known = (bits, formats) in _DEEP and photometric == _BLACK_IS_ZERO
        if not is_known and not white_is_zero:
            raise unknown_values()
    elif formats != _UNSIGNED:
        raise unknown_values()
    # Uncompressed, it takes it for granted that there are as many samples of colour as of brightness.
    is_ycbcr = photometric == _YCBCR and samples > 1 and compression == _PLAIN
    if is_ycbcr and (directory.numbers(_SUBSAMPLING) or (2, 2)) != (1, 1):
        raise unknown_values()
    return white_is_zero


@dataclass(frozen=True)
class _Pieces:
    """The strips or tiles of an image.

    Attributes
    ----------
    across, down : int
        The pixels of each.
    count : int
        How many there are, over all planes.
    planes : int
        In how many planes the samples lie.
    size : int
        Bytes of each, unpacked.
    unpacked : int
        How many pixels all of them have.
    """

    across: int
    down: int
    count: int
    planes: int
    size: int
    unpacked: int

    @classmethod
    def of(cls, directory: Directory, width: int, height: int) -> "_Pieces":
        """Hold the strips or tiles of a directory against the image."""
        samples, bits = directory.number(_SAMPLES, 1), max(directory.numbers(_BITS) or (1,))
        is_tiled = _is_tiled(directory)
        if is_tiled:
            across, down = directory.number(_TILE_WIDTH), directory.number(_TILE_HEIGHT)
        else:
            across, down = width, min(directory.number(_ROWS, height), height)
        if across < 1 or down < 1:
            raise ValueError("strips or tiles that no decoder takes")
        planes = samples if directory.number(_PLANES, 1) == 2 else 1
        count = math.ceil(width / across) * math.ceil(height / down)
        if count * planes > _MAX_PIECES:
            raise too_many(_("strips or tiles"))
        size = math.ceil(across * bits * (samples // planes) / 8) * down
        if count * planes * size > MAX_MEMORY:
            raise too_large()
        unpacked = count * across * down if is_tiled else width * height
        if unpacked > MAX_PIXELS or any(
            piece > max(math.ceil(side / _UNIT) * _UNIT, _USUAL_TILE)
            for piece, side in ((across, width), (down, height))
        ):
            raise too_many(_("pixels in its tiles"))
        return cls(across, down, count * planes, planes, size, unpacked)

    def check(self, stored: bytes, directory: Directory, compression: int) -> None:
        """Hold the strips or tiles against what is stored of them."""
        is_tiled = _is_tiled(directory)
        places = directory.numbers(_TILES if is_tiled else _STRIPS)
        if len(places) != self.count:
            raise ValueError("not as many strips or tiles as the image needs")
        if compression == _PLAIN:
            if not is_tiled and directory.number(_HEIGHT) // self.down * self.size > len(stored):
                raise ValueError("fewer pixels than the header says")
            return
        lengths = directory.numbers(_TILE_BYTES if is_tiled else _STRIP_BYTES)
        if not lengths and self.count == 1:
            lengths = (len(stored) - places[0],)
        if len(lengths) != self.count:
            raise ValueError("strips or tiles whose lengths are not known")
        end = 0
        for place, length in sorted(zip(places, lengths, strict=True)):
            if place < end:
                raise UnreadableRecordError(
                    _("Strips or tiles of the TIFF share bytes: it may be made to waste time.")
                )
            end = place + length
            if compression == _JPEG:
                self._check_jpeg(stored[place:end])

    def _check_jpeg(self, coded: bytes) -> None:
        """Refuse a strip or tile that a decoder passes over more than once."""
        jpeg = read_jpeg(coded, _MAX_SEGMENTS)
        if not jpeg.is_sequential or jpeg.scan_count != 1:
            raise too_many(_("scans in its strips or tiles"))
        if jpeg.width > self.across or jpeg.height > self.down:
            raise ValueError("a strip or tile of another size than the header says")


def _is_tiled(directory: Directory) -> bool:
    """Say whether an image lies in tiles. Decoders differ where there are marks of both."""
    is_tiled = not directory.entries.keys().isdisjoint({_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES})
    if is_tiled and not directory.entries.keys().isdisjoint({_STRIPS, _STRIP_BYTES}):
        raise ValueError("both strips and tiles")
    return is_tiled


def _rewritten(stored: bytes, directory: Directory, *, black_is_zero: bool) -> list[bytes]:
    """Return the file's parts: a new header, what was there, a new directory and its values.

    Parameters
    ----------
    stored : bytes
        The file.
    directory : Directory
        Its first.
    black_is_zero : bool
        Whether the new directory says so, whatever the first one says.
    """
    order = directory.order
    padding = bytes(len(stored) % 2)
    start = len(stored) + len(padding)
    kept = {tag: entry for tag, entry in sorted(directory.entries.items()) if tag != _ORIENTATION}
    place = start + 2 + 12 * len(kept) + 4
    entries, values = [], []
    for tag, entry in kept.items():
        kind, value = entry.type, entry.value
        if kind == 16:  # Of the larger form of TIFF; the file itself is small enough for the other.
            kind, value = 4, struct.pack(f"{order}{entry.count}I", *directory.numbers(tag))
        if tag == _PHOTOMETRIC and black_is_zero:
            kind, value = 3, struct.pack(f"{order}H", _BLACK_IS_ZERO)
        if len(value) <= 4:
            field = value.ljust(4, b"\0")
        else:
            field = struct.pack(f"{order}I", place)
            values.append(value + bytes(len(value) % 2))
            place += len(values[-1])
        entries.append(struct.pack(f"{order}HHI4s", tag, kind, entry.count, field))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    count = struct.pack(f"{order}H", len(kept))
    return [head, stored[8:], padding, count, *entries, bytes(4), *values]

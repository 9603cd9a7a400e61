"""TIFF files built entry by entry: valid ones, and ones with hostile entries."""

import struct
import zlib
from collections.abc import Sequence

from tests.fuzz.values import SECRET, SIZES, Chance, edit_bytes

_TYPES = {
    1: "B",
    2: "s",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "s",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    16: "Q",
}
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, ROWS, STRIP_COUNTS, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, COLOURS, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 317, 320, 322, 323, 324, 325
SUB_FILES, EXTRA, FORMAT, JPEG_TABLES, XMP, EXIF, ICC, GPS = (
    330,
    338,
    339,
    347,
    700,
    34665,
    34675,
    34853,
)
_ODD = (
    *range(254, 345),
    XMP,
    EXIF,
    ICC,
    GPS,
    33432,
    270,
    271,
    305,
    306,
    315,
    33723,
    34377,
    37724,
    65000,
)

Entry = tuple[int, int, bytes, int]
"""Tag, type, packed values, how many it is said to be."""


def entry(tag: int, kind: int, values: Sequence[int] | bytes, order: str = "<") -> Entry:
    """Return an entry as it should be."""
    if isinstance(values, bytes):
        return tag, kind, values, len(values)
    return (
        tag,
        kind,
        b"".join(struct.pack(order + _TYPES[kind], value) for value in values),
        len(values),
    )


def build(
    entries: Sequence[Entry],
    data: bytes = b"",
    *,
    order: str = "<",
    following: int | None = 0,
    at: int = 8,
) -> bytes:
    """Write a directory of entries behind its data.

    Parameters
    ----------
    entries : sequence of tuple
        The entries, in any order.
    data : bytes
        What lies between the header and the directory, from byte 8.
    order : str
        ``<`` or ``>``.
    following : int or None
        Where the next directory is said to be; None for this one again.
    at : int
        Where the data begins.
    """
    data += bytes(len(data) % 2)
    place = at + len(data)
    spill_at = place + 2 + 12 * len(entries) + 4
    table, spill = [struct.pack(order + "H", len(entries) & 0xFFFF)], b""
    for tag, kind, packed, count in entries:
        if len(packed) <= 4:
            value = packed.ljust(4, b"\0")
        else:
            value = struct.pack(order + "I", spill_at + len(spill))
            spill += packed + bytes(len(packed) % 2)
        table.append(struct.pack(order + "HHI", tag, kind, count & 0xFFFFFFFF) + value)
    table.append(struct.pack(order + "I", place if following is None else following & 0xFFFFFFFF))
    mark = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, place)
    return mark + data + b"".join(table) + spill


def valid(chance: Chance) -> tuple[list[Entry], bytes, str]:
    """Return the entries and the data of a small image that is as it should be."""
    order = chance.choice("<>")
    width, height = chance.choice([(8, 8), (16, 16), (17, 5), (32, 48)])
    samples, bits = chance.choice([(1, 8), (3, 8), (4, 8), (1, 16), (1, 32), (1, 1)])
    row = (width * samples * bits + 7) // 8
    compression = chance.choice([1, 1, 8, 32946, 5])
    tiled = bits != 1 and chance.random() < 0.4
    side = 16
    unit = side * ((side * samples * bits) // 8) if tiled else row * height
    count = -(-width // side) * -(-height // side) if tiled else 1
    parts = [_packed(chance.randbytes(unit), compression) for _ in range(count)]
    offsets, at = [], 8
    for part in parts:
        offsets.append(at)
        at += len(part)
    entries = [
        entry(WIDTH, 4, [width], order),
        entry(HEIGHT, 4, [height], order),
        entry(BITS, 3, [bits] * samples, order),
        entry(COMPRESSION, 3, [compression], order),
        entry(PHOTOMETRIC, 3, [1 if samples == 1 else 2], order),
        entry(SAMPLES, 3, [samples], order),
        entry(FORMAT, 3, [3 if bits == 32 else 1] * samples, order),
    ]
    if samples == 4:
        entries.append(entry(EXTRA, 3, [2], order))
    lengths = [len(part) for part in parts]
    if tiled:
        entries += [
            entry(TILE_WIDTH, 4, [side], order),
            entry(TILE_HEIGHT, 4, [side], order),
            entry(TILE_OFFSETS, 4, offsets, order),
            entry(TILE_COUNTS, 4, lengths, order),
        ]
    else:
        entries += [
            entry(ROWS, 4, [height], order),
            entry(STRIP_OFFSETS, 4, offsets, order),
            entry(STRIP_COUNTS, 4, lengths, order),
        ]
    return entries, b"".join(parts), order


def _packed(content: bytes, compression: int) -> bytes:
    if compression in {8, 32946}:
        return zlib.compress(content)
    if compression == 5:  # LZW without compression: a clear code before every 254 literals.
        bits = (
            "".join(
                f"{256:09b}" + "".join(f"{byte:09b}" for byte in content[at : at + 250])
                for at in range(0, len(content), 250)
            )
            + f"{257:09b}"
        )
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")
    return content


def mutate(content: bytes, chance: Chance) -> bytes:
    """Return a TIFF with a few hostile entries; from a file as it is, with a few bytes changed."""
    if chance.random() < 0.15:
        return edit_bytes(content, chance)
    entries, data, order = valid(chance)
    if chance.random() < 0.03:
        return _large_tile(chance, order)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        entries = _edited(entries, chance, order)
    entries.sort(key=lambda each: each[0])
    following = chance.choice([0, 0, 0, 0, 8, None, chance.choice(SIZES)])
    written = build(entries, data, order=order, following=following)
    if chance.random() < 0.04:  # The mark of a BigTIFF, whose fields are wider.
        written = written[:2] + struct.pack(order + "H", 43) + written[4:]
    return edit_bytes(written, chance) if chance.random() < 0.05 else written


def _edited(entries: list[Entry], chance: Chance, order: str) -> list[Entry]:
    entries = list(entries)
    at = chance.randrange(len(entries))
    tag, kind, packed, count = entries[at]
    match chance.randrange(10):
        case 0 | 1 | 2 if kind in {3, 4}:
            most = (1 << 16) - 1 if kind == 3 else (1 << 32) - 1
            entries[at] = entry(
                tag, kind, [min(chance.choice(SIZES), most)] * min(max(count, 1), 4096), order
            )
        case 3:
            entries[at] = (tag, kind, packed, chance.choice(SIZES))
        case 4:
            entries[at] = (tag, chance.choice([*_TYPES, 0, 13, 99]), packed, count)
        case 5:
            del entries[at]
            entries = entries or [entry(WIDTH, 4, [1], order)]
        case 6:
            entries.append(entries[at])
        case 7:
            values = [chance.choice(SIZES) for _ in range(chance.choice([1, 2, 300]))]
            entries.append(entry(chance.choice(_ODD), 4, values, order))
        case 8:
            entries.append(
                entry(chance.choice(_ODD), chance.choice([2, 7]), SECRET * chance.choice([1, 2000]))
            )
        case _:
            name = chance.choice(
                [COMPRESSION, PHOTOMETRIC, PLANAR, PREDICTOR, FORMAT, SAMPLES, BITS, 274]
            )
            value = chance.choice(
                [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 32773, 32946, 34712, 50000, 50001, 65535]
            )
            entries = [each for each in entries if each[0] != name] + [entry(name, 3, [value], order)]
    return entries


def _large_tile(chance: Chance, order: str) -> bytes:
    """Return a small image in one tile or strip of many pixels."""
    side = chance.choice([4096, 9408, 32768, 65536])
    compression = chance.choice([1, 5, 8, 32773, 7])
    packed = _packed(bytes(side * 64), 8) if compression == 8 else bytes(chance.choice([64, 1 << 20]))
    samples = chance.choice([1, 3])
    entries = [
        entry(WIDTH, 4, [8], order),
        entry(HEIGHT, 4, [8], order),
        entry(BITS, 3, [8] * samples, order),
        entry(COMPRESSION, 3, [compression], order),
        entry(PHOTOMETRIC, 3, [1 if samples == 1 else 2], order),
        entry(SAMPLES, 3, [samples], order),
        entry(TILE_WIDTH, 4, [side], order),
        entry(TILE_HEIGHT, 4, [side], order),
        entry(TILE_OFFSETS, 4, [8], order),
        entry(TILE_COUNTS, 4, [len(packed)], order),
    ]
    return build(entries, packed, order=order)

"""Write columns of text as Parquet, in one way alone.

A library puts its own name and version into a file, and packs it otherwise with the next version. A
release has the same bytes whenever it is written, and the receiver's check holds every one of them: so
the file is put together here, in the plainest form that there is. Every column is an optional text in
one page, one value after the other, unpacked, without statistics, indices, or anything beside.

The format: https://parquet.apache.org/docs/file-format/; the field numbers are those of its
``parquet.thrift``, written in Thrift's compact protocol.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

_MAGIC = b"PAR1"
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_BYTE_ARRAY, _OPTIONAL, _UTF8, _PLAIN, _RLE, _DATA_PAGE, _UNPACKED = 6, 1, 0, 0, 3, 0, 0
_FORMAT_VERSION = 1

_Field = tuple[int, int, bytes]
"""The number of a field, its type, and its value as it is written."""


def parquet_of(columns: Mapping[str, Sequence[str | None]]) -> bytes:
    """Return a Parquet file with columns of text, all of one length; None is an empty cell."""
    rows = len(next(iter(columns.values())))
    parts, chunks, place = [_MAGIC], list[bytes](), len(_MAGIC)
    for name, cells in columns.items() if rows else ():
        page = _page(cells)
        chunks.append(_chunk(name, rows, place, len(page)))
        parts.append(page)
        place += len(page)
    footer = _struct(
        (1, _I32, _number(_FORMAT_VERSION)),
        (2, _LIST, _list(_STRUCT, _schema(columns))),
        (3, _I64, _number(rows)),
        (4, _LIST, _list(_STRUCT, [_row_group(chunks, rows, place - len(_MAGIC))] if rows else [])),
    )
    return b"".join([*parts, footer, struct.pack("<I", len(footer)), _MAGIC])


def row_count(start: bytes) -> int:
    """Return how many rows a file of `parquet_of` has, by its first 64 bytes."""
    header = _struct((1, _I32, _number(_DATA_PAGE)))[:-1]
    if not start.startswith(_MAGIC + header):
        return 0
    place, values = len(_MAGIC + header), list[int]()
    while len(values) < 3:  # The page's size, twice, and its rows, each behind the head of a field.
        place += 2 if len(values) == 2 else 1
        value, place = _varint_at(start, place)
        values.append(value >> 1)
    return values[2]


def _page(cells: Sequence[str | None]) -> bytes:
    levels = b"".join(
        _varint(sum(1 for _cell in run) << 1) + bytes([there])
        for there, run in groupby(cell is not None for cell in cells)
    )
    stored = (cell.encode() for cell in cells if cell is not None)
    values = b"".join(part for cell in stored for part in (struct.pack("<I", len(cell)), cell))
    size = 4 + len(levels) + len(values)
    header = _struct(
        (1, _I32, _number(_DATA_PAGE)),
        (2, _I32, _number(size)),
        (3, _I32, _number(size)),
        (
            5,
            _STRUCT,
            _struct(
                (1, _I32, _number(len(cells))),
                (2, _I32, _number(_PLAIN)),
                (3, _I32, _number(_RLE)),
                (4, _I32, _number(_RLE)),
            ),
        ),
    )
    return header + struct.pack("<I", len(levels)) + levels + values


def _schema(columns: Iterable[str]) -> list[bytes]:
    names = list(columns)
    root = _struct((4, _BINARY, _text("schema")), (5, _I32, _number(len(names))))
    is_string = _struct((1, _STRUCT, _struct()))
    return [
        root,
        *(
            _struct(
                (1, _I32, _number(_BYTE_ARRAY)),
                (3, _I32, _number(_OPTIONAL)),
                (4, _BINARY, _text(name)),
                (6, _I32, _number(_UTF8)),
                (10, _STRUCT, is_string),
            )
            for name in names
        ),
    ]


def _chunk(name: str, rows: int, place: int, size: int) -> bytes:
    described = _struct(
        (1, _I32, _number(_BYTE_ARRAY)),
        (2, _LIST, _list(_I32, [_number(_PLAIN), _number(_RLE)])),
        (3, _LIST, _list(_BINARY, [_text(name)])),
        (4, _I32, _number(_UNPACKED)),
        (5, _I64, _number(rows)),
        (6, _I64, _number(size)),
        (7, _I64, _number(size)),
        (9, _I64, _number(place)),
    )
    return _struct((2, _I64, _number(place)), (3, _STRUCT, described))


def _row_group(chunks: Sequence[bytes], rows: int, size: int) -> bytes:
    return _struct(
        (1, _LIST, _list(_STRUCT, chunks)), (2, _I64, _number(size)), (3, _I64, _number(rows))
    )


# Thrift's compact protocol


def _struct(*fields: _Field) -> bytes:
    written, last = bytearray(), 0
    for number, kind, value in fields:
        written += bytes([(number - last) << 4 | kind]) + value
        last = number
    return bytes(written) + b"\0"


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    few = len(items) < 15
    head = bytes([len(items) << 4 | kind]) if few else bytes([0xF0 | kind]) + _varint(len(items))
    return head + b"".join(items)


def _text(text: str) -> bytes:
    stored = text.encode()
    return _varint(len(stored)) + stored


def _number(number: int) -> bytes:
    """Return a number that is not negative: zigzag, then by seven bits."""
    return _varint(number << 1)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def _varint_at(stored: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = stored[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place

"""JPEG files: their segments edited, their lengths mended."""

import struct
from functools import cache

from tests.fuzz.exif import exif
from tests.fuzz.values import SECRET, Chance, edit_bytes

SOF, DHT, SOI, EOI, SOS, DQT, DNL, DRI = 0xC0, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD
_MARKERS = (*range(0xC0, 0xD0), DHT, EOI, SOS, DQT, DNL, DRI, *range(0xE0, 0xF0), 0xFE, 0x01, 0xD0)
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {DHT, 0xC8, 0xCC})

Segment = tuple[int, bytes, bytes]
"""Marker, payload, and the coded data behind it."""


def read_segments(content: bytes) -> list[Segment]:
    """Return the segments up to the end of the image."""
    segments: list[Segment] = []
    at = 2
    while at + 4 <= len(content) and content[at + 1] != EOI:
        marker = content[at + 1]
        (length,) = struct.unpack_from(">H", content, at + 2)
        payload = content[at + 4 : at + 2 + length]
        at += 2 + length
        start = at
        if marker == SOS:
            while at + 1 < len(content) and not (
                content[at] == 0xFF and content[at + 1] not in {0, *range(0xD0, 0xD8)}
            ):
                at += 1
        segments.append((marker, payload, content[start:at]))
    return segments


def write_segments(segments: list[Segment]) -> bytes:
    """Write segments, each with the length that it has."""
    parts = [b"\xff\xd8"]
    for marker, payload, coded in segments:
        parts.append(struct.pack(">BBH", 0xFF, marker, (len(payload) + 2) & 0xFFFF) + payload + coded)
    return b"".join(parts) + b"\xff\xd9"


def mutate(content: bytes, chance: Chance) -> bytes:
    """Return a JPEG with a few of its segments changed."""
    if chance.random() < 0.01:
        return many_scans(*chance.choice([(500, 500), (1500, 2000), (1800, 9000), (1800, 9000)]))
    segments = read_segments(content)
    for _ in range(chance.choice([1, 1, 2, 3])):
        segments = _edited(segments, chance)
    written = write_segments(segments)
    match chance.randrange(16):
        case 0:
            written += SECRET
        case 1:  # Behind the coded data, before the end of the image, where nothing is missing.
            written = write_segments(read_segments(content))[:-2] + SECRET + b"\xff\xd9"
        case 2:
            written = edit_bytes(written, chance)
        case 4:  # A table that no component uses has room for 64 bytes of anything.
            unused = (DQT, b"\x03" + (SECRET * 8)[:64], b"")
            written = write_segments([unused, *read_segments(content)])
        case 3:
            written = written[:-2]
    return written


def _edited(segments: list[Segment], chance: Chance) -> list[Segment]:
    segments = list(segments)
    if not segments:
        return segments
    at = chance.randrange(len(segments))
    marker, payload, coded = segments[at]
    match chance.randrange(12):
        case 0 | 1:
            return [(m, _frame(p, chance) if m in _FRAMES else p, c) for m, p, c in segments]
        case 2 | 3:
            segments.insert(0, _addition(chance))
        case 4:
            segments.insert(at, _addition(chance))
        case 5:
            segments[at] = (marker, edit_bytes(payload, chance), coded)
        case 6:
            del segments[at]
        case 7:
            segments[at:at] = [segments[at]] * chance.choice([1, 2, 50, 1500])
        case 8:
            other = chance.randrange(len(segments))
            segments[at], segments[other] = segments[other], segments[at]
        case 9:
            segments[at] = (chance.choice(_MARKERS), payload, coded)
        case 10:
            segments = [(m, p, edit_bytes(c, chance) if c else c) for m, p, c in segments]
        case _:
            segments = [
                (0xC2 if m == SOF and chance.random() < 0.5 else m, p, c) for m, p, c in segments
            ]
            segments.append((marker, payload, coded))
    return segments


def _frame(payload: bytes, chance: Chance) -> bytes:
    """Return a frame's header with other dimensions, components or samplings."""
    fields = bytearray(payload)
    if len(fields) < 9:
        return edit_bytes(payload, chance)
    match chance.randrange(5):
        case 0:
            struct.pack_into(">H", fields, 1, chance.choice([0, 1, 7, 16, 3000, 9000, 65500, 65535]))
        case 1:
            struct.pack_into(">H", fields, 3, chance.choice([0, 1, 7, 16, 3000, 9000, 65500, 65535]))
        case 2:
            fields[0] = chance.choice([0, 1, 2, 8, 12, 16, 255])
        case 3:
            fields[5] = chance.choice([0, 1, 2, 3, 4, 5, 255])
        case _:
            fields[chance.randrange(6, len(fields))] = chance.choice(
                [0, 0x11, 0x22, 0x44, 0x14, 0xFF, 3, 4]
            )
    return bytes(fields)


def _addition(chance: Chance) -> Segment:
    match chance.randrange(9):
        case 0 | 1:
            return 0xE1, b"Exif\0\0" + exif(chance)[:65000], b""
        case 2:
            return 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + SECRET + b"</x:xmpmeta>", b""
        case 3:
            number = chance.randbytes(2)
            return 0xE2, b"ICC_PROFILE\0" + number + SECRET * chance.choice([1, 100]), b""
        case 4:
            return 0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([chance.choice([0, 1, 2, 255])]) + SECRET, b""
        case 5:
            return 0xE0, b"JFIF\0\x01\x02\x01" + chance.randbytes(4) + bytes([2, 2]) + SECRET, b""
        case 6:
            return 0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x09" + SECRET + b"\0", b""
        case 7:
            return chance.choice([DNL, DRI]), chance.randbytes(2), b""
        case _:
            return 0xFE, SECRET * chance.choice([1, 3000]), b""


@cache
def many_scans(scans: int, side: int) -> bytes:
    """Return a progressive JPEG of one component that is refined again and again by empty scans."""
    frame = struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\x00"
    table = b"\x00" + bytes([1] * 64)
    direct = b"\x00" + bytes([1] + [0] * 15) + b"\x00"  # One code, 0: no difference.
    # Of the other coefficients one code, 0: the end of 32768 blocks.
    others = b"\x10" + bytes([1] + [0] * 15) + b"\xe0"
    blocks = (-(-side // 8)) ** 2
    empty = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\x00\x01\x3f\x00"
    # A run of 2^14 + 14 bits of blocks: code 0, then fourteen ones.
    bits = ("0" + "1" * 14) * (blocks // 32767 + 1)
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    first = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\x00\x00\x00\x00" + bytes(blocks // 8 + 1)
    body = [(SOF | 2, frame, b""), (DQT, table, b""), (DHT, direct, b""), (DHT, others, b"")]
    return write_segments(body)[:-2] + first + (empty + coded) * scans + b"\xff\xd9"

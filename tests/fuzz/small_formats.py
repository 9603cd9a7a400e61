"""GIF, BMP, WebP and other files: their headers and blocks edited, their lengths mended."""

import struct

from tests.fuzz.exif import exif
from tests.fuzz.values import SECRET, SIZES, Chance, edit_bytes


def mutate_gif(content: bytes, chance: Chance) -> bytes:
    """Return a GIF with another screen, other frames, or blocks between them."""
    header, body = bytearray(content[:13]), content[13:]
    table = 3 << ((header[10] & 7) + 1) if header[10] & 0x80 else 0
    colours, body = body[:table], body[table:]
    for _ in range(chance.choice([1, 1, 2])):
        match chance.randrange(8):
            case 0:
                struct.pack_into("<H", header, 6, min(chance.choice(SIZES), 65535))
            case 1:
                struct.pack_into("<H", header, 8, min(chance.choice(SIZES), 65535))
            case 2:
                header[10] = chance.randrange(256)
            case 3:
                body = _gif_block(chance) + body
            case 4:
                body = body[:-1] + _gif_block(chance) + b";"
            case 5:
                body = _gif_frame(chance) * chance.choice([1, 2, 500]) + body
            case 6:
                body = edit_bytes(body, chance)
            case _:
                body += SECRET
    return bytes(header) + colours + body


def _gif_block(chance: Chance) -> bytes:
    label = chance.choice([0xFE, 0xFF, 0xF9, 0x01, 0x00])
    if label == 0xF9:
        return b"!\xf9\x04" + chance.randbytes(4) + b"\0"
    start = b"\x0bNETSCAPE2.0" if label == 0xFF else b""
    return (
        b"!"
        + bytes([label])
        + start
        + (bytes([len(SECRET)]) + SECRET) * chance.choice([0, 1, 3000])
        + b"\0"
    )


def _gif_frame(chance: Chance) -> bytes:
    place = [min(chance.choice([0, 1, 4, 8, chance.choice(SIZES)]), 65535) for _ in range(4)]
    data = chance.randbytes(chance.choice([0, 8, 255]))
    least = chance.choice([0, 1, 2, 8, 12, 255])
    flags = chance.choice([0, 0x40, 0x80, 0x87])
    colours = bytes(3 << ((flags & 7) + 1)) if flags & 0x80 else b""
    return (
        b"," + struct.pack("<HHHHB", *place, flags) + colours + bytes([least, len(data)]) + data + b"\0"
    )


_BMP_FIELDS = (
    (2, "I"),
    (6, "I"),
    (10, "I"),
    (14, "I"),
    (18, "i"),
    (22, "i"),
    (26, "H"),
    (28, "H"),
    (30, "I"),
    (34, "I"),
    (46, "I"),
    (50, "I"),
)


def mutate_bmp(content: bytes, chance: Chance) -> bytes:
    """Return a BMP with other fields in its header, or run-length codes as its pixels."""
    fields = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 3])):
        at, form = chance.choice(_BMP_FIELDS)
        value = chance.choice(
            [0, 1, 2, 3, 4, 8, 12, 16, 24, 32, 40, 52, 56, 108, 124, chance.choice(SIZES)]
        )
        if form == "i" and chance.random() < 0.3:
            value = -min(value, (1 << 31) - 1)
        most = {"I": (1 << 32) - 1, "i": (1 << 31) - 1, "H": 65535}[form]
        struct.pack_into("<" + form, fields, at, min(value, most))
    if chance.random() < 0.3:
        struct.pack_into(
            "<HI", fields, 28, *chance.choice([(8, 1), (4, 2), (16, 3), (32, 3), (24, 4), (0, 5)])
        )
        codes = b"".join(
            chance.choice(
                [b"\xff\x00", b"\x00\x00", b"\x00\x02\xff\xff", b"\x00\x01", chance.randbytes(2)]
            )
            for _ in range(chance.choice([4, 300]))
        )
        fields[54:] = fields[54 : 54 + chance.choice([0, 1024])] + codes
    if chance.random() < 0.1:
        fields += SECRET
    return edit_bytes(bytes(fields), chance) if chance.random() < 0.1 else bytes(fields)


def mutate_pnm(content: bytes, chance: Chance) -> bytes:
    """Return a PGM or the like with another header: numbers, comments, another kind."""
    kind, *parts = content[:40].split(maxsplit=4)
    numbers = [chance.choice([word, b"%d" % chance.choice(SIZES)]) for word in parts[:3]]
    header = [chance.choice([kind, b"P%d" % chance.randrange(9)]), *numbers]
    between = chance.choice([b" ", b"\n", b" # x\n", b"#" * 300 + b"\r", b""])
    start = between.join(header) + chance.choice([b" ", b"\n", b""])
    whole = start + content[len(b" ".join([kind, *parts[:3]])) :]
    return edit_bytes(whole, chance) if chance.random() < 0.3 else whole


def mutate_tga(content: bytes, chance: Chance) -> bytes:
    """Return a TGA with other fields in its header, or run lengths as its pixels."""
    fields = bytearray(content)
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.choice([0, 1, 2, 7, 16, 17])
        fields[at] = chance.choice([0, 1, 2, 3, 8, 9, 10, 11, 15, 16, 24, 32, 255])
    for at in (3, 5, 12, 14):
        if chance.random() < 0.2:
            struct.pack_into("<H", fields, at, min(chance.choice(SIZES), 65535))
    return edit_bytes(bytes(fields), chance) if chance.random() < 0.3 else bytes(fields)


def mutate_jpeg2000(content: bytes, chance: Chance) -> bytes:
    """Return a JPEG 2000 with other numbers in the headers of its codestream."""
    whole, start = bytearray(content), content.index(b"\xff\x4f\xff\x51")
    end = content.index(b"\xff\x93", start)
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(start + 4, end)
        if chance.random() < 0.5:
            whole[at] = chance.choice([0, 1, 2, 4, 7, 8, 11, 15, 16, 32, 64, 127, 128, 255])
        else:
            form = chance.choice([">H", ">I"])
            most = 65535 if form == ">H" else (1 << 32) - 1
            struct.pack_into(form, whole, at, min(chance.choice(SIZES), most))
    return edit_bytes(bytes(whole), chance) if chance.random() < 0.2 else bytes(whole)


def mutate_table(content: bytes, chance: Chance) -> bytes:
    """Return a Parquet or Arrow file with numbers changed, its ends mostly left as they are."""
    start, end = (4, len(content) - 8) if content.endswith(b"PAR1") else (8, len(content))
    whole = bytearray(content)
    for _ in range(chance.choice([1, 2, 8])):
        at = chance.randrange(start, end - 4)
        struct.pack_into("<I", whole, at, min(chance.choice(SIZES), (1 << 32) - 1))
    inner = edit_bytes(bytes(whole[start:end]), chance) if chance.random() < 0.3 else whole[start:end]
    return bytes(whole[:start] + inner + whole[end:])


def mutate_webp(content: bytes, chance: Chance) -> bytes:
    """Return a WebP with other chunks, its lengths mended."""
    chunks, at = [], 12
    while at + 8 <= len(content):
        (length,) = struct.unpack_from("<I", content, at + 4)
        chunks.append((content[at : at + 4], content[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    for _ in range(chance.choice([1, 1, 2, 3])):
        place = chance.randrange(len(chunks) + 1)
        match chance.randrange(8):
            case 0 | 1:
                chunks.insert(
                    0,
                    (
                        b"VP8X",
                        bytes([chance.randrange(256), 0, 0, 0]) + _three(chance) + _three(chance),
                    ),
                )
            case 2:
                chunks.insert(place, _webp_chunk(chance))
            case 3 if place < len(chunks):
                chunks[place] = (chunks[place][0], edit_bytes(chunks[place][1], chance))
            case 4 if place < len(chunks):
                chunks[place:place] = [chunks[place]] * chance.choice([1, 3, 300])
            case 5 if place < len(chunks):
                kind = chance.choice([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANMF", b"ANIM"])
                chunks[place] = (kind, chunks[place][1])
            case 6 if place < len(chunks):
                frame = _three(chance) + _three(chance) + _three(chance) + _three(chance) + bytes(4)
                kind, data = chunks[place]
                inner = kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
                chunks[place : place + 1] = [(b"ANIM", bytes(6)), (b"ANMF", frame + inner)]
            case _:
                chunks.append((b"prIv", SECRET))
    body = b"".join(
        kind
        + struct.pack(
            "<I", len(data) if chance.random() > 0.01 else min(chance.choice(SIZES), (1 << 32) - 1)
        )
        + data
        + bytes(len(data) % 2)
        for kind, data in chunks
    )
    length = len(body) + 4 if chance.random() > 0.03 else min(chance.choice(SIZES), (1 << 32) - 1)
    written = b"RIFF" + struct.pack("<I", length) + b"WEBP" + body
    return edit_bytes(written, chance) if chance.random() < 0.1 else written


def _three(chance: Chance) -> bytes:
    return (chance.choice([0, 3, 7, 15, chance.choice(SIZES)]) & 0xFFFFFF).to_bytes(3, "little")


def _webp_chunk(chance: Chance) -> tuple[bytes, bytes]:
    kind = chance.choice([b"EXIF", b"XMP ", b"ICCP", b"ANIM", b"ALPH", b"VP8 ", b"VP8L"])
    if kind == b"EXIF":
        return kind, chance.choice([b"", b"Exif\0\0"]) + exif(chance)
    if kind == b"VP8L":
        width, height = (chance.choice([1, 8, 9459, 16384]) - 1 for _ in range(2))
        return kind, b"\x2f" + (width | height << 14).to_bytes(4, "little") + chance.randbytes(30)
    if kind == b"VP8 ":
        sides = (chance.choice([1, 8, 9459, 16383]) for _ in range(2))
        return kind, b"\x50\x01\x00\x9d\x01\x2a" + struct.pack("<HH", *sides) + chance.randbytes(40)
    return kind, SECRET * chance.choice([1, 200])

"""PNG files: their chunks edited, their checksums mended."""

import struct
import zlib
from functools import cache

from tests.fuzz.exif import exif
from tests.fuzz.values import SECRET, SIZES, Chance, edit_bytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KINDS = (
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA", b"pHYs", b"eXIf",
    b"acTL", b"fcTL", b"fdAT", b"bKGD", b"prIv", b"sRGB", b"cHRM", b"hIST",
)  # fmt: skip
Chunk = tuple[bytes, bytes]


def read_chunks(content: bytes) -> list[Chunk]:
    """Return the kind and the data of each chunk."""
    chunks, at = [], len(SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += length + 12
    return chunks


def write_chunks(chunks: list[Chunk], chance: Chance | None = None) -> bytes:
    """Write chunks, with one checksum or length in thirty wrong where there is chance."""
    written = [SIGNATURE]
    for kind, data in chunks:
        length, check = len(data), zlib.crc32(kind + data)
        if chance is not None and chance.random() < 0.01:
            length = chance.choice(SIZES)
        if chance is not None and chance.random() < 0.02:
            check ^= 1 << chance.randrange(32)
        written.append(struct.pack(">I", length & 0xFFFFFFFF) + kind + data + struct.pack(">I", check))
    return b"".join(written)


def mutate(content: bytes, chance: Chance) -> bytes:
    """Return a PNG with a few of its chunks changed."""
    if chance.random() < 0.004:
        return large(chance.choice([2, 6]), chance.choice([8, 16]), chance.choice([4000, 6000, 9400]))
    chunks = read_chunks(content)
    for _ in range(chance.choice([1, 1, 2, 3])):
        chunks = _edited(chunks, chance)
    written = write_chunks(chunks, chance)
    if chance.random() < 0.1:
        written += chance.choice([SECRET, write_chunks(chunks), b"\0" * 100])
    return edit_bytes(written, chance) if chance.random() < 0.08 else written


def _edited(chunks: list[Chunk], chance: Chance) -> list[Chunk]:
    chunks = list(chunks)
    at = chance.randrange(len(chunks))
    kind, data = chunks[at]
    match chance.randrange(12):
        case 0 | 1:
            chunks[0] = (b"IHDR", _header(chunks[0][1], chance))
        case 2:
            chunks.insert(chance.randrange(len(chunks) + 1), _addition(chance))
        case 3:
            chunks.insert(len(chunks) - 1, _addition(chance))
        case 4:  # Data that no decoder needs: the stream has ended before it.
            places = [place for place, chunk in enumerate(chunks) if chunk[0] == b"IDAT"]
            if places:
                chunks.insert(
                    places[-1] + 1, (b"IDAT", SECRET + chance.randbytes(chance.choice([0, 40])))
                )
        case 5:
            if kind == b"IDAT":
                chunks[at] = (kind, data + SECRET)
            else:
                chunks[at] = (kind, edit_bytes(data, chance))
        case 6:
            del chunks[at]
            chunks = chunks or [(b"IEND", b"")]
        case 7:
            chunks[at:at] = [(kind, data)] * chance.choice([1, 2, 20, 2000])
        case 8:
            other = chance.randrange(len(chunks))
            chunks[at], chunks[other] = chunks[other], chunks[at]
        case 9:
            chunks[at] = (chance.choice(_KINDS), data)
        case 10 if kind == b"IDAT":
            cut = chance.randrange(len(data) + 1)
            chunks[at : at + 1] = [(kind, data[:cut]), (kind, b""), (kind, data[cut:])]
        case _:
            chunks = [(k, _rows(d, chance) if k == b"IDAT" else d) for k, d in chunks]
    return chunks


def _header(data: bytes, chance: Chance) -> bytes:
    fields = list(struct.unpack(">IIBBBBB", data[:13].ljust(13, b"\0")))
    which = chance.randrange(7)
    if which < 2:
        fields[which] = chance.choice(SIZES)
    else:
        fields[which] = chance.choice([0, 1, 2, 3, 4, 6, 8, 16, 32, 255])
    return struct.pack(">IIBBBBB", *fields)


def _addition(chance: Chance) -> Chunk:
    kind = chance.choice(_KINDS)
    match kind:
        case b"zTXt":
            return kind, b"Comment\0\0" + chance.choice([zlib.compress(SECRET), _zeros(1 << 27)])
        case b"iTXt":
            return kind, b"Comment\0\1\0\0\0" + chance.choice([zlib.compress(SECRET), _zeros(1 << 27)])
        case b"iCCP":
            return kind, b"profile\0\0" + chance.choice([zlib.compress(SECRET), _zeros(1 << 27)])
        case b"tEXt":
            return kind, b"Comment\0" + SECRET
        case b"eXIf":
            return kind, exif(chance)
        case b"PLTE":
            return kind, chance.randbytes(chance.choice([0, 1, 3, 6, 768, 771, 3000]))
        case b"tRNS":
            return kind, chance.randbytes(chance.choice([0, 1, 2, 6, 256, 300]))
        case b"acTL":
            return kind, struct.pack(">II", chance.choice(SIZES), chance.choice(SIZES))
        case b"fcTL":
            return kind, struct.pack(
                ">IIIIIHHBB", *(chance.choice([0, 1, 8, chance.choice(SIZES)]) for _ in range(5)), 1, 0, 3, 1
            )  # fmt: skip
        case b"fdAT":
            return kind, bytes(4) + zlib.compress(bytes(200))
        case b"pHYs":
            return kind, struct.pack(">IIB", chance.choice(SIZES), chance.choice(SIZES), 1)
        case _:
            return kind, SECRET + chance.randbytes(chance.choice([0, 4, 13]))


def _rows(data: bytes, chance: Chance) -> bytes:
    try:
        rows = zlib.decompress(data)
    except zlib.error:
        return edit_bytes(data, chance)
    return zlib.compress(edit_bytes(rows, chance), chance.choice([0, 1, 9]))


@cache
def _zeros(count: int) -> bytes:
    """Return a stream that unpacks to so many zeros."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(count >> 20))
    return packed + packer.flush()


@cache
def large(colour: int, depth: int, side: int) -> bytes:
    """Return a black image of many pixels in a small file."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    packer = zlib.compressobj(1)
    row = bytes(1 + side * channels * depth // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    return write_chunks([(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")])

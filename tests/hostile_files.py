"""Files whose headers promise more than is there, one function for each way to do so."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

Entry = tuple[int, int, int, bytes]
"""Tag, type, number of values, and the values or where they are."""


def pixels(width: int = 40, height: int = 24, mode: str = "RGB") -> Image.Image:
    """Return an image of noise."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise).convert(mode)


def stored(image: Image.Image, form: str, **options: object) -> bytes:
    """Return an image's file."""
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


# TIFF


def longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def tag(number: int, *values: int) -> Entry:
    """Return a tag whose values are stored in the directory."""
    assert len(values) == 1
    return number, 4, 1, longs(*values)


def tiff(entries: Sequence[Entry], data: bytes = b"", following: int = 0) -> bytes:
    """Return a TIFF: its header, data from byte 8 on, and its one directory."""
    start = 8 + len(data)
    directory = struct.pack("<H", len(entries))
    for number, kind, count, value in sorted(entries):
        directory += struct.pack("<HHI4s", number, kind, count, value)
    return b"II*\0" + longs(start) + data + directory + longs(following)


def grey(width: int, height: int, *more: Entry) -> list[Entry]:
    """Return the tags of a grey image, but for where it is stored."""
    sizes = [tag(256, width), tag(257, height), tag(258, 8), tag(262, 1), tag(277, 1)]
    given = {number for number, *_ in more}
    return [entry for entry in sizes if entry[0] not in given] + list(more)


def tiff_of_one_tile(side: int) -> bytes:
    """The finding: an image of 64 pixels whose one tile is larger than any image."""
    packed = zlib.compress(bytes(1 << 20), 9)
    tile = [tag(259, 8), tag(322, side), tag(323, side), tag(324, 8), tag(325, len(packed))]
    return tiff(grey(8, 8, *tile), packed)


def tiff_of_tiles(
    width: int, height: int, side: int, compression: int, packed: Sequence[bytes], *more: Entry
) -> bytes:
    """Return a grey image in square tiles; where too few are packed, all share the first."""
    count = -(-width // side) * -(-height // side)
    places, at = [], 8
    for tile in packed:
        places.append(at)
        at += len(tile)
    lengths = [len(tile) for tile in packed]
    if len(packed) < count:
        places, lengths = places[:1] * count, lengths[:1] * count
    data = b"".join(packed)
    first, second = 8 + len(data), 8 + len(data) + 4 * count
    tiles = [tag(259, compression), tag(322, side), tag(323, side)]
    tiles += [(324, 4, count, longs(first if count > 1 else places[0]))]
    tiles += [(325, 4, count, longs(second if count > 1 else lengths[0]))]
    return tiff(grey(width, height, *tiles, *more), data + longs(*places) + longs(*lengths))


def tiff_that_shares_its_tile(compression: int) -> bytes:
    """The finding: all tiles of a large image share one stored piece."""
    tile = zlib.compress(bytes(64 * 64), 9) if compression == 8 else b"\x81\0" * 32
    return tiff_of_tiles(6400, 6400, 64, compression, [tile])


def tiff_of_overlapping_strips() -> bytes:
    packed = zlib.compress(bytes(64), 9)
    data = packed + bytes(16) + longs(8, 9) + longs(len(packed), len(packed))
    end = 8 + len(packed) + 16
    strips = [tag(259, 8), tag(278, 8), (273, 4, 2, longs(end)), (279, 4, 2, longs(end + 8))]
    return tiff(grey(8, 16, *strips), data)


def tiff_of_tiles_and_strips() -> bytes:
    """An image in small strips for whoever reads one tag, in one huge tile for another."""
    packed = zlib.compress(bytes(64), 9)
    both = [tag(259, 8), tag(273, 8), tag(279, len(packed)), tag(322, 32_768), tag(323, 32_768)]
    return tiff(grey(8, 8, *both), packed)


def tiff_of_jpeg(coded: bytes, side: int) -> bytes:
    return tiff_of_tiles(side, side, side, 7, [coded])


def tiff_of_tiny_tiles(count: int) -> bytes:
    places = longs(*[8] * count)
    tiles = [
        tag(259, 1),
        tag(322, 1),
        tag(323, 1),
        (324, 4, count, longs(8)),
        (325, 4, count, longs(8)),
    ]
    return tiff(grey(count, 1, *tiles), places)


def tiff_of_samples(count: int) -> bytes:
    strips = [tag(259, 8), tag(273, 8), tag(279, 100), tag(277, count)]
    return tiff(grey(4096, 4096, *strips), zlib.compress(bytes(1 << 16)))


def tiff_of_strips_in_one_place(values: int) -> bytes:
    strips = [tag(259, 1), (273, 4, values, longs(8)), (279, 4, values, longs(8))]
    return tiff(grey(8, 8, *strips), bytes(4 * values))


def tiff_whose_tags_share_bytes(tags: int, size: int) -> bytes:
    """Each tag has all of the file for its value."""
    shared = [(60_000 - number, 7, size, longs(8)) for number in range(tags)]
    return tiff(grey(8, 8, tag(259, 1), tag(273, 8), tag(279, 64), *shared), bytes(size))


def tiff_whose_exif_shares_bytes(tags: int, size: int) -> bytes:
    """The same in the directory that the image's own points at."""
    inner = struct.pack("<H", tags)
    for number in range(tags):
        inner += struct.pack("<HHI4s", number + 1, 5, size // 8, longs(8))
    data = bytes(size) + inner + longs(0)
    strips = [tag(259, 1), tag(273, 8), tag(279, 64), tag(34665, 8 + size)]
    return tiff(grey(8, 8, *strips), data)


def tiff_of_tags(count: int) -> bytes:
    strips = [tag(259, 1), tag(273, 8), tag(279, 64)]
    return tiff(grey(8, 8, *strips, *[tag(1000 + number, 1) for number in range(count)]), bytes(64))


def tiff_in_lzma() -> bytes:
    return tiff(grey(8, 8, tag(259, 34925), tag(273, 8), tag(279, 64)), bytes(64))


def tiff_that_follows_itself() -> bytes:
    return tiff(grey(8, 8, tag(259, 1), tag(273, 8), tag(279, 64)), bytes(range(64)), following=72)


def tiff_of_16_bits() -> bytes:
    """Return an image that Pillow gives back in 8 bits."""
    bits = (258, 3, 3, longs(8))
    strips = [tag(259, 1), tag(262, 2), tag(273, 16), tag(277, 3), tag(278, 8), tag(279, 384)]
    data = struct.pack("<4H", 16, 16, 16, 0) + bytes(384)
    return tiff([tag(256, 8), tag(257, 8), bits, *strips], data)


def png_of_16_bits(colours: int, samples: int) -> bytes:
    """Return an image that Pillow gives back in 8 bits."""
    header = struct.pack(">IIBBBBB", 8, 8, 16, colours, 0, 0, 0)
    data = zlib.compress(bytes(8 * (1 + 16 * samples)))
    chunks = [png_chunk(b"IHDR", header), png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# JPEG


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def sized(jpeg: bytes, width: int, height: int) -> bytes:
    """Return a JPEG under another size."""
    place = next(
        jpeg.index(bytes([0xFF, frame])) for frame in (0xC0, 0xC2) if bytes([0xFF, frame]) in jpeg
    )
    return jpeg[: place + 5] + struct.pack(">HH", height, width) + jpeg[place + 9 :]


def before_scans(jpeg: bytes, inserted: bytes) -> bytes:
    place = jpeg.index(b"\xff\xda")
    return jpeg[:place] + inserted + jpeg[place:]


def jpeg_of_scans(scans: int, width: int = 2048, height: int = 2048) -> bytes:
    """A progressive JPEG of empty scans, each of which passes over all of the image."""
    whole = sized(stored(pixels(mode="L"), "JPEG", progressive=True), width, height)
    # One component, its coefficients 1 to 63, their last bit.
    refinement = segment(0xDA, b"\1\1\0\1\x3f\x10") + b"\0"
    return whole[:-2] + refinement * scans + b"\xff\xd9"


def jpeg_that_scans_again() -> bytes:
    """A sequential JPEG whose one component is coded twice."""
    whole = stored(pixels(32, 32, "L"), "JPEG")
    place = whole.index(b"\xff\xda")
    return whole[:-2] + whole[place:]


def jpeg_of_segments(count: int) -> bytes:
    return before_scans(stored(pixels(), "JPEG"), segment(0xE5, b"") * count)


def jpeg_of_filling(count: int) -> bytes:
    return before_scans(stored(pixels(), "JPEG"), b"\xff" * count)


def jpeg_of_coefficients(width: int, height: int) -> bytes:
    """A progressive JPEG, all of whose coefficients a decoder has to hold at once."""
    return sized(stored(pixels(), "JPEG", progressive=True, subsampling=0), width, height)


def jpeg_of_exif(blocks: int) -> bytes:
    """Blocks of EXIF, of which Pillow makes one."""
    first = b"Exif\0\0II*\0" + longs(8) + struct.pack("<H", 65535)
    block = segment(0xE1, first.ljust(65_000, b"\1"))
    return stored(pixels(), "JPEG").replace(b"\xff\xd8", b"\xff\xd8" + block * blocks, 1)


# PNG


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(png: bytes, inserted: bytes) -> bytes:
    """Return a PNG with more chunks behind its header."""
    return png[:33] + inserted + png[33:]


def png_of_chunks(count: int) -> bytes:
    return with_chunks(stored(pixels(), "PNG"), png_chunk(b"tEXt", b"a\0b") * count)


def png_of_texts(count: int) -> bytes:
    """Texts that unpack to a thousand times their size."""
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes((1 << 20) - 1), 9))
    return with_chunks(stored(pixels(), "PNG"), text * count)


def png_of_empty_data(count: int) -> bytes:
    return with_chunks(stored(pixels(), "PNG"), png_chunk(b"IDAT", b"") * count)


def png_of_two_headers() -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    return with_chunks(stored(pixels(), "PNG"), header)


# GIF


def in_gif(inserted: bytes) -> bytes:
    """Return a GIF with more before its first frame."""
    whole = stored(pixels(mode="P"), "GIF")
    place = 13 + (3 << (whole[10] & 7) + 1)
    return whole[:place] + inserted + whole[place:]


def gif_of_comments(count: int) -> bytes:
    return in_gif(b"!\xfe\1a\0" * count)


def gif_of_one_comment(blocks: int) -> bytes:
    return in_gif(b"!\xfe" + b"\1a" * blocks + b"\0")


def gif_of_data(blocks: int) -> bytes:
    whole = stored(pixels(mode="P"), "GIF")
    return whole[:-2] + b"\1\0" * blocks + b"\0;"


def gif_whose_frame_is_larger(width: int, height: int) -> bytes:
    screen = struct.pack("<6sHHBBB", b"GIF89a", 8, 8, 0x80, 0, 0) + bytes(6)
    return screen + struct.pack("<BHHHHB", 0x2C, 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0;"


# BMP


def bmp(width: int, height: int, bits: int, compression: int, data: bytes) -> bytes:
    palette = bytes(range(256)) * 4 if bits == 8 else b""
    start = 54 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(data), 0, 0, start)
    sizes = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return head + sizes + palette + data


def bmp_that_jumps(width: int) -> bytes:
    """Run lengths that skip 255 lines with four bytes."""
    return bmp(width, 16, 8, 1, b"\0\2\xff\xff" * 64)


def bmp_of_empty_runs(count: int) -> bytes:
    """Runs behind the end of a line, which say nothing, and cost Pillow a step in Python each."""
    return bmp(4, 4, 8, 1, b"\4\1" * count)


# WebP


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, data in chunks:
        body += struct.pack("<4sI", kind, len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_image() -> tuple[bytes, bytes]:
    """Return the one chunk of a lossless image."""
    whole = stored(pixels(), "WEBP", lossless=True)
    (length,) = struct.unpack_from("<I", whole, 16)
    return whole[12:16], whole[20 : 20 + length]


def webp_canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + sizes


def webp_of_canvas(width: int, height: int) -> bytes:
    """An animation of one small frame on a large canvas, of which libwebp holds several."""
    kind, data = webp_image()
    frame = bytes(6) + (39).to_bytes(3, "little") + (23).to_bytes(3, "little") + bytes(4)
    frame += struct.pack("<4sI", kind, len(data)) + data + bytes(len(data) % 2)
    return webp(webp_canvas(width, height, 2), (b"ANIM", bytes(6)), (b"ANMF", frame))


def webp_of_chunks(count: int) -> bytes:
    return webp(webp_canvas(40, 24), *[(b"JUNK", b"")] * count, webp_image())

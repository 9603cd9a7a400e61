"""Whether a JPEG's coded data ends where its pixels do.

Only a decoder knows where coded data ends, and decoders do not report it. So the last byte is changed:
where the pixels change with it, the decoder needs that byte, and nothing is hidden behind the data that
it reads. Coded data between two restart markers is checked as an image of its own.
"""

import io
import math
import re
from collections.abc import Iterator

from PIL import Image

from dataselect_gui.records.image_formats.jpeg import Component, Jpeg, Scan, frame_segment
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_FILLED = b"\xff\xff"
"""Fill bytes: any number of 0xFF may stand before a marker, and decoders skip them."""
_MAX_PIECES, _MAX_SIDE = 4096, 65_500
_BLOCK = 8
_SPARE_PIXELS = 1 << 25
"""Pixels that may be decoded at full size, beside twice those of the image."""
# Bits of the last byte that are changed; where any of its bits is needed, the first one is.
_CHANGES = (0x80, 0x40, 0xC0, 0x20, 0x10, 0xE0, 0xFF, 0x08, 0x04, 0x02, 0x01)


def ends_with_its_pixels(jpeg: Jpeg) -> bool:
    """Say whether the last byte of each piece of a JPEG's coded data is needed for its pixels.

    Up to seven bits may follow in that byte; they are not checked. Coded data with fill bytes is
    refused.

    Parameters
    ----------
    jpeg : Jpeg
        One that is coded sequentially.

    Returns
    -------
    bool
        False also where it cannot be decided.

    Raises
    ------
    UnreadableRecordError
        Where it cannot be decoded.
    """
    tables = b""
    left = _SPARE_PIXELS + 2 * jpeg.width * jpeg.height
    for scan in jpeg.scans:
        tables += scan.quantisation + scan.tables
        pieces = None if _FILLED in scan.coded else _pieces(jpeg, scan)
        if pieces is None:
            return False
        for width, height, components, coded in pieces:
            start = b"\xff\xd8" + jpeg.application + tables
            start += frame_segment(jpeg.marker, width, height, components) + scan.header
            tries = left // (width * height)
            spent = _tries_until_needed(start, coded, tries)
            if spent is None:
                return False
            left -= spent * width * height
    return True


def _pieces(jpeg: Jpeg, scan: Scan) -> list[tuple[int, int, tuple[Component, ...], bytes]] | None:
    """Cut a scan's coded data into images of their own: width, height, components, coded data.

    Returns
    -------
    list or None
        None where it is not cut as its header says.
    """
    across, down = (
        max(c.across for c in jpeg.components),
        max(c.down for c in jpeg.components),
    )
    components = scan.components
    if len(components) == 1:  # Its blocks lie in plain rows, whatever its sampling factors.
        (component,) = components
        columns = math.ceil(math.ceil(jpeg.width * component.across / across) / _BLOCK)
        rows = math.ceil(math.ceil(jpeg.height * component.down / down) / _BLOCK)
        components = (component._replace(across=1, down=1),)
    elif len(components) == len(jpeg.components):
        columns = math.ceil(jpeg.width / (_BLOCK * across))
        rows = math.ceil(jpeg.height / (_BLOCK * down))
    else:
        return None
    wide, high = (_BLOCK * max(c.across for c in components), _BLOCK * max(c.down for c in components))
    parts = _RESTART.split(scan.coded)
    coded, markers = parts[::2], parts[1::2]
    interval = scan.interval or columns * rows
    if len(coded) != math.ceil(columns * rows / interval) or len(coded) > _MAX_PIECES:
        return None
    if any(marker != bytes([0xD0 + number % 8]) for number, marker in enumerate(markers)):
        return None
    if any(piece.endswith(b"\xff") for piece in coded):
        return None
    shapes = _shapes(columns, columns * rows, interval)
    pieces = [
        (columns * wide, rows * high, components, piece)
        for (columns, rows), piece in zip(shapes, coded, strict=True)
    ]
    return pieces if all(max(width, height) <= _MAX_SIDE for width, height, *_ in pieces) else None


def _shapes(columns: int, total: int, interval: int) -> Iterator[tuple[int, int]]:
    """Yield how many columns and rows each interval has as an image of its own."""
    for start in range(0, total, interval):
        count = min(interval, total - start)
        yield (columns, count // columns) if count % columns == 0 else (count, 1)


def _tries_until_needed(start: bytes, coded: bytes, tries: int) -> int | None:
    """Change the last byte of coded data until the pixels change too.

    At an eighth of the size, decoding is fast and mostly enough.

    Returns
    -------
    int or None
        How often the image was decoded at full size; None where no pixel changed within the allowed
        number of times.
    """
    if not coded:
        return 0
    is_stuffed = coded.endswith(b"\xff\0")
    before, last = (coded[:-2], 0xFF) if is_stuffed else (coded[:-1], coded[-1])
    for scale, changes in ((8, _CHANGES[:2]), (1, _CHANGES[: max(tries - 1, 0)])):
        whole = _pixels(start + coded, scale) if changes else b""
        for number, change in enumerate(changes, 2):
            byte = last ^ change
            changed = before + (b"\xff\0" if byte == 0xFF else bytes([byte]))
            if _pixels(start + changed, scale) != whole:
                return 0 if scale > 1 else number
    return None


def _pixels(begun: bytes, scale: int) -> bytes:
    """Return the pixels of a JPEG without its end marker, at a fraction of its size."""
    try:
        with Image.open(io.BytesIO(begun + b"\xff\xd9"), formats=["JPEG"]) as image:
            image.draft(None, (image.width // scale, image.height // scale))
            return image.tobytes()
    except Exception:  # A hostile file can raise any error in a decoder.
        raise UnreadableRecordError(_("The image is cut off or damaged.")) from None

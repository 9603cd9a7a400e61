"""PBM, PGM and PPM: a header in words, and the pixels (netpbm's pbm, pgm and ppm)."""

import re

from dataselect_gui.records.image_formats.bare import BareImage, too_deep
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

_BLANK = rb"(?:[ \t\n\v\f\r]|#[^\n\r]*[\n\r])"
_NUMBER = rb"([0-9]{1,10})"
_SIZES = re.compile(rb"P([1-6])%b+%b%b+%b" % (_BLANK, _NUMBER, _BLANK, _NUMBER))
_WHITE = re.compile(rb"%b+%b" % (_BLANK, _NUMBER))
_MOST_HEADER = 1 << 12
_BITS, _GREYS, _COLOURS = 1, 2, 3
_BYTES, _SHORTS = 255, 65535
"""What white is where samples have all of one byte, or of two."""
_MAX_IN_WORDS = 1 << 22
"""Pixels that are written as numbers, which Pillow reads in Python."""


def is_pnm(stored: bytes) -> bool:
    """Say whether a file begins as one of these."""
    return _SIZES.match(stored[:_MOST_HEADER]) is not None


def bare(stored: bytes) -> BareImage:
    """Return the image under a header without comments."""
    head = stored[:_MOST_HEADER]
    match = _SIZES.match(head)
    if match is None:
        raise ValueError("no header")
    number, width, height = map(int, match.groups())
    kind, in_words = (number - 1) % 3 + 1, number <= 3
    white, place = None, match.end()
    if kind != _BITS:
        stated = _WHITE.match(head, place)
        if stated is None:
            raise ValueError("no value of white")
        white, place = int(stated[1]), stated.end()
        _check_white(kind, white)
    if not head[place : place + 1].isspace():
        raise ValueError("no end of the header")
    image = BareImage("PPM", b"", width, height)
    image.check()
    pixels = stored[place + 1 :]
    if in_words:
        if width * height > _MAX_IN_WORDS:
            raise UnreadableRecordError(
                _(
                    "The image's pixels are written as words, of which up to {millions} million are "
                    "read. Save it in the binary form.",
                    millions=_MAX_IN_WORDS // 10**6,
                )
            )
    else:
        samples = 3 if kind == _COLOURS else 1
        size = (width + 7) // 8 if white is None else width * samples * (1 if white <= _BYTES else 2)
        if len(pixels) < size * height:
            raise ValueError("fewer pixels than the header says")
        pixels = pixels[: size * height]
    header = f"P{number} {width} {height} " + (f"{white} " if white is not None else "")
    return BareImage("PPM", header.encode() + pixels, width, height)


def _check_white(kind: int, white: int) -> None:
    if not 0 < white <= _SHORTS:
        raise ValueError("no value of white")
    if white > _BYTES and kind == _COLOURS:
        raise too_deep()
    if _BYTES < white < _SHORTS:
        raise UnreadableRecordError(
            _(
                "The image's values go up to {white:,}, which is not read here: 255 or 65,535 is. Save "
                "it with one of these.",
                white=white,
            )
        )

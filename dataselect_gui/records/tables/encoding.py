"""Which encoding a text file is in: decided by a rule, and said where it is not UTF-8.

A mark at the beginning (BOM) decides. Without one it is UTF-8 where all of it is; UTF-16 where every
other byte at its beginning is zero; and else Windows-1252, of which Latin-1 is a part, unless a byte
means nothing there or most of what is not ASCII is UTF-8, which then is damaged.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from dataselect_gui.records.tables.table import unreadable
from dataselect_gui.texts import _

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Those of UTF-32 first: one begins as that of UTF-16 does."""
_CHUNK, _SAMPLE = 1 << 20, 4096
_ESCAPED = re.compile("[\udc80-\udcff]")
_WINDOWS = "cp1252"
"""Five bytes have no meaning in it."""


def encoding_of(file: BinaryIO, name: str) -> tuple[str, str | None]:
    """Return the encoding of a file, and what is to be said of it.

    Parameters
    ----------
    file : binary file
        Read as a whole; its place is then the beginning.
    name : str
        What it is called.

    Raises
    ------
    UnusableError
        Where it is none of those that are read.
    """
    file.seek(0)
    sample = file.read(_SAMPLE)
    encoding = next((known for mark, known in _MARKS if sample.startswith(mark)), None)
    if encoding is None:
        encoding = _by_zeros(sample, name) or "utf-8"
    first_bad = _first_bad_line(file, encoding)
    if first_bad is None:
        file.seek(0)
        is_usual = encoding in {"utf-8", "utf-8-sig"}
        shown = encoding[: len("utf-16")].upper()
        return encoding, None if is_usual else _(
            "“{name}” is in {encoding}.", name=name, encoding=shown
        )
    # It may be both in part: then a byte without a meaning can stand within a letter of UTF-8.
    if encoding != "utf-8" or not _is_windows(file) or _first_bad_line(file, _WINDOWS) is not None:
        raise unreadable(
            name,
            _(
                "Line {line} is not text in {encoding}, or holds zero bytes.",
                line=first_bad,
                encoding=encoding.removesuffix("-sig").upper(),
            ),
        )
    file.seek(0)
    return _WINDOWS, _(
        "“{name}” is not in UTF-8; its letters were read as Windows-1252 (Western European). Where "
        "names look wrong, export it again as UTF-8.",
        name=name,
    )


def _by_zeros(sample: bytes, name: str) -> str | None:
    """Return the encoding of a file without a mark whose beginning has zero bytes, as UTF-16 has."""
    if b"\0" not in sample:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    pairs = len(sample) // 2
    if not even and odd > pairs // 2:
        return "utf-16-le"
    if not odd and even > pairs // 2:
        return "utf-16-be"
    raise unreadable(name, _("It holds something else than text."))


def _first_bad_line(file: BinaryIO, encoding: str) -> int | None:
    """Return the first line that is no text in an encoding; None where all of it is."""
    decoder, line = codecs.getincrementaldecoder(encoding)("strict"), 1
    file.seek(0)
    while True:
        chunk = file.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        if "\0" in text:
            return line + text[: text.index("\0")].count("\n")
        line += text.count("\n")
        if not chunk:
            return None


def _is_windows(file: BinaryIO) -> bool:
    """Say whether a file that is not UTF-8 is taken for Windows-1252."""
    others = fitting = 0
    for text in _escaped(file):
        strange = _ESCAPED.findall(text)
        others += len(strange)
        fitting += sum(not letter.isascii() for letter in text) - len(strange)
    return fitting <= others


def _escaped(file: BinaryIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)

"""Finds texts among a million others without a look at each in Python.

All texts stand one behind the other in one array of bytes, and NumPy searches that. It lets other
threads run meanwhile, and making the array goes in pieces, so that a window stays alive.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BREAK = b"\xff"
"""Stands between texts: no byte of UTF-8 is like it."""
_PIECE = 50_000
_SAMPLED = 100_000


class TextIndex:
    """Texts in which others are looked for, whatever the case of letters.

    Parameters
    ----------
    texts : sequence of str
        Shape (n,).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        pieces = (_folded(texts[first : first + _PIECE]) for first in range(0, len(texts), _PIECE))
        joined = _BREAK + b"".join(piece + _BREAK for piece in pieces)
        self._bytes = np.frombuffer(joined, dtype=np.uint8)
        self._breaks = np.flatnonzero(self._bytes == _BREAK[0])
        sample = self._bytes[:: max(1, len(joined) // _SAMPLED)]
        self._often = np.bincount(sample, minlength=256)

    def holding(self, part: str) -> NDArray[np.bool_]:
        """Return which texts hold a part, in whatever case; shape (n,)."""
        if not part:
            return np.ones(len(self._texts), dtype=bool)
        matches = np.zeros(len(self._texts), dtype=bool)
        matches[self._rows_at(self._places(_bytes_of(part)))] = True
        return matches

    def equal(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Return which texts are one of several, letter for letter; shape (n,)."""
        matches = np.zeros(len(self._texts), dtype=bool)
        for text in texts:
            alike = self._rows_at(self._places(_BREAK + _bytes_of(text) + _BREAK))
            matches[[row for row in alike.tolist() if self._texts[row] == text]] = True
        return matches

    def _rows_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return in which text each place among the bytes is, that of a break in the text behind it."""
        return np.searchsorted(self._breaks, places, side="right") - 1

    def _places(self, sought: bytes) -> NDArray[np.int64]:
        """Return where bytes stand; those that are rare are looked for first."""
        offsets = sorted(range(len(sought)), key=lambda offset: int(self._often[sought[offset]]))
        rarest, *others = offsets
        last = len(self._bytes) - len(sought)
        here = self._bytes[rarest : rarest + last + 1] if last >= 0 else self._bytes[:0]
        places = np.flatnonzero(here == sought[rarest])
        for offset in others:
            places = places[self._bytes[places + offset] == sought[offset]]
        return places


def _folded(texts: Sequence[str]) -> bytes:
    """Return texts with a break between two, in the form in which case does not matter."""
    joined = _bytes_of("\n".join(texts))
    if joined.count(b"\n") == len(texts) - 1:
        return joined.replace(b"\n", _BREAK)
    return _BREAK.join(map(_bytes_of, texts))


def _bytes_of(text: str) -> bytes:
    # Names of files may hold bytes that are no text, which Python has as lone surrogates.
    return text.casefold().encode("utf-8", "surrogatepass")

"""Compare pictures by tiles: another rounding of a glyph is no change, a moved word is."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TILE = 16
"""The side of a tile, in pixels."""
TOLERATED = 10.0
"""The mean difference of a tile, of 255, that is tolerated."""
MOST_TILES = 2
"""Tiles of a picture that may differ by more."""
COLOURS = 256
"""Of a reference: with much fewer, the colours of classes are lost."""


def write_reference(picture: Path, reference: Path) -> None:
    """Keep a picture as a reference, with few colours."""
    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(reference, optimize=True)


def differing(picture: Path, reference: Path) -> NDArray[np.bool_]:
    """Return which tiles of a picture differ from its reference; all, where the sizes differ."""
    first, second = _tiles(picture), _tiles(reference)
    if first.shape != second.shape:
        return np.ones(first.shape[:2], dtype=bool)
    differ: NDArray[np.bool_] = np.abs(first - second).mean(axis=(2, 3)).max(axis=-1) > TOLERATED
    return differ


def is_alike(picture: Path, reference: Path) -> bool:
    """Return whether a picture shows what its reference shows."""
    return int(differing(picture, reference).sum()) <= MOST_TILES


def write_difference(picture: Path, reference: Path, out: Path) -> None:
    """Write both beside each other, with red over what differs."""
    pair = []
    for path in (reference, picture):
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB"))
        height, width = pixels.shape[:2]
        red = differing(picture, reference).repeat(TILE, 0).repeat(TILE, 1)[:height, :width]
        pixels[red, 1:] //= 2
        pair.append(pixels)
    Image.fromarray(np.hstack(pair)).save(out)


def _tiles(path: Path) -> NDArray[np.float64]:
    """Return the pixels of a picture: line of tiles, tile, line, pixel, colour; without rims."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    height, width = pixels.shape[0], pixels.shape[1]
    fill = ((0, -height % TILE), (0, -width % TILE), (0, 0))
    padded = np.pad(pixels, fill, mode="edge")
    shape = (padded.shape[0] // TILE, TILE, padded.shape[1] // TILE, TILE, 3)
    return padded.reshape(shape).swapaxes(1, 2)

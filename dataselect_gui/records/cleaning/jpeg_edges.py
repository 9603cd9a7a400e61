"""Whether a JPEG's coded data beyond the edge of its picture repeat that edge.

Coded data come in blocks of 8 × 8 samples, and blocks in units (MCUs). Where the picture's sides are no
multiples of a unit, the coded data reach beyond its edge, and no viewer shows what is there: it may be
what was cut off. Encoders repeat the last column and row there; of a subsampled component, the last
column as it was before. A partly visible block passes where some picture that repeats its edge is coded
as exactly this block. A wholly hidden block passes where it has one shade, that of a visible block of
its unit.
"""

import io
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.records.image_formats.jpeg import Component, Jpeg
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

_BLOCK, _MAX_SIDE = 8, 65_500
_STEPS = 60
"""Projections onto the pictures that repeat their edge, and onto those that are coded so."""
_ROUNDING = 1.0
"""How far a coefficient computed from rounded samples may be off; its standard deviation is that
of one sample's rounding, 0.29."""
_LEVELS = 255
_SAMPLINGS = (((1, 1), (1, 1), (1, 1)), ((2, 2), (1, 1), (1, 1)))
"""Of three components, those whose samples a decoder gives as they are coded."""

Block = NDArray[np.float64]
"""Blocks of samples or coefficients, shape (n, 8, 8)."""

_frequencies = np.arange(_BLOCK)[:, None] * (2 * np.arange(_BLOCK) + 1) * math.pi / (2 * _BLOCK)
_COSINES = np.cos(_frequencies) * np.where(np.arange(_BLOCK) == 0, math.sqrt(0.125), 0.5)[:, None]
"""The orthonormal discrete cosine transform of 8 samples, DCT-II (ITU T.81, A.3.3)."""
_ZIGZAG = np.argsort(
    [
        (x + y) * 64 + (y if (x + y) % 2 else x)  # Diagonal by diagonal, in turns up and down.
        for y in range(_BLOCK)
        for x in range(_BLOCK)
    ]
)


def repeats_its_edge(jpeg: Jpeg) -> bool:
    """Say whether nothing is coded beyond the edge of a JPEG's picture but its repetition.

    Parameters
    ----------
    jpeg : Jpeg
        One that is coded sequentially, each component once.

    Returns
    -------
    bool
        False also where it cannot be decided: where components are coded in several scans, there are
        four of them, or they are subsampled in another way than 4:2:0.

    Raises
    ------
    UnreadableRecordError
        Where it cannot be decoded.
    """
    components = jpeg.components
    if len(components) == 1:  # Its blocks lie in plain rows, whatever its sampling factors.
        components = (components[0]._replace(across=1, down=1),)
    across, down = max(c.across for c in components), max(c.down for c in components)
    width = math.ceil(jpeg.width / (_BLOCK * across)) * _BLOCK * across
    height = math.ceil(jpeg.height / (_BLOCK * down)) * _BLOCK * down
    if (width, height) == (jpeg.width, jpeg.height):
        return True
    sampling = tuple((c.across, c.down) for c in components)
    if len(jpeg.scans) != 1 or (len(components) != 1 and sampling not in _SAMPLINGS):
        return False
    if max(width, height) > _MAX_SIDE:
        return False
    whole = jpeg.content(size=(width, height))
    tables = _tables(jpeg.scans[0].quantisation)
    decoded: dict[int, Image.Image] = {}
    for number, component in enumerate(components):
        # At half the size the samples of a subsampled component are given as they are coded.
        scale = across // component.across
        if scale not in decoded:
            decoded = {scale: _decoded(whole, scale)}
        plane = _Plane(decoded[scale], number)
        shown = (
            math.ceil(jpeg.height * component.down / down),
            math.ceil(jpeg.width * component.across / across),
        )
        table = tables.get(component.table)
        if table is None or plane.size != (
            width * component.across // across,
            height * component.down // down,
        ):
            return False
        # Where one sample stands for two columns, the second column is repeated, not their mean.
        is_mean = component.across != across and jpeg.width % across == 0
        for blocks, below, beside in _at_edges(plane, shown):
            if not _is_coded_so(blocks, below - 1, beside if is_mean else beside - 1, table):
                return False
        if not _says_nothing(whole, plane, shown, component):
            return False
    return True


def _decoded(whole: bytes, scale: int) -> Image.Image:
    """Return an image's components, at a fraction of its size."""
    try:
        image = Image.open(io.BytesIO(whole), formats=["JPEG"])
        image.draft("YCbCr", (image.width // scale, image.height // scale))
        image.load()
    except Exception:  # A hostile file can raise any error in a decoder.
        raise UnreadableRecordError(_("The image is cut off or damaged.")) from None
    return image


class _Plane:
    """The samples of one component of a decoded image."""

    def __init__(self, image: Image.Image, number: int) -> None:
        self.number, self.size, self._image = number, image.size, image

    def cut(self, rows: slice, columns: slice) -> Block:
        """Return the blocks of a part of it, row by row."""
        part = np.asarray(self._image.crop((columns.start, rows.start, columns.stop, rows.stop)))
        samples = part if part.ndim == 2 else part[:, :, self.number]
        high, wide = samples.shape[0] // _BLOCK, samples.shape[1] // _BLOCK
        cut = samples.reshape(high, _BLOCK, wide, _BLOCK).swapaxes(1, 2)
        return cut.reshape(-1, _BLOCK, _BLOCK).astype(np.float64)

    def samples(self) -> NDArray[np.uint8]:
        """Return all of it."""
        all_of_it = np.asarray(self._image)
        return all_of_it if all_of_it.ndim == 2 else all_of_it[:, :, self.number]


def _tables(segments: bytes) -> dict[int, Block]:
    """Return the quantisation tables of some segments, by their number."""
    tables, place = {}, 0
    while place < len(segments):
        name = segments[place + 4]
        values = np.frombuffer(segments, ">u2" if name >> 4 else ">u1", 64, place + 5)
        table = np.empty(64)
        table[_ZIGZAG] = values
        tables[name & 15] = table.reshape(1, _BLOCK, _BLOCK)
        place += 2 + int.from_bytes(segments[place + 2 : place + 4], "big")
    return tables


def _at_edges(plane: _Plane, shown: tuple[int, int]) -> Iterator[tuple[Block, int, int]]:
    """Yield the blocks that are shown in part, and how many of their rows and columns are."""
    below, beside = shown[0] % _BLOCK, shown[1] % _BLOCK
    bottom, right = shown[0] - below, shown[1] - beside
    last_rows, last_columns = slice(bottom, bottom + _BLOCK), slice(right, right + _BLOCK)
    if beside and bottom:
        yield plane.cut(slice(0, bottom), last_columns), _BLOCK, beside
    if below and right:
        yield plane.cut(last_rows, slice(0, right)), below, _BLOCK
    if below and beside:
        yield plane.cut(last_rows, last_columns), below, beside


def _is_coded_so(blocks: Block, row: int, column: int, table: Block) -> bool:
    """Say whether each block is the code of some picture that repeats its edge.

    Such pictures are a convex set, and so are those with one code; a common point is searched for by
    projecting onto each in turn. Samples of 0 and 255 may have been clipped.

    Parameters
    ----------
    blocks : ndarray, shape (n, 8, 8)
        The samples.
    row, column : int
        Those that are repeated.
    table : ndarray, shape (1, 8, 8)
        The steps of the coefficients.
    """
    most = table / 2
    coded, off = blocks, np.zeros_like(blocks)
    for _step in range(_STEPS):
        picture = coded + off
        if column < _BLOCK:
            picture[:, :, column:] = picture[:, :, column:].mean(axis=2, keepdims=True)
        picture[:, row:, :] = picture[:, row:, :].mean(axis=1, keepdims=True)
        coefficients = _COSINES @ (picture - coded) @ _COSINES.T
        is_open = (np.abs(coefficients) > most + _ROUNDING).any(axis=(1, 2))
        if not is_open.any():
            return True
        picture, coefficients, blocks = picture[is_open], coefficients[is_open], blocks[is_open]
        off = _COSINES.T @ np.clip(coefficients, -most, most) @ _COSINES
        coded = np.where(blocks == 0, np.minimum(picture - off, 0), blocks)
        coded = np.where(blocks == _LEVELS, np.maximum(picture - off, _LEVELS), coded)
    return False


def _says_nothing(whole: bytes, plane: _Plane, shown: tuple[int, int], component: Component) -> bool:
    """Say whether each hidden block has one shade, that of a visible block of its unit."""
    rows, columns = (math.ceil(side / _BLOCK) for side in shown)
    bottom, right = rows * _BLOCK, columns * _BLOCK
    width, height = plane.size
    hidden = []
    if right < width:
        hidden.append(plane.cut(slice(0, height), slice(right, width)))
    if bottom < height:
        hidden.append(plane.cut(slice(bottom, height), slice(0, width)))
    if any((blocks != blocks[:, :1, :1]).any() for blocks in hidden):
        return False
    if not hidden:
        return True
    # At an eighth of the size there is a sample for each block.
    shades = _Plane(_decoded(whole, _BLOCK), plane.number).samples()
    if shades.shape != (height // _BLOCK, width // _BLOCK):
        return False
    is_hidden = np.ones(shades.shape, dtype=bool)
    is_hidden[:rows, :columns] = False
    for row, column in np.argwhere(is_hidden):
        top, left = row - row % component.down, column - column % component.across
        unit = shades[top : top + component.down, left : left + component.across]
        if shades[row, column] not in unit[: rows - top, : columns - left]:
            return False
    return True

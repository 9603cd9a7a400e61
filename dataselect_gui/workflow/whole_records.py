"""A record in full: a picture in its own size and values, and the other records of its person."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.images import PixelRange, Values, white_of_16_bits
from dataselect_gui.records.kinds.kind import Lines
from dataselect_gui.workflow.looking import Look, Pictures

_MOST_UNIT = 1_000
"""So many records of a person are listed beside one of them."""


@dataclass(frozen=True)
class WholePicture:
    """A picture in full size.

    Attributes
    ----------
    values : ndarray
        As `Values`.
    black, white : float
        The values that are shown as black and white at first: those by which it is scored, where that
        is known; else its own darkest and brightest.
    """

    values: Values
    black: float
    white: float

    @property
    def is_grey(self) -> bool:
        """Whether black and white can be chosen."""
        return self.values.ndim == 2


def whole_record(pictures: Pictures, row: int) -> WholePicture | Lines:
    """Return a record in full, decoded in the confined process; see `Pictures.picture`.

    Raises
    ------
    ChangedRecordError
        Where it is gone, or its content is not what was scored.
    UnreadableRecordError
        Where it cannot be read.
    """
    kind = pictures.kind
    if kind.is_read:
        read = pictures.picture(row)
        assert isinstance(read, tuple)
        return read
    values = shared().values(kind, pictures.stored(row))
    return WholePicture(values, *_shown_range(values, kind.pixel_range))


def unit_rows(project: Look, row: int) -> Sequence[int]:
    """Return the rows of the unit of a record, that one among them; none where records have no units.

    Of a unit with very many, those around it.
    """
    if project.units is None:
        return ()
    unit = project.units[row]
    rows = [other for other, name in enumerate(project.units) if name == unit]
    first = max(0, min(rows.index(row) - _MOST_UNIT // 2, len(rows) - _MOST_UNIT))
    return rows[first : first + _MOST_UNIT]


def record_file(project: Look, row: int) -> Path | None:
    """Return the file that a record is; None where it is part of one, or is not there."""
    if not project.source.is_dir():
        return None
    path = project.source / project.ids[row]
    return path if path.is_file() else None


def _shown_range(values: Values, pixel_range: PixelRange | None) -> PixelRange:
    if values.dtype == np.uint8:
        return 0.0, 255.0
    if pixel_range is not None:
        return pixel_range
    low, high = float(values.min()), float(values.max())
    if values.dtype == np.uint16 and (white := white_of_16_bits(high)) is not None:
        return 0.0, white
    return (low, high) if low < high else (low, low + 1)

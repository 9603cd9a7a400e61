"""How large tiles are, and how many stand beside each other; arithmetic alone."""

from dataclasses import dataclass

from PySide6.QtCore import QSize

USUAL = 128
"""The side of a picture's tile, in pixels."""
GAP = 12
EDGE = 4
"""Room for the focus ring."""
_READ_WIDTH = 3
"""How many times as wide as a picture's tile one with a text is at least."""
_USUAL_HEIGHT, _LEAST_HEIGHT = 68, 34


@dataclass(frozen=True)
class TileLayout:
    """The layout of tiles.

    Attributes
    ----------
    limit : int
        The side that a tile's picture is to have, in pixels; it is less where there is no room.
    is_read : bool
        Whether tiles hold texts: then they share the width, and are a few lines high.
    """

    limit: int
    is_read: bool

    def columns(self, width: int) -> int:
        """Return how many tiles stand in a line of some width."""
        least = self.limit * (_READ_WIDTH if self.is_read else 1)
        least = max(1, min(least, width - 2 * EDGE))
        return max(1, (width + GAP - 2 * EDGE) // (least + GAP))

    def gap(self, width: int) -> int:
        """Return the room between the tiles of a line, which fill it from edge to edge."""
        columns = self.columns(width)
        if self.is_read or columns == 1:
            return GAP
        return max(GAP, (width - 2 * EDGE - columns * self.size(width).width()) // (columns - 1))

    def size(self, width: int) -> QSize:
        """Return the size of a tile without its foot, in a line of some width."""
        room = width - 2 * EDGE
        if not self.is_read:
            side = max(1, min(self.limit, room))
            return QSize(side, side)
        columns = self.columns(width)
        height = max(_LEAST_HEIGHT, self.limit * _USUAL_HEIGHT // USUAL)
        return QSize(max(1, (room - (columns - 1) * GAP) // columns), height)

"""Which records are meant. Imports nothing heavy: a process reads it before it confines itself."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceRef:
    """Which records are meant: where they are, and how their columns are to be read.

    Attributes
    ----------
    path : Path
        The folder or file.
    label_column, unit_column : str or None
        The columns of labels and units, where they are not the usual ones.
    pixel_range : tuple of float or None
        The values of black and of white in images of more than 8 bits, where the consortium's request
        states them.
    """

    path: Path
    label_column: str | None = None
    unit_column: str | None = None
    pixel_range: tuple[float, float] | None = None

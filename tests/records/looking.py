"""What tests ask of a source, and small things that they put into one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui.records.source import Source

OF_ODD_IMAGES = pytest.mark.filterwarnings(
    "ignore::PIL.Image.DecompressionBombWarning",
    "ignore:Truncated File Read:UserWarning",
    "ignore:Palette images with Transparency:UserWarning",
)
"""A mark of tests in which Pillow warns of what it decodes."""
NOISE = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)


def pixels(source: Source, index: int) -> NDArray[np.generic]:
    return np.asarray(source.kind.decode(source.read(index)))

"""What tests ask of a source, and small things that they put into one."""

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.source import Source

NOISE = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)


def pixels(source: Source, index: int) -> NDArray[np.generic]:
    return np.asarray(source.kind.decode(source.read(index)))

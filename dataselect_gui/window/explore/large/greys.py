"""A picture in several sizes, and its values as greys between a black and a white; arithmetic alone.

What is painted is cut out of the size that is nearest to the screen's, so that painting takes time for
what is seen, not for the picture.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.workflow import WholePicture

_SMALLEST = 1024
"""A longer side of so many pixels needs no smaller copy."""


def sizes_of(picture: WholePicture) -> Sequence[NDArray[np.generic]]:
    """Return a picture's values in full size, and then each time half as wide and high."""
    sizes: list[NDArray[np.generic]] = [picture.values]
    while max(sizes[-1].shape[:2]) > _SMALLEST:
        sizes.append(_halved(sizes[-1]))
    return sizes


def _halved(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the means of two by two values; an odd last line or column counts twice."""
    odd = [(0, side % 2) for side in values.shape[:2]] + [(0, 0)] * (values.ndim - 2)
    even = np.pad(values, odd, mode="edge") if any(right for _left, right in odd) else values
    exact = np.float32 if values.dtype == np.float32 else np.uint32
    parts = [even[top::2, left::2].astype(exact) for top in (0, 1) for left in (0, 1)]
    return ((parts[0] + parts[1] + parts[2] + parts[3]) / 4).astype(values.dtype)


def greys_of(values: NDArray[np.generic], black: float, white: float) -> NDArray[np.uint8]:
    """Return values as greys of 8 bits: `black` and below are 0, `white` and above 255.

    Parameters
    ----------
    values : ndarray
        Whole numbers of 8 or 16 bits, or floats, shape (height, width).
    black, white : float
        The first is lower than the second.
    """
    if values.dtype == np.float32:
        return _scaled(values.astype(np.float32), black, white)
    every = np.arange(np.iinfo(values.dtype.str).max + 1, dtype=np.float32)
    greys: NDArray[np.uint8] = _scaled(every, black, white)[values]
    return greys


def _scaled(values: NDArray[np.float32], black: float, white: float) -> NDArray[np.uint8]:
    """Return 255·(v − black) / (white − black), 0 to 255, rounded; `values` are written over."""
    values -= np.float32(black)
    values *= np.float32(255 / (white - black))
    np.clip(values, 0, 255, out=values)
    return np.rint(values, out=values).astype(np.uint8)

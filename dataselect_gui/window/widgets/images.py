"""Pixels as images of Qt."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return RGB pixels of shape (height, width, 3) as an image; safe in any thread."""
    height, width, _ = pixels.shape
    held = np.ascontiguousarray(pixels)
    borrowed = QImage(held.data, width, height, held.strides[0], QImage.Format.Format_RGB888)
    # The conversion copies, so that nothing points into `held` any more.
    return borrowed.convertToFormat(QImage.Format.Format_RGB32)

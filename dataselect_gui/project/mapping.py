"""Arrays that live in files."""

from pathlib import Path
from typing import Any

import numpy as np

Mapped = np.memmap[tuple[int, ...], np.dtype[Any]]


def mapped(path: Path, dtype: type, shape: tuple[int, ...], fill: float) -> Mapped:
    """Return an array that lives in a file, made where there is none.

    What is written survives the death of the process that wrote it.
    """
    if not path.is_file():
        partial = path.with_name(f".{path.name}.partial.npy")
        np.save(partial, np.full(shape, fill, dtype=dtype))
        partial.replace(path)
    array: Mapped = np.lib.format.open_memmap(path, mode="r+")
    return array

"""Arrays of floats go into the model as they are, which is said where images would be scaled."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from tests.helpers import array_file, hugging_face_folder, preprocessor, write_json


def notes(folder: Path, x: NDArray[Any], *, has_processor: bool) -> str:
    """Return what is said of an array and a checkpoint."""
    model = hugging_face_folder(folder / "model")
    if has_processor:
        write_json(model / "preprocessor_config.json", preprocessor(4, channels=1))
    source = open_source(SourceRef(array_file(folder / "x.npz", x=x, y=np.arange(len(x)))))
    return " ".join(source.kind.fit_notes(source, find_checkpoint(model).final))


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 4, 4), (3, 1, 4, 4), (3, 3, 4, 4)], ids=str)
@pytest.mark.parametrize("largest", [1, 255])
def test_floats_that_are_not_scaled_are_said(
    tmp_path: Path, kind: str, shape: tuple[int, ...], largest: int
) -> None:
    """Pixels from 0 to 1 that were meant for the processor would score as another image."""
    x = (np.random.default_rng(0).random(shape) * largest).astype(kind)
    assert "go into the model as they are" in notes(tmp_path, x, has_processor=True)


def test_floats_for_a_model_without_a_processor_need_no_word(tmp_path: Path) -> None:
    assert not notes(tmp_path, np.zeros((3, 1, 4, 4), np.float32), has_processor=False)


@pytest.mark.parametrize("shape", [(3, 4, 4), (3, 4, 4, 1), (3, 4, 4, 3)], ids=str)
def test_images_are_scaled_and_need_no_word(tmp_path: Path, shape: tuple[int, ...]) -> None:
    assert not notes(tmp_path, np.zeros(shape, np.uint8), has_processor=True)

"""Whatever is wrong with a file, it is refused or leaves as it shows."""

import numpy as np
import pytest

from dataselect_gui.records.cleaning.image import clean_image, says_nothing_else
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.source import UnreadableRecordError
from tests import hostile_files as hostile
from tests.records.cleaning.files import FLOATS, RGB, USUAL, shows_the_same


@pytest.mark.parametrize(
    ("extension", "stored"), [("jpg", RGB), ("png", USUAL), ("tif", RGB), ("png", FLOATS)]
)
def test_a_file_of_another_format_than_its_name_says_is_found(extension: str, stored: bytes) -> None:
    assert not says_nothing_else(extension, stored)


FORMS = ["PNG", "GIF", "TIFF", "BMP", "WEBP"]


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "YCbCr"])
@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_wrong_with_a_file_it_is_refused_or_leaves_as_it_shows(
    form: str, mode: str
) -> None:
    rng = np.random.default_rng(0)
    image = hostile.pixels(13, 9, "RGB").convert(mode)
    try:
        whole = hostile.stored(image, form)
    except (OSError, ValueError):
        pytest.skip("this format has no such mode")
    for _ in range(60):
        harmed = bytearray(whole)
        for _ in range(rng.integers(0, 3)):
            harmed[int(rng.integers(len(harmed)))] = int(rng.integers(256))
        try:
            decode_image(bytes(harmed))
        except UnreadableRecordError:
            continue
        extension, content = clean_image(bytes(harmed))
        assert says_nothing_else(extension, content)
        assert shows_the_same(content, bytes(harmed))

"""How records become inputs: as the library's processor does, by what was reviewed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from transformers import AutoImageProcessor

from dataselect_gui.checkpoints import processors
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.source import UnreadableRecordError
from tests.checkpoints.test_hugging_face_folders import change, refusal_of
from tests.helpers import config, write_json, write_safetensors
from tests.models import SIDE


@pytest.mark.parametrize("name", processors.PROCESSORS)
@pytest.mark.parametrize("size", [(30, 20), (12, 31)])
def test_inputs_are_those_of_the_librarys_processor(
    tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    import transformers

    made = getattr(transformers, f"{name}Pil")()
    stated = json.loads(made.to_json_string())
    if name == "DonutImageProcessor":
        stated["size"] = {"height": 40, "width": 30}  # Its own is that of a page.
    write_json(tmp_path / "preprocessor_config.json", stated)
    write_json(tmp_path / "config.json", config(num_channels=3))
    write_safetensors(tmp_path / "model.safetensors", {"weight": (3, 4)})
    pixels = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    expected = AutoImageProcessor.from_pretrained(tmp_path, backend="pil", local_files_only=True)(
        images=image, return_tensors="np", input_data_format="channels_last"
    )["pixel_values"][0]
    inputs = Preprocessor(find_checkpoint(tmp_path).final, 3)(image)
    np.testing.assert_array_equal(inputs, expected.astype(np.float32))


NAMED = {
    "ViTFeatureExtractor": "ViTImageProcessor",
    "ViTImageProcessorFast": "ViTImageProcessor",
    "BeitImageProcessorPil": "BeitImageProcessor",
    None: "ConvNextImageProcessor",
}


@pytest.mark.parametrize("stated", NAMED, ids=str)
def test_a_processor_is_known_by_its_older_names(stated: str | None) -> None:
    key = "feature_extractor_type" if "Extractor" in (stated or "") else "image_processor_type"
    assert processors.processor_name({key: stated}, {"model_type": "resnet"}) == NAMED[stated]


PREPROCESSING: dict[str, dict[str, Any]] = {
    "another class": {"image_processor_type": "PixtralImageProcessor"},
    "no class of the kind": {"image_processor_type": "os.system"},
    "a list": {"image_processor_type": ["ViTImageProcessor"]},
    "code": {"auto_map": {"AutoImageProcessor": "evil.Processor"}},
    "padding to the largest": {"do_pad": True},
    "padding": {"pad_size": {"height": 64, "width": 64}},
    "a method": {"resize": 3},
    "random": {"random_padding": True},
    "a large size": {"size": {"height": 100_000, "width": 100_000}},
    "a large edge": {"size": {"shortest_edge": 10**9}},
    "no size": {"size": {"height": 0, "width": 3}},
    "a fraction": {"size": {"height": 3.5, "width": 3}},
    "true": {"size": {"height": True, "width": 3}},
    "unknown sides": {"size": {"depth": 3}},
    "a large crop": {"crop_size": 10**6},
    "a word": {"do_resize": "yes"},
    "a filter": {"resample": 9},
    "many means": {"image_mean": [0.5] * 100},
    "a huge factor": {"rescale_factor": 1e300},
    "a tiny share": {"image_processor_type": "ConvNextImageProcessor", "crop_pct": 1e-9},
}


@pytest.mark.parametrize("kind", PREPROCESSING)
def test_a_processor_that_was_not_reviewed_is_refused(folder: Path, kind: str) -> None:
    change(folder / "preprocessor_config.json", **PREPROCESSING[kind])
    assert "preprocessor_config.json" in refusal_of(folder)


@pytest.mark.parametrize("name", ["ConvNextImageProcessor", "BitImageProcessor", "DonutImageProcessor"])
def test_a_long_and_narrow_image_takes_no_memory(folder: Path, name: str) -> None:
    stated = {"image_processor_type": name, "image_mean": [0.5], "image_std": [0.5]}
    write_json(folder / "preprocessor_config.json", stated)
    preprocess = Preprocessor(find_checkpoint(folder).final, 1)
    before = psutil.Process().memory_info().rss
    with pytest.raises(UnreadableRecordError, match="long and narrow"):
        preprocess(Image.new("L", (50_000, 2)))
    assert psutil.Process().memory_info().rss - before < 300 << 20


def test_a_long_image_is_stretched_where_the_size_is_fixed(folder: Path) -> None:
    preprocess = Preprocessor(find_checkpoint(folder).final, 1)
    assert preprocess(Image.new("L", (50_000, 2))).shape == (1, SIDE, SIDE)

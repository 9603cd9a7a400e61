"""Sources and checkpoint files made by hand. Nothing here needs torch; see `tests.models`."""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from dataselect_gui.checkpoints.checkpoint import Checkpoint
    from dataselect_gui.records.source import Source

CLASSES = ("bird", "cat", "dog")


def write_image(path: Path, *, size: tuple[int, int] = (8, 6), seed: int = 0) -> Path:
    """Write a small image of noise, in the format of the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def image_folder(root: Path, names: Sequence[str]) -> Path:
    """Write one image per name below a folder."""
    for seed, name in enumerate(names):
        write_image(root / name, seed=seed)
    return root


def array_file(path: Path, **arrays: Any) -> Path:  # noqa: ANN401
    """Write an ``.npz`` file."""
    np.savez_compressed(path, **arrays)
    return path


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that declares any size, with almost nothing in it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(64))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def write_json(path: Path, content: object) -> Path:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def write_safetensors(path: Path, shapes: Mapping[str, Sequence[int]]) -> Path:
    """Write a safetensors file of float32 zeros."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))
    return path


def config(classes: Sequence[str] = CLASSES, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a ``config.json`` that names the classes."""
    return {
        "model_type": "resnet",
        "architectures": ["ResNetForImageClassification"],
        "num_channels": 1,
        "id2label": {str(index): name for index, name in enumerate(classes)},
        **more,
    }


def hugging_face_folder(folder: Path, **more: Any) -> Path:  # noqa: ANN401
    """Write a folder in the Hugging Face layout that can be found, though not loaded as a model."""
    write_json(folder / "config.json", config(**more))
    write_safetensors(folder / "model.safetensors", {"weight": (3, 4), "bias": (3,)})
    return folder


def preprocessor(size: int, channels: int) -> dict[str, Any]:
    """Return a ``preprocessor_config.json`` that resizes and normalises to [−1, 1]."""
    return {
        "do_convert_rgb": False,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.5] * channels,
        "image_processor_type": "ViTImageProcessor",
        "image_std": [0.5] * channels,
        "resample": 2,
        "rescale_factor": 1 / 255,
        "size": {"height": size, "width": size},
    }


def targets_of(source: "Source", checkpoint: "Checkpoint") -> NDArray[np.int64]:
    """Return the class indices of a source's records, −1 for none."""
    from dataselect_gui.checkpoints.labels import LabelReader
    from dataselect_gui.records.reference import LabelRule

    reader = LabelReader.of(checkpoint, source.classes, LabelRule())
    return reader.targets(source.labels).astype(np.int64)

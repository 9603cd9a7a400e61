"""The valid files that are changed: written once a run, by the program itself where it writes them."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from tests.fuzz.checkpoints import CONFIG, PROCESSOR, PT2, REQUEST, WEIGHTS
from tests.fuzz.kept import DATABASE, HEAD, PROJECT, REGISTER, WINDOW
from tests.fuzz.records import ARRAYS, CSV, JSONL
from tests.fuzz.tiff import EXIF, build, entry
from tests.fuzz.values import Files
from tests.helpers import config, preprocessor, write_safetensors

_TRAINING = {
    "noise_multiplier": 1.1,
    "max_grad_norm": 1.0,
    "sample_rate": 0.05,
    "steps": 100,
    "delta": 1e-5,
}


def files_below(folder: Path) -> Files:
    """Return the files below a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


# Images


def _pictures() -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 4), dtype=np.uint8)
    smooth = np.add.outer(np.arange(24), np.arange(32)).astype(np.uint8) * 4
    colour = Image.fromarray(pixels[..., :3])
    return [
        colour,
        Image.fromarray(smooth),
        Image.fromarray(pixels),
        colour.quantize(16),
        Image.fromarray(smooth > 90),
    ]


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, form, **options)
    return written.getvalue()


def png(_: Path) -> list[Files]:
    """Return images of five modes, and one of 16 bits."""
    deep = Image.fromarray(np.arange(24 * 32, dtype=np.uint16).reshape(24, 32) * 80)
    return [{"1.png": _saved(picture, "PNG")} for picture in [*_pictures(), deep]]


def jpeg(_: Path) -> list[Files]:
    """Return images in colour and grey, plain and progressive, turned, and of four inks."""
    colour, grey = _pictures()[:2]
    turned = Image.Exif()
    turned[0x0112] = 6
    saved = [
        _saved(colour, "JPEG", quality=80),
        _saved(grey, "JPEG", restart_marker_blocks=2),
        _saved(colour, "JPEG", progressive=True, subsampling=0),
        _saved(colour, "JPEG", exif=turned, comment=b"x", icc_profile=b"x" * 200),
        _saved(colour.convert("CMYK"), "JPEG"),
    ]
    return [{"1.jpg": content} for content in saved]


def gif(_: Path) -> list[Files]:
    """Return images of one frame and of several."""
    colour, grey = _pictures()[:2]
    several = _saved(
        colour.quantize(8), "GIF", save_all=True, append_images=[grey.convert("P")] * 2, loop=0
    )
    return [
        {"1.gif": content}
        for content in (_saved(colour, "GIF"), _saved(grey, "GIF", transparency=0), several)
    ]


def bmp(_: Path) -> list[Files]:
    """Return images of five modes."""
    return [{"1.bmp": _saved(picture, "BMP")} for picture in _pictures()]


def pnm(_: Path) -> list[Files]:
    """Return images of three modes, and one of 16 bits."""
    colour, grey, *_others, bits = _pictures()
    deep = Image.fromarray(np.arange(24 * 32, dtype=np.uint16).reshape(24, 32) * 80)
    return [{"1.ppm": _saved(picture, "PPM")} for picture in (colour, grey, bits, deep)]


def jpeg2000(_: Path) -> list[Files]:
    """Return images with and without boxes, of tiles, of precincts, of layers, and of 16 bits."""
    colour, grey = _pictures()[:2]
    deep = Image.fromarray(np.arange(24 * 32, dtype=np.uint16).reshape(24, 32) * 80)
    saved = [
        _saved(colour, "JPEG2000"),
        _saved(grey, "JPEG2000", no_jp2=True),
        _saved(deep, "JPEG2000"),
        _saved(colour, "JPEG2000", tile_size=(16, 16)),
        _saved(grey, "JPEG2000", precinct_size=(32, 32), codeblock_size=(16, 16), num_resolutions=3),
        _saved(colour, "JPEG2000", quality_layers=[40, 10, 1]),
    ]
    return [{"1.jp2": content} for content in saved]


def tga(_: Path) -> list[Files]:
    """Return images of four modes, plain and in run lengths."""
    saved = [_saved(picture, "TGA") for picture in _pictures()]
    saved += [_saved(picture, "TGA", rle=True) for picture in _pictures()[:2]]
    return [{"1.tga": content} for content in saved]


def image_tables(_: Path) -> list[Files]:
    """Return the same rows as Parquet, packed and not, and as Arrow."""
    from tests.records.test_image_tables import arrow, parquet, table

    with TemporaryDirectory() as folder:
        made = [
            parquet(Path(folder) / "a" / "table.parquet", table(4)),
            parquet(Path(folder) / "b" / "table.parquet", table(4), compression="none"),
            arrow(Path(folder) / "c" / "table.arrow", table(4)),
            arrow(Path(folder) / "d" / "table.arrow", table(4), of_file=True),
        ]
        return [{path.name: path.read_bytes()} for path in made]


def webp(_: Path) -> list[Files]:
    """Return images coded with and without loss, one with an orientation, one that moves."""
    colour, grey, clear = _pictures()[:3]
    turned = Image.Exif()
    turned[0x0112] = 3
    saved = [
        _saved(colour, "WEBP"),
        _saved(clear, "WEBP", lossless=True),
        _saved(clear, "WEBP", exif=turned),
        _saved(colour, "WEBP", save_all=True, append_images=[grey.convert("RGB")]),
    ]
    return [{"1.webp": content} for content in saved]


def tiff(_: Path) -> list[Files]:
    """Return images as Pillow writes them, packed in several ways, and one with a directory within."""
    colour, grey, _clear, palette, bits = _pictures()
    floats = Image.fromarray(np.linspace(0, 1, 24 * 32, dtype=np.float32).reshape(24, 32))
    saved = [
        _saved(colour, "TIFF"),
        _saved(grey, "TIFF", compression="tiff_lzw"),
        _saved(colour, "TIFF", compression="tiff_adobe_deflate"),
        _saved(colour, "TIFF", compression="jpeg"),
        _saved(palette, "TIFF", compression="packbits"),
        _saved(bits, "TIFF", compression="group4"),
        _saved(floats, "TIFF"),
        build(
            [
                entry(256, 4, [4]),
                entry(257, 4, [2]),
                entry(258, 3, [8]),
                entry(259, 3, [1]),
                entry(262, 3, [1]),
                entry(273, 4, [8]),
                entry(277, 3, [1]),
                entry(278, 4, [2]),
                entry(279, 4, [8]),
                entry(EXIF, 4, [8]),
            ],
            bytes(range(8)),
        ),
    ]
    return [{"1.tif": content} for content in saved]


# Sources


def arrays(folder: Path) -> list[Files]:
    """Return array files of images and of numbers, with classes and columns."""
    chance = np.random.default_rng(0)
    folder.mkdir(parents=True)
    columns: dict[str, Any] = {
        "y": np.arange(6) % 3,
        "classes": np.array(["bird", "cat", "dog"]),
        "patient": np.array([f"patient {row // 2}" for row in range(6)]),
        "age": np.linspace(20, 70, 6),
    }
    np.savez_compressed(
        folder / "a.npz", x=chance.integers(0, 256, (6, 5, 4), dtype=np.uint8), **columns
    )
    np.savez(folder / "b.npz", x=chance.random((6, 1, 4, 4), dtype=np.float32), **columns)
    np.savez(
        folder / "c.npz",
        x=chance.integers(0, 256, (6, 5, 4, 3), dtype=np.uint8),
        y=np.array([b"a"] * 6),
    )
    return [{ARRAYS: path.read_bytes()} for path in sorted(folder.iterdir())]


def _images() -> Files:
    pictures = _pictures()
    return {name: _saved(pictures[0], "PNG") for name in ("a/1.png", "a/2.png", "b/3.png")}


def metadata_csv(_: Path) -> list[Files]:
    """Return a folder of images with a table."""
    rows = "a/1.png,cat,p 1\na/2.png,dog,p 1\nb/3.png,cat,p 2\n"
    return [{**_images(), CSV: b"file_name,label,patient\n" + rows.encode()}]


def metadata_jsonl(_: Path) -> list[Files]:
    """Return a folder of images with lines of JSON."""
    rows = [
        {"file_name": name, "label": "cat", "patient": number} for number, name in enumerate(_images())
    ]
    return [{**_images(), JSONL: b"\n".join(json.dumps(row).encode() for row in rows) + b"\n"}]


# Checkpoints


def hugging_face(folder: Path) -> list[Files]:
    """Return folders of tiny models of the transformers library."""
    import torch

    from tests.models import save_member, stir, tiny_convnext, tiny_resnet, tiny_vit

    torch.manual_seed(0)
    for number, make in enumerate((tiny_vit, tiny_resnet, tiny_convnext)):
        save_member(folder / str(number), stir(make(), number))
    return [files_below(path) for path in sorted(folder.iterdir())]


def exported(folder: Path) -> list[Files]:
    """Return ``.pt2`` files of a convolutional, a table-like and an attending model."""
    import torch

    from tests.models import export, stir, tiny_plain

    class Attending(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = torch.nn.Linear(16, 12), torch.nn.Linear(4, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            query, key, value = self.first(inputs.squeeze(1)).chunk(3, dim=-1)
            weights = torch.softmax(query @ key.transpose(-1, -2) / 2, dim=-1)
            logits: torch.Tensor = self.last((weights @ value).mean(dim=1))
            return logits

    table = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(256, 5), torch.nn.GELU(), torch.nn.Linear(5, 3)
    )
    torch.manual_seed(0)
    made = []
    for number, model in enumerate((tiny_plain(), table, Attending())):
        path = export(folder / str(number) / PT2, stir(model, number), torch.zeros(2, 1, 16, 16))
        made.append({PT2: path.read_bytes(), CONFIG: json.dumps(config()).encode()})
    return made


def processors(_: Path) -> list[Files]:
    """Return folders that can be found, with a processor; their model is never loaded."""
    written = _plain_folder(_)
    sizes = preprocessor(16, 1)
    cropped = {
        **sizes,
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": 18},
        "do_center_crop": True,
        "crop_size": {"height": 16, "width": 16},
    }
    return [{**written, PROCESSOR: json.dumps(document).encode()} for document in (sizes, cropped)]


def requests(folder: Path) -> list[Files]:
    """Return folders that can be found, with a request."""
    written = _plain_folder(folder)
    by_vog = {"score": "vog", "threshold": 0.25, "contact": "a@example.org", **_TRAINING}
    other = {
        "score": "loss",
        "count": 10,
        "bounds": {"loss": [0, 5]},
        "deadline": "2030-01-01",
        "epsilon": 2,
        "delta": 1e-6,
    }
    return [{**written, REQUEST: json.dumps(document).encode()} for document in (by_vog, other)]


def _plain_folder(folder: Path) -> Files:
    folder.mkdir(parents=True, exist_ok=True)
    weights = write_safetensors(folder / WEIGHTS, {"weight": (3, 4), "bias": (3,)}).read_bytes()
    return {CONFIG: json.dumps(config()).encode(), WEIGHTS: weights}


# What is kept and sent


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    before = os.environ.get("DATASELECT_HOME")
    os.environ["DATASELECT_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["DATASELECT_HOME"]
        else:
            os.environ["DATASELECT_HOME"] = before


def _released(folder: Path) -> None:
    """Release every kind from a project of few records, where that was not done yet."""
    if folder.exists():
        return
    from tests.projects import consortium, owner_records, scored_project
    from tests.records.test_record_kinds import rows, text_folder
    from tests.release.test_signing import key_pair
    from tests.releases import release, select

    folder.mkdir(parents=True)
    with _home(folder / "home"):
        asked = consortium(folder / "consortium", bounds={"loss": [0, 1]})
        project = scored_project(
            folder / "p.dataselect", owner_records(folder / "r.npz", 12), asked, None, "patient"
        )
        select(project, threshold="0.5")
        release(project, folder / "bundles/records", sign=key_pair(folder, "owner")[0], budget="90")
        release(project, folder / "bundles/scores", kind="scores", budget=None)
        release(project, folder / "bundles/offers", kind="offers", budget=None)
        release(
            project, folder / "bundles/report", kind="report", bins="0.5", by_class=True, budget=None
        )
        release(
            project,
            folder / "bundles/gaussian",
            kind="report",
            mechanism="discrete-gaussian",
            delta="1e-6",
            bins="0.5",
            budget=None,
        )
        floats = np.random.default_rng(0).random((12, 1, 4, 4)).astype(np.float32)
        np.savez(folder / "f.npz", x=floats, y=np.arange(12) % 3)
        other = scored_project(folder / "f.dataselect", folder / "f.npz", asked)
        select(other, threshold="0")
        release(other, folder / "bundles/floats", threshold_from="agreed", budget="30")
        for name, make in (("rows", rows), ("texts", text_folder)):
            other = scored_project(folder / f"{name}.dataselect", make(folder), asked)
            select(other, threshold="0")
            release(other, folder / "bundles" / name, threshold_from="agreed", budget="30")


def bundles(folder: Path) -> list[Files]:
    """Return a bundle of each kind that needs no model."""
    _released(folder.parent / "released")
    return [files_below(path) for path in sorted((folder.parent / "released/bundles").iterdir())]


def ledgers(folder: Path) -> list[Files]:
    """Return the ledger of these releases."""
    _released(folder.parent / "released")
    home = folder.parent / "released/home"
    return [{name: (home / name).read_bytes() for name in (DATABASE, HEAD)}]


def projects(folder: Path) -> list[Files]:
    """Return the project that they were made from."""
    _released(folder.parent / "released")
    kept = files_below(folder.parent / "released/p.dataselect")
    return [{name: content for name, content in kept.items() if not name.startswith(".")}]


def windows(_: Path) -> list[Files]:
    """Return what the window remembers."""
    kept = {
        "version": 1,
        "theme": "dark",
        "recent": {"/a/b.dataselect": "b"},
        "geometry": "AAEC",
        "tile": 128,
    }
    return [{WINDOW: json.dumps(kept).encode()}]


def registers(folder: Path) -> list[Files]:
    """Return a project with registers as spreadsheets in several languages write them."""
    settings = projects(folder)[0]
    text = "patient;since\npatient 1;2024\npatient 3;2025\n"
    lists = (text, text.replace(";", ","), text.replace(";", "\t"), "id\npatient 1\npatient 2\n")
    return [{PROJECT: settings[PROJECT], REGISTER: content.encode()} for content in lists]


def write_corpus(folder: Path, makers: dict[str, Callable[[Path], list[Files]]]) -> None:
    """Write the seeds of kinds into a folder, each file of each seed."""
    for name, maker in makers.items():
        for number, files in enumerate(maker(folder / ".made" / name)):
            for file, content in files.items():
                path = folder / name / str(number) / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def read_corpus(folder: Path, name: str) -> list[Files]:
    """Return the seeds of a kind."""
    return [files_below(path) for path in sorted((folder / name).iterdir())]


if __name__ == "__main__":
    from tests.fuzz.kinds import KINDS

    write_corpus(Path(sys.argv[1]), {name: KINDS[name].seeds for name in sys.argv[2:]})

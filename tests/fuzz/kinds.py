"""The kinds of input: their seeds, their mutations, the first check of their parser, their target."""

import csv
import hashlib
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dataselect_gui.project.settings import FORMAT
from tests.fuzz import (
    checkpoints,
    exported,
    jpeg,
    kept,
    png,
    records,
    seeds,
    small_formats,
    tables,
    targets,
    tiff,
)
from tests.fuzz.values import Chance, Files

Check = Callable[[Files], bool]


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes
    ----------
    name : str
        What it is called.
    seeds : callable
        Makes valid inputs, given a folder that it may write into.
    mutate : callable
        Makes an input from a seed.
    first_check : callable
        Says whether an input passes the first check of its parser, found out without the program.
    checked : str
        What that first check is.
    target : callable
        Gives the folder of an input to the program.
    """

    name: str
    seeds: Callable[[Path], list[Files]]
    mutate: Callable[[Files, Chance], Files]
    first_check: Check
    checked: str
    target: Callable[[Path], None]

    def make(self, corpus: list[Files], seed: int, number: int) -> Files:
        """Return the input of a number, the same for the same seed."""
        chance = Chance(f"{self.name} {seed} {number}")
        return self.mutate(corpus[number % len(corpus)], chance)


def _image(mutate: Callable[[bytes, Chance], bytes]) -> Callable[[Files, Chance], Files]:
    def mutated(files: Files, chance: Chance) -> Files:
        ((name, content),) = files.items()
        return {name: mutate(content, chance)}

    return mutated


def _holds(check: Check) -> Check:
    def holds(files: Files) -> bool:
        try:
            return check(files)
        except Exception:  # Whatever a mutation makes of a file.
            return False

    return holds


def _opens(files: Files) -> bool:
    (content,) = files.values()
    with Image.open(
        io.BytesIO(content),
        formats=("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "JPEG2000"),
    ) as opened:
        return opened.width > 0


def _is_table(files: Files) -> bool:
    (content,) = files.values()
    return content.endswith(b"PAR1") or content.startswith((b"ARROW1", b"\xff\xff\xff\xff"))


def _has_header(files: Files) -> bool:
    if tables.CSV not in files:
        return _is_lines(files[tables.JSONL])
    text = files[tables.CSV].decode("utf-8-sig")
    return len(next(csv.reader(io.StringIO(text, newline="")))) > 1


def _is_lines(content: bytes) -> bool:
    return all(isinstance(json.loads(line), dict) for line in content.splitlines() if line.strip())


def _object(name: str) -> Check:
    return _holds(lambda files: isinstance(json.loads(files[name].decode("utf-8")), dict))


def _header(files: Files) -> bool:
    content = files[checkpoints.WEIGHTS]
    (length,) = struct.unpack_from("<Q", content)
    return length <= len(content) and isinstance(json.loads(content[8 : 8 + length]), dict)


def _archive(files: Files) -> bool:
    with zipfile.ZipFile(io.BytesIO(files[checkpoints.PT2])) as archive:
        return len(archive.infolist()) > 0


def _documents(files: Files) -> bool:
    with zipfile.ZipFile(io.BytesIO(files[checkpoints.PT2])) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                json.loads(archive.read(name))
        return True


def _arrays(files: Files) -> bool:
    with zipfile.ZipFile(io.BytesIO(files[records.ARRAYS])) as archive, archive.open("x.npy") as member:
        return np.lib.format.read_magic(member) in {(1, 0), (2, 0), (3, 0)}


def _listing(files: Files) -> bool:
    text = files[records.CSV].decode("utf-8-sig")
    return "file_name" in next(csv.reader(io.StringIO(text, newline="")))


def _lines(files: Files) -> bool:
    return _is_lines(files[records.JSONL])


def _sums(files: Files) -> bool:
    return files[kept.SUMS] == kept.sums_of(files)


def _head(files: Files) -> bool:
    match = re.fullmatch(rb"\d+ [0-9a-f]{64} file ([0-9a-f]{64})\n", files[kept.HEAD])
    return match is not None and match[1].decode() == hashlib.sha256(files[kept.DATABASE]).hexdigest()


def _table(files: Files) -> bool:
    return bool(next(csv.reader(io.StringIO(files[kept.REGISTER].decode("utf-8-sig"), newline=""))))


def _states(name: str, key: str, value: int) -> Check:
    def states(files: Files) -> bool:
        document: Any = json.loads(files[name].decode("utf-8"))
        return isinstance(document, dict) and document.get(key) == value

    return _holds(states)


_OPENS = "Pillow reads its header"
_OBJECT = "it is a JSON object in UTF-8"
_ALL = (
    Kind("png", seeds.png, _image(png.mutate), _holds(_opens), _OPENS, targets.image),
    Kind("jpeg", seeds.jpeg, _image(jpeg.mutate), _holds(_opens), _OPENS, targets.image),
    Kind("gif", seeds.gif, _image(small_formats.mutate_gif), _holds(_opens), _OPENS, targets.image),
    Kind("bmp", seeds.bmp, _image(small_formats.mutate_bmp), _holds(_opens), _OPENS, targets.image),
    Kind("webp", seeds.webp, _image(small_formats.mutate_webp), _holds(_opens), _OPENS, targets.image),
    Kind("pnm", seeds.pnm, _image(small_formats.mutate_pnm), _holds(_opens), _OPENS, targets.image),
    Kind(
        "jpeg2000",
        seeds.jpeg2000,
        _image(small_formats.mutate_jpeg2000),
        _holds(_opens),
        _OPENS,
        targets.image,
    ),
    Kind("tga", seeds.tga, _image(small_formats.mutate_tga), _holds(_opens), _OPENS, targets.image),
    Kind("tiff", seeds.tiff, _image(tiff.mutate), _holds(_opens), _OPENS, targets.image),
    Kind(
        "arrays",
        seeds.arrays,
        records.mutate_arrays,
        _holds(_arrays),
        "the archive has x with a header of NumPy",
        targets.source,
    ),
    Kind(
        "image-table",
        seeds.image_tables,
        _image(small_formats.mutate_table),
        _holds(_is_table),
        "it begins or ends as a table does",
        targets.source,
    ),
    Kind(
        "rows",
        tables.lines,
        tables.mutate_lines,
        _holds(_has_header),
        "its header has columns, or every line is a JSON object",
        targets.rows,
    ),
    Kind(
        "columns",
        tables.columnar,
        tables.mutate_columnar,
        _holds(_is_table),
        "it begins or ends as a table does",
        targets.columns,
    ),
    Kind(
        "texts",
        tables.texts,
        tables.mutate_texts,
        _holds(lambda files: any(name.endswith(".txt") for name in files)),
        "there is a file of text",
        targets.texts,
    ),
    Kind(
        "features",
        tables.features,
        tables.mutate_features,
        _object(tables.FEATURES),
        _OBJECT,
        targets.features,
    ),
    Kind(
        "tokenizer",
        tables.tokenizers,
        tables.mutate_tokenizer,
        _object(tables.TOKENIZER),
        _OBJECT,
        targets.tokenizer,
    ),
    Kind(
        "metadata-csv",
        seeds.metadata_csv,
        records.mutate_csv,
        _holds(_listing),
        "its first line names file_name",
        targets.source,
    ),
    Kind(
        "metadata-jsonl",
        seeds.metadata_jsonl,
        records.mutate_jsonl,
        _holds(_lines),
        "every line is a JSON object",
        targets.source,
    ),
    Kind(
        "safetensors",
        seeds.hugging_face,
        checkpoints.mutate_safetensors,
        _holds(_header),
        "its header is JSON of the length that is stated",
        targets.headers,
    ),
    Kind(
        "pt2-archive",
        seeds.exported,
        exported.mutate_archive,
        _holds(_archive),
        "its directory can be read",
        targets.checkpoint,
    ),
    Kind(
        "pt2-graph",
        seeds.exported,
        exported.mutate_graph,
        _holds(_documents),
        "all its documents are JSON",
        targets.checkpoint,
    ),
    Kind(
        "config",
        seeds.hugging_face,
        checkpoints.mutate_config,
        _object(checkpoints.CONFIG),
        _OBJECT,
        targets.checkpoint,
    ),
    Kind(
        "processor",
        seeds.processors,
        checkpoints.mutate_processor,
        _object(checkpoints.PROCESSOR),
        _OBJECT,
        targets.processor,
    ),
    Kind(
        "request",
        seeds.requests,
        checkpoints.mutate_request,
        _object(checkpoints.REQUEST),
        _OBJECT,
        targets.request,
    ),
    Kind(
        "bundle", seeds.bundles, kept.mutate_bundle, _holds(_sums), "its checksums fit", targets.bundle
    ),
    Kind(
        "ledger",
        seeds.ledgers,
        kept.mutate_ledger,
        _holds(_head),
        "its head fits its file",
        targets.ledger,
    ),
    Kind(
        "project",
        seeds.projects,
        kept.mutate_project,
        _states(kept.PROJECT, "format", FORMAT),
        "it is a JSON object of this format",
        targets.project,
    ),
    Kind(
        "window",
        seeds.windows,
        kept.mutate_window,
        _states(kept.WINDOW, "version", 1),
        "it is a JSON object of this version",
        targets.window,
    ),
    Kind(
        "register",
        seeds.registers,
        kept.mutate_register,
        _holds(_table),
        "it has a first line in UTF-8",
        targets.register,
    ),
)
KINDS = {kind.name: kind for kind in _ALL}

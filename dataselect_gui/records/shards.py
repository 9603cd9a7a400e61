"""Which files a table of images lies in: one, or those of a folder.

The folder is one that the library `datasets` saved, or one of Parquet files.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dataselect_gui.checkpoints.json_file import LARGEST, JsonObject, parse_object
from dataselect_gui.records.image_table import ENDINGS, names_images, no_table
from dataselect_gui.records.splits import are_splits, is_split
from dataselect_gui.texts import _

_STATE, _INFO, _PARTS = "state.json", "dataset_info.json", "dataset_dict.json"
_MOST_FILES = 10_000
_NUMBERED = re.compile(r"(?P<name>.*?)[-_.]?[0-9]+(-of-[0-9]+)?")


@dataclass(frozen=True)
class Shards:
    """The files of one part of data, in order.

    Attributes
    ----------
    files : sequence of Path
        Parquet or Arrow.
    features : dict
        What stands beside them of their columns; empty where nothing does.
    """

    files: Sequence[Path]
    features: Mapping[str, object] = field(default_factory=dict)


def is_table(path: Path) -> bool:
    """Say whether a path seems to be a table of images."""
    if path.is_file():
        return path.suffix.lower() in ENDINGS and names_images(path)
    if (path / _STATE).is_file() and (path / _INFO).is_file():
        return True
    if (path / _PARTS).is_file():
        return True
    files = _parquet_files(path)
    return bool(files) and names_images(files[0])


def shards_of(path: Path) -> dict[str, Shards]:
    """Return the files of each part of data; the only part may be called by an empty text.

    Raises
    ------
    UnusableError
        Where a file that says so is damaged, or names others that are not there.
    """
    if path.is_file():
        return {"": Shards([path])}
    if (path / _STATE).is_file():
        return {"": _saved(path)}
    if (path / _PARTS).is_file():
        stated = _json(path / _PARTS).get("splits")
        names = stated if isinstance(stated, list) else []
        if not names or not all(isinstance(name, str) and _is_name(name) for name in names):
            raise no_table(path.name, _("{file} names no parts.", file=_PARTS))
        return {name: _saved(path / name) for name in names}
    parts: dict[str, list[Path]] = {}
    for file in _parquet_files(path):
        parts.setdefault(_part_of(file, path), []).append(file)
    if not are_splits(parts):
        parts = {"": [file for files in parts.values() for file in files]}
    return {name: Shards(files) for name, files in sorted(parts.items())}


def _saved(folder: Path) -> Shards:
    """Return the files that `save_to_disk` wrote into a folder."""
    state = _json(folder / _STATE)
    if state.get("_indices_data_files") or state.get("_indices_files"):
        raise no_table(folder.name, _("It was saved with a selection of rows beside it."))
    listed = state.get("_data_files")
    entries = listed if isinstance(listed, list) else []
    names = [entry.get("filename") for entry in entries if isinstance(entry, dict)]
    files = [folder / name for name in names if isinstance(name, str) and _is_name(name)]
    if not files or len(files) != len(entries) or len(files) > _MOST_FILES:
        raise no_table(folder.name, _("{file} names no files.", file=_STATE))
    if len(set(files)) < len(files):
        raise no_table(folder.name, _("{file} names a file twice.", file=_STATE))
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise no_table(folder.name, _("Its file “{name}” is not there.", name=missing[0]))
    features = _json(folder / _INFO).get("features") if (folder / _INFO).is_file() else None
    return Shards(files, features if isinstance(features, dict) else {})


def _parquet_files(folder: Path) -> list[Path]:
    """Return the Parquet files in a folder, in its folder ``data``, and in folders called as parts."""
    files: list[Path] = []
    try:
        for name in _names_in(folder):
            entry = folder / name
            if name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir() and _is_part(name):
                files += [entry / file for file in _names_in(entry)]
            else:
                files.append(entry)
        return [file for file in files if _is_parquet(file.name) and file.is_file()][:_MOST_FILES]
    except OSError:
        return []


def _names_in(folder: Path) -> list[str]:
    """Return the names of what may be Parquet files or parts, sorted; a folder may hold much else."""
    with os.scandir(folder) as entries:
        return sorted(
            entry.name for entry in entries if _is_parquet(entry.name) or _is_part(entry.name)
        )


def _is_parquet(name: str) -> bool:
    return name[1:].lower().endswith(".parquet")  # A name that is an ending alone has none.


def _is_part(name: str) -> bool:
    return name == "data" or is_split(name)


def _part_of(file: Path, root: Path) -> str:
    """Return the part that a file belongs to: its folder, or its name without a number."""
    if file.parent != root and is_split(file.parent.name):
        return file.parent.name
    numbered = _NUMBERED.fullmatch(file.stem)
    return file.stem if numbered is None else numbered["name"]


def _is_name(name: str) -> bool:
    return 0 < len(name) < 256 and name not in {".", ".."} and not {"/", "\\", "\0"} & set(name)


def _json(path: Path) -> JsonObject:
    try:
        with path.open("rb") as file:
            return parse_object(file.read(LARGEST + 1))
    except (OSError, ValueError):
        raise no_table(path.parent.name, _("{file} cannot be read.", file=path.name)) from None

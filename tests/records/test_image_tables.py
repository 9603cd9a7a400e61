"""Tables with a column of images: Parquet, and what the library `datasets` saves."""

import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.kinds import kind_of
from dataselect_gui.records.kinds.image_tables import IMAGE_TABLES
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef, UnreadableRecordError
from dataselect_gui.records.splits import SplitNeededError
from tests.helpers import image_folder

pa: Any = pytest.importorskip("pyarrow")
pq: Any = pytest.importorskip("pyarrow.parquet")
Table: TypeAlias = Any
CLASSES = ["bird", "cat", "dog"]
FEATURES: dict[str, Any] = {
    "image": {"_type": "Image"},
    "label": {"_type": "ClassLabel", "names": CLASSES},
    "patient": {"_type": "Value", "dtype": "string"},
}
FILES = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(number: int) -> bytes:
    written = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def table(
    count: int = 6, *, first: int = 0, features: dict[str, Any] | None = FEATURES, **columns: object
) -> Any:  # noqa: ANN401
    numbers = range(first, first + count)
    made: dict[str, Any] = {
        "image": pa.array([{"bytes": png(n), "path": f"{n}.png"} for n in numbers], FILES),
        "label": pa.array([n % 3 for n in numbers], pa.int64()),
        "patient": [f"p{n // 2}" for n in numbers],
    }
    whole = pa.table(made | columns)
    return whole if features is None else described(whole, features)


def described(rows: Table, features: dict[str, Any]) -> Table:
    """Return a table with what the datasets library says of its columns."""
    return rows.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def arrow(path: Path, rows: Table, *, of_file: bool = False, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = pa.ipc.new_file if of_file else pa.ipc.new_stream
    with writer(path, rows.schema, options=pa.ipc.IpcWriteOptions(**options)) as to:
        to.write_table(rows, max_chunksize=2)
    return path


def parquet(path: Path, rows: Table, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, **options)
    return path


def saved(folder: Path, *shards: Table, features: dict[str, Any] = FEATURES) -> Path:
    """Write a folder by hand as `save_to_disk` does."""
    names = [f"data-{n:05d}-of-{len(shards):05d}.arrow" for n in range(len(shards))]
    for name, rows in zip(names, shards, strict=True):
        arrow(folder / name, rows)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
    return folder


def shards(folder: Path) -> Path:
    parquet(folder / "data" / "train-00000-of-00002.parquet", table(4))
    parquet(folder / "data" / "train-00001-of-00002.parquet", table(2, first=4))
    return folder


MADE: dict[str, Callable[[Path], Path]] = {
    "Parquet": lambda to: parquet(to / "a.parquet", table()),
    "Parquet in capitals": lambda to: parquet(to / "A.PARQUET", table()),
    "Parquet of small groups": lambda to: parquet(to / "a.parquet", table(), row_group_size=1),
    "Parquet in Zstandard": lambda to: parquet(to / "a.parquet", table(), compression="zstd"),
    "an Arrow file": lambda to: arrow(to / "a.arrow", table(), of_file=True),
    "an Arrow stream": lambda to: arrow(to / "a.arrow", table()),
    "Arrow that is packed": lambda to: arrow(to / "a.arrow", table(), compression="lz4"),
    "a saved folder": lambda to: saved(to / "d", table()),
    "a saved folder of shards": lambda to: saved(
        to / "d", table(4), table(1, first=4), table(1, first=5)
    ),
    "a folder of Parquet files": lambda to: shards(to / "d"),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_every_image_has_its_own_label_and_unit(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    assert kind_of(SourceRef(path)) is IMAGE_TABLES
    source = open_source(SourceRef(path, unit_column="patient"))
    assert source.ids == ["0", "1", "2", "3", "4", "5"]
    assert source.labels == ["bird", "cat", "dog"] * 2
    assert source.units == ["p0", "p0", "p1", "p1", "p2", "p2"]
    assert source.classes == CLASSES
    assert source.columns == ["label", "patient"]
    assert [source.read(row) for row in range(6)] == [png(n) for n in range(6)]
    expected = np.asarray(Image.open(io.BytesIO(png(3))))
    np.testing.assert_array_equal(np.asarray(source.kind.decode(source.read(3))), expected)
    np.testing.assert_array_equal(shared().look(source.kind, source.read(3), None), expected)


def test_what_the_datasets_library_saves_is_read(tmp_path: Path) -> None:
    program = (
        "import sys, io\n"
        "from datasets import ClassLabel, Dataset, DatasetDict, Features, Image\n"
        "from tests.records.test_image_tables import CLASSES, png\n"
        "def made(count, first=0):\n"
        "    rows = {'image': [{'bytes': png(n), 'path': None} for n in range(first, first + count)],\n"
        "            'label': [n % 3 for n in range(first, first + count)]}\n"
        "    kinds = Features({'image': Image(), 'label': ClassLabel(names=CLASSES)})\n"
        "    return Dataset.from_dict(rows, features=kinds)\n"
        "made(6).save_to_disk(sys.argv[1] + '/one', num_shards=3)\n"
        "made(9).select([5, 0, 7]).save_to_disk(sys.argv[1] + '/picked')\n"
        "DatasetDict({'train': made(4), 'test': made(2, 4)}).save_to_disk(sys.argv[1] + '/parts')\n"
        "made(6).to_parquet(sys.argv[1] + '/a.parquet')\n"
    )
    root = Path(__file__).parents[2]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", program, str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=root, env=environment)
    for name, numbers in (("one", range(6)), ("picked", (5, 0, 7)), ("a.parquet", range(6))):
        source = open_source(SourceRef(tmp_path / name))
        assert [source.read(row) for row in range(len(source.ids))] == [png(n) for n in numbers]
        assert source.labels == [CLASSES[n % 3] for n in numbers]
    with pytest.raises(SplitNeededError) as refused:
        open_source(SourceRef(tmp_path / "parts"))
    assert refused.value.splits == {"train": 4, "test": 2}
    part = open_source(SourceRef(tmp_path / "parts", split="test"))
    assert [part.read(row) for row in range(2)] == [png(4), png(5)]
    assert part.labels == ["cat", "dog"]


def test_parquet_files_of_several_parts_ask_which(tmp_path: Path) -> None:
    for layout in ("data/{part}-00000-of-00001.parquet", "{part}.parquet", "{part}/0000.parquet"):
        folder = tmp_path / str(abs(hash(layout)))
        for part, count in (("train", 3), ("validation", 2)):
            parquet(folder / layout.format(part=part), table(count))
        with pytest.raises(SplitNeededError) as refused:
            open_source(SourceRef(folder))
        assert refused.value.splits == {"train": 3, "validation": 2}
        assert len(open_source(SourceRef(folder, split="validation")).ids) == 2
        with pytest.raises(UnusableError, match=r"no part “test”.*train \(3\)"):
            open_source(SourceRef(folder, split="test"))


def label_of(values: Table, feature: dict[str, Any] | None = None) -> list[str | None]:
    features = {"image": {"_type": "Image"}} | ({} if feature is None else {"label": feature})
    made = parquet(Path(os.environ["PARQUET"]), table(len(values), features=features, label=values))
    return list(open_source(SourceRef(made)).labels)


def test_labels_are_read_by_their_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARQUET", str(tmp_path / "a.parquet"))
    names = {"_type": "ClassLabel", "names": CLASSES}
    assert label_of([2, None, -1, 0], names) == ["dog", None, None, "bird"]
    assert label_of([2, None, 0]) == ["2", None, "0"]
    assert label_of(["b", "", None, "ü"]) == ["b", None, None, "ü"]
    assert label_of(pa.array(["a", "b", "a"]).dictionary_encode()) == ["a", "b", "a"]
    assert label_of([1.0, -0.5, float("nan")]) == ["1", "-0.5", None]
    assert label_of([[0], [1, 2], []]) == ["[0]", "[1, 2]", "[]"]
    in_lists = {"_type": "Sequence", "feature": names}
    assert label_of([[0], [2, 1], []], in_lists) == ['["bird"]', '["dog", "cat"]', "[]"]
    with pytest.raises(UnusableError, match="beyond the names"):
        label_of([3, 0], names)


def test_the_only_column_of_classes_is_the_label(tmp_path: Path) -> None:
    features = {"image": {"_type": "Image"}, "fine": FEATURES["label"]}
    names = ["image", "fine", "patient"]
    rows = described(table().rename_columns(names), features)
    assert open_source(SourceRef(parquet(tmp_path / "a.parquet", rows))).labels == CLASSES * 2
    two = features | {"patient": FEATURES["label"]}
    both = described(table(patient=[0] * 6).rename_columns(names), two)
    path = parquet(tmp_path / "b.parquet", both)
    assert open_source(SourceRef(path)).labels == [None] * 6
    assert open_source(SourceRef(path, "fine")).labels == CLASSES * 2


def test_names_beside_a_saved_folder_count(tmp_path: Path) -> None:
    renamed = FEATURES | {"label": {"_type": "ClassLabel", "names": ["x", "y", "z"]}}
    folder = saved(tmp_path / "d", table(), features=renamed)
    assert open_source(SourceRef(folder)).labels == ["x", "y", "z"] * 2


def test_an_image_that_is_not_in_the_table_is_a_problem_of_its_own(tmp_path: Path) -> None:
    images = [{"bytes": None, "path": "/etc/passwd"}, None, {"bytes": png(2), "path": None}]
    path = parquet(tmp_path / "a.parquet", table(3, image=pa.array(images, FILES)))
    source = open_source(SourceRef(path))
    with pytest.raises(UnreadableRecordError, match="name of a file alone"):
        source.read(0)
    with pytest.raises(UnreadableRecordError, match="no image in this row"):
        source.read(1)
    assert source.read(2) == png(2)


def test_bytes_alone_are_images_where_the_file_says_so(tmp_path: Path) -> None:
    rows = table(image=pa.array([png(n) for n in range(6)], pa.large_binary()))
    source = open_source(SourceRef(parquet(tmp_path / "a.parquet", rows)))
    assert source.read(4) == png(4)


def test_a_table_without_images_is_none_of_these(tmp_path: Path) -> None:
    for number, rows in enumerate([pa.table({"a": [1], "path": ["x"]}), pa.table({"a": [b"x"]})]):
        assert kind_of(SourceRef(parquet(tmp_path / f"{number}.parquet", rows))) is not IMAGE_TABLES
    assert kind_of(SourceRef(image_folder(tmp_path / "folder", ["a.png"]))) is not IMAGE_TABLES


def test_two_columns_of_images_are_not_guessed(tmp_path: Path) -> None:
    rows = table(mask=table()["image"])
    assert open_source(SourceRef(parquet(tmp_path / "a.parquet", rows))).read(0) == png(0)
    names = ["scan", "label", "patient", "mask"]
    path = parquet(tmp_path / "b.parquet", rows.rename_columns(names))
    with pytest.raises(UnusableError, match="several columns of images"):
        open_source(SourceRef(path))


# Hostile and broken files


def edited(stored: bytes, place: int, new: bytes) -> bytes:
    return stored[:place] + new + stored[place + len(new) :]


@pytest.mark.parametrize("made", ["Parquet", "an Arrow stream", "an Arrow file", "a saved folder"])
def test_what_is_cut_off_or_changed_ends_in_a_reason(tmp_path: Path, made: str) -> None:
    path = MADE[made](tmp_path)
    file = path if path.is_file() else next(path.glob("*.arrow"))
    whole, random = file.read_bytes(), np.random.default_rng(0)
    broken = [whole[: len(whole) * part // 8] for part in range(1, 8)]
    broken += [
        edited(whole, int(place), random.bytes(8)) for place in random.integers(8, len(whole) - 8, 40)
    ]
    for content in broken:
        file.write_bytes(content)
        with suppress(UnusableError, UnreadableRecordError):  # Some changes do not matter.
            source = IMAGE_TABLES.open(SourceRef(path))
            for row in range(len(source.ids)):
                source.read(row)


def test_lengths_that_lie_take_no_memory(tmp_path: Path) -> None:
    """A stream whose offsets promise terabytes, and a column that unpacks to a thousandfold."""
    path = arrow(tmp_path / "a.arrow", table())
    whole = path.read_bytes()
    offsets = np.cumsum([0, *(len(png(n)) for n in range(2))]).astype("<i4").tobytes()
    place = whole.index(offsets)
    for value in (0x7FFFFFFF, -1):
        path.write_bytes(edited(whole, place + 4, struct.pack("<i", value)))
        with pytest.raises(UnusableError):
            open_source(SourceRef(path))


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = pa.array([{"bytes": bytes(1 << 24), "path": None}] * 16, FILES)
    rows = pa.table({"image": bomb})
    path = parquet(tmp_path / "a.parquet", rows, compression="zstd", row_group_size=2)
    assert path.stat().st_size < 1 << 20
    monkeypatch.setattr("dataselect_gui.records.kinds.image_tables.most_memory", lambda: 1 << 26)
    with pytest.raises(UnusableError):
        open_source(SourceRef(path))


def test_a_file_of_very_many_columns_is_refused(tmp_path: Path) -> None:
    many = {f"c{n}": pa.array([0], pa.int8()) for n in range(20_000)}
    rows = table(1, features=None, **many)
    for path in (parquet(tmp_path / "a.parquet", rows), arrow(tmp_path / "a.arrow", rows)):
        with pytest.raises(UnusableError):
            IMAGE_TABLES.open(SourceRef(path))


STATES: dict[str, object] = {
    "no files": {"_data_files": []},
    "none named": {},
    "outside": {"_data_files": [{"filename": "../a.arrow"}]},
    "absolute": {"_data_files": [{"filename": "/etc/passwd"}]},
    "not there": {"_data_files": [{"filename": "b.arrow"}]},
    "no text": {"_data_files": [{"filename": 1}]},
    "no list": {"_data_files": "a.arrow"},
    "picked rows": {"_data_files": [{"filename": "a.arrow"}], "_indices_files": [{"filename": "i"}]},
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_saved_folder_that_names_others_is_refused(tmp_path: Path, state: object) -> None:
    folder = saved(tmp_path / "d", table(2))
    arrow(tmp_path / "a.arrow", table(2))
    arrow(folder / "a.arrow", table(2))
    (folder / "state.json").write_text(json.dumps(state))
    with pytest.raises(UnusableError):
        open_source(SourceRef(folder))


@pytest.mark.parametrize("content", ["", "[", "[]", '{"splits": [".."]}', '{"splits": 3}', "[" * 10**5])
def test_parts_that_are_none_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "dataset_dict.json").write_text(content)
    with pytest.raises(UnusableError):
        open_source(SourceRef(tmp_path))

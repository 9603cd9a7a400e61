"""The parts of a source are never mixed: one is chosen, or the source is refused with their counts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.records.splits import SplitNeededError
from tests.helpers import array_file, image_folder

NAMES = ["train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "test/cat/1.png", "val/dog/3.png"]


def test_a_folder_of_parts_asks_which(tmp_path: Path) -> None:
    image_folder(tmp_path / "scans", NAMES)
    with pytest.raises(SplitNeededError) as refused:
        open_source(SourceRef(tmp_path / "scans"))
    assert refused.value.splits == {"test": 1, "train": 3, "val": 1}
    assert "test (1), train (3), val (1)" in refused.value.why
    assert "--split" in refused.value.do


@pytest.mark.parametrize(
    ("split", "ids", "labels"),
    [
        ("train", ["train/cat/1.png", "train/cat/2.png", "train/dog/1.png"], ["cat", "cat", "dog"]),
        ("test", ["test/cat/1.png"], ["cat"]),
        ("val", ["val/dog/3.png"], ["dog"]),
    ],
)
def test_a_chosen_part_is_read_alone(
    tmp_path: Path, split: str, ids: list[str], labels: list[str]
) -> None:
    image_folder(tmp_path, NAMES)
    source = open_source(SourceRef(tmp_path, split=split))
    assert source.ids == ids
    assert source.labels == labels
    assert source.ignored == len(NAMES) - len(ids)


def test_a_part_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    image_folder(tmp_path / "scans", NAMES)
    with pytest.raises(UnusableError, match=r"validation.*train \(3\)"):
        open_source(SourceRef(tmp_path / "scans", split="validation"))
    image_folder(tmp_path / "classes", ["cat/1.png"])
    with pytest.raises(UnusableError, match="train"):
        open_source(SourceRef(tmp_path / "classes", split="train"))


def test_the_only_part_is_no_class(tmp_path: Path) -> None:
    image_folder(tmp_path / "a", ["train/cat/1.png", "train/dog/1.png"])
    assert open_source(SourceRef(tmp_path / "a")).labels == ["cat", "dog"]
    image_folder(tmp_path / "b", ["Train/1.png", "Train/2.png"])
    assert open_source(SourceRef(tmp_path / "b")).labels == [None, None]


@pytest.mark.parametrize(
    "names",
    [
        ["train/1.png", "car/1.png", "bus/1.png"],  # Classes of vehicles.
        ["test/1.png", "control/1.png"],
        ["cat/train/1.png", "cat/test/1.png", "dog/test/1.png"],  # Parts below classes.
        ["training run/1.png", "tests/1.png"],
    ],
)
def test_folders_of_classes_are_classes(tmp_path: Path, names: list[str]) -> None:
    image_folder(tmp_path, names)
    source = open_source(SourceRef(tmp_path))
    assert sorted(source.ids) == sorted(names)
    assert source.labels == [record.split("/")[0] for record in source.ids]


def test_another_folder_beside_parts_is_one_more(tmp_path: Path) -> None:
    image_folder(tmp_path, [*NAMES, "unlabelled/1.png", "loose.png"])
    with pytest.raises(SplitNeededError) as refused:
        open_source(SourceRef(tmp_path))
    assert refused.value.splits == {"test": 1, "train": 3, "unlabelled": 1, "val": 1}


def test_a_metadata_file_above_parts_is_read_of_the_chosen_one(tmp_path: Path) -> None:
    image_folder(tmp_path, NAMES)
    lines = [f"{name},{number}" for number, name in enumerate([*NAMES, "train/gone.png", "loose.png"])]
    (tmp_path / "metadata.csv").write_text("file_name,label\n" + "\n".join(lines))
    with pytest.raises(SplitNeededError):
        open_source(SourceRef(tmp_path))
    source = open_source(SourceRef(tmp_path, split="train"))
    assert source.labels == ["0", "1", "2"]
    assert [problem.id for problem in source.problems] == ["loose.png", "train/gone.png"]


def test_a_metadata_file_in_a_part_names_its_own_files(tmp_path: Path) -> None:
    image_folder(tmp_path, NAMES)
    for split, label in (("train", "a"), ("test", "b")):
        (tmp_path / split / "metadata.csv").write_text(f"file_name,label\ncat/1.png,{label}\n")
    train = open_source(SourceRef(tmp_path, split="train"))
    assert (train.ids, train.labels) == (["train/cat/1.png"], ["a"])
    test = open_source(SourceRef(tmp_path, split="test"))
    assert (test.ids, test.labels) == (["test/cat/1.png"], ["b"])
    assert open_source(SourceRef(tmp_path, split="val")).labels == ["dog"]


# Array files


def split_arrays(path: Path, layout: str) -> tuple[Path, dict[str, NDArray[np.uint8]]]:
    """Write an array file of three parts of 5, 3 and 2 records; return it and the images."""
    random = np.random.default_rng(0)
    images = {
        part: random.integers(0, 256, (count, 6, 5), dtype=np.uint8)
        for part, count in (("train", 5), ("val", 3), ("test", 2))
    }
    arrays: dict[str, NDArray[Any]] = {}
    for offset, (part, rows) in enumerate(images.items()):
        labels = (np.arange(len(rows)) + offset) % 3
        records, label = layout.format("images", part=part), layout.format("labels", part=part)
        arrays[records], arrays[label] = rows, labels[:, None].astype(np.uint8)
    return array_file(path, **arrays), images


LAYOUTS = ["{part}_{}", "{part}/{}", "{}_{part}", "{part}.{}", "{part}-{}"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_file_of_parts_asks_which(tmp_path: Path, layout: str) -> None:
    path, images = split_arrays(tmp_path / "medmnist.npz", layout)
    with pytest.raises(SplitNeededError) as refused:
        open_source(SourceRef(path))
    assert refused.value.splits == {"train": 5, "val": 3, "test": 2}
    with pytest.raises(UnusableError, match=r"dev.*val \(3\)"):
        open_source(SourceRef(path, split="dev"))
    for offset, (part, rows) in enumerate(images.items()):
        source = open_source(SourceRef(path, split=part))
        assert source.ids == [str(row) for row in range(len(rows))]
        assert source.labels == [str((row + offset) % 3) for row in range(len(rows))]
        for row, expected in enumerate(rows):
            decoded = source.kind.decode(source.read(row))
            np.testing.assert_array_equal(np.asarray(decoded), expected)


def test_members_of_one_stem_keep_their_own_labels(tmp_path: Path) -> None:
    """The finding: one part's images with the other's labels."""
    ones, twos = np.ones((2, 4, 4), dtype=np.uint8), np.full((2, 4, 4), 2, dtype=np.uint8)
    path = array_file(
        tmp_path / "a.npz",
        **{"train/x": ones, "train/y": [1, 1], "test/x": twos, "test/y": [2, 2]},
        classes=np.array(["zero", "one", "two"]),
    )
    with pytest.raises(SplitNeededError):
        open_source(SourceRef(path))
    for part, value, label in (("train", 1, "one"), ("test", 2, "two")):
        source = open_source(SourceRef(path, split=part))
        assert source.labels == [label] * 2
        assert np.asarray(source.kind.decode(source.read(0))).max() == value


def test_the_arrays_of_keras_are_parts_too(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)
    path = array_file(
        tmp_path / "mnist.npz", x_train=images, y_train=[0, 1, 2, 0], x_test=images[:1], y_test=[1]
    )
    source = open_source(SourceRef(path, split="train"))
    assert source.labels == ["0", "1", "2", "0"]
    assert np.asarray(source.kind.decode(source.read(3))).tobytes() == images[3].tobytes()


def test_the_only_part_of_an_array_file_is_taken(tmp_path: Path) -> None:
    images = np.zeros((3, 4, 4), dtype=np.uint8)
    path = array_file(
        tmp_path / "a.npz", train_images=images, train_labels=[[0], [1], [2]], test_labels=[1]
    )
    assert open_source(SourceRef(path)).labels == ["0", "1", "2"]


def test_a_file_with_records_of_its_own_has_no_parts(tmp_path: Path) -> None:
    """``test_label`` and the like are columns of theirs."""
    images = np.zeros((3, 4, 4), dtype=np.uint8)
    path = array_file(tmp_path / "a.npz", x=images, test_label=[0, 1, 2])
    assert open_source(SourceRef(path)).columns == ["test_label"]
    assert open_source(SourceRef(path, "test_label")).labels == ["0", "1", "2"]
    with pytest.raises(UnusableError, match="no part “train”"):
        open_source(SourceRef(path, split="train"))


def test_units_of_a_part_are_its_own(tmp_path: Path) -> None:
    images = np.zeros((3, 4, 4), dtype=np.uint8)
    path = array_file(
        tmp_path / "a.npz",
        train_images=images,
        train_patient=[1, 1, 2],
        test_images=images[:2],
        test_patient=[[7], [8]],
    )
    train = open_source(SourceRef(path, unit_column="patient", split="train"))
    assert (train.units, train.columns) == (["1", "1", "2"], ["patient"])
    test = open_source(SourceRef(path, unit_column="patient", split="test"))
    assert test.units == ["7", "8"]


def test_labels_of_one_column_are_labels(tmp_path: Path) -> None:
    images = np.zeros((3, 4, 4), dtype=np.uint8)
    path = array_file(tmp_path / "a.npz", x=images, y=np.array([[2], [0], [1]]))
    assert open_source(SourceRef(path)).labels == ["2", "0", "1"]
    named = array_file(tmp_path / "b.npz", x=images, y=np.array([["b"], ["a"], [""]]))
    assert open_source(SourceRef(named)).labels == ["b", "a", None]


def test_labels_of_several_columns_are_lists(tmp_path: Path) -> None:
    """ChestMNIST's layout: 0 or 1 for each of 14 findings."""
    images = np.zeros((3, 4, 4), dtype=np.uint8)
    flags = np.random.default_rng(0).integers(0, 2, (3, 14), dtype=np.uint8)
    path = array_file(
        tmp_path / "a.npz",
        train_images=images,
        train_labels=flags,
        test_images=images[:1],
        test_labels=flags[:1],
    )
    source = open_source(SourceRef(path, split="train"))
    assert [json.loads(label or "") for label in source.labels] == flags.tolist()
    assert source.columns == ["y"]
    numbers = array_file(tmp_path / "b.npz", x=images, y=[[0.5, -1], [np.nan, 2], [1, 1]])
    rows = ["[0.5, -1.0]", "[null, 2.0]", "[1.0, 1.0]"]  # Never mistaken for numbers of classes.
    assert open_source(SourceRef(numbers)).labels == rows
    names = array_file(tmp_path / "c.npz", x=images, z=[["a", "b"], ["c", ""], ["", ""]])
    assert open_source(SourceRef(names, "z")).labels == ['["a", "b"]', '["c"]', "[]"]
    with pytest.raises(UnusableError, match="z"):
        open_source(SourceRef(names, unit_column="z"))


@pytest.mark.parametrize(
    "arrays",
    [
        {"train_images": np.zeros((2, 3), dtype=object), "test_images": np.zeros((2, 4, 4))},
        {"train_images": np.zeros(()), "test_images": np.zeros((0, 4, 4), dtype=np.uint8)},
    ],
)
def test_parts_that_hold_no_records_end_in_a_reason(
    tmp_path: Path, arrays: dict[str, NDArray[Any]]
) -> None:
    path = array_file(tmp_path / "a.npz", **arrays)
    for split in (None, "train", "test"):
        with pytest.raises(UnusableError):
            open_source(SourceRef(path, split=split))

"""The preview lists what will really be written: the form is that of the records."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.workflow import Look
from tests.helpers import array_file, image_folder
from tests.projects import consortium, scored_project

FLOATS = np.linspace(0, 1, 6 * 30, dtype=np.float32).reshape(6, 1, 6, 5)
BYTES = np.zeros((6, 6, 5), dtype=np.uint8)


def opened(source: Path, split: str | None = None) -> Look:
    folder = source.parent
    model = consortium(folder / "consortium")
    return workflow.look(scored_project(folder / "p.dataselect", source, model, split=split))


def files(look: Look, kind: str = "records") -> list[str]:
    return [leaving.file for leaving in workflow.leaving_files(kind, look)]


def fields(look: Look) -> list[str]:
    return [name for leaving in workflow.leaving_files("records", look) for name, _ in leaving.fields]


@pytest.mark.parametrize("rows", [FLOATS, FLOATS.astype(np.float64), FLOATS[:, 0, 0]])
def test_float_arrays_leave_as_arrays(tmp_path: Path, rows: np.ndarray) -> None:
    look = opened(array_file(tmp_path / "a.npz", x=rows, y=np.arange(6) % 3))
    assert files(look) == ["data/train/records.npz"]
    assert fields(look) == ["x", "y"]


def test_arrays_of_bytes_leave_as_images(tmp_path: Path) -> None:
    look = opened(array_file(tmp_path / "a.npz", x=BYTES, y=np.arange(6) % 3))
    assert files(look) == ["data/train/", "data/train/metadata.jsonl"]
    assert fields(look) == ["record", "file_name", "label"]


@pytest.mark.parametrize(
    ("split", "first"), [("train", "data/train/records.npz"), ("test", "data/train/")]
)
def test_the_chosen_part_decides(tmp_path: Path, split: str, first: str) -> None:
    source = array_file(
        tmp_path / "a.npz",
        train_images=FLOATS,
        train_labels=np.arange(6) % 3,
        test_images=BYTES,
        test_labels=np.arange(6) % 3,
    )
    assert files(opened(source, split))[0] == first


def test_rows_and_texts_leave_by_their_names(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("age,work,label\n" + "".join(f"{n},w{n},bird\n" for n in range(6)))
    look = opened(table)
    look = replace(look, records=replace(look.records, feature_columns=("age", "work")))
    assert fields(look) == ["age", "work", "label"]
    assert look.is_read
    (tmp_path / "texts/bird").mkdir(parents=True)
    (tmp_path / "texts/bird/1.txt").write_text("a bird")
    model = tmp_path / "consortium"
    texts = workflow.look(scored_project(tmp_path / "q.dataselect", tmp_path / "texts", model))
    assert fields(texts) == ["text", "label"]
    assert texts.is_read


def test_an_image_folder_leaves_as_images_and_is_looked_at(tmp_path: Path) -> None:
    look = opened(image_folder(tmp_path / "scans", ["bird/1.png", "cat/2.png"]))
    assert files(look)[0] == "data/train/"
    assert not look.is_read


def test_of_records_that_are_not_there_nothing_is_claimed(tmp_path: Path) -> None:
    source = array_file(tmp_path / "a.npz", x=FLOATS, y=np.arange(6) % 3)
    opened(source)
    source.write_bytes(b"PK damaged")
    look = workflow.look(tmp_path / "p.dataselect")
    assert look.form is None
    assert fields(look) == ["records"]
    assert workflow.leaving_warning(look) == ""
    assert "data/train/" not in files(look, "offers")
    source.unlink()
    assert workflow.look(tmp_path / "p.dataselect").form is None

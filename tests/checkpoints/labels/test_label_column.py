"""The column of labels is proposed by its values where no column is called so, and only then."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.checkpoints.label_column import proposed_column
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.reference import LabelRule, SourceRef
from tests.helpers import array_file, config, hugging_face_folder, image_folder, write_json

ROWS = 40
ANIMALS = [("Bird", "cat ", "DOG")[row % 3] for row in range(ROWS)]
PLACES = [("north", "south")[row % 2] for row in range(ROWS)]


def table(path: Path, **columns: list[str]) -> Path:
    lines = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def proposed(path: Path, model: Path, **said: str | LabelRule) -> str | None:
    checkpoint = find_checkpoint(model)
    where = for_model(SourceRef(path, **said), checkpoint)  # type: ignore[arg-type]
    return proposed_column(where, open_source(where), checkpoint)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return hugging_face_folder(tmp_path / "model")


ALMOST = ["cat"] * 2 + ["lizard"] * 2 + ANIMALS[4:]
TOO_FEW = ["lizard"] * 3 + ANIMALS[3:]
BLANK = [""] * 3 + ANIMALS[3:]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"place": PLACES, "finding": ANIMALS}, "finding"),
        ({"finding": ANIMALS, "place": PLACES}, "finding"),
        ({"finding": ALMOST, "place": PLACES}, "finding"),
        ({"finding": TOO_FEW, "place": PLACES}, None),
        ({"finding": BLANK, "place": PLACES}, None),
        ({"finding": ANIMALS, "second_opinion": ANIMALS[::-1]}, None),
        ({"finding": ["cat"] * ROWS, "place": PLACES}, None),
        ({"index": ["0", "1"] * (ROWS // 2), "place": PLACES}, None),
        ({"place": PLACES}, None),
        ({"label": PLACES, "finding": ANIMALS}, None),
    ],
    ids=[
        *("last", "first", "nearly all", "too few", "blanks", "two of them", "one class"),
        *("numbers of classes", "no such column", "a column that is called label"),
    ],
)
def test_the_one_column_of_class_names_is_proposed(
    tmp_path: Path, model: Path, columns: dict[str, list[str]], expected: str | None
) -> None:
    rows = len(next(iter(columns.values())))
    path = table(tmp_path / "t.csv", age=[str(row) for row in range(rows)], **columns)
    assert proposed(path, model) == expected


def test_nothing_is_proposed_where_a_person_said_it(tmp_path: Path, model: Path) -> None:
    path = table(tmp_path / "t.csv", finding=ANIMALS, place=PLACES)
    assert proposed(path, model, label_column="place") is None
    assert proposed(path, model, labels=LabelRule(columns=("place",))) is None


@pytest.mark.parametrize(
    "classes",
    [("no", "yes"), ("0", "1", "2"), ("LABEL_0", "LABEL_1"), ("none", "other"), ("cat",)],
    ids=["yes and no", "numbers", "placeholders", "anything", "one"],
)
def test_names_that_say_nothing_propose_nothing(tmp_path: Path, classes: tuple[str, ...]) -> None:
    model = hugging_face_folder(tmp_path / "model", **config(classes))
    path = table(
        tmp_path / "t.csv",
        smoker=[classes[row % len(classes)] for row in range(ROWS)],
        place=PLACES,
    )
    assert proposed(path, model) is None


@pytest.mark.parametrize("problem_type", ["multi_label_classification", "regression"])
def test_only_one_class_of_several_is_looked_for(tmp_path: Path, problem_type: str) -> None:
    model = hugging_face_folder(tmp_path / "model", problem_type=problem_type)
    assert proposed(table(tmp_path / "t.csv", finding=ANIMALS, place=PLACES), model) is None


def test_columns_beside_arrays_and_images_are_looked_at_too(tmp_path: Path, model: Path) -> None:
    pixels = np.zeros((ROWS, 4, 4), dtype=np.uint8)
    arrays = array_file(tmp_path / "a.npz", x=pixels, finding=np.array(ANIMALS), place=np.array(PLACES))
    assert proposed(arrays, model) == "finding"
    names = [f"{row}.png" for row in range(ROWS)]
    folder = image_folder(tmp_path / "images", names)
    table(folder / "metadata.csv", file_name=names, finding=ANIMALS, place=PLACES)
    assert proposed(folder, model) == "finding"


def test_a_feature_is_no_label(tmp_path: Path, model: Path) -> None:
    categories = ["bird", "cat", "dog"]
    feature = {"column": "pet", "categories": categories, "encoding": "index", "unknown": 0}
    write_json(model / "features.json", {"features": [feature]})
    path = table(tmp_path / "t.csv", pet=ANIMALS, finding=ANIMALS[::-1])
    assert proposed(path, model) == "finding"

"""A label becomes 0 or 1 for a model with one logit."""

import pytest

from dataselect_gui.checkpoints.labels import LabelReader
from tests.checkpoints.labels.reading import BINARY, read


@pytest.mark.parametrize(
    ("classes", "labels", "expected"),
    [
        (("NORMAL", "PNEUMONIA"), ["normal", "PNEUMONIA", "0", "1", "yes"], [0, 1, 0, 1, -1]),
        (("PNEUMONIA",), ["pneumonia", "not pneumonia", "0", "1"], [1, 0, 0, 1]),
        (("PNEUMONIA",), ["no", "YES", "False", "true", "NORMAL"], [0, 1, 0, 1, -1]),
        ((), ["no", "Yes", "0", "1", "2", "x", "-1"], [0, 1, 0, 1, -1, -1, -1]),
    ],
)
def test_two_classes_have_two_names_or_one_or_none(
    classes: tuple[str, ...], labels: list[str | None], expected: list[int]
) -> None:
    assert read(labels, classes, task=BINARY) == expected


def test_folders_called_0_and_1_are_no_numbers_for_one_logit() -> None:
    assert read(["0", "1", "yes"], ("PNEUMONIA",), [], BINARY) == [-1, -1, 1]


def test_a_table_reaches_both_of_two_classes() -> None:
    rule = {"classes": (("gesund", "0"), ("krank", "pneumonia"), ("?", ""))}
    assert read(["gesund", "krank", "?"], ("PNEUMONIA",), [], BINARY, **rule) == [0, 1, -1]


@pytest.mark.parametrize("classes", [("NORMAL", "PNEUMONIA"), ("PNEUMONIA",), ()])
def test_what_leaves_of_two_classes_is_read_as_the_same(classes: tuple[str, ...]) -> None:
    reader = LabelReader(BINARY, classes)
    labels = list(map(reader.written, ["0", "1"]))
    assert reader.targets(labels).tolist() == [0, 1]

"""How files of ordinary programs spell labels."""

import json
from typing import Any

import pytest

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.records.reference import LabelRule
from tests.checkpoints.labels.reading import BINARY, SEVERAL, read
from tests.helpers import CLASSES


@pytest.mark.parametrize(
    ("label", "model", "expected"),
    [
        ("1.0", CLASSES, 1),
        (" 2.00 ", CLASSES, 2),
        ("1.5", CLASSES, -1),
        ("3.0", CLASSES, -1),
        ("2.0", ("1", "2"), 1),
        ("2", ("1.0", "2.0"), 1),
        ("1.0", ("NORMAL", "ILL"), 1),
    ],
)
def test_a_whole_number_of_a_column_of_floats_is_that_number(
    label: str, model: tuple[str, ...], expected: int
) -> None:
    """Programs write 1.0 where a column of whole numbers has an empty cell."""
    assert read([label], model) == [expected]


@pytest.mark.parametrize(("label", "expected"), [("1.0", 1), ("0.0", 0), ("-1.0", -1), ("2.0", -1)])
def test_one_logit_takes_whole_numbers_of_floats(label: str, expected: int) -> None:
    reader = LabelReader(BINARY, ("ill",))
    assert reader.targets([label]).tolist() == [expected]
    assert (reader.account([label]).unfit > 0) is (label == "2.0")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("U\u0308bel", "Übel"),
        ("Übel", "U\u0308bel"),
        ("u\u0308BEL ", "\u00dcbel"),
        ("\u1e9b\u0323", "\u1e9b\u0323"),
    ],
)
def test_a_name_is_the_same_in_every_form_of_unicode(label: str, name: str) -> None:
    """A folder that was copied from a Mac has its umlauts in two characters."""
    assert read([label], ("gut", name)) == [1]


@pytest.mark.parametrize(
    ("label", "rule", "expected"),
    [
        ('["0", "1", "0"]', {}, [0, 1, 0]),
        ("1;0;1", {"separator": ";"}, [1, 0, 1]),
        ("1.0, 0.0, -1.0", {"separator": ","}, [1, 0, None]),
        ("0 0 0", {"separator": " "}, [0, 0, 0]),
        ("0;2", {"separator": ";"}, [1, 0, 1]),
        ("1;1", {"separator": ";"}, [None] * 3),
        ("0;1;0;1", {"separator": ";"}, [None] * 3),
    ],
)
def test_flags_in_a_text_are_flags_and_no_numbers_of_classes(
    label: str, rule: dict[str, Any], expected: list[int | None]
) -> None:
    assert read([label], CLASSES, task=SEVERAL, **rule) == [expected]


@pytest.mark.parametrize("label", ["0;1", "1;0", "1;1"])
def test_flags_in_a_text_that_may_be_numbers_mean_none(label: str) -> None:
    reader = LabelReader(SEVERAL, ("a", "b"), rule=LabelRule(separator=";"))
    assert "two things" in reader.reasons([label])[0]


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "NaN"])
def test_marks_of_an_empty_cell_are_not_known(cell: str) -> None:
    label = json.dumps({"bird": "1", "cat": cell, "dog": "0"})
    assert read([label], task=SEVERAL, columns=("bird", "cat", "dog")) == [[1, None, 0]]

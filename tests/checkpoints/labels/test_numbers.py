"""A label that is a number, or several."""

import json

import pytest

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.records.reference import LabelRule
from tests.checkpoints.labels.reading import NUMBER, read


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("3.5", 3.5),
        (" 1e3 ", 1000.0),
        ("-0.25", -0.25),
        ("+.5E-1", 0.05),
        ("7.", 7.0),
        ("[2.5]", 2.5),
        ("3,5", None),
        ("1,000", None),
        ("1_000", None),
        ("٣", None),
        ("0x10", None),
        ("five", None),
        ("nan", None),
        ("-inf", None),
        ("1e999", None),
        ("", None),
        ("true", None),
        ("[1, 2]", None),
    ],
)
def test_numbers_are_read_alike_in_every_country(label: str, expected: float | None) -> None:
    assert read([label], (), task=NUMBER) == [[expected]]


def test_a_comma_is_refused_with_its_reason() -> None:
    reader = LabelReader(NUMBER, ())
    assert "comma" in reader.reasons(["3,5"])[0]
    with pytest.raises(UnusableError, match="comma"):
        reader.check(["3,5", None])
    account = reader.check(["3,5", "3.5", "nan", None])
    assert (account.usable, account.unfit, account.unlabelled) == (1, 1, 2)


@pytest.mark.parametrize(
    ("classes", "columns", "expected"),
    [
        ((), ("b", "a"), [2.0, 1.5]),
        (("LABEL_0", "LABEL_1"), ("b", "a"), [2.0, 1.5]),
        (("A", "B"), ("b", "a"), [1.5, 2.0]),
    ],
    ids=["order", "placeholders", "names"],
)
def test_several_numbers_come_from_several_columns(
    classes: tuple[str, ...], columns: tuple[str, ...], expected: list[float]
) -> None:
    rows: list[str | None] = [json.dumps({"a": "1.5", "b": 2}), json.dumps({"a": "1.5", "b": ""})]
    assert read(rows, classes, task=NUMBER, columns=columns) == [expected, [None, None]]


def test_numbers_have_no_table_and_no_other_count_of_columns() -> None:
    with pytest.raises(UsageError, match="table"):
        LabelReader(NUMBER, (), None, LabelRule(classes=(("a", "0"),)))
    with pytest.raises(UsageError, match="columns"):
        LabelReader(NUMBER, ("one", "two"), None, LabelRule(columns=("one",)))


def test_numbers_leave_as_numbers() -> None:
    assert LabelReader(NUMBER, ()).written(" 1e3") == "1000.0"
    assert LabelReader(NUMBER, ("a", "b")).written("[1, 2.5]") == "[1.0, 2.5]"

"""Labels that name several classes, as lists, flags or columns."""

import json
import math
from typing import Any

import numpy as np
import pytest

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.errors import DataSelectError, UnusableError, UsageError
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.tasks.task import Task
from tests.checkpoints.labels.reading import BINARY, NUMBER, SEVERAL, SINGLE, read
from tests.helpers import CLASSES

# Several classes


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("cat", [0, 1, 0]),
        ('["cat", "Dog "]', [0, 1, 1]),
        ("[]", [0, 0, 0]),
        ("[0, 2]", [1, 0, 1]),
        ('["0", "dog"]', [1, 0, 1]),
        ("[1, 0, 1]", [1, 0, 1]),
        ("[1, -1, 0]", [1, None, 0]),
        ("[0.0, 1.0, 1.0]", [0, 1, 1]),
        ('{"dog": 1, "cat": 0}', [None, 0, 1]),
        ('{"0": 1, "1": 0, "2": 1}', [1, 0, 1]),
        ("fish", None),
        ('["cat", "fish"]', None),
        ("[1, 1]", None),
        ("[0, 1.5, 1]", None),
        ("[3]", None),
        ("[null]", None),
        ('{"0": 1, "1": 0}', None),
        ('{"cat": 2}', None),
        ('{"fish": 1}', None),
        ('{"cat": ""}', None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_several_labels_are_a_list_or_flags(label: str, expected: list[int | None] | None) -> None:
    assert read([label], task=SEVERAL) == [[None] * 3 if expected is None else expected]


@pytest.mark.parametrize("label", ["[0, 1]", "[1, 0]", "[1, 1]"])
def test_a_list_that_may_mean_two_things_means_none(label: str) -> None:
    """Both classes, or the second one alone."""
    reader = LabelReader(SEVERAL, ("cat", "dog"))
    assert np.isnan(reader.targets([label])).all()
    assert "column" in reader.reasons([label])[0]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("cat|dog", [0, 1, 1]),
        (" cat | dog | ", [0, 1, 1]),
        ("bird", [1, 0, 0]),
        ("2|0", [1, 0, 1]),
        ("No Finding", [0, 0, 0]),
        ("cat|fish", None),
        ("cat;dog", None),
        ('["cat"]', [0, 1, 0]),
    ],
)
def test_a_separator_stands_between_labels(label: str, expected: list[int] | None) -> None:
    rule = LabelRule(separator="|", classes=(("No Finding", ""),))
    (target,) = LabelReader(SEVERAL, CLASSES, None, rule).targets([label])
    assert np.array_equal(target, [math.nan] * 3 if expected is None else expected, equal_nan=True)


@pytest.mark.parametrize(
    ("uncertain", "value"), [("unknown", None), ("yes", 1.0), ("no", 0.0)], ids=["?", "yes", "no"]
)
def test_columns_hold_1_0_uncertain_and_blank(uncertain: str, value: float | None) -> None:
    cells = {"Dog": "-1", "cat": "1", "bird": "0.0"}
    rows: list[str | None] = [
        json.dumps(cells),
        json.dumps({**cells, "cat": ""}),
        json.dumps({**cells, "cat": None, "Dog": "-1.0"}),
        json.dumps({**cells, "cat": "maybe"}),
        json.dumps(dict.fromkeys(cells, "")),
        None,
    ]
    expected = [[0, 1, value], [0, None, value], [0, None, value], [None] * 3, [None] * 3, [None] * 3]
    rule: dict[str, Any] = {"columns": ("Dog", "cat", "bird"), "uncertain": uncertain}
    assert read(rows, task=SEVERAL, **rule) == expected
    account = LabelReader(SEVERAL, CLASSES, None, LabelRule(**rule)).check(rows)
    assert (account.records, account.unlabelled, account.unfit) == (6, 2, 1)


def test_a_class_without_a_column_is_not_known_and_told() -> None:
    rule = LabelRule(columns=("cat", "chien"), classes=(("chien", "dog"),))
    reader = LabelReader(SEVERAL, CLASSES, None, rule)
    label = json.dumps({"cat": "1", "chien": "0"})
    assert np.isnan(reader.targets([label])[0]).tolist() == [True, False, False]
    assert reader.account([label]).silent == ["bird"]


def test_columns_stand_for_outputs_in_their_order_where_nothing_names_these() -> None:
    for classes in ((), ("LABEL_0", "LABEL_1")):
        reader = LabelReader(SEVERAL, classes, None, LabelRule(columns=("b", "a")))
        assert reader.targets([json.dumps({"a": "0", "b": "1"})]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("columns", "table"),
    [
        (("cat", "fish"), ()),
        (("0", "1", "2"), ()),
        (("cat", "Cat "), ()),
        (("cat", "chat"), (("chat", "cat"),)),
        (("cat", "cat"), ()),
    ],
    ids=["no class", "numbers", "case", "table", "twice"],
)
def test_columns_that_cannot_be_meant_are_refused(
    columns: tuple[str, ...], table: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(UsageError, match="column"):
        LabelReader(SEVERAL, CLASSES, None, LabelRule(columns=columns, classes=table))


@pytest.mark.parametrize("task", [SINGLE, BINARY], ids=lambda task: task.name)
@pytest.mark.parametrize("rule", [{"columns": ("bird", "cat")}, {"separator": ";"}], ids=str)
def test_several_labels_are_refused_where_the_model_takes_one(task: Task, rule: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="one label"):
        LabelReader(task, CLASSES[:2], None, LabelRule(**rule))


def test_several_classes_without_names_need_columns() -> None:
    with pytest.raises(UnusableError, match="--label-columns"):
        LabelReader(SEVERAL, ())


@pytest.mark.parametrize(
    "label", ['["dog", "cat"]', "[]", '{"dog": 1, "cat": 0}', '{"bird": 0, "cat": -1, "dog": 1}']
)
def test_several_classes_leave_as_what_is_read_as_the_same(label: str) -> None:
    reader = LabelReader(SEVERAL, CLASSES)
    written = reader.written(label)
    assert np.array_equal(reader.targets([label]), reader.targets([written]), equal_nan=True)
    assert reader.written(written) == written


def test_a_list_leaves_as_names_and_flags_where_a_class_is_not_known() -> None:
    reader = LabelReader(SEVERAL, CLASSES)
    assert reader.written("[2, 1]") == '["cat", "dog"]'
    assert reader.written('{"dog": 1, "cat": "0.0"}') == '{"cat": 0, "dog": 1}'
    assert reader.written("cat and dog") == "cat and dog"


# By class


def test_only_classes_that_exclude_each_other_are_reported_by() -> None:
    assert LabelReader(SINGLE, CLASSES).named_classes(["dog", "fish", None]) == [2, -1, -1]
    assert LabelReader(BINARY, ("X",)).named_classes(["x", "0", None]) == [0, -1, -1]
    assert LabelReader(BINARY, ("A", "B")).named_classes(["b", "a"]) == [1, 0]
    for task in (SEVERAL, NUMBER):
        with pytest.raises(DataSelectError, match="--by-class"):
            LabelReader(task, CLASSES).named_classes(["dog"])

"""Labels become what the loss takes, each by itself, and what became of them is told."""

import json
import math
from typing import Any

import numpy as np
import pytest

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.errors import DataSelectError, UnusableError, UsageError
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.tasks.registry import TASKS
from dataselect_gui.tasks.task import Task
from tests.helpers import CLASSES

SINGLE, BINARY = TASKS["single_label"], TASKS["binary"]
SEVERAL, NUMBER = TASKS["multi_label"], TASKS["regression"]
CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def read(
    labels: list[str | None],
    model: tuple[str, ...] = CLASSES,
    source_classes: list[str] | None = None,
    task: Task = SINGLE,
    **rule: Any,  # noqa: ANN401
) -> list[Any]:
    """Return the targets, NaN as None."""
    targets = LabelReader(task, model, source_classes, LabelRule(**rule)).targets(labels)
    assert len(targets) == len(labels)
    if targets.dtype == np.int64:
        return list(targets.tolist())
    return [[None if math.isnan(y) else y for y in row] for row in targets.tolist()]


# One class


@pytest.mark.parametrize(
    ("labels", "source_classes", "expected"),
    [
        (["dog", "cat", None, "dog"], None, [2, 1, -1, 2]),
        (["DOG", " Cat "], None, [2, 1]),
        (["0", "2"], None, [0, 2]),
        (["dog"], ["dog", "cat", "bird"], [2]),
        ([None], None, [-1]),
        ([], None, []),
    ],
    ids=["name", "case", "number", "name, not place", "unlabelled", "empty"],
)
def test_labels_match_by_name_else_by_number(
    labels: list[str | None], source_classes: list[str] | None, expected: list[int]
) -> None:
    assert read(labels, source_classes=source_classes) == expected


def test_numbers_that_are_names_match_by_name() -> None:
    assert read(["0", "1"], ("1", "0")) == [1, 0]


def test_another_data_sets_classes_are_never_taken_by_their_place() -> None:
    """CIFAR's airplane is no T-shirt, although both come first of ten."""
    reader = LabelReader(SINGLE, FASHION, CIFAR)
    assert reader.targets(CIFAR).tolist() == [-1] * 10
    with pytest.raises(UnusableError) as caught:
        reader.check(CIFAR)
    for name in (*CIFAR, *FASHION):
        assert f"“{name}”" in str(caught.value)
    assert "--label" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "source_classes", "classes"),
    [
        (["chien", "oiseau"], ["oiseau", "chat", "chien"], CLASSES),
        (["1", "2"], [], CLASSES),  # Folders.
        (["1", "2"], [], ()),
        (["1", "2"], ["1", "2", "3"], CLASSES),
        (["b"], ["a", "b"], ()),
    ],
    ids=["another language", "folders", "folders, no names", "counted from 1", "no names"],
)
def test_names_that_the_source_states_are_no_numbers(
    labels: list[str | None], source_classes: list[str], classes: tuple[str, ...]
) -> None:
    assert read(labels, classes, source_classes) == [-1, -1][: len(labels)]
    with pytest.raises(UnusableError, match="--label"):
        LabelReader(SINGLE, classes, source_classes).check(labels)


def test_classes_that_the_source_calls_by_their_numbers_are_numbers() -> None:
    assert read(["0", "2"], source_classes=["0", "1", "2"]) == [0, 2]


@pytest.mark.parametrize(
    ("labels", "other", "source_classes", "classes"),
    [
        (["0", "1"], "2", None, ("1", "0", "x")),
        (["cat", "dog"], "zebra", ["cat", "dog", "zebra"], ("dog", "cat", "bird")),
        (["cat"], "Dog", None, ("dog", "cat")),
        (["0", "1"], "cat", None, CLASSES),
        (["cat"], "7", None, CLASSES),
    ],
)
@pytest.mark.parametrize("task", [SINGLE, BINARY, SEVERAL, NUMBER], ids=lambda task: task.name)
def test_how_a_record_is_labelled_never_moves_the_target_of_another(
    labels: list[str | None],
    other: str,
    source_classes: list[str] | None,
    classes: tuple[str, ...],
    task: Task,
) -> None:
    """Its score would then tell of the other record."""
    if task is BINARY:
        classes = classes[:2]
    alone = read(labels, classes, source_classes, task)
    assert read([*labels, other], classes, source_classes, task)[:-1] == alone
    assert read([other, *labels], classes, source_classes, task)[1:] == alone


def test_names_that_differ_only_in_case_match_exactly_or_not() -> None:
    assert read(["a", "A", " A"], ("A", "a")) == [1, 0, -1]


def test_a_checkpoint_without_names_takes_any_number() -> None:
    assert read(["0", "17"], ()) == [0, 17]


@pytest.mark.parametrize("labels", [[], [None]])
@pytest.mark.parametrize("source_classes", [None, ["a"]])
def test_unlabelled_records_match_whatever_the_model_calls_its_classes(
    labels: list[str | None], source_classes: list[str] | None
) -> None:
    account = LabelReader(SINGLE, ("same", "same"), source_classes).check(labels)
    assert (account.unlabelled, account.unfit, account.matches) == (len(labels), 0, [])


@pytest.mark.parametrize(
    ("labels", "source_classes"),
    [
        (["fish", "fowl"], None),
        (["3"], None),
        (["-1"], None),
        (["1.5"], None),
        (["3.0"], None),
        (["²"], None),
        (["9" * 5000], None),
        (["d"], ["a", "b", "c", "d"]),
    ],
)
def test_labels_that_do_not_match_are_told_with_both_sides(
    labels: list[str | None], source_classes: list[str] | None
) -> None:
    with pytest.raises(UnusableError) as caught:
        LabelReader(SINGLE, CLASSES, source_classes).check(labels)
    for name in (*labels, *CLASSES):
        assert f"“{name}”" in str(caught.value)


def test_a_label_that_fits_no_class_stops_no_other() -> None:
    """What a run shows does not depend on how one record is labelled."""
    labels = ["dog", "fish", "1", None, "-1"]
    reader = LabelReader(SINGLE, CLASSES)
    assert reader.targets(labels).tolist() == [2, -1, 1, -1, -1]
    account = reader.check(labels)
    assert (account.records, account.usable, account.unlabelled, account.unfit) == (5, 2, 2, 1)
    assert [(m.label, m.index, m.how) for m in account.matches] == [
        ("1", 1, "number"),
        ("dog", 2, "name"),
        ("fish", None, None),
    ]
    assert reader.reasons(labels).keys() == {1, 4}


def test_a_long_list_of_labels_is_cut() -> None:
    with pytest.raises(UnusableError, match="and 88 more"):
        LabelReader(SINGLE, CLASSES).check([f"label {index}" for index in range(100)])


def test_spellings_of_one_class_leave_as_the_models() -> None:
    reader = LabelReader(SINGLE, CLASSES, None, LabelRule(classes=(("minou", "cat"),)))
    labels = ["cat", "CAT", " Cat", "1", "minou", "fish", None]
    assert list(map(reader.written, labels)) == ["cat"] * 5 + ["fish", None]
    assert LabelReader(SINGLE, ()).written("07") == "7"


# A table


def test_a_table_counts_before_names_and_numbers() -> None:
    table = (("cat", "dog"), ("0", "cat"), ("minou", "CAT"), ("fish", ""))
    labels: list[str | None] = ["cat", "0", "minou", " Minou", "fish", "dog", "2"]
    assert read(labels) == [1, 0, -1, -1, -1, 2, 2]
    reader = LabelReader(SINGLE, CLASSES, None, LabelRule(classes=table))
    assert reader.targets(labels).tolist() == [2, 1, 1, 1, -1, 2, 2]
    account = reader.check(labels)
    assert {m.label: m.how for m in account.matches}["fish"] == "table"
    assert account.unmatched == []
    assert account.unfit == 1


def test_a_table_names_numbers_where_the_checkpoint_has_no_names() -> None:
    table = LabelRule(classes=(("a", "1"), ("b", "0")))
    assert LabelReader(SINGLE, (), ["a", "b"], table).targets(["a", "b", "c"]).tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    "table",
    [
        (("minou", "cat"), ("minou", "dog")),
        (("minou", "cat"), ("minou", "cat")),
        (("minou", "fish"),),
        (("minou", "3"),),
        (("minou", "-1"),),
    ],
    ids=["twice", "twice the same", "no class", "no number", "negative"],
)
def test_a_table_that_cannot_be_meant_is_refused(table: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(UsageError, match="minou"):
        LabelReader(SINGLE, CLASSES, None, LabelRule(classes=table))


def test_a_table_that_names_a_label_nobody_has_is_told() -> None:
    rule = LabelRule(classes=(("minou", "cat"), ("minuo", "cat"), ("Fish", "")))
    assert LabelReader(SINGLE, CLASSES, None, rule).check(["minou", "fish"]).unused == ["minuo"]


# Two classes by one number


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


# Numbers


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


# By class


def test_only_classes_that_exclude_each_other_are_reported_by() -> None:
    assert LabelReader(SINGLE, CLASSES).named_classes(["dog", "fish", None]) == [2, -1, -1]
    assert LabelReader(BINARY, ("X",)).named_classes(["x", "0", None]) == [0, -1, -1]
    assert LabelReader(BINARY, ("A", "B")).named_classes(["b", "a"]) == [1, 0]
    for task in (SEVERAL, NUMBER):
        with pytest.raises(DataSelectError, match="--by-class"):
            LabelReader(task, CLASSES).named_classes(["dog"])


# What files of ordinary programs hold


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

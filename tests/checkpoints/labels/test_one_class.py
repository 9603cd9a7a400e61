"""A label becomes one of the classes, by name or number, and by a table before either."""

import pytest

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.tasks.task import Task
from tests.checkpoints.labels.reading import BINARY, NUMBER, SEVERAL, SINGLE, read
from tests.helpers import CLASSES

CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


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

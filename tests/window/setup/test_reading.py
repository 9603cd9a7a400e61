"""What Setup asks of columns and labels, and what follows from each choice."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from dataselect_gui.records.reference import LabelRule, SourceRef
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.window.setup.fitting import are_read_alike, choices_of, fitted, what_is_missing
from dataselect_gui.window.setup.reading import Reading
from dataselect_gui.window.widgets.plain import ComboBox
from dataselect_gui.worker.results import CheckpointFacts, CheckpointInspected, SourceInspected

HERE = SourceRef(Path("t.csv"))
COLUMNS = ["age", "Cough", "fever", "diagnosis"]


def table(
    columns: list[str] | None = None, labels: list[str] | None = None, texts: bool = True
) -> SourceInspected:
    names = COLUMNS if columns is None else columns
    return SourceInspected(
        form="rows",
        records=4,
        readable=4,
        problems=[],
        labels=labels or [],
        unlabelled=4,
        columns=names,
        person=None,
        ignored=0,
        label_columns=names,
        text_columns=names if texts else [],
    )


def model(
    task: TaskName = "single_label",
    labels: list[str] | None = None,
    *,
    outputs: int | None = None,
    texts: bool = False,
    features: list[str] | None = None,
) -> CheckpointInspected:
    return CheckpointInspected(
        problems=[],
        labels=labels or [],
        series=[None],
        request={},
        unknown_in_request=[],
        digest="d",
        preflight=CheckpointFacts(
            form="exported",
            batching="by operation",
            architecture=None,
            elements=None,
            preprocessing=False,
            scores=["loss"],
            task=task,
            outputs=outputs if outputs is not None else len(labels or []) or None,
            takes_texts=texts,
            feature_columns=features or [],
        ),
    )


@pytest.fixture
def reading(qtbot: QtBot) -> Reading:
    made = Reading()
    qtbot.addWidget(made)
    return made


def shown(
    reading: Reading,
    source: SourceRef = HERE,
    inspected: SourceInspected | None = None,
    checkpoint: CheckpointInspected | None = None,
) -> Reading:
    reading.show_source(source, inspected or table(), checkpoint)
    return reading


def choose(qtbot: QtBot, reading: Reading, box: ComboBox, data: str) -> SourceRef:
    place = box.findData(data)
    assert place >= 0
    box.setCurrentIndex(place)
    with qtbot.waitSignal(reading.chosen) as signal:
        box.activated.emit(place)
    chosen = signal.args[0]
    assert isinstance(chosen, SourceRef)
    return chosen


def offered(box: ComboBox) -> list[str]:
    return [box.itemText(place) for place in range(box.count())]


def is_offered(reading: Reading, box: ComboBox | QLineEdit) -> bool:
    return box.isVisibleTo(reading)


def shown_text(reading: Reading) -> str:
    return "\n".join(
        label.text() for label in reading.findChildren(QLabel) if label.isVisibleTo(reading)
    )


# Each choice where it makes sense, and nowhere else


@pytest.mark.parametrize(
    ("task", "of_classes", "of_lists"),
    [
        ("single_label", False, False),
        ("binary", False, False),
        ("multi_label", True, True),
        ("regression", False, False),
    ],
)
def test_what_is_offered_follows_from_the_task(
    reading: Reading, task: TaskName, of_classes: bool, of_lists: bool
) -> None:
    names = ["cough", "fever"] if task in {"single_label", "multi_label"} else ["x"]
    shown(reading, checkpoint=model(task, names))
    assert is_offered(reading, reading.label)
    assert not is_offered(reading, reading.text)
    assert (len(offered(reading.label)) > len(COLUMNS)) == of_classes
    assert is_offered(reading, reading.separator) == of_lists


def test_records_with_one_column_of_labels_ask_nothing(reading: Reading) -> None:
    shown(reading, inspected=table(["y"], ["0", "1"], texts=False), checkpoint=model())
    assert reading.isHidden()
    shown(reading, inspected=table([], ["cat", "dog"], texts=False))
    assert reading.isHidden()


def test_a_regression_of_several_numbers_has_a_column_for_each(reading: Reading, qtbot: QtBot) -> None:
    shown(reading, checkpoint=model("regression", outputs=2))
    assert "several columns…" in offered(reading.label)
    assert not is_offered(reading, reading.separator)
    reading.outputs[0].choose("age")
    reading.outputs[1].choose("fever")
    with qtbot.waitSignal(reading.chosen) as signal:
        reading.use.click()
    assert signal.args[0].labels == LabelRule(columns=("age", "fever"))


def test_no_label_is_told_with_what_to_do(reading: Reading) -> None:
    assert "choose it" in shown_text(shown(reading, checkpoint=model()))
    assert "choose it" not in shown_text(shown(reading, inspected=table(labels=["a"])))


# What follows from a choice


def test_a_column_of_labels(reading: Reading, qtbot: QtBot) -> None:
    before = SourceRef(HERE.path, labels=LabelRule(classes=(("x", "cough"),)))
    chosen = choose(qtbot, shown(reading, before, checkpoint=model()), reading.label, "diagnosis")
    assert chosen == SourceRef(HERE.path, label_column="diagnosis")
    shown(reading, chosen, table(labels=["a"]), model())
    assert reading.label.chosen() == "diagnosis"


def test_a_column_of_texts_has_to_be_chosen_where_none_is_called_so(
    reading: Reading, qtbot: QtBot
) -> None:
    checkpoint = model(texts=True)
    assert what_is_missing(HERE, table(), checkpoint)
    assert "choose the one that holds the texts" in shown_text(shown(reading, checkpoint=checkpoint))
    chosen = choose(qtbot, reading, reading.text, "diagnosis")
    assert chosen.text_column == "diagnosis"
    assert not what_is_missing(chosen, table(), checkpoint)
    usual = fitted(HERE, table(["id", "Text"]), checkpoint)
    assert usual.text_column == "Text"
    assert not what_is_missing(usual, table(["id", "Text"]), checkpoint)
    twice = fitted(HERE, table(["TEXT", "text"]), checkpoint)
    assert twice.text_column is None
    assert what_is_missing(twice, table(["TEXT", "text"]), checkpoint)


def test_a_folder_of_texts_needs_no_column(reading: Reading) -> None:
    folder = table([], ["a", "b"], texts=False)
    assert not what_is_missing(HERE, folder, model(texts=True))
    assert shown(reading, inspected=folder, checkpoint=model(texts=True)).isHidden()


def test_a_column_for_each_class_goes_by_its_name_first(reading: Reading, qtbot: QtBot) -> None:
    checkpoint = model("multi_label", ["cough", "fever", "flu"])
    shown(reading, checkpoint=checkpoint)
    place = reading.label.findText("a column for each class…")
    reading.label.setCurrentIndex(place)
    reading.label.activated.emit(place)
    assert [box.chosen() for box in reading.outputs] == ["Cough", "fever", None]
    assert not is_offered(reading, reading.separator)
    assert "1 means yes and 0 means no" in shown_text(reading)
    reading.outputs[2].choose("diagnosis")
    reading.uncertain.choose("yes")
    with qtbot.waitSignal(reading.chosen) as signal:
        reading.use.click()
    chosen: SourceRef = signal.args[0]
    columns = ("Cough", "fever", "diagnosis")
    by_table = (("Cough", "cough"), ("diagnosis", "flu"))  # The third one has the name of its class.
    assert chosen.labels == LabelRule(by_table, columns, uncertain="yes")
    # As it was chosen, it is shown again.
    shown(reading, chosen, table(labels=['{"Cough": "1"}']), checkpoint)
    assert [box.chosen() for box in reading.outputs] == list(columns)
    assert reading.uncertain.chosen() == "yes"
    assert is_offered(reading, reading.uncertain)
    chosen = choose(qtbot, reading, reading.uncertain, "no")
    assert chosen.labels.uncertain == "no"
    assert chosen.labels.columns == columns
    chosen = choose(qtbot, reading, reading.label, "age")
    assert chosen == SourceRef(HERE.path, label_column="age")


def test_a_column_that_is_called_like_another_class_is_shown_with_its_own(
    reading: Reading, qtbot: QtBot
) -> None:
    checkpoint = model("multi_label", ["cough", "fever"])
    rule = LabelRule((("fever", "cough"),), ("fever",))
    shown(reading, SourceRef(HERE.path, labels=rule), table(labels=["x"]), checkpoint)
    assert [box.chosen() for box in reading.outputs] == ["fever", None]
    with qtbot.waitSignal(reading.chosen) as signal:
        reading.use.click()
    assert signal.args[0].labels == rule


def test_classes_without_names_go_by_the_order_of_their_columns(reading: Reading, qtbot: QtBot) -> None:
    shown(reading, checkpoint=model("multi_label", outputs=2))
    reading.outputs[0].choose("fever")
    reading.outputs[1].choose("age")
    with qtbot.waitSignal(reading.chosen) as signal:
        reading.use.click()
    assert signal.args[0].labels == LabelRule(columns=("fever", "age"))


def test_what_stands_between_several_labels(reading: Reading, qtbot: QtBot) -> None:
    shown(reading, checkpoint=model("multi_label", ["cough"]))
    reading.separator.setText("; ")
    with qtbot.waitSignal(reading.chosen) as signal:
        reading.separator.editingFinished.emit()
    assert signal.args[0].labels == LabelRule(separator="; ")
    shown(reading, signal.args[0], checkpoint=model("multi_label", ["cough"]))
    with qtbot.assertNotEmitted(reading.chosen):
        reading.separator.editingFinished.emit()
    reading.separator.clear()
    with qtbot.waitSignal(reading.chosen) as signal:
        reading.separator.editingFinished.emit()
    assert signal.args[0] == HERE


# How records are read for a checkpoint


def test_records_are_read_as_the_checkpoint_takes_them() -> None:
    said = SourceRef(HERE.path, label_column="diagnosis", text_column="age")
    rows = fitted(said, table(), model(features=["age", "fever"]))
    assert rows == SourceRef(HERE.path, label_column="diagnosis", feature_columns=("age", "fever"))
    assert fitted(said, table(), model(texts=True)).text_column == "age"
    assert not are_read_alike(said, rows)
    other_classes = LabelRule(classes=(("x", "y"),), separator=";", uncertain="no")
    assert are_read_alike(said, SourceRef(**{**vars(said), "labels": other_classes}))
    columns = LabelRule(columns=("age",))
    assert not are_read_alike(said, SourceRef(**{**vars(said), "labels": columns}))


def test_names_of_strangers_are_shown_whole_or_cut(reading: Reading) -> None:
    hostile = ["a\u202eb", "x" * 500, "<b>&amp;</b>"]
    shown(reading, inspected=table(hostile), checkpoint=model())
    assert offered(reading.label)[0] == "a\\u202eb"
    assert len(offered(reading.label)[1]) <= 60
    assert [reading.label.itemData(place) for place in range(3)] == hostile


def test_very_many_columns_are_not_all_offered(reading: Reading) -> None:
    many = [f"c{number}" for number in range(5000)]
    shown(
        reading, inspected=table(many), checkpoint=model("multi_label", [f"k{n}" for n in range(200)])
    )
    assert len(offered(reading.label)) <= 501
    assert len(reading.outputs) <= 60
    assert choices_of(table(many), None).labels == many


def test_columns_that_were_chosen_and_not_used_are_said(reading: Reading, qtbot: QtBot) -> None:
    checkpoint = model("multi_label", ["cough", "fever"])
    shown(reading, checkpoint=checkpoint)
    assert reading.unused == ""
    reading.label.choose("\0several")
    with qtbot.waitSignal(reading.touched):
        reading.label.activated.emit(reading.label.currentIndex())
    assert "Use these columns" in reading.unused
    reading.use.click()
    rule = LabelRule((("Cough", "cough"),), ("Cough", "fever"))
    shown(reading, replace(HERE, labels=rule), checkpoint=checkpoint)
    assert reading.unused == ""
    box = reading.outputs[0]
    box.setFocus()
    with qtbot.waitSignal(reading.touched):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert reading.unused
    reading.forget()
    assert reading.unused == ""

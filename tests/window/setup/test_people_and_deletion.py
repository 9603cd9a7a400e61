import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, owner_records, scored_project
from tests.releases import release, select
from tests.window.steps import give, notice_of, place, settle


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A project of 14 patients with three records each, but for the last."""
    source, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium")
    return scored_project(tmp_path / "people.dataselect", source, checkpoint, unit_column="patient")


def shown(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def read(qtbot: QtBot, window: MainWindow, tmp_path: Path, text: str) -> None:
    """Go to the list's place and drop a list there."""
    (tmp_path / "list.csv").write_text(text, encoding="utf-8-sig")
    window.actions_by_key["people"].trigger()
    give(qtbot, window, tmp_path / "list.csv")
    qtbot.waitUntil(lambda: not window.people.is_working)


def opted_out(project: Path) -> list[int]:
    return np.flatnonzero(workflow.look(project).opted_out).tolist()


# Withholding by a list


def test_a_list_is_previewed_applied_and_undone_in_one_step(
    window: MainWindow, qtbot: QtBot, people: Path, tmp_path: Path
) -> None:
    window.open_project(people)
    read(
        qtbot, window, tmp_path, "since,patient\n2024,patient 0\n2024,nobody\n2024,\n2024, patient 3 \n"
    )
    assert place(window) == "people"
    rows = [0, 1, 2, 9, 10, 11]
    selected = int(window.state.selection.chosen[rows].sum())
    assert f"2 of 4 lines match: 6 records, of which {selected} " in shown(window.people)
    assert window.people.unmatched.toPlainText() == "line 3: nobody\nline 4: (empty)"
    assert opted_out(people) == []
    assert window.people.apply.text() == "Opt out 6 records"
    window.people.apply.click()
    assert place(window) == "explore"
    assert opted_out(people) == rows
    assert not window.state.selection.chosen[rows].any()
    assert "6 opted out" in window.footer.counts.toolTip()
    window.actions_by_key["undo"].trigger()
    assert opted_out(people) == []
    assert window.footer.undone.toolTip() == "Undone: opted out 6 records"
    assert list(window.state.undone_rows()) == rows
    window.actions_by_key["redo"].trigger()
    assert opted_out(people) == rows


def test_people_opt_in_again(window: MainWindow, qtbot: QtBot, people: Path, tmp_path: Path) -> None:
    (tmp_path / "before.csv").write_text("patient\npatient 1\npatient 2\nlater\n", encoding="utf-8")
    workflow.opt_out(people, tmp_path / "before.csv", None)
    window.open_project(people)
    read(qtbot, window, tmp_path, "patient\npatient 2\n")
    window.people.back.click()
    assert window.people.apply.text() == "Opt in 3 records"
    window.people.apply.click()
    assert opted_out(people) == [3, 4, 5]
    assert window.state.opted_out_units == {"patient 1", "later"}, "who comes later is kept"
    window.actions_by_key["undo"].trigger()
    assert opted_out(people) == [3, 4, 5, 6, 7, 8]


def test_a_list_may_name_records(
    window: MainWindow, qtbot: QtBot, people: Path, tmp_path: Path
) -> None:
    window.open_project(people)
    read(qtbot, window, tmp_path, "id\n4\n7\n400\n")
    assert "0 of 3 lines match" in shown(window.people)
    window.people.subject.setCurrentIndex(window.people.subject.findText("one record"))
    window.people.subject.activated.emit(1)
    assert "2 of 3 lines match: 2 records" in shown(window.people)
    assert window.people.apply.text() == "Withhold 2 records"
    window.people.apply.click()
    assert np.flatnonzero(window.state.withheld).tolist() == [4, 7]
    window.actions_by_key["undo"].trigger()
    assert not window.state.withheld.any()


def test_the_column_is_asked_for_where_it_is_not_clear(
    window: MainWindow, qtbot: QtBot, people: Path, tmp_path: Path
) -> None:
    window.open_project(people)
    read(qtbot, window, tmp_path, "who,when\npatient 5,2024\n")
    assert "Which column names them?" in shown(window.people)
    assert not window.people.apply.isEnabled()
    window.people.columns.setCurrentText("who")
    window.people.columns.activated.emit(0)
    qtbot.waitUntil(lambda: not window.people.is_working)
    assert "1 of 1 lines match: 3 records" in shown(window.people)


def test_a_name_is_the_same_in_either_form_of_unicode(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    source = tmp_path / "records.npz"
    pixels = np.zeros((2, 6, 5), dtype=np.uint8)
    pixels[1] = 1
    np.savez(source, x=pixels, y=[0, 1], classes=["a", "b"], patient=["Zoë", "Zoe"])
    folder = scored_project(
        tmp_path / "p.dataselect", source, consortium(tmp_path / "c"), unit_column="patient"
    )
    window.open_project(folder)
    read(qtbot, window, tmp_path, f"patient\n{unicodedata.normalize('NFD', 'Zoë')}\n")
    assert "1 of 1 lines match: 1 record," in shown(window.people)


def test_what_is_no_list_is_told_and_changes_nothing(
    window: MainWindow, qtbot: QtBot, people: Path, tmp_path: Path
) -> None:
    window.open_project(people)
    window.actions_by_key["people"].trigger()
    (tmp_path / "list.csv").write_bytes(b"\xff\xfe\x00")
    give(qtbot, window, tmp_path / "list.csv")
    qtbot.waitUntil(lambda: not window.people.is_working)
    assert "“list.csv” cannot be read." in window.people.error.text()
    assert not window.people.apply.isEnabled()
    assert not window.state.undo.canUndo()


# Deleting a project


def test_a_deletion_names_the_project_and_lists_what_goes_and_stays(
    window: MainWindow, qtbot: QtBot, project: Path, tmp_path: Path
) -> None:
    select(project, threshold="0.5")
    release(project, tmp_path / "bundle")
    window.open_project(project)
    window.actions_by_key["delete"].trigger()
    assert place(window) == "deletion"
    text = shown(window.deletion)
    assert "Delete the project “p”?" in text
    assert "The scores: loss" in text
    assert f"The records: {tmp_path / 'records.npz'}" in text
    assert "The ledger: what was released still counts" in text
    assert window.deletion.cancel.hasFocus(), "the button under the hand deletes nothing"
    window.deletion.cancel.click()
    assert place(window) == "explore"
    assert project.exists()
    window.actions_by_key["delete"].trigger()
    assert window.deletion.delete.text() == "Delete “p”"
    window.deletion.delete.click()
    settle(qtbot, window)
    assert place(window) == "start"
    assert notice_of(window).what == "“p” was deleted."
    assert not project.exists()
    assert window.state.look is None
    assert (tmp_path / "records.npz").exists()
    assert (tmp_path / "bundle").exists()
    assert workflow.ledger(None)[0].total_plain == 1


def test_a_recent_project_is_deleted_without_being_opened(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    (project / "mine.txt").write_text("a note")
    window.settings.remember(project, "p")
    window.start.show_recent()
    qtbot.waitUntil(lambda: "Recent projects" in shown(window.start))
    window.start.delete_requested.emit(project)
    assert "Other files in the project's folder: mine.txt" in shown(window.deletion)
    window.deletion.delete.click()
    settle(qtbot, window)
    assert notice_of(window).why == "Its folder stays: there are other files in it."
    assert [path.name for path in project.iterdir()] == ["mine.txt"]
    assert "Recent projects" not in shown(window.start)


def test_what_is_no_project_any_more_is_told(window: MainWindow, tmp_path: Path) -> None:
    window.start.delete_requested.emit(tmp_path / "gone.dataselect")
    assert notice_of(window).what == "“gone.dataselect” is not a project."
    assert place(window) == "start"

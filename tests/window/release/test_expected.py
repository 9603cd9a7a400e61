"""What the owner reads first, the question to send, the page for others, and the card of a bundle."""

import math
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.release.card import NEXT, NOT_NEXT, Card
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.finding_out import ASK, ASK_SENDER
from tests.projects import consortium, owner_records, scored_project
from tests.releases import select
from tests.window.release.steps import answer_no, ask_for, click, entry_kinds, finish, foresee, shown
from tests.window.steps import numbers

CONTACT = "Dr Kovač <ana@c.example>"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return consortium(tmp_path / "asking", contact=CONTACT)


def saves_to(monkeypatch: pytest.MonkeyPatch, to: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_given, **_options: (str(to), ""))


def test_the_first_sentence_counts_what_leaves(place: ReleasePlace, state: State, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    expected, consequence = place.consequence.expected, place.consequence
    first = next(label for label in consequence.findChildren(QLabel) if numbers(label.text()))
    assert first is expected.sentence
    for typed, epsilon in (("1", 1.0), ("0,25", 0.25)):
        place.answers.amount.epsilon.setText(typed)
        foresee(qtbot, place)
        selected = int(state.selection.chosen.sum())
        leaving = round(selected * (1 - math.exp(-epsilon)))
        assert expected.sentence.text() == f"About {leaving} of your 40 records leave."
        assert numbers(expected.selection.text()) == [str(selected)]
    place.answers.what.mechanisms["exact"].click()
    foresee(qtbot, place)
    assert expected.sentence.text() == f"{selected} of your 40 records leave."
    assert "chance" not in expected.selection.text()
    ask_for(place, "report")
    foresee(qtbot, place)
    assert expected.sentence.text() == "None of your 40 records leave."


def test_a_distorted_class_is_warned_of_and_counted_on_the_owners_side_alone(
    place: ReleasePlace, state: State, qtbot: QtBot, tmp_path: Path, checkpoint: Path
) -> None:
    answer_no(qtbot, place)
    assert place.consequence.expected.distorted.isHidden()
    losses = [0.9 if row % 3 == 1 else 0.1 for row in range(40)]
    other = scored_project(
        tmp_path / "o.dataselect", owner_records(tmp_path / "o.npz"), checkpoint, losses
    )
    select(other, threshold="0.5")
    state.open(other)
    state.read_account()
    qtbot.waitUntil(lambda: not state.accounts.waiting)
    place.answers.training.no.click()
    foresee(qtbot, place)
    expected = place.consequence.expected
    assert expected.distorted.isVisible()
    said = expected.distorted.text().splitlines()
    assert said[1:] == [
        "None of your 14 records of “bird” is expected to leave.",
        "None of your 13 records of “dog” is expected to leave.",
        "“cat” is 32 in 100 of your records, and would be 100 in 100 of what leaves.",
    ]
    expected.classes.button.setFocus()
    qtbot.keyClick(expected.classes.button, Qt.Key.Key_Return)  # type: ignore[no-untyped-call]
    assert expected.table.isVisible()
    cells = [
        [expected.table.model().index(row, column).data() for column in range(3)]
        for row in range(expected.table.rowCount())
    ]
    assert cells == [["bird", "14", "0"], ["cat", "13", "8"], ["dog", "13", "0"]]
    assert not [name for name in ("bird", "cat", "dog") if name in shown(place.parcel)]


def test_who_does_not_know_has_the_question_ready(
    place: ReleasePlace, checkpoint: Path, qtbot: QtBot
) -> None:
    asking = place.answers.training.finding_out
    assert not asking.isVisible()
    click(qtbot, place.answers.training.unknown)
    assert asking.isVisible()
    assert asking.whom.text() == ASK.format(contact=CONTACT)
    assert "“Exact and unprotected”" in asking.meanwhile.text()
    click(qtbot, asking.copy)
    sent = QGuiApplication.clipboard().text()
    assert find_checkpoint(checkpoint).digest() in sent
    for phrase in ("these very records", "differential privacy", "ε and δ", "for each person?"):
        assert phrase in sent
    assert sent.splitlines() == asking.question.toPlainText().splitlines()
    asking.show_checkpoint("", None)
    assert asking.whom.text() == ASK_SENDER
    click(qtbot, place.answers.training.no)
    assert not asking.isVisible()


def test_what_would_leave_is_saved_without_a_draw(
    place: ReleasePlace, project: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves_to(monkeypatch, tmp_path / "page.html")
    consequence = place.consequence
    assert not consequence.save_page.isEnabled(), "nothing is known of it yet"
    answer_no(qtbot, place)
    click(qtbot, consequence.save_page)
    qtbot.waitUntil(lambda: "page.html" in consequence.saved.text())
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert consequence.expected.sentence.text() in page
    assert not {"reserved", "drawn"} & set(entry_kinds(project))
    place.answers.amount.epsilon.setText("2")
    foresee(qtbot, place)
    assert "page.html" not in consequence.saved.text(), "that was another release"
    saves_to(monkeypatch, tmp_path / "there is none" / "page.html")
    click(qtbot, consequence.save_page)
    qtbot.waitUntil(place.parcel.error.isVisible)
    assert "“page.html”" in place.parcel.error.text()


def test_a_bundle_has_a_card_with_the_next_step_and_a_report(
    place: ReleasePlace, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_no(qtbot, place)
    finish(qtbot, place)
    card, done = place.parcel.card, place.parcel.done
    assert card is not None
    assert done is not None
    assert card.next_step.text() == NEXT.format(receiver=CONTACT)
    assert str(done.released.bundle.parent) in [
        label.toolTip() or label.text() for label in card.findChildren(QLabel)
    ]
    saves_to(monkeypatch, tmp_path / "report.html")
    card.save_report.setFocus()
    qtbot.keyClick(card.save_report, Qt.Key.Key_Return)  # type: ignore[no-untyped-call]
    assert card.saved.text() == "Saved as report.html."
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert done.digest in report
    saves_to(monkeypatch, done.released.bundle / "report.html")
    click(qtbot, card.save_report)
    assert "cannot be written into the bundle" in card.saved.text()
    assert not (done.released.bundle / "report.html").exists()
    done.verified.checks[0] = workflow.Check("checksums", ok=False, detail="no")
    failed = Card(done, None)
    qtbot.addWidget(failed)
    assert failed.next_step.text() == NOT_NEXT

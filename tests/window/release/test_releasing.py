"""From the answers to a verified bundle, and what stands in the way."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl, qInstallMessageHandler, qWarning
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.texts.promises import SAME, UNPROMISED, needs_more
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.release.sentences import RAISE, REPEAT
from dataselect_gui.window.state import State
from dataselect_gui.workflow import JobKind
from tests.projects import owner_records, scored_project
from tests.release.test_signing import key_pair
from tests.releases import select
from tests.window.release.steps import (
    answer_no,
    ask_for,
    click,
    entry_kinds,
    finish,
    foresee,
    shown,
)
from tests.window.steps import numbers


def test_the_default_path_takes_four_clicks_to_a_verified_bundle(
    place: ReleasePlace, project: Path, qtbot: QtBot
) -> None:
    """One of them answers about training, which a project remembers; the rest is preset."""
    assert not place.foot.button.isEnabled()
    place.answers.training.no.click()
    click(qtbot, place.foot.set_budget)
    place.consequence.consent.click()
    assert not place.foot.button.isEnabled(), "nobody presses it before knowing what it costs"
    foresee(qtbot, place)
    assert place.foot.button.isEnabled()
    assert place.foot.button.text() == "Release, spend ε 1"
    assert "drawn" not in entry_kinds(project)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.bundle == project.with_name("p-bundle")
    assert done.released.epsilon == "1"
    assert all(check.ok for check in done.checks)
    assert "Verified" in shown(place.parcel)
    assert "checksums: All" in shown(place.parcel)
    assert place.foot.left.text() == "ε 3 left"
    focused = place.focusWidget()  # Whether or not the window is active.
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Open folder"


def test_digest_and_path_of_what_left_are_copied_by_a_button(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    finish(qtbot, place)
    done, card, clipboard = place.parcel.done, place.parcel.card, QGuiApplication.clipboard()
    assert done is not None
    assert card is not None
    click(qtbot, card.copy_digest)
    assert clipboard.text() == workflow.digest_of(done.released.bundle)
    assert (card.copy_digest.text(), card.copy_path.text()) == ("Copied", "Copy its path")
    card.copy_path.setFocus()
    qtbot.keyClick(card.copy_path, Qt.Key.Key_Space)  # type: ignore[no-untyped-call]
    assert clipboard.text() == str(done.released.bundle)
    assert (card.copy_digest.text(), card.copy_path.text()) == ("Copy", "Copied")


def test_a_folder_that_nothing_opens_is_said_in_words_and_its_path_copied(
    place: ReleasePlace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def fails(_url: QUrl) -> bool:
        qWarning("Unable to detect a web browser to launch 'file:///'")
        return False

    monkeypatch.setattr(QDesktopServices, "openUrl", fails)
    before = qInstallMessageHandler(lambda _kind, _context, message: heard.append(message))
    answer_no(qtbot, place)
    finish(qtbot, place)
    assert place.parcel.done is not None
    button = place.focusWidget()
    assert isinstance(button, QPushButton)
    assert button.text() == "Open folder"
    click(qtbot, button)
    qInstallMessageHandler(before)
    assert button.text() == "No program opens it here. Its path is copied."
    assert QGuiApplication.clipboard().text() == str(place.parcel.done.released.bundle)
    assert not [message for message in heard if "web browser" in message]


def test_setting_the_budget_moves_nothing_under_the_pointer(place: ReleasePlace, qtbot: QtBot) -> None:
    place.answers.training.no.click()
    foresee(qtbot, place)
    consent, seen = place.consequence.consent, set()
    qtbot.wait(20)
    seen.add(consent.mapTo(place, QPoint()).y())
    click(qtbot, place.foot.set_budget)
    for _ in range(20):
        qtbot.wait(20)
        seen.add(consent.mapTo(place, QPoint()).y())
    foresee(qtbot, place)
    assert place.consequence.budget.isVisible()
    assert len(seen) == 1, seen


def test_another_project_begins_at_the_top_with_nothing_typed(
    place: ReleasePlace, state: State, qtbot: QtBot, tmp_path: Path, checkpoint: Path
) -> None:
    other = scored_project(tmp_path / "q.dataselect", owner_records(tmp_path / "q.npz"), checkpoint)
    select(other, threshold="0.5")
    place.resize(1000, 500)
    click(qtbot, place.answers.cut_off.from_agreed)
    for field, typed in ((place.foot.budget, "77"), (place.answers.amount.epsilon, "3")):
        field.selectAll()
        qtbot.keyClicks(field, typed)  # type: ignore[no-untyped-call]
        assert field.text() == typed
    bar = place.findChildren(QScrollArea)[0].verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 200)
    bar.setValue(bar.maximum())
    state.open(state.look.folder if state.look is not None else tmp_path)  # The same one again.
    assert bar.value() > 0
    state.open(other)
    qtbot.waitUntil(lambda: not place.is_working)
    assert bar.value() == 0
    assert place.foot.budget.text() == "4"
    assert place.answers.amount.epsilon.text() == "1"
    # The rule is the same; where its threshold comes from was said of the other project.
    assert place.answers.cut_off.from_request.isChecked()


def test_the_limit_of_epsilon_that_it_states_is_the_one_that_holds(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    for text, is_amount in (("300.1", False), ("300", True)):
        place.answers.amount.epsilon.setText(text)
        hint = place.foot.hint.text()
        says = hint.startswith("Enter ε,") and numbers(hint) == ["0", "300"]
        assert says != is_amount
        assert (place.answers.asked().epsilon is not None) == is_amount


def test_beyond_the_budget_it_refuses_and_leaves_nothing(
    place: ReleasePlace, project: Path, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    place.answers.amount.epsilon.setText("8")
    foresee(qtbot, place)
    assert place.foot.hint.text().startswith(needs_more("8", "4"))
    assert place.foot.go.text() == RAISE
    with qtbot.waitSignal(place.raise_wanted):
        click(qtbot, place.foot.go)
    click(qtbot, place.foot.button)
    assert not place.foot.button.isEnabled()
    assert not {"reserved", "drawn"} & set(entry_kinds(project))
    assert not project.with_name("p-bundle").exists()


def test_a_place_that_cannot_be_written_is_told_before_the_draw(
    place: ReleasePlace, project: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear", "utf-8")
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_given, **_options: (str(letter / "b"), "")
    )
    click(qtbot, place.answers.change)
    answer_no(qtbot, place)
    fault = foresee(qtbot, place).fault
    assert fault is not None
    assert place.foot.hint.text() == str(fault)
    assert "“b”" in fault.what
    assert not place.foot.button.isEnabled()
    assert not {"reserved", "drawn"} & set(entry_kinds(project))


def test_unknown_provenance_offers_what_has_no_epsilon_and_chooses_nothing(place: ReleasePlace) -> None:
    place.answers.training.unknown.click()
    choice = place.answers.what
    offered = [name for name, button in choice.mechanisms.items() if button.isEnabled()]
    assert offered == ["exact", "everything"]
    assert choice.mechanism is None
    assert choice.unpromised.isVisible()
    assert choice.unpromised.text() == UNPROMISED
    assert not place.foot.button.isEnabled()


def test_exact_needs_its_tick_and_a_reason(place: ReleasePlace, qtbot: QtBot) -> None:
    consequence = place.consequence
    place.answers.training.unknown.click()
    place.answers.what.mechanisms["exact"].click()
    consequence.consent.click()
    assert not place.foot.button.isEnabled()
    assert consequence.exact.isVisible()
    assert consequence.choose_exact.isVisible()
    consequence.reason.setText("a test")
    assert not place.foot.button.isEnabled()
    consequence.choose_exact.click()
    assert place.foot.button.text() == "Release without protection"
    assert not place.foot.button.isDefault()
    finish(qtbot, place)
    assert place.parcel.done is not None
    assert place.parcel.done.released.epsilon is None
    place.answers.training.no.click()
    place.answers.what.mechanisms["one-sided"].click()
    foresee(qtbot, place)
    assert not consequence.choose_exact.isChecked()
    assert consequence.earlier_exact.isVisible()


def test_while_a_bundle_is_written_no_key_does_anything_else(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    foresee(qtbot, place)
    place.foot.button.setFocus()
    click(qtbot, place.foot.button)
    assert place.foot.hint.hasFocus()
    assert place.foot.hint.text() == JobKind.RELEASE.running
    qtbot.waitUntil(lambda: place.parcel.done is not None, timeout=15_000)


def test_repeating_costs_nothing(place: ReleasePlace, project: Path, qtbot: QtBot) -> None:
    consequence = place.consequence
    answer_no(qtbot, place)
    assert consequence.repeat.text() == REPEAT
    finish(qtbot, place)
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release the same again, at no cost"
    assert consequence.repeat.text() == SAME
    assert numbers(consequence.budget.text()) == ["3"]
    assert "you have made it before" in consequence.budget.text()
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.repeated
    assert SAME in shown(place.parcel)
    assert entry_kinds(project).count("reserved") == 1
    place.answers.amount.epsilon.setText("2")
    foresee(qtbot, place)
    assert place.parcel.done is None
    assert place.foot.button.text() == "Release, spend ε 1"
    assert place.request().to == project.with_name("p-bundle-2")
    place.answers.amount.epsilon.setText("0.5")
    foresee(qtbot, place)
    assert numbers(consequence.budget.text()) == ["3"]
    assert "only the largest counts" in consequence.budget.text()


def test_no_record_leaves_so_no_consent_is_asked_for(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    place.consequence.consent.click()
    ask_for(place, "report")
    foresee(qtbot, place)
    assert place.foot.button.isEnabled()
    assert not place.consequence.consent.isVisible()
    ask_for(place, "records")
    foresee(qtbot, place)
    assert not place.foot.button.isEnabled()


def test_what_a_new_release_differs_in_is_shown_beside_it(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    foresee(qtbot, place)
    assert place.consequence.nearest.isHidden()
    finish(qtbot, place)
    place.answers.amount.epsilon.setText("2")
    foresee(qtbot, place)
    click(qtbot, place.consequence.nearest.button)
    assert "epsilon: then 1, now 2" in shown(place.consequence.nearest)


def test_a_bundle_is_signed_by_the_key_that_was_chosen(
    place: ReleasePlace, tmp_path: Path, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    advanced = place.answers.advanced
    assert not advanced.choose.isVisible()
    click(qtbot, advanced.button)
    assert advanced.choose.isVisible()
    (tmp_path / "notes.txt").write_text("no key")
    advanced.set_key(tmp_path / "notes.txt")
    fault = foresee(qtbot, place).fault
    assert fault is not None
    assert "“notes.txt”" in fault.what
    assert place.foot.hint.text().startswith(fault.what)
    private, public = key_pair(tmp_path, "owner")
    advanced.set_key(private)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.checks[0].name == "signature"
    assert all(check.ok for check in workflow.verify(done.released.bundle, None, public).checks)


def test_before_a_draw_nothing_of_the_records_stands_inside_the_leaving_frame(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    before = [label.text() for label in place.parcel.leave.findChildren(QLabel)]
    state.set_rule(workflow.make_rule("loss", threshold="0"))
    place.answers.amount.epsilon.setText("4")
    foresee(qtbot, place)
    assert [label.text() for label in place.parcel.leave.findChildren(QLabel)] == before

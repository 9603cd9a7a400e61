import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.window.ledger import LedgerPlace
from dataselect_gui.window.ledger.place import CANNOT_NOTICE, NOTHING_YET
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.boundary import Note
from tests.releases import release, select


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def place(project: Path, state: State, qtbot: QtBot) -> Iterator[LedgerPlace]:
    select(project, threshold="0.5")
    state.show_place(PlaceId.LEDGER)
    made = LedgerPlace(state)
    made.resize(1000, 700)
    qtbot.addWidget(made)
    made.show()
    state.open(project)
    read(qtbot, made)
    yield made
    made.close_threads()
    state.accounts.close()


def shown(place: LedgerPlace) -> str:
    """Return all words that can be seen beside the entries."""
    labels = [label.text() for label in place.findChildren(QLabel) if label.isVisible()]
    return "\n".join(labels)


def lines(place: LedgerPlace) -> list[list[str]]:
    table = place.entries
    cells = [
        [table.item(row, column) for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]
    return [[cell.text() for cell in row if cell is not None] for row in cells]


def wait(qtbot: QtBot, place: LedgerPlace) -> None:
    """Wait until nothing is being worked out."""
    qtbot.waitUntil(lambda: not place.is_working, timeout=20_000)


def read(qtbot: QtBot, place: LedgerPlace) -> None:
    """Have the place read the ledger, and wait until all is worked out."""
    place.entered()
    wait(qtbot, place)


def test_an_empty_ledger_says_so_and_what_it_cannot_notice(place: LedgerPlace) -> None:
    assert NOTHING_YET in shown(place)
    assert CANNOT_NOTICE in shown(place)
    assert "No budget yet" in shown(place)
    assert place.raise_budget.text() == "Set a budget…"


def test_the_budget_is_raised_with_a_reason_alone(
    place: LedgerPlace, project: Path, state: State, qtbot: QtBot
) -> None:
    release(project, project.with_name("b"))
    read(qtbot, place)
    assert "ε 3 left" in shown(place)
    place.raise_budget.click()
    place.raising.amount.setText("9")
    assert not place.raising.set.isEnabled()
    place.raising.reason.setText("the board agreed")
    with qtbot.waitSignal(state.accounts.budget_set):
        place.raising.set.click()
    today = datetime.now(UTC).date().isoformat()
    assert lines(place)[-1] == [today, "Budget", "Budget set to ε 9", "", "The board agreed"]
    assert "ε 8 left" in shown(place)
    assert place.raising.isHidden()


def test_every_entry_tells_what_it_is_and_where_its_terms_come_from(
    place: LedgerPlace, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    first = release(project, tmp_path / "one", budget="20")
    release(project, tmp_path / "two", kind="scores", bounds="0,1", budget=None)
    select(project, threshold="0.4")
    release(project, tmp_path / "three", budget=None)
    select(project, fraction="0.25")
    release(project, tmp_path / "four", threshold_from="bought:0.5", bounds="0,1", budget=None)
    release(
        project,
        tmp_path / "five",
        mechanism="exact",
        epsilon=None,
        acknowledge_exact=True,
        reason="a test",
        budget=None,
    )
    read(qtbot, place)
    rows = [line[1:] for line in lines(place)]
    assert rows[2][0] == f"Release {str(first.release)[:8]}"
    entries = [row[1:] for row in rows if row[0].startswith(("Release", "Cut-off", "Budget"))]
    assert entries == [
        ["Budget set to ε 20", "", "Set with the first release"],
        ["Records by one-sided, loss at least 0.5", "1", "Cut-off from the request"],
        ["Scores by laplace, loss", "1", "Range of the score agreed beforehand"],
        ["Records by one-sided, loss", "1, none claimed", "Cut-off chosen after seeing scores"],
        ["A cut-off of loss was picked with protection", "0.5", ""],
        [entries[5][0], "1", "Cut-off picked with protection; range of the score agreed beforehand"],
        ["Records by exact, loss", "no protection", "Cut-off chosen after seeing scores; a test"],
    ]
    assert entries[5][0].startswith("Records by one-sided, loss at least ")
    assert place.totals.unprotected.isVisible()
    account = workflow.ledger(project)[0]
    assert place.totals.unprotected.text() == workflow.unprotected_releases(account)


def test_three_totals_and_the_one_sided_line_by_itself(
    place: LedgerPlace, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    release(project, tmp_path / "one")
    read(qtbot, place)
    assert place.totals.composed.isHidden(), "there is nothing to compose"
    release(project, tmp_path / "two", kind="scores", bounds="0,1", epsilon="0.5", budget=None)
    read(qtbot, place)
    totals, account = place.totals, workflow.ledger(project)[0]
    assert re.findall(r"ε ([\d.]*\d)", totals.plain.text()) == ["1.5", "1", "0.5"]
    assert totals.one_sided.text().startswith(workflow.one_sided_total(account))
    assert account.composed is not None
    assert totals.composed.text() == workflow.composed_total(account.composed, account.delta)
    assert not totals.unprotected.isVisible()


def test_window_and_statement_say_the_same_of_each_entry(
    place: LedgerPlace, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    release(project, tmp_path / "one")
    release(project, tmp_path / "two", kind="scores", bounds="0,1", budget=None)
    read(qtbot, place)
    account = workflow.ledger(project)[0]
    statement = "\n".join(workflow.statement_in_words(account))
    assert [line[2] for line in lines(place)] == [
        workflow.entry_description(entry) for entry in account.entries
    ]
    for line in lines(place):
        assert line[2] in statement
    for label in (place.totals.composed, place.totals.unprotected):
        assert label.text() in statement or not label.isVisible()
    assert workflow.one_sided_total(account) in statement


def test_the_statement_is_saved_as_a_page(
    place: LedgerPlace, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    release(project, tmp_path / "b", kind="scores", bounds="0,1")
    read(qtbot, place)
    place.save_statement(tmp_path / "statement.html")
    saved = f"Saved as {tmp_path / 'statement.html'}."
    qtbot.waitUntil(lambda: saved in shown(place), timeout=20_000)
    page = (tmp_path / "statement.html").read_text(encoding="utf-8")
    for text in ("Scores by laplace", "Left: 3", place.elsewhere.head.text(), "not privatised"):
        assert text in page
    place.save_statement(tmp_path / "nowhere" / "statement.html")
    refused = "“statement.html” cannot be written."
    qtbot.waitUntil(lambda: refused in shown(place), timeout=20_000)


def test_a_head_that_was_noted_is_found_again_and_another_is_not(
    place: LedgerPlace, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    release(project, tmp_path / "b")
    read(qtbot, place)
    elsewhere, head = place.elsewhere, place.elsewhere.head.text()
    assert head == workflow.account(project).head
    assert not elsewhere.check_head.isEnabled()
    workflow.change_budget(project, "9", "later entries change nothing")
    elsewhere.noted.setText(f" {head.upper()} ")
    elsewhere.check_head.click()
    wait(qtbot, place)
    assert elsewhere.result.property("role") == "stay"
    elsewhere.noted.setText("0" * 64)
    assert elsewhere.result.isHidden(), "what was said was about another head"
    elsewhere.check_head.click()
    wait(qtbot, place)
    assert elsewhere.result.property("role") == "stop"
    assert "does not hold that entry" in elsewhere.result.text()


def test_a_bundle_is_held_against_the_ledger(
    place: LedgerPlace, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    release(project, tmp_path / "b")
    failed: list[DataSelectError] = []
    place.elsewhere.failed.connect(failed.append)
    result: Note = place.elsewhere.result
    place.elsewhere.hold(tmp_path / "b")
    wait(qtbot, place)
    assert result.text() == "The ledger holds the release from which “b” was made."
    place.elsewhere.hold(tmp_path)
    wait(qtbot, place)
    assert "is not a bundle" in result.text()
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "another"))
    place.elsewhere.hold(tmp_path / "b")
    wait(qtbot, place)
    assert "does not hold the release that this bundle was made by" in result.text()
    assert len(failed) == 2


def test_small_windows_lose_nothing(
    place: LedgerPlace, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    release(project, tmp_path / "b")
    place.resize(640, 324)
    read(qtbot, place)
    assert place.entries.mapTo(place, place.entries.rect().topRight()).x() < 640
    assert place.save.mapTo(place, place.save.rect().topRight()).x() < 640

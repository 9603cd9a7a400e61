"""Release begins with what was decided, and says what a change of mind costs."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.texts.promises import BY_RULE, EVERYTHING, EVERYTHING_CHOSEN
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import CountAnswers, Everything, LeaveOut
from tests.decisions import SURE, WRONG, losses, undecided
from tests.window.release.steps import answer_no, click, finish, foresee, shown

Open = Callable[..., ReleasePlace]


@pytest.fixture
def open_place(state: State, qtbot: QtBot, tmp_path: Path) -> Iterator[Open]:
    """Opens the Release place of a project about which something was decided, or nothing."""
    places = []

    def opened(decided: LeaveOut | None, wrong: int = 6, **request: object) -> ReleasePlace:
        project = undecided(tmp_path, losses(wrong), **request)
        if decided == "count":
            from dataselect_gui.errors import DataSelectError

            with pytest.raises(DataSelectError):  # Decided, and no budget to draw it.
                workflow.decide(project, "count", SURE, CountAnswers(in_training="no"))
        elif decided is not None:
            workflow.decide(project, decided, None, CountAnswers())
        state.show_place(PlaceId.RELEASE)
        place = ReleasePlace(state)
        place.resize(1360, 784)
        qtbot.addWidget(place)
        place.show()
        state.open(project)
        state.read_account()
        qtbot.waitUntil(lambda: not state.accounts.waiting)
        places.append(place)
        return place

    yield opened
    for place in places:
        place.close_threads()
    state.jobs.close()
    state.accounts.close()


def test_everything_goes_without_a_mechanism_and_without_epsilon(
    open_place: Open, state: State, qtbot: QtBot
) -> None:
    place = open_place("none")
    assert state.rule == Everything()
    assert place.answers.what.mechanism == "everything"
    assert not place.answers.what.mechanisms["one-sided"].isVisible()
    assert not place.answers.amount.isVisible()
    assert place.answers.decided.everything.isChecked()
    assert not place.answers.decided.late.isVisible()
    place.answers.training.no.click()
    place.consequence.consent.click()
    finish(qtbot, place)
    assert place.parcel.done is not None
    assert place.parcel.done.released.promise == EVERYTHING


def test_what_was_decided_is_claimed(open_place: Open, state: State, qtbot: QtBot) -> None:
    place = open_place("wrong")
    assert state.rule == read_rule(WRONG)
    assert place.answers.what.mechanism == "one-sided"
    assert not place.answers.cut_off.isVisible()
    assert not place.answers.decided.late.isVisible()
    answer_no(qtbot, place)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert (done.released.epsilon, done.released.conditional) == ("1", False)


def test_a_change_of_mind_is_said_before_it_is_released(
    open_place: Open, state: State, qtbot: QtBot
) -> None:
    place = open_place("none", rule=WRONG)
    click(qtbot, place.answers.decided.wrong)
    assert state.rule == read_rule(WRONG)
    assert place.answers.decided.late.isVisible()
    assert place.answers.what.mechanism == "one-sided"
    cut = place.answers.cut_off
    offered = [
        button for button in (cut.from_request, cut.from_agreed, cut.bought) if button.isVisible()
    ]
    assert not offered
    answer_no(qtbot, place)
    assert place.consequence.viewed.isVisible()
    assert place.consequence.viewed.text().startswith(BY_RULE)
    prospect = foresee(qtbot, place)
    assert prospect.foreseen is not None
    assert (prospect.foreseen.epsilon, prospect.foreseen.conditional) == (None, True)
    click(qtbot, place.answers.decided.everything)
    assert not place.answers.decided.late.isVisible()
    state.undo.undo()
    assert place.answers.decided.late.isVisible()


def test_everything_instead_is_said_too(open_place: Open, qtbot: QtBot) -> None:
    place = open_place("wrong")
    click(qtbot, place.answers.decided.everything)
    assert place.answers.decided.late.isVisible()
    place.answers.training.no.click()
    place.consequence.consent.click()
    foresee(qtbot, place)
    assert place.consequence.exact.isVisible()
    assert place.consequence.exact.text() == EVERYTHING_CHOSEN


def test_what_nobody_decided_is_late_now(open_place: Open, state: State, qtbot: QtBot) -> None:
    place = open_place(None, rule=WRONG)
    assert state.rule == Everything()
    click(qtbot, place.answers.decided.wrong)
    assert place.answers.decided.late.isVisible()
    answer_no(qtbot, place)
    foreseen = foresee(qtbot, place).foreseen
    assert foreseen is not None
    assert foreseen.conditional


@pytest.mark.parametrize(("wrong", "rule"), [(30, read_rule(WRONG)), (0, Everything())])
def test_a_count_waits_for_training_and_budget_and_decides_once(
    open_place: Open, state: State, qtbot: QtBot, wrong: int, rule: workflow.Rule
) -> None:
    place = open_place("count", wrong)
    decided = place.answers.decided
    assert state.rule is None
    assert decided.draw.isVisible()
    assert SURE in decided.draw.text()
    assert not decided.draw.isEnabled()
    place.answers.training.no.click()
    place.foot.budget.setText("60")
    place.foot.set_budget.click()
    foresee(qtbot, place)
    qtbot.waitUntil(decided.draw.isEnabled)
    assert "Let the count decide" in place.foot.hint.text()
    assert not place.foot.button.isEnabled()
    click(qtbot, decided.draw)
    qtbot.waitUntil(lambda: state.rule is not None and not place.is_working, timeout=15_000)
    assert state.rule == rule
    assert not decided.draw.isVisible()
    assert "A noised count decided" in shown(decided)
    assert state.account is not None
    assert state.account.left == Decimal(10)


def test_everything_among_the_mechanisms_selects_everything(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    click(qtbot, place.answers.what.mechanisms["everything"])
    assert state.rule == Everything()
    assert place.answers.what.mechanism == "everything"
    state.undo.undo()
    assert place.answers.what.mechanism == "one-sided"

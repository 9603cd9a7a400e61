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
from tests.window.steps import numbers

Open = Callable[..., ReleasePlace]


@pytest.fixture
def open_place(state: State, qtbot: QtBot, tmp_path: Path) -> Iterator[Open]:
    """Opens the Release place of a project about which something was decided, or nothing."""
    places = []

    def opened(decided: LeaveOut | None, wrong: int = 6, rule: object = None) -> ReleasePlace:
        project = undecided(tmp_path, losses(wrong), rule=rule)
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
    for other in ("one-sided", "exact"):
        assert not place.answers.what.mechanisms[other].isVisible()
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
    assert (
        "This release comes with no privacy guarantee, but still uses budget."
        in place.consequence.viewed.text()
    )
    assert place.consequence.viewed.text().endswith(BY_RULE), "as the bundle says it"
    prospect = foresee(qtbot, place)
    assert prospect.foreseen is not None
    assert (prospect.foreseen.epsilon, prospect.foreseen.conditional) == (None, True)
    # The budget pays for it, and the button does not contradict that no ε is claimed.
    assert place.foot.button.text() == "Release, use ε 1 of the budget"
    assert place.consequence.budget.text().startswith(
        "This release uses ε 1 of your budget, although it comes with no privacy guarantee. "
        "Left now: ε 4. Left afterwards: ε 3."
    )
    click(qtbot, place.answers.decided.everything)
    assert not place.answers.decided.late.isVisible()
    state.undo.undo()
    assert place.answers.decided.late.isVisible()


def test_a_release_without_a_claim_uses_what_its_button_says(open_place: Open, qtbot: QtBot) -> None:
    place = open_place("none", rule=WRONG)
    click(qtbot, place.answers.decided.wrong)
    answer_no(qtbot, place)
    finish(qtbot, place)
    assert place.parcel.done is not None
    released = place.parcel.done.released
    assert (released.epsilon, released.conditional, released.spent) == (None, True, Decimal(1))
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release the same again, at no cost"


def test_everything_asks_nothing_about_training(open_place: Open, state: State, qtbot: QtBot) -> None:
    """No ε is claimed that the answer could break; what goes by a score asks."""
    place = open_place("none")
    assert not place.answers.training.isVisible()
    click(qtbot, place.consequence.consent)
    finish(qtbot, place)
    assert place.parcel.done is not None
    assert state.in_training is None
    click(qtbot, place.answers.decided.wrong)
    assert place.answers.training.isVisible()
    assert place.foot.hint.text() == "Say whether these records helped to train this checkpoint."


def test_what_lets_all_leave_and_what_lets_the_pick_leave_are_told_apart(
    open_place: Open, qtbot: QtBot
) -> None:
    place = open_place("wrong")
    offered = {
        name: button.text()
        for name, button in place.answers.what.mechanisms.items()
        if button.isVisible()
    }
    assert offered["everything"] == "All records that may leave"
    assert offered["exact"] == "Exact and unprotected"
    click(qtbot, place.answers.what.mechanisms["exact"])
    assert "All records that your rule picks leave, and no others" in shown(place.answers.what)
    click(qtbot, place.answers.what.mechanisms["everything"])
    assert not place.answers.what.mechanisms["exact"].isVisible()


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
    assert decided.draw.isHidden()
    assert "A count with noise decided" in shown(decided)
    assert state.account is not None
    assert state.account.left == Decimal(10)
    foresee(qtbot, place)
    panel = place.consequence.left_out
    assert panel.by_class.isVisible() == (wrong > 0)
    if wrong == 0:
        assert f"The count itself spent ε {SURE}" in place.consequence.exact.text()


def test_everything_among_the_mechanisms_selects_everything(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    click(qtbot, place.answers.what.mechanisms["everything"])
    assert state.rule == Everything()
    assert place.answers.what.mechanism == "everything"
    state.undo.undo()
    assert place.answers.what.mechanism == "one-sided"


def test_what_looks_wrong_is_shown_beside_what_clean_records_would_come_to(
    open_place: Open, state: State, qtbot: QtBot
) -> None:
    """12 of 40, by SciPy's own interval; the figures stay on this machine."""
    from scipy.stats import binomtest

    place = open_place("none", 12)
    panel = place.consequence.left_out
    assert panel.isVisible()
    low, high = binomtest(12, 40).proportion_ci(0.95, method="exact")
    assert numbers(panel.total.text()) == [
        *("12", "40", "30.0", "100", "95", f"{100 * low:.1f}", f"{100 * high:.1f}", "10.0", "100")
    ]
    assert "Stays on this machine" in panel.accessibleName()
    assert panel.figures is not None
    assert sorted(share.name or "" for share in panel.figures.by_class) == ["bird", "cat", "dog"]
    assert sum(share.left_out for share in panel.figures.by_class) == 12
    click(qtbot, panel.show_them)
    assert state.place is PlaceId.EXPLORE
    assert state.sort == "loss"
    assert sorted(state.order.tolist()) == list(range(12))
    state.show_only(None)
    assert len(state.order) == 40


def test_no_figure_where_there_is_no_calibration(place: ReleasePlace) -> None:
    assert not place.consequence.left_out.isVisible()


def test_no_figure_before_a_count_decided(open_place: Open) -> None:
    assert not open_place("count", 12).consequence.left_out.isVisible()


def test_a_pick_by_one_score_says_what_is_known_of_it(place: ReleasePlace, state: State) -> None:
    state.set_rule(workflow.make_rule("loss", count=5))
    assert place.answers.decided.known.isVisible()
    assert "Picked by loss: " in place.answers.decided.known.text()
    assert all(score.known.endswith(".") for score in workflow.SCORES.values())


def test_the_thresholds_stand_beside_the_rule_in_short(open_place: Open) -> None:
    place = open_place("wrong")
    assert "0.5" not in place.answers.rule.text()
    place.answers.numbers.button.click()
    assert "bird: 0.5" in shown(place.answers.numbers)


def test_the_other_choice_picks_although_the_request_asks_for_no_rule(
    open_place: Open, state: State, qtbot: QtBot
) -> None:
    place = open_place("none", 6)
    click(qtbot, place.answers.decided.wrong)
    assert int(state.selection.chosen.sum()) == 34


def test_a_count_that_was_not_drawn_is_not_called_a_choice_after_viewing(
    open_place: Open, state: State, qtbot: QtBot
) -> None:
    """Nothing was chosen yet: nothing says that it was, and the next step is the count."""
    place = open_place("count")
    answer_no(qtbot, place)
    assert state.rule is None
    assert not place.consequence.viewed.isVisible()
    assert not place.answers.cut_off.isVisible()
    assert place.answers.rule.text() == "A count with noise decides what is left out."
    assert place.foot.hint.text() == "Let the count decide first."


def test_a_choice_of_ones_own_leaves_the_count_to_be_drawn(
    open_place: Open, state: State, qtbot: QtBot
) -> None:
    """Everything instead is late, and can leave; the count may still decide."""
    place = open_place("count", 30)
    decided = place.answers.decided
    answer_no(qtbot, place)
    click(qtbot, decided.everything)
    assert decided.late.isVisible()
    assert decided.draw.isVisible()
    foresee(qtbot, place)
    assert not place.foot.hint.text().startswith("Let the count")
    state.set_budget(Decimal(60), "for the count")
    qtbot.waitUntil(decided.draw.isEnabled)
    foresee(qtbot, place)
    click(qtbot, decided.draw)
    qtbot.waitUntil(decided.draw.isHidden, timeout=15_000)
    assert state.rule == read_rule(WRONG)
    assert not decided.late.isVisible()

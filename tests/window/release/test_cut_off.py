"""Where the cut-off comes from, and what follows for what can be claimed."""

from decimal import Decimal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.texts.promises import BY_FRACTION, SEEN
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.state import State
from tests.projects import consortium
from tests.window.release.steps import answer_no, ask_for, click, finish, foresee
from tests.window.steps import numbers


def test_a_cut_off_chosen_after_viewing_says_so_and_claims_nothing(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    consequence = place.consequence
    answer_no(qtbot, place)
    state.set_rule(workflow.make_rule("loss", threshold="0.4"))
    assert not consequence.consent.isChecked()
    consequence.consent.click()
    assert consequence.viewed.isVisible()
    assert (
        "This release comes with no privacy guarantee, but still uses budget."
        in consequence.viewed.text()
    )
    assert consequence.viewed.text().endswith(SEEN), "as the bundle says it"
    assert not consequence.promise.isVisible(), "not even until it is known what follows"
    foresee(qtbot, place)
    assert not consequence.promise.isVisible()
    assert not consequence.bars.isVisible()
    assert numbers(consequence.picture.text()) == ["100", "63", "37"]
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.conditional
    assert done.released.epsilon is None


def test_the_agreed_cut_off_is_one_click_away(place: ReleasePlace, state: State, qtbot: QtBot) -> None:
    state.set_rule(workflow.make_rule("loss", fraction="0.25"))
    cut = place.answers.cut_off
    assert not cut.from_agreed.isVisible(), "a share is no value that could be agreed"
    assert cut.from_request.text() == "Use the agreed 0.5"
    click(qtbot, cut.from_request)
    assert cut.from_request.isChecked()
    assert cut.from_request.text() == "From the request: 0.5"
    assert state.cut is not None
    assert state.cut.value == Decimal("0.5")
    assert place.request().threshold_from == "request"


@pytest.mark.parametrize("bounds", [None, {"loss": [0, 1]}])
def test_a_private_cut_off_is_the_usual_one_of_a_fraction_where_it_can_be_bought(
    tmp_path: Path,
    project: Path,
    place: ReleasePlace,
    state: State,
    bounds: dict[str, list[int]] | None,
) -> None:
    if bounds is not None:
        consortium(tmp_path / "consortium", bounds=bounds)
        state.open(project)
    state.set_rule(workflow.make_rule("loss", fraction="0.25"))
    cut = place.answers.cut_off
    assert (cut.bought if bounds else cut.viewed).isChecked()
    assert place.answers.parameters.low.placeholderText() == ("0" if bounds else "lowest")


def test_a_fraction_buys_a_private_cut_off_unless_the_owner_keeps_theirs(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    state.set_rule(workflow.make_rule("loss", fraction="0.25"))
    consequence = place.consequence
    consequence.consent.click()
    cut = place.answers.cut_off
    click(qtbot, cut.bought)
    assert place.request().threshold_from == "bought:0.2"
    fault = foresee(qtbot, place).fault
    assert fault is not None
    assert place.foot.hint.text() == f"{fault.what} {fault.why}"
    assert "“loss”" in fault.what
    assert "--bounds" not in place.foot.hint.text()
    place.foot.go.click()
    assert place.answers.parameters.low.hasFocus()
    place.answers.parameters.low.setText("0")
    place.answers.parameters.high.setText("1")
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release, spend ε 1.2"
    assert numbers(consequence.promise.text()) == ["3.32"]
    cut.price.setText("")
    assert place.foot.hint.text()
    place.foot.go.click()
    assert cut.price.hasFocus()
    click(qtbot, cut.viewed)
    foresee(qtbot, place)
    assert consequence.viewed.isVisible()
    assert consequence.viewed.text().startswith("Taking the best 25 in 100 reveals")
    assert (
        "This release comes with no privacy guarantee, but still uses budget."
        in consequence.viewed.text()
    )
    assert consequence.viewed.text().endswith(BY_FRACTION), "as the bundle says it"
    assert cut.viewed.text() == "Keep my share, no promise"
    assert place.foot.button.text() == "Release, use ε 1 of the budget"
    click(qtbot, cut.bought)
    cut.price.setText("0,5")
    foresee(qtbot, place)
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.released.epsilon == "1.5"


def test_buying_for_a_cut_off_makes_it_a_share_first(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    state.set_rule(workflow.make_rule("loss", threshold="0.9", lowest=False))
    chosen, count = int(state.selection.chosen.sum()), len(state.eligible)
    click(qtbot, place.answers.cut_off.bought)
    rule = state.cut
    assert rule is not None
    assert (rule.by, rule.value) == ("fraction", Decimal(round(100 * chosen / count)) / 100)
    assert place.answers.cut_off.bought.isChecked()
    state.undo.undo()
    assert place.answers.cut_off.viewed.isChecked()


def test_a_gradient_needs_a_public_cut_off(place: ReleasePlace, state: State, qtbot: QtBot) -> None:
    consequence = place.consequence
    answer_no(qtbot, place)
    state.set_rule(workflow.make_rule("loss", threshold="0.4"))
    ask_for(place, "gradient")
    place.answers.parameters.clip.setText("1")
    fault = foresee(qtbot, place).fault
    assert fault is not None
    assert "public threshold" in fault.what
    assert place.foot.hint.text().startswith(fault.what)
    click(qtbot, place.answers.cut_off.from_agreed)
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release, spend ε 1"
    assert "clipped to" in consequence.usefulness.text()
    assert "1,000,000" in consequence.promise.text(), "δ is 10⁻⁶"
    place.answers.amount.delta.setText("2")
    assert place.foot.hint.text().startswith("Enter δ")
    place.foot.go.click()
    assert place.focusWidget() is place.answers.amount.delta

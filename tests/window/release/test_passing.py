"""The report of how many pass, from the form to the bundle."""

from pytestqt.qtbot import QtBot

from dataselect_gui.selection.forms import read_rule
from dataselect_gui.texts.promises import NOT_WORTH
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Rule
from tests.releases import document_of, is_verified, table
from tests.window.release.steps import answer_no, ask_for, finish, foresee, shown

RULE = {"conditions": [{"score": "loss", "most": {"bird": 0.4, "cat": 0.8}, "otherwise": "keep"}]}


def rule_on_records() -> Rule:
    return read_rule(RULE)


def test_those_that_a_rule_picks_are_counted_by_class(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    state.set_rule(rule_on_records())
    answer_no(qtbot, place)
    ask_for(place, "report")
    parameters = place.answers.parameters
    assert parameters.passing.isChecked()
    assert not parameters.passing.isEnabled(), "nothing else of such a rule can be counted"
    assert not parameters.bins.isVisible()
    assert not parameters.beyond.isVisible()
    assert NOT_WORTH in shown(place.answers)
    place.answers.cut_off.from_agreed.click()
    parameters.by_class.click()
    prospect = foresee(qtbot, place)
    assert prospect.fault is None
    asked = prospect.asked
    assert (asked.passing, asked.by_class, asked.bins) == (True, True, None)
    finish(qtbot, place)
    assert place.parcel.done is not None
    bundle = place.parcel.done.released.bundle
    assert [row["class"] for row in table(bundle, "report.csv")] == ["bird", "cat", "dog", "other"]
    assert document_of(bundle)["parameters"]["passing"]["value"] is True
    assert is_verified(bundle)


def test_a_rule_that_was_viewed_is_no_number_to_settle_on(
    place: ReleasePlace, state: State, qtbot: QtBot
) -> None:
    state.set_rule(rule_on_records())
    answer_no(qtbot, place)
    ask_for(place, "report")
    assert place.answers.cut_off.viewed.isChecked()
    assert foresee(qtbot, place).fault is not None
    assert "needs a public threshold or rule" in shown(place.foot)


def test_a_cut_offers_all_counts(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    ask_for(place, "report")
    parameters = place.answers.parameters
    assert not parameters.passing.isChecked()
    assert parameters.bins.isVisible()
    assert not place.answers.cut_off.isVisible(), "a histogram goes by no cut-off"
    parameters.beyond.clear()
    assert not parameters.by_class.isEnabled()
    parameters.passing.click()
    assert parameters.by_class.isEnabled()
    assert place.answers.cut_off.isVisible()
    prospect = foresee(qtbot, place)
    assert (prospect.fault, prospect.asked.threshold_from) == (None, "request")
    assert prospect.preview is not None
    assert "histogram, count or passing" in {item["what"] for item in prospect.preview.leaves}

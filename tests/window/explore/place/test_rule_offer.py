"""A filter becomes the rule by a deliberate act alone."""

from decimal import Decimal

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import ScoreCut
from tests.window.explore.place.steps import LEFT


def test_two_presses_make_it_the_rule_and_undo_takes_it_back(
    explore: ExplorePlace, state: State
) -> None:
    offer, before = explore.find_row.rule_offer, state.rule
    assert offer.ask.isHidden()
    explore.find_row.set_filter("loss >= 0.75")
    QTest.mouseClick(offer.ask, LEFT)
    assert "10 records" in offer.question.text()
    assert "no privacy guarantee" in offer.question.text()
    assert (state.rule, state.undo.count()) == (before, 0)
    assert offer.yes.hasFocus()
    QTest.keyClick(offer.yes, Qt.Key.Key_Return)
    assert state.rule == ScoreCut("loss", "threshold", Decimal("0.75"))
    assert state.filter == "loss >= 0.75"
    np.testing.assert_array_equal(np.flatnonzero(state.selection.chosen), np.arange(30, 40))
    assert offer.isHidden()
    state.undo.undo()
    assert state.rule == before


def test_it_can_be_left(explore: ExplorePlace, state: State) -> None:
    offer, before = explore.find_row.rule_offer, state.rule
    explore.find_row.set_filter("loss >= 0.75")
    QTest.mouseClick(offer.ask, LEFT)
    QTest.mouseClick(offer.no, LEFT)
    assert offer.isHidden()
    QTest.mouseClick(offer.ask, LEFT)
    explore.find_row.set_filter("loss >= 0.25")
    assert offer.isHidden(), "it asked about another filter"
    assert (state.rule, state.undo.count()) == (before, 0)


def test_where_no_rule_says_the_same_the_button_says_why(explore: ExplorePlace) -> None:
    offer = explore.find_row.rule_offer
    for typed in ('label == "cat"', "cat", "loss > 0.5"):
        explore.find_row.set_filter(typed)
        assert offer.ask.isVisible()
        assert not offer.ask.isEnabled()
        assert offer.ask.toolTip()
        assert offer.ask.accessibleDescription()
    explore.find_row.set_filter("")
    assert offer.ask.isHidden()

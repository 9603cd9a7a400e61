from decimal import Decimal

from pytestqt.qtbot import QtBot

from dataselect_gui.window.widgets.budget import BudgetBar


def test_the_budget_bar_says_what_it_shows(qtbot: QtBot) -> None:
    bar = BudgetBar()
    qtbot.addWidget(bar)
    assert bar.text == "no budget yet"
    bar.show_budget(Decimal(4), Decimal(1), Decimal(1))
    assert bar.text == "ε 1 of 4 spent"
    assert bar.accessibleDescription() == ("ε 1 of 4 spent; this release would spend 1 and leave 2")
    assert bar.sizeHint().width() == 220

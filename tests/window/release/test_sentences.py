"""What the Release place says: its numbers, and promises in the words of the card."""

from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.texts.promises import (
    CHOOSE_EXACT,
    DISCLOSED,
    NO_PROTECTION,
    NOT_COVERED_LATER,
    PIXELS,
    WITHHELD,
    WITHHELD_HERE,
    covers_people,
)
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.release.sentences import CONSENT, IN_FULL, NO_RECALL, REPEAT
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Rule
from tests.projects import consortium, owner_records, scored_project
from tests.window.release.steps import answer_no, ask_for, click, finish, foresee, shown
from tests.window.steps import numbers

PAIRS = [
    (kind.name, mechanism.name)
    for kind in workflow.KINDS.values()
    for mechanism in workflow.mechanisms_of(kind)
]
"""Every kind of release by every mechanism that draws it."""


def card_of(place: ReleasePlace) -> list[str]:
    """Return the lines of the card of what was released."""
    assert place.parcel.done is not None
    bundle = place.parcel.done.released.bundle
    return (bundle / "README.md").read_text(encoding="utf-8").splitlines()


def promise_in(card: list[str]) -> str:
    return card[card.index("## What is promised") + 2]


def fill_in(place: ReleasePlace) -> None:
    """Give every parameter that some kind of release needs."""
    parameters = place.answers.parameters
    parameters.low.setText("0")
    parameters.high.setText("1")
    parameters.count.setText("12")
    parameters.bins.setText("0, 0.5, 1")
    parameters.clip.setText("1")


@pytest.mark.parametrize(("kind", "mechanism"), PAIRS)
def test_the_place_promises_in_the_words_of_the_card(
    place: ReleasePlace, state: State, qtbot: QtBot, kind: str, mechanism: str
) -> None:
    consequence = place.consequence
    if mechanism == "everything":
        state.set_rule(workflow.Everything())
    answer_no(qtbot, place)
    ask_for(place, kind, mechanism)
    fill_in(place)
    if kind == "gradient":  # Its sum takes a checkpoint that can be loaded: see what would be promised.
        preview = foresee(qtbot, place).preview
        assert preview is not None
        assert consequence.promise.text() == preview.promise
        return
    if mechanism == "exact":
        consequence.choose_exact.click()
        consequence.reason.setText("a test")
    prospect = foresee(qtbot, place)
    said = [consequence.promise.text()] if prospect.cost else [consequence.exact.text()]
    (uncovered,) = (label.text() for label in consequence.uncovered.findChildren(QLabel))
    withheld = WITHHELD if prospect.discloses else WITHHELD_HERE
    assert withheld in shown(consequence)
    finish(qtbot, place)
    card = card_of(place)
    assert f"- {withheld}" in card
    if mechanism == "exact":
        assert said == [f"{promise_in(card)} {NOT_COVERED_LATER}"]
    else:
        assert said == [promise_in(card)]
    if prospect.cost:
        assert [f"- Not protected: {line.removeprefix('· ')}." for line in uncovered.splitlines()] == [
            line for line in card if line.startswith("- Not protected: ")
        ]
    for warning in (DISCLOSED, PIXELS):
        assert (warning in shown(consequence)) == prospect.discloses == (f"- {warning}" in card)


@pytest.mark.parametrize(
    "rule",
    [
        workflow.make_rule("loss", threshold="0.4"),
        workflow.make_rule("loss", count=12),
        workflow.make_rule("loss", fraction="0.25"),
    ],
)
def test_what_is_not_claimed_is_said_in_the_words_of_the_card(
    place: ReleasePlace, state: State, qtbot: QtBot, rule: Rule
) -> None:
    answer_no(qtbot, place)
    state.set_rule(rule)
    place.consequence.consent.click()
    click(qtbot, place.answers.cut_off.viewed)
    foresee(qtbot, place)
    plain, said = place.consequence.viewed.text().splitlines()
    assert "reveals something about your data" in plain
    assert "no privacy guarantee, but still uses budget" in plain
    finish(qtbot, place)
    assert said == f"The bundle says: {promise_in(card_of(place))}"


def test_no_protection_is_said_and_chosen_in_the_shared_words(place: ReleasePlace) -> None:
    place.answers.training.unknown.click()
    place.answers.what.mechanisms["exact"].click()
    assert place.consequence.exact.text() == f"{NO_PROTECTION} {NOT_COVERED_LATER}"
    assert place.consequence.choose_exact.text() == CHOOSE_EXACT


@pytest.mark.parametrize(
    ("epsilon", "leave", "odds", "least"),
    [("0.5", 39, "1.65", 38), ("1", 63, "2.72", 27), ("2", 86, "7.39", 12), ("4", 98, "54.6", 2)],
)
def test_every_sentence_has_its_numbers(
    place: ReleasePlace, state: State, qtbot: QtBot, epsilon: str, leave: int, odds: str, least: int
) -> None:
    answer_no(qtbot, place)
    place.answers.amount.epsilon.setText(epsilon)
    foresee(qtbot, place)
    chosen, consequence = state.selection.chosen, place.consequence
    random = round(100 * chosen.sum() / len(chosen))
    after = str(Decimal(4) - Decimal(epsilon))
    for label, expected in (
        (consequence.picture, ["100", leave, 100 - leave]),
        (consequence.bars, ["50", "100", least, "100"]),
        (consequence.with_earlier, [odds]),
        (consequence.usefulness, [leave, "100", random, "100"]),
        (consequence.budget, [epsilon, "4", after]),
    ):
        assert label.isVisible()
        assert numbers(label.text()) == [str(number) for number in expected]
    assert consequence.repeat.text() == REPEAT
    assert consequence.consent.text() == CONSENT
    assert IN_FULL in shown(consequence)
    assert f"{DISCLOSED} {NO_RECALL}" in shown(consequence)


def test_people_and_a_private_training_are_counted(tmp_path: Path, qtbot: QtBot) -> None:
    source = owner_records(tmp_path / "records.npz")
    folder = scored_project(
        tmp_path / "people", source, consortium(tmp_path / "c"), unit_column="patient"
    )
    state = State()
    state.show_place(PlaceId.RELEASE)
    place = ReleasePlace(state)
    qtbot.addWidget(place)
    place.show()
    state.open(folder)
    state.read_account()
    qtbot.waitUntil(lambda: not state.accounts.waiting)
    consequence = place.consequence
    place.answers.max_contributions.setValue(2)
    assert place.answers.max_contributions.lineEdit().width() > 40, "the number can be read"
    place.answers.training.no.click()
    foresee(qtbot, place)
    assert consequence.promise.text().endswith(covers_people(2))
    assert numbers(consequence.picture.text()) == ["100", "2", "39", "61"]
    assert "2" in numbers(consequence.usefulness.text())
    place.answers.training.private.click()
    assert not place.foot.button.isEnabled()
    place.answers.training.epsilon.setText("0,5")
    place.answers.training.delta.setText("1e-5")
    foresee(qtbot, place)
    assert place.request().in_training == "dp:0.5,0.00001"
    assert place.foot.button.text() == "Release, spend ε 1.5"
    assert numbers(consequence.with_earlier.text()) == ["4.48", "1", "100,000"]
    place.close_threads()
    state.accounts.close()

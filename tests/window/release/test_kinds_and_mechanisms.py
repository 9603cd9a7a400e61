"""Every kind of release and every mechanism, from the form to the bundle."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.widgets.fold import Fold
from tests.releases import silent
from tests.window.release.steps import answer_no, ask_for, finish, foresee
from tests.window.steps import numbers


def test_the_form_offers_all_that_is_registered(place: ReleasePlace) -> None:
    choice = place.answers.what
    assert [choice.kinds.itemData(row) for row in range(choice.kinds.count())] == list(workflow.KINDS)
    for name, kind in workflow.KINDS.items():
        ask_for(place, name)
        offered = {
            mechanism for mechanism, button in choice.mechanisms.items() if not button.isHidden()
        }
        assert offered == {mechanism.name for mechanism in workflow.mechanisms_of(kind)}


@pytest.mark.parametrize(
    ("kind", "mechanism"),
    [
        ("records", "randomized-response"),
        ("records", "noisy-top-k"),
        ("offers", "randomized-response"),
        ("offers", "noisy-top-k"),
        ("scores", "laplace"),
        ("report", "discrete-laplace"),
        ("report", "discrete-gaussian"),
    ],
)
def test_every_kind_leaves_by_every_mechanism(
    place: ReleasePlace, project: Path, qtbot: QtBot, kind: str, mechanism: str
) -> None:
    answer_no(qtbot, place)
    ask_for(place, kind, mechanism)
    place.answers.parameters.low.setText("0")
    place.answers.parameters.high.setText("1")
    place.answers.parameters.count.setText("12")
    foresight = foresee(qtbot, place)
    asked = replace(foresight.asked, dry_run=True)
    preview = workflow.release(project, asked, silent).preview
    assert preview is not None
    assert foresight.preview == preview, "the window shows what the terminal would"
    assert preview.usefulness is not None
    expected = next(row for row in preview.usefulness if row["epsilon"] == 1)
    if "width" in expected:
        whole = math.ceil(expected["width"])  # Counts are whole numbers: rounded up it stays true.
        assert f" by no more than {whole}. " in place.consequence.usefulness.text()
    else:
        right, random = round(100 * expected["precision"]), round(100 * expected["random"])
        said = numbers(place.consequence.usefulness.text())
        assert said == ["100", str(right), "100", str(random)]
    finish(qtbot, place)
    done = place.parcel.done
    assert done is not None
    assert done.kind == kind
    assert done.released.epsilon == "1"
    assert all(check.ok for check in done.checks)
    assert workflow.account(project).left == 3


def test_the_parcel_shows_field_by_field_what_would_leave(place: ReleasePlace) -> None:
    for kind, leaving in workflow.KINDS.items():
        ask_for(place, kind)
        folds = place.parcel.leave.findChildren(Fold)
        shown_fields = "\n".join(label.text() for fold in folds for label in fold.findChildren(QLabel))
        for file in (*leaving.leaves, *workflow.DOCUMENTS):
            for field, meaning in file.fields:
                assert f"{field}: {meaning}." in shown_fields
        assert shown_fields.count("Made-up example: ") == len(folds)


def test_the_names_of_what_leaves_are_seen_without_opening_a_line(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    for kind, leaving in workflow.KINDS.items():
        ask_for(place, kind)
        qtbot.wait(1)  # What was put into a layout is shown when the loop of events turns.
        seen = [label.text() for label in place.parcel.leave.findChildren(QLabel) if label.isVisible()]
        for file in leaving.leaves:
            assert ", ".join(name for name, _meaning in file.fields) in seen


def test_expected_usefulness_is_shown_over_a_range_of_epsilon(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    place.answers.amount.epsilon.setText("3")
    preview = foresee(qtbot, place).preview
    assert preview is not None
    assert preview.usefulness is not None
    description = place.consequence.table.accessibleDescription()
    assert description.count("ε ") == len(preview.usefulness) == 8
    for row in preview.usefulness:
        line = f"ε {row['epsilon']:g}, Of 100 that leave, in your selection 100, "
        assert f"{line}Of 100 in your selection, leave {100 * row['recall']:.0f}, " in description

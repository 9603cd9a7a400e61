"""What an owner does in the Release place, and what they see."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.release.prospect import Prospect


def click(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[no-untyped-call]


def foresee(qtbot: QtBot, place: ReleasePlace) -> Prospect:
    """Wait until it is known what the release under consideration would come to."""
    qtbot.waitUntil(lambda: not place.is_working)
    return place.prospect


def finish(qtbot: QtBot, place: ReleasePlace) -> None:
    """Release, and wait until what left is shown."""
    foresee(qtbot, place)
    before = place.parcel.done
    click(qtbot, place.foot.button)
    qtbot.waitUntil(lambda: place.parcel.done is not before and not place.is_working, timeout=15_000)
    qtbot.waitUntil(lambda: "Verified" in shown(place.parcel))


def answer_no(qtbot: QtBot, place: ReleasePlace) -> None:
    """Answer that the records took no part in training, set the first budget, and consent."""
    place.answers.training.no.click()
    place.foot.set_budget.click()
    place.consequence.consent.click()
    foresee(qtbot, place)


def ask_for(place: ReleasePlace, kind: str, mechanism: str | None = None) -> None:
    """Choose a kind of release, and perhaps its mechanism."""
    choice = place.answers.what
    choice.kinds.setCurrentIndex(choice.kinds.findData(kind))
    if mechanism is not None:
        choice.mechanisms[mechanism].click()


def shown(widget: QWidget) -> str:
    """Return all words that can be seen."""
    labels = [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]
    boxes = [box.text() for box in widget.findChildren(QCheckBox) if box.isVisible()]
    return "\n".join(labels + boxes)


def entry_kinds(project: Path) -> list[str]:
    return [entry.kind for entry in workflow.ledger(project)[0].entries]

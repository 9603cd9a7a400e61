"""Find where something is, by a second process that shows the same window in the same state."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tests.drive.screens import ROOT, Display, DriveError

MOST_TABS = 120
"""So often Tab is pressed until something is reached."""


@dataclass
class Target:
    """A thing to press.

    Attributes
    ----------
    name : str
        Its name within the window.
    x, y : int
        Its middle, as the window shows it.
    notches : int
        How far the wheel has to be turned first.
    box : tuple of int
        Left, top, right, bottom.
    picture : Image.Image
        How it looks.
    state : dict
        What else was asked about the window.
    """

    name: str
    x: int
    y: int
    notches: int
    box: tuple[int, int, int, int]
    picture: Image.Image
    state: dict[str, Any]


def find(wanted: dict[str, Any], answer: Path) -> None:
    """Build the window, bring it to a state, and write down where something is.

    Parameters
    ----------
    wanted : dict
        ``project``, a copy to open; ``take``, paths to give; ``place``, to show; ``drop``, paths to
        drop there; ``do``, names of buttons to press; ``notches``, how far the wheel was turned;
        ``target``, a name; ``by_tab``, to go there by the Tab key and not by the wheel; ``ask``, names
        of values to read.
    answer : Path
        The folder for the answer.
    """
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

    from dataselect_gui.window import settings
    from dataselect_gui.window.place import PlaceId
    from dataselect_gui.window.shell.main_window import MainWindow
    from dataselect_gui.window.widgets import theme

    app = QApplication(["dataselect"])
    kept = settings.load()
    theme.apply(kept.theme)
    window = MainWindow(kept)
    window.show()
    QTest.qWait(200)
    if wanted.get("project"):
        window.open_project(Path(wanted["project"]))
    for path in wanted.get("take", []):
        window.preparation.take(Path(path))

    def rest() -> None:
        quiet = 0
        while quiet < 5:  # One job may follow the other.
            QTest.qWait(50)
            quiet = 0 if window.jobs.running else quiet + 1

    rest()
    if wanted.get("place"):
        window.show_place(PlaceId(wanted["place"]))
    for path in wanted.get("drop", []):
        getattr(window, wanted["place"]).dropped(Path(path))
    rest()

    def named(name: str) -> Any:  # noqa: ANN401
        named_part: Any = window
        for part in name.split("."):
            named_part = named_part[part] if isinstance(named_part, dict) else getattr(named_part, part)
        return named_part

    for name in wanted.get("do", []):
        named(name).click()
    rest()
    for _ in range(200):  # What is left of a budget is read elsewhere.
        if not wanted.get("project") or window.state.account is not None:
            break
        QTest.qWait(50)
    QTest.qWait(500)
    while window.release.prospect.waiting:  # What a release would come to is worked out elsewhere.
        QTest.qWait(50)
    target: QWidget = named(wanted["target"])
    for _ in range(200):
        if target.isVisible():
            break
        QTest.qWait(50)
    QTest.qWait(500)
    area: QWidget | None = target
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    scroll = area if isinstance(area, QScrollArea) and not wanted.get("by_tab") else None
    if wanted.get("by_tab"):
        focus(int(window.winId()))
        for _ in range(MOST_TABS):
            if app.focusWidget() is target:
                break
            QTest.keyClick(app.focusWidget() or window, Qt.Key.Key_Tab)
            QTest.qWait(20)
        else:
            raise DriveError(f"{wanted['target']} is not reached by Tab.")

    def turn() -> None:
        assert scroll is not None
        view = scroll.viewport()
        middle = QPointF(view.rect().center())
        event = QWheelEvent(
            middle,
            QPointF(view.mapToGlobal(middle.toPoint())),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        app.sendEvent(view, event)
        QTest.qWait(50)

    notches = 0
    if scroll is not None:
        for _ in range(int(wanted.get("notches", 0))):
            turn()
        while target.visibleRegion().boundingRect() != target.rect() and notches < 40:
            turn()
            notches += 1
    if not target.isVisible():
        raise DriveError(f"{wanted['target']} is not to be seen.")
    QTest.qWait(300)
    corner = target.mapToGlobal(QPoint(0, 0))
    # A button of words may be wider than its words: only what can be hit is pressed.
    width = min(target.width(), target.sizeHint().width())
    width = width if width > 0 else target.width()
    box = [corner.x(), corner.y(), corner.x() + width, corner.y() + target.height()]
    shown = window.grab()
    within = target.mapTo(window, QPoint(0, 0))
    shown.copy(within.x(), within.y(), width, target.height()).save(str(answer / "target.png"))
    shown.save(str(answer / "window.png"))
    asked = {name: _plain(named(name)) for name in wanted.get("ask", [])}
    (answer / "target.json").write_text(
        json.dumps({"notches": notches, "box": box, "state": asked}), encoding="utf-8"
    )
    window.close()


def focus(window: int) -> None:
    """Give the keyboard to a window, as a window manager does."""
    subprocess.run(["xdotool", "windowfocus", "--sync", str(window)], check=True, timeout=20)


def _plain(value: Any) -> Any:  # noqa: ANN401
    if callable(named := getattr(value, "itemText", None)):
        return [named(place) for place in range(value.count())]
    return None if value is None else str(value)


class Eye:
    """Finds things, by looking at a second window of the same kind."""

    def __init__(self, second: Display, folder: Path) -> None:
        self._second = second
        self._folder = folder
        self._count = 0

    def find(self, home: Path, target: str, **wanted: Any) -> Target:  # noqa: ANN401
        """Return where something is, once the window is in the wanted state; see `find`."""
        self._count += 1
        folder = self._folder / str(self._count)
        copied = folder / "home"
        shutil.copytree(home, copied) if home.exists() else copied.mkdir(parents=True)
        project = wanted.get("project")
        if project is not None:
            path = Path(project)
            if path.is_relative_to(home):  # The demo's: its ledger lies beside it, and was copied too.
                own = copied / path.relative_to(home)
            else:
                own = folder / path.name
                shutil.copytree(path, own)
            wanted["project"] = str(own)
        answered = subprocess.run(
            [sys.executable, "-m", __name__, json.dumps({**wanted, "target": target}), str(folder)],
            cwd=ROOT,
            env=self._second.environment(copied),
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        if answered.returncode:
            raise DriveError(f"{target} was not found.\n{answered.stderr}")
        answer = json.loads((folder / "target.json").read_text(encoding="utf-8"))
        left, top, right, bottom = answer["box"]
        with Image.open(folder / "target.png") as picture:
            return Target(
                name=target,
                x=(left + right) // 2,
                y=(top + bottom) // 2,
                notches=answer["notches"],
                box=(left, top, right, bottom),
                picture=picture.convert("RGB"),
                state=answer["state"],
            )


if __name__ == "__main__":
    find(json.loads(sys.argv[1]), Path(sys.argv[2]))

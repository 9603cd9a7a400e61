"""Records that are read, not seen, in the gallery and beside it."""

from pathlib import Path

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.lines import paint_lines
from dataselect_gui.window.explore.thumbnails import key_of
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, scored_project


def test_rows_are_shown_as_columns_with_their_cells(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("age,work,label\n" + "".join(f"{n},w{n},bird\n" for n in range(6)))
    project = scored_project(tmp_path / "p.dataselect", table, consortium(tmp_path / "model"))
    window.open_project(project)
    window.show_place(PlaceId.EXPLORE)
    thumbnails = window.explore.thumbnails
    key = key_of(3, 128)
    thumbnails.want([key])
    qtbot.waitUntil(lambda: thumbnails.find(key) is not None)
    assert thumbnails.find(key) == (("age", "3"), ("work", "w3"))
    window.grab()


def painted(lines: tuple[tuple[str, str], ...], side: int) -> QImage:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_lines(painter, image.rect(), lines)
    painter.end()
    return image


def ink(image: QImage, rect: QRect) -> int:
    return sum(
        image.pixelColor(x, y).lightness() < 250
        for x in range(rect.left(), rect.right() + 1)
        for y in range(rect.top(), rect.bottom() + 1)
    )


def test_texts_stay_within_their_room(qtbot: QtBot) -> None:
    del qtbot
    for lines in (
        tuple((f"column {n}" * 5, "value " * 50) for n in range(40)),
        (("", "word " * 5000),),
        (("", "\u202eabc\n\n" * 500),),
        (),
    ):
        image = painted(lines, 128)
        assert ink(image, QRect(0, 0, 128, 4)) == ink(image, QRect(0, 124, 128, 4)) == 0
        assert bool(ink(image, image.rect())) == bool(lines)

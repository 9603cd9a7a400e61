"""Records that are read, not seen, in the gallery and beside it."""

from pathlib import Path

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.lines import paint_lines
from dataselect_gui.window.explore.thumbnails import key_of
from dataselect_gui.window.explore.tile import FOOT
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


def test_texts_are_laid_out_to_be_read(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    table = tmp_path / "t.csv"
    text = "a long text " * 60
    table.write_text("age,label\n" + "".join(f"{n} {text},bird\n" for n in range(9)))
    project = scored_project(tmp_path / "p.dataselect", table, consortium(tmp_path / "model"))
    window.resize(1360, 860)
    window.open_project(project)
    window.show_place(PlaceId.EXPLORE)
    gallery, inspector = window.explore.gallery, window.explore.inspector
    assert gallery.columns == 2
    for place in range(4):
        rect = gallery.tile_rect(place)
        assert rect.width() > 3 * (rect.height() - FOOT)
        assert gallery.row_at(rect.center()) == window.state.order[place]
    assert gallery.tile_rect(1).right() <= gallery.viewport().width()
    assert gallery.tile_rect(2).top() > gallery.tile_rect(0).bottom()
    gallery.set_tile(384)
    assert gallery.columns == 1
    row = int(window.state.order[0])
    window.state.set_current(row)
    qtbot.waitUntil(lambda: bool(inspector.reader.toPlainText()))
    assert inspector.reader.toPlainText() == f"age\t{row} {text}".rstrip()
    assert inspector.reader.height() <= inspector.height() // 2
    # A map is drawn over a picture: the reason is told at once, and no worker is started for it.
    window.actions_by_key["map"].trigger()
    assert "no" in inspector.map.status.text() or "none" in inspector.map.status.text()
    assert not window.jobs.running
    window.actions_by_key["map"].trigger()


def test_a_long_text_is_cut_where_its_room_ends(qtbot: QtBot) -> None:
    del qtbot
    short, long = painted((("", "word " * 3),), 128), painted((("", "word " * 300),), 128)
    # Otherwise the last line would be cut in two, or run over the edge.
    assert ink(long, QRect(0, 122, 128, 6)) == 0
    assert ink(long, QRect(0, 100, 128, 16)) > 0
    assert ink(short, QRect(0, 100, 128, 16)) == 0


def test_cells_stand_in_columns_where_there_is_room() -> None:
    cells = tuple((f"c{n}", f"{n}") for n in range(8))
    image = QImage(600, 64, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_lines(painter, image.rect(), cells)
    painter.end()
    assert ink(image, QRect(0, 0, 190, 64)) > 0
    assert ink(image, QRect(200, 0, 190, 64)) > 0


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

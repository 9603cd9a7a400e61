"""Some of the records, and a count of their people, are seen before anything is scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.setup.samples import Samples
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import array_file
from tests.projects import consortium, owner_records
from tests.window.steps import give


def wait(qtbot: QtBot, window: MainWindow) -> Samples:
    window.show_place(PlaceId.SETUP)  # They are read once they are seen.
    samples = window.setup.samples
    qtbot.waitUntil(lambda: not samples.waiting and not samples.running, timeout=20_000)
    return samples


def pictures(samples: Samples) -> list[QLabel]:
    labels = samples.findChildren(QLabel)
    return [label for label in labels if not label.pixmap().isNull() and not label.isHidden()]


def test_a_few_pictures_from_the_first_to_the_last_and_their_people(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    source = owner_records(tmp_path / "r.npz", 40)
    give(qtbot, window, source, consortium(tmp_path / "c"))
    samples = wait(qtbot, window)
    assert samples.isVisible()
    people = len(set(np.load(source)["patient"].tolist()))
    unit = window.setup.unit
    unit.setFocus()
    QTest.keyClick(unit, Qt.Key.Key_Home)
    QTest.keyClick(unit, Qt.Key.Key_Down)
    assert window.setup.unit_column == "patient"
    wait(qtbot, window)
    assert samples.sentence.text() == f"40 records of {people} people."
    QTest.keyClick(unit, Qt.Key.Key_Up)
    wait(qtbot, window)
    assert samples.sentence.text() == "40 records."
    qtbot.wait(20)  # Qt shows what is added to a layout in a later round of the event loop.
    seen = pictures(samples)
    assert len(seen) == 6
    pixels = np.load(source)["x"]
    for label, row in zip(seen, (0, 6, 13, 20, 26, 33), strict=True):
        image = label.pixmap().toImage()
        times = image.width() // 5
        assert (image.width(), image.height()) == (5 * times, 6 * times)
        shown = [[image.pixelColor(x * times, y * times).red() for x in range(5)] for y in range(6)]
        assert shown == pixels[row].tolist()


def test_nothing_below_moves_when_they_arrive_and_others_take_their_place(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.resize(1200, 800)
    give(qtbot, window, owner_records(tmp_path / "r.npz", 12))
    give(qtbot, window, consortium(tmp_path / "c"))
    samples, below = window.setup.samples, window.setup.unit
    wait(qtbot, window)
    assert "12 records" in samples.sentence.text()
    qtbot.wait(20)
    give(qtbot, window, owner_records(tmp_path / "other.npz", 4, seed=1))
    assert samples.isVisible()
    places = set()
    while samples.waiting or samples.running:
        qtbot.wait(10)
        places.add(below.mapTo(window.setup, QPoint()).y())
    qtbot.wait(20)
    places.add(below.mapTo(window.setup, QPoint()).y())
    assert len(places) == 1, places
    assert "4 records" in samples.sentence.text()
    assert len(pictures(samples)) == 4


def test_rows_are_shown_as_lines(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    rows = [f"{number},{number * 3},u{number % 4}" for number in range(30)]
    table = tmp_path / "rows.csv"
    table.write_text("\n".join(["age,hours,person", *rows]) + "\n")
    give(qtbot, window, table)
    samples = wait(qtbot, window)
    lines = [label.accessibleName() for label in samples.findChildren(QLabel)]
    assert sum("hours: " in line for line in lines) == 4
    assert any("age: 0" in line and "hours: 0" in line for line in lines)


def test_what_cannot_be_opened_shows_nothing(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    source = array_file(tmp_path / "r.npz", x=np.zeros((4, 6, 5), dtype=np.uint8))
    give(qtbot, window, source)
    samples = wait(qtbot, window)
    assert samples.sentence.text() == "4 records."
    ref = window.state.inputs.source
    assert ref is not None
    source.unlink()
    samples.show_source(replace(ref, unit_column="gone"))
    wait(qtbot, window)
    assert samples.isHidden()

"""What the owner saves from the window: scores, the list of the selection, and charts."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.figure import Figure
from tests.projects import consortium, owner_records, scored_project
from tests.window.steps import notice_of, settle

COUNT = 40


@pytest.fixture
def opened(window: MainWindow, tmp_path: Path) -> MainWindow:
    scores = [row / COUNT for row in range(COUNT)]
    source, checkpoint = owner_records(tmp_path / "records.npz", COUNT), consortium(tmp_path / "model")
    window.resize(1200, 800)
    window.open_project(
        scored_project(tmp_path / "project", source, checkpoint, scores, unit_column="patient")
    )
    return window


@pytest.fixture
def choosing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path | None], list[tuple[str, str]]]:
    """Have the next dialogs choose a file; return what each asks and proposes."""

    def choose(path: Path | None) -> list[tuple[str, str]]:
        asked: list[tuple[str, str]] = []

        def get(
            _owner: object, title: str, proposed: str, *_kinds: str, **_more: object
        ) -> tuple[str, str]:
            asked.append((title, proposed))
            return ("" if path is None else str(path), "")

        monkeypatch.setattr(QFileDialog, "getSaveFileName", get)
        return asked

    return choose


Choosing = Callable[[Path | None], list[tuple[str, str]]]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_scores_are_saved_as_csv_for_the_owner_alone(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, choosing: Choosing
) -> None:
    asked = choosing(tmp_path / "mine.csv")
    opened.actions_by_key["export_scores"].trigger()
    settle(qtbot, opened)
    assert asked == [("Save your own copy of the scores", "scores.csv")]
    rows = rows_of(tmp_path / "mine.csv")
    assert [float(row["loss"]) for row in rows] == [row / COUNT for row in range(COUNT)]
    assert rows[4]["unit"] == "patient 1"
    assert [row["selected"] for row in rows].count("True") == 20
    message = notice_of(opened)
    assert message.what == "40 records are in “mine.csv”."
    assert (
        message.why == "This is your own copy. No privacy promise covers it: keep it on this machine."
    )
    assert str(tmp_path) not in (tmp_path / "mine.csv").read_text()


def test_scores_are_saved_as_parquet_by_the_ending(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, choosing: Choosing
) -> None:
    choosing(tmp_path / "mine.parquet")
    opened.actions_by_key["export_scores"].trigger()
    settle(qtbot, opened)
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path / "mine.parquet")
    assert table.column("loss").to_pylist() == [row / COUNT for row in range(COUNT)]


def test_the_list_of_the_selection_follows_the_window_and_holds_no_scores(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, choosing: Choosing
) -> None:
    opened.state.withhold([30])
    choosing(tmp_path / "list")  # Without an ending it is CSV.
    opened.actions_by_key["export_selection"].trigger()
    settle(qtbot, opened)
    rows = rows_of(tmp_path / "list.csv")
    assert [int(row["id"]) for row in rows] == [row for row in range(20, COUNT) if row != 30]
    assert list(rows[0]) == ["id", "label", "unit"]


def test_another_ending_is_refused_and_nothing_is_written(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, choosing: Choosing
) -> None:
    choosing(tmp_path / "mine.xlsx")
    opened.actions_by_key["export_scores"].trigger()
    settle(qtbot, opened)
    assert notice_of(opened).do == "Let it end in .csv or .parquet."
    assert not (tmp_path / "mine.xlsx").exists()


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(
    opened: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    choosing: Choosing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "mine.csv").write_text("mine")
    choosing(tmp_path / "mine.csv")
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()))
    opened.actions_by_key["export_scores"].trigger()
    settle(qtbot, opened)
    assert asked == ["“mine.csv” is there already. Replace it?"]
    assert (tmp_path / "mine.csv").read_text() == "mine"
    choosing(None)
    opened.actions_by_key["export_scores"].trigger()
    assert not opened.jobs.running


def test_a_selection_of_nothing_and_other_work_disable_them(opened: MainWindow) -> None:
    action = opened.actions_by_key["export_selection"]
    opened.state.set_rule(workflow.make_rule("loss", threshold="5"))
    assert not action.isEnabled()
    assert action.obstacle == "The rule picks no record."
    opened.state.undo.undo()
    assert action.isEnabled()


def chosen_entry(text: str) -> None:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(action for action in menu.actions() if action.text() == text)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_histogram_is_saved_by_its_menu(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, choosing: Choosing, ending: str
) -> None:
    to = tmp_path / f"chart.{ending}"
    asked, histogram = choosing(to), opened.explore.histogram
    qtbot.waitUntil(lambda: histogram.chart is not None)
    at = histogram.mapTo(opened, QPoint(300, 100))
    QTest.mouseMove(opened.windowHandle(), QPoint(1, 1))  # Else it may be the second of two clicks.
    QTest.mouseClick(opened.windowHandle(), Qt.MouseButton.RightButton, pos=at)
    chosen_entry(f"Save as {ending.upper()}…")
    assert asked == [("Save the chart", f"histogram-loss.{ending}")]
    if ending == "png":
        image = QImage(str(to))
        assert image.width() >= 1440
    else:
        drawn = QSvgRenderer(str(to))
        assert drawn.isValid()
        image = QImage(drawn.defaultSize(), QImage.Format.Format_RGB32)
        assert image.width() >= 720
        text = to.read_text()
        assert "Loss of 40 records" in text
        assert str(tmp_path) not in text
    assert not list(tmp_path.glob(".*partial"))


def test_a_folded_histogram_is_saved_and_stays_folded(
    opened: MainWindow, tmp_path: Path, choosing: Choosing
) -> None:
    opened.resize(640, 400)
    assert opened.explore.histogram.is_folded
    choosing(tmp_path / "chart.png")
    opened.actions_by_key["save_histogram"].trigger()
    assert opened.explore.histogram.is_folded
    image = QImage(str(tmp_path / "chart.png"))
    colours = {image.pixelColor(x, y).name() for x in range(0, 1400, 7) for y in range(100, 500, 9)}
    assert "#1f5fbf" in colours  # The selection's bars.


def test_a_chart_that_cannot_be_written_is_said(
    opened: MainWindow, tmp_path: Path, choosing: Choosing, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.text()))
    choosing(tmp_path / "no" / "chart.png")
    opened.actions_by_key["save_histogram"].trigger()
    assert len(said) == 1
    assert "chart.png" in said[0]


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><g/></svg>'


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_figure_of_a_study_is_saved_by_key(
    qtbot: QtBot, tmp_path: Path, choosing: Choosing, ending: str
) -> None:
    figure = Figure(SVG, "Does it help?", "")
    qtbot.addWidget(figure)
    figure.show()
    to = tmp_path / f"figure.{ending}"
    asked = choosing(to)
    figure.setFocus()
    figure.customContextMenuRequested.emit(QPoint(5, 5))
    chosen_entry(f"Save as {ending.upper()}…")
    assert asked == [("Save the chart", f"Does-it-help.{ending}")]
    if ending == "svg":
        assert to.read_text() == SVG
    else:
        assert QImage(str(to)).size() == QSize(120, 80)

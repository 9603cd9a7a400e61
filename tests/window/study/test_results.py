"""What came of a study, and what remains to be done."""

from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QColor, QDesktopServices
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.figure import Figure, recoloured
from dataselect_gui.window.study.picks import Picks
from dataselect_gui.window.study.place import DONE, StudyPlace
from dataselect_gui.window.study.plan import CONTINUE
from dataselect_gui.window.widgets import theme
from tests.window.steps import numbers, settle
from tests.window.study.steps import EXAMPLE, Worker, begin, finish, shown, wait_for_plan


def test_a_finished_study_says_in_words_that_random_won(
    page: StudyPlace, window: MainWindow, worker: Worker, project: Path, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    worker.go.set()
    settle(qtbot, window)
    study = workflow.study_at(project.with_name("scans.study"))
    assert study is not None
    assert study.result is not None
    assert page.results.verdict.text() == study.result.verdict
    text = shown(page)
    for sentence in (*study.result.headline, study.result.tally):
        assert sentence in text
    assert numbers(study.result.tally) == ["24", "1", "21", "2"]


def test_table_and_figures_stand_under_the_answer(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    worker.go.set()
    page.plan.start.click()
    settle(qtbot, window)
    (table,) = page.results.findChildren(Picks)
    lines = [[table.item(row, at).text() for at in range(5)] for row in range(table.rowCount())]  # type: ignore[union-attr]
    assert len(lines) == 28
    assert lines[0] == ["without protection", "10 %", "random", "75.7 %", ""]
    assert lines[1][2:] == ["highest VoG", "54.3 %", "−21.3 (−23.7 to −19.0): random won"]
    figures = page.results.findChildren(Figure)
    assert len(figures) == 6
    for width, height in ((1360, 860), (640, 400)):
        window.resize(width, height)
        qtbot.wait(1)
        for figure in figures:
            assert figure.accessibleName().endswith("?")
            assert len(figure.accessibleDescription()) > 50
            assert figure.height() >= figure.heightForWidth(figure.width()) - 1
            assert figure.mapTo(window, figure.rect().topRight()).x() < width
        assert table.mapTo(window, table.rect().topRight()).x() < width
        narrow = table.rowHeight(1) > table.rowHeight(0)
        assert narrow == (width == 640), "what does not fit in a line is wrapped, and nothing else"


def test_page_and_folder_open_outside(
    page: StudyPlace,
    window: MainWindow,
    worker: Worker,
    project: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    worker.go.set()
    page.plan.start.click()
    settle(qtbot, window)
    page.results.page.click()
    page.results.folder.click()
    folder = project.with_name("scans.study")
    assert [Path(address.toLocalFile()) for address in opened] == [folder / "page.html", folder]


def test_a_finished_study_is_there_again_without_any_work(
    window: MainWindow, worker: Worker, project: Path
) -> None:
    finish(workflow.study_subject(project), project.with_name("scans.study"))
    window.open_project(project)
    window.actions_by_key["try"].trigger()
    assert window.study.results.isVisible()
    assert not window.study.is_working
    assert not window.jobs.has_thread
    assert not worker.planned
    assert not window.study.plan.start.isVisible()
    assert window.study.plan.status.text() == DONE


def test_what_was_done_is_only_a_part_of_a_larger_study(
    window: MainWindow, worker: Worker, project: Path, qtbot: QtBot
) -> None:
    finish(workflow.study_subject(project), project.with_name("scans.study"))
    window.open_project(project)
    window.actions_by_key["try"].trigger()
    window.study.form.scores["loss"].click()
    wait_for_plan(qtbot, window)
    assert worker.planned[-1].scores == ("loss", "vog", "plis")
    assert window.study.results.isVisible(), "what came of the smaller one stays"
    assert window.study.plan.start.text() == CONTINUE


def test_a_figure_takes_the_colours_of_the_window(qtbot: QtBot) -> None:
    drawing = (EXAMPLE / "figures" / "a.svg").read_text(encoding="utf-8")
    figure = Figure(drawing, "A name", "A description.")
    qtbot.addWidget(figure)
    figure.resize(600, figure.heightForWidth(600))
    for mode, colours in (("light", theme.LIGHT), ("dark", theme.DARK)):
        theme.apply(mode)
        picture = figure.grab().toImage()
        names = {
            picture.pixelColor(x, y).name().upper() for x in range(600) for y in range(picture.height())
        }
        assert picture.pixelColor(3, 3) == QColor(colours.panel)
        assert colours.classes[1] in names


def test_every_colour_of_a_figure_has_its_twin() -> None:
    for drawing in EXAMPLE.glob("figures/*.svg"):
        dark = recoloured(drawing.read_text(encoding="utf-8"), theme.DARK).lower()
        assert "#ffffff" not in dark
        assert theme.LIGHT.text.lower() not in dark

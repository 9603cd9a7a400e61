"""Every text has room, and nothing lies on anything else: in English, and at 40 % longer."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui import texts, workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import Scrolled
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.flow import Flow
from dataselect_gui.window.widgets.plain import Button, Label, RadioButton
from tests.translations import LANGUAGE
from tests.window.eye.fonts import FAMILY, SIZE
from tests.window.eye.longer import write_longer
from tests.window.room import faults_of
from tests.window.scenes import SCENES, make_world, rest, show_scene

SIZES = ((1360, 860), (777, 491), (640, 400))
"""The usual size; the same screen at 175 %; the smallest that a window has to bear."""
LONG = "A label whose text is longer than that"


@pytest.fixture(autouse=True)
def font(qapp: QApplication, colours: None) -> Iterator[None]:
    """Show texts in a wide font that is the same on every machine: Matplotlib brings it."""
    del colours
    usual = qapp.font()
    fonts = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
        QFontDatabase.addApplicationFont(str(fonts / name))
    qapp.setFont(QFont(FAMILY, SIZE))
    theme.apply("light")
    yield
    qapp.setFont(usual)
    theme.apply("light")


@pytest.fixture(scope="module")
def longer_texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("longer")
    write_longer(folder)
    return folder


@pytest.fixture(params=["english", "longer"])
def language(
    request: pytest.FixtureRequest, longer_texts: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    if request.param == "longer":
        monkeypatch.setattr(texts, "FOLDER", longer_texts)
        monkeypatch.setenv("LANGUAGE", LANGUAGE)
        texts.forget_language()
    yield
    monkeypatch.undo()
    texts.forget_language()


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("scene", SCENES)
def test_every_text_has_room(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: str
) -> None:
    def no_plan(*_given: object) -> None:
        raise UnusableError("There is no plan.", "The checkpoint cannot be loaded.", "Ask for another.")

    monkeypatch.setattr(workflow, "plan_study", no_plan)
    (tmp_path / "world").mkdir()
    world = make_world(tmp_path / "world")
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.resize(*SIZES[0])
    window.show()
    qtbot.waitExposed(window)
    show_scene(window, world, scene)
    faults = []
    for width, height in SIZES:
        window.resize(width, height)
        rest(window)
        assert (window.width(), window.height()) == (width, height)
        faults += [f"{width}×{height}: {fault}" for fault in faults_of(window)]
    window.close()
    assert not faults, "\n".join(faults)


# That it would fail


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    """A page of 200 pixels, to be filled."""
    made = QWidget()
    qtbot.addWidget(made)
    made.setFixedSize(200, 200)
    made.show()
    qtbot.waitExposed(made)
    return made


def put(page: QWidget, *widgets: QWidget) -> None:
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        column.addWidget(widget)


def faults(qtbot: QtBot, page: QWidget) -> list[str]:
    qtbot.wait(1)
    return faults_of(page)


def test_what_has_room_has_no_faults(qtbot: QtBot, page: QWidget) -> None:
    name = Elided()
    name.set_full_text(LONG * 3)
    put(page, paragraph(LONG), RadioButton(LONG), name, Flow(Button("One button"), Button("Another")))
    assert faults(qtbot, page) == []


def test_a_text_that_is_cut_is_noticed(qtbot: QtBot, page: QWidget) -> None:
    label, button, low = Label(LONG), Button(LONG), paragraph(LONG * 3)
    for widget in (label, button):
        widget.setFixedWidth(120)
    low.setFixedHeight(20)
    put(page, label, button, low, paragraph("Acetylsalicylsäureverträglichkeitsprüfung"))
    listed = faults(qtbot, page)
    assert len(listed) == 4
    assert ["narrow" in fault for fault in listed] == [True, True, False, True]
    assert "too low for its text" in listed[2]


def test_what_lies_outside_of_its_panel_is_noticed(qtbot: QtBot, page: QWidget) -> None:
    panel, scroll = QFrame(), Scrolled()
    row = QHBoxLayout(panel)
    for _ in range(3):
        row.addWidget(Button("A button"))
    scroll.setWidget(panel)  # It scrolls down, and never to the right.
    put(page, scroll)
    assert any("outside of QWidget" in fault for fault in faults(qtbot, page))


def test_widgets_that_lie_on_each_other_are_noticed(qtbot: QtBot, page: QWidget) -> None:
    first, second = Button("First"), Button("Second")
    put(page, first, second)
    qtbot.wait(1)
    second.move(first.pos())
    assert any("overlap" in fault for fault in faults_of(page))

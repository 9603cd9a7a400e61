"""Every place of the window with hostile names everywhere: all of it is text, and no file is opened.

What Qt opens it opens by itself, unseen by Python; the kernel tells of it, on Linux.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QHelpEvent, QPixmap
from PySide6.QtGui import Qt as Rich
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QToolTip,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.actions import Menu
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets import plain
from tests.hostile import COLUMN, NAMES, hostile_consortium, hostile_folder, is_seen, names
from tests.projects import scored_project
from tests.releases import document_of, rebuild, release, select
from tests.window.steps import give, place, settle
from tests.window.study.steps import Worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes such names of files")
_OPENED = 0x20 | 0x1
"""IN_OPEN and IN_ACCESS of inotify."""
_AS_TEXT = '<p style="white-space:pre-wrap">'


class Watched:
    """A picture that hostile names point to, and whether anybody opened it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        QPixmap(2, 2).save(str(path))
        library = ctypes.CDLL(None)
        self._queue = library.inotify_init1(os.O_NONBLOCK)
        assert library.inotify_add_watch(self._queue, os.fsencode(path), _OPENED) >= 0

    def was_opened(self) -> bool:
        try:
            return bool(os.read(self._queue, 1 << 16))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._queue)


@pytest.fixture
def probe(tmp_path: Path, qapp: QApplication) -> Iterator[Watched]:
    del qapp
    watched = Watched(tmp_path / "probe.png")
    yield watched
    watched.close()


class World:
    """A source and a checkpoint of strangers."""

    def __init__(self, folder: Path, probe: Path) -> None:
        self.names = names(probe)
        self.folder = folder / f"owner {NAMES['key']} <b>"
        self.source = self.folder / "scans <i>&amp;"
        self.rows = hostile_folder(self.source, self.names)
        self.checkpoint = hostile_consortium(self.folder / "model <u>&lt;", self.names)

    def project(self, name: str = f"p {NAMES['turned']}<b>&") -> Path:
        folder = self.folder / f"{name}.dataselect"
        return scored_project(folder, self.source, self.checkpoint, unit_column=COLUMN)


@pytest.fixture
def world(tmp_path: Path, probe: Watched) -> World:
    return World(tmp_path, probe.path)


# What is looked for


def tip_faults(tip: str) -> list[str]:
    """Return what is wrong with the text of a tool tip."""
    text = tip
    if Rich.mightBeRichText(tip):
        inner = tip.removeprefix(_AS_TEXT).removesuffix("</p>")
        if not tip.startswith(_AS_TEXT) or "<" in inner:
            return [f"markup in the tool tip {tip!r}"]
        text = unescape(inner)
    return [f"unseen in the tool tip {line!r}" for line in text.split("\n") if not is_seen(line)]


def texts_of(widget: QWidget) -> list[str]:
    """Return what a widget says, line by line; not its tool tips."""
    said = [widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle()]
    said += [widget.statusTip(), widget.whatsThis()]
    if isinstance(widget, QLabel):
        said += widget.text().split("\n")
    elif isinstance(widget, QAbstractButton):
        said.append(QAbstractButton.text(widget))
    elif isinstance(widget, QLineEdit):
        said += [widget.text(), widget.placeholderText()]
    elif isinstance(widget, QPlainTextEdit):
        said += widget.toPlainText().split("\n")
    elif isinstance(widget, QComboBox):
        said += [widget.itemText(place) for place in range(widget.count())]
    elif isinstance(widget, QAbstractItemView):
        said += [str(data) for data in cells_of(widget, Qt.ItemDataRole.DisplayRole)]
    return said


def cells_of(view: QAbstractItemView, role: Qt.ItemDataRole) -> list[object]:
    model = view.model()
    places = (model.index(r, c) for r in range(model.rowCount()) for c in range(model.columnCount()))
    values = [place.data(role) for place in places]
    values += [
        model.headerData(column, Qt.Orientation.Horizontal, role)
        for column in range(model.columnCount())
    ]
    return [value for value in values if value is not None]


MENUS = {f"&{menu.value}" for menu in Menu}
"""The titles of the menus, each with its key: the only keys in texts."""


def faults_of(widget: QWidget) -> list[str]:
    """Return what of a widget could be taken for more than text."""
    faults = [f"unseen in {text!r}" for text in texts_of(widget) if not is_seen(text)]
    tips = [widget.toolTip()]
    if isinstance(widget, QAbstractItemView):
        tips += map(str, cells_of(widget, Qt.ItemDataRole.ToolTipRole))
    elif isinstance(widget, QComboBox):
        tips += map(str, cells_of(widget.view(), Qt.ItemDataRole.ToolTipRole))
    faults += [fault for tip in tips for fault in tip_faults(tip)]
    shown: list[str] = []
    if isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.PlainText:
        faults.append(f"a label that guesses whether it is markup: {widget.text()!r}")
    if isinstance(widget, QAbstractButton):
        shown.append(QAbstractButton.text(widget))
        if not widget.shortcut().isEmpty():
            faults.append(f"a key from the name of a button: {shown[0]!r}")
    texts = [QAction.text(action) for action in widget.actions()]
    shown += [text for text in texts if text not in MENUS]
    faults += [f"a key in {text!r}" for text in shown if "&" in text.replace("&&", "")]
    return faults


def look_at(window: QWidget) -> list[str]:
    """Paint a window, show every tool tip in it, and return what is wrong with what it says."""
    faults = []
    QApplication.processEvents()  # What was replaced is deleted now, and not while the rest is read.
    widgets = [each for each in (window, *window.findChildren(QWidget)) if not is_tip(each)]
    window.grab()
    for widget in widgets:
        faults += [f"{type(widget).__name__}: {fault}" for fault in faults_of(widget)]
        if isinstance(widget, QAbstractItemView):
            for place in range(widget.model().rowCount()):
                rect = widget.visualRect(widget.model().index(place, 0))
                show_tip(widget.viewport(), rect.center())
        if widget.isVisible() and widget.toolTip():
            show_tip(widget, widget.rect().center())
    return faults


def show_tip(widget: QWidget, at: QPoint) -> None:
    event = QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at))
    QApplication.sendEvent(widget, event)
    for top in QApplication.topLevelWidgets():
        if is_tip(top):
            top.grab()
    QToolTip.hideText()


def is_tip(widget: QWidget) -> bool:
    return widget.metaObject().className() == "QTipLabel"


# The places


def test_before_scoring(window: MainWindow, qtbot: QtBot, world: World, probe: Watched) -> None:
    give(qtbot, window, world.source, world.checkpoint)
    assert place(window) == "setup"
    assert r"scan\u202egnp.exe" in "\n".join(texts_in(window.setup))
    assert not look_at(window)
    window.show_place(PlaceId.START)
    assert not look_at(window)
    assert not probe.was_opened()


def texts_in(widget: QWidget) -> list[str]:
    return [text for part in widget.findChildren(QWidget) for text in texts_of(part)]


def test_exploring(window: MainWindow, qtbot: QtBot, world: World, probe: Watched) -> None:
    window.open_project(world.project())
    assert place(window) == "explore"
    settle(qtbot, window)
    for row in range(len(world.rows)):
        window.state.set_current(row)
        assert not faults_in(window.explore.inspector)
    assert not look_at(window)
    window.state.withhold([0])
    window.state.undo.undo()
    assert not look_at(window)
    for name in (PlaceId.SETUP, PlaceId.START):
        window.show_place(name)
        assert not look_at(window)
    assert not probe.was_opened()


def faults_in(widget: QWidget) -> list[str]:
    return [fault for part in widget.findChildren(QWidget) for fault in faults_of(part)]


def test_releasing(window: MainWindow, qtbot: QtBot, world: World, probe: Watched) -> None:
    project = world.project()
    select(project, threshold="0.5")
    window.open_project(project)
    settle(qtbot, window)
    window.show_place(PlaceId.RELEASE)
    qtbot.waitUntil(lambda: not window.has_work, timeout=30_000)
    assert not look_at(window)
    release(project, world.folder / f"b {NAMES['image'].replace('/', '')}&", max_contributions=1)
    workflow.ledger(project, "5", NAMES["line"] + NAMES["image"].replace("{probe}", str(probe.path)))
    window.open_project(project)
    window.show_place(PlaceId.RELEASE)
    qtbot.waitUntil(lambda: not window.has_work, timeout=30_000)
    assert not look_at(window)
    window.show_place(PlaceId.LEDGER)
    qtbot.waitUntil(lambda: not window.has_work, timeout=30_000)
    assert r"cat\nok  signature" in "\n".join(texts_in(window.ledger)).replace("Cat", "cat")
    assert not look_at(window)
    assert not probe.was_opened()


def test_checking(window: MainWindow, qtbot: QtBot, world: World, probe: Watched) -> None:
    project = world.project()
    select(project, threshold="0.5")
    bundle = world.folder / "b <b>&amp;"
    release(project, bundle, max_contributions=1)
    give(qtbot, window, bundle)
    assert place(window) == "check"
    assert not look_at(window)
    document = document_of(bundle)
    image = NAMES["image"].replace("{probe}", str(probe.path))
    for field in [key for key, value in document.items() if isinstance(value, str)]:
        rebuild(bundle, {**document, field: image + NAMES["line"] + NAMES["turned"]})
        give(qtbot, window, bundle)
        assert not look_at(window), field
    (bundle / f"{NAMES['turned']}<b>&.txt").write_text("")
    give(qtbot, window, bundle)
    assert not look_at(window)
    assert not probe.was_opened()


def test_withholding_and_deleting(
    window: MainWindow, qtbot: QtBot, world: World, probe: Watched
) -> None:
    window.open_project(world.project())
    settle(qtbot, window)
    listed = world.folder / f"list {NAMES['turned']}<b>&.csv"
    columns = [name for name in world.names if "\ud800" not in name and len(name) < 500]
    quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
    # Above them the names of the columns, none of which is a person's.
    heads = [f'"column {name[1:]}' for name in quoted]
    lines = [",".join(heads)]
    lines += [",".join(quoted[number:] + quoted[:number]) for number in range(len(quoted))]
    listed.write_text("\n".join(lines), encoding="utf-8", newline="")
    window.show_place(PlaceId.PEOPLE)
    for column in columns[:3]:
        window.people.take(listed)
        qtbot.waitUntil(lambda: window.people.columns.count() > 0 and not window.people.has_threads)
        window.people.columns.choose(f"column {column}")
        window.people.columns.activated.emit(0)
        qtbot.waitUntil(lambda: not window.people.has_threads)
        assert not look_at(window)
    window.actions_by_key["delete"].trigger()
    assert place(window) == "deletion"
    assert not look_at(window)
    assert not probe.was_opened()


def test_errors_and_work(window: MainWindow, world: World, probe: Watched) -> None:
    for what, why, do in zip(world.names[::3], world.names[1::3], world.names[2::3], strict=True):
        window.show_error(UnusableError(f"“{what}” is not there.", f"Why {why}.", f"Do {do}."))
        window.header.show_job(f"Reading {what}", why)
        window.footer.show_text(do)
        assert not look_at(window)
    window.preparation.take(world.folder / NAMES["turned"] / "<b>&")
    assert not look_at(window)
    assert not probe.was_opened()


def test_a_study(
    window: MainWindow,
    qtbot: QtBot,
    world: World,
    probe: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = Worker()
    monkeypatch.setattr(workflow, "plan_study", worker.plan)
    window.open_project(world.project())
    settle(qtbot, window)
    window.actions_by_key["try"].trigger()
    assert place(window) == "study"
    qtbot.waitUntil(lambda: not (window.study.is_working or window.jobs.has_thread), timeout=30_000)
    assert not look_at(window)
    assert not probe.was_opened()


def test_replacing_a_file_is_asked_in_plain_words(
    qtbot: QtBot, probe: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    there = tmp_path / "<img src='probe.png'>\u202e&.html"
    there.write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_given, **_options: (str(there), ""))
    seen: list[str] = []

    def answer(box: QMessageBox, word: str) -> int:
        box.show()
        seen.extend(look_at(box))
        next(button for button in box.buttons() if word in button.text()).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", lambda box: answer(box, "Replace"))
    assert plain.choose_place(owner, "Save", "x.html") == there
    monkeypatch.setattr(QMessageBox, "exec", lambda box: answer(box, "Cancel"))
    assert plain.choose_place(owner, "Save", "x.html") is None
    # The box's own words; its buttons are Qt's, in the person's language, with keys.
    assert not [fault for fault in seen if "a key" not in fault and "QLabel" in fault and "“" in fault]
    assert not probe.was_opened()


# That all of this could fail


def test_a_label_and_a_tool_tip_of_qt_would_be_noticed(qtbot: QtBot, probe: Watched) -> None:
    image = NAMES["image"].replace("{probe}", str(probe.path))
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    label = QLabel("x")
    label.setToolTip(image)
    column.addWidget(label)
    window.show()
    assert not probe.was_opened()
    assert len(look_at(window)) == 2, "the label may guess, and its tool tip is markup"
    assert probe.was_opened(), "by the tool tip"
    label.setToolTip("")
    label.setText(image)
    look_at(window)
    assert probe.was_opened(), "by the label"


def test_each_kind_of_words_shows_names_as_text(qtbot: QtBot, probe: Watched) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for name in names(probe.path):
        box = plain.ComboBox()
        box.add(name, name, name)
        lines = plain.Lines()
        lines.show_lines([name, name])
        for part in (
            plain.Label(name, name),
            plain.Button(name),
            plain.ToolButton(name),
            plain.CheckBox(name),
            plain.RadioButton(name),
            box,
            lines,
        ):
            part.setToolTip(plain.tip(name, name))
            part.setMaximumSize(400, 30)
            column.addWidget(part)
        window.addAction(plain.MenuAction(name, window))
        if "\ud800" not in name:  # Qt holds Unicode alone.
            assert box.chosen() == name, "what it stands for stays what it is"
    window.show()
    assert not look_at(window)
    assert not probe.was_opened()
    assert plain.Button("R&D").text() == "R&D"
    assert plain.MenuAction("R&D", window).text() == "R&D"

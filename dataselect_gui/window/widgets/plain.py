"""Widgets and functions that show any text as plain text, never as markup.

Qt takes a label or a tool tip that looks like HTML for HTML, and opens the files that it names; it
takes an `&` in a button for a key; and marks of direction reorder a line. So the window shows text
through this module alone: the linter bans the classes of Qt that are behind it (TID251), and
`tests/texts/test_window_words.py` checks the calls. Each text is one line, made `visible`.
"""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStylePainter,
    QTableWidgetItem,
    QToolButton,
    QTreeWidgetItem,
    QWidget,
)

from dataselect_gui.plain import MOST, visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets.wheel import LeavesWheel

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractButton as _QButton
else:
    _QButton = object

_MOST_IN_TIP = 2_000
"""Characters of a line of a tool tip that are shown."""
_ROUNDING = 2
_WRAPPED = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


def tip(*lines: str) -> str:
    """Return lines for a tool tip, so that Qt shows them as they are.

    What might be markup, which needs a `<` or `&`, becomes markup that shows it.
    """
    text = "\n".join(visible(line, _MOST_IN_TIP) for line in lines)
    if "<" in text or "&" in text:
        return f'<p style="white-space:pre-wrap">{escape(text)}</p>'
    return text


class Label(QLabel):
    """A label, of one or several lines."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(*lines)

    def setText(self, *lines: str) -> None:  # noqa: N802
        """Show other words."""
        super().setText("\n".join(map(visible, lines)))


class Lines(QPlainTextEdit):
    """Many lines of text, read-only."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)

    def show_lines(self, lines: list[str], most: int = MOST) -> None:
        """Show lines, of each so many characters at most."""
        self.setPlainText("\n".join(visible(line, most) for line in lines))

    def show_pairs(self, pairs: list[tuple[str, str]]) -> None:
        """Show texts in a column of their own, each behind what it is called."""
        self.setPlainText("\n".join(f"{visible(name)}\t{visible(text)}" for name, text in pairs))


class _PlainButton(_QButton):
    """A button in whose text an `&` is an `&`."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setText(text)

    def setText(self, text: str, /) -> None:  # noqa: N802
        """Show other words."""
        super().setText(visible(text).replace("&", "&&"))

    def text(self) -> str:
        """Return the words."""
        return super().text().replace("&&", "&")


class _PressedByEnter(_QButton):
    """A button that Enter presses, as Space does; Qt has that in dialogs alone."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Press it, once however long the key is held: the focus may be on another button then."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if not is_enter or held != Qt.KeyboardModifier.NoModifier:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self.click()


class Button(_PressedByEnter, _PlainButton, QPushButton):
    """A button."""


class ToolButton(_PressedByEnter, _PlainButton, QToolButton):
    """A button beside what it acts on."""


class Wraps(_QButton):
    """A button whose text goes on in a second line where there is no room for it in one."""

    _mark: QStyle.ControlElement

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setText(text)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the room for one line, which no rounding breaks."""
        return super().sizeHint() + QSize(_ROUNDING, 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the room for the longest word."""
        longest = max(map(self.fontMetrics().horizontalAdvance, self.text().split()), default=0)
        return QSize(self.beside() + longest, self.sizeHint().height())

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Return that it is higher where it is narrower."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return how high it is with as many lines as it needs."""
        lines = self._lines(QRect(0, 0, width - self.beside(), 0)).height()
        first = self.sizeHint().height()
        return max(first, first + lines - self.fontMetrics().height())

    def hitButton(self, at: QPoint, /) -> bool:  # noqa: N802
        """Return whether a place is within: all lines are pressed."""
        return self.rect().contains(at)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw its mark beside the first line."""
        del event
        start, beside, first = self.text_start(), self.beside(), self.sizeHint().height()
        spare = max(0, self.height() - self.heightForWidth(self.width())) // 2
        painter = QStylePainter(self)
        self.draw_mark(painter, QRect(0, spare, self.width(), first))
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        painter.setPen(self.palette().color(group, self.foregroundRole()))
        top = spare + (first - self.fontMetrics().height()) // 2
        room = QRect(start, top, self.width() - beside, self.height() - top)
        room = QStyle.visualRect(self.layoutDirection(), self.rect(), room)
        paint(painter, room, _WRAPPED, self.text())

    def draw_mark(self, painter: QStylePainter, room: QRect) -> None:
        """Draw all but the text, in the room of the first line."""
        assert isinstance(self, QCheckBox | QRadioButton | QPushButton)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text, option.rect = "", room
        painter.drawControl(self._mark, option)

    def text_start(self) -> int:
        """Return how far the text stands from the leading edge."""
        return self.beside()

    def beside(self) -> int:
        """Return the width of all but the text."""
        text = self.fontMetrics().horizontalAdvance(visible(self.text()))
        return self.sizeHint().width() - _ROUNDING - text

    def _lines(self, room: QRect) -> QRect:
        """Return what the text takes in a room."""
        if room.width() >= self.sizeHint().width() - self.beside():
            return self.fontMetrics().boundingRect(visible(self.text()))
        return self.fontMetrics().boundingRect(room, int(_WRAPPED), visible(self.text()))


class CheckBox(Wraps, _PlainButton, QCheckBox):
    """A box to tick."""

    _mark = QStyle.ControlElement.CE_CheckBox


class RadioButton(Wraps, _PlainButton, QRadioButton):
    """A radio button."""

    _mark = QStyle.ControlElement.CE_RadioButton


class Link(Wraps, Button):
    """A button that looks like a link."""

    _mark = QStyle.ControlElement.CE_PushButton

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setProperty("role", "link")


class MenuAction(QAction):
    """An action in whose text an `&` is an `&`."""

    def __init__(self, text: str, owner: QWidget) -> None:
        super().__init__(owner)
        self.setText(text)

    def setText(self, text: str, /) -> None:  # noqa: N802
        """Show other words."""
        super().setText(visible(text).replace("&", "&&"))

    def text(self) -> str:
        """Return the words."""
        return super().text().replace("&&", "&")


class ComboBox(LeavesWheel, QComboBox):
    """A combo box; its items are known by their data, never by their text."""

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(QStyledItemDelegate(self))  # Only this one goes by the theme's sheet.

    def add(self, text: str, data: str | None = None, about: str = "") -> None:
        """Add an item, perhaps with a tool tip."""
        self.addItem(visible(text), data)
        if about:
            self.setItemData(self.count() - 1, tip(about), Qt.ItemDataRole.ToolTipRole)

    def chosen(self) -> str | None:
        """Return the data of the current item."""
        data = self.currentData()
        return None if data is None else str(data)

    def choose(self, data: str | None) -> None:
        """Select the item with that data; none where no item has it."""
        self.setCurrentIndex(-1 if data is None else self.findData(data))


class Cell(QTableWidgetItem):
    """A cell of a table, perhaps with a tool tip."""

    def __init__(self, text: str, about: str = "") -> None:
        super().__init__(visible(text))
        if about:
            self.setToolTip(tip(about))


class TreeLine(QTreeWidgetItem):
    """A row of a tree, with a text for each column."""

    def __init__(self, *texts: str) -> None:
        super().__init__([visible(text) for text in texts])


def elided(metrics: QFontMetrics, text: str, where: Qt.TextElideMode, width: int) -> str:
    """Return a line, elided to a width."""
    return metrics.elidedText(visible(text), where, width)


def paint(
    painter: QPainter,
    room: QRect | QRectF,
    flags: Qt.AlignmentFlag | Qt.TextFlag,
    text: str,
) -> None:
    """Paint a line of text."""
    painter.drawText(room, int(flags), visible(text))


def choose_folder(owner: QWidget, question: str) -> Path | None:
    """Ask for a folder; None where nothing was chosen."""
    chosen = QFileDialog.getExistingDirectory(owner, question)
    return Path(chosen) if chosen else None


def choose_file(owner: QWidget, question: str, kinds: str = "") -> Path | None:
    """Ask for a file that is there; None where nothing was chosen."""
    chosen, _ = QFileDialog.getOpenFileName(owner, question, "", kinds)
    return Path(chosen) if chosen else None


def choose_place(owner: QWidget, question: str, proposed: str, kinds: str = "") -> Path | None:
    """Ask where to write; None where nothing was chosen, or what is there is to stay."""
    # Qt's own dialog asks with the file's name as markup.
    option = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(owner, question, proposed, kinds, options=option)
    if not chosen or (Path(chosen).is_file() and not _may_replace(owner, Path(chosen).name)):
        return None
    return Path(chosen)


def show_refusal(owner: QWidget, text: str) -> None:
    """Say why something could not be done, where there is no other room for it."""
    box = QMessageBox(owner)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(visible(text))
    box.addButton(QMessageBox.StandardButton.Ok)
    box.exec()
    box.deleteLater()


def _may_replace(owner: QWidget, name: str) -> bool:
    box = QMessageBox(owner)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(visible(_("“{name}” is there already. Replace it?", name=name)))
    replace = box.addButton(visible(_("Replace")), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    replaced = box.clickedButton() is replace
    box.deleteLater()
    return replaced

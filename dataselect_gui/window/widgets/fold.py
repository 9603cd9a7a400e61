"""A section that can be opened and closed."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import (
    QSizePolicy,
    QStyle,
    QStyleOption,
    QStyleOptionToolButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import ToolButton, Wraps

_ARROW = 10
_START = 2 * theme.SPACE[0] + _ARROW + theme.SPACE[0]


class Fold(QWidget):
    """A section that can be opened and closed.

    Parameters
    ----------
    title : str
        Its title.
    *lines : str
        Its text; none where `body` takes something else.

    Attributes
    ----------
    button : ToolButton
        Opens and closes it.
    body : QVBoxLayout
        Takes its content.
    """

    def __init__(self, title: str, *lines: str) -> None:
        super().__init__()
        self.button = _Title()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setProperty("role", "fold")
        self.button.setMinimumHeight(theme.TARGET)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.toggled.connect(self._open)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(24, 0, 0, 4)
        self.body.setSpacing(theme.SPACE[0])
        self._text = paragraph(*lines, role="dim")
        self.body.addWidget(self._text)  # Shown before it, it would be a window of its own.
        self._text.setVisible(any(lines))
        self._content.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.button)
        column.addWidget(self._content)

    def set_text(self, *lines: str) -> None:
        """Set its text."""
        self._text.setText(*lines)
        self._text.setVisible(any(lines))

    def _open(self, is_open: bool) -> None:
        self._content.setVisible(is_open)


class _Title(Wraps, ToolButton):
    """The button of a section, with an arrow that points down where it is open."""

    def __init__(self) -> None:
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def draw_mark(self, painter: QStylePainter, room: QRect) -> None:
        """Draw the frame around all lines, and the arrow beside the first."""
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text, option.features = "", QStyleOptionToolButton.ToolButtonFeature.None_
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        arrow = QStyleOption()
        arrow.initFrom(self)
        box = QRect(2 * theme.SPACE[0], room.center().y() - _ARROW // 2, _ARROW, _ARROW)
        arrow.rect = QStyle.visualRect(self.layoutDirection(), self.rect(), box)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        aside = (
            QStyle.PrimitiveElement.PE_IndicatorArrowLeft
            if is_mirrored
            else QStyle.PrimitiveElement.PE_IndicatorArrowRight
        )
        is_open = self.isChecked()
        painter.drawPrimitive(
            QStyle.PrimitiveElement.PE_IndicatorArrowDown if is_open else aside, arrow
        )

    def text_start(self) -> int:
        """Return where the text begins: behind the arrow."""
        return _START

    def beside(self) -> int:
        """Return the room of the arrow and the margins."""
        return _START

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the room for the arrow and one line."""
        text = self.fontMetrics().horizontalAdvance(visible(self.text()))
        return QSize(
            self.beside() + text + theme.SPACE[0], max(theme.TARGET, self.fontMetrics().height() + 8)
        )

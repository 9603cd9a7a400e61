"""A section that can be opened and closed."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import ToolButton


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
        self.button = ToolButton()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setProperty("role", "fold")
        self.button.setArrowType(Qt.ArrowType.RightArrow)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
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
        self.button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._content.setVisible(is_open)

"""A “?” beside a term of the field, which opens what it means: two sentences and a picture."""

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.terms import EXPLANATIONS, Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import Label, ToolButton, paint, tip
from dataselect_gui.window.widgets.term_pictures import HEIGHT, draw

_WIDTH, _CIRCLE = 340, 18


class TermButton(ToolButton):
    """Opens the explanation of a term, by mouse, Enter or Space; Esc closes it.

    Parameters
    ----------
    term : Term
        The term that it stands beside.
    """

    def __init__(self, term: Term) -> None:
        super().__init__()
        self._popover: TermPopover | None = None
        self.setFixedSize(theme.TARGET, theme.TARGET)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self._open)
        self.set_term(term)

    @property
    def term(self) -> Term:
        """What it explains."""
        return self._term

    @property
    def popover(self) -> "TermPopover | None":
        """The explanation that was opened last; None before."""
        return self._popover

    def set_term(self, term: Term) -> None:
        """Set what it explains."""
        self._term = term
        question = _("What does “{term}” mean?", term=_(EXPLANATIONS[term].name))
        self.setAccessibleName(visible(question))
        self.setToolTip(tip(question))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw a question mark in a circle."""
        del event
        colours = theme.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_noted = self.hasFocus() or self.underMouse()
        painter.setPen(
            QPen(
                theme.colour(colours.accent if is_noted else colours.edge), 2 if self.hasFocus() else 1
            )
        )
        painter.setBrush(theme.colour(colours.panel))
        circle = QRectF(0, 0, _CIRCLE, _CIRCLE)
        circle.moveCenter(QRectF(self.rect()).center())
        painter.drawEllipse(circle)
        painter.setFont(theme.font(-1, bold=True))
        painter.setPen(theme.colour(colours.accent if is_noted else colours.dim))
        paint(painter, circle, Qt.AlignmentFlag.AlignCenter, "?")

    def _open(self) -> None:
        if self._popover is None:
            self._popover = TermPopover(self)
        self._popover.open(self._term)


class Titled(QWidget):
    """A heading with the “?” of its terms right behind it.

    Parameters
    ----------
    text : str
        The heading.
    *terms : Term
        The terms.
    step : int
        Points larger or smaller than the system's font.

    Attributes
    ----------
    label : Label
        The heading.
    """

    def __init__(self, text: str, *terms: Term, step: int = 0) -> None:
        super().__init__()
        self.label = _Heading(text)
        self.label.setFont(theme.font(step, bold=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.label)
        for term in terms:
            row.addWidget(TermButton(term))
        row.addStretch(1)


class _Heading(Label):
    """A heading in one line, or in several where there is no room."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return one line: Qt's own answer is a square."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the room of its longest word."""
        longest = max(map(self.fontMetrics().horizontalAdvance, self.text().split()), default=0)
        return QSize(longest, self.fontMetrics().height())


class TermPopover(QFrame):
    """What a term means, near its button; a click beside it closes it, as Esc does.

    Parameters
    ----------
    button : TermButton
        Its button.

    Attributes
    ----------
    heading, body : Label
        What it shows above the picture.
    picture : QWidget
        Its picture.
    """

    def __init__(self, button: TermButton) -> None:
        super().__init__(button, Qt.WindowType.Popup)
        self._button = button
        self.setProperty("role", "float")
        self.heading, self.body = paragraph(bold=True, step=1), paragraph()
        self.picture = _Picture()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[1])
        for part in (self.heading, self.body, self.picture):
            column.addWidget(part)

    def open(self, term: Term) -> None:
        """Show a term's explanation."""
        explanation = EXPLANATIONS[term]
        self.heading.setText(_(explanation.name))
        self.body.setText(_(explanation.text))
        self.setAccessibleName(visible(_(explanation.name)))
        self.setAccessibleDescription(visible(_(explanation.text)))
        self.picture.show_term(term)
        room = self._button.screen().availableGeometry()
        width = min(_WIDTH, room.width())
        height = self.layout().totalHeightForWidth(width)  # type: ignore[union-attr]
        at = self._button.mapToGlobal(QPoint(0, self._button.height()))
        left = max(room.left(), min(at.x(), room.right() - width))
        above = min(at.y() - self._button.height(), room.bottom()) - height
        top = at.y() if at.y() + height <= room.bottom() else max(room.top(), above)
        self.setGeometry(left, top, width, height)
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def event(self, event: QEvent) -> bool:
        """Close by Esc, whatever it is a shortcut of elsewhere."""
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Close by Esc, and by the keys that opened it."""
        closing = {Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
        if event.key() in closing:
            self.close()
        else:
            super().keyPressEvent(event)


class _Picture(QWidget):
    """The picture of a term."""

    def __init__(self) -> None:
        super().__init__()
        self._term = Term.SCORE
        self.setFixedHeight(HEIGHT)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(_WIDTH - 32, HEIGHT)

    def show_term(self, term: Term) -> None:
        self._term = term
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw(self._term, painter, QRectF(self.rect()))

"""The two signs of the boundary: what stays on this machine, and what leaves it.

Nothing computed from records stands inside the leaving frame before a draw.
"""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import Label, paint, tip

STAYS = N_("Stays on this machine")
LEAVES = N_("Leaves this machine")
HATCH = 4
_GLYPH = 16


class _Paragraph(Label):
    """A label that wraps, as high as its width needs."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return one line: Qt's own answer is the height at a width that is never used."""
        return QSize(0, self.fontMetrics().height())


def paragraph(*lines: str, step: int = 0, bold: bool = False, role: str = "") -> Label:
    """Return a label that wraps.

    Parameters
    ----------
    *lines : str
        What it says.
    step : int
        Points larger or smaller than the system's font.
    bold : bool
        Whether it is bold.
    role : str
        A role of the theme's sheet; empty for none.
    """
    label = _Paragraph(*lines)
    label.setWordWrap(True)
    label.setFont(theme.font(step, bold=bold))
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    if role:
        label.setProperty("role", role)
    return label


class _Glyph(QWidget):
    """A lock or an open parcel, 16 pixels wide."""

    def __init__(self, *, leaves: bool) -> None:
        super().__init__()
        self._leaves = leaves
        self.setFixedSize(QSize(_GLYPH, _GLYPH))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.palette()
        chosen = theme.colour(colours.leave if self._leaves else colours.stay)
        pen = QPen(chosen, 1.6)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if self._leaves:
            box = [(2, 7), (14, 7), (14, 14.5), (2, 14.5), (2, 7)]
            flaps = ([(2, 7), (0.8, 3.5)], [(14, 7), (15.2, 3.5)])
            for points in (box, *flaps, [(8, 10), (8, 1.5)], [(5.5, 4), (8, 1.5), (10.5, 4)]):
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))
        else:
            painter.drawArc(QRectF(4.5, 1.5, 7, 9), 0, 180 * 16)
            painter.drawLine(QPointF(4.5, 6), QPointF(4.5, 7.5))
            painter.drawLine(QPointF(11.5, 6), QPointF(11.5, 7.5))
            painter.setBrush(chosen)
            painter.drawRoundedRect(QRectF(3, 7.5, 10, 7), 1, 1)


class _Title(Label):
    """The text of a sign, in the sign's colour."""

    def __init__(self, text: str, *, leaves: bool, step: int) -> None:
        super().__init__(text)
        self._leaves = leaves
        self.setFont(theme.font(step, bold=step == 0))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        colours = theme.palette()
        painter.setPen(theme.colour(colours.leave if self._leaves else colours.stay))
        leading = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        paint(painter, self.rect(), leading, self.text())


class Sign(QWidget):
    """The picture and the text of one side of the boundary.

    Parameters
    ----------
    leaves : bool
        Which side it is.
    step : int
        Points larger or smaller than the system's font.
    title : str
        What is shown in place of the text, which is then in the tool tip alone.
    """

    def __init__(self, *, leaves: bool, step: int = 0, title: str = "") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE[1])
        text = _(LEAVES) if leaves else _(STAYS)
        self._title = _Title(title or text, leaves=leaves, step=step)
        row.addWidget(_Glyph(leaves=leaves))
        row.addWidget(self._title)
        row.addStretch()
        self.setToolTip(tip(text))
        self.setAccessibleName(visible(f"{title} ({text})" if title else text))

    def set_brief(self, brief: bool) -> None:
        """Show the picture alone, or the text with it."""
        self._title.setVisible(not brief)


class _Side(QFrame):
    """A panel on one side of the boundary; its content goes into `body`."""

    def __init__(self, *, leaves: bool, title: str = "") -> None:
        super().__init__()
        self.setProperty("role", "leave" if leaves else "stay")
        self.setAccessibleName(visible(_(LEAVES) if leaves else _(STAYS)))
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.SPACE[1])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 16)
        outer.setSpacing(theme.SPACE[2])
        outer.addWidget(Sign(leaves=leaves, title=title))
        outer.addLayout(self.body)


class Note(QFrame):
    """A framed note; `role` is ``stay``, ``success``, ``warn`` or ``stop``."""

    def __init__(self, role: str, *lines: str) -> None:
        super().__init__()
        self.setProperty("role", role)
        self._label = paragraph(*lines)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 8, 12, 8)
        self.body.setSpacing(theme.SPACE[1])
        self.body.addWidget(self._label)

    def text(self) -> str:
        """Return its text."""
        return self._label.text()

    def set_role(self, role: str) -> None:
        """Set its role: ``stay``, ``success``, ``warn`` or ``stop``."""
        theme.set_role(self, role)

    def set_text(self, *lines: str) -> None:
        """Set its text."""
        self._label.setText(*lines)


class StayPanel(_Side):
    """A panel for what stays: a hatch on the leading edge, a lock, and the text or a title.

    Parameters
    ----------
    title : str
        What stands beside the lock where the footer says already that all of it stays.
    """

    def __init__(self, title: str = "") -> None:
        super().__init__(leaves=False, title=title)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the hatch over the frame."""
        super().paintEvent(event)
        paint_hatch(self)


class LeavePanel(_Side):
    """A panel for what leaves: a solid frame, an open parcel, the text."""

    def __init__(self) -> None:
        super().__init__(leaves=True)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Double the frame under high contrast."""
        super().paintEvent(event)
        if has_high_contrast():  # A second line inside the first: a double frame.
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 1))
            painter.drawRect(self.rect().adjusted(4, 4, -5, -5))


def paint_hatch(panel: QWidget) -> None:
    """Draw the diagonal hatch of what stays along the leading edge of a panel that is painted."""
    painter = QPainter(panel)
    colours = theme.palette()
    hatch = theme.colour(colours.text if has_high_contrast() else colours.stay)
    is_mirrored = panel.layoutDirection() == Qt.LayoutDirection.RightToLeft
    left = panel.width() - HATCH if is_mirrored else 0
    edge = QRectF(left, 0, HATCH, panel.height())
    painter.fillRect(edge, theme.colour(colours.panel))
    painter.setClipRect(edge)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(hatch, 2))
    for low in range(0, panel.height() + 2 * HATCH, 6):
        painter.drawLine(QPointF(left - 1, low + 1), QPointF(left + HATCH + 1, low - HATCH - 1))


def has_high_contrast() -> bool:
    """Return whether the system asks for high contrast."""
    # Both objects are held by a name: PySide deletes the second together with its owner's wrapper.
    hints = QGuiApplication.styleHints()
    accessibility = hints.accessibility()
    return accessibility.contrastPreference() == Qt.ContrastPreference.HighContrast

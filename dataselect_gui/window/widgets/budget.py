"""Amounts of ε as a person types and reads them, and the bar that shows what is spent."""

from decimal import Decimal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from dataselect_gui.errors import UsageError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.numbers import with_point
from dataselect_gui.window.widgets.plain import elided, paint, tip
from dataselect_gui.workflow import exact, positive_amount

NO_BUDGET = N_("no budget yet")
_WIDTH, _HEIGHT, _BAR = 220, 36, 10


def read_amount(text: str) -> Decimal | None:
    """Return the amount that a person typed, with a point or a comma; None where it is none."""
    try:
        return positive_amount(with_point(text), _("The amount"))
    except UsageError:
        return None


class BudgetBar(QWidget):
    """A source's budget: spent solid, the proposed release hatched, left empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._budget: Decimal | None = None
        self._spent = self._proposed = Decimal(0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_budget(None, Decimal(0))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return 220 pixels by two lines."""
        return QSize(_WIDTH, _HEIGHT)

    @property
    def text(self) -> str:
        """The spent amount and the budget, as text."""
        if self._budget is None:
            return _(NO_BUDGET)
        return _("ε {spent} of {budget} spent", spent=exact(self._spent), budget=exact(self._budget))

    def show_budget(
        self, budget: Decimal | None, spent: Decimal, proposed: Decimal | None = None
    ) -> None:
        """Show an account.

        Parameters
        ----------
        budget : Decimal or None
            None while none is set.
        spent : Decimal
            The plain total of all that was released.
        proposed : Decimal or None
            What the release under consideration would add; None for no such release.
        """
        self._budget, self._spent, self._proposed = budget, spent, proposed or Decimal(0)
        description = self.text
        if self._budget is not None and self._proposed:
            after = exact(self._budget - self._spent - self._proposed)
            description = _(
                "ε {spent} of {budget} spent; this release would spend {cost} and leave {after}",
                spent=exact(self._spent),
                budget=exact(self._budget),
                cost=exact(self._proposed),
                after=after,
            )
        self.setAccessibleName(visible(_("Budget")))
        self.setAccessibleDescription(visible(description))
        self.setToolTip(tip(description))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the text and the bar."""
        del event
        colours = theme.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(-1))
        painter.setPen(theme.colour(colours.dim if self._budget is None else colours.text))
        room = self.rect().adjusted(0, 0, 0, -_BAR - 4)
        leading = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignBottom
        right = Qt.TextElideMode.ElideRight
        shown = elided(painter.fontMetrics(), self.text, right, room.width())  # The tip has it in full.
        paint(painter, room, leading, shown)
        bar = QRectF(0.5, self.height() - _BAR - 0.5, self.width() - 1, _BAR)
        outline = QPainterPath()
        outline.addRoundedRect(bar, 3, 3)
        painter.fillPath(outline, theme.colour(colours.sunk))
        if self._budget is not None:
            painter.save()
            painter.setClipPath(outline)
            self._fill(painter, bar, colours)
            painter.restore()
        dashed = Qt.PenStyle.DashLine if self._budget is None else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme.colour(colours.edge), 1, dashed))
        painter.drawPath(outline)

    def _fill(self, painter: QPainter, bar: QRectF, colours: theme.Palette) -> None:
        assert self._budget is not None
        spent = min(1.0, float(self._spent / self._budget)) * bar.width()
        proposed = float(self._proposed / self._budget) * bar.width()
        is_too_much = self._spent + self._proposed > self._budget
        # What is refused is drawn to the bar's end, in the colour of stopping.
        width = bar.width() - spent if is_too_much else proposed
        first, second = QRectF(bar), QRectF(bar)
        first.setWidth(spent)
        second.setWidth(width)
        second.moveLeft(bar.left() + spent)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            first.moveRight(bar.right())
            second.moveRight(bar.right() - spent)
        painter.fillRect(first, theme.colour(colours.accent))
        if self._proposed:
            hatch = theme.colour(colours.stop if is_too_much else colours.accent)
            painter.fillRect(second, theme.colour(colours.panel))
            painter.fillRect(second, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(hatch, 1))
            painter.drawRect(second)

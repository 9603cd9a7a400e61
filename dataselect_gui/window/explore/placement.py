"""Where a record stands by a score: among all records, and among those of its class."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.explore.scores import meaning_of, short, typed_name
from dataselect_gui.window.terms import term_of_score
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import Label, elided, paint, tip
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.workflow import find_score


class Placement(QFrame):
    """Shows a score's value for a record, and its place among all and among those of its class.

    Parameters
    ----------
    name : str
        The score's.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._value = Label()
        self._value.setFont(theme.font(bold=True))
        title = Label(title_of(name))
        title.setMinimumHeight(theme.TARGET)  # As high as beside the button of a term.
        self.setToolTip(
            tip(
                meaning_of(name),
                _("Definition: {meaning}", meaning=_(find_score(name).meaning)),
                typed_name(name),
            )
        )
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(theme.SPACE[0])
        head.addWidget(title)
        if (term := term_of_score(name)) is not None:
            head.addWidget(TermButton(term))
        head.addStretch()
        head.addWidget(self._value)
        self._in_all = _Bar()
        self._in_class = _Bar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._in_all)
        column.addWidget(self._in_class)
        self._name = title_of(name)

    def show_row(
        self,
        values: NDArray[np.float64],
        row: int,
        of_class: NDArray[np.bool_] | None,
        label: str,
        *,
        so_far: bool,
    ) -> None:
        """Show a record's value among others.

        Parameters
        ----------
        values : ndarray of float
            The score of each record, NaN where it is missing. Shape (n,).
        row : int
            The record.
        of_class : ndarray of bool or None
            The records of its class, shape (n,); None where it has no label.
        label : str
            The name of its class.
        so_far : bool
            Whether scoring is not finished, so that the places may change.
        """
        value = float(values[row])
        self._value.setText(_("no score") if np.isnan(value) else short(value))
        self._in_all.show_share(_share_below(values, row, None), so_far=so_far)
        in_class = None if of_class is None else _share_below(values, row, of_class)
        self._in_class.show_share(in_class, label, so_far=so_far)
        self.setAccessibleName(visible(f"{self._name} {self._value.text()}"))


class _Bar(QWidget):
    """A scale from the lowest to the highest, with a tick where the record stands."""

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self._text = ""
        self.setFixedHeight(self.fontMetrics().height() + 2)

    def show_share(self, share: float | None, label: str | None = None, *, so_far: bool) -> None:
        """Show the share of others with a lower score: of a class by its label, or of all."""
        self.setVisible(share is not None)
        if share is not None:
            self._share = share
            place = _among_all(share) if label is None else _in_class(share, label)
            self._text = _("{place}, so far", place=place) if so_far else place
            self.setAccessibleName(visible(self._text))
            self.setToolTip(tip(self._text))  # There may be no room for all of it.
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        colours = theme.palette()
        painter = QPainter(self)
        width, middle = min(96, self.width() // 3), self.height() // 2
        painter.fillRect(QRect(0, middle - 2, width, 5), theme.colour(colours.sunk))
        painter.fillRect(
            QRect(0, middle - 2, round(width * self._share), 5), theme.colour(colours.edge)
        )
        tick = round((width - 3) * self._share)
        painter.fillRect(QRect(tick, middle - 6, 3, 13), theme.colour(colours.text))
        painter.setFont(theme.font(-1))
        painter.setPen(theme.colour(colours.dim))
        room = QRect(width + 8, 0, self.width() - width - 8, self.height())
        text = elided(painter.fontMetrics(), self._text, Qt.TextElideMode.ElideRight, room.width())
        paint(painter, room, Qt.AlignmentFlag.AlignVCenter, text)


def _among_all(share: float) -> str:
    if share in {0.0, 1.0}:
        return _("the highest of all") if share else _("the lowest of all")
    if share < 0.01:  # Nobody is sure what it means to be higher than 0 %.
        return _("lower than 99 % of all")
    return _("higher than {percent} % of all", percent=int(100 * share))


def _in_class(share: float, label: str) -> str:
    if share in {0.0, 1.0}:
        return (
            _("the highest of {label}", label=label)
            if share
            else _("the lowest of {label}", label=label)
        )
    if share < 0.01:
        return _("lower than 99 % of {label}", label=label)
    return _("higher than {percent} % of {label}", percent=int(100 * share), label=label)


def _share_below(
    values: NDArray[np.float64], row: int, among: NDArray[np.bool_] | None
) -> float | None:
    """Return the share of other records with a lower score; None where there is none to compare."""
    known = ~np.isnan(values) if among is None else ~np.isnan(values) & among
    others = int(np.count_nonzero(known)) - 1
    if others < 1 or np.isnan(values[row]):
        return None
    return int(np.count_nonzero(known & (values < values[row]))) / others

"""The current record, large, with its label, scores and map. None of this leaves the machine."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.left_out_reason import left_out_reasons
from dataselect_gui.window.explore.map_view import MapView
from dataselect_gui.window.explore.maps import Maps
from dataselect_gui.window.explore.placement import Placement
from dataselect_gui.window.explore.reader import Reader
from dataselect_gui.window.explore.relabelled import relabelled_facts
from dataselect_gui.window.explore.scores import disagrees, model_says
from dataselect_gui.window.explore.thumbnails import Thumbnails, key_of
from dataselect_gui.window.explore.tile import paint_whole
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import HATCH, paint_hatch
from dataselect_gui.window.widgets.column import Scrolled, clear
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, Label, paint
from dataselect_gui.workflow import RecordRule

WIDTH = 340
_LEAST_PICTURE, _MOST_PICTURE = 96, 296
_READ = 1
"""The side by which records that are read are asked for: it means nothing for them."""
_MOST_NAME = 200
"""Characters of a label or a person that are shown."""


class Inspector(QWidget):
    """Shows the current record of a state.

    Parameters
    ----------
    state : State
        What the window shows.
    thumbnails : Thumbnails
        Where pictures come from.
    maps : Maps
        Computes the maps.
    parent : QWidget or None
        The owner.

    Attributes
    ----------
    map : MapView
        The map of the record.
    reader : Reader
        The record where it is read, not seen.
    facts : Label
        Its label, its unit, and whether it is selected.

    Signals
    -------
    menu_wanted(int, QPoint)
        The menu of a row is wanted, at a place of the screen.
    """

    menu_wanted = Signal(int, QPoint)

    def __init__(
        self,
        state: State,
        thumbnails: Thumbnails,
        maps: Maps,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._is_seen_here = True
        self.map = MapView(maps)
        self._thumbnails = thumbnails
        self._picture = _Picture(state, thumbnails, self.map)
        self.reader = Reader()
        thumbnails.arrived.connect(self._on_arrived)
        self._id = Elided(Qt.TextElideMode.ElideMiddle)
        self._id.setFont(theme.font(2))
        self.facts = Label()
        self.facts.setProperty("role", "dim")
        self.facts.setWordWrap(True)
        self._problem = Label()
        self._problem.setProperty("role", "warning")
        self._problem.setWordWrap(True)
        self._withhold = Button()
        self._withhold.clicked.connect(self._on_withhold)
        self._scores: dict[str, Placement] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self._empty = Label(_("Choose a record to see it here."))
        self._empty.setProperty("role", "dim")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)

        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self._picture)
        column.addWidget(self.reader)
        column.addWidget(self.map)
        head = QHBoxLayout()
        head.addWidget(self._id, 1)
        head.addWidget(self._withhold)
        column.addLayout(head)
        column.addWidget(self.facts)
        column.addWidget(self._problem)
        column.addSpacing(4)
        column.addLayout(self._list)
        column.addStretch()
        scroll = Scrolled()
        scroll.setWidget(body)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(scroll)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(HATCH, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._stack, 1)
        self.setMinimumWidth(240)
        self.setAccessibleName(visible(_("Current record")))
        state.opened.connect(self._on_opened)
        state.current_changed.connect(self._show)
        state.selection_changed.connect(self._show_facts)
        state.stale_changed.connect(self._show_facts)
        state.labels_changed.connect(self._show)
        self._on_opened()

    def show_picture(self, *, shown: bool) -> None:
        """Show the record, or leave it away where it is shown large beside."""
        self._is_seen_here = shown
        is_read = self._state.look is not None and self._state.look.is_read
        self._picture.setVisible(shown and not is_read)
        self.reader.setVisible(shown and is_read)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the preferred size."""
        return QSize(WIDTH, 600)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Ask for the menu of the record."""
        if self._state.current is not None:
            self.menu_wanted.emit(self._state.current, event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the panel and the hatch of what stays on this machine."""
        del event
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(colours.panel))
        painter.end()
        paint_hatch(self)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Limit the picture to half of the height."""
        super().resizeEvent(event)
        self._picture.set_most(event.size().height() // 2)
        self.reader.set_most(event.size().height() // 2)

    def _on_opened(self) -> None:
        clear(self._list)
        self._scores = {}
        look = self._state.look
        is_read = look is not None and look.is_read
        self.show_picture(shown=self._is_seen_here)
        self.map.button.setVisible(not is_read)  # The key says why there is none.
        for name in [] if look is None else look.scores:
            self._scores[name] = Placement(name)
            self._list.addWidget(self._scores[name])
        self._show()

    def _show(self) -> None:
        look, row = self._state.look, self._state.current
        self._stack.setCurrentIndex(0 if look is None or row is None else 1)
        if look is None or row is None:
            return
        if look.is_read:
            self._read()
        else:
            self._picture.show_row(row)
        self._id.set_full_text(look.ids[row])
        self._show_facts()
        label = look.label_of(row)
        problem = look.problems.get(look.ids[row])
        self._problem.setVisible(problem is not None)
        self._problem.setText(problem or "")
        code = int(self._state.class_codes[row])
        of_class = self._state.class_codes == code if code >= 0 else None
        for name, placement in self._scores.items():
            placement.show_row(
                look.scores[name], row, of_class, label or "", so_far=not look.is_finished
            )

    def _on_arrived(self, row: int) -> None:
        if row == self._state.current:
            self._read()

    def _read(self) -> None:
        """Show the text of the current record, as soon as it was read."""
        look, row = self._state.look, self._state.current
        if look is None or row is None or not look.is_read:
            return
        key = key_of(row, _READ)
        record = self._thumbnails.find(key)
        if record is None:
            self._thumbnails.want_single(key)
        elif not isinstance(record, QPixmap):
            self.reader.show_record(record)

    def _show_facts(self) -> None:
        """Show the facts of the record, which follow a preview of the cut-off."""
        look, row = self._state.look, self._state.current
        if look is None or row is None:
            return
        label = look.label_of(row)
        facts = [_("No label")]
        if label is not None:
            facts = [_("Given label: {label}", label=visible(label, _MOST_NAME))]
        facts += relabelled_facts(look, row)
        if (said := model_says(look, row)) is not None:
            facts.append(said)
        if disagrees(look, row):
            facts.append(_("≠ The model disagrees with the given label."))
        if self._state.stale[row]:
            facts.append(_("This record has changed since it was scored. Its scores are from before."))
        if look.units is not None:
            column = (look.unit_column or _("person")).capitalize()
            unit = visible(look.units[row], _MOST_NAME)
            facts.append(f"{visible(column, _MOST_NAME)}: {unit}")
        if self._state.opted_out[row]:
            facts.append(_("Opted out: it never leaves."))
        elif self._state.withheld[row]:
            facts.append(_("Withheld: it never leaves."))
        elif self._state.selection.chosen[row]:
            facts.append(_("In the selection"))
        elif isinstance(self._state.rule, RecordRule):
            facts += left_out_reasons(look, self._state.rule, row)
        self.facts.setText(*facts)
        self._withhold.setText(_("Restore") if self._state.withheld[row] else _("Withhold"))

    def _on_withhold(self) -> None:
        row = self._state.current
        if row is not None:
            change = self._state.restore if self._state.withheld[row] else self._state.withhold
            change([row])


class _Picture(QWidget):
    """A record as large as there is room, with its map over it where there is one."""

    def __init__(self, state: State, thumbnails: Thumbnails, over: MapView) -> None:
        super().__init__()
        self._state = state
        self._thumbnails = thumbnails
        self._map = over
        self._most = _MOST_PICTURE
        self._row: int | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        self.setAccessibleName(visible(_("Picture of the record")))
        thumbnails.arrived.connect(self.update)
        over.changed.connect(self._on_map)

    def show_row(self, row: int) -> None:
        self._row = row
        self.update()

    def _on_map(self) -> None:
        self.setAccessibleDescription(visible(self._map.summary))
        self.update()

    def set_most(self, height: int) -> None:
        self._most = min(max(height, _LEAST_PICTURE), _MOST_PICTURE)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(min(self.width(), self._most))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(colours.sunk))
        if self._row is None or self._state.look is None:
            return
        if self._map.paint(painter, self.rect()):
            return
        key = key_of(self._row, self.width() * self.devicePixelRatioF())
        picture = self._thumbnails.find(key)
        if isinstance(picture, QPixmap):
            paint_whole(painter, self.rect(), picture)
        elif picture is None:
            self._thumbnails.want_single(key)
        elif isinstance(picture, str):
            painter.setPen(theme.colour(colours.dim))
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            paint(painter, self.rect().adjusted(12, 12, -12, -12), wrap, picture)

"""The gallery and the table of records, of which one is shown."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from dataselect_gui.window.explore.gallery import Gallery
from dataselect_gui.window.explore.record_table import RecordTable


class RecordViews(QStackedWidget):
    """Shows the records as tiles or as a table; both have the same order, marks and current record.

    Parameters
    ----------
    gallery : Gallery
        The tiles, which are shown first.
    table : RecordTable
        The table.

    Signals
    -------
    view_changed()
        The other one is shown.
    """

    view_changed = Signal()

    def __init__(self, gallery: Gallery, table: RecordTable) -> None:
        super().__init__()
        self._gallery, self._table = gallery, table
        self.addWidget(gallery)
        self.addWidget(table)
        table.record_activated.connect(gallery.activated)

    @property
    def is_table(self) -> bool:
        """Whether the table is shown."""
        return self.currentWidget() is self._table

    def switch(self) -> None:
        """Show the other one, with the focus in it."""
        self.setCurrentWidget(self._gallery if self.is_table else self._table)
        self.take_focus()
        self.view_changed.emit()

    def take_focus(self) -> None:
        """Take the focus, in the one that is shown."""
        (self._table if self.is_table else self._gallery).setFocus()

"""Withhold by a list of people who opted out, or of records."""

from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.boundary import Note, StayPanel, paragraph
from dataselect_gui.window.widgets.column import ColumnPlace
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Button, ComboBox, Lines, RadioButton, choose_file
from dataselect_gui.window.widgets.training_question import check_only
from dataselect_gui.workflow import JobContext, JobKind, Listing

EXPLANATION = N_(
    "A CSV table with a header line, saved as UTF-8: one line for each person who opted out,"
    " or for each record."
)
PEOPLE_STAY = N_(
    "People on the list stay on it: none of their records may leave, neither today's nor "
    "later ones. Names that match no record today are kept, too."
)
_MOST_LINES = 500


class PeoplePlace(ColumnPlace, Place):
    """Withholds records, or restores them, by a list."""

    place_id = PlaceId.PEOPLE

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._file: Path | None = None
        self._listing: Listing | None = None
        self._reading = Latest(self)
        self.choose = Button(_("Choose a list…"))
        self._name = Elided()
        self.out = RadioButton(_("They opt out: none of their records may leave"))
        self.back = RadioButton(_("They opt in again: they are taken off the list"))
        self._ways = QButtonGroup(self)
        self.subject, self.columns = ComboBox(), ComboBox()
        self.matches = paragraph(step=2)
        self.unmatched = Lines()
        self.error = Note("stop")
        self.apply, self.cancel = Button(), Button(_("Cancel"))
        self._build()
        self.choose.clicked.connect(self._choose)
        self._ways.buttonClicked.connect(self._show)
        self.subject.activated.connect(self._show)
        self.columns.activated.connect(self._read)
        self.apply.clicked.connect(self._apply)
        self.cancel.clicked.connect(self._close)
        state.opened.connect(self._begin)
        state.selection_changed.connect(self._show)
        self._begin()

    @property
    def has_threads(self) -> bool:
        """Whether its thread is running."""
        return self._reading.running

    def close_threads(self) -> None:
        """Stop reading and wait for the thread; the window calls this before it closes."""
        self._reading.close()

    @property
    def is_working(self) -> bool:
        """Whether a list is being read."""
        return self._reading.waiting

    def entered(self) -> None:
        """Give the focus to the button that chooses a list."""
        self.choose.setFocus()

    def dropped(self, path: Path) -> bool:
        """Take a list that was dropped."""
        is_list = path.suffix.lower() == ".csv"
        if is_list:
            self.take(path)
        return is_list

    def take(self, file: Path) -> None:
        """Read a list."""
        self._file = file
        self.columns.clear()
        self._read()

    # Within

    @property
    def _by_record(self) -> bool:
        return self.subject.chosen() == "record"

    def _begin(self) -> None:
        self._reading.drop()
        self._file = self._listing = None
        self.columns.clear()
        self.error.hide()
        self.subject.clear()
        look = self._state.look
        unit = None if look is None else look.unit_column
        if unit is not None:
            self.subject.add(_("one {unit}", unit=unit), "unit")
            self.subject.add(_("one record"), "record")
        self._names.setVisible(unit is not None)
        check_only(self._ways, self.out)
        self._show()

    def _read(self) -> None:
        look, file = self._state.look, self._file
        if look is None or file is None:
            return
        column = self.columns.chosen()
        folder = look.folder

        def work(context: JobContext) -> Listing:
            del context
            return workflow.read_register(folder, file, column)

        self.error.hide()
        self._reading.ask(JobKind.LIST_READING, work, self._on_read, self._on_unread)

    def _on_read(self, listing: Listing) -> None:
        self._listing = listing
        if not self.columns.count():
            for column in listing.columns:
                self.columns.add(column, column)
            self.columns.choose(listing.column)
        self._show()

    def _on_unread(self, error: DataSelectError) -> None:
        self._file = self._listing = None
        self.error.set_text(str(error))
        self.error.show()
        self._show()

    def _rows(self) -> list[int]:
        """Return the rows that the list names."""
        look, listing = self._state.look, self._listing
        if look is None or listing is None:
            return []
        names = look.ids if self._by_record else look.units or look.ids
        return [row for row, name in enumerate(names) if name in listing.names]

    def _show(self) -> None:
        look, listing = self._state.look, self._listing
        self._name.set_full_text("" if self._file is None else self._file.name)
        self._which.setVisible(self.columns.count() > 1)
        self._preview.setVisible(listing is not None)
        can_apply = look is not None and listing is not None and bool(listing.names)
        self.apply.setEnabled(can_apply)
        self.apply.setText(self._verb())
        self._stays.setVisible(self.out.isChecked() and not self._by_record)
        if look is None or listing is None:
            return
        if listing.column is None:
            self.matches.setText(_("Which column names them?"))
            self.unmatched.hide()
            self._missed.hide()
            return
        rows = self._rows()
        known = {*(look.ids if self._by_record else look.units or look.ids)}
        missed = listing.unmatched(known)
        matched = len(listing.lines) - len(missed)
        selected = int(np.count_nonzero(self._state.selection.chosen[rows])) if rows else 0
        self.matches.setText(
            ngettext(
                "{matched:,} of {lines:,} lines match: {records}, of which {count:,} is in your "
                "selection now.",
                "{matched:,} of {lines:,} lines match: {records}, of which {count:,} are in your "
                "selection now.",
                selected,
                matched=matched,
                lines=len(listing.lines),
                records=ngettext("{count:,} record", "{count:,} records", len(rows)),
            )
        )
        self.apply.setText(self._verb_of(len(rows)))
        lines = [
            _("line {line}: {name}", line=line, name=name or _("(empty)"))
            for line, name in missed[:_MOST_LINES]
        ]
        if len(missed) > _MOST_LINES:
            lines.append(_("… and {count:,} more", count=len(missed) - _MOST_LINES))
        self.unmatched.show_lines(lines)
        high = self.unmatched.fontMetrics().lineSpacing() * len(lines) + 24
        self.unmatched.setFixedHeight(min(160, high))
        self.unmatched.setVisible(bool(missed))
        self._missed.setVisible(bool(missed))

    def _verb(self) -> str:
        """Return what the button does."""
        if self._by_record:
            return _("Withhold") if self.out.isChecked() else _("Restore")
        return _("Opt out") if self.out.isChecked() else _("Opt in")

    def _verb_of(self, count: int) -> str:
        """Return what the button does to so many records."""
        if self._by_record and self.out.isChecked():
            return ngettext("Withhold {count:,} record", "Withhold {count:,} records", count)
        if self._by_record:
            return ngettext("Restore {count:,} record", "Restore {count:,} records", count)
        if self.out.isChecked():
            return ngettext("Opt out {count:,} record", "Opt out {count:,} records", count)
        return ngettext("Opt in {count:,} record", "Opt in {count:,} records", count)

    def _apply(self) -> None:
        listing, rows = self._listing, self._rows()
        if listing is None:
            return
        is_out = self.out.isChecked()
        if self._by_record:
            (self._state.withhold if is_out else self._state.restore)(rows)
        else:
            self._state.opt(listing.names, out=is_out)
        self._close()

    def _close(self) -> None:
        self._state.show_place(PlaceId.EXPLORE)

    def _choose(self) -> None:
        chosen = choose_file(self, _("A list"), _("Tables (*.csv)"))
        if chosen is not None:
            self.take(chosen)

    def _build(self) -> None:
        for button in (self.out, self.back):
            self._ways.addButton(button)
        self.subject.setAccessibleName(visible(_("What each line names")))
        self.columns.setAccessibleName(visible(_("The column that names them")))
        self.unmatched.setAccessibleName(visible(_("Lines that match nothing")))
        self._names = row(paragraph(_("Each line names")), self.subject)
        self._which = row(paragraph(_("The column that names them")), self.columns)
        self._preview = StayPanel()
        self._missed = paragraph(_("Lines that match nothing here:"), role="dim")
        for part in (self.matches, self._missed, self.unmatched):
            self._preview.body.addWidget(part)
        self._stays = paragraph(_(PEOPLE_STAY), role="dim")
        self.apply.setProperty("role", "primary")
        buttons = QHBoxLayout()
        buttons.addWidget(self.cancel)
        buttons.addStretch()
        buttons.addWidget(self.apply)
        self.column.addWidget(paragraph(_("Withhold by a list"), step=5, bold=True))
        self.column.addWidget(paragraph(_(EXPLANATION), role="dim"))
        self.column.addWidget(row(self.choose, self._name))
        for widget in (self.error, self._names, self._which, self.out, self.back, self._stays):
            self.column.addWidget(widget)
        self.column.addWidget(self._preview)
        self.column.addLayout(buttons)
        self.column.addStretch(1)

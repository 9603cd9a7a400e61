"""The right column of the Release place: what would leave and what stays; afterwards, what left."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.release.card import Card
from dataselect_gui.window.release.jobs import Done
from dataselect_gui.window.release.kinds import kind_named
from dataselect_gui.window.release.samples import data_fields, leaving, staying
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import LeavePanel, Note, StayPanel, paragraph
from dataselect_gui.window.widgets.check_line import check_line
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.workflow import CANNOT_CHECK, Look


class ParcelColumn(QWidget):
    """The right column: what would leave and what stays; afterwards, what left.

    Attributes
    ----------
    leave, stay : LeavePanel, StayPanel
        The frames of the two.
    card : Card or None
        What is done with the bundle, where one left.
    """

    def __init__(self) -> None:
        super().__init__()
        self._done: Done | None = None
        self.card: Card | None = None
        self.leave, self.stay = LeavePanel(), StayPanel()
        self.error = Note("stop")
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[2])
        column.addWidget(self.error)
        column.addWidget(self.leave)
        column.addWidget(self.stay)
        column.addStretch()
        self.stay.body.setSpacing(0)
        self.leave.body.setSpacing(0)
        self._shown: object = None
        self._look: Look | None = None
        self.show_preview("records", None)

    @property
    def done(self) -> Done | None:
        """The release that is shown; None where a preview is."""
        return self._done

    def show_preview(self, kind: str, look: Look | None) -> None:
        """Show what a release of some kind would hold, by made-up samples alone."""
        shown = leaving(kind, look), staying(kind)
        self._look = look
        if self._done is None and shown == self._shown:
            return  # Whoever opened a line finds it open.
        self._done, self._shown = None, shown
        for body, items in zip((self.leave.body, self.stay.body), shown, strict=True):
            clear(body)
            for item in items:
                sample = _("Made-up example: {sample}", sample=item.sample)
                body.addWidget(Fold(item.title, *item.lines, sample))
                if item.fields:
                    fields = paragraph(visible(", ".join(item.fields)), role="dim")
                    fields.setContentsMargins(24, 0, 0, theme.SPACE[0])
                    body.addWidget(fields)

    def show_done(self, done: Done) -> None:
        """Show what a release holds, and what its verification found."""
        self._done = done
        self.error.hide()
        body = self.leave.body
        clear(body)
        self.card = Card(done, None if self._look is None else self._look.request.contact)
        body.addWidget(self.card)
        body.addSpacing(theme.SPACE[1])
        body.addWidget(
            Fold(
                kind_named(done.kind).count_in_words(done.content), *data_fields(done.kind, self._look)
            )
        )
        documents = ngettext("{count} document", "{count} documents", len(done.documents))
        body.addWidget(Fold(documents, *done.documents))
        body.addSpacing(theme.SPACE[1])
        for check in done.checks:
            body.addWidget(check_line(check))
            body.addSpacing(theme.SPACE[0])
        body.addWidget(Fold(_("What a check cannot show"), *map(_, CANNOT_CHECK)))
        self.card.take_focus()

    def show_error(self, text: str) -> None:
        """Say why nothing was released."""
        self.error.set_text(text)
        self.error.show()

"""How many records are expected to leave, and what that does to classes, for the owner alone."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.table import Table
from dataselect_gui.workflow import (
    HOW_UNLIKE,
    Preview,
    class_rows,
    distortion_sentences,
    leaving_sentence,
    selection_sentence,
)

_MOST_CLASSES = 12
_EXPECTED = N_("This is what to expect: chance decides how many leave in the end.")


class Expected(QWidget):
    """Says how many records leave before anything else is said of a release."""

    def __init__(self) -> None:
        super().__init__()
        self.sentence = paragraph(step=3, bold=True)
        self.selection = paragraph(role="dim")
        self.distorted = Note("warn")
        self.how_unlike = paragraph(_(HOW_UNLIKE), role="dim")
        self.classes = Fold(_("By class"))
        self.table = Table(_("By class"), (_("Class"), _("You have"), _("Leave, about")), (0,))
        self.classes.body.addWidget(self.table)
        self.classes.button.toggled.connect(self._show_rows)
        self._rows: list[tuple[str, str, str]] = []
        self.distorted.body.addWidget(self.how_unlike)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        for part in (self.sentence, self.selection, self.distorted, self.classes):
            column.addWidget(part)

    def show_preview(self, preview: Preview | None) -> None:
        """Show what is expected of a release; nothing where that is not known, or it is made again."""
        expected = None if preview is None else preview.expected
        self.setVisible(expected is not None)
        if expected is None:
            return
        self.sentence.setText(leaving_sentence(expected))
        said = [selection_sentence(expected)]
        if expected.leaving is not None and not expected.is_certain:
            said.append(_(_EXPECTED))
        self.selection.setText(" ".join(said))
        unlike = distortion_sentences(expected)
        self.distorted.setVisible(bool(unlike))
        self.distorted.set_text(*unlike)
        self.classes.setVisible(bool(expected.classes))
        self._rows = class_rows(expected, _MOST_CLASSES)
        self._show_rows()

    def _show_rows(self) -> None:
        """Fill the table where it is open: laying it out takes time at each step of the slider."""
        if self.classes.button.isChecked():
            self.table.show_rows(self._rows)

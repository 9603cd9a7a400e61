"""A bundle that was written: where it lies, how to tell it from another, and what comes next."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import SAME
from dataselect_gui.window.release.jobs import Done
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.copying import CopyButton
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.opening import OpenButton
from dataselect_gui.window.widgets.plain import Button, choose_place
from dataselect_gui.window.widgets.term import Titled

NEXT = N_(
    "Next: send this folder to {receiver}. Tell them its fingerprint in another way, such as by "
    "telephone. It shows them that nothing was changed on the way."
)
NOT_NEXT = N_("Do not send this folder: a check failed. Release the same again, which costs nothing.")
_CONSORTIUM = N_("the consortium")
_PAGE = "release-report.html"
_MOST_CONTACT = 200


class Card(QWidget):
    """Says what is done with a bundle.

    Parameters
    ----------
    done : Done
        The release.
    contact : str or None
        Whom the consortium's request names.

    Attributes
    ----------
    open_folder, copy_path, save_report, copy_digest : Button
        What is done with it.
    next_step, saved : Note, Label
        What comes next, and whether the report was saved.
    """

    def __init__(self, done: Done, contact: str | None) -> None:
        super().__init__()
        self._done, bundle = done, done.released.bundle
        is_verified = all(check.ok for check in done.checks)
        receiver = visible(contact, _MOST_CONTACT) if contact else _(_CONSORTIUM)
        self.next_step = Note("stay", _(NEXT, receiver=receiver))
        if not is_verified:
            self.next_step.set_text(_(NOT_NEXT))
            self.next_step.set_role("stop")
        where = Elided(Qt.TextElideMode.ElideMiddle)
        where.setProperty("role", "dim")
        where.set_full_text(str(bundle.parent))
        self.open_folder = OpenButton(_("Open folder"))
        self.open_folder.set_path(bundle)
        self.copy_path = CopyButton(_("Copy its path"), str(bundle))
        self.save_report = Button(_("Save report…"))
        self.save_report.clicked.connect(self._choose)
        digest = QLineEdit(done.digest)
        digest.setReadOnly(True)
        digest.setCursorPosition(0)
        digest.setAccessibleName(visible(_("Digest of the bundle")))
        self.copy_digest = CopyButton(_("Copy"), done.digest)
        self.copy_digest.setAccessibleName(visible(_("Copy the digest")))
        self.saved = paragraph(role="done")
        self.saved.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[1])
        verdict = _("Verified") if is_verified else _("Not verified")
        column.addWidget(paragraph(bundle.name, step=2, bold=True))
        column.addWidget(where)
        if done.released.repeated:
            column.addWidget(paragraph(_(SAME)))
        column.addWidget(paragraph(verdict, bold=True, role="done" if is_verified else ""))
        column.addWidget(row(self.open_folder, self.copy_path, paragraph()))
        column.addWidget(Titled(_("Fingerprint (digest), to send separately"), Term.DIGEST))
        column.addWidget(row(digest, self.copy_digest))
        column.addWidget(self.next_step)
        column.addWidget(self.save_report, 0, Qt.AlignmentFlag.AlignLeading)
        column.addWidget(self.saved)

    def take_focus(self) -> None:
        """Give the focus to what is done first; what was pressed before lost it."""
        self.open_folder.show()  # Only what is shown can have it.
        self.open_folder.setFocus()

    def save_to(self, to: Path) -> None:
        """Save what the check of the bundle came to as a page."""
        try:
            workflow.write_page(self._done.released.bundle, self._done.verified, to)
        except DataSelectError as error:
            self._say(str(error), role="warning")
        else:
            self._say(_("Saved as {name}.", name=to.name), role="done")

    def _choose(self) -> None:
        chosen = choose_place(self, _("Save report"), _PAGE, _("Pages (*.html)"))
        if chosen is not None:
            self.save_to(chosen)

    def _say(self, text: str, *, role: str) -> None:
        self.saved.setProperty("role", role)
        self.saved.style().polish(self.saved)
        self.saved.setText(text)
        self.saved.show()

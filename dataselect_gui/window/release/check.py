"""The receiver's place: a bundle, checked one by one, and what no check can show."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import CHECKS_HOLD
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.check_line import check_line
from dataselect_gui.window.widgets.column import ColumnPlace, clear
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.layout import panel, row
from dataselect_gui.window.widgets.plain import Button, choose_file, choose_folder, choose_place
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.workflow import CANNOT_CHECK, JobContext, JobKind, Verified

EXPLANATION = N_("Drop the folder that you received anywhere here. Nothing else is needed to check it.")
_PAGE = "check.html"
NO_KEY = N_("No key: the check cannot tell whose signature it is.")
KEY = N_(
    "Did the owner tell you a fingerprint, or give you a key, in another way? Each makes the "
    "check stronger."
)


class CheckPlace(ColumnPlace, Place):
    """Where whoever received a bundle checks it.

    Signals
    -------
    chosen(Path)
        A bundle was chosen.
    failed(DataSelectError)
        It cannot be checked, or the page cannot be saved.
    """

    place_id = PlaceId.CHECK
    chosen = Signal(object)
    failed = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._jobs = state.jobs
        self._bundle: Path | None = None
        self._key: Path | None = None
        self.verified: Verified | None = None
        self.choose = Button(_("Choose a bundle…"))
        self.digest = QLineEdit()
        self.choose_key, self.forget_key = Button(_("Choose a key…")), Button(_("No key"))
        self.again = Button(_("Check again"))
        self.save = Button(_("Save the page…"))
        self.saved = paragraph(role="done")
        self._build()
        self.choose.clicked.connect(self._choose_bundle)
        self.choose_key.clicked.connect(self._choose_key)
        self.forget_key.clicked.connect(self._forget_key)
        self.again.clicked.connect(self._check_again)
        self.digest.returnPressed.connect(self.again.click)
        self.save.clicked.connect(self._choose_page)
        self._jobs.started.connect(self._on_jobs)
        self._jobs.finished.connect(self._on_jobs)
        self._show()

    def entered(self) -> None:
        """Give the focus to what is done first."""
        self.choose.setFocus()

    def show_bundle(self, bundle: Path, verified: Verified) -> None:
        """Show what was found in a bundle."""
        if bundle != self._bundle:
            self.digest.clear()
            self.set_key(None)
        self._bundle, self.verified = bundle, verified
        self._show()

    def set_key(self, key: Path | None) -> None:
        """Know the owner's public key, or not."""
        self._key = key
        self._key_name.set_full_text(_(NO_KEY) if key is None else str(key))
        self.forget_key.setVisible(key is not None)

    def save_page(self, to: Path) -> None:
        """Save the result as a page."""
        if self._bundle is None or self.verified is None:
            return
        try:
            workflow.write_page(self._bundle, self.verified, to)
        except DataSelectError as error:
            self.failed.emit(error)
        else:
            self.saved.setText(_("Saved as {path}.", path=to))
            self.saved.show()

    # Building

    def _build(self) -> None:
        self._name = paragraph(step=2, bold=True)
        self._where, self._key_name = (Elided(Qt.TextElideMode.ElideMiddle) for _number in range(2))
        self._where.setProperty("role", "dim")
        self._key_name.setProperty("role", "dim")
        self._verdict = Note("stay")
        self._promise = paragraph()
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.SPACE[1])
        top = QHBoxLayout()
        top.addWidget(paragraph(_("Check a bundle"), step=5, bold=True), 1)
        top.addWidget(self.choose)
        self.column.addLayout(top)
        self._explanation = paragraph(_(EXPLANATION), role="dim")
        self.column.addWidget(self._explanation)
        self._findings, findings = panel()
        for widget in (self._name, self._where, self._verdict, self._promise):
            findings.addWidget(widget)
        findings.addWidget(paragraph(_("What was checked"), bold=True))
        findings.addLayout(self._list)
        self._known, known = panel()
        self.digest.setPlaceholderText(visible(_("Fingerprint (digest), as the owner told you")))
        self.digest.setAccessibleName(visible(_("Digest of the bundle")))
        known.addWidget(paragraph(_("What you know from the owner"), bold=True))
        known.addWidget(paragraph(_(KEY), role="dim"))
        known.addWidget(row(self.digest, TermButton(Term.DIGEST), spacing=0))
        known.addWidget(row(self._key_name, TermButton(Term.SIGNATURE), spacing=0))
        buttons = QHBoxLayout()
        for button in (self.choose_key, self.forget_key):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.again)
        known.addLayout(buttons)
        self._cannot, cannot = panel()
        cannot.addWidget(paragraph(_("What no check of a bundle can show"), bold=True))
        for item in CANNOT_CHECK:
            cannot.addWidget(paragraph(f"· {_(item)}"))
        self._foot = row(paragraph(), self.save)
        for part in (self._findings, self._known, self._cannot, self._foot, self.saved):
            self.column.addWidget(part)
        self.column.addStretch(1)

    # Within

    def _show(self) -> None:
        bundle, verified = self._bundle, self.verified
        for part in (self._findings, self._known, self._foot):
            part.setVisible(bundle is not None)
        self._explanation.setVisible(bundle is None)
        self.saved.hide()
        self._on_jobs()
        if bundle is None or verified is None:
            return
        checks = verified.checks
        self._name.setText(bundle.name)
        self._where.set_full_text(str(bundle.parent))
        failed = sum(not check.ok for check in checks)
        self._verdict.set_role("stop" if failed else "stay")
        self._verdict.set_text(
            ngettext(
                "{failed} of {count} check failed. Do not use this bundle.",
                "{failed} of {count} checks failed. Do not use this bundle.",
                len(checks),
                failed=failed,
            )
            if failed
            else _(CHECKS_HOLD)
        )
        promise = verified.promise
        self._promise.setText("" if promise is None else _("It promises: {promise}", promise=promise))
        self._promise.setVisible(promise is not None)
        clear(self._list)
        for check in checks:
            self._list.addWidget(check_line(check))

    def _check_again(self) -> None:
        bundle, key, digest = self._bundle, self._key, self.digest.text().strip().lower() or None
        if bundle is None or self._jobs.running:
            return

        def work(context: JobContext) -> Verified:
            del context
            return workflow.verify(bundle, digest, key)

        self._jobs.start(JobKind.VERIFICATION, work, self._on_checked, self.failed.emit)

    def _on_checked(self, verified: Verified) -> None:
        if self._bundle is not None:
            self.show_bundle(self._bundle, verified)

    def _on_jobs(self) -> None:
        self.again.setEnabled(not self._jobs.running)

    def _choose_bundle(self) -> None:
        chosen = choose_folder(self, _("The folder of a bundle"))
        if chosen is not None:
            self.chosen.emit(chosen)

    def _choose_key(self) -> None:
        chosen = choose_file(self, _("The owner's public Ed25519 key"))
        if chosen is not None:
            self.set_key(chosen)

    def _forget_key(self) -> None:
        self.set_key(None)

    def _choose_page(self) -> None:
        chosen = choose_place(self, _("Save the page"), _PAGE, _("Pages (*.html)"))
        if chosen is not None:
            self.save_page(chosen)

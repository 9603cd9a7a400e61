"""What few need: a key to sign the bundle with."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal

from dataselect_gui.texts import N_, _
from dataselect_gui.window.release.sentences import SIGNING
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Button, choose_file
from dataselect_gui.window.widgets.term import Titled

_UNSIGNED = N_("No key: the bundle is not signed.")


class Advanced(Fold):
    """Folds away the choice of a key.

    Attributes
    ----------
    key : Path or None
        The private key to sign with.

    Signals
    -------
    changed()
        Another key, or none.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(_("Advanced"))
        self.key: Path | None = None
        self._name = Elided(Qt.TextElideMode.ElideMiddle)
        self.choose, self.forget = Button(_("Choose a key…")), Button(_("No key"))
        self.choose.clicked.connect(self._choose)
        self.forget.clicked.connect(self._forget)
        self.body.addWidget(Titled(_("Sign the bundle"), Term.SIGNATURE))
        self.body.addWidget(self._name)
        self.body.addWidget(row(self.choose, self.forget, paragraph()))
        self.body.addWidget(paragraph(_(SIGNING), role="dim"))
        self.set_key(None)

    def set_key(self, key: Path | None) -> None:
        """Sign with a key, or not."""
        self.key = key
        self._name.set_full_text(_(_UNSIGNED) if key is None else str(key))
        self.forget.setVisible(key is not None)
        self.changed.emit()

    def _choose(self) -> None:
        chosen = choose_file(self, _("Your private Ed25519 key"))
        if chosen is not None:
            self.set_key(chosen)

    def _forget(self) -> None:
        self.set_key(None)

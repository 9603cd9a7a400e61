"""The other checkpoints by which a project keeps scores, in one line of Setup."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import Button, ComboBox
from dataselect_gui.workflow import KeptScores, spoken_name


class OtherCheckpoints(QWidget):
    """Names the other checkpoints, and shows the scores by one of them; hidden where there is none.

    Signals
    -------
    chosen(str)
        The scores by the checkpoint of that digest are to be shown.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        text = paragraph(_("Scores of other checkpoints are kept:"), role="dim")
        text.setWordWrap(False)
        self.choice = ComboBox()
        self.choice.setAccessibleName(visible(_("Scores of other checkpoints are kept:")))
        self.show_them = Button(_("Show them"))
        self.show_them.clicked.connect(self._on_clicked)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.SPACE[1])
        line.addWidget(text)
        line.addWidget(self.choice)
        line.addWidget(self.show_them)
        line.addStretch()
        self.show_kept(())

    def show_kept(self, kept: Sequence[KeptScores]) -> None:
        """Show what is kept, each by the name and the place of its checkpoint."""
        self.choice.clear()
        for other in kept:
            scores, where = ", ".join(map(spoken_name, other.scores)), Path(other.path)
            self.choice.add(f"{where.name} ({where.parent}): {scores}", other.digest)
        self.setVisible(bool(kept))

    def _on_clicked(self) -> None:
        digest = self.choice.chosen()
        if digest is not None:
            self.chosen.emit(digest)

"""A bar of how far a job is, which moves also while nobody knows how far."""

from PySide6.QtWidgets import QProgressBar

_WHOLE = 1000


class ProgressBar(QProgressBar):
    """Shows a share; before there is any, that something is done at all."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)
        self.show_share(0)

    def show_share(self, share: float) -> None:
        """Show what is done, from 0 to 1; at 0 the bar runs to and fro."""
        self.setRange(0, _WHOLE if share else 0)
        self.setValue(int(_WHOLE * share))

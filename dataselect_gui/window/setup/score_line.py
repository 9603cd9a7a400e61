"""The button that scores, and how far the job in progress is."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.window.widgets.progress import ProgressBar


class ScoreLine(QWidget):
    """The button, or in its place the progress with a button that stops; below it the status.

    Attributes
    ----------
    score, stop : Button
        The two buttons.
    progress : ProgressBar
        How much of the job is done.
    cost : Label
        What the button would compute, and how long that takes.
    status : Label
        The same in words, or why the button is off.
    """

    def __init__(self) -> None:
        super().__init__()
        self.score = Button()
        self.score.setProperty("role", "primary")
        self.stop = Button(_("Stop"))
        self.progress = ProgressBar()
        self.status = paragraph(role="dim")
        self.cost = paragraph()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE[2])
        buttons.addWidget(self.score)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.progress, 1)
        buttons.addWidget(self.cost, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[3])
        column.addLayout(buttons)
        column.addWidget(self.status)
        self.show_idle()

    def show_idle(
        self,
        button: str = "",
        *,
        ready: bool = False,
        is_done: bool = False,
        text: str = "",
        cost: str = "",
    ) -> None:
        """Show that nothing is running.

        Parameters
        ----------
        button : str
            What the button says; empty for “Score”.
        ready : bool
            Whether there is something to score.
        is_done : bool
            Whether all of it is scored, so that the button need not be loud.
        text : str
            The status; empty for none.
        cost : str
            What the button would compute, and how long that takes; empty where that is not known.
        """
        self.cost.setText(cost)
        self.cost.show()  # Also without a text: it holds the button at the leading edge.
        self.score.setText(button or _("Score"))
        self.score.setEnabled(ready)
        theme.set_role(self.score, "" if is_done else "primary")
        self.score.show()
        self.stop.hide()
        self.progress.hide()
        self._show_status(text)

    def show_running(self, text: str, share: float = 0, *, keeps: bool) -> None:
        """Show the job in progress.

        Parameters
        ----------
        text : str
            As a sentence.
        share : float
            From 0 to 1.
        keeps : bool
            Whether what is done is kept where the work is stopped.
        """
        self.score.hide()
        self.cost.hide()
        self.stop.setEnabled(True)
        self.stop.show()
        self.progress.show()
        self.progress.show_share(share)
        promise = _("You may stop and go on tomorrow.") if keeps else ""
        self._show_status(f"{text} {promise}".rstrip())

    def show_stopping(self, *, keeps: bool) -> None:
        """Show at once that the job was asked to stop, which it does after what is in hand."""
        self.stop.setEnabled(False)
        kept = _("What is done is kept.") if keeps else ""
        self._show_status(f"{_('Stopping: what is in hand is finished first.')} {kept}".rstrip())

    def _show_status(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

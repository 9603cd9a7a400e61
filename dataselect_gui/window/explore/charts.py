"""The histogram and the model's answers: beside each other, or in turns where there is little room."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from dataselect_gui.texts import _
from dataselect_gui.window.explore.answers_panel import AnswersPanel
from dataselect_gui.window.explore.histogram import HEIGHT, Histogram
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import Button, tip

_LEAST_FOR_BOTH = 760
_LOW = 118
"""The height of the answers where the histogram is folded, for want of room."""


class Charts(QWidget):
    """Lays the charts out.

    Parameters
    ----------
    state : State
        What the window shows.
    histogram : Histogram
        The distribution of a score.
    answers : AnswersPanel
        What the model says.

    Attributes
    ----------
    switch : Button
        Shows the other chart, where there is room for one.
    """

    def __init__(self, state: State, histogram: Histogram, answers: AnswersPanel) -> None:
        super().__init__()
        self._histogram, self._answers = histogram, answers
        self._is_narrow = self._shows_answers = False
        self.switch = Button()
        self.switch.clicked.connect(self._on_switch)
        self._line = line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.SPACE[1])
        line.addWidget(histogram)
        line.addWidget(answers)
        line.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        histogram.installEventFilter(self)
        state.opened.connect(self._show)
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Show both, or one."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < _LEAST_FOR_BOTH
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Fold and open the answers with the histogram."""
        if watched is self._histogram and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _on_switch(self) -> None:
        self._shows_answers = not self._shows_answers
        self._show()

    def _show(self) -> None:
        there = self._answers.is_of_use
        in_turns = self._is_narrow and there
        answers_alone = in_turns and self._shows_answers
        shares = (1, 1) if self._answers.is_wide else (3, 2)
        for place, share in enumerate(shares):
            self._line.setStretch(place, share)
        self._answers.setVisible(there and (not in_turns or answers_alone))
        self._histogram.setVisible(not answers_alone)
        self.switch.setVisible(in_turns)
        self.switch.setText(_("Scores") if answers_alone else _("Answers"))
        about = _("Show how the score is distributed")
        if not answers_alone:
            about = _("Show where the model disagrees with the labels")
        self.switch.setToolTip(tip(about))
        self._fit()

    def _fit(self) -> None:
        folded = self._histogram.is_folded
        if self._is_narrow:
            self._answers.set_height(_LOW if folded else HEIGHT)
        else:
            self._answers.set_height(self._histogram.minimumHeight())

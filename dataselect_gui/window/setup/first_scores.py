"""The first scores of a run that goes on, shown where a person asks for them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Button, ComboBox
from dataselect_gui.workflow import FirstScores, JobContext, JobKind, Phase, Progress, spoken_name

_AFTERWARDS = N_(
    "What you decided about leaving records out is kept. Changing it after you have seen scores "
    "reveals something about your records, and no ε covers that."
)
_EVERY = 2_000
"""Milliseconds between two looks, at least; a look may take a tenth of the time."""
_BINS, _HIGH = 40, 96
"""Bars of the histogram; its height in pixels."""


class FirstScoresPanel(QFrame):
    """Shows the scores so far, which is a view of scores: not before a person presses its button."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.show_them = Button(_("Show the scores so far"))
        self.show_them.clicked.connect(self._begin_looking)
        self._offer = row(self.show_them, paragraph(_(_AFTERWARDS), role="dim"))
        self.choice = ComboBox()
        self.choice.setAccessibleName(visible(_("Score")))
        self.choice.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.currentIndexChanged.connect(self._draw)
        self.summary, self._fault = paragraph(), paragraph(role="warning")
        self.bars = _Bars()
        self._shown = row(self.choice, self.summary)
        self._folder: Path | None = None
        self._scores: FirstScores | None = None
        self._is_asked = False
        self._latest = Latest(self)
        self._elapsed = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(theme.SPACE[1])
        for part in (self._offer, self._shown, self.bars, self._fault):
            column.addWidget(part)
        self.end()

    @property
    def running(self) -> bool:
        """Whether its thread is running."""
        return self._latest.running

    def close_thread(self) -> None:
        """Stop, and wait for the thread."""
        self._timer.stop()
        self._latest.close()

    def begin(self, folder: Path) -> None:
        """Offer the scores of a run into a project, once there are some."""
        self.end()
        self._folder = folder

    def note(self, step: Progress) -> None:
        """Take how far the run is."""
        if self._folder is not None and step.phase is Phase.SCORING and step.done:
            self.show()

    def end(self) -> None:
        """Show nothing: the run ended, or a project is open."""
        self._folder, self._scores = None, None
        self._timer.stop()
        self._latest.drop()
        self.choice.clear()
        self._offer.show()
        for part in (self._shown, self.bars, self._fault):
            part.hide()
        self.hide()

    # Within

    def _begin_looking(self) -> None:
        self._is_asked = True
        self._offer.hide()
        self.summary.setText(_("Looking at the scores…"))
        self.choice.hide()
        self._shown.show()
        self._look()

    def _look(self) -> None:
        folder = self._folder
        if folder is None:
            return

        def work(context: JobContext) -> FirstScores:
            del context
            return workflow.scores_so_far(folder)

        self._elapsed.start()
        self._latest.ask(JobKind.LOOKING, work, self._on_scores, self._on_fault)

    def _on_scores(self, scores: FirstScores) -> None:
        self._scores = scores
        new = [name for name in scores.values if self.choice.findData(name) < 0]
        for name in new:
            self.choice.add(spoken_name(name), name)
        if scores.values:
            self.choice.show()
            self.bars.show()
            if self._is_asked:  # The button that was pressed is hidden now.
                self._is_asked = False
                self.choice.setFocus()
        self._fault.hide()
        self._draw()
        self._timer.start(max(_EVERY, 10 * self._elapsed.elapsed()))

    def _on_fault(self, error: DataSelectError) -> None:
        self._fault.setText(" ".join([error.what, error.why]))
        self._fault.show()
        self._timer.start(_EVERY)

    def _draw(self) -> None:
        name, scores = self.choice.chosen(), self._scores
        if name is None or scores is None or name not in scores.values:
            return
        values = scores.values[name]
        low, middle, high = np.quantile(values, [0, 0.5, 1])
        summary = _(
            "So far {count:,} of {records:,} records: from {low:.3g} to {high:.3g}, half of them below "
            "{middle:.3g}.",
            count=len(values),
            records=scores.records,
            low=low,
            high=high,
            middle=middle,
        )
        self.summary.setText(summary)
        self.bars.show_values(values)
        self.bars.setAccessibleName(visible(f"{self.choice.currentText()}: {summary}"))


class _Bars(QWidget):
    """A histogram between the lowest and the highest value."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_HIGH)
        self.counts: NDArray[np.int64] = np.zeros(_BINS, dtype=np.int64)

    def show_values(self, values: NDArray[np.float64]) -> None:
        """Show how many values there are in each of equal steps."""
        self.counts = np.histogram(values, bins=_BINS)[0]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the bars."""
        del event
        painter, colours = QPainter(self), theme.palette()
        wide, most = self.width() / _BINS, max(1, int(self.counts.max()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(colours.accent))
        for place, count in enumerate(self.counts.tolist()):
            high = (_HIGH - 1) * count / most
            painter.drawRect(QRectF(place * wide, _HIGH - 1 - high, max(1.0, wide - 1), high))
        painter.setBrush(theme.colour(colours.line))
        painter.drawRect(QRectF(0, _HIGH - 1, self.width(), 1))

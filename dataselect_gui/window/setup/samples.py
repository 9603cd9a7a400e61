"""A few of the records that were given: a wrong folder is seen before it is scored."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.images import image_of
from dataselect_gui.window.widgets.plain import ComboBox, Label, tip
from dataselect_gui.workflow import JobContext, JobKind, Lines, Sample, SourceRef

_MOST, _SIDE = 6, 84
"""Records that are shown, and the longest side of a picture."""
_MOST_LINES = 4
_LONGEST = 400
"""Characters of a row or text."""


class Samples(QFrame):
    """Shows some of the records, and counts them and their people.

    Parameters
    ----------
    unit : ComboBox
        Which column names the person.
    """

    def __init__(self, unit: ComboBox) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.sentence = paragraph(bold=True)
        self._unit = unit
        self._shown: SourceRef | None = None
        self._is_asked = False
        self._latest = Latest(self)
        # Its room is there before what it shows is: nothing below moves when that arrives.
        body = QWidget()
        body.setFixedHeight(max(_SIDE, _MOST_LINES * (self.fontMetrics().height() + theme.SPACE[0])))
        within = QVBoxLayout(body)
        within.setContentsMargins(0, 0, 0, 0)
        within.setSpacing(0)
        self._strip, self._lines = QHBoxLayout(), QVBoxLayout()
        self._strip.setSpacing(theme.SPACE[1])
        self._lines.setSpacing(theme.SPACE[0])
        within.addLayout(self._strip)
        within.addLayout(self._lines)
        within.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(theme.SPACE[1])
        layout.addWidget(self.sentence)
        layout.addWidget(paragraph(_("Some of them, from the first to the last:"), role="dim"))
        layout.addWidget(body)
        self.hide()

    @property
    def running(self) -> bool:
        """Whether its thread is running."""
        return self._latest.running

    @property
    def waiting(self) -> bool:
        """Whether records are still to come."""
        return self._latest.waiting

    def close_thread(self) -> None:
        """Stop, and wait for the thread."""
        self._latest.close()

    def follow(self, state: State) -> None:
        """Show the records that are given there, now and later."""

        def look() -> None:
            source = state.inputs.source
            wanted = None if source is None else replace(source, unit_column=self._unit.chosen())
            if state.look is not None and not state.look.source.exists():
                wanted = None
            self.show_source(wanted)

        state.inputs_changed.connect(look)
        state.opened.connect(look)
        self._unit.currentIndexChanged.connect(look)

    def show_source(self, where: SourceRef | None) -> None:
        """Show some records of a source, which is opened once this is seen; None for nothing."""
        if where == self._shown:
            return
        if where is None or self._shown is None or where.path != self._shown.path:
            self._empty()  # What is shown is of other records.
        self._shown = where
        self.setVisible(where is not None)
        self._latest.drop()
        self._is_asked = False
        if self.isVisible():
            self._ask()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Open the source now."""
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        where = self._shown
        if where is None or self._is_asked:
            return
        self._is_asked = True

        def work(context: JobContext) -> Sample:
            return workflow.sample_records(where, _MOST, _SIDE, context)

        self._latest.ask(JobKind.INSPECTION, work, self._on_sample, self._on_fault)

    def _on_sample(self, sample: Sample) -> None:
        self._empty()
        self.sentence.setText(sample.sentence)
        for name, seen in sample.seen:
            if isinstance(seen, tuple):
                if self._lines.count() < _MOST_LINES:
                    self._lines.addWidget(_line(name, seen))
            else:
                self._strip.addWidget(_thumbnail(name, QPixmap.fromImage(image_of(seen))))
        self._strip.addStretch()  # `clear` takes it away again.

    def _empty(self) -> None:
        self.sentence.setText(_("Looking at your records…"))
        for layout in (self._strip, self._lines):
            clear(layout)

    def _on_fault(self, error: DataSelectError) -> None:
        del error  # What cannot be opened is said where it was given.
        self.hide()


def _thumbnail(name: str, pixels: QPixmap) -> Label:
    """Return a picture, whole; a small one is enlarged by whole pixels."""
    times = _SIDE // max(pixels.width(), pixels.height())
    if times > 1:
        pixels = pixels.scaled(pixels.width() * times, pixels.height() * times)
    label = Label()
    label.setPixmap(pixels)
    label.setToolTip(tip(name))
    label.setAccessibleName(visible(name))
    return label


def _line(name: str, seen: Lines) -> QWidget:
    """Return a row or a text on one line."""
    label = Elided(Qt.TextElideMode.ElideRight)
    cells = (f"{column}: {text}" if column else text for column, text in seen)
    label.set_full_text(" · ".join(cells)[:_LONGEST] or name)
    return label

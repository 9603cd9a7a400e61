"""The model and the clean rows of a request: given, inspected, and matched with each other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, UnusableError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.setup.descriptions import listed, part_of
from dataselect_gui.window.setup.fitting import are_read_alike, fitted, what_is_missing
from dataselect_gui.window.setup.labels import LabelTable
from dataselect_gui.window.setup.reading import Reading
from dataselect_gui.window.setup.start import Well
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import Pair
from dataselect_gui.window.widgets.holding import Holding
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import ComboBox
from dataselect_gui.workflow import (
    CheckpointInspected,
    Inspection,
    JobContext,
    JobKind,
    LabelRule,
    SourceInspected,
    SourceRef,
    what_opens,
)

_Inspected: TypeAlias = tuple[int, SourceRef, Inspection]
_PARTS = N_("These rows come in several parts. Choose one of them: parts are not mixed.")
_UNLABELLED = N_("No row has a label, so there are no classes to find thresholds for.")
_UNREADABLE = N_("None of the rows can be read.")
_MOST_LABELS = 5


class Given(QWidget):
    """Two wells, and what is asked where rows can be read in several ways.

    Attributes
    ----------
    model, rows : Well
        The two.
    checkpoint : Path or None
        The model that was given.
    source : SourceRef or None
        The rows that were given, and how they are read.
    obstacle : str
        Why the rows cannot calibrate the model as it stands, as sentences; empty where they can.

    Signals
    -------
    changed()
        Something else is given, or known of it.
    model_changed()
        Another model is given.
    failed(DataSelectError)
        What was given cannot be used.
    """

    changed = Signal()
    model_changed = Signal()
    failed = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._visit = 0
        self._waiting: list[Path] = []
        self.model = Well(_("Your model"), _("Drop its folder, or its .pt2 file, anywhere here."))
        self.rows = Well(
            _("Clean rows"),
            _(
                "Drop rows that you know to be right, with labels: {kinds}. 200 rows of each class "
                "are enough.",
                kinds=what_opens(),
            ),
        )
        self.split, self._split_hint = ComboBox(), paragraph(_(_PARTS), role="warning")
        self._split_row = row(self.split, self._split_hint)
        self.reading, self.labels = Reading(), LabelTable()
        self._build()
        for well in (self.model, self.rows):
            well.chosen.connect(self.take)
        self.split.activated.connect(self._on_split)
        self.reading.chosen.connect(self._on_reading)
        self.labels.chosen.connect(self._on_labels)
        for touched in (self.reading.touched, self.labels.touched):
            touched.connect(self.changed)
        self._choices = Holding(self, (self._split_row, self.reading, self.labels))
        self._jobs.started.connect(self._on_started)
        self._jobs.finished.connect(self._on_finished)
        self._drop()

    @property
    def stated(self) -> dict[str, object]:
        """What the model's request states now."""
        return {} if self._checkpoint is None else self._checkpoint.request

    @property
    def task_obstacle(self) -> str:
        """Why a model of this kind cannot be calibrated, as sentences; empty where it can."""
        inspected = self._checkpoint
        return "" if inspected is None else workflow.calibration_obstacle(inspected.preflight.task)

    @property
    def is_settled(self) -> bool:
        """Whether all that was given is known, and how rows and model fit each other."""
        return not self._waiting and (self.source is None or self._is_matched)

    @property
    def unused(self) -> str:
        """What a person chose and did not use yet, as a sentence; empty for nothing."""
        return self.reading.unused or self.labels.unused

    def take(self, path: Path) -> None:
        """Take a file or folder that was given, as soon as no other work is in progress."""
        self._waiting.append(path)
        self.changed.emit()
        self._go_on()

    def forget(self) -> None:
        """Hold nothing, and take nothing that is still on its way."""
        self._drop()
        self.changed.emit()

    # Within

    def _drop(self) -> None:
        self._visit += 1
        self._waiting = []
        self.checkpoint: Path | None = None
        self.source: SourceRef | None = None
        self._checkpoint: CheckpointInspected | None = None
        self._rows: SourceInspected | None = None
        self._read: SourceRef | None = None
        self._is_due = self._is_matched = False
        self.obstacle = ""
        for well in (self.model, self.rows):
            well.show_path(None)
        self.reading.forget()
        self.labels.show_account(None, LabelRule())
        self._split_row.hide()

    def _go_on(self) -> None:
        """Take what waits, or else match, once no other work is in progress."""
        if self._jobs.running:
            return
        if self._waiting:
            path = self._waiting.pop(0)
            pixel_range = None if self._checkpoint is None else self._checkpoint.asks.pixel_range
            self._inspect(SourceRef(path, pixel_range=pixel_range))
        else:
            self._match()

    def _on_started(self) -> None:
        self._choices.hold(held=True)

    def _on_finished(self) -> None:
        self._choices.hold(held=False)
        self._go_on()

    # Inspecting

    def _inspect(self, source: SourceRef) -> None:
        visit = self._visit

        def work(context: JobContext) -> _Inspected:
            return visit, source, workflow.inspect(source, None, context)

        # Something new that cannot be used changes nothing of what was given before.
        is_known = self.source is not None and self.source.path == source.path
        self._is_matched = self._is_matched and not is_known
        self._jobs.start(
            JobKind.INSPECTION, work, self._on_inspected, self._failing(visit, is_known=is_known)
        )

    def _failing(self, visit: int, *, is_known: bool) -> Callable[[DataSelectError], None]:
        """Return what takes an error; whether it is one of the rows that were given."""

        def failed(error: DataSelectError) -> None:
            if visit == self._visit:
                self.failed.emit(error)
                if is_known:
                    self._settle(f"{error.what} {error.why}")

        return failed

    def _on_inspected(self, result: _Inspected) -> None:
        visit, source, inspection = result
        if visit != self._visit:
            return
        if isinstance(inspection, SourceInspected):
            self._take_rows(replace(source, split=inspection.split), inspection)
        elif isinstance(inspection, CheckpointInspected):
            self._take_model(source.path, inspection)
        else:
            self.failed.emit(
                UnusableError(
                    _("“{name}” is neither a model nor rows.", name=source.path.name),
                    _("Projects and bundles are what owners work with."),
                    _("Give the model's folder, or clean rows with their labels."),
                )
            )

    def _take_rows(self, source: SourceRef, inspection: SourceInspected) -> None:
        self.source = self._read = source
        self._rows = inspection
        self.rows.show_path(
            source.path, _rows_summary(inspection), warns=inspection.readable < inspection.records
        )
        self._show_splits(inspection)
        self.labels.show_account(None, LabelRule())
        self._match_anew()

    def _take_model(self, path: Path, inspection: CheckpointInspected) -> None:
        self.checkpoint, self._checkpoint = path, inspection
        self.model.show_path(path, _model_summary(inspection))
        if self.source is not None:  # What was said of labels was said of other classes.
            self.source = replace(self.source, labels=LabelRule())
        self.labels.show_account(None, LabelRule())
        self.model_changed.emit()
        self._match_anew()

    # Matching

    def _match_anew(self) -> None:
        self._is_due, self._is_matched, self.obstacle = True, False, ""
        self.changed.emit()
        self._go_on()

    def _match(self) -> None:
        """Match rows and model where both were given, as soon as all is known that it takes."""
        source, rows, read, inspected = self.source, self._rows, self._read, self._checkpoint
        if not self._is_due or source is None or rows is None or read is None:
            return
        self._is_due = False
        if rows.splits and rows.split is None:
            self._settle(_(_PARTS))
            return
        self.reading.show_source(source, rows, inspected)
        if inspected is None or self.checkpoint is None:
            self._is_due = True
            return
        wanted = fitted(source, rows, inspected)
        missing = what_is_missing(wanted, rows, inspected)
        if missing or self.task_obstacle:
            self._settle(missing or self.task_obstacle)
        elif not are_read_alike(wanted, read):
            self._inspect(wanted)
        elif not rows.readable or not rows.labels:
            self._settle(_(_UNLABELLED if rows.readable else _UNREADABLE))
        else:
            self._hold_labels_against(self.checkpoint, source)

    def _hold_labels_against(self, checkpoint: Path, source: SourceRef) -> None:
        visit = self._visit

        def work(context: JobContext) -> _Inspected:
            return visit, source, workflow.inspect(checkpoint, source, context)

        self._jobs.start(
            JobKind.LABEL_MATCHING, work, self._on_matched, self._failing(visit, is_known=True)
        )

    def _on_matched(self, result: _Inspected) -> None:
        visit, source, inspection = result
        if visit != self._visit or source != self.source:
            return
        assert isinstance(inspection, CheckpointInspected)
        account = inspection.preflight.label_account
        self.labels.show_account(account, source.labels)
        self._settle("" if account is None or not account.is_refused else self.labels.hint)

    def _settle(self, obstacle: str) -> None:
        self._is_matched, self.obstacle = True, obstacle
        self.changed.emit()

    # What a person said

    def _on_split(self) -> None:
        chosen = self.split.chosen()
        if self.source is not None and chosen is not None and not self._jobs.running:
            self._inspect(replace(self.source, split=chosen))

    def _on_reading(self, wanted: SourceRef) -> None:
        """Read the rows anew, unless it is the same cells whose labels mean something else."""
        if self.source is None or self._jobs.running:
            return
        if are_read_alike(wanted, self.source):
            self._on_labels(wanted.labels)
        else:
            self._inspect(wanted)

    def _on_labels(self, rule: LabelRule) -> None:
        if self.source is not None and not self._jobs.running:
            self.source = replace(self.source, labels=rule)
            self._match_anew()

    # Building

    def _show_splits(self, inspection: SourceInspected) -> None:
        self.split.clear()
        for name, count in inspection.splits.items():
            self.split.add(part_of(name, count), name)
        self.split.choose(inspection.split)
        self._split_hint.setText(_(_PARTS) if inspection.split is None else "")
        self._split_row.setVisible(bool(inspection.splits))

    def _build(self) -> None:
        self.split.setAccessibleName(visible(_("Part of the rows")))
        self.split.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.split.setPlaceholderText(visible(_("Choose…")))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[3])
        column.addWidget(Pair(self.model, self.rows, least=560))
        for part in (self._split_row, self.reading, self.labels):
            column.addWidget(part)


def _rows_summary(rows: SourceInspected) -> str:
    if rows.splits and rows.split is None:
        return _("They come in several parts.")
    labels = (
        _("labels: {labels}", labels=listed(rows.labels, _MOST_LABELS))
        if rows.labels
        else _("without labels")
    )
    if rows.readable < rows.records:
        return ngettext(
            "{readable:,} of {count:,} row can be read, {labels}.",
            "{readable:,} of {count:,} rows can be read, {labels}.",
            rows.records,
            readable=rows.readable,
            labels=labels,
        )
    return ngettext(
        "{count:,} row, {labels}.", "{count:,} rows, {labels}.", rows.records, labels=labels
    )


def _model_summary(model: CheckpointInspected) -> str:
    labels = listed(model.labels, _MOST_LABELS) if model.labels else _("without names")
    has_request = _("It has a request already.") if model.request else _("It has no request yet.")
    return f"{_('Classes: {labels}.', labels=labels)} {has_request}"

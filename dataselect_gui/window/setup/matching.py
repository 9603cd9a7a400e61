"""Inspects what was given, has records read as a checkpoint takes them, and matches their labels."""

from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError
from dataselect_gui.window.inputs import Inputs
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.setup.fitting import are_read_alike, fitted, what_is_missing
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import (
    CheckpointInspected,
    Inspection,
    JobContext,
    JobKind,
    LabelRule,
    Preflight,
    ProjectInspected,
    SourceInspected,
    SourceRef,
    Verified,
)

_Inspected: TypeAlias = tuple[SourceRef, Inspection]


class Matching(QObject):
    """Records and a checkpoint on their way to a score.

    Parameters
    ----------
    state : State
        What the window shows; its jobs do the work.
    start, setup : StartPlace, SetupPlace
        Where what was found is shown.
    parent : QObject
        The owner.

    Signals
    -------
    arrived(object)
        Something was inspected that takes the place of what was given before: a `SourceInspected` or a
        `CheckpointInspected`. Whoever holds something open closes it.
    settled()
        An input was taken. Whatever waits comes first; then `go_on` is to be called.
    matched()
        The records can be scored with the checkpoint. Where nothing waits, `try_out` is to be called.
    project_found(Path)
        A project was given, or exists for what was given.
    bundle_found(Path, Verified)
        A bundle was given and checked, with this result.
    failed(DataSelectError)
        What was given cannot be used.
    """

    arrived = Signal(object)
    settled = Signal()
    matched = Signal()
    project_found = Signal(object)
    bundle_found = Signal(object, object)
    failed = Signal(object)

    def __init__(self, state: State, start: StartPlace, setup: SetupPlace, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._jobs = state, state.jobs
        self._start, self._setup = start, setup
        # The records, also while one of their parts is still to be chosen; as they were inspected.
        self._source: SourceRef | None = None
        self._read: SourceRef | None = None
        self._records: SourceInspected | None = None
        self._checkpoint: CheckpointInspected | None = None
        self._anew: Path | None = None
        self._proposed: str | None = None  # The column of labels that was found by its values.
        self._gave_way = False  # Whether a trial was ended by an inspection.
        setup.split_chosen.connect(self._on_split)
        setup.reading.chosen.connect(self._on_reading)
        setup.labels.chosen.connect(self._on_labels)

    def inspect(self, path: Path) -> None:
        """Inspect something that was given."""
        range_known = None if self._checkpoint is None else self._checkpoint.asks.pixel_range
        self._inspect(SourceRef(path, pixel_range=range_known))

    def inspect_again(self, source: SourceRef) -> None:
        """Inspect the records of a project for another checkpoint, which has classes of its own."""
        self._inspect(replace(source, feature_columns=(), labels=LabelRule()))

    def read_anew(self, source: SourceRef) -> None:
        """Inspect the records of a project to read them in another way; it is not opened again."""
        self._anew = source.path
        self.inspect_again(source)

    @property
    def is_anew(self) -> bool:
        """Whether records that were scored before are read in another way."""
        return self._source is not None and self._source.path == self._anew

    def forget(self) -> None:
        """Drop records and checkpoint."""
        self.drop()
        self._start.clear()
        self._setup.show_records(None, None)
        self._setup.show_checkpoint(None, None)

    def drop(self) -> None:
        """Hold records and checkpoint no longer: a project was opened, which has its own."""
        self._source = self._read = self._records = self._checkpoint = self._anew = None
        self._proposed, self._gave_way = None, False

    def go_on(self) -> None:
        """Match records and checkpoint where both were given, as soon as all is known that it takes."""
        inputs, records, checkpoint = self._state.inputs, self._records, self._checkpoint
        source, read = self._source, self._read
        if source is None or read is None or records is None or inputs.source is None:
            return  # Nothing goes on before one of its parts is chosen.
        self._show_reading()
        if checkpoint is None or inputs.checkpoint is None:
            return
        wanted = fitted(source, records, checkpoint)
        missing = what_is_missing(wanted, records, checkpoint)
        if missing:
            # Until that is said, there is nothing to score.
            self._state.set_inputs(replace(inputs, obstacle=missing))
            self._state.show_place(PlaceId.SETUP)
            self._setup.reading.text.setFocus()
        elif not are_read_alike(wanted, read):
            self._inspect(wanted)
        else:
            self._match(inputs, source)

    def _show_reading(self) -> None:
        source, proposed = self._source, self._proposed
        if source is None or self._records is None:
            return
        is_proposed = proposed is not None and source.label_column == proposed
        self._setup.reading.show_source(
            source, self._records, self._checkpoint, proposed if is_proposed else None
        )

    @property
    def _lacks_labels(self) -> bool:
        """Whether there are columns, and none of them was chosen for labels: a person is about to."""
        records = self._records
        return records is not None and bool(records.label_columns) and not records.labels

    # Inspecting

    def _inspect(self, source: SourceRef) -> None:
        def work(context: JobContext) -> _Inspected:
            return source, workflow.inspect(source, None, context)

        def failed(error: DataSelectError) -> None:
            if source.path == (None if self._source is None else self._source.path):
                self._on_unfit(error)
            else:
                self.failed.emit(error)
                self._resume_trial()

        self._jobs.start(JobKind.INSPECTION, work, self._on_inspected, failed)

    def _on_inspected(self, result: _Inspected) -> None:
        source, inspection = result
        if isinstance(inspection, ProjectInspected):
            self.project_found.emit(source.path)
        elif isinstance(inspection, SourceInspected):
            self.arrived.emit(inspection)
            self._take_records(replace(source, split=inspection.split), inspection)
        elif isinstance(inspection, CheckpointInspected):
            self.arrived.emit(inspection)
            self._take_checkpoint(source.path, inspection)
        else:
            self.bundle_found.emit(source.path, Verified.of(inspection))
            self._resume_trial()

    def _take_records(self, source: SourceRef, inspection: SourceInspected) -> None:
        if self._source is not None and self._source.path != source.path:
            self._state.answer_training(None)  # The answer was about the former ones.
        self._source = self._read = source
        self._records = inspection
        is_known = inspection.split is not None or not inspection.splits
        self._start.show_records(source.path, inspection)
        self._setup.show_records(source.path, inspection, source.unit_column)
        if self._checkpoint is not None:  # What became of labels was said of the former ones.
            self._setup.show_checkpoint(self._state.inputs.checkpoint, self._checkpoint)
        inputs = replace(
            self._state.inputs,
            source=source if is_known else None,
            has_labels=bool(inspection.labels),
            obstacle="",
        )
        self._state.set_inputs(inputs)
        if self._state.place is not PlaceId.START or not is_known:
            self._state.show_place(PlaceId.SETUP)
        self.settled.emit()

    def _take_checkpoint(self, path: Path, inspection: CheckpointInspected) -> None:
        if self._checkpoint is not None and self._checkpoint.digest != inspection.digest:
            self._state.answer_training(None)
        self._checkpoint = inspection
        self._start.show_checkpoint(path, inspection)
        self._setup.show_checkpoint(path, inspection)
        inputs = replace(self._state.inputs, checkpoint=path, digest=inspection.digest, obstacle="")
        if self._source is not None:  # What was said of labels was said of other classes.
            self._source = replace(self._source, labels=LabelRule())
            if self._proposed is not None and self._source.label_column == self._proposed:
                self._source = replace(self._source, label_column=None)
            self._proposed = None
            if inputs.source is not None:
                inputs = replace(inputs, source=self._source)
        self._state.set_inputs(inputs)
        if self._state.place is not PlaceId.START:
            self._state.show_place(PlaceId.SETUP)
        self.settled.emit()

    # Matching

    def _match(self, inputs: Inputs, source: SourceRef) -> None:
        """Compare the labels of both, or open the project that exists for them."""
        checkpoint = inputs.checkpoint
        assert checkpoint is not None
        folder = workflow.project_place(source, inputs.digest)
        if folder.exists() and not self.is_anew:
            self.project_found.emit(folder)
            return

        def work(context: JobContext) -> _Inspected:
            return source, workflow.inspect(checkpoint, source, context)

        self._state.show_place(PlaceId.SETUP)
        self._jobs.start(JobKind.LABEL_MATCHING, work, self._on_matched, self._on_unfit)

    def _on_matched(self, result: _Inspected) -> None:
        source, inspection = result
        inputs = self._state.inputs
        assert isinstance(inspection, CheckpointInspected)
        assert inputs.checkpoint is not None
        if inspection.preflight.proposed_label is not None:
            self._proposed = inspection.preflight.proposed_label
            self._inspect(replace(source, label_column=self._proposed))
            return
        account, checkpoint = inspection.preflight.label_account, inputs.checkpoint
        self._setup.show_checkpoint(checkpoint, inspection)
        self._setup.labels.show_account(account, source.labels)
        fit = account is None or not account.is_refused
        self._state.set_inputs(replace(inputs, obstacle="" if fit else self._setup.labels.hint))
        if not fit:
            self._setup.show_labels()
            return
        choices = workflow.choices_with(inspection, labelled=inputs.has_labels)
        self._setup.score_choices.show_choices(choices)
        self._setup.training.no.setFocus()
        self.matched.emit()

    def try_out(self) -> None:
        """Try the checkpoint on some of the records, which need not be waited for."""
        checkpoint, source = self._state.inputs.checkpoint, self._state.inputs.source
        if checkpoint is None or source is None or self._jobs.running or self._lacks_labels:
            return

        def work(context: JobContext) -> Preflight:
            return workflow.preflight(checkpoint, source, context)

        self._gave_way = False
        self._setup.show_trying()
        self._jobs.start(
            JobKind.PREFLIGHT,
            work,
            self._setup.show_preflight,
            self._on_trying_failed,
            gives_way=True,
        )

    def _on_unfit(self, error: DataSelectError) -> None:
        """Say why these records cannot be scored with this checkpoint."""
        if not isinstance(error, InterruptedByPersonError):
            self._state.set_inputs(replace(self._state.inputs, obstacle=error.what))
        self._show_reading()
        self.failed.emit(error)

    def _resume_trial(self) -> None:
        """Try the checkpoint again where a trial gave way to something that was of no use here."""
        if self._gave_way:
            self.try_out()

    def _on_trying_failed(self, error: DataSelectError) -> None:
        self._gave_way = isinstance(error, InterruptedByPersonError)
        self._setup.preflight.hide()
        self.failed.emit(error)

    # What a person said

    def _on_split(self, split: str) -> None:
        if self._source is not None and not self._jobs.running:
            self._inspect(replace(self._source, split=split))

    def _on_reading(self, wanted: SourceRef) -> None:
        """Read the records anew, unless it is the same cells whose labels mean something else."""
        known = self._source
        if known is None or self._jobs.running:
            return
        self._proposed = None
        if are_read_alike(wanted, known):
            self._on_labels(wanted.labels)
        else:
            self._inspect(wanted)

    def _on_labels(self, rule: LabelRule) -> None:
        """Match again, by what the owner said of the labels."""
        if self._source is None or self._jobs.running:
            return
        self._source = replace(self._source, labels=rule)
        self._state.set_inputs(replace(self._state.inputs, source=self._source, obstacle=""))
        self.go_on()

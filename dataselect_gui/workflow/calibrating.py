"""Calibrate: what a consortium finds out on clean rows, written into its request."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.calibration.calibrating import (
    CleanRows,
    Findings,
    calibrate_as_they_are,
    calibrate_privately,
    split_rows,
)
from dataselect_gui.calibration.centres import centres_of
from dataselect_gui.calibration.private import PrivateQueries
from dataselect_gui.calibration.statistics import SHRINKAGE
from dataselect_gui.checkpoints.calibration import (
    Calibration,
    ClassDirectionNotes,
    FeatureStatistics,
    Split,
)
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint, request_folder
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs import endings
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index, Table
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.scoring.catalog import applicable, find_score
from dataselect_gui.texts import _
from dataselect_gui.worker.feature_file import Taken
from dataselect_gui.worker.indexing import read_index
from dataselect_gui.workflow.calibration_options import CalibrationOptions, Options
from dataselect_gui.workflow.calibration_warnings import warnings_of
from dataselect_gui.workflow.features import CLIP_STEPS, directions_of, take
from dataselect_gui.workflow.former_calibration import with_calibration
from dataselect_gui.workflow.request_writing import (
    CalibrationFound,
    class_names_of,
    file_of,
    request_content,
    write_prepared,
)
from dataselect_gui.workflow.scoring import score

RECOGNISED = "margin"
"""The score that is above 0 where the model recognises a record."""


@dataclass(frozen=True)
class Calibrated:
    """A calibration, and where it was written.

    Attributes
    ----------
    request : Path
        The ``dataselect.json``.
    file : Path or None
        The file beside it, where there is one.
    calibration : Calibration
        As the request states it.
    rule : dict or None
        As the request states it; None where no class has a threshold.
    bounds : dict
        Score → its bounds.
    rows : int
        How many rows were given.
    warnings : list of str
        What the consortium should know before it hands the request over; for itself alone.
    """

    request: Path
    file: Path | None
    calibration: Calibration
    rule: dict[str, object] | None
    bounds: dict[str, tuple[float, float]]
    rows: int
    warnings: list[str]


def calibrate(
    checkpoint_path: Path, records: SourceRef, context: JobContext, stated: CalibrationOptions
) -> Calibrated:
    """Find a calibration as `find_calibration` does, and write it into the request.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    checkpoint = find_checkpoint(resolved(checkpoint_path))
    calibrated = find_calibration(checkpoint.path, records, context, stated)
    folder = request_folder(checkpoint.path) if stated.out is None else resolved(stated.out)
    before = request_content(folder)
    start = checkpoint.request.content if before is None else before
    prepared = with_calibration(folder, before, start, calibrated)
    write_prepared(prepared)
    return Calibrated(
        request=prepared.path,
        file=prepared.file,
        calibration=calibrated.calibration,
        rule=calibrated.rule,
        bounds=calibrated.bounds,
        rows=calibrated.rows,
        warnings=[*calibrated.warnings, *prepared.warnings],
    )


def find_calibration(
    checkpoint_path: Path, records: SourceRef, context: JobContext, stated: CalibrationOptions
) -> CalibrationFound:
    """Find thresholds, recall and bounds of clean rows; nothing is written.

    Parameters
    ----------
    checkpoint_path : Path
        Of the consortium's own model.
    records : SourceRef
        Clean rows that the model was not trained on.
    context : JobContext
        Reports progress, and carries the request to stop.
    stated : CalibrationOptions
        What is wanted.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    checkpoint = find_checkpoint(resolved(checkpoint_path))
    options = Options.of(stated, checkpoint)
    source = _read_as(records, checkpoint)
    reader = LabelReader.of(checkpoint, open_source(source).classes, source.labels)
    names = class_names_of(reader)
    with tempfile.TemporaryDirectory(prefix="dataselect-calibrate-") as place:
        project = Path(place) / "rows.dataselect"
        try:
            score(
                source.path,
                checkpoint.path,
                context,
                names=_scores_to_compute(checkpoint, options),
                project_path=project,
                device=stated.device,
                label_column=source.label_column,
                unit_column=source.unit_column,
                split=source.split,
                text_column=source.text_column,
                labels=source.labels,
                settles=False,
            )
        except InterruptedByPersonError:  # What scoring says is kept goes with the folder.
            raise endings.stopped(JobKind.CALIBRATION) from None
        table = Project.open(project).table
        run = _Run(checkpoint, source, context, options, stated, names, table, reader)
        return run.finish()


@dataclass
class _Run:
    """A calibration once the rows are scored."""

    checkpoint: Checkpoint
    source: SourceRef
    context: JobContext
    options: Options
    stated: CalibrationOptions
    names: Sequence[str]
    table: Table
    reader: LabelReader

    def finish(self) -> CalibrationFound:
        """Calibrate."""
        options, index = self.options, self.table.index
        count = len(index.ids)
        seen = self._seen_in_training(index)
        classes = self.reader.targets(index.labels).astype(np.int64)
        unlabelled = int((classes < 0).sum())
        classes[seen] = -1
        rows = CleanRows(
            self.names,
            classes,
            {name: np.array(self.table.column(name).values) for name in self._computed()},
            np.array(self.table.column(RECOGNISED).values) > 0,
        )
        is_statistic = np.zeros(count, dtype=bool)
        if options.splits:
            is_statistic = split_rows(count, options.seed)
        statistics, tensors = self._features(rows, is_statistic)
        queries = options.queries
        findings = self._findings(rows, ~is_statistic, queries)
        directions = self._directions(classes, is_statistic, queries, tensors)
        name, file = file_of(tensors)
        calibration = Calibration(
            alpha=float(options.alpha),
            scores=findings.scores,
            recall=findings.recall,
            split=Split(
                statistics=int(is_statistic.sum()),
                thresholds=int((~is_statistic).sum()),
                seed=options.seed if options.splits and queries is None else None,
            ),
            seen_in_training=options.seen_in_training,
            features=statistics,
            directions=directions,
            file=name,
            privacy=None if queries is None else queries.privacy(),
        )
        return CalibrationFound(
            calibration=calibration,
            file=file,
            rule=findings.rule(),
            bounds=findings.bounds,
            rows=count,
            warnings=warnings_of(
                rows,
                ~is_statistic,
                options,
                calibration,
                unlabelled=unlabelled,
                unread=int((~index.content.any(axis=1)).sum()),
                seen=int(seen.sum()),
            ),
        )

    def _computed(self) -> list[str]:
        return [name for name in self.table.columns() if name != "random"]

    def _findings(
        self, rows: CleanRows, others: NDArray[np.bool_], queries: PrivateQueries | None
    ) -> Findings:
        scores, alpha = self.options.scores, self.options.alpha
        own_bounds = dict[str, float | None]()
        for name in rows.scores:
            known = find_score(name)
            if known.own_bounds is not None:
                holds = self.checkpoint.task.name not in known.unbounded
                own_bounds[name] = float(known.own_bounds[1]) if holds else None
            elif known.bounded_by:
                own_bounds[name] = None
        if queries is None:
            return calibrate_as_they_are(rows, scores, alpha, others, own_bounds)
        return calibrate_privately(rows, scores, alpha, queries, own_bounds)

    def _seen_in_training(self, index: Index) -> NDArray[np.bool_]:
        """Say which rows are among the training's, by their content, shape (n,)."""
        ref = self.stated.training_records
        if ref is None:
            return np.zeros(len(index.ids), dtype=bool)
        training = read_index(open_source(replace(ref, path=resolved(ref.path))), self.context)
        known = {content.tobytes() for content in training.content if content.any()}
        return np.array([content.tobytes() in known for content in index.content], dtype=bool)

    # What goes into the file

    def _take(
        self, ref: SourceRef, index: Index, summed: Sequence[int], *, with_features: bool
    ) -> Taken:
        clip = self.checkpoint.request.max_grad_norm
        return take(
            self.checkpoint,
            ref,
            index,
            self.context,
            classes=len(self.names),
            with_features=with_features,
            summed=summed,
            clip=1.0 if clip is None else float(clip),
            device=self.stated.device,
        )

    def _features(
        self, rows: CleanRows, is_statistic: NDArray[np.bool_]
    ) -> tuple[FeatureStatistics | None, dict[str, NDArray[np.generic]]]:
        """Find means and covariance, and add the distance to the rows' scores."""
        if "distance" not in self.options.scores:
            return None, {}
        features = self._take(self.source, self.table.index, (), with_features=True).features
        public = self.stated.public_records
        if public is None:
            own, classes = features, np.where(is_statistic, rows.classes, -1)
        else:
            ref = _read_as(public, self.checkpoint)
            opened = open_source(ref)
            index = read_index(opened, self.context)
            own = self._take(ref, index, (), with_features=True).features
            reader = LabelReader.of(self.checkpoint, opened.classes, ref.labels)
            classes = reader.targets(index.labels).astype(np.int64)
        centres = centres_of(own, classes, len(self.names))
        distances = centres.distances(features, rows.classes)
        distances[is_statistic] = np.nan  # They are closer to their own means than others are.
        rows.scores["distance"] = distances
        statistics = FeatureStatistics(
            shrinkage=SHRINKAGE, rows=centres.rows, source="own" if public is None else "public"
        )
        return statistics, centres.tensors

    def _directions(
        self,
        classes: NDArray[np.int64],
        is_statistic: NDArray[np.bool_],
        queries: PrivateQueries | None,
        tensors: dict[str, NDArray[np.generic]],
    ) -> ClassDirectionNotes | None:
        """Sum gradients class by class, and put the directions to the tensors."""
        if not self.stated.directions:
            return None
        part = is_statistic if queries is None else np.ones(len(classes), dtype=bool)
        rows = np.flatnonzero(part & (classes >= 0)).tolist()
        taken = self._take(self.source, self.table.index, rows, with_features=False)
        sums = taken.sums if queries is None else queries.directions(taken.sums, CLIP_STEPS)
        made = directions_of(sums, taken.layout)
        if not made:
            raise UnusableError(
                _("No class has a direction."),
                _("None of the rows has a gradient: the model learns nothing from them any more."),
                _("Leave directions out."),
            )
        tensors |= made
        return ClassDirectionNotes(rows=int(part.sum()))


def _read_as(records: SourceRef, checkpoint: Checkpoint) -> SourceRef:
    """Return rows as the checkpoint takes them, and as they are scored."""
    known = replace(records, path=resolved(records.path), pixel_range=checkpoint.request.pixel_range)
    return for_model(known, checkpoint)


def _scores_to_compute(checkpoint: Checkpoint, options: Options) -> list[str]:
    """Return the scores that are computed: where nothing is protected, all that need no calibration."""
    every = applicable(
        None,
        series=len(checkpoint.series),
        labelled=True,
        request=checkpoint.request,
        task=checkpoint.task.name,
        indexed=checkpoint.indexed,
    )
    names = [
        each.name
        for each in every
        if each.needs_model and not any(key.startswith("calibration") for key in each.needs)
    ]
    wanted = {*options.scores, RECOGNISED, "loss"}
    return [name for name in names if options.queries is None or name in wanted]

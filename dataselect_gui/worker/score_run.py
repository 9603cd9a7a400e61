"""The long run: read the records, score them batch by batch, keep what is done.

Batches are a fixed partition of the records, in an order drawn from their ids alone, so that a run
that was killed and started again computes the same batches and hence the same digits.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui import __version__
from dataselect_gui.checkpoints.labels import class_indices, match_labels
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Table
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.worker.decoding import Decoded, Decoder, of_equal_shape
from dataselect_gui.worker.indexing import HashCache, check_same_source, fair_order, read_index
from dataselect_gui.worker.keeping import InHand, Keeper, Pace
from dataselect_gui.worker.messages import REPORT_SECONDS, Finished, Progress, Report, ScoreJob

BATCH_SECONDS = 3.0
"""How long a batch may take: what a kill can cost is a batch and a second."""
FIRST = 8
"""How many records are tried before all others."""
_UNTRIED = 64


def run(job: ScoreJob, stopped: Callable[[], bool], report: Report) -> Finished:
    """Score the records of a project.

    Parameters
    ----------
    job : ScoreJob
        What to score.
    stopped : callable
        Says whether to stop after the batch in hand.
    report : callable
        Takes progress.

    Raises
    ------
    DataSelectError
        Where the source, the checkpoint or the project cannot be used.
    """
    project = Project.open(Path(job.project))
    with project.exclusive():
        checkpoint = find_checkpoint(Path(job.checkpoint))
        checkpoint.check_digest(project.settings["checkpoint"]["digest"])
        source = open_source(Path(job.source), job.label_column, job.unit_column)
        classes = match_labels(source.labels, source.classes, checkpoint.labels)
        index = read_index(source, stopped, report, HashCache(project.folder, source.ids))
        if index is None:
            return Finished(0, job.device, stopped=True)
        check_same_source(project, source, index)
        project.settings["source"] = {
            "path": str(source.path),
            "kind": source.kind,
            "label_column": job.label_column,
            "unit_column": job.unit_column,
        }
        project.settings["checkpoint"]["path"] = job.checkpoint
        project.save()
        table = project.update_index(index)
        table.add_problems({p.id: p.reason for p in source.problems})
        targets = class_indices(index.labels, classes)
        device, finished = job.device, True
        plan = _Plan(table, job.names, job.limit)
        if plan.names:
            if stopped():  # Before the libraries are loaded, which takes seconds.
                return Finished(_count_scored(table, job), device, stopped=True)
            work = _Run(job, project, checkpoint, source, table, targets, plan, report)
            device, finished = work.device, work.score(stopped)
        elif device == "auto":
            device = "none"
        scored = _count_scored(table, job)
        if finished and job.names and scored == 0:
            raise UnusableError(
                "No record could be scored.",
                f"None of the {len(index.ids)} records can be read"
                + (", has a label" if (targets < 0).any() else "")
                + " and comes to a finite number.",
                "See the reasons among the source's problems, and mend or replace the files.",
            )
        return Finished(scored, device, stopped=not finished)


class _Plan:
    """Which records still lack which scores.

    Attributes
    ----------
    order : list of int
        The rows that were asked for, in an order that makes early results fair.
    names : list of str
        The scores that some of them lack.
    """

    def __init__(self, table: Table, names: Sequence[str], limit: int | None) -> None:
        self.order = fair_order(table.index.ids, limit)
        self.columns = {name: table.column(name) for name in names}
        self.names = self.missing(self.order)

    def missing(self, rows: Sequence[int]) -> list[str]:
        """Return the scores that some of the rows lack."""
        return [name for name, column in self.columns.items() if not column.done[rows].all()]

    def batches(self, at_once: int) -> list[NDArray[np.int64]]:
        """Cut the order into batches; return those with anything to do. One is done whole or not."""
        edges = [*range(0, len(self.order), at_once), len(self.order)]
        batches = [self.order[start:end] for start, end in pairwise(edges)]
        return [np.array(batch, dtype=np.int64) for batch in batches if self.missing(batch)]


class _Run:
    """The scoring of what a plan lacks.

    What it finds out at its start, precision and size of the batches, is kept with the project: a run
    that goes on after a kill takes the same, and computes the same digits. Where it was killed as it
    computed, as a system does that has no memory left, the next one takes half as many at once. The
    size is that of one run: when it has come to its end, the next one finds out anew.
    """

    def __init__(
        self,
        job: ScoreJob,
        project: Project,
        checkpoint: Checkpoint,
        source: Source,
        table: Table,
        targets: NDArray[np.int64],
        plan: _Plan,
        report: Report,
    ) -> None:
        from dataselect_gui.scoring.model import choose_device
        from dataselect_gui.scoring.scorer import Scorer

        report(Progress("Loading the model", 0, 1))
        device = choose_device(job.device)
        self.device = device.type
        self._project, self._source, self._table, self._plan = project, source, table, plan
        self._targets, self._report = targets, report
        self._sizes_itself = job.batch_size is None
        settings = project.settings
        question = {"scores": job.names, "device": self.device, "asked": job.precision}
        answer = settings.get("run") or {}
        if any(answer.get(key) != value for key, value in question.items()):
            answer = {"precision": job.precision, "at_once": None}
        elif answer.get("is_finished"):
            answer = {**answer, "at_once": None}
        tried = settings.get("first", FIRST)
        self._in_hand = InHand(project.folder)
        if self._in_hand.was_left:
            if answer["at_once"]:
                answer["at_once"] = _half(answer["at_once"])
            else:
                tried = settings["first"] = _half(tried)
            project.save()
        self._scorer = Scorer(checkpoint, plan.names, device, answer["precision"])
        self._decoder = Decoder(source, table.index.content, self._scorer.preprocess)
        self._at_once = job.batch_size or answer["at_once"] or _UNTRIED
        report(Progress("Trying the first records", 0, 1))
        first = self._decoder.first(plan.order, min(tried, answer["at_once"] or tried))
        if first:
            inputs, classes = self._stack(first)
            with self._in_hand:
                self._scorer.settle(inputs, classes)
                if self._sizes_itself and answer["at_once"] is None:
                    # Where the first ones were too many, nothing larger is tried.
                    needed = self._scorer.need(inputs, classes) if tried == FIRST else None
                    self._at_once = needed.records_at_once(device) if needed else tried
            settings["run"] = question
            self._decide(self._at_once)
        for name in plan.names:
            settings["scores"][name] = {
                "variant": find_score(name).variant,
                "program": __version__,
                "device": self.device,
                "precision": self._scorer.precision,
            }
        project.save()

    def _decide(self, at_once: int) -> None:
        self._at_once = at_once
        decided = {"precision": self._scorer.precision, "at_once": at_once}
        self._project.settings["run"] |= decided
        self._project.save()

    def score(self, stopped: Callable[[], bool]) -> bool:
        """Score batch by batch. Returns False where it was stopped."""
        from dataselect_gui.scoring.memory import is_out_of_memory, release_memory

        batches = self._plan.batches(self._at_once)
        total = len(self._plan.order)
        done = total - sum(map(len, batches))
        pace, kept = Pace(), Keeper(self._table, self._plan.columns)
        told = time.monotonic()
        # Beside a processor that computes, a second thread would only take its time.
        threads = 1 if self.device == "cpu" else min(8, os.cpu_count() or 1)
        with closing(self._decoder.ahead(batches, threads)) as decoded:
            for batch in decoded:
                pieces = deque(_pieces(batch, self._at_once))
                while pieces:
                    if stopped():
                        kept.save()
                        return False
                    piece = pieces.popleft()
                    began = time.monotonic()
                    try:
                        with self._in_hand:
                            found = self._score_piece(piece)
                    except Exception as error:
                        if not is_out_of_memory(error):
                            raise
                        if len(piece) == 1:
                            raise _no_memory() from None
                        found = None
                    if found is None:  # Only here, where the error is gone, is its memory free.
                        release_memory()
                        self._decide(_half(len(piece)))
                        pieces.extendleft(reversed(_pieces(piece, self._at_once)))
                        continue
                    kept.add(piece, found)
                    done += len(piece)
                    now = time.monotonic()
                    if self._sizes_itself and now - began > BATCH_SECONDS and len(piece) > 1:
                        self._decide(_half(len(piece)))
                    pace.add(now, done)
                    if now - told > REPORT_SECONDS:
                        self._report(Progress("Scoring", done, total, pace.seconds_left(total)))
                        told = now
        kept.save()
        settings = self._project.settings
        settings["run"] = {**settings.get("run", {}), "is_finished": True}
        settings.pop("first", None)
        self._project.save()
        self._report(Progress("Scoring", total, total, 0.0))
        return True

    def _score_piece(self, piece: Sequence[Decoded]) -> dict[str, NDArray[np.float64]]:
        names = self._plan.missing([one.row for one in piece])
        found = {name: np.full(len(piece), np.nan) for name in names}
        for group in of_equal_shape(piece) if names else []:
            inputs, classes = self._stack([piece[place] for place in group])
            values = self._scorer.score(names, inputs, classes)
            for name in names:
                found[name][group] = values[name]
        return found

    def _stack(self, records: Sequence[Decoded]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        inputs = np.stack([one.values for one in records if one.values is not None])
        return inputs, self._targets[[one.row for one in records]]


def _pieces(records: Sequence[Decoded], at_once: int) -> list[Sequence[Decoded]]:
    return [records[start : start + at_once] for start in range(0, len(records), at_once)]


def _half(records: int) -> int:
    """Return the largest power of two that is at most half of it; of one record, one."""
    return int(1 << max(0, (records // 2).bit_length() - 1))


def _no_memory() -> UnusableError:
    return UnusableError(
        "There is not enough memory to score even one record at a time.",
        "The model, or its input, is too large for what is free now. Scores so far are kept.",
        "Close other programs, or leave out plis, which takes the most; then score again.",
    )


def _count_scored(table: Table, job: ScoreJob) -> int:
    rows = slice(0, job.limit)
    has = np.zeros(len(table.index.ids), dtype=bool)
    for name in job.names:
        has |= ~np.isnan(table.values(name))
    return int(has[rows].sum())

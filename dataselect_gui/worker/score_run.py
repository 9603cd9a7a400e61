"""The long run: read the records, score them batch by batch, keep what is done.

Batches are a fixed partition of the records, in an order drawn from their ids alone, so that a run
that was killed and started again computes the same batches and hence the same digits.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dataselect_gui import __version__
from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Table
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.worker.indexing import REPORT_SECONDS, check_same_source, read_index
from dataselect_gui.worker.messages import Finished, Progress, Report, ScoreJob

if TYPE_CHECKING:
    from dataselect_gui.scoring.scorer import Scorer

SAVE_SECONDS = 1.0
_COMPANY = 8


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
        source = open_source(Path(job.source), job.label_column, job.unit_column)
        classes = match_labels(source.labels, source.classes, checkpoint.labels)
        index = read_index(source, stopped, report)
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
        targets = np.array([-1 if x is None else classes[x] for x in index.labels], dtype=np.int64)
        device, finished = job.device, True
        plan = _Plan(table, job.names, job.limit, job.batch_size)
        if plan.left:
            if stopped():  # Before the libraries are loaded, which takes seconds.
                return Finished(_count_scored(table, job), device, stopped=True)
            from dataselect_gui.scoring.model import choose_device
            from dataselect_gui.scoring.scorer import Scorer

            report(Progress("Loading the model", 0, 1))
            chosen = choose_device(job.device)
            device = chosen.type
            scorer = Scorer(checkpoint, plan.names, chosen)
            for name in plan.names:
                project.settings["scores"][name] = {
                    "variant": find_score(name).variant,
                    "program": __version__,
                    "device": device,
                }
            project.save()
            finished = _score(source, table, targets, scorer, plan, stopped, report)
        elif device == "auto":
            device = "none"
        scored = _count_scored(table, job)
        if finished and job.names and scored == 0:
            raise UnusableError(
                "No record could be scored.",
                f"None of the {len(index.ids)} records can be read"
                + (" or has a label." if (targets < 0).any() else "."),
                "See the reasons among the source's problems, and mend or replace the files.",
            )
        return Finished(scored, device, stopped=not finished)


class _Plan:
    """Which batches of which scores are still to be done."""

    def __init__(self, table: Table, names: Sequence[str], limit: int | None, batch_size: int) -> None:
        rows = np.arange(len(table.index.ids))[:limit]
        fair = sorted(rows.tolist(), key=lambda row: _hash_of(table.index.ids[row]))
        edges = [*range(0, len(fair), batch_size), len(fair)]
        self.batches = [np.array(fair[a:b], dtype=np.int64) for a, b in pairwise(edges)]
        self.columns = {name: table.column(name) for name in names}
        self.left = [batch for batch in self.batches if self.missing(batch)]
        self.names = [n for n in names if any(n in self.missing(batch) for batch in self.left)]

    def missing(self, batch: NDArray[np.int64]) -> list[str]:
        """Return the scores that a batch lacks. A batch is done whole or not at all."""
        return [name for name, column in self.columns.items() if not column.done[batch].all()]


def _score(
    source: Source,
    table: Table,
    targets: NDArray[np.int64],
    scorer: "Scorer",
    plan: _Plan,
    stopped: Callable[[], bool],
    report: Report,
) -> bool:
    """Score the batches that are left. Returns False where it was stopped."""
    total = sum(len(batch) for batch in plan.batches)
    done = total - sum(len(batch) for batch in plan.left)
    pace = _Pace()
    unsaved: list[tuple[str, NDArray[np.int64]]] = []
    problems: dict[str, str] = {}
    checked = False
    told = saved = time.monotonic()

    def save() -> None:
        table.add_problems(problems)
        problems.clear()
        for name in dict.fromkeys(name for name, _ in unsaved):
            rows = np.concatenate([batch for other, batch in unsaved if other == name])
            plan.columns[name].mark_done(rows)
        unsaved.clear()

    for batch in plan.left:
        if stopped():
            save()
            return False
        names = plan.missing(batch)
        inputs, changed = _inputs(source, table, batch, scorer, problems)
        if not checked and len(inputs) > 1:
            _check_company(scorer, list(inputs.values())[:_COMPANY])
            checked = True
        results = {name: np.full(len(batch), np.nan) for name in names}
        for group in _of_equal_shape(inputs):
            values = scorer.score(
                names, np.stack([inputs[place] for place in group]), targets[batch[group]]
            )
            for name in names:
                results[name][group] = values[name]
        for name in names:
            plan.columns[name].write(batch, results[name])
            unsaved.append((name, np.delete(batch, changed)))
        done += len(batch)
        now = time.monotonic()
        pace.add(now, done)
        if now - saved > SAVE_SECONDS:
            save()
            saved = now
        if now - told > REPORT_SECONDS:
            report(Progress("Scoring", done, total, pace.seconds_left(total)))
            told = now
    save()
    report(Progress("Scoring", total, total, 0.0))
    return True


def _inputs(
    source: Source,
    table: Table,
    batch: NDArray[np.int64],
    scorer: "Scorer",
    problems: dict[str, str],
) -> tuple[dict[int, NDArray[np.float32]], list[int]]:
    """Decode a batch: place in the batch → input; and the places whose content has changed."""
    inputs: dict[int, NDArray[np.float32]] = {}
    changed: list[int] = []
    for place, row in enumerate(batch.tolist()):
        try:
            stored = source.read(row)
            if content_hash(stored) != table.index.content[row].tobytes():
                changed.append(place)
                raise UnreadableRecordError("The record changed while it was being scored.")
            inputs[place] = scorer.preprocess(source.decode(stored))
        except UnreadableRecordError as reason:
            problems[source.ids[row]] = str(reason)
    return inputs, changed


def _check_company(scorer: "Scorer", inputs: Sequence[NDArray[np.float32]]) -> None:
    alike = [one for one in inputs if one.shape == inputs[0].shape]
    scorer.check_independence(np.stack(alike if len(alike) > 1 else [inputs[0], inputs[0]]))


def _of_equal_shape(inputs: dict[int, NDArray[np.float32]]) -> list[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, one in inputs.items():
        groups.setdefault(one.shape, []).append(place)
    return list(groups.values())


class _Pace:
    """Estimates the time left from the pace of the last half minute."""

    WINDOW_SECONDS = 30

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, now: float, done: int) -> None:
        self._marks.append((now, done))
        while self._marks[-1][0] - self._marks[0][0] > self.WINDOW_SECONDS:
            self._marks.popleft()

    def seconds_left(self, total: int) -> float | None:
        (start, before), (now, done) = self._marks[0], self._marks[-1]
        return (now - start) / (done - before) * (total - done) if done > before else None


def _hash_of(record: str) -> bytes:
    return hashlib.sha256(record.encode()).digest()


def _count_scored(table: Table, job: ScoreJob) -> int:
    rows = slice(0, job.limit)
    has = np.zeros(len(table.index.ids), dtype=bool)
    for name in job.names:
        has |= ~np.isnan(table.values(name))
    return int(has[rows].sum())

"""The long run of a study: piece by piece, each kept as soon as it is done."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.project.files import write_json
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.study.pieces import Piece, compared_scores, is_training, pieces_of
from dataselect_gui.study.plan import Choices
from dataselect_gui.study.store import PLAN, Store
from dataselect_gui.worker.messages import (
    PLANNED,
    REPORT_SECONDS,
    Finished,
    Progress,
    Report,
    StudyJob,
)

if TYPE_CHECKING:
    from dataselect_gui.study.material import Material
    from dataselect_gui.study.running import Runner

_DEVICE = "cpu"


class _StoppedError(Exception):
    """The person asked to stop: the piece in hand is dropped."""


class _Watch:
    """Reports progress now and then, and ends the work where it was asked to stop."""

    def __init__(self, stopped: Callable[[], bool], report: Report) -> None:
        self._stopped, self.report = stopped, report
        self._told = 0.0

    def advance(self, phase: str, done: int, total: int, left: float | None = None) -> None:
        """Tell how far the work is."""
        if self._stopped():
            raise _StoppedError
        if time.monotonic() - self._told > REPORT_SECONDS:
            self._told = time.monotonic()
            self.report(Progress(phase, done, total, left))


def run_study(job: StudyJob, stopped: Callable[[], bool], report: Report) -> Finished:
    """Plan a study, and do it.

    A plan alone reads no more records than it takes to time the work, and none where that was timed
    before; so it is the study itself that holds the records against those it was begun with.

    Parameters
    ----------
    job : StudyJob
        What to study.
    stopped : callable
        Says whether to stop.
    report : callable
        Takes progress.

    Raises
    ------
    DataSelectError
        Where the source, the checkpoint or the folder cannot be used.
    """
    from dataselect_gui.study.material import rows_to_read
    from dataselect_gui.study.running import Runner, setting_of

    watch = _Watch(stopped, report)
    choices = Choices(
        tuple(job.scores),
        tuple(job.shares),
        tuple(job.epsilons),
        job.seeds,
        "scratch" if job.start == "scratch" else "checkpoint",
    )
    checkpoint = find_checkpoint(Path(job.checkpoint))
    source = open_source(SourceRef(Path(job.source), job.label_column, job.unit_column))
    setting = setting_of(checkpoint, choices, job.limit)
    try:
        material = None
        if not job.plan_only:
            material = _read(job, source, checkpoint, watch)
            setting = {"records": material.digest(), **setting}
        store = Store(Path(job.folder), setting)
        with store.exclusive():
            records = len(rows_to_read(source, job.limit) if material is None else material.rows)
            if not store.has("times"):
                store.write("times", _time(job, source, checkpoint, choices, material, records, watch))
            left = _Left(pieces_of(choices, compared_scores(checkpoint), records), store)
            _write_plan(job, choices, left, store)
            report(Progress(PLANNED, left.done, left.total, left.seconds))
            if material is not None:
                _run(Runner(material, checkpoint, choices, store), left, store, watch)
    except _StoppedError:
        return Finished(0, _DEVICE, stopped=True)
    return Finished(left.done, _DEVICE, stopped=False)


def _read(
    job: StudyJob,
    source: Source,
    checkpoint: Checkpoint,
    watch: _Watch,
    enough: int | None = None,
) -> "Material":
    """Read the records; or enough of them to time the work."""
    from dataselect_gui.scoring.model import choose_device, load_model
    from dataselect_gui.study.material import read_material

    matched = match_labels(source.labels, source.classes, checkpoint.labels)
    watch.report(Progress("Loading the model", 0, 1))
    channels = load_model(checkpoint.final, choose_device(_DEVICE)).channels
    return read_material(
        source,
        matched,
        checkpoint.labels,
        source.kind.to_input(checkpoint.final, channels),
        job.limit,
        lambda done, total: watch.advance("Reading records", done, total),
        enough,
    )


def _time(
    job: StudyJob,
    source: Source,
    checkpoint: Checkpoint,
    choices: Choices,
    material: "Material | None",
    records: int,
    watch: _Watch,
) -> dict[str, float]:
    """Time a few steps of each kind of work, on records that were read or on enough of them."""
    from dataselect_gui.study.estimating import seconds_by_kind
    from dataselect_gui.study.material import FEWEST_RECORDS

    some = material or _read(job, source, checkpoint, watch, FEWEST_RECORDS)
    watch.report(Progress("Timing a few steps", 0, 1))
    return seconds_by_kind(some, checkpoint, choices, records)


def _write_plan(job: StudyJob, choices: Choices, left: "_Left", store: Store) -> None:
    write_json(
        store.folder / PLAN,
        {
            "choices": asdict(choices),
            "label column": job.label_column,
            "unit column": job.unit_column,
            "trainings": left.total,
            "trainings left": left.total - left.done,
            "seconds left": left.seconds,
            "seconds beside trainings": left.seconds_beside,
            "seconds by kind": store.read("times"),
        },
    )


def _run(runner: "Runner", left: "_Left", store: Store, watch: _Watch) -> None:
    """Do the pieces that are left, and write the page."""
    from dataselect_gui.study.writing import write_study

    while left.pieces:
        _do_first(runner, left, watch)
    watch.report(Progress("Writing the page", left.total, left.total))
    write_study(store.folder, runner.findings())


def _do_first(runner: "Runner", left: "_Left", watch: _Watch) -> None:
    piece, done, seconds = left.pieces[0], left.done, left.seconds
    phase = "Training" if is_training(piece) else piece.kind.capitalize()
    started = time.monotonic()
    runner.do(piece, lambda: watch.advance(phase, done, left.total, seconds))
    left.drop_first(time.monotonic() - started)


class _Left:
    """The pieces that are still to be done, and how long they take.

    That is estimated by kind of work: from what was timed beforehand, then from what it took.

    Attributes
    ----------
    pieces : deque of Piece
        In order.
    total : int
        How many trainings there are, with those that are done.
    """

    def __init__(self, pieces: Sequence[Piece], store: Store) -> None:
        self.pieces = deque(piece for piece in pieces if not store.has(piece.name))
        self.total = sum(map(is_training, pieces))
        self._expected: dict[str, float] = store.read("times")
        self._taken: dict[str, list[float]] = defaultdict(list)

    @property
    def done(self) -> int:
        """How many trainings are done."""
        return self.total - sum(map(is_training, self.pieces))

    @property
    def seconds(self) -> float:
        """How long they take, all together."""
        return sum(map(self._seconds_of, self.pieces))

    @property
    def seconds_beside(self) -> float:
        """How long those take that are no trainings."""
        return sum(self._seconds_of(piece) for piece in self.pieces if not is_training(piece))

    def drop_first(self, seconds: float) -> None:
        """Take the first piece out: it was done in so many seconds."""
        self._taken[self.pieces.popleft().kind].append(seconds)

    def _seconds_of(self, piece: Piece) -> float:
        taken = self._taken[piece.kind]
        return sum(taken) / len(taken) if taken else self._expected[piece.kind]

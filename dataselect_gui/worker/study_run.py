"""The long run of a study: piece by piece, each kept as soon as it is done."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.project.files import write_json
from dataselect_gui.records.opening import open_source
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
    from dataselect_gui.study.running import Piece, Runner

_DEVICE = "cpu"


class _StoppedError(Exception):
    """The person asked to stop: the piece in hand is dropped."""


class _Watch:
    """Reports progress now and then, and ends the work where it was asked to stop."""

    def __init__(self, stopped: Callable[[], bool], report: Report) -> None:
        self._stopped, self._report = stopped, report
        self._told = 0.0

    def advance(self, phase: str, done: int, total: int, left: float | None = None) -> None:
        """Tell how far the work is."""
        if self._stopped():
            raise _StoppedError
        if time.monotonic() - self._told > REPORT_SECONDS:
            self._told = time.monotonic()
            self._report(Progress(phase, done, total, left))


def run_study(job: StudyJob, stopped: Callable[[], bool], report: Report) -> Finished:
    """Plan a study, and do it.

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
    from dataselect_gui.scoring.inputs import Preprocessor
    from dataselect_gui.scoring.model import choose_device, load_model
    from dataselect_gui.study.material import read_material
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
    source = open_source(Path(job.source), job.label_column, job.unit_column)
    matched = match_labels(source.labels, source.classes, checkpoint.labels)
    report(Progress("Loading the model", 0, 1))
    channels = load_model(checkpoint.final, choose_device(_DEVICE)).channels
    try:
        material = read_material(
            source,
            matched,
            checkpoint.labels,
            Preprocessor(checkpoint.final, channels),
            job.limit,
            lambda done, total: watch.advance("Reading records", done, total),
        )
        store = Store(Path(job.folder), setting_of(material, checkpoint, choices, job.limit))
        with store.exclusive():
            asked = {
                "choices": asdict(choices),
                "label column": job.label_column,
                "unit column": job.unit_column,
            }
            runner = Runner(material, checkpoint, choices, store)
            done = _run(runner, store, asked, job.plan_only, watch, report)
    except _StoppedError:
        return Finished(0, _DEVICE, stopped=True)
    return Finished(done, _DEVICE, stopped=False)


def _run(
    runner: "Runner",
    store: Store,
    asked: dict[str, Any],
    plan_only: bool,
    watch: _Watch,
    report: Report,
) -> int:
    """Do the pieces that are left, and write the page. Returns how many trainings are done."""
    pieces = runner.pieces()
    left = [piece for piece in pieces if not store.has(piece.name)]
    if not store.has("times"):
        report(Progress("Timing a few steps", 0, 1))
        store.write("times", runner.estimate())
    pace = _Pace(store.read("times"))
    total = _trainings(pieces)
    done = total - _trainings(left)
    seconds = pace.seconds_for(left)
    write_json(
        store.folder / PLAN,
        {
            **asked,
            "trainings": total,
            "trainings left": total - done,
            "seconds left": seconds,
            "seconds beside trainings": pace.seconds_for([p for p in left if not p.is_training]),
            "seconds by kind": store.read("times"),
        },
    )
    report(Progress(PLANNED, done, total, seconds))
    if plan_only:
        return done
    for place, piece in enumerate(left):
        started = time.monotonic()
        _do(piece, watch, done, total, pace.seconds_for(left[place:]))
        pace.add(piece.kind, time.monotonic() - started)
        done += piece.is_training
    report(Progress("Writing the page", total, total))
    from dataselect_gui.study.writing import write_study

    write_study(store.folder, runner.findings())
    return done


def _do(piece: "Piece", watch: _Watch, done: int, total: int, seconds: float) -> None:
    phase = "Training" if piece.is_training else piece.kind.capitalize()

    def advance() -> None:
        watch.advance(phase, done, total, seconds)

    advance()
    piece.work(advance)


def _trainings(pieces: Sequence["Piece"]) -> int:
    return sum(piece.is_training for piece in pieces)


class _Pace:
    """Estimates by kind of work: from what was timed beforehand, then from what it took."""

    def __init__(self, expected: dict[str, float]) -> None:
        self._expected = expected
        self._taken: dict[str, list[float]] = defaultdict(list)

    def add(self, kind: str, seconds: float) -> None:
        self._taken[kind].append(seconds)

    def seconds_for(self, pieces: Sequence["Piece"]) -> float:
        return sum(self._one(piece.kind) for piece in pieces)

    def _one(self, kind: str) -> float:
        taken = self._taken[kind]
        return sum(taken) / len(taken) if taken else self._expected[kind]

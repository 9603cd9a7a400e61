"""Plan and run a study of whether picking by a score helps, on these records and with this model."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.study.plan import QUESTIONS, Choices, trainings
from dataselect_gui.study.store import FINDINGS, PAGE, PLAN, is_begun, read_json
from dataselect_gui.worker.handle import Stop, run_job
from dataselect_gui.worker.messages import PLANNED, Progress, Report, StudyJob
from dataselect_gui.workflow.scoring import source_stem

SUFFIX = ".study"
MOST_RECORDS = 10_000


@dataclass(frozen=True)
class StudyPlan:
    """What a study would take.

    Attributes
    ----------
    folder : Path
        Where it is, or will be.
    choices : Choices
        What is compared.
    by_question : dict
        Question → how many trainings it takes; some serve several questions.
    trainings, left : int
        In all, and still to be done.
    seconds : float
        How long the rest takes, from a few steps that were timed on this machine.
    beside : float
        How much of that is other work than trainings.
    by_kind : dict
        Kind of training → how long one takes, in seconds.
    """

    folder: Path
    choices: Choices
    by_question: dict[str, int]
    trainings: int
    left: int
    seconds: float
    beside: float
    by_kind: dict[str, float]


@dataclass(frozen=True)
class Studied:
    """A finished study.

    Attributes
    ----------
    plan : StudyPlan
        What it took.
    page : Path
        Its page.
    findings : dict
        What the page says, as numbers.
    """

    plan: StudyPlan
    page: Path
    findings: dict[str, Any]


def foresee_study(
    source_path: Path,
    checkpoint_path: Path,
    choices: Choices,
    report: Report,
    *,
    to: Path | None = None,
    limit: int = MOST_RECORDS,
    label_column: str | None = None,
    unit_column: str | None = None,
    stop: Stop | None = None,
) -> StudyPlan:
    """Plan a study, and estimate its time; nothing is left on disk where none was begun.

    Parameters
    ----------
    source_path, checkpoint_path, choices, report, to, limit, label_column, unit_column, stop
        As for `study`.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    folder = to or _usual_folder(source_path)
    with tempfile.TemporaryDirectory(prefix="dataselect-") as scratch:
        place = folder if is_begun(folder, {}) else Path(scratch) / folder.name
        job = _job(source_path, checkpoint_path, choices, place, limit, label_column, unit_column)
        made: list[StudyPlan] = []
        _run(replace(job, plan_only=True), choices, report, made.append, stop)
    return replace(made[0], folder=folder)


def study(
    source_path: Path,
    checkpoint_path: Path,
    choices: Choices,
    report: Report,
    *,
    to: Path | None = None,
    limit: int = MOST_RECORDS,
    label_column: str | None = None,
    unit_column: str | None = None,
    show: Callable[[StudyPlan], None] = lambda _: None,
    stop: Stop | None = None,
) -> Studied:
    """Study whether picking by scores helps, going on where an earlier run stopped.

    Parameters
    ----------
    source_path, checkpoint_path : Path
        The owner's records, and what the consortium shares.
    choices : Choices
        What is compared.
    report : callable
        Takes progress.
    to : Path or None
        The study's folder; by default ``./<name of the source>.study``.
    limit : int
        At most so many records, drawn.
    label_column, unit_column : str or None
        Columns of the source.
    show : callable
        Given the plan before anything is trained.
    stop : Stop or None
        By which another thread can stop the work.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped; what was done is kept.
    """
    folder = to or _usual_folder(source_path)
    made: list[StudyPlan] = []

    def planned(plan: StudyPlan) -> None:
        made.append(plan)
        show(plan)

    job = _job(source_path, checkpoint_path, choices, folder, limit, label_column, unit_column)
    _run(job, choices, report, planned, stop)
    return Studied(made[0], folder / PAGE, read_json(folder / FINDINGS))


def _usual_folder(source_path: Path) -> Path:
    return Path(f"{source_stem(source_path.resolve())}{SUFFIX}")


def _job(
    source_path: Path,
    checkpoint_path: Path,
    choices: Choices,
    folder: Path,
    limit: int,
    label_column: str | None,
    unit_column: str | None,
) -> StudyJob:
    """Return what the worker is to do, once it is known that there is something to study."""
    checkpoint = find_checkpoint(checkpoint_path)
    source = open_source(source_path, label_column, unit_column)
    if all(label is None for label in source.labels):
        raise UnusableError(
            "The records cannot be studied.",
            "None of them has a label, so there is nothing to learn.",
            "Name the label column.",
        )
    series, request = len(checkpoint.series), checkpoint.request.stated
    applicable(choices.scores, series=series, labelled=True, request=request)
    return StudyJob(
        folder=str(folder.resolve()),
        source=str(source_path.resolve()),
        checkpoint=str(checkpoint_path.resolve()),
        label_column=label_column,
        unit_column=unit_column,
        scores=list(choices.scores),
        shares=list(choices.shares),
        epsilons=list(choices.epsilons),
        seeds=choices.seeds,
        start=choices.start,
        limit=limit,
        plan_only=False,
    )


def _run(
    job: StudyJob,
    choices: Choices,
    report: Report,
    planned: Callable[[StudyPlan], None],
    stop: Stop | None,
) -> None:
    """Have the worker do it; the plan is given on as soon as it is made."""

    def relay(step: Progress) -> None:
        if step.phase == PLANNED:
            planned(_plan(Path(job.folder), choices))
        else:
            report(step)

    run_job(job, relay, stop)


def _plan(folder: Path, choices: Choices) -> StudyPlan:
    told, asked = read_json(folder / PLAN), trainings(choices)
    return StudyPlan(
        folder,
        choices,
        {question: len(set(asked[question])) for question in QUESTIONS},
        told["trainings"],
        told["trainings left"],
        told["seconds left"],
        told["seconds beside trainings"],
        told["seconds by kind"],
    )

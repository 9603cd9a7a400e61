"""Plan and run a study of whether picking by a score helps, on these records and with this model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.study.plan import (
    MOST_TRAININGS,
    QUESTIONS,
    Choices,
    Training,
    check_limit,
    choose,
    in_order,
    trainings,
)
from dataselect_gui.study.store import FINDINGS, PAGE, PLAN, read_json
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


def study(
    source_path: Path,
    checkpoint_path: Path,
    report: Report,
    *,
    to: Path | None = None,
    scores: Sequence[str] | None = None,
    shares: str = "0.1,0.3",
    epsilons: str = "8",
    seeds: int = 5,
    start: str = "scratch",
    limit: int = MOST_RECORDS,
    limit_trainings: int = MOST_TRAININGS,
    label_column: str | None = None,
    unit_column: str | None = None,
    dry_run: bool = False,
    show: Callable[[StudyPlan], None] = lambda _: None,
    stop: Stop | None = None,
) -> StudyPlan | Studied:
    """Study whether picking by scores helps, going on where an earlier run stopped.

    Parameters
    ----------
    source_path, checkpoint_path : Path
        The owner's records, and what the consortium shares.
    report : callable
        Takes progress.
    to : Path or None
        The study's folder; by default ``./<name of the source>.study``.
    scores, shares, epsilons, seeds, start, limit, limit_trainings, label_column, unit_column
        As the command line has them.
    dry_run : bool
        Whether to make the plan alone.
    show : callable
        Given the plan before anything is trained.
    stop : Stop or None
        By which another thread can stop the work.

    Returns
    -------
    StudyPlan or Studied
        The plan where it was a dry run.

    Raises
    ------
    DataSelectError
        Where something cannot be used, the plan is too large, or the work was stopped.
    """
    source_path, checkpoint_path = source_path.resolve(), checkpoint_path.resolve()
    checkpoint = find_checkpoint(checkpoint_path)
    source = open_source(source_path, label_column, unit_column)
    if all(label is None for label in source.labels):
        raise UnusableError(
            "The records cannot be studied.",
            "None of them has a label, so there is nothing to learn.",
            "Name the label column.",
        )
    choices = choose(
        scores,
        shares,
        epsilons,
        seeds,
        start,
        series=len(checkpoint.series),
        request=checkpoint.request.stated,
    )
    asked = trainings(choices)
    check_limit(len(in_order(asked)), limit_trainings)
    folder = to or Path(f"{source_stem(source_path)}{SUFFIX}")
    job = StudyJob(
        folder=str(folder.resolve()),
        source=str(source_path),
        checkpoint=str(checkpoint_path),
        label_column=label_column,
        unit_column=unit_column,
        scores=list(choices.scores),
        shares=list(choices.shares),
        epsilons=list(choices.epsilons),
        seeds=choices.seeds,
        start=choices.start,
        limit=limit,
        plan_only=dry_run,
    )
    made: list[StudyPlan] = []

    def relay(step: Progress) -> None:
        if step.phase == PLANNED:
            made.append(_plan(folder, choices, asked))
            show(made[0])
        else:
            report(step)

    run_job(job, relay, stop)
    if dry_run:
        return made[0]
    return Studied(made[0], folder / PAGE, read_json(folder / FINDINGS))


def _plan(folder: Path, choices: Choices, asked: dict[str, list[Training]]) -> StudyPlan:
    told = read_json(folder / PLAN)
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

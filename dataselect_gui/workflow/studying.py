"""Plan and run a study of whether training on records picked by a score helps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.paths import resolved
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.reference import AS_THEY_ARE, LabelRule
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.catalog import applicable, find_score
from dataselect_gui.study.findings import Findings, read_findings
from dataselect_gui.study.plan import (
    QUESTIONS,
    Choices,
    in_order,
    proposed_score,
    trainings,
)
from dataselect_gui.study.store import PAGE
from dataselect_gui.texts import _
from dataselect_gui.worker.jobs import StudyJob
from dataselect_gui.worker.messages import StudyPlanned
from dataselect_gui.workflow.study_jobs import (
    MOST_RECORDS,
    carry_out,
    check_labelled,
    check_seeds,
    check_studied,
    check_trainings,
    foresee,
    study_folder,
)


@dataclass(frozen=True)
class StudyRequest:
    """A request for a study.

    Attributes
    ----------
    source, checkpoint : Path
        The owner's records, and what the consortium shares.
    choices : Choices
        What is compared.
    to : Path or None
        The study's folder; by default ``./<name of the source>.study``.
    limit : int
        The most records to study; they are drawn at random.
    label_column, unit_column : str or None
        Columns of the source.
    split : str or None
        The part of the source, where it has several.
    text_column : str or None
        The column that holds the texts, where it is not the usual one.
    labels : LabelRule
        How labels are read.
    """

    source: Path
    checkpoint: Path
    choices: Choices
    to: Path | None = None
    limit: int = MOST_RECORDS
    label_column: str | None = None
    unit_column: str | None = None
    split: str | None = None
    text_column: str | None = None
    labels: LabelRule = AS_THEY_ARE

    @property
    def folder(self) -> Path:
        """The study's folder, which need not exist."""
        return study_folder(self.source, self.to)


@dataclass(frozen=True)
class StudyPlan:
    """The plan of a study.

    Attributes
    ----------
    folder : Path
        Where it is, or will be.
    choices : Choices
        What is compared.
    by_question : dict
        Question → how many trainings it takes; some serve several questions.
    trainings, left : int
        All of them, and those still to be run.
    seconds : float
        Estimated time for the rest, from steps timed on this machine.
    beside : float
        The part of it that is not training.
    by_kind : dict
        Kind of training → seconds for one.
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
        Its plan.
    page : Path
        Its page.
    findings : Findings
        The figures on the page.
    """

    plan: StudyPlan
    page: Path
    findings: Findings


def choose_study(
    checkpoint_path: Path,
    scores: Sequence[str] | None,
    shares: Sequence[str],
    epsilons: Sequence[str],
    seeds: int,
    start: str,
    limit: int,
) -> Choices:
    """Check the choices for a study.

    Parameters
    ----------
    checkpoint_path : Path
        What the consortium shares.
    scores : sequence of str or None
        None for the score of the consortium's request, else VoG, else EL2N.
    shares, epsilons : sequence of str
        Decimals.
    seeds : int
        From 5 to 100.
    start : str
        ``scratch`` or ``checkpoint``.
    limit : int
        How many trainings there may be.

    Raises
    ------
    UsageError
        Where something makes no sense.
    UnusableError
        Where the checkpoint cannot be used.
    """
    checkpoint = find_checkpoint(checkpoint_path)
    check_studied(checkpoint)
    series, request = len(checkpoint.series), checkpoint.request
    if scores is None:
        scores = [proposed_score(series, request, checkpoint.indexed)]
    names = [name for name in dict.fromkeys(scores) if find_score(name).needs_model]
    applicable(names, series=series, labelled=True, request=request, indexed=checkpoint.indexed)
    if not names:
        raise UsageError(
            _("There is no score to study."),
            _("Random picks are among the curves anyway; a study compares a score with them."),
            _("Name one or more scores, for example --scores vog,plis."),
        )
    check_seeds(seeds)
    if start not in {"scratch", "checkpoint"}:
        raise UsageError(
            _("--start cannot be “{start}”.", start=start),
            _("Trainings start from scratch, or from the consortium's checkpoint."),
            _("Give scratch or checkpoint."),
        )
    choices = Choices(
        tuple(names),
        tuple(shares),
        tuple(epsilons),
        seeds,
        "scratch" if start == "scratch" else "checkpoint",
    )
    check_trainings(len(in_order(trainings(choices))), limit)
    return choices


def foresee_study(request: StudyRequest, context: JobContext) -> StudyPlan:
    """Plan a study, and estimate its time; nothing is left on disk where none was begun.

    Parameters
    ----------
    request : StudyRequest
        The owner's.
    context : JobContext
        Reports progress, and carries the request to stop.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    plan = foresee(request.folder, lambda place: _job(request, place, plan_only=True), context)
    return _plan_of(plan, request)


def study(
    request: StudyRequest,
    context: JobContext,
    show: Callable[[StudyPlan], None] = lambda _: None,
) -> Studied:
    """Run a study, or continue it.

    Parameters
    ----------
    request : StudyRequest
        The owner's.
    context : JobContext
        Reports progress, and carries the request to stop.
    show : callable
        Called with the plan before the first training.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped; what was done is kept.
    """
    folder = request.folder
    job = _job(request, folder, plan_only=False)
    plan = carry_out(job, context, lambda plan: show(_plan_of(plan, request)))
    return Studied(_plan_of(plan, request), folder / PAGE, read_findings(folder))


def _job(request: StudyRequest, folder: Path, *, plan_only: bool) -> StudyJob:
    """Return the job for the worker; refuse records without labels."""
    checkpoint, choices = find_checkpoint(request.checkpoint), request.choices
    ref = SourceRef(
        resolved(request.source),
        request.label_column,
        request.unit_column,
        request.split,
        request.text_column,
        labels=request.labels,
        pixel_range=checkpoint.request.pixel_range,
    )
    ref = for_model(ref, checkpoint)
    check_studied(checkpoint)
    check_labelled(open_source(ref))
    series, checkpoint_request = len(checkpoint.series), checkpoint.request
    applicable(
        choices.scores,
        series=series,
        labelled=True,
        request=checkpoint_request,
        indexed=checkpoint.indexed,
    )
    return StudyJob(
        folder=resolved(folder),
        source=ref,
        checkpoint=resolved(request.checkpoint),
        scores=list(choices.scores),
        shares=list(choices.shares),
        epsilons=list(choices.epsilons),
        seeds=choices.seeds,
        start=choices.start,
        limit=request.limit,
        plan_only=plan_only,
    )


def _plan_of(plan: StudyPlanned, request: StudyRequest) -> StudyPlan:
    by_question = trainings(request.choices)
    return StudyPlan(
        request.folder,
        request.choices,
        {question: len(set(by_question[question])) for question in QUESTIONS},
        plan.trainings,
        plan.left,
        plan.seconds,
        plan.seconds_beside,
        plan.seconds_by_kind,
    )

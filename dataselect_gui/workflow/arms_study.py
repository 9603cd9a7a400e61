"""Plan and run a study of whether leaving out records that look wrong helps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.paths import resolved
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.reference import AS_THEY_ARE, LabelRule
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.study.arms.findings import ArmFindings, read_arm_findings
from dataselect_gui.study.arms.plan import (
    ALPHA,
    JUDGED_BY,
    JUDGING,
    ArmChoices,
    arm_trainings,
    installed,
)
from dataselect_gui.study.arms.planting import read_planting
from dataselect_gui.study.plan import FEWEST_SEEDS, Start
from dataselect_gui.study.store import PAGE
from dataselect_gui.texts import _
from dataselect_gui.worker.jobs import ArmsJob
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

ARM_EPSILONS, RELEASE_EPSILONS = ("3",), ("1",)
"""ε of the trainings by DP-SGD and of releases, unless others are named."""


@dataclass(frozen=True)
class ArmsRequest:
    """A request for a study of arms.

    Attributes
    ----------
    source, checkpoint : Path
        The owner's records, and what the consortium shares.
    clean : Path or None
        Clean rows of the consortium that its model was not trained on: thresholds are made of them.
        Without any, they are those of the request's calibration, where it has one.
    rows : Path or None
        Rows of the consortium that are mixed in.
    foreign : Path or None
        Records of something else, to be planted.
    to : Path or None
        The study's folder; by default ``./<name of the source>.study``.
    epsilons, release_epsilons : tuple of str
        ε of the trainings by DP-SGD, and of releases.
    seeds : int
        How often each training is repeated.
    start : str
        What trainings start from.
    plant : str
        What is planted; empty for nothing.
    alpha : str or None
        The share of clean records that the rule may leave out; None for the usual one, or the
        request's.
    judged_by : tuple of str or None
        The scores of a rule of clean rows; None for the loss.
    limit : int
        The most records to study; they are drawn at random.
    label_column, unit_column, split, text_column : str or None
        As for any source; the first and the last also of the consortium's rows.
    labels : LabelRule
        How labels are read.
    """

    source: Path
    checkpoint: Path
    clean: Path | None = None
    rows: Path | None = None
    foreign: Path | None = None
    to: Path | None = None
    epsilons: tuple[str, ...] = ARM_EPSILONS
    release_epsilons: tuple[str, ...] = RELEASE_EPSILONS
    seeds: int = FEWEST_SEEDS
    start: Start = "checkpoint"
    plant: str = ""
    alpha: str | None = None
    judged_by: tuple[str, ...] | None = None
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
class ArmsPlan:
    """The plan of a study of arms.

    Attributes
    ----------
    folder : Path
        Where it is, or will be.
    trainings, left : int
        All of them, and those still to be run.
    seconds : float
        Estimated time for the rest, from steps timed on this machine.
    """

    folder: Path
    trainings: int
    left: int
    seconds: float


@dataclass(frozen=True)
class ArmsStudied:
    """A finished study of arms."""

    plan: ArmsPlan
    page: Path
    findings: ArmFindings


def check_arms(request: ArmsRequest, limit: int) -> ArmsRequest:
    """Return a request with its numbers in one form; refuse what makes no sense.

    Parameters
    ----------
    request : ArmsRequest
        The owner's.
    limit : int
        How many trainings there may be.

    Raises
    ------
    UsageError
        Where something makes no sense, or there would be more trainings.
    UnusableError
        Where the checkpoint cannot be used.
    """
    checkpoint = find_checkpoint(request.checkpoint)
    check_studied(checkpoint)
    check_seeds(request.seeds)
    if request.foreign is not None and not request.plant:
        raise UsageError(
            _("--foreign names records to be planted, but nothing is planted."),
            _("Foreign records are planted in a share of the records."),
            _("Name the share, like --plant foreign:0.1."),
        )
    if request.plant:
        request = replace(request, plant=str(read_planting(request.plant)))
    choices = arm_choices(request, checkpoint)
    if choices.by_request:
        applicable(
            choices.judged_by,
            series=len(checkpoint.series),
            labelled=True,
            request=checkpoint.request,
            indexed=checkpoint.indexed,
        )
    check_trainings(len(arm_trainings(choices)), limit)
    return request


def arm_choices(request: ArmsRequest, checkpoint: Checkpoint) -> ArmChoices:
    """Return what is compared, by what is given, what the request has, and what is installed.

    Raises
    ------
    UsageError
        Where thresholds of the request are asked to be other ones, or no rule goes by a score.
    """
    calibration, of_request = checkpoint.request.calibration, requested_scores(checkpoint)
    common = ArmChoices(
        request.epsilons,
        request.release_epsilons,
        request.seeds,
        request.start,
        request.plant,
        request.alpha or ALPHA,
        has_rule=request.clean is not None or bool(of_request),
        has_rows=request.rows is not None,
    )
    if request.clean is not None:
        return replace(common, libraries=installed(), judged_by=_judged_by(request))
    if request.alpha is not None or request.judged_by is not None:
        option = "--alpha" if request.alpha is not None else "--judged-by"
        raise UsageError(
            _("{option} does not belong here.", option=option),
            _("It says how thresholds are made of clean rows of the consortium, and there are none."),
            _("Leave {option} out, or name clean rows with --clean-rows.", option=option),
        )
    if calibration is None or not of_request:
        return common
    alpha = format(Decimal(str(calibration.alpha)).normalize(), "f")
    return replace(common, alpha=alpha, judged_by=of_request, by_request=True)


def requested_scores(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return the scores for which the consortium's request has a threshold of some class."""
    calibration = checkpoint.request.calibration
    if calibration is None:
        return ()
    return tuple(
        name
        for name, stated in calibration.scores.items()
        if any(of_class.threshold is not None for of_class in stated.classes.values())
    )


def _judged_by(request: ArmsRequest) -> tuple[str, ...]:
    """Return the scores of a rule of clean rows, in one order."""
    stated = JUDGED_BY if request.judged_by is None else request.judged_by
    if not stated or set(stated) - set(JUDGING):
        raise UsageError(
            _("--judged-by cannot be “{stated}”.", stated=",".join(stated)),
            _("A rule of clean rows goes by {scores}.", scores=", ".join(JUDGING)),
            _("Write it like {option} {example}.", option="--judged-by", example="loss,distance"),
        )
    return tuple(name for name in JUDGING if name in stated)


def foresee_arms(request: ArmsRequest, context: JobContext) -> ArmsPlan:
    """Plan a study of arms, and estimate its time; nothing is left on disk where none was begun.

    Parameters
    ----------
    request : ArmsRequest
        As `check_arms` returns it.
    context : JobContext
        Reports progress, and carries the request to stop.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    plan = foresee(request.folder, lambda place: _job(request, place, plan_only=True), context)
    return _plan_of(plan, request.folder)


def study_arms(
    request: ArmsRequest,
    context: JobContext,
    show: Callable[[ArmsPlan], None] = lambda _: None,
) -> ArmsStudied:
    """Run a study of arms, or continue it.

    Parameters
    ----------
    request : ArmsRequest
        As `check_arms` returns it.
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
    plan = carry_out(job, context, lambda plan: show(_plan_of(plan, folder)))
    return ArmsStudied(_plan_of(plan, folder), folder / PAGE, read_arm_findings(folder))


def _job(request: ArmsRequest, folder: Path, *, plan_only: bool) -> ArmsJob:
    """Return the job for the worker; refuse records without labels."""
    checkpoint = find_checkpoint(request.checkpoint)
    choices = arm_choices(request, checkpoint)
    own = SourceRef(
        resolved(request.source),
        request.label_column,
        request.unit_column,
        request.split,
        request.text_column,
        labels=request.labels,
        pixel_range=checkpoint.request.pixel_range,
    )
    check_labelled(open_source(for_model(own, checkpoint)))

    def beside(path: Path | None) -> SourceRef | None:
        """Return another source, read as the owner's is; it has no people and no parts."""
        if path is None:
            return None
        other = replace(own, path=resolved(path), unit_column=None, split=None)
        return for_model(other, checkpoint)

    return ArmsJob(
        source=for_model(own, checkpoint),
        clean=beside(request.clean),
        rows=beside(request.rows),
        strangers=beside(request.foreign),
        checkpoint=resolved(request.checkpoint),
        folder=resolved(folder),
        epsilons=list(choices.epsilons),
        release_epsilons=list(choices.release_epsilons),
        seeds=choices.seeds,
        start=choices.start,
        plant=choices.plant,
        alpha=choices.alpha,
        libraries=list(choices.libraries),
        limit=request.limit,
        plan_only=plan_only,
        judged_by=list(choices.judged_by),
        by_request=choices.by_request,
    )


def _plan_of(plan: StudyPlanned, folder: Path) -> ArmsPlan:
    return ArmsPlan(folder, plan.trainings, plan.left, plan.seconds)

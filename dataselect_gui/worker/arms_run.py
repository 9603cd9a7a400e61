"""The long run of a study of arms: task by task, each kept as soon as it is done."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.study.arms.plan import ArmChoices, ArmTask, ArmTraining, arm_tasks
from dataselect_gui.study.store import Store
from dataselect_gui.worker.jobs import ArmsJob
from dataselect_gui.worker.messages import StudyPlanned
from dataselect_gui.worker.results import StudyResult
from dataselect_gui.worker.study_steps import (
    DEVICE,
    do_tasks,
    read_labels,
    with_label_rule,
    write_plan,
)
from dataselect_gui.worker.tasks_left import TasksLeft

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import ToInput
    from dataselect_gui.study.arms.given import Given
    from dataselect_gui.study.arms.records import Records


def run_arms(job: ArmsJob, context: JobContext, planned: Callable[[StudyPlanned], None]) -> StudyResult:
    """Plan a study of arms, and do it.

    Parameters
    ----------
    job : ArmsJob
        What to study.
    context : JobContext
        Takes progress, and asks to stop: the task in hand is dropped then.
    planned : callable
        Takes the plan, before anything is trained.

    Raises
    ------
    DataSelectError
        Where a source, the checkpoint or the folder cannot be used, or the work was stopped.
    """
    from dataselect_gui.study.arms.estimating import seconds_by_kind
    from dataselect_gui.study.arms.evaluation import ArmEvaluation
    from dataselect_gui.study.arms.given import arms_setting, check_rows
    from dataselect_gui.study.arms.runner import ArmRunner
    from dataselect_gui.study.arms.writing import write_arms

    given = _read(job, context)
    choices = _choices_of(job)
    store = Store(job.folder, with_label_rule(arms_setting(given, choices, job.limit), job.source))
    with store.exclusive():
        check_rows(given, store)
        if not store.has("times"):
            context.report(Phase.TIMING)
            store.write("times", seconds_by_kind(given, choices))
        left = TasksLeft(arm_tasks(choices), _is_training, store)
        plan = left.plan()
        write_plan(store, job.source, _compared(job, choices), plan)
        planned(plan)
        if not job.plan_only:
            runner = ArmRunner(given, choices, store)
            do_tasks(left, runner.do, _phase_of, context)
            evaluation = ArmEvaluation(
                given.records, given.clean, given.rows, given.classes, choices, store
            )
            write_arms(store.folder, evaluation.findings())
    return StudyResult(trainings=left.done)


def _choices_of(job: ArmsJob) -> ArmChoices:
    return ArmChoices(
        epsilons=tuple(job.epsilons),
        release_epsilons=tuple(job.release_epsilons),
        seeds=job.seeds,
        start=job.start,
        plant=job.plant,
        alpha=job.alpha,
        has_rule=job.clean is not None or job.by_request,
        has_rows=job.rows is not None,
        libraries=tuple(job.libraries),
        judged_by=tuple(job.judged_by),
        by_request=job.by_request,
    )


def _is_training(task: ArmTask) -> bool:
    return isinstance(task, ArmTraining)


def _read(job: ArmsJob, context: JobContext) -> "Given":
    """Read all sources, as inputs of one shape."""
    from dataselect_gui.scoring.model import choose_device, load_model
    from dataselect_gui.study.arms.given import Given
    from dataselect_gui.study.arms.records import check_studied, read_strangers

    checkpoint = find_checkpoint(job.checkpoint)
    context.report(Phase.LOADING_MODEL)
    channels = load_model(checkpoint.final, choose_device(DEVICE)).channels
    records, to_input, names = _labelled(job, job.source, checkpoint, channels, context)
    check_studied(records)
    clean = rows = strangers = None
    if job.clean is not None:
        clean, _to_input, _names = _labelled(job, job.clean, checkpoint, channels, context)
    if job.rows is not None:
        rows, _to_input, _names = _labelled(job, job.rows, checkpoint, channels, context)
    if job.strangers is not None:
        source = open_source(job.strangers)
        advance = partial(context.advance, Phase.READING_RECORDS)
        made = source.kind.to_input(checkpoint.final, channels)
        strangers = read_strangers(source, made, job.limit, advance)
    return Given.of(records, clean, rows, strangers, checkpoint, names, to_input)


def _labelled(
    job: ArmsJob,
    where: SourceRef,
    checkpoint: Checkpoint,
    channels: int | None,
    context: JobContext,
) -> "tuple[Records, ToInput, tuple[str, ...]]":
    """Read records with their classes; return what makes inputs of them and the classes' names, too."""
    from dataselect_gui.study.arms.records import read_records

    source = open_source(where)
    targets, names = read_labels(source, checkpoint, where.labels)
    to_input = source.kind.to_input(checkpoint.final, channels)
    advance = partial(context.advance, Phase.READING_RECORDS)
    records = read_records(source, targets, to_input, job.limit, advance)
    return records, to_input, names


def _compared(job: ArmsJob, choices: ArmChoices) -> dict[str, object]:
    """Return what is compared, and where what was given beside the owner's records lies."""
    given = {
        "clean rows": job.clean,
        "rows mixed in": job.rows,
        "foreign records": job.strangers,
    }
    places = {name: None if ref is None else str(ref.path) for name, ref in given.items()}
    return {"arms": asdict(choices), **places}


def _phase_of(task: ArmTask) -> Phase:
    return Phase.TRAINING if _is_training(task) else Phase.SCORING_BY_CHECKPOINT

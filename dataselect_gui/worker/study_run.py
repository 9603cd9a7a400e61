"""The long run of a study: task by task, each kept as soon as it is done."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source
from dataselect_gui.study.plan import Choices
from dataselect_gui.study.store import Store
from dataselect_gui.study.tasks import (
    FlippedLabelsTask,
    LibraryTask,
    ScoringTask,
    Task,
    compared_scores,
    is_training,
    tasks_of,
)
from dataselect_gui.worker.jobs import StudyJob
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
    from dataselect_gui.study.dataset import Dataset


def run_study(
    job: StudyJob, context: JobContext, planned: Callable[[StudyPlanned], None]
) -> StudyResult:
    """Plan a study, and do it.

    A plan alone reads no more records than it takes to time the work, and none where that was timed
    before; so it is the study itself that holds the records against those it was begun with.

    Parameters
    ----------
    job : StudyJob
        What to study.
    context : JobContext
        Takes progress, and asks to stop: the task in hand is dropped then.
    planned : callable
        Takes the plan, before anything is trained.

    Raises
    ------
    DataSelectError
        Where the source, the checkpoint or the folder cannot be used, or the work was stopped.
    """
    from dataselect_gui.study.dataset import rows_to_read
    from dataselect_gui.study.runner import Runner, setting_of
    from dataselect_gui.study.writing import write_study

    choices = Choices(
        tuple(job.scores),
        tuple(job.shares),
        tuple(job.epsilons),
        job.seeds,
        job.start,
    )
    checkpoint = find_checkpoint(job.checkpoint)
    source = open_source(job.source)
    setting = with_label_rule(setting_of(checkpoint, choices, job.limit), job.source)
    dataset = None
    if not job.plan_only:
        dataset = _read(job, source, checkpoint, context)
        setting = {"records": dataset.digest(), **setting}
    store = Store(job.folder, setting)
    with store.exclusive():
        records = len(rows_to_read(source, job.limit) if dataset is None else dataset.rows)
        if not store.has("times"):
            store.write("times", _time(job, source, checkpoint, choices, dataset, records, context))
        left = TasksLeft(tasks_of(choices, compared_scores(checkpoint), records), is_training, store)
        plan = left.plan()
        write_plan(store, job.source, {"choices": asdict(choices)}, plan)
        planned(plan)
        if dataset is not None:
            runner = Runner(dataset, checkpoint, choices, store)
            do_tasks(left, runner.do, _phase_of, context)
            write_study(store.folder, runner.findings())
    return StudyResult(trainings=left.done)


def _read(
    job: StudyJob,
    source: Source,
    checkpoint: Checkpoint,
    context: JobContext,
    enough: int | None = None,
) -> "Dataset":
    """Read the records; or enough of them to time the work."""
    from dataselect_gui.scoring.model import choose_device, load_model
    from dataselect_gui.study.dataset import read_dataset

    targets, names = read_labels(source, checkpoint, job.source.labels)
    context.report(Phase.LOADING_MODEL)
    channels = load_model(checkpoint.final, choose_device(DEVICE)).channels
    return read_dataset(
        source,
        targets,
        names,
        source.kind.to_input(checkpoint.final, channels),
        job.limit,
        partial(context.advance, Phase.READING_RECORDS),
        enough,
    )


def _time(
    job: StudyJob,
    source: Source,
    checkpoint: Checkpoint,
    choices: Choices,
    dataset: "Dataset | None",
    records: int,
    context: JobContext,
) -> dict[str, float]:
    """Time a few steps of each kind of work, on records that were read or on enough of them."""
    from dataselect_gui.study.dataset import FEWEST_RECORDS
    from dataselect_gui.study.estimating import seconds_by_kind

    some = dataset or _read(job, source, checkpoint, context, FEWEST_RECORDS)
    context.report(Phase.TIMING)
    return seconds_by_kind(some, checkpoint, choices, records)


def _phase_of(task: Task) -> Phase:
    match task:
        case ScoringTask():
            return Phase.SCORING_BY_CHECKPOINT
        case FlippedLabelsTask():
            return Phase.SCORING_FLIPPED_LABELS
        case LibraryTask():
            return Phase.OTHER_LIBRARIES
        case _:
            return Phase.TRAINING

"""What the long runs of both kinds of study have in common: labels, the plan's file, task by task."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.project.files import write_json
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.study.store import PLAN, Store, stored_rule
from dataselect_gui.worker.messages import StudyPlanned
from dataselect_gui.worker.tasks_left import NamedTask, TasksLeft

DEVICE = "cpu"
T = TypeVar("T", bound=NamedTask)


def read_labels(
    source: Source, checkpoint: Checkpoint, rule: LabelRule
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the class of each record, −1 for none, shape (n,), and the names of the classes.

    Raises
    ------
    UnusableError
        Where not one label can be used.
    """
    reader = LabelReader.of(checkpoint, source.classes, rule)
    reader.check(source.labels)
    return reader.targets(source.labels).astype(np.int64), reader.class_names


def with_label_rule(setting: Mapping[str, object], source: SourceRef) -> dict[str, object]:
    """Return a setting that says how labels are read, where that is not the usual way."""
    rule = stored_rule(source.labels)
    return {**setting, **({} if rule is None else {"labels": rule})}


def write_plan(
    store: Store, source: SourceRef, compared: Mapping[str, object], plan: StudyPlanned
) -> None:
    """Write what is compared, of which columns, and how long the rest takes."""
    write_json(
        store.folder / PLAN,
        {
            **compared,
            "label column": source.label_column,
            "unit column": source.unit_column,
            "split": source.split,
            "text column": source.text_column,
            "labels": stored_rule(source.labels),
            "trainings": plan.trainings,
            "trainings left": plan.left,
            "seconds left": plan.seconds,
            "seconds beside trainings": plan.seconds_beside,
            "seconds by kind": plan.seconds_by_kind,
        },
    )


def do_tasks(
    left: TasksLeft[T],
    do: Callable[[T, Callable[[], None]], None],
    phase_of: Callable[[T], Phase],
    context: JobContext,
) -> None:
    """Do the tasks that are left, one by one, and say that the page is written next.

    Parameters
    ----------
    left : TasksLeft
        The tasks.
    do : callable
        Does one, calls what it is given now and then, and keeps the result.
    phase_of : callable
        Returns what is shown while one is done.
    context : JobContext
        Takes progress, and asks to stop: the task in hand is dropped then.
    """
    while left.tasks:
        task, done, seconds, started = left.tasks[0], left.done, left.seconds, time.monotonic()
        do(task, partial(context.advance, phase_of(task), done, left.total, seconds))
        left.drop_first(time.monotonic() - started)
    context.report(Phase.WRITING_PAGE, left.total, left.total)

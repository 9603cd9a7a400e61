"""What both kinds of study have in common around the worker: their folder, their checks, their run."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.paths import resolved
from dataselect_gui.records.source import Source
from dataselect_gui.study.plan import FEWEST_SEEDS, MOST_SEEDS
from dataselect_gui.study.store import is_begun
from dataselect_gui.texts import _, ngettext
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import ArmsJob, StudyJob
from dataselect_gui.worker.messages import StudyPlanned
from dataselect_gui.workflow.scoring import source_stem

SUFFIX = ".study"
MOST_RECORDS = 10_000


def study_folder(source: Path, to: Path | None) -> Path:
    """Return a study's folder: the one that was named, or else ``./<name of the source>.study``."""
    return to or Path(f"{source_stem(resolved(source))}{SUFFIX}")


def foresee(
    folder: Path, job_of: Callable[[Path], StudyJob | ArmsJob], context: JobContext
) -> StudyPlanned:
    """Plan a study in the worker; nothing is left on disk where none was begun.

    Parameters
    ----------
    folder : Path
        The study's.
    job_of : callable
        Returns the job that plans it in a folder.
    context : JobContext
        Reports progress, and carries the request to stop.
    """
    with tempfile.TemporaryDirectory(prefix="dataselect-") as scratch:
        place = folder if is_begun(folder, {}) else Path(scratch) / folder.name
        return carry_out(job_of(place), context, lambda _plan: None)


def carry_out(
    job: StudyJob | ArmsJob, context: JobContext, show: Callable[[StudyPlanned], None]
) -> StudyPlanned:
    """Run a study in the worker; return its plan, which is shown before the first training."""
    made = list[StudyPlanned]()

    def planned(plan: StudyPlanned) -> None:
        made.append(plan)
        show(plan)

    run_job(job, context, planned=planned)
    return made[0]


def check_seeds(seeds: int) -> None:
    """Refuse too few or too many repetitions.

    Raises
    ------
    UsageError
        Where there are.
    """
    if not FEWEST_SEEDS <= seeds <= MOST_SEEDS:
        raise UsageError(
            _("--seeds cannot be {seeds}.", seeds=seeds),
            _(
                "Fewer than {fewest} repetitions show no difference that could be relied "
                "on, and more than {most} none that matters.",
                fewest=FEWEST_SEEDS,
                most=MOST_SEEDS,
            ),
            _(
                "Give a number from {fewest} to {most}.",
                fewest=FEWEST_SEEDS,
                most=MOST_SEEDS,
            ),
        )


def check_trainings(count: int, limit: int) -> None:
    """Refuse more trainings than are allowed.

    Raises
    ------
    UsageError
        Where there are.
    """
    if count > limit:
        raise UsageError(
            ngettext(
                "The study would take {count} training.",
                "The study would take {count} trainings.",
                count,
            ),
            _("The limit is {limit}, so that nobody starts a study of days by mistake.", limit=limit),
            _(
                "Name fewer scores, shares or ε, or raise the limit: --limit-trainings {count}.",
                count=count,
            ),
        )


def check_labelled(source: Source) -> None:
    """Refuse records without labels.

    Raises
    ------
    UnusableError
        Where none has one.
    """
    if all(label is None for label in source.labels):
        raise UnusableError(
            _("The records cannot be studied."),
            _("None of them has a label, so there is nothing to learn."),
            _("Name the label column."),
        )


def check_studied(checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint that a study has no network for.

    Raises
    ------
    UnusableError
        Where it does not tell classes apart that exclude each other.
    """
    if not checkpoint.task.has_classes:
        raise UnusableError(
            _("This checkpoint cannot be studied."),
            _(
                "A study trains networks that tell one class of each record; this model is for {task}.",
                task=_(checkpoint.task.meaning),
            ),
            _("Use its scores without a study."),
        )

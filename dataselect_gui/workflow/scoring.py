"""Score the records of a source into a project."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dataselect_gui import __version__
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.label_account import LabelAccount
from dataselect_gui.checkpoints.label_column import proposal_sentence, proposed_column
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import (
    DataSelectError,
    InterruptedByPersonError,
    UnusableError,
    WorkerDiedError,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.paths import resolved
from dataselect_gui.privacy.identity import source_marks
from dataselect_gui.project.demo import COUNT as DEMO_COUNT
from dataselect_gui.project.demo import not_the_demos
from dataselect_gui.project.project import SUFFIX, Project
from dataselect_gui.project.settings import (
    MOST_PLACES,
    Conditions,
    LeaveOut,
    StoredCheckpoint,
    StoredSource,
)
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.reference import AS_THEY_ARE, LabelRule
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.scoring.scores.base import KeyedScore
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.indexing import read_index
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.saving import InProgressMark
from dataselect_gui.worker.score_receiver import ScoreReceiver
from dataselect_gui.workflow.conditions import precision_of
from dataselect_gui.workflow.deciding import (
    check_decision,
    select_as_decided,
    take_decision,
)
from dataselect_gui.workflow.decisions import Decision, decision_of
from dataselect_gui.workflow.fixed_choices import (
    same_rule,
    same_split,
    same_text_column,
    same_unit_column,
    settle_precision,
)
from dataselect_gui.workflow.marks import follow, take_over
from dataselect_gui.workflow.places import ledger_of, place_beside
from dataselect_gui.workflow.reasons import reasons_of
from dataselect_gui.workflow.switching import settle, switch_back, switched_sentence
from dataselect_gui.workflow.training_answer import answer_training
from dataselect_gui.workflow.viewing import note_settled

_NOT_BY_INPUT = N_(
    "VoG and PLIS are left out: the model takes places of categories, by which there is no derivative."
)
_ANEW = N_("Score again: what was in hand is then computed anew, with half as many records at once.")


@dataclass(frozen=True)
class Scored:
    """The result of a scoring run.

    Attributes
    ----------
    project : Path
        The project's folder.
    scored : int
        How many records have scores.
    problems : dict
        Why others have none, or lack some: id → reason.
    seconds : float
        How long it took.
    device : str
        Where it ran.
    precision : str or None
        ``float32`` or ``float64``; None where no score needs a model.
    names : list of str
        The scores that the project has now.
    labels : LabelAccount
        What became of the labels of all records.
    notes : sequence of str
        What a person should know of how records were read and became inputs, as sentences.
    decision : Decision or None
        About leaving records out.
    """

    project: Path
    scored: int
    problems: dict[str, str]
    seconds: float
    device: str
    precision: str | None
    names: list[str]
    labels: LabelAccount
    notes: Sequence[str] = ()
    decision: Decision | None = None


def source_stem(source: Path) -> str:
    """Return the name of a source, after which its projects and studies are named."""
    return source.stem if source.is_file() else source.name


def project_name(source: Path) -> str:
    """Return the name of a new project of a source."""
    return f"{source_stem(source)}{SUFFIX}"


def project_place(records: SourceRef, digest: str, *, exactly: bool = False) -> Path:
    """Return the path of the project of a source and a checkpoint, or of a new one.

    It lies beside the source, or in the ledger's folder where the program cannot write beside the
    source or other accounts can.

    Parameters
    ----------
    records : SourceRef
        The records. A project that reads another part or other columns than are named is not theirs.
    digest : str
        The checkpoint's.
    exactly : bool
        Whether what is not named counts too: labels, what they mean and units as they are read here.
    """
    source = resolved(records.path)
    beside = place_beside(source)
    wanted = replace(records, path=source)
    folder, number = beside / project_name(source), 2
    while folder.exists() and not _is_project_of(folder, wanted, digest, exactly=exactly):
        folder, number = beside / f"{source_stem(source)}-{number}{SUFFIX}", number + 1
    return folder


def score(
    source_path: Path,
    checkpoint_path: Path,
    context: JobContext,
    *,
    names: Sequence[str] | None = None,
    project_path: Path | None = None,
    device: str = "auto",
    precision: str | None = None,
    batch_size: int | None = None,
    limit: int | None = None,
    label_column: str | None = None,
    unit_column: str | None = None,
    split: str | None = None,
    text_column: str | None = None,
    labels: LabelRule | None = None,
    in_training: str | None = None,
    demo: bool = False,
    marks_of: Path | None = None,
    leave_out: LeaveOut | None = None,
    count_epsilon: str | None = None,
    settles: bool = True,
) -> Scored:
    """Score the records of a source into a project; continue an earlier run.

    Parameters
    ----------
    source_path, checkpoint_path : Path
        What to score, and with what.
    context : JobContext
        Reports progress, and carries the request to stop.
    names : sequence of str or None
        The scores; None for all that apply.
    project_path : Path or None
        The project; by default ``./<name of the source>.dataselect``.
    device, precision, batch_size, limit, label_column, unit_column, split, text_column
        As the command line has them.
    labels : LabelRule or None
        How labels are read; None as the project has it.
    in_training : str or None
        The answer to “did these records help to train this checkpoint?”, to be remembered for a
        release; None for none yet.
    demo : bool
        Whether a new project is the demo's, with a ledger of its own beside it.
    marks_of : Path or None
        A project of the same records, read another way: a new one withholds what that one withholds,
        and knows who opted out there.
    leave_out, count_epsilon : str or None
        What is decided about leaving records out, see `Decision`, before any score is shown; a count is
        not drawn here.
    settles : bool
        Whether the ledger is to know what is settled: not for rows that are scored for something else
        than a selection.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    started = time.monotonic()
    source_path, checkpoint_path = resolved(source_path), resolved(checkpoint_path)
    folder = project_path or Path(project_name(source_path))
    checkpoint = find_checkpoint(checkpoint_path)
    project = Project.open(folder) if (folder / "project.json").is_file() else None
    if project is not None:
        if demo and not project.settings.demo:
            raise UnusableError(
                _("“{name}” is a project of yours.", name=folder.name),
                _("The demo needs a folder of its own, and answers no question about your records."),
                _("Name another folder for the demo."),
            )
        known = project.settings.source
        label_column = label_column or known.label_column
        unit_column = same_unit_column(project, unit_column)
        split = same_split(project, split)
        text_column = same_text_column(project, text_column)
        labels = same_rule(project, labels)
    ref = SourceRef(
        source_path,
        label_column,
        unit_column,
        split,
        text_column,
        labels=labels or AS_THEY_ARE,
        pixel_range=_pixel_range(project, checkpoint),
    )
    ref = for_model(ref, checkpoint)
    source = open_source(ref)
    proposed = proposed_column(ref, source, checkpoint) if project is None else None
    if proposed is not None:
        ref = replace(ref, label_column=proposed)
        source = open_source(ref)
    given = {} if project is None else project.settings.relabelled
    pairs = zip(source.ids, source.labels, strict=True)
    own_labels = [given.get(record, label) for record, label in pairs] if given else source.labels
    labelled = any(label is not None for label in own_labels)
    wanted = applicable(
        names,
        series=len(checkpoint.series),
        labelled=labelled,
        request=checkpoint.request,
        task=checkpoint.task.name,
        indexed=checkpoint.indexed,
    )
    if project is not None:
        _check_demo(project, source)
    if leave_out is not None:
        check_decision(project, checkpoint, wanted, leave_out, count_epsilon)
    reader = LabelReader.of(checkpoint, source.classes, ref.labels)
    account = reader.check(own_labels)
    notes = [*source.notes, *source.kind.fit_notes(source, checkpoint.final)]
    if proposed is not None:
        notes.insert(0, proposal_sentence(proposed))
    if names is None and checkpoint.indexed:
        notes.append(_(_NOT_BY_INPUT))
    described = StoredSource.of(ref, source.kind.name)
    model = StoredCheckpoint(str(checkpoint_path), checkpoint.digest())
    former = None
    earlier = Project.open(marks_of) if marks_of is not None and project is None else None
    if project is None:
        project = Project.create(folder, described, model, demo=demo)
        if earlier is not None:
            with project.exclusive():
                take_over(project, earlier)
    else:
        former = settle(project, described, model)
    if former is not None:
        notes.insert(0, switched_sentence(project, former))
    model_precision = settle_precision(project, precision)
    if in_training is not None:
        answer_training(folder, in_training)
    if leave_out is not None:
        notes += take_decision(project, checkpoint, leave_out, count_epsilon)
    job = ScoreJob(
        source=ref,
        checkpoint=checkpoint_path,
        digest=model.digest,
        names=[wanted_score.name for wanted_score in wanted if wanted_score.needs_model],
        device=device,
        precision=model_precision,
        batch_size=None if batch_size is None else min(batch_size, MOST_PLACES),
        limit=limit,
        answers=reader.answer_form,
    )
    in_hand = InProgressMark(folder)
    try:
        with project.exclusive():
            finished = run_job(job, context, ScoreReceiver(project, source, job))
    except (WorkerDiedError, InterruptedByPersonError) as error:
        if isinstance(error, InterruptedByPersonError) and not in_hand.was_left:
            in_hand.take_away()  # The run was ended at once, so memory was not the reason.
        was_left = InProgressMark(folder).scores and isinstance(error, WorkerDiedError)
        do = _(_ANEW) if was_left else error.do
        raise type(error)(f"{error.what} {_kept(folder)}", error.why, do) from None
    except DataSelectError:
        if former is not None:
            switch_back(folder, former)
        raise
    project = Project.open(folder)
    if earlier is not None:
        with project.exclusive():
            follow(project, earlier)
    scored = finished.scored
    for wanted_score in wanted:
        if isinstance(wanted_score, KeyedScore):
            rows = _score_by_key(project, wanted_score, limit)
            scored = scored if job.names else rows
    with project.exclusive():
        select_as_decided(project)
        if settles:
            notes += _settled(project, checkpoint)
        project.save()
    table = project.table
    return Scored(
        folder,
        scored,
        reasons_of(table),
        time.monotonic() - started,
        finished.device,
        precision_of(project),
        table.columns(),
        account,
        [*notes, *finished.notes],
        decision_of(project),
    )


def _settled(project: Project, checkpoint: Checkpoint) -> list[str]:
    """Note what is settled; return what a person should know where scores were shown elsewhere."""
    before = project.settings.decision
    note_settled(project, checkpoint.request)
    now = project.settings.decision
    if before is None or before.leave_out == "none" or (now is not None and not now.is_late):
        return []
    return [
        _(
            "Scores of these records were shown before, in another project, so leaving records out is "
            "now decided after viewing: a release by it claims no ε."
        )
    ]


def _pixel_range(project: Project | None, checkpoint: Checkpoint) -> tuple[float, float] | None:
    """Return the range of pixels: all scores by a checkpoint have the one that they began with."""
    settings = None if project is None else project.settings
    if settings is None or settings.table is None:
        return checkpoint.request.pixel_range
    if settings.checkpoint.digest == checkpoint.digest():
        return settings.source.pixel_range
    return checkpoint.request.pixel_range


def _check_demo(project: Project, opened: Source) -> None:
    """Check that the records are the demo's, before others are written into its project."""
    if project.settings.demo:
        if len(opened.ids) != DEMO_COUNT:
            raise not_the_demos(project.folder.name)
        project.check_records(read_index(opened, JobContext()))


def _is_project_of(folder: Path, records: SourceRef, digest: str, *, exactly: bool) -> bool:
    try:
        settings = Project.open(folder).settings
    except UnusableError:
        return False
    its = settings.source.ref
    if (its.path, its.split, settings.checkpoint.digest) != (records.path, records.split, digest):
        return False
    if exactly and (records.unit_column, records.labels) != (its.unit_column, its.labels):
        return False
    named = [
        (records.label_column, its.label_column),
        (
            (records.text_column or "").casefold() or None,
            (its.text_column or "").casefold() or None,
        ),
        (records.labels.columns or None, its.labels.columns or None),
    ]
    unsaid = set() if exactly else {None}
    return all(asked in {*unsaid, known} for asked, known in named) and not settings.demo


def _kept(folder: Path) -> str:
    """Return a sentence on what is kept after an interruption."""
    project = Project.open(folder)
    if project.settings.table is None:
        return kept_sentence(0, 0)
    table = project.table
    done = [table.column(name).done != 0 for name in table.columns()]
    return kept_sentence(int(np.all(done, axis=0).sum()) if done else 0, len(table.index.ids))


def kept_sentence(done: int, records: int) -> str:
    """Say how many records have all their scores, which are kept, of how many."""
    if not done:
        return _("No record is fully scored yet.")
    return ngettext(
        "The scores of {done:,} of {count:,} record are kept.",
        "The scores of {done:,} of {count:,} records are kept.",
        records,
        done=done,
    )


def _score_by_key(project: Project, score: KeyedScore, limit: int | None) -> int:
    """Compute a score from the source's secret; return for how many records."""
    with project.exclusive():
        table = project.table
        rows = np.arange(len(table.index.ids))[:limit]
        column = table.column(score.name)
        if not column.done[rows].all():
            with ledger_of(project).session() as session:
                index = table.index
                marks = source_marks(index.content, index.people, index.whole_rows)
                account = session.claim(marks)
                # The demo's records are public; its scores are the same on every machine.
                secret = b"demo" if project.settings.demo else session.secret(account)
            column.write(rows, np.array([score.keyed(secret, table.index.ids[row]) for row in rows]))
            column.mark_done(rows)
        project.scores[score.name] = Conditions(
            program=__version__, variant=score.variant, device="none"
        )
        project.save()
        return len(rows)

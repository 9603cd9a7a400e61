"""Read a project for display: arrays for all records, and a picture of one record on demand."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.label_forms import label_items, shown_label
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredSource
from dataselect_gui.project.table import Index
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.kinds import kind_named
from dataselect_gui.records.kinds.kind import Lines, Picture
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.catalog import in_order
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.rules import RecordRule, Rule
from dataselect_gui.selection.selecting import Selection, select
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.tasks.registry import TASKS
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from dataselect_gui.workflow.answers import RecordAnswers, answers_of
from dataselect_gui.workflow.calibrated_rules import calibrated_rule
from dataselect_gui.workflow.decisions import Decision, decision_of
from dataselect_gui.workflow.marks import among
from dataselect_gui.workflow.reasons import reasons_of
from dataselect_gui.workflow.selecting import classes_for, rule_of
from dataselect_gui.workflow.switching import KeptScores, kept_scores
from dataselect_gui.workflow.viewing import note_view

_NOTHING = Index(ids=(), labels=(), units=None, content=np.empty((0, 32), dtype=np.uint8))


@dataclass(frozen=True)
class Look:
    """The content of a project, as it was when it was read.

    Attributes
    ----------
    folder : Path
        The project.
    name : str
        Its display name.
    records : SourceRef
        Where the records are, or were, and how they are read.
    record_kind : str
        The name of the kind of record that they are.
    checkpoint : Path
        Where the checkpoint is, or was.
    ids : sequence of str
        In the source's order, shape (n,); none where scoring ended before it had read the records.
    content : ndarray of uint8
        The SHA-256 of each record as it was scored, shape (n, 32).
    labels : sequence of str or None
        Shape (n,).
    classes : sequence of str or None
        The labels in the consortium's spelling, shape (n,), where the project's rule or the request's
        reads them; None where none does, or where the checkpoint or the source moved.
    units : sequence of str or None
        Shape (n,).
    scores : dict
        Score → values, each of shape (n,), NaN where there is none.
    unscored : int
        How many records still lack a score that was begun.
    withheld, opted_out : ndarray of bool
        The records that the owner withholds, and those whose units opted out, shape (n,).
    opted_out_units : frozenset of str
        All units that opted out, also those without records.
    problems : dict
        Why records have no scores, or lack some: id → reason.
    rule : Rule or None
        The rule, where there is one.
    request : Request
        The consortium's.
    task : str
        What the model predicts.
    in_training : str or None
        The remembered answer.
    form : WrittenForm or None
        In which its records leave; None where they are not there.
    is_read : bool
        Whether a person reads its records, as texts, rather than looks at pictures.
    other_checkpoints : sequence of KeptScores
        The other checkpoints by which there are scores.
    class_of : mapping of str to str
        The model's class of each label that is a number or was matched by the owner's table.
    decision : Decision or None
        What was decided about leaving records out; None where nothing was.
    checkpoint_digest : str
        The checkpoint's, as it was when its scores were computed.
    answers : RecordAnswers or None
        What the model answers; None where an earlier version scored, and kept no answers.
    is_demo : bool
        Whether records and checkpoint are those that come with the program.
    """

    folder: Path
    name: str
    records: SourceRef
    record_kind: str
    checkpoint: Path
    ids: Sequence[str]
    content: NDArray[np.uint8]
    labels: Sequence[str | None]
    classes: Sequence[str | None] | None
    units: Sequence[str] | None
    scores: dict[str, NDArray[np.float64]]
    unscored: int
    withheld: NDArray[np.bool_]
    opted_out: NDArray[np.bool_]
    opted_out_units: frozenset[str]
    problems: dict[str, str]
    rule: Rule | None
    request: Request
    task: TaskName
    in_training: str | None
    form: WrittenForm | None = None
    is_read: bool = False
    other_checkpoints: Sequence[KeptScores] = ()
    class_of: Mapping[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    is_demo: bool = False
    checkpoint_digest: str = ""
    answers: RecordAnswers | None = None

    @property
    def has_classes(self) -> bool:
        """Whether a label is one class of several that exclude each other."""
        return TASKS[self.task].has_classes

    def label_of(self, row: int) -> str | None:
        """Return the label of a record as a person reads it; None where it has none."""
        label = self.labels[row]
        if label is None:
            return None
        if self.has_classes:
            return self.class_shown(label)
        if self.task == "regression":
            return ", ".join(map(_rounded, label_items(label)))
        return shown_label(label)

    def class_shown(self, label: str) -> str:
        """Return a label that is one class, with what the model calls it where that is not plain."""
        name = self.class_of.get(label)
        return label if name is None else f"{label} → {name}"

    @property
    def source(self) -> Path:
        """Where the records are, or were."""
        return self.records.path

    @property
    def unit_column(self) -> str | None:
        """The column that names the units; None where each record is a unit."""
        return self.records.unit_column

    @property
    def eligible(self) -> NDArray[np.bool_]:
        """The records that may take part in a release, shape (n,)."""
        return ~(self.withheld | self.opted_out)

    def picked_by(self, rule: Rule | None, eligible: NDArray[np.bool_]) -> Selection:
        """Return what a rule picks; nothing where it reads what there is not."""
        lacks_classes = isinstance(rule, RecordRule) and rule.reads_classes and self.classes is None
        if rule is None or lacks_classes or not set(rule.scores) <= set(self.scores):
            return Selection(np.zeros(len(eligible), dtype=bool), None)
        return select(rule, self.scores, eligible, self.classes)

    @property
    def is_finished(self) -> bool:
        """Whether scoring finished."""
        return bool(self.scores) and not self.unscored

    @property
    def waits_for_count(self) -> bool:
        """Whether a noised count is to decide what is left out, and was not drawn yet."""
        return self.decision is not None and self.decision.is_waiting


def look(project_path: Path) -> Look:
    """Read a project.

    Raises
    ------
    UnusableError
        Where it is none, or it cannot be noted there that scores are shown.
    """
    project = Project.open(project_path)
    settings = project.settings
    checkpoint = Path(settings.checkpoint.path)
    try:
        opened = find_checkpoint(checkpoint)
        request, task = opened.request, opened.task.name
    except UnusableError:  # The checkpoint moved: scores can still be looked at.
        opened, request, task = None, Request(), SINGLE_LABEL.name
    kind = kind_named(settings.source.kind)
    table = None if settings.table is None else project.table
    index = _NOTHING if table is None else table.index
    names = [] if table is None else in_order(table.columns())
    undone = np.zeros(len(index.ids), dtype=bool)
    scores = {}
    if table is not None:
        for name in names:
            scores[name] = table.values(name)
            undone |= table.column(name).done == 0
    answers = None if table is None else answers_of(table)
    has_answers = answers is not None and answers.are_there.any()
    if has_answers or any(not np.isnan(values).all() for values in scores.values()):
        note_view(project)
    return Look(
        folder=project_path,
        name="Demo" if settings.demo else project_path.stem,
        records=settings.source.ref,
        record_kind=settings.source.kind,
        checkpoint=checkpoint,
        ids=index.ids,
        content=index.content,
        labels=index.labels,
        classes=None if table is None else _classes(project, request),
        units=index.units,
        scores=scores,
        unscored=int(undone.sum()),
        withheld=among(index.ids, project.withheld),
        opted_out=among(index.units or index.ids, project.opted_out),
        opted_out_units=frozenset(project.opted_out),
        problems={} if table is None else reasons_of(table),
        rule=rule_of(project),
        request=request,
        task=task,
        in_training=settings.in_training,
        form=kind.form_at(settings.source.ref),
        is_read=kind.is_read,
        other_checkpoints=kept_scores(project),
        decision=decision_of(project),
        is_demo=settings.demo,
        checkpoint_digest=settings.checkpoint.digest,
        answers=answers,
        class_of={} if opened is None else _class_of(opened, settings.source, index.labels),
    )


def _classes(project: Project, request: Request) -> Sequence[str | None] | None:
    """Return the class of each record, where one of the rules that may be shown reads it."""
    with contextlib.suppress(UnusableError, UsageError):
        for rule in (rule_of(project), request.asked_rule, calibrated_rule(request)):
            classes = None if rule is None else classes_for(project, rule)
            if classes is not None:
                return CodedClasses.of(classes)
    return None


def _class_of(
    checkpoint: Checkpoint, source: StoredSource, labels: Sequence[str | None]
) -> dict[str, str]:
    """Return the model's name of each label that does not have it, as far as that is certain.

    Whether a number is the index of a class depends on what the source states of its own classes, which
    a project does not hold: tables and texts in a table state nothing, of all others only what the
    owner's table says is known here.
    """
    if not checkpoint.task.has_classes:
        return {}
    ref = source.ref
    states_nothing = kind_named(source.kind).is_read and ref.path.is_file()  # Such tables name none.
    try:
        reader = LabelReader.of(checkpoint, None if states_nothing else (), ref.labels)
    except (UnusableError, UsageError):  # The checkpoint was exchanged.
        return {}
    matches = reader.account(labels).matches
    return {
        match.label: match.name
        for match in matches
        if match.name is not None and match.how in {"number", "table"} and match.name != match.label
    }


def prepare_pictures() -> None:
    """Start the decoding process, so that it is ready when the first picture is needed."""
    shared().begin()


class Pictures:
    """Decodes records of a project into pictures; safe to use from several threads.

    Parameters
    ----------
    project : Look
        The project.

    Raises
    ------
    UnusableError
        Where the source is not where it was.
    """

    def __init__(self, project: Look) -> None:
        shared().begin()  # It starts while the source is listed.
        self._source = open_source(project.records)
        self._records = ScoredRecords(self._source, project.ids, project.content)

    def picture(self, row: int, most: int | None = None) -> Picture | Lines:
        """Return what a person sees of a record, decoded in the confined process.

        Parameters
        ----------
        row : int
            Its row in the project.
        most : int or None
            The longest side allowed, in pixels; None for the original size. It is never enlarged.

        Raises
        ------
        ChangedRecordError
            Where it is gone, or its content is not what was scored.
        UnreadableRecordError
            Where it cannot be read.
        """
        return shared().look(self._source.kind, self._records.read(row), most)


def _rounded(text: str) -> str:
    """Return a number to four digits, and anything else as it is."""
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text

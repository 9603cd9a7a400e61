"""Read a project for display: arrays for all records, and a picture of one record on demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
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
from dataselect_gui.project.table import Index, reads_label
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.kinds import kind_named
from dataselect_gui.records.kinds.kind import Lines, Picture, RecordKind
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
from dataselect_gui.workflow.answers import RecordAnswers, kept_answers_of
from dataselect_gui.workflow.as_scored import AsScored, by_row, own_classes
from dataselect_gui.workflow.decisions import Decision, decision_of
from dataselect_gui.workflow.marks import among
from dataselect_gui.workflow.reasons import reasons_of
from dataselect_gui.workflow.record_classes import RecordClasses
from dataselect_gui.workflow.score_choices import ScoreChoice, choices_of
from dataselect_gui.workflow.selecting import rule_of
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
        As the owner gave them in the project, shape (n,).
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
    own_labels : sequence of str or None
        As the owner's files have them, shape (n,).
    relabelled : mapping of int to str or None
        Row → the label that the owner gave a record in the project.
    waiting : sequence of int
        The records that wait to be scored again since they have another label.
    as_scored : AsScored
        What was computed.
    choices : sequence of ScoreChoice
        The scores that can be computed with the checkpoint; none where it moved.
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
    own_labels: Sequence[str | None] = ()
    relabelled: Mapping[int, str | None] = field(default_factory=dict)
    waiting: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    as_scored: AsScored = field(default_factory=AsScored)
    choices: Sequence[ScoreChoice] = ()

    def with_labels(self, given: Mapping[int, str | None]) -> "Look":
        """Return the same project with other labels.

        What does not hold for a record's new label is not there; where it has the label again by which
        it was scored, it is there again.

        Parameters
        ----------
        given : mapping of int to str or None
            Row → the label that the owner gives a record; all others have that of the owner's files.
        """
        kept, labels = self.as_scored, list(self.own_labels)
        for row, label in given.items():
            labels[row] = label
        touched = sorted({*given, *kept.labels})
        waiting = np.array(
            [row for row in touched if labels[row] != kept.labels.get(row, self.own_labels[row])],
            dtype=np.int64,
        )
        scores = dict(kept.scores)
        for name in filter(reads_label, scores if len(waiting) else ()):
            scores[name] = scores[name].copy()
            scores[name][waiting] = np.nan
        undone = kept.undone.copy()
        undone[waiting] |= any(map(reads_label, scores))
        # A record that cannot be read stays so, whatever its label is.
        other = {self.ids[row] for row in waiting.tolist() if self.content[row].any()}
        classes = kept.classes
        if classes is not None:
            classes = classes.changed({row: kept.class_of.get(new, new) for row, new in given.items()})
        return replace(
            self,
            labels=labels,
            relabelled=dict(given),
            waiting=waiting,
            scores=scores,
            unscored=int(undone.sum()),
            answers=None if kept.answers is None else kept.answers.without_comparing(waiting),
            problems={name: why for name, why in kept.problems.items() if name not in other},
            classes=classes,
        )

    def with_classes(self, classes: RecordClasses) -> "Look":
        """Return the same project with the class of each record, which rules may read."""
        as_scored = replace(self.as_scored, classes=classes.own, class_of=classes.class_of)
        return replace(self, as_scored=as_scored).with_labels(self.relabelled)

    @property
    def has_classes(self) -> bool:
        """Whether a label is one class of several that exclude each other."""
        return TASKS[self.task].has_classes

    def label_of(self, row: int) -> str | None:
        """Return the label of a record as a person reads it; None where it has none."""
        label = self.labels[row]
        return None if label is None else self.shown(label)

    def shown(self, label: str) -> str:
        """Return a label as a person reads it."""
        if self.has_classes:
            return self.class_shown(label)
        if self.task == "regression":
            return ", ".join(map(_rounded, label_items(label)))
        return shown_label(label)

    def class_shown(self, label: str) -> str:
        """Return a label that is one class, with what the model calls it where that is not plain."""
        name = self.class_of.get(label)
        return label if name is None else f"{label} → {name}"

    def is_corrected(self, row: int) -> bool:
        """Say whether a record has another label than in the owner's files."""
        return row in self.relabelled and self.labels[row] != self.own_labels[row]

    @property
    def is_relabelled(self) -> NDArray[np.bool_]:
        """The records that have another label than in the owner's files, shape (n,)."""
        are = np.zeros(len(self.ids), dtype=bool)
        are[[row for row, label in self.relabelled.items() if label != self.own_labels[row]]] = True
        return are

    @cached_property
    def coded_labels(self) -> CodedClasses:
        """The labels of the records, each as a number."""
        return CodedClasses.of(self.labels)

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
            column = table.column(name)
            scores[name] = np.where(column.kept, column.values, np.nan)
            undone |= ~column.kept
    answers = None if table is None else kept_answers_of(table)
    has_answers = answers is not None and answers.are_there.any()
    if has_answers or any(not np.isnan(values).all() for values in scores.values()):
        note_view(project)
    own = index.labels if table is None else table.own.labels
    classes, class_of = (None, {}) if table is None else own_classes(project, request)
    problems = {} if table is None else reasons_of(table)
    as_scored = AsScored(
        by_row(settings.scored_as, index), scores, undone, answers, problems, classes, class_of
    )
    seen = Look(
        folder=project_path,
        name="Demo" if settings.demo else project_path.stem,
        records=settings.source.ref,
        record_kind=settings.source.kind,
        checkpoint=checkpoint,
        ids=index.ids,
        content=index.content,
        labels=own,
        classes=classes,
        units=index.units,
        scores=scores,
        unscored=int(undone.sum()),
        withheld=among(index.ids, project.withheld),
        opted_out=among(index.units or index.ids, project.opted_out),
        opted_out_units=frozenset(project.opted_out),
        problems=problems,
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
        class_of={}
        if opened is None
        else _class_of(opened, settings.source, [*own, *settings.relabelled.values()]),
        own_labels=own,
        as_scored=as_scored,
        choices=()
        if opened is None
        else choices_of(opened, labelled=any(label is not None for label in own)),
    )
    return seen.with_labels(by_row(settings.relabelled, index))


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

    @property
    def kind(self) -> RecordKind:
        """What the records are."""
        return self._source.kind

    def stored(self, row: int) -> bytes:
        """Return the stored bytes of a record, which are those that were scored.

        Raises
        ------
        ChangedRecordError, UnreadableRecordError
            As for `picture`.
        """
        return self._records.read(row)

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
        return shared().look(self.kind, self.stored(row), most)


def _rounded(text: str) -> str:
    """Return a number to four digits, and anything else as it is."""
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text

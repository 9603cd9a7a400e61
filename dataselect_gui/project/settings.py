"""What the settings of a project hold, as types: damaged ones are noticed when it is opened.

Whom the owner withholds stands here. So a name that no version wrote, or one that is given twice, is
damage: what it was meant to say would not be done.

Format 1 had one checkpoint for all scores: ``scores`` told how each is computed, and their columns lay
beside the table's index. Since format 2 ``scores`` does so for each checkpoint, by its digest; where
a project comes from format 1, ``loose_scores`` is the digest of the checkpoint whose columns still lie
there.
"""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dataselect_gui.privacy.amounts import decimal_of
from dataselect_gui.records.reference import AS_THEY_ARE, LabelRule, SourceRef
from dataselect_gui.selection.forms import RuleForm, read_rule, rule_form
from dataselect_gui.selection.rules import (
    CutBy,
    Everything,
    FixedRule,
    RecordRule,
    Rule,
    ScoreCut,
    is_cut,
)

FORMAT: Literal[2] = 2
# Scores and digests are the names of files and folders, too.
SCORE_NAME = r"\A[a-z0-9_-]{1,100}\Z"
ScoreName = Annotated[str, Meta(pattern=SCORE_NAME)]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-z]{1,64}\Z")]
TableName = Annotated[str, Meta(pattern=r"\Atable-[0-9]{1,9}\Z")]
StoredPath = Annotated[str, Meta(pattern=r"\A[^\0]*\Z")]
Device = Literal["cpu", "cuda", "mps", "none"]
LeaveOut = Literal["none", "wrong", "count"]
"""What is left out: nothing, records that look wrong, or what a noised count decides."""
MOST_PLACES = 1 << 20
"""Of a batch: bundles state it, and state no more."""
_MOST_THREADS = 1 << 12


class StoredSource(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a project's records are, and how they are read.

    Attributes
    ----------
    path : str
        The folder or file.
    kind : str
        The kind of its records, as a `Source` states it.
    label_column, unit_column, split, text_column, feature_columns, labels, pixel_range
        As `SourceRef` has them.
    """

    path: StoredPath
    kind: str
    label_column: str | None
    unit_column: str | None
    split: str | None = None
    text_column: str | None = None
    feature_columns: tuple[str, ...] = ()
    labels: LabelRule = AS_THEY_ARE
    pixel_range: tuple[float, float] | None = None

    @classmethod
    def of(cls, ref: SourceRef, kind: str) -> Self:
        """Return what is stored of a source of a kind."""
        return cls(
            str(ref.path),
            kind,
            ref.label_column,
            ref.unit_column,
            ref.split,
            ref.text_column,
            ref.feature_columns,
            ref.labels,
            ref.pixel_range,
        )

    @property
    def ref(self) -> SourceRef:
        """The records that are meant."""
        return SourceRef(
            Path(self.path),
            self.label_column,
            self.unit_column,
            self.split,
            self.text_column,
            self.feature_columns,
            self.labels,
            self.pixel_range,
        )


class StoredCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a project's checkpoint is, and the digest by which it is known."""

    path: StoredPath
    digest: Digest


class Conditions(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How a score is computed: once it is settled, it stays so.

    Attributes
    ----------
    fixed : bool
        Whether the size of batches was settled before the first record was read.
    program : str
        The version of the program.
    variant : str
        The score's variant.
    device : str
        Where: ``cpu``, ``cuda`` or ``mps``; ``none`` for a score that needs no model.
    precision : str or None
        ``float32`` or ``float64``; None where no model is needed, or an earlier version wrote none.
    threads : int or None
        How many compute; None as above.
    batch : int or None
        The places of a batch; None as above.
    """

    fixed: bool = False
    program: str
    variant: str
    device: Device
    precision: Literal["float32", "float64"] | None = None
    threads: Annotated[int, Meta(ge=1, le=_MOST_THREADS)] | None = None
    batch: Annotated[int, Meta(ge=1, le=MOST_PLACES)] | None = None


class StoredRule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The rule that picks records.

    Attributes
    ----------
    score, by, value, lowest : str, str, str and bool
        Of a cut, as every version wrote it, its value as it was stated; UNSET of any other rule.
    form : str or dict
        The written form of a rule that is no cut, see `rule_form`; UNSET of a cut.
    """

    score: ScoreName | UnsetType = UNSET
    by: CutBy | UnsetType = UNSET
    value: str | UnsetType = UNSET
    lowest: bool | UnsetType = UNSET
    form: RuleForm | UnsetType = UNSET

    def __post_init__(self) -> None:
        rule = self.rule
        if not all(re.fullmatch(SCORE_NAME, score) for score in rule.scores):
            raise ValueError("a score of the rule has no name that a score can have")

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """Return what is stored of a rule."""
        if isinstance(rule, ScoreCut):
            return cls(rule.score, rule.by, str(rule.value), rule.lowest)
        return cls(form=rule_form(rule))

    @property
    def rule(self) -> Rule:
        """The rule that is meant."""
        cut = (self.score, self.by, self.value, self.lowest)
        if self.form is not UNSET:
            if any(field is not UNSET for field in cut):
                raise ValueError("a rule is two rules")
            return read_rule(self.form)
        if self.score is UNSET or self.by is UNSET or self.value is UNSET or self.lowest is UNSET:
            raise ValueError("a part of the rule is missing")
        value = decimal_of(self.value)
        if value is None or not is_cut(self.by, value):
            raise ValueError("the value is no number, or none that a rule can have")
        return ScoreCut(self.score, self.by, value, self.lowest)


class StoredDecision(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The decision about what is left out.

    Attributes
    ----------
    leave_out : str
        What was decided.
    rule : dict or UNSET
        The written form of the rule that says which records look wrong; UNSET where none is left out.
    alpha : str or UNSET
        The α of that rule.
    epsilon : str or UNSET
        The ε of a count that decides.
    is_late : bool
        Whether it was taken after a score of the records had been shown.
    answer : str or None
        What the count decided; None as long as it was not drawn, and where none decides.
    paid : str
        The ε of all counts that were drawn on the way to it.
    """

    leave_out: LeaveOut
    rule: RuleForm | UnsetType = UNSET
    alpha: str | UnsetType = UNSET
    epsilon: str | UnsetType = UNSET
    is_late: bool = False
    answer: Literal["none", "wrong"] | None = None
    paid: str = "0"

    def __post_init__(self) -> None:
        is_count, has_rule = self.leave_out == "count", isinstance(self.wrong_rule, RecordRule)
        if (has_rule, self.alpha is not UNSET) != (self.leave_out != "none",) * 2:
            raise ValueError("a decision has a rule without a use for it, or lacks one")
        if (self.epsilon is not UNSET) != is_count or (self.answer is not None and not is_count):
            raise ValueError("a decision has parts of a count, or lacks some")
        for text in (self.paid, self.epsilon, self.alpha):
            amount = Decimal(0) if text is UNSET else decimal_of(text)
            if amount is None or amount < 0:
                raise ValueError("a number of a decision is no amount")

    @property
    def wrong_rule(self) -> FixedRule | None:
        """The rule that says which records look wrong."""
        return None if self.rule is UNSET else read_rule(self.rule)

    @property
    def decided_rule(self) -> FixedRule | None:
        """The rule that it comes to; None where a count was not drawn yet."""
        result = self.answer if self.leave_out == "count" else self.leave_out
        return self.wrong_rule if result == "wrong" else None if result is None else Everything()


class KeptCheckpoint(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a project keeps of a checkpoint while another one is its own; its scores lie in the table.

    Attributes
    ----------
    path : str
        Where it was.
    in_training, rule, ended_by, reference_in_training, decision
        As `ProjectSettings` has them of the project's own checkpoint.
    """

    path: StoredPath
    in_training: str | None = None
    rule: StoredRule | None = None
    ended_by: list[str] = []
    reference_in_training: str | None = None
    decision: StoredDecision | None = None


class EarlierRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a version that chose the precision by itself wrote of its last run."""

    precision: Literal["float32", "float64"] | None = None


class ProjectSettings(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What ``project.json`` holds.

    Attributes
    ----------
    format : int
        The version of this form.
    program : str
        The version of the program that made the project.
    source : StoredSource
        The records.
    checkpoint : StoredCheckpoint
        What the consortium shares.
    demo : bool
        Whether it is the demo's, with a ledger of its own beside it.
    table : str or None
        The folder of the table in force; None where none was written yet.
    scores : dict
        Checkpoint's digest → score → how it is computed.
    other_checkpoints : dict
        Checkpoint's digest → what is kept of it; those by which there are scores, but for the own one.
    in_training : str or None
        The answer about training; None where none was given.
    reference_in_training : str or None
        The same of the reference state of the request.
    rule : StoredRule or None
        The rule that selects; None where there is none.
    withheld : list of str
        The ids that the owner withholds.
    opted_out : list of str
        The units that registers name.
    ended_by : list of str
        Records that ended a run as they were computed by themselves.
    loose_scores : str or UNSET
        The checkpoint whose columns lie beside the index, as format 1 had them.
    run : EarlierRun or None
        The last run, where an earlier version wrote of it.
    account : str or None
        The id of the source's account in the ledger; None as long as it claimed none.
    notes_views : bool
        Whether the ledger knows of every view of its scores: not so where an earlier version made it.
    decision : StoredDecision or None
        About what is left out; None where none was taken.
    relabelled : dict
        Id → the label that the owner gave a record in this project, None for no label.
    scored_as : dict
        Id → the label by which a record's scores in the table were computed, where the source has
        another one for it.
    """

    format: Literal[2]
    program: str
    source: StoredSource
    checkpoint: StoredCheckpoint
    demo: bool
    table: TableName | None
    scores: dict[Digest, dict[ScoreName, Conditions]]
    in_training: str | None
    rule: StoredRule | None
    withheld: list[str]
    reference_in_training: str | None = None
    opted_out: list[str] = []
    ended_by: list[str] = []
    other_checkpoints: dict[Digest, KeptCheckpoint] = {}
    loose_scores: Digest | UnsetType = UNSET
    run: EarlierRun | None = None
    account: str | None = None
    notes_views: bool = False
    decision: StoredDecision | None = None
    relabelled: dict[str, str | None] = {}
    scored_as: dict[str, str | None] = {}


def read_settings(stored: bytes) -> ProjectSettings:
    """Read settings as any version of the program wrote them.

    Raises
    ------
    ValueError
        Where they are damaged, or come from a newer version.
    """
    try:
        document = msgspec.json.decode(stored, type=dict[str, object])
        json.loads(stored, object_pairs_hook=_once)
        return msgspec.convert(_migrated(document), ProjectSettings)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def written(settings: ProjectSettings) -> dict[str, object]:
    """Return the settings as JSON holds them."""
    document: dict[str, object] = msgspec.to_builtins(settings)
    return document


def _once(pairs: list[tuple[str, object]]) -> None:
    """Refuse an object that gives a name twice: of the two, a parser takes one without a word."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is given twice")


def _migrated(document: dict[str, object]) -> dict[str, object]:
    """Return a document of format 1, or with what is not kept here any more, as format 2 has it."""
    document.pop("shown", None)  # Once the marks at the first view, which the ledger knows now.
    match document:
        case {"format": 1, "checkpoint": {"digest": str(digest)}, "scores": scores}:
            return document | {"format": FORMAT, "scores": {digest: scores}, "loose_scores": digest}
    return document

"""The candidates of a release: the records of a project as they were scored, read again.

Where chance may pick any record, each is decoded before anything is charged: one that cannot be read is
left out. Where the release is carried out, it is cleaned at the same time, so that it is decoded once
for both.
"""

import json
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.reference import LabelRule, SourceRef
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import ChangedRecordError, Source, UnreadableRecordError
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.selection.forms import rule_form
from dataselect_gui.selection.rules import Rule, ScoreCut
from dataselect_gui.selection.selecting import Scores, select
from dataselect_gui.texts import _, ngettext
from dataselect_gui.workflow.marks import eligible_records
from dataselect_gui.workflow.relabelling import check_none_waits
from dataselect_gui.workflow.selecting import checkpoint_path


def candidates_of(
    project: Project,
    rule: Rule,
    checkpoint: Checkpoint,
    context: JobContext,
    *,
    only_readable: bool,
    by_class: bool,
    reading: bool,
    cleaning: bool,
) -> Candidates:
    """Return the candidates of a release.

    Parameters
    ----------
    project : Project
        Whose records.
    rule : Rule
        The project's rule.
    checkpoint : Checkpoint
        The consortium's.
    context : JobContext
        Reports progress.
    only_readable : bool
        Whether records that cannot be read are left out.
    by_class : bool
        Whether their classes are counted.
    reading : bool
        Whether they are read again; otherwise they are assumed to be as they were scored.
    cleaning : bool
        Whether all of them may leave in a release that is carried out: each is cleaned then, too.

    Raises
    ------
    UnusableError
        Where records are not what was scored.
    """
    ref, table = project.settings.source.ref, project.table
    index = table.index
    check_none_waits(table, rule, eligible_records(project, index.ids))
    source = open_source(ref)
    context.report(Phase.READING_RECORDS, 0, len(index.ids))
    if reading:
        reread = _read_again(source, table.own, context, decoding=only_readable, cleaning=cleaning)
    else:
        problems = table.problems()
        reread = _Reread([row for row, record in enumerate(index.ids) if record in problems])
    eligible = eligible_records(project, index.ids)
    if only_readable:
        eligible[reread.unreadable] = False
    values = {score: table.values(score) for score in rule.scores}
    for score, column in values.items():
        _check_read(score, column, index.content)
    reader = LabelReader.of(checkpoint, source.classes, ref.labels)
    labels = [reader.written(label) for label in index.labels]
    selection = select(rule, values, eligible, labels)
    return Candidates(
        source=source,
        index=index,
        scores=_frozen(rule, values, len(index.ids)),
        eligible=eligible,
        chosen=selection.chosen,
        unit_column=ref.unit_column,
        scored_by=" ".join(project.scores[score].program for score in rule.scores),
        labels=labels,
        columns=_known_by(ref),
        label_rule=_stored_rule(ref.labels),
        classes=reader.named_classes(index.labels) if by_class else None,
        unwritable=reread.unwritable,
        rule=None if isinstance(rule, ScoreCut) else json.dumps(rule_form(rule)),
        keep=selection.keep,
    )


def checkpoint_of(project: Project) -> Checkpoint:
    """Return a project's checkpoint.

    Raises
    ------
    UnusableError
        Where it is not there, or not the one that the scores were made with.
    """
    checkpoint = find_checkpoint(checkpoint_path(project))
    if checkpoint.digest() != project.settings.checkpoint.digest:
        raise UnusableError(
            _("The checkpoint is not the one that the scores were made with."),
            _("Its files changed since."),
            _("Put the checkpoint back as it was, or score the source into a new project."),
        )
    return checkpoint


def _frozen(rule: Rule, values: Scores, count: int) -> NDArray[np.float64]:
    """Return the scores that a rule reads, as `Candidates.scores` has them."""
    if isinstance(rule, ScoreCut):
        return values[rule.score]
    return np.stack(list(values.values()), axis=1) if values else np.empty((count, 0))


def _known_by(ref: SourceRef) -> str:
    """Return of which columns of a table a record's content consists."""
    columns = ref.feature_columns or ((ref.text_column,) if ref.text_column else ())
    return json.dumps(columns) if columns else ""


def _stored_rule(rule: LabelRule) -> str | None:
    return None if rule == LabelRule() else msgspec.json.encode(rule).decode()


@dataclass(frozen=True)
class _Reread:
    """The result of reading records again.

    Attributes
    ----------
    unreadable : list of int
        The rows that cannot be read.
    unwritable : dict or None
        As `Candidates.unwritable`.
    """

    unreadable: list[int] = field(default_factory=list)
    unwritable: dict[int, str] | None = None


def _read_again(
    source: Source, index: Index, context: JobContext, *, decoding: bool, cleaning: bool
) -> _Reread:
    """Read records again, and refuse those that are not as they were scored.

    Parameters
    ----------
    source : Source
        Where they are.
    index : Index
        The records as they were scored, as their source labels them.
    context : JobContext
        Reports progress.
    decoding : bool
        Whether each is decoded, to see that it can be.
    cleaning : bool
        Whether it is cleaned at the same time.
    """
    records = ScoredRecords(source, index.ids, index.content)
    current, scored = _labels_and_units(source), _labels_and_units(index)
    reread, stale = _Reread(unwritable={} if cleaning else None), 0
    phase = Phase.CHECKING_WHAT_LEAVES if cleaning else Phase.READING_RECORDS
    for row, place in enumerate(records.places):
        if place is not None and current[place] != scored[row]:
            stale += 1
        elif not records.was_read(row):
            reread.unreadable.append(row)  # It has no score.
        else:
            try:
                stored = records.read(row)
            except ChangedRecordError:
                stale += 1
                continue
            if decoding:
                context.report(phase, row, len(records.places))
                _decode(source, row, stored, reread)
    if stale:
        raise _changed(stale)
    return reread


def _check_read(score: str, values: NDArray[np.float64], content: NDArray[np.uint8]) -> None:
    """Refuse scores of records of which no content is known: they would be charged to nobody."""
    scored = ~np.isnan(values) & ~content.any(axis=1)
    if find_score(score).needs_model and scored.any():
        raise _changed(int(scored.sum()))


def _changed(count: int) -> UnusableError:
    return UnusableError(
        ngettext(
            "{count} record changed or went missing since it was scored.",
            "{count} records changed or went missing since they were scored.",
            count,
        ),
        _("Their scores are not theirs any more."),
        _("Score the records again: only what changed is scored anew."),
    )


def _decode(source: Source, row: int, stored: bytes, reread: _Reread) -> None:
    """Note in `reread` whether a record cannot be read or, if requested, cannot be cleaned."""
    try:
        if reread.unwritable is None:
            shared().check(source.kind, stored)
        elif (reason := shared().check_leaving(source.kind, stored)) is not None:
            reread.unwritable[row] = reason
    except UnreadableRecordError:
        reread.unreadable.append(row)


def _labels_and_units(listed: Source | Index) -> list[tuple[str | None, str | None]]:
    """Return the label and the unit of each record."""
    units = [None] * len(listed.ids) if listed.units is None else listed.units
    return list(zip(listed.labels, units, strict=True))

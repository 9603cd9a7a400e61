"""What a bundle, a checkpoint or a source is, and what is wrong with it."""

import re
from dataclasses import replace
from typing import assert_never

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.label_account import LabelAccount
from dataselect_gui.checkpoints.label_column import proposal_sentence, proposed_column
from dataselect_gui.checkpoints.labels import LabelReader, outputs_of
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.records.kinds import kind_of
from dataselect_gui.records.opening import TEXT_COLUMN, for_model, open_source
from dataselect_gui.records.source import Source, SourceRef, UnknownRangeError, UnreadableRecordError
from dataselect_gui.records.splits import SplitNeededError
from dataselect_gui.records.text_input import TextInput
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.scoring.names import Batching
from dataselect_gui.texts import ngettext
from dataselect_gui.worker.jobs import InspectJob
from dataselect_gui.worker.results import (
    BundleInspected,
    CheckpointFacts,
    CheckpointInspected,
    InspectionResult,
    ProblemFound,
    SourceInspected,
)
from dataselect_gui.worker.verify_run import checks_of

_PERSON = re.compile(
    r"(patient|subject|participant|person|individual)[ _-]?(id|uid|no|nr|number|key|name)?",
    re.IGNORECASE,
)

_LABELS = ("label", "y")
"""The columns that hold labels where none is named."""


def run_inspection(job: InspectJob, context: JobContext) -> InspectionResult:
    """Look at what was given.

    Raises
    ------
    UnusableError
        Where it is none of these.
    InterruptedByPersonError
        Where it was stopped.
    """
    match job.read_as:
        case "bundle":
            checked = checks_of(job.path, None, None)
            bundle = BundleInspected(problems=[], checks=checked.checks, release=checked.release)
            return InspectionResult(inspected=bundle)
        case "checkpoint":
            return InspectionResult(inspected=_checkpoint(find_checkpoint(job.path), job.records))
        case "source":
            return InspectionResult(inspected=_source(job.records or SourceRef(job.path), context))
        case _:
            assert_never(job.read_as)


def _checkpoint(checkpoint: Checkpoint, records: SourceRef | None) -> CheckpointInspected:
    batching: Batching = "by family"
    if checkpoint.final.form == "exported":
        from dataselect_gui.scoring.model import choose_device, load_model

        batching = load_model(checkpoint.final, choose_device("cpu")).batching
    if checkpoint.final.tokenizer is not None:
        TextInput(checkpoint.final)  # Refused here, where it cannot be used.
    architecture = checkpoint.final.config.get("model_type")
    features, notes = checkpoint.final.features, list[str]()
    account = proposed = None
    if records is not None:
        records = for_model(records, checkpoint)
        source = open_source(records)
        proposed = proposed_column(records, source, checkpoint)
        if proposed is not None:
            source = open_source(replace(records, label_column=proposed))
        account = LabelReader.of(checkpoint, source.classes, records.labels).account(source.labels)
        notes = source.kind.fit_notes(source, checkpoint.final)
        if proposed is not None:
            notes.insert(0, proposal_sentence(proposed))
    scores = applicable(
        None,
        series=len(checkpoint.series),
        labelled=True,
        request=checkpoint.request,
        task=checkpoint.task.name,
        indexed=checkpoint.indexed,
    )
    return CheckpointInspected(
        problems=[],
        labels=list(checkpoint.labels),
        series=[member.step for member in checkpoint.series],
        request=checkpoint.request.content,
        unknown_in_request=sorted(checkpoint.request.unknown),
        digest=checkpoint.digest(),
        preflight=CheckpointFacts(
            form=checkpoint.final.form,
            batching=batching,
            architecture=architecture if isinstance(architecture, str) else None,
            elements=checkpoint.final.parameters,
            preprocessing=checkpoint.final.processor is not None,
            scores=[score.name for score in scores],
            task=checkpoint.task.name,
            labels=None if account is None else _indices(account),
            label_account=account,
            proposed_label=proposed,
            features=[] if features is None else list(map(str, features.features)),
            feature_columns=[] if features is None else list(features.columns),
            takes_texts=checkpoint.final.tokenizer is not None,
            outputs=outputs_of(checkpoint),
            notes=notes,
        ),
    )


def _indices(account: LabelAccount) -> dict[str, int]:
    """Return the class of each of the owner's labels that fits one."""
    return {match.label: match.index for match in account.matches if match.index is not None}


def _source(where: SourceRef, context: JobContext) -> SourceInspected:
    splits: dict[str, int] = {}
    try:
        source = open_source(replace(where, split=None))
    except SplitNeededError as error:
        splits = error.splits
        if where.split is None:
            return SourceInspected(
                form=kind.name if (kind := kind_of(where)) is not None else "",
                records=0,
                readable=0,
                problems=[],
                labels=[],
                unlabelled=0,
                columns=[],
                person=None,
                ignored=0,
                splits=splits,
            )
        source = open_source(where)
    else:
        if where.split is not None:
            source = open_source(where)
    problems = [ProblemFound(problem.id, problem.reason) for problem in source.problems]
    of_range = 0
    for row, record in enumerate(source.ids):
        context.advance(Phase.READING_RECORDS, row, len(source.ids))
        try:
            source.kind.check(source.read(row))
        except UnreadableRecordError as reason:
            problems.append(ProblemFound(record, str(reason)))
            of_range += isinstance(reason, UnknownRangeError)
    return SourceInspected(
        form=source.kind.name,
        records=len(source.ids),
        readable=len(source.ids) - len(problems) + len(source.problems),
        problems=sorted(problems, key=lambda problem: problem.id),
        labels=sorted({label for label in source.labels if label is not None}),
        unlabelled=sum(label is None for label in source.labels),
        columns=[name for name in source.columns if name not in {*_LABELS, where.label_column}],
        label_columns=list(source.columns),
        label_column=_usual_label(source, where),
        text_columns=_text_columns(source, where),
        person=_person_column(source, where),
        ignored=source.ignored,
        notes=[*source.notes, *_range_notes(of_range)],
        splits=splits,
        split=where.split,
    )


def _usual_label(source: Source, where: SourceRef) -> str | None:
    """Return the column that labels were read from although none was named; None where none was."""
    if where.label_column is not None or where.labels.columns or not any(source.labels):
        return None
    return next((name for name in source.columns if name.casefold() in _LABELS), None)


def _text_columns(source: Source, where: SourceRef) -> list[str]:
    """Return the columns of a table any of which may be read as texts."""
    known = where.text_column
    if kind_of(replace(where, text_column=known or TEXT_COLUMN)) is None:
        return []
    return [*([] if known is None else [known]), *source.columns]


def _range_notes(count: int) -> list[str]:
    """Say that a checkpoint may know more of images than is known without one."""
    if not count:
        return []
    return [
        ngettext(
            "{count:,} image was looked at without a checkpoint, whose request may say what its values "
            "mean (pixel_range): with one it may be readable.",
            "{count:,} images were looked at without a checkpoint, whose request may say what their "
            "values mean (pixel_range): with one they may be readable.",
            count,
        )
    ]


def _person_column(source: Source, where: SourceRef) -> str | None:
    """Return the column that plainly names the person of each record, where several share one."""
    for column in source.columns:
        if _PERSON.fullmatch(column):
            units = open_source(replace(where, unit_column=column)).units or ()
            if len(set(units)) < len(source.ids):
                return column
    return None

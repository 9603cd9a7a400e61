"""How records are to be read for a checkpoint, and what a person can say of that. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from dataselect_gui.texts import N_, _
from dataselect_gui.workflow import CheckpointInspected, LabelRule, SourceInspected, SourceRef

_USUAL_TEXTS = "text"
_TEXT_MISSING = N_(
    "The checkpoint reads texts, and none of the table's columns is called “text”: choose the one that "
    "holds the texts."
)


@dataclass(frozen=True)
class Choices:
    """What a person can say of how records are read; what makes no sense is empty.

    Attributes
    ----------
    texts, labels : sequence of str
        The columns that may hold the texts, and the labels.
    outputs : sequence of str
        What the model predicts, each of which may have a column of labels of its own.
    are_named : bool
        Whether the outputs have names, by which columns that are called alike belong to them.
    has_lists : bool
        Whether a cell may list several labels.
    """

    texts: Sequence[str] = ()
    labels: Sequence[str] = ()
    outputs: Sequence[str] = ()
    are_named: bool = False
    has_lists: bool = False


def choices_of(source: SourceInspected, checkpoint: CheckpointInspected | None) -> Choices:
    """Return what a person can say of how records are read for a checkpoint; None for not given yet."""
    columns = source.label_columns
    is_chosen = len(columns) > 1 or (bool(columns) and not source.labels)
    labels = columns if is_chosen else []
    if checkpoint is None:
        return Choices(labels=labels)
    model = checkpoint.preflight
    texts = source.text_columns if model.takes_texts else []
    match model.task:
        case "single_label" | "binary":
            return Choices(texts, labels)
        case "multi_label":
            outputs = _outputs(checkpoint) if len(columns) > 1 else ()
            return Choices(texts, labels, outputs, bool(checkpoint.labels), bool(columns))
        case "regression":
            outputs = _outputs(checkpoint) if (model.outputs or 1) > 1 else ()
            return Choices(texts, labels, outputs, bool(checkpoint.labels))
        case _:
            assert_never(model.task)


def _outputs(checkpoint: CheckpointInspected) -> Sequence[str]:
    """Return the names of what a model predicts, or their numbers from 1."""
    count = checkpoint.preflight.outputs or 0
    return checkpoint.labels or [str(number) for number in range(1, count + 1)]


def rule_of(
    columns: Sequence[str | None], checkpoint: CheckpointInspected, known: LabelRule
) -> LabelRule:
    """Return the rule by which each output of a model has a column of labels of its own.

    Parameters
    ----------
    columns : sequence of str or None
        The column of each output, in their order; None for those without one.
    checkpoint : CheckpointInspected
        The model.
    known : LabelRule
        Holds what −1 stands for.
    """
    chosen = [column for column in columns if column is not None]
    # An output without a name goes by the order of its columns, and what is called alike by its name.
    named = zip(columns, checkpoint.labels, strict=True) if checkpoint.labels else ()
    classes = [(column, name) for column, name in named if column is not None and column != name]
    return LabelRule(tuple(classes), tuple(chosen), uncertain=known.uncertain)


def fitted(source: SourceRef, inspected: SourceInspected, checkpoint: CheckpointInspected) -> SourceRef:
    """Return how records are to be read for a checkpoint, as far as nobody need be asked."""
    model = checkpoint.preflight
    text = source.text_column
    if not model.takes_texts:
        text = None
    elif text is None:
        usual = [name for name in inspected.text_columns if name.casefold() == _USUAL_TEXTS]
        text = usual[0] if len(usual) == 1 else None
    return replace(
        source,
        text_column=text,
        feature_columns=tuple(model.feature_columns),
        pixel_range=checkpoint.asks.pixel_range,
    )


def are_read_alike(source: SourceRef, other: SourceRef) -> bool:
    """Say whether two ways to read records differ at most in what labels mean."""
    columns = LabelRule(columns=source.labels.columns)
    return replace(source, labels=columns) == replace(
        other, labels=LabelRule(columns=other.labels.columns)
    )


def what_is_missing(
    source: SourceRef, inspected: SourceInspected, checkpoint: CheckpointInspected | None
) -> str:
    """Return what a person has to say before records can be read; empty where that is nothing."""
    if checkpoint is None or not checkpoint.preflight.takes_texts:
        return ""
    return _(_TEXT_MISSING) if inspected.text_columns and source.text_column is None else ""

"""Give records of a project other labels: in the project alone, never in the owner's files.

What was computed by the former label does not hold for the new one. It is kept, and there again where
the owner takes the label back; until then the record has no score that depends on its label, and waits
to be scored again. In the ledger the labels belong to what is settled before a view, see `viewing`.
"""

import csv
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.class_lookup import listed
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.paths import text_of
from dataselect_gui.plain import from_cell
from dataselect_gui.project.project import MOMENT_SECONDS, Project
from dataselect_gui.project.table import Labels, Table, reads_label
from dataselect_gui.records.opening import open_source
from dataselect_gui.selection.rules import Rule
from dataselect_gui.texts import _, ngettext
from dataselect_gui.workflow.selecting import settle_again

if TYPE_CHECKING:
    from dataselect_gui.workflow.looking import Look

_MOST_BYTES = 1 << 26
"""Of a table of labels."""


@dataclass(frozen=True)
class Relabelled:
    """The records of a project that have another label than in the owner's files.

    Attributes
    ----------
    changed : int
        How many records have another label than before this.
    labels : mapping of str to tuple
        Id → the label in the owner's files, and the one in the project; None for no label.
    waiting : int
        How many records wait to be scored again.
    """

    changed: int
    labels: Mapping[str, tuple[str | None, str | None]]
    waiting: int


def relabel(
    project_path: Path, labels: Mapping[str, str | None], *, undo: Collection[str] = ()
) -> Relabelled:
    """Give records other labels in a project, or those back that the owner's files have.

    Parameters
    ----------
    project_path : Path
        The project.
    labels : mapping of str to str or None
        Id → the new label, None for no label: the model's name of a class, or as the owner's files
        write it; of several classes a list in JSON, or their names with commas between them; a number
        where the model predicts numbers.
    undo : collection of str
        The ids of those that get back what the files have.

    Raises
    ------
    UsageError
        Where an id is unknown, or a label cannot be one of these records.
    UnusableError
        Where the project, the records or the checkpoint cannot be read.
    """
    project = Project.open(project_path)
    with project.exclusive():
        table = project.table
        own = dict(zip(table.own.ids, table.own.labels, strict=True))
        unknown = {*labels, *undo} - own.keys()
        if unknown:
            raise UsageError(
                _("There is no record “{record}”.", record=min(unknown)),
                ngettext(
                    "{count} of the ids are not in this project.",
                    "{count} of the ids are not in this project.",
                    len(unknown),
                ),
                _("Ids are those in the table of scores."),
            )
        spelling = _spelling_of(project, table) if any(labels.values()) else None
        given = dict(project.settings.relabelled)
        for record, text in labels.items():
            given[record] = None if spelling is None or not text else spelling.of(text, own[record])
        # A label that the files came to have since is kept: it was given here, and when is known.
        for record in {*labels, *undo}:
            if record in undo or (record in labels and given[record] == own[record]):
                given.pop(record, None)
        before, project.settings.relabelled = project.settings.relabelled, given
        changed = sum(
            given.get(record, own[record]) != before.get(record, own[record])
            for record in {*given, *before} & own.keys()
        )
        settle_again(project)
        project.save()
        return relabelled_in(project.table, changed)


def relabelled_records(project_path: Path) -> Relabelled:
    """Return which records of a project have another label than in the owner's files."""
    return relabelled_in(Project.open(project_path).table)


def relabelled_in(table: Table, changed: int = 0) -> Relabelled:
    """Return which records of a table have another label than in the owner's files."""
    pairs = zip(table.own.ids, table.own.labels, table.index.labels, strict=True)
    labels = {record: (own, label) for record, own, label in pairs if own != label}
    return Relabelled(changed, labels, int(table.stale.sum()))


def put_labels(project_path: Path, labels: Labels, back: Collection[str]) -> None:
    """Give records other labels, or back those of the owner's files; the caller has checked them.

    Parameters
    ----------
    project_path : Path
        The project.
    labels : mapping of str to str or None
        Id → the new label.
    back : collection of str
        The ids of those that get back what the files have.

    Raises
    ------
    UnusableError
        Where another process holds the project: a person waits for this, so it waits a moment only.
    """
    project = Project.open(project_path)
    with project.exclusive(MOMENT_SECONDS):
        given = {**project.settings.relabelled, **labels}
        project.settings.relabelled = {
            record: label for record, label in given.items() if record not in back
        }
        settle_again(project)
        project.save()


def check_none_waits(table: Table, rule: Rule, eligible: NDArray[np.bool_]) -> None:
    """Refuse a rule that reads scores of records which wait to be scored again.

    Raises
    ------
    UnusableError
        Where such records take part.
    """
    waiting = int(np.count_nonzero(table.stale & eligible))
    if waiting and any(map(reads_label, rule.scores)):
        raise UnusableError(
            waiting_sentence(waiting),
            _("The rule reads scores that depend on the label."),
            _("Score again: only these records are scored. Or take the new labels back."),
        )


def waiting_sentence(count: int) -> str:
    """Return how many records wait to be scored again, as a sentence."""
    return ngettext(
        "{count:,} record has a new label and waits to be scored again.",
        "{count:,} records have new labels and wait to be scored again.",
        count,
    )


def relabelled_sentence(count: int) -> str:
    """Return that so many of the records that take part have corrected labels, for the owner alone."""
    return ngettext(
        "{count:,} of your records has a label that you corrected: the new one leaves. The bundle does "
        "not say which.",
        "{count:,} of your records have labels that you corrected: the new ones leave. The bundle does "
        "not say which.",
        count,
    )


def read_labels(path: Path) -> dict[str, str | None]:
    """Read new labels from a CSV file with the columns id and label; a blank label is none.

    Raises
    ------
    UnusableError
        Where it cannot be read, or gives a record two labels.
    """
    try:
        lines = text_of(path, _MOST_BYTES).splitlines(keepends=True)
        # The delimiter that a spreadsheet writes depends on its language.
        header = lines[0] if lines else ""
        rows = csv.DictReader(lines, delimiter=max(",;\t", key=header.count), strict=True)
        if not {"id", "label"} <= set(rows.fieldnames or ()):
            raise ValueError("other columns")
        pairs = [(from_cell(row["id"]), from_cell(row["label"]).strip()) for row in rows]
        labels = {record: label or None for record, label in pairs}
        if len(labels) < len(set(pairs)):
            raise ValueError("two labels for a record")
    except (OSError, ValueError, TypeError, AttributeError, csv.Error):
        raise UnusableError(
            _("The new labels in “{name}” cannot be used.", name=path.name),
            _("It is no CSV file with the columns id and label, or gives a record two labels."),
            _("Write a line for each record, like 17,cat; a blank label for none."),
        ) from None
    return labels


def label_choices(look: "Look") -> list[str]:
    """Return the labels that a record of a project may get, where each is one class.

    They are those that the owner's files have, and the model's classes that none of these stands for.
    """
    there = sorted({label for label in look.own_labels if label is not None})
    known = {*there, *look.class_of.values()}
    names = () if look.answers is None else look.answers.form.names
    return [*there, *(name for name in names if name not in known)]


def typed_label(look: "Look", text: str) -> str:
    """Return what was typed as a label, where labels are several classes or a number.

    Raises
    ------
    UsageError
        Where it cannot be a label of these records.
    UnusableError
        Where the checkpoint is not where it was.
    """
    rule = look.records.labels
    reader = LabelReader.of(find_checkpoint(look.checkpoint), (), rule)
    return _Spelling(reader, look.own_labels).of(text, None)


def _spelling_of(project: Project, table: Table) -> "_Spelling":
    ref = project.settings.source.ref
    checkpoint = find_checkpoint(Path(project.settings.checkpoint.path))
    reader = LabelReader.of(checkpoint, open_source(ref).classes, ref.labels)
    return _Spelling(reader, table.own.labels)


class _Spelling:
    """Spells new labels as the owner's files would.

    Parameters
    ----------
    reader : LabelReader
        Reads labels as the model takes them.
    own : sequence of str or None
        The labels of the owner's files.
    """

    def __init__(self, reader: LabelReader, own: Sequence[str | None]) -> None:
        self._reader = reader
        counted = Counter(label for label in own if label is not None)
        self._owners = [label for label, _count in counted.most_common()]
        self._by_meaning: dict[str | None, str] = {}
        if self._reader.task.name != "regression":  # There each record has its own.
            for label in self._owners:
                self._by_meaning.setdefault(self._meaning(label), label)
        self._known = frozenset(self._owners)

    def of(self, text: str, own: str | None) -> str:
        """Return a label as it is kept.

        Parameters
        ----------
        text : str
            What was typed.
        own : str or None
            The record's label in the owner's files: the same label keeps its spelling.

        Raises
        ------
        UsageError
            Where it cannot be a label of these records.
        """
        meaning = self._meaning(text)
        if meaning is None and not self._reader.task.has_classes:
            meaning = self._meaning(json.dumps([part.strip() for part in text.split(",")]))
        if meaning is None and text in self._known:
            return text  # One of the owner's that is no class: no score reads it.
        if meaning is None:
            raise UsageError(
                _("“{label}” cannot be a label of these records.", label=text),
                self._reason(text),
                _("Give one of these: {names}.", names=listed(self._names()))
                if self._names()
                else _("Give a number like 3.5."),
            )
        if own is not None and self._meaning(own) == meaning:
            return own
        return self._by_meaning.get(meaning, meaning)

    def _meaning(self, label: str) -> str | None:
        """Return a label in the consortium's spelling; None where it is none, or fits none."""
        return None if self._reader.reasons([label]) else self._reader.written(label)

    def _reason(self, text: str) -> str:
        if self._reader.task.has_classes or self._reader.task.name == "multi_label":
            return _("It is neither a class of the model nor a label that you use.")
        return next(iter(self._reader.reasons([text]).values()))

    def _names(self) -> Sequence[str]:
        if self._reader.task.name == "regression":
            return ()
        return self._reader.class_names or self._owners

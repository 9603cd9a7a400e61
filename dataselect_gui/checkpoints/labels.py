"""The one place where the labels of records become what a model's loss takes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import assert_never

import numpy as np

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.class_lookup import (
    ClassLookup,
    Match,
    are_placeholders,
    folded,
    listed,
)
from dataselect_gui.checkpoints.label_account import MOST_LISTED, LabelAccount, LabelMatch
from dataselect_gui.checkpoints.label_forms import (
    MARK_OF_NONE,
    LabelForm,
    Numbers,
    OneClass,
    Reading,
    SeveralClasses,
    YesOrNo,
)
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.tasks.answer_form import MOST_PLACES, AnswerForm
from dataselect_gui.tasks.task import Targets, Task
from dataselect_gui.texts import _


class LabelReader:
    """Reads labels as targets of a task.

    A label is read by itself: how one record is labelled moves the target of no other one.

    Parameters
    ----------
    task : Task
        What the model predicts.
    classes : sequence of str
        Its class names by index; empty where the checkpoint states none.
    source_classes : sequence of str or None
        As `Source` has it.
    rule : LabelRule or None
        How the owner says that labels are read.
    outputs : int or None
        How many numbers the checkpoint says that it predicts, where it names none.

    Attributes
    ----------
    class_names : tuple of str
        What the classes are called, by index; empty where nothing names them.

    Raises
    ------
    UsageError, UnusableError
        Where the rule does not fit the task or the classes.
    """

    def __init__(
        self,
        task: Task,
        classes: Sequence[str],
        source_classes: Sequence[str] | None = None,
        rule: LabelRule | None = None,
        outputs: int | None = None,
    ) -> None:
        self.task, self.classes, self.rule = task, tuple(classes), rule or LabelRule()
        if self.rule.separator is not None and not self.rule.separator:
            raise UsageError(
                _("The labels' separator is empty."),
                _("Something has to stand between two labels."),
                _("Name it, like --label-separator ';'."),
            )
        self.class_names = self.classes
        if task.name == "binary" and len(self.classes) < 2:
            self.class_names = YesOrNo.class_names(self.classes[0] if self.classes else None)
        self._lookup = ClassLookup(self.class_names, source_classes, self.rule.classes)
        self._columns = self._columns_of() if self.rule.columns else None
        stated = len(self.classes) or outputs or (1 if self._columns is None else len(self._columns))
        self.outputs = stated
        self._form = self._form_of()
        self._readings: dict[str, Reading] = {}

    @classmethod
    def of(
        cls, checkpoint: Checkpoint, source_classes: Sequence[str] | None, rule: LabelRule
    ) -> "LabelReader":
        """Return what reads the labels of a source for a checkpoint."""
        return cls(checkpoint.task, checkpoint.labels, source_classes, rule, outputs_of(checkpoint))

    @property
    def answer_form(self) -> AnswerForm:
        """How a model's answers are kept and read."""
        task = self.task
        names = self.class_names or (() if task.has_classes else self.rule.columns)
        places = 1 if task.has_classes else max(1, min(self.outputs, MOST_PLACES))
        return AnswerForm(task=task.name, names=list(names), places=places)

    def targets(self, labels: Iterable[str | None]) -> Targets:
        """Return the target of each label: for the loss, see `Targets`."""
        each = [None if label is None else self._read(label).target for label in labels]
        targets = self.task.unlabelled(len(each), self.outputs)
        for row, target in enumerate(each):
            if target is not None:
                targets[row] = target
        return targets

    def reasons(self, labels: Sequence[str | None]) -> dict[int, str]:
        """Return why labels that are there come to no target: row → sentence."""
        reasons: dict[int, str] = {}
        for row, label in enumerate(labels):
            reading = None if label is None else self._read(label)
            if reading is not None and reading.target is None:
                reasons[row] = _(reading.reason or MARK_OF_NONE)
        return reasons

    def written(self, label: str | None) -> str | None:
        """Return a label in the consortium's spelling, as it was read.

        As it is where it cannot be used; None where it is a mark of none.
        """
        if label is None:
            return None
        reading = self._read(label)
        if reading.target is not None:
            return self._form.write(reading.target)
        return None if reading.reason is None else label

    def named_classes(self, labels: Iterable[str | None]) -> list[int]:
        """Return each record's place among the checkpoint's names; −1 where it has none.

        Raises
        ------
        UsageError
            Where classes do not exclude each other.
        """
        check_exclusive(self.task)
        targets = self.targets(labels).astype(np.int64).tolist()
        if self.task.name == "binary" and len(self.classes) == 1:
            return [0 if target == 1 else -1 for target in targets]
        return [target if target < len(self.classes) else -1 for target in targets]

    def account(self, labels: Iterable[str | None]) -> LabelAccount:
        """Return what becomes of labels."""
        counted = Counter(labels)
        unlabelled, given = counted.pop(None, 0), counted.total()
        records = given + unlabelled
        unfit = 0
        by_label: Counter[tuple[str, Match | None]] = Counter()
        reasons: Counter[str] = Counter()
        for label, count in counted.items():
            reading = self._read(label or "")
            for item in dict.fromkeys(reading.items):
                by_label[item] += count
            if reading.reason is not None:
                unfit += count
                reasons[_(reading.reason)] += count
            elif reading.target is None:
                unlabelled += count
        matches = [
            self._match(label, match, count)
            for (label, match), count in sorted(by_label.items(), key=lambda i: (-i[1], i[0][0]))
        ]
        spoken = {match.class_index for match in (self._columns or {}).values()}
        has_silent = self._columns is not None and self.task.name == "multi_label"
        return LabelAccount(
            task=self.task.name,
            records=records,
            given=given,
            unlabelled=unlabelled,
            unfit=unfit,
            matches=matches[:MOST_LISTED],
            reasons=dict(reasons),
            silent=[n for i, n in enumerate(self.classes) if i not in spoken] if has_silent else [],
            unused=self._unused({label for label, _match in by_label}),
            classes=list(self.class_names),
            uncertain=self.rule.uncertain if has_silent else None,
        )

    def check(self, labels: Iterable[str | None]) -> LabelAccount:
        """Return what becomes of labels; refuse them where not one of them can be used.

        Raises
        ------
        UnusableError
            Where that is so, and there are some.
        """
        listing = list(labels)
        account = self.account(listing)
        if not account.is_refused:
            return account
        names = account.unmatched or sorted({label for label in listing if label is not None})
        if not self.task.has_classes and not account.unmatched:
            raise UnusableError(
                _("The labels are not what the model predicts."),
                _(
                    "The records are labelled {names}; the model is for {task}. {reasons}",
                    names=listed(names),
                    task=_(self.task.meaning),
                    reasons=" ".join(account.reasons),
                ).rstrip(),
                _("Name another label column, or several with --label-columns."),
            )
        raise UnusableError(
            _("The labels do not match the model's classes."),
            _(
                "The records are labelled {names}; the model knows {model_classes}.",
                names=listed(names),
                model_classes=listed(self.class_names) if self.class_names else _("numbers alone"),
            ),
            _(
                'Say which class each of them is: --label "{label}=CLASS", or --labels FILE; or name '
                "another label column.",
                label=names[0],
            ),
        )

    # Within

    def _match(self, label: str, match: Match | None, records: int) -> LabelMatch:
        index = None if match is None else match.class_index
        name = None if index is None else self._name_of(index)
        return LabelMatch(label, records, index, name, None if match is None else match.how)

    def _name_of(self, index: int) -> str:
        return self.class_names[index] if index < len(self.class_names) else str(index)

    def _read(self, label: str) -> Reading:
        known = self._readings.get(label)
        if known is None:
            known = self._form.read(label)
            if self.task.name != "regression":  # There each record has its own.
                self._readings[label] = known
        return known

    def _form_of(self) -> LabelForm:
        name = self.task.name
        match name:
            case "single_label" | "binary":
                if self._columns is not None or self.rule.separator is not None:
                    raise UsageError(
                        _("The model takes one label for each record."),
                        _("Several columns of labels, or a separator in them, say more than that."),
                        _("Name one column: --label-column."),
                    )
                if name == "single_label" or len(self.classes) == 2:
                    return OneClass(self._lookup, self.classes)
                return YesOrNo(self._lookup, self.classes[0] if self.classes else None)
            case "multi_label":
                if not self.classes and self._columns is None:
                    raise UnusableError(
                        _("The labels cannot be matched."),
                        _("The model tells several classes of a record, and names none of them."),
                        _("Name one column for each of them, in their order: --label-columns A,B,C."),
                    )
                names = self.classes or self.rule.columns
                rule = self.rule
                return SeveralClasses(
                    self._lookup, names, self._columns, rule.separator, rule.uncertain
                )
            case "regression":
                if self.rule.classes and self._columns is None:
                    raise UsageError(
                        _("A table of labels has no use here."),
                        _("The model is for {task}.", task=_(self.task.meaning)),
                        _("Leave it out."),
                    )
                if self._columns is not None and len(self._columns) != self.outputs:
                    raise UsageError(
                        _("The label columns are not as many as the numbers that the model predicts."),
                        _(
                            "There are {columns} of them; it predicts {outputs}.",
                            columns=len(self._columns),
                            outputs=self.outputs,
                        ),
                        _("Name one column for each number, in their order."),
                    )
                return Numbers(self.outputs, self._columns)
            case _:
                assert_never(name)

    def _columns_of(self) -> dict[str, Match]:
        """Return the class, or output, of each column of labels.

        By the table, by name, or, where the checkpoint names none, in their order.
        """
        columns = self.rule.columns
        by_order = are_placeholders(self.classes) and len(self.classes) in {0, len(columns)}
        matches: dict[str, Match] = {}
        for place, column in enumerate(columns):
            match = self._lookup.find(column)
            if by_order and (match is None or match.how == "number"):
                match = Match(place, "order")
            if match is None or match.how == "number":
                raise UsageError(
                    _("The label column “{column}” fits none of the model's classes.", column=column),
                    _("The model knows {model_classes}.", model_classes=listed(self.classes)),
                    _(
                        'Leave it out, or say which class it is: --label "{column}=CLASS".',
                        column=column,
                    ),
                )
            matches[column] = match
        indices = [match.class_index for match in matches.values() if match.class_index is not None]
        if len(matches) < len(columns) or len(set(indices)) < len(indices):
            raise UsageError(
                _("Two label columns are for the same class."),
                _("They are {columns}.", columns=listed(columns)),
                _("Name one column for each class."),
            )
        return matches

    def _unused(self, labels: set[str]) -> list[str]:
        """Return the labels in the table that no record has, nor a label that differs in case alone."""
        given = set(map(folded, labels))
        return [label for label in self._lookup.table_labels if folded(label) not in given]


def outputs_of(checkpoint: Checkpoint) -> int | None:
    """Return how many numbers a checkpoint predicts, by its files alone; None where they do not say."""
    outputs = checkpoint.final.config.get("num_labels")
    stated = outputs if type(outputs) is int and 0 < outputs <= 1 << 20 else None
    return len(checkpoint.labels) or stated


def check_exclusive(task: Task) -> None:
    """Refuse a task whose classes do not exclude each other: a record is in no or several of them.

    Raises
    ------
    UsageError
        Where that is so.
    """
    if not task.has_classes:
        raise UsageError(
            _("A report by class needs classes that exclude each other."),
            _("The model is for {task}.", task=_(task.meaning)),
            _("Leave --by-class out."),
        )

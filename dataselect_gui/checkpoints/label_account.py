"""What became of the owner's labels. NumPy is not loaded: a process reads it before it is confined."""

import msgspec

from dataselect_gui.checkpoints.class_lookup import How
from dataselect_gui.records.reference import Uncertain

MOST_LISTED = 1000
"""So many of the owner's labels are listed, the most frequent first."""


class LabelMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the owner's labels.

    Attributes
    ----------
    label : str
        The label.
    records : int
        How many records have it.
    index : int or None
        Its class; None where it fits none.
    name : str or None
        What the checkpoint calls that class, or its number.
    how : str or None
        How that was found; None where nothing was.
    """

    label: str
    records: int
    index: int | None
    name: str | None
    how: How | None


class LabelAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of the labels of a source.

    Attributes
    ----------
    task : str
        The checkpoint's.
    records : int
        How many there are.
    given : int
        Those with something in the place of a label, be it a mark of none.
    unlabelled : int
        Those without a label.
    unfit : int
        Those whose label cannot be used.
    matches : list of LabelMatch
        The owner's labels, or columns, with their classes; `MOST_LISTED` at most. None of numbers.
    reasons : dict
        Why labels cannot be used → of how many records.
    silent : list of str
        The model's classes of which no column of labels says anything.
    unused : list of str
        The labels in the owner's table that no record has.
    uncertain : str or None
        What −1 in a column of labels stands for; None where there are no such columns.
    classes : list of str
        What the task's classes are called, by index; none where nothing names them.
    """

    task: str
    records: int
    given: int
    unlabelled: int
    unfit: int
    matches: list[LabelMatch] = []
    reasons: dict[str, int] = {}
    silent: list[str] = []
    unused: list[str] = []
    uncertain: Uncertain | None = None
    classes: list[str] = []

    @property
    def usable(self) -> int:
        """How many records have a label that the loss takes."""
        return self.records - self.unlabelled - self.unfit

    @property
    def is_refused(self) -> bool:
        """Whether there are labels, and not one of them can be used."""
        return self.given > 0 and not self.usable

    @property
    def unmatched(self) -> list[str]:
        """The owner's labels that fit no class and of which nobody said so."""
        return [match.label for match in self.matches if match.how is None]

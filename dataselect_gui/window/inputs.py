"""The records and the checkpoint that are to be scored, and a scoring run that was interrupted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from dataselect_gui.texts import N_, _
from dataselect_gui.workflow import JobContext, LabelRule, Look

INPUTS_MISSING = N_("Try it: that needs your records and the consortium's checkpoint.")
NO_LABELS = N_(
    "Trying it is not possible: none of the records has a label, so there is nothing to learn."
)


@dataclass(frozen=True)
class Inputs:
    """Records and a checkpoint, given by themselves or with a project that was opened.

    Attributes
    ----------
    records, checkpoint : Path or None
        Where they are; None for not given.
    digest : str
        The checkpoint's digest; empty where a project was opened, which holds its own.
    has_labels : bool
        Whether any of the records has a label.
    split : str or None
        The part of the records that was chosen, where they have several.
    labels : LabelRule
        How labels are read.
    labels_fit : bool
        Whether some of the labels can be used, or there are none.
    """

    records: Path | None = None
    checkpoint: Path | None = None
    digest: str = ""
    has_labels: bool = False
    split: str | None = None
    labels: LabelRule = field(default_factory=LabelRule)
    labels_fit: bool = True

    @classmethod
    def of(cls, look: Look) -> Self:
        """Return those of a project."""
        return cls(
            look.source,
            look.checkpoint,
            has_labels=any(label is not None for label in look.labels),
            split=look.records.split,
            labels=look.records.labels,
        )

    @property
    def study_obstacle(self) -> str:
        """Why they cannot be studied, for a person; empty where they can."""
        if self.records is None or self.checkpoint is None:
            return _(INPUTS_MISSING)
        return "" if self.has_labels else _(NO_LABELS)


@dataclass(frozen=True)
class ScoringRun:
    """A scoring run; started again, it continues where it ended.

    Attributes
    ----------
    work : callable
        Scores, and returns the project.
    records : str
        Which records it scores, for a person.
    """

    work: Callable[[JobContext], Path]
    records: str

"""The records and the checkpoint that are to be scored, and a scoring run that was interrupted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dataselect_gui.texts import N_, _
from dataselect_gui.workflow import JobContext

if TYPE_CHECKING:
    from dataselect_gui.workflow import Look, SourceRef

INPUTS_MISSING = N_("Try it: that needs your records and the consortium's checkpoint.")
NO_LABELS = N_(
    "Trying it is not possible: none of the records has a label, so there is nothing to learn."
)
NOT_SCORED = N_("Trying it is possible as soon as the records can be scored.")


@dataclass(frozen=True)
class Inputs:
    """Records and a checkpoint, given by themselves or with a project that was opened.

    Attributes
    ----------
    source : SourceRef or None
        Which records, and how they are read; None where none were given, or it is not said yet which
        of their parts is meant.
    checkpoint : Path or None
        Where it is; None for not given.
    digest : str
        The checkpoint's digest; empty where a project was opened, which holds its own.
    has_labels : bool
        Whether any of the records has a label.
    obstacle : str
        Why these records cannot be scored with this checkpoint, as a sentence; empty where they can.
    """

    source: "SourceRef | None" = None
    checkpoint: Path | None = None
    digest: str = ""
    has_labels: bool = False
    obstacle: str = ""

    @classmethod
    def of(cls, look: "Look") -> Self:
        """Return those of a project."""
        return cls(
            look.records,
            look.checkpoint,
            has_labels=any(label is not None for label in look.labels),
        )

    def are_those_of(self, other: "Inputs") -> bool:
        """Say whether a run with these would score the same, as far as records and checkpoint go."""
        return (self.source, self.checkpoint) == (other.source, other.checkpoint)

    @property
    def records(self) -> Path | None:
        """Where the records are."""
        return None if self.source is None else self.source.path

    @property
    def study_obstacle(self) -> str:
        """Why they cannot be studied, for a person; empty where they can."""
        if self.source is None or self.checkpoint is None:
            return _(INPUTS_MISSING)
        if self.obstacle:
            return _(NOT_SCORED)
        return "" if self.has_labels else _(NO_LABELS)


@dataclass(frozen=True)
class ScoringRun:
    """A scoring run; started again, it continues where it ended.

    Attributes
    ----------
    work : callable
        Scores, and returns the project.
    project : Path
        The project that it scores into.
    name : str
        The project's display name.
    records : str
        Which records it scores, for a person.
    """

    work: Callable[[JobContext], Path]
    project: Path
    name: str
    records: str

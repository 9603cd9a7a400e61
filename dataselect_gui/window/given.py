"""What a person gave, and the scoring of it that was interrupted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.texts import N_, _
from dataselect_gui.workflow import JobContext

NOTHING_TO_TRY = N_("Try it: that needs your records and the consortium's checkpoint.")
NO_LABELS = N_(
    "Trying it is not possible: none of the records has a label, so there is nothing to learn."
)


@dataclass(frozen=True)
class Given:
    """Records and a checkpoint, given by themselves or by opening a project.

    Attributes
    ----------
    records, checkpoint : Path or None
        Where they are; None for not given.
    digest : str
        The checkpoint's digest; empty where a project was opened, which holds its own.
    has_labels : bool
        Whether any of the records has a label.
    """

    records: Path | None = None
    checkpoint: Path | None = None
    digest: str = ""
    has_labels: bool = False

    @property
    def cannot_try(self) -> str:
        """Why no study is possible of it; empty where one is."""
        if self.records is None or self.checkpoint is None:
            return _(NOTHING_TO_TRY)
        return "" if self.has_labels else _(NO_LABELS)


@dataclass(frozen=True)
class Run:
    """A scoring run, which can be done again to go on where it ended.

    Attributes
    ----------
    work : callable
        What is done; returns the project.
    records : str
        What is scored, for a person.
    """

    work: Callable[[JobContext], Path]
    records: str

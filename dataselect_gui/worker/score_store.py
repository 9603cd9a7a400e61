"""What a scoring run keeps, and keeping it with the project itself.

The confined worker has no project: it keeps by frames (`score_sending`), of which the parent takes
what an honest worker could have sent (`score_receiving`).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions, StoredCheckpoint, StoredSource
from dataselect_gui.project.table import Index, Table
from dataselect_gui.records.source import Source
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.tasks.answers import Answers
from dataselect_gui.worker.indexing import (
    HashCache,
    KnownHashes,
    check_same_source,
)
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.saving import InProgressMark


class ScoreColumn(Protocol):
    """One score of all records; see `dataselect_gui.project.table.Column`."""

    @property
    def done(self) -> NDArray[np.uint8]:
        """Which rows are done, shape (n,)."""

    def write(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Store values, not yet marked as done."""

    def mark_done(self, rows: NDArray[np.int64]) -> None:
        """Mark rows as done."""


class AnswerStore(Protocol):
    """What the model answers for all records; see `AnswerColumns`."""

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which rows are done, shape (n,)."""

    def write(self, rows: NDArray[np.int64], answers: Answers) -> None:
        """Store answers, and mark the rows as done."""


class ScoreTable(Protocol):
    """The records and their scores; see `dataselect_gui.project.table.Table`."""

    index: Index

    def column(self, name: str) -> ScoreColumn:
        """Open a column."""

    def keep_answers(self, form: AnswerForm) -> AnswerStore:
        """Return where answers are kept, made where there are none yet."""

    def has_number(self, name: str) -> NDArray[np.bool_]:
        """Say which records have a score, shape (n,)."""

    def add_problems(self, reasons: Mapping[str, str]) -> None:
        """Add to the problems."""


class ProgressMark(Protocol):
    """What an earlier run was killed over, and what this one has in hand; see `InProgressMark`."""

    scores: list[str]
    record: str | None

    def hold(self, scores: Sequence[str], record: str | None = None) -> AbstractContextManager[None]:
        """Leave the mark until what is computed meanwhile is done."""

    def take_away(self) -> None:
        """Take the mark away."""


class ScoreStore(Protocol):
    """What a run keeps.

    Attributes
    ----------
    scores : dict
        Score → how it is computed.
    ended_by : list of str
        Records that ended a run as they were computed by themselves.
    mark : ProgressMark
        What is in hand.
    """

    mark: ProgressMark

    @property
    def scores(self) -> dict[str, Conditions]: ...  # noqa: D102

    @property
    def ended_by(self) -> list[str]: ...  # noqa: D102

    def save(self) -> None:
        """Bring how scores are computed to the disk."""

    def forget(self, name: str) -> None:
        """Have a score computed from the beginning again."""

    def hashes(self, source: Source) -> KnownHashes:
        """Return the content hashes that are known."""

    def take(self, index: Index) -> ScoreTable:
        """Make the project list these records; keep the scores of those that did not change."""


class ProjectScoreStore:
    """Keeps with the project itself, which the caller holds.

    Parameters
    ----------
    project : Project
        Where.
    source : Source
        The records.
    job : ScoreJob
        What is scored.
    """

    def __init__(self, project: Project, source: Source, job: ScoreJob) -> None:
        self._project, self.source, self._job = project, source, job
        self.mark: ProgressMark = InProgressMark(project.folder)
        self.ended_by: list[str] = list(project.settings.ended_by)

    @property
    def scores(self) -> dict[str, Conditions]:
        """How scores are computed."""
        return self._project.scores

    def save(self) -> None:
        """See `ScoreStore`."""
        if self.ended_by:
            self._project.settings.ended_by = self.ended_by
        self._project.save()

    def forget(self, name: str) -> None:
        """See `ScoreStore`."""
        if self._project.settings.table is not None:
            self._project.table.column(name).forget()

    def hashes(self, source: Source) -> HashCache:
        """See `ScoreStore`."""
        return HashCache(self._project.folder, source.ids)

    def take(self, index: Index) -> Table:
        """See `ScoreStore`.

        Raises
        ------
        UnusableError
            Where they are not the project's.
        """
        project, source, job = self._project, self.source, self._job
        check_same_source(project, source, index)
        project.settings.source = StoredSource.of(job.source, source.kind.name)
        digest = project.settings.checkpoint.digest
        project.settings.checkpoint = StoredCheckpoint(str(job.checkpoint), digest)
        project.save()
        table = project.update_index(index)
        table.add_problems({problem.id: problem.reason for problem in source.problems})
        return table

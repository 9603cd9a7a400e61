"""The records of a project and their scores, as columns on disk.

A score's column is an ``.npy`` of float64 beside an ``.npy`` of bytes that says which rows are done.
Both are mapped into memory: what was written survives the death of the process that wrote it. Rows
are marked as done only after their values are on disk. Columns lie in a folder for each checkpoint,
called by its digest; those of a project of format 1 lie beside the index. With the columns lie the
problems, which earlier versions wrote beside the index, for the one checkpoint that a project had, and
what the checkpoint answers, which earlier versions did not keep.

The folder lists records as their source does. Where the owner gave a record another label, the
project's settings say so, and by which label its scores were computed: where these differ, what depends
on the label is not there until it is computed again.
"""

import copy
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.answer_columns import AnswerColumns, keep_form, read_form
from dataselect_gui.project.files import write_json
from dataselect_gui.project.mapping import mapped
from dataselect_gui.records.source import own_unit
from dataselect_gui.tasks.answer_form import AnswerForm

_Rows = tuple[NDArray[np.int64], NDArray[np.int64]]
_RECORDS, _CONTENT, _PROBLEMS = "records.json", "content.npy", "problems.json"
_WHOLE_ROWS = "rows.npy"
WITHOUT_LABEL = frozenset({"random"})
"""The scores that no label changes."""
Text = TypeVar("Text", str, str | None)
Labels = Mapping[str, str | None]
"""Id → label, None for no label."""


@dataclass(frozen=True)
class Index:
    """Which records there are, in the source's order.

    Attributes
    ----------
    ids : sequence of str
        Shape (n,).
    labels : sequence of str or None
        Shape (n,).
    units : sequence of str or None
        Shape (n,); None where the record is the unit.
    content : ndarray of uint8
        The SHA-256 of each record's stored bytes, shape (n, 32); zeros where it cannot be read.
    whole_rows : ndarray of uint8 or None
        That of all cells of each record's row in a table, shape (n, 32), as `SourceOfRows` has it; None
        where records are no rows, or an earlier version listed them.
    """

    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    content: NDArray[np.uint8]
    whole_rows: NDArray[np.uint8] | None = None

    @property
    def people(self) -> list[str | None] | None:
        """The person of each record, None for one that names none; None where records are the units."""
        if self.units is None:
            return None
        records = Counter(self.units)
        return [
            None if unit == own_unit(record) and records[unit] == 1 else unit
            for record, unit in zip(self.ids, self.units, strict=True)
        ]

    def relabelled(self, labels: Labels) -> "Index":
        """Return the same records, some with other labels; ids that are not there are passed over."""
        if not labels:
            return self
        given = [labels.get(record, label) for record, label in zip(self.ids, self.labels, strict=True)]
        return replace(self, labels=given)

    def same_as(self, other: "Index") -> bool:
        """Say whether both list the same records with the same content, labels and units."""
        return (
            list(self.ids) == list(other.ids)
            and list(self.labels) == list(other.labels)
            and (None if self.units is None else list(self.units))
            == (None if other.units is None else list(other.units))
            and np.array_equal(self.content, other.content)
            and _same_rows(self.whole_rows, other.whole_rows)
        )


class Column:
    """One score of all records.

    Attributes
    ----------
    values : ndarray of float64
        Shape (n,); NaN where there is no score.
    """

    def __init__(
        self, folder: Path, name: str, rows: int, stale: NDArray[np.bool_] | None = None
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.values = mapped(folder / f"{name}.npy", np.float64, (rows,), np.nan)
        self._done = mapped(folder / f"{name}.done.npy", np.uint8, (rows,), 0)
        self._stale = stale

    @property
    def done(self) -> NDArray[np.uint8]:
        """Where the score was computed for the record's label, or is known not to exist; shape (n,)."""
        done: NDArray[np.uint8] = self._done
        return done if self._stale is None else np.where(self._stale, np.uint8(0), done)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Where the score was computed, for whichever label the record had then; shape (n,)."""
        return np.asarray(self._done == 1)

    def write(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Store values, not yet marked as done."""
        self.values[rows] = values

    def forget(self) -> None:
        """Take no row for done any more."""
        self._done[:] = 0
        self._done.flush()

    def mark_done(self, rows: NDArray[np.int64]) -> None:
        """Mark rows as done once their values are on disk."""
        self.values.flush()
        self._done[rows] = 1
        self._done.flush()


class Table:
    """A folder with an index, the problems met while scoring, and the columns of a checkpoint's scores.

    Parameters
    ----------
    folder : Path
        Where.
    checkpoint : str
        The digest of the checkpoint whose scores are meant.
    loose : str or None
        The digest of the checkpoint whose columns lie beside the index; None for none.
    relabelled, scored_as : dict
        As `ProjectSettings` has them.

    Attributes
    ----------
    own : Index
        The records, as their source labels them.
    index : Index
        The same, as the owner labels them.
    """

    def __init__(
        self,
        folder: Path,
        checkpoint: str,
        loose: str | None = None,
        relabelled: Labels = MappingProxyType({}),
        scored_as: Labels = MappingProxyType({}),
    ) -> None:
        self.folder = folder
        self._checkpoint, self._loose = checkpoint, loose
        records = json.loads((folder / _RECORDS).read_text(encoding="utf-8"))
        whole_rows = np.load(folder / _WHOLE_ROWS) if (folder / _WHOLE_ROWS).is_file() else None
        self.own = Index(
            records["ids"],
            _shared(records["labels"]),
            None if records["units"] is None else _shared(records["units"]),
            np.load(folder / _CONTENT),
            whole_rows,
        )
        self.index, self._scored = self.own.relabelled(relabelled), self.own.relabelled(scored_as)
        self.stale = np.zeros(len(self.own.ids), dtype=bool)
        if relabelled or scored_as:
            pairs = zip(self.index.labels, self._scored.labels, strict=True)
            self.stale[:] = [label != scored for label, scored in pairs]

    @classmethod
    def create(
        cls,
        folder: Path,
        index: Index,
        checkpoint: str,
        earlier: Self | None,
        relabelled: Labels = MappingProxyType({}),
    ) -> Self:
        """Write a new table, keeping the scores, by all checkpoints, of records that did not change.

        Parameters
        ----------
        folder : Path
            Where; it must not exist.
        index : Index
            The records, as their source labels them.
        checkpoint : str
            The digest of the checkpoint whose scores are meant.
        earlier : Table or None
            The table that it replaces.
        relabelled : dict
            As `ProjectSettings` has it; the scores are computed by these labels.
        """
        folder.mkdir(parents=True)
        np.save(folder / _CONTENT, index.content)
        if index.whole_rows is not None:
            np.save(folder / _WHOLE_ROWS, index.whole_rows)
        records = {"ids": list(index.ids), "labels": list(index.labels), "units": index.units}
        write_json(folder / _RECORDS, records)
        table = cls(folder, checkpoint, None, relabelled, relabelled)
        if earlier is not None:
            there = _unchanged(earlier.own, index)
            old_rows, new_rows = _labelled_alike(there, earlier._scored, table.index)
            surviving = {index.ids[row] for row in new_rows}
            for digest in {checkpoint, *earlier.checkpoints()}:
                by_old, by_new = earlier.by(digest), table.by(digest)
                for name in by_old.columns():
                    old, new = by_old.column(name), by_new.column(name)
                    before, now = (old_rows, new_rows) if reads_label(name) else there
                    kept = old.done[before] == 1
                    new.write(now[kept], old.values[before[kept]])
                    new.mark_done(now[kept])
                by_new.take_answers(by_old, old_rows, new_rows)
                problems = by_old.problems()
                by_new.add_problems({i: r for i, r in problems.items() if i in surviving})
        return table

    def by(self, checkpoint: str) -> Self:
        """Return the same records with the scores by another checkpoint, of that digest."""
        other = copy.copy(self)
        other._checkpoint = checkpoint
        return other

    def checkpoints(self) -> list[str]:
        """Return the digests of the checkpoints by which there are scores."""
        kept = {path.name for path in self.folder.iterdir() if path.is_dir()}
        return sorted(kept if self._loose is None else kept | {self._loose})

    def columns(self) -> list[str]:
        """Return the names of the scores that there are."""
        return sorted(path.name[: -len(".done.npy")] for path in self._place.glob("*.done.npy"))

    def column(self, name: str) -> Column:
        """Open a column, creating it where there is none."""
        stale = self.stale if reads_label(name) and self.stale.any() else None
        return Column(self._place, name, len(self.index.ids), stale)

    @property
    def answers(self) -> AnswerColumns | None:
        """What the checkpoint answers; None where an earlier version scored, and kept no answers."""
        form = read_form(self._place)
        return None if form is None else self._answers(form)

    def keep_answers(self, form: AnswerForm) -> AnswerColumns:
        """Return where answers are kept, made where there are none yet."""
        if (answers := self.answers) is not None:
            return answers
        self._place.mkdir(exist_ok=True)
        answers = self._answers(form)
        keep_form(self._place, form)
        return answers

    def _answers(self, form: AnswerForm) -> AnswerColumns:
        return AnswerColumns(self._place, form, len(self.index.ids), self.stale)

    def take_answers(
        self, other: Self, old_rows: NDArray[np.int64], new_rows: NDArray[np.int64]
    ) -> None:
        """Take over what another table holds of records, by their rows there and here."""
        if (answers := other.answers) is not None:
            kept = answers.done[old_rows]
            taken = answers.values(old_rows[kept])
            self.keep_answers(answers.form).write(new_rows[kept], taken)

    @property
    def _place(self) -> Path:
        """Where the columns lie."""
        is_loose = self._checkpoint == self._loose
        return self.folder if is_loose else self.folder / self._checkpoint

    def values(self, name: str) -> NDArray[np.float64]:
        """Return a score of all records, shape (n,); NaN where it is missing."""
        column = self.column(name)
        values: NDArray[np.float64] = np.where(column.done == 1, column.values, np.nan)
        return values

    def has_number(self, name: str) -> NDArray[np.bool_]:
        """Say which records have a score, shape (n,)."""
        return ~np.isnan(self.values(name))

    def count_scores(self) -> int:
        """Return how many scores there are, of all records together."""
        return sum(int(np.count_nonzero(~np.isnan(self.values(name)))) for name in self.columns())

    def problems(self) -> dict[str, str]:
        """Return why records cannot be read, or not by this checkpoint: id → reason."""
        path = self._place / _PROBLEMS
        if self._loose is None and not path.is_file():
            path = self.folder / _PROBLEMS
        reasons: dict[str, str] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return reasons

    def add_problems(self, reasons: Mapping[str, str]) -> None:
        """Add to the problems."""
        if reasons:
            self._write_problems({**self.problems(), **reasons})

    def settle_problems(self) -> None:
        """Have the problems stand for this checkpoint alone, before the project takes another."""
        beside = self.folder / _PROBLEMS
        if self._loose is None and beside.is_file():
            self._write_problems(self.problems())
            beside.unlink()

    def _write_problems(self, reasons: Mapping[str, str]) -> None:
        self._place.mkdir(exist_ok=True)
        write_json(self._place / _PROBLEMS, reasons)


def _same_rows(first: NDArray[np.uint8] | None, second: NDArray[np.uint8] | None) -> bool:
    if first is None or second is None:
        return first is second
    return np.array_equal(first, second)


def reads_label(score: str) -> bool:
    """Say whether a score depends on a record's label; of one that is not known here it is assumed."""
    return score not in WITHOUT_LABEL


def _unchanged(old: Index, new: Index) -> _Rows:
    """Return the rows, in both, of the records with the same id and content."""
    rows = {record: row for row, record in enumerate(old.ids)}
    pairs = [(rows[record], row) for row, record in enumerate(new.ids) if record in rows]
    there = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    now = new.content[there[:, 1]]
    kept = there[now.any(axis=1) & (old.content[there[:, 0]] == now).all(axis=1)]
    return kept[:, 0], kept[:, 1]


def _labelled_alike(rows: _Rows, old: Index, new: Index) -> _Rows:
    """Return those of the rows, in both, of the records with the same label."""
    pairs = zip(rows[0].tolist(), rows[1].tolist(), strict=True)
    alike = np.array([old.labels[before] == new.labels[now] for before, now in pairs], dtype=bool)
    return rows[0][alike], rows[1][alike]


def _shared(texts: list[Text]) -> list[Text]:
    """Return texts so that equal ones are one object: a million labels are few."""
    pool: dict[Text, Text] = {}
    return list(map(pool.setdefault, texts, texts))

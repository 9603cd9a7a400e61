"""Which records are shown and in which order, and their classes, as arrays; nothing here knows Qt."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from dataselect_gui import workflow
from dataselect_gui.texts import N_, _
from dataselect_gui.workflow import CodedClasses, Column, Texts

_LAST = np.int32(np.iinfo(np.int32).max)
"""The rank of a record that has nothing in a column: behind all others, whichever comes first."""
_ROW_BITS, _ROW_MASK = np.uint64(32), np.uint64((1 << 32) - 1)
_Orders: TypeAlias = dict[bool, NDArray[np.int32]]
"""The order of all records by a column, lowest first or highest first."""
_MOST_ORDERS = 4
"""Columns of which both orders are kept: 8 MB of a million records each."""
_CHUNK = 50_000
_FEW = 8
"""Less than one record in so many is sorted faster by itself than picked from the order of all."""
_TITLES: Mapping[str, str] = {
    "id": N_("Name"),
    "label": N_("Label"),
    "person": N_("Person"),
    "answer": N_("Model's answer"),
    "confidence": N_("Model's confidence"),
}
"""What records can be sorted by beside their scores."""


def title_of(column: str) -> str:
    """Return what a person calls a column, as a title: scores by the names that people say."""
    if column in _TITLES:
        return _(_TITLES[column])
    spoken = workflow.spoken_name(column)  # Imports the scores, which the start page must not load.
    return spoken[:1].upper() + spoken[1:]


class Arrangement:
    """Which records are shown, and in which order.

    Attributes
    ----------
    sort : str or None
        The column that they are sorted by; None for the order in which they were read.
    descending : bool
        Whether the highest comes first.
    score : str or None
        The score that charts and tiles show: what is sorted by or, where that is none, the last one.
    filter : str
        The filter by which records are shown; empty for all of them.
    shown : ndarray of int64 or None
        The rows that the filter finds; None for all.
    order : ndarray of int64
        The rows that are shown, in their order.
    """

    def __init__(self) -> None:
        self.begin({}, 0, (), None, descending=True)

    def begin(
        self,
        columns: Mapping[str, Column],
        count: int,
        scores: Sequence[str],
        sort: str | None,
        *,
        descending: bool,
    ) -> None:
        """Show all records of another project.

        Parameters
        ----------
        columns : mapping
            What they can be sorted by.
        count : int
            How many records there are.
        scores : sequence of str
            The columns that are scores.
        sort : str or None
            A score.
        descending : bool
            Whether the highest comes first.
        """
        self._columns, self._count, self._scores = columns, count, scores
        self._ranks: dict[str, NDArray[np.int32]] = {}
        self._orders: dict[str, _Orders] = {}
        self.sort = self.score = sort
        self.descending, self.filter = descending, ""
        self.shown: NDArray[np.int64] | None = None
        self.order: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._arrange()

    @property
    def sortable(self) -> list[str]:
        """What records can be sorted by."""
        return [*self._scores, *(name for name in _TITLES if name in self._columns)]

    def use(self, columns: Mapping[str, Column]) -> None:
        """Sort by these columns from the next time on, as when labels changed; the order stays."""
        self._columns, self._ranks, self._orders = columns, {}, {}

    def is_prepared(self, sort: str) -> bool:
        """Say whether sorting by a column takes a moment only."""
        return sort in self._orders

    def prepare(self, sort: str) -> _Orders:
        """Do what takes longest of sorting by a column; may be called from any thread."""
        # Another thread may replace them.
        ranks, orders, column = self._ranks, self._orders, self._columns[sort]
        if sort not in ranks:
            ranks[sort] = ranks_of(column)
        rows = np.arange(len(ranks[sort]))
        made = {
            descending: order_of(ranks[sort], rows, descending=descending).astype(np.int32)
            for descending in (False, True)
        }
        others = [name for name in list(orders) if name not in {sort, self.sort}]
        for name in others[: max(0, len(orders) + 1 - _MOST_ORDERS)]:
            orders.pop(name, None)
        orders[sort] = made
        return made

    def sort_by(self, sort: str | None, *, descending: bool) -> None:
        """Sort by another column, or in the other direction."""
        self.sort, self.descending = sort, descending
        self.score = sort if sort in self._scores else self.score
        self._arrange()

    def show_only(self, rows: NDArray[np.int64] | None, by: str) -> None:
        """Show what a filter finds, or all."""
        self.shown, self.filter = rows, by
        self._arrange()

    def _arrange(self) -> None:
        rows = np.arange(self._count) if self.shown is None else self.shown
        if self.sort is None:
            self.order = np.sort(rows)
            return
        orders = self._orders.get(self.sort) or self.prepare(self.sort)
        if len(rows) * _FEW < self._count:
            self.order = order_of(self._ranks[self.sort], rows, descending=self.descending)
            return
        whole = orders[self.descending]
        if self.shown is not None:
            is_shown = np.zeros(self._count, dtype=bool)
            is_shown[self.shown] = True
            whole = whole[is_shown[whole]]
        self.order = whole.astype(np.int64)


def order_of(
    ranks: NDArray[np.int32], rows: NDArray[np.int64], *, descending: bool
) -> NDArray[np.int64]:
    """Return rows in the order of their ranks; equal ones as they were read.

    Parameters
    ----------
    ranks : ndarray of int32
        Of all records, see `ranks_of`.
    rows : ndarray of int64
        Some of them, shape (k,).
    descending : bool
        Whether the highest rank comes first; those without one are last in any case.

    Returns
    -------
    ndarray of int64
        Shape (k,).
    """
    known = ranks[rows]
    if descending:
        known = _LAST - np.int32(1) - known  # Those without one become −1, which is the last unsigned.
    # One number with the row behind the rank is sorted several times as fast as by a stable argsort.
    keys = known.view(np.uint32).astype(np.uint64)
    keys <<= _ROW_BITS
    keys |= rows.view(np.uint64)
    keys.sort()
    return (keys & _ROW_MASK).view(np.int64)


def ranks_of(column: Column) -> NDArray[np.int32]:
    """Return the rank of each record by a column, shape (n,); the same for equal ones.

    Texts are ranked as people order them: “scan 9” before “scan 10”, whatever the case of letters.
    """
    match column:
        case CodedClasses(names=names):
            order = sorted(range(len(names)), key=lambda code: _natural(names[code]))
            of_code = np.full(len(names) + 1, _LAST, dtype=np.int32)
            of_code[order] = np.arange(len(names))
            return of_code[column.codes]
        case Texts(values):
            keys = _natural_keys(values)
            return _dense(keys, len(keys))
        case np.ndarray():
            numbers = column.astype(np.float64)
            return _dense(numbers, len(numbers) - int(np.count_nonzero(np.isnan(numbers))))
        case _:
            assert_never(column)


def _dense(keys: NDArray[np.float64] | NDArray[np.bytes_], known: int) -> NDArray[np.int32]:
    """Return the rank of each key, where all but the first `known` of the sorted ones have none."""
    order = np.argsort(keys)
    ranks = np.full(len(keys), _LAST, dtype=np.int32)
    ordered = keys[order[:known]]
    ranks[order[1:known]] = np.cumsum(ordered[1:] != ordered[:-1], dtype=np.int32)
    ranks[order[: min(1, known)]] = 0
    return ranks


def _natural_keys(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """Return texts as bytes in whose order people have them.

    It goes in pieces: other threads wait while one is worked on.
    """
    pieces = [
        np.array([_natural(text) for text in texts[first : first + _CHUNK]], dtype=np.bytes_)
        for first in range(0, len(texts), _CHUNK)
    ]
    return np.concatenate(pieces) if pieces else np.empty(0, dtype="S1")


def _natural(text: str) -> bytes:
    """Return a text so that numbers in it are ordered by their size."""
    return _NUMBER.sub(_with_length, text.casefold()).encode("utf-8", "surrogatepass")


_NUMBER = re.compile(r"[0-9]+")


def _with_length(number: re.Match[str]) -> str:
    """Return a number behind how many digits it has: a longer one is larger."""
    digits = number.group().lstrip("0") or "0"
    return f"{min(len(digits), 99):02}{digits}"


def relabelled_codes(
    names: Sequence[str], codes: NDArray[np.int64], labels: Mapping[int, str | None]
) -> tuple[list[str], NDArray[np.int64]]:
    """Return names and codes, as `class_codes` does, after some records got other labels.

    A label that no record has any more stays among the names.

    Parameters
    ----------
    names, codes
        As they were.
    labels : mapping of int to str or None
        Row → label.
    """
    given = {label for label in labels.values() if label is not None}
    merged = sorted({*names, *given})
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(merged)}
    moved = np.array([*(code_of[name] for name in names), -1], dtype=np.int64)
    changed = moved[codes]  # −1 takes the last, which is −1.
    for row, label in labels.items():
        changed[row] = code_of.get(label, -1)
    return merged, changed


def class_codes(labels: Sequence[str | None]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the labels that occur, sorted, and each record's place among them.

    Parameters
    ----------
    labels : sequence of str or None
        Shape (n,).

    Returns
    -------
    tuple
        The names, and an array of shape (n,), −1 where a record has no label.
    """
    coded = CodedClasses.of(labels)
    names = sorted(coded.names)
    code_of = {name: np.int64(code) for code, name in enumerate(names)}
    return names, coded.look_up(code_of, np.int64(-1))

"""How the columns of a table become a model's input: ``features.json`` beside the checkpoint.

The consortium states it, and nothing of it is ever computed from the owner's rows::

    {"features": [
        {"column": "age", "numeric": {"mean": 38.6, "scale": 13.6, "fill": 37, "unit": "years"}},
        {"column": "workclass", "categories": ["?", "Private", "State-gov"], "encoding": "index",
         "unknown": 0, "missing": 0},
        {"column": "sex", "categories": ["Female", "Male"], "encoding": "one-hot", "unknown": "zeros"}
    ]}

The input is one vector, the features in the order of the file:

- a *numeric* column is one number, (x − mean) / scale, where ``fill``, in the column's own unit, stands
  for a cell that is empty. ``mean`` and ``scale`` are required; ``unit`` is for people alone;
- a column of *categories* is the place of its cell in the list, from 0 (``index``), or as many numbers
  as there are categories, of which that of the cell is 1 and all others 0 (``one-hot``). ``unknown`` is
  what stands for a cell that is none of them, and ``missing`` for an empty one: a place, which for
  ``index`` may be the first one behind the list, or ``"zeros"`` for ``one-hot``.

Without ``fill``, ``unknown`` or ``missing``, a row with such a cell has no score, and its reason says
which column. Cells are compared without blanks around them, and a whole number with and without ``.0``
is the same. A number is written with the digits 0 to 9, an optional sign, point and exponent; NA, N/A,
NaN, null and None count as empty in a numeric column, in any capitals.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.records.cell_text import own_cell
from dataselect_gui.texts import _

FEATURES = "features.json"
_LABEL = "label"
"""No feature may be called so: the labels of rows that leave are."""
MOST_NUMBERS = 1 << 20
"""Of an input."""
_LARGEST, _LARGEST_INPUT = 1e300, float(np.finfo(np.float32).max)
Row: TypeAlias = tuple[str | None, ...]
"""The cells of the columns that a model takes, in its order, as `own_cell` has them; None for an empty
one."""

_Finite = Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)]
_Name = Annotated[str, Meta(min_length=1, max_length=1000)]
_Stand = Annotated[int, Meta(ge=0)] | Literal["zeros"] | None
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_EMPTY = frozenset({"na", "n/a", "nan", "null", "none"})


@dataclass(frozen=True)
class ColumnCells:
    """The cells of a column in some rows.

    Attributes
    ----------
    cells : sequence of str or None
        Those that differ, as in a `Row`.
    places : ndarray of int64
        Which of them each row has, shape (rows,).
    """

    cells: Sequence[str | None]
    places: NDArray[np.int64]


CellState: TypeAlias = Literal["known", "unknown", "missing", "unusable"]
"""What a cell is to a model: as it is; of no known category, or empty, where something stands for that;
or such that a row has no score."""


class CellError(ValueError):
    """A cell cannot be made into numbers; the message is a sentence without what is in the cell."""


class _Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    column: _Name

    def __post_init__(self) -> None:
        if unicodedata.normalize("NFC", self.column).strip().strip("\ufeff") != self.column:
            raise ValueError("its name has blanks around it, or is not in the usual form of Unicode")
        if self.column.casefold() == _LABEL:
            raise ValueError(f"no feature can be called {self.column}, as the label is")


class Scaling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a number of a column becomes one of the input.

    Attributes
    ----------
    mean, scale : float
        What is taken off, and what the rest is divided by; in the column's own unit.
    fill : float or None
        What stands for an empty cell, in that unit; None where such a row has no score.
    unit : str
        What the numbers are counted in, for people; empty where that is not stated.
    """

    mean: _Finite
    scale: Annotated[float, Meta(gt=0, le=_LARGEST)]
    fill: _Finite | None = None
    unit: Annotated[str, Meta(max_length=100)] = ""


class Numeric(_Stated, frozen=True):
    """A column of numbers.

    Attributes
    ----------
    column : str
        Its name.
    numeric : Scaling
        How they are scaled.
    """

    numeric: Scaling
    width = 1

    def __str__(self) -> str:
        unit = self.numeric.unit
        return f"{self.column} ({unit})" if unit else self.column

    def state_of(self, cell: str | None) -> CellState:
        """Return what a cell is to the model."""
        if cell is None or cell.casefold() in _EMPTY:
            return "unusable" if self.numeric.fill is None else "missing"
        return "known" if _NUMBER.fullmatch(cell) else "unusable"

    def put(self, cell: str | None, numbers: NDArray[np.float32]) -> None:
        """Write a cell as numbers, shape (width,), which are zeros before.

        Raises
        ------
        CellError
            Where nothing stands for it.
        """
        if cell is None or cell.casefold() in _EMPTY:
            number = self.numeric.fill
            if number is None:
                raise _lacks(self.column)
        elif _NUMBER.fullmatch(cell):
            number = float(cell)
        else:
            raise CellError(_("Its “{column}” is no number.", column=self.column))
        scaled = (number - self.numeric.mean) / self.numeric.scale
        if not abs(scaled) <= _LARGEST_INPUT:
            raise CellError(_("Its “{column}” is too large a number.", column=self.column))
        numbers[0] = scaled


class Categorical(_Stated, frozen=True, dict=True):
    """A column of categories.

    Attributes
    ----------
    column : str
        Its name.
    categories : tuple of str
        In the order of their places.
    encoding : str
        ``index`` or ``one-hot``.
    unknown, missing : int, ``zeros`` or None
        What stands for a category that is not listed, and for an empty cell.
    """

    categories: Annotated[tuple[_Name, ...], Meta(min_length=1)]
    encoding: Literal["index", "one-hot"]
    unknown: _Stand = None
    missing: _Stand = None

    def __str__(self) -> str:
        return self.column

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self._places) < len(self.categories) or "" in self._places:
            raise ValueError("a category is listed twice, or is empty")
        places = len(self.categories) + (self.encoding == "index")
        for stand in (self.unknown, self.missing):
            if stand == "zeros":
                if self.encoding == "index":
                    raise ValueError("no zeros stand for a category that is an index")
            elif stand is not None and stand >= places:
                raise ValueError("a place is named that the categories do not have")

    @property
    def width(self) -> int:
        """How many numbers of the input it makes."""
        return len(self.categories) if self.encoding == "one-hot" else 1

    def state_of(self, cell: str | None) -> CellState:
        """Return what a cell is to the model."""
        if cell is None:
            return "unusable" if self.missing is None else "missing"
        if cell in self._places:
            return "known"
        return "unusable" if self.unknown is None else "unknown"

    def put(self, cell: str | None, numbers: NDArray[np.float32]) -> None:
        """Write a cell as numbers. See `Numeric.put`."""
        stand = self.missing if cell is None else self._places.get(cell, self.unknown)
        if stand is None and cell is None:
            raise _lacks(self.column)
        if stand is None:
            raise CellError(
                _("Its “{column}” is none of the categories that the model knows.", column=self.column)
            )
        if self.encoding == "index":
            numbers[0] = stand
        elif stand != "zeros":
            numbers[stand] = 1

    @cached_property
    def _places(self) -> dict[str, int]:
        return {own_cell(name): place for place, name in enumerate(self.categories)}


Feature: TypeAlias = Numeric | Categorical


@dataclass(frozen=True)
class Features:
    """What a ``features.json`` says.

    Attributes
    ----------
    features : tuple of Numeric or Categorical
        In the model's order.
    """

    features: tuple[Feature, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that the model takes, in its order."""
        return tuple(feature.column for feature in self.features)

    @cached_property
    def width(self) -> int:
        """How many numbers an input has."""
        return sum(feature.width for feature in self.features)

    @property
    def indexed(self) -> tuple[str, ...]:
        """The columns whose categories are given to the model as their places."""
        return tuple(
            feature.column
            for feature in self.features
            if isinstance(feature, Categorical) and feature.encoding == "index"
        )

    @property
    def index_places(self) -> dict[int, int]:
        """Where the input holds the place of a category → how many categories there are."""
        starts = np.cumsum([0, *(feature.width for feature in self.features)]).tolist()
        return {
            start: len(feature.categories)
            for start, feature in zip(starts, self.features, strict=False)
            if isinstance(feature, Categorical) and feature.encoding == "index"
        }

    def vector(self, row: Row) -> NDArray[np.float32]:
        """Return a row as the model's input, shape (width,).

        Raises
        ------
        CellError
            Where nothing stands for one of its cells.
        """
        numbers, start = np.zeros(self.width, dtype=np.float32), 0
        for feature, cell in zip(self.features, row, strict=True):
            feature.put(cell, numbers[start : start + feature.width])
            start += feature.width
        return numbers

    def matrix(self, columns: Sequence[ColumnCells]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return many rows as the model's input; each comes to what `vector` makes of it.

        Parameters
        ----------
        columns : sequence of ColumnCells
            The cells of these rows, in the model's order.

        Returns
        -------
        tuple of ndarray
            The inputs, shape (rows, width); and which rows have one, shape (rows,).
        """
        rows = len(columns[0].places)
        numbers, start = np.zeros((rows, self.width), dtype=np.float32), 0
        is_whole = np.ones(rows, dtype=bool)
        for feature, column in zip(self.features, columns, strict=True):
            of_cells = np.zeros((len(column.cells), feature.width), dtype=np.float32)
            is_usable = np.ones(len(column.cells), dtype=bool)
            for place, cell in enumerate(column.cells):
                try:
                    feature.put(cell, of_cells[place])
                except CellError:
                    is_usable[place] = False
            numbers[:, start : start + feature.width] = of_cells[column.places]
            is_whole &= is_usable[column.places]
            start += feature.width
        return numbers, is_whole


def features_of(content: JsonObject) -> Features:
    """Return what a ``features.json`` says.

    Raises
    ------
    ValueError
        Where it is not built as this module says; its message is a sentence.
    """
    listed = content.get("features")
    if content.keys() != {"features"} or not isinstance(listed, list) or not listed:
        raise ValueError(_("It is not a list of one or more features, and nothing else."))
    features: list[Feature] = []
    for number, item in enumerate(listed, start=1):
        try:
            features.append(_feature(item))
        except (ValueError, TypeError) as error:
            raise ValueError(
                _("Its feature {number} cannot be used: {why}.", number=number, why=error)
            ) from None
    _check_whole(features)
    return Features(tuple(features))


def _feature(item: object) -> Feature:
    if isinstance(item, dict) and "numeric" in item:
        return msgspec.convert(item, Numeric)
    return msgspec.convert(item, Categorical)


def _check_whole(features: Sequence[Feature]) -> None:
    if len({feature.column.casefold() for feature in features}) < len(features):
        raise ValueError(_("It names a column twice."))
    if sum(feature.width for feature in features) > MOST_NUMBERS:
        raise ValueError(_("It makes more than {most:,} numbers of a row.", most=MOST_NUMBERS))


def _lacks(column: str) -> CellError:
    return CellError(_("It has no “{column}”, and nothing stands for that.", column=column))

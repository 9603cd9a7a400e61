"""The class of each record as a number, so that a rule looks up classes and not records."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.float64, np.int64)


class CodedClasses(Sequence[str | None]):
    """The class of each record; None for a record without a label.

    Parameters
    ----------
    classes : iterable of str or None
        Of each record, n in all.

    Attributes
    ----------
    names : tuple of str
        The classes that there are, in the order in which they come.
    codes : ndarray of int64
        The place of each record's class among the names, shape (n,); behind the last for None.
    """

    def __init__(self, classes: Iterable[str | None]) -> None:
        listed = list(classes)
        places = {name: place for place, name in enumerate(dict.fromkeys(listed))}
        codes = np.fromiter(map(places.__getitem__, listed), dtype=np.int64, count=len(listed))
        without = places.pop(None, len(places))
        self.names = tuple(name for name in places if name is not None)
        # None comes behind all names.
        order = np.arange(len(self.names) + 1)
        order[without + 1 :] -= 1
        order[without : without + 1] = len(self.names)
        self.codes: NDArray[np.int64] = order[codes]

    @classmethod
    def of(cls, classes: Sequence[str | None]) -> "CodedClasses":
        """Return classes with their numbers; those that have them already as they are."""
        return classes if isinstance(classes, CodedClasses) else cls(classes)

    def look_up(self, table: Mapping[str, Number], otherwise: Number) -> NDArray[Number]:
        """Return the number that a table has for each record's class, shape (n,).

        Parameters
        ----------
        table : mapping
            Class → number.
        otherwise : float64 or int64
            The number of a class that it does not list, and of records without a label.
        """
        numbers = np.full(len(self.names) + 1, otherwise)
        for place, name in enumerate(self.names):
            numbers[place] = table.get(name, otherwise)
        return numbers[self.codes]

    def changed(self, classes: Mapping[int, str | None]) -> "CodedClasses":
        """Return these with other classes for some records: row → class."""
        names = tuple(
            dict.fromkeys((*self.names, *(name for name in classes.values() if name is not None)))
        )
        other = copy.copy(self)
        other.names, other.codes = names, self.codes.copy()
        other.codes[self.codes == len(self.names)] = len(names)
        places = {name: place for place, name in enumerate(names)}
        for row, name in classes.items():
            other.codes[row] = len(names) if name is None else places[name]
        return other

    @overload
    def __getitem__(self, row: int) -> str | None: ...
    @overload
    def __getitem__(self, row: slice) -> list[str | None]: ...
    def __getitem__(self, row: int | slice) -> str | list[str | None] | None:
        """Return the class of a record, or of several."""
        spelled = (*self.names, None)
        if isinstance(row, slice):
            return [spelled[code] for code in self.codes[row].tolist()]
        return spelled[int(self.codes[row])]

    def __iter__(self) -> Iterator[str | None]:
        """Yield the class of each record."""
        return iter(self[:])

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.codes)

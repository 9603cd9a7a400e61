"""The rules that pick records: a cut of one score, conditions on one record, or everything.

NumPy is not loaded: a process reads a request, and the rule in it, before it is confined.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal, TypeAlias

CutBy: TypeAlias = Literal["threshold", "count", "fraction"]
Otherwise: TypeAlias = Literal["leave", "keep"]


def is_cut(by: CutBy, value: Decimal) -> bool:
    """Say whether a cut can have this value: a count from 1 on, a fraction above 0 and at most 1."""
    return by == "threshold" or (value >= 1 if by == "count" else 0 < value <= 1)


@dataclass(frozen=True)
class ScoreCut:
    """One score and where to cut.

    Attributes
    ----------
    score : str
        The score that decides.
    by : str
        ``"threshold"``, ``"count"`` or ``"fraction"``.
    value : Decimal
        The threshold, the number of records, or the share of the eligible ones.
    lowest : bool
        Take the lowest scores instead of the highest.
    """

    score: str
    by: CutBy
    value: Decimal
    lowest: bool = False

    @property
    def scores(self) -> tuple[str, ...]:
        """The scores that it reads."""
        return (self.score,)

    def count(self, eligible: int) -> int | None:
        """Return how many of so many eligible records it picks; None where it goes by a threshold.

        Of a fraction F that is ⌊F·n + ½⌋.
        """
        if self.by == "threshold":
            return None
        if self.by == "count":
            return int(self.value)
        return int((self.value * eligible + Decimal("0.5")).to_integral_value(ROUND_FLOOR))


@dataclass(frozen=True)
class ByClass:
    """A number for each of several classes.

    Attributes
    ----------
    numbers : tuple
        Pairs of a class, in the consortium's spelling, and its number; sorted by class.
    """

    numbers: tuple[tuple[str, Decimal], ...]


Bound: TypeAlias = Decimal | ByClass


@dataclass(frozen=True)
class Condition:
    """A condition on one score of a record.

    Attributes
    ----------
    score : str
        The score.
    least, most : Decimal, ByClass or None
        The bounds that it must keep within, both inclusive; one of them may be missing.
    otherwise : str
        Whether the condition holds, ``"keep"``, or not, ``"leave"``, for a record whose score is no
        finite number, or whose class a bound does not list.
    """

    score: str
    least: Bound | None
    most: Bound | None
    otherwise: Otherwise = "leave"


@dataclass(frozen=True)
class KeepByClass:
    """The probability with which a record of each class is kept.

    Attributes
    ----------
    probabilities : ByClass
        Those of some classes.
    otherwise : Decimal
        That of all others, and of records without a label.
    """

    probabilities: ByClass
    otherwise: Decimal


@dataclass(frozen=True)
class KeepByScore:
    """The probability with which a record is kept, by the bin that one of its scores lies in.

    Attributes
    ----------
    score : str
        The score.
    edges : tuple of Decimal
        The edges between the bins, ascending; an edge belongs to the bin above it.
    probabilities : tuple of Decimal
        One more than there are edges.
    otherwise : Decimal
        That of a record whose score is no finite number.
    """

    score: str
    edges: tuple[Decimal, ...]
    probabilities: tuple[Decimal, ...]
    otherwise: Decimal


Keep: TypeAlias = KeepByClass | KeepByScore


@dataclass(frozen=True)
class RecordRule:
    """Conditions on one record and public numbers, all of which must hold.

    Attributes
    ----------
    conditions : tuple of Condition
        In the order of their written forms.
    keep : KeepByClass, KeepByScore or None
        With which probability a record that fulfils them is kept, by a coin of its own; None for
        always.
    """

    conditions: tuple[Condition, ...]
    keep: Keep | None = None

    @property
    def scores(self) -> tuple[str, ...]:
        """The scores that it reads, sorted."""
        read = {condition.score for condition in self.conditions}
        if isinstance(self.keep, KeepByScore):
            read.add(self.keep.score)
        return tuple(sorted(read))

    @property
    def classes(self) -> frozenset[str]:
        """The classes that it lists."""
        return frozenset(name for table in self._tables() for name, _number in table.numbers)

    @property
    def reads_classes(self) -> bool:
        """Whether the class of a record matters."""
        return any(True for _table in self._tables())

    @property
    def keeps_unscored(self) -> bool:
        """Whether it can pick a record that has none of its scores."""
        kept = isinstance(self.keep, KeepByClass) or self.keep is None or self.keep.otherwise > 0
        return kept and all(condition.otherwise == "keep" for condition in self.conditions)

    def _tables(self) -> Iterator[ByClass]:
        for condition in self.conditions:
            for bound in (condition.least, condition.most):
                if isinstance(bound, ByClass):
                    yield bound
        if isinstance(self.keep, KeepByClass):
            yield self.keep.probabilities


@dataclass(frozen=True)
class Everything:
    """All eligible records: no score decides."""

    @property
    def scores(self) -> tuple[str, ...]:
        """None are read."""
        return ()


FixedRule: TypeAlias = RecordRule | Everything
"""A rule that looks at one record and public numbers alone."""
Rule: TypeAlias = ScoreCut | FixedRule

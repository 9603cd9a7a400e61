"""The terms of a release: everything about it that its bundle states."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.selection.rules import RecordRule

CutBy = Literal["threshold", "count", "fraction"]
CutSource = Literal["request", "agreed", "viewed", "bought"]
RuleSource = Literal["request", "agreed", "viewed", "counted"]
Marks = Literal["settled", "viewed", "chosen"]
NotClaimed = Literal["threshold", "count", "fraction", "rule", "marks", "labels"]
BoundsSource = Literal["request", "score", "agreed"]
Unit = Literal["record", "person"]
Training = Literal["no", "dp", "yes", "unknown"]

MOST_AT_ONCE = 1 << 20
"""The largest batch size."""
MOST_CONTRIBUTIONS = 1_000_000
"""The largest m; for a larger one the noise would not fit a whole number."""


@dataclass(frozen=True)
class Cut:
    """The threshold of the rule.

    Attributes
    ----------
    by : str
        ``"threshold"``, ``"count"`` or ``"fraction"``.
    source : str
        Its origin: ``"request"``, ``"agreed"``, ``"viewed"`` or ``"bought"``.
    threshold : Decimal or None
        Its value where it is public; a threshold chosen after viewing may be somebody's score.
    epsilon : Decimal or None
        The cost of a bought threshold.
    """

    by: CutBy
    source: CutSource
    threshold: Decimal | None = None
    epsilon: Decimal | None = None


@dataclass(frozen=True)
class RuleTerms:
    """The rule, where it looks at one record and public numbers alone.

    Attributes
    ----------
    source : str
        Its origin, and that of the choice to use it: ``"request"``, ``"agreed"``, ``"viewed"``, or
        ``"counted"`` where a noised count decided that the consortium's is used.
    scores : tuple
        The scores that it reads with their variants, sorted.
    rule : RecordRule or None
        The rule where it is public; the numbers of one that was chosen after viewing may be somebody's
        scores.
    epsilon : Decimal or None
        The cost of the count that decided.
    """

    source: RuleSource
    scores: tuple[tuple[str, str], ...]
    rule: RecordRule | None
    epsilon: Decimal | None = None


@dataclass(frozen=True)
class Bounds:
    """The public bounds that scores are clipped to.

    Attributes
    ----------
    low, high : Decimal
        The bounds.
    source : str
        ``"request"``, ``"score"`` (it cannot leave them) or ``"agreed"``.
    """

    low: Decimal
    high: Decimal
    source: BoundsSource


@dataclass(frozen=True)
class Scoring:
    """How the scores were computed.

    Attributes
    ----------
    program : str or None
        The version of the program; None where an earlier version did not record it.
    precision, device : str or None
        Floating-point precision and device; None for ``random``, which needs no model.
    batch : int or None
        The batch size, where that was fixed beforehand.
    """

    program: str | None = None
    precision: str | None = None
    device: str | None = None
    batch: int | None = None


@dataclass(frozen=True)
class Terms:
    """The terms of a release: its common part, its kind and its mechanism.

    Attributes
    ----------
    release : str
        A random id.
    program, date : str
        Version of the program; day of the reservation.
    kind : Kind
        What leaves, with its own parameters.
    mechanism : Mechanism
        How it is drawn, with its own parameters.
    conditional : bool
        Whether the threshold depends on the records, so that no ε is claimed.
    unit : str
        ``"record"`` or ``"person"``.
    score, variant : str or None
        The score that records were selected by, and its variant; None where no single one decides.
    lowest : bool
        Whether the lowest scores were taken.
    cut : Cut or None
        None where the release has no threshold.
    bounds : Bounds or None
        None where scores need none.
    in_training : str
        ``"no"``, ``"dp"``, ``"yes"`` or ``"unknown"``.
    after_exact : bool
        Whether records of the source were released without protection before.
    checkpoint : str
        SHA-256 over the checkpoint's files.
    scoring : Scoring
        How the scores were computed.
    rule : RuleTerms or None
        The rule of conditions on one record; None where a cut decides, or nothing.
    marks : str or None
        Of a release of everything: whether which records are eligible was ``"settled"`` before any
        score was shown, or ``"viewed"``; ``"chosen"`` where it was settled, and that nothing is left
        out was chosen after viewing. None of any other.
    after_marked : bool
        Whether everything left earlier by marks that were made after viewing.
    relabelled : bool
        Whether the owner gave records other labels after viewing; False where nothing is promised.
    """

    release: str
    program: str
    date: str
    kind: Kind
    mechanism: Mechanism
    conditional: bool
    unit: Unit
    score: str | None
    variant: str | None
    lowest: bool
    cut: Cut | None
    bounds: Bounds | None
    in_training: Training
    after_exact: bool
    checkpoint: str
    scoring: Scoring = Scoring()
    rule: RuleTerms | None = None
    marks: Marks | None = None
    after_marked: bool = False
    relabelled: bool = False

    @property
    def max_contributions(self) -> int:
        """The most records of a unit that take part, m."""
        return self.mechanism.max_contributions

    @property
    def of_people(self) -> bool:
        """Whether the unit is a person."""
        return self.unit == "person"

    @property
    def is_bought(self) -> bool:
        """Whether the threshold was bought."""
        return self.cut is not None and self.cut.source == "bought"

    @property
    def depends_on_records(self) -> bool:
        """Whether what was chosen after viewing decides which records may leave, and as what."""
        return self.relabelled or self._is_chosen

    @property
    def _is_chosen(self) -> bool:
        """Whether marks, a cut or a rule were chosen after viewing, or follow from all records."""
        if self.marks is not None:
            return self.marks != "settled"
        if self.mechanism.epsilon is None:
            return False
        if self.rule is not None:
            return self.rule.source == "viewed"
        return self.cut is not None and (self.cut.by != "threshold" or self.cut.source == "viewed")

    @property
    def not_claimed_by(self) -> NotClaimed:
        """What keeps a conditional release from claiming an ε."""
        if not self._is_chosen:
            return "labels" if self.relabelled else "marks"
        if self.rule is not None:
            return "rule"
        return "threshold" if self.cut is None else self.cut.by

    @property
    def claims(self) -> bool:
        """Whether an ε is claimed."""
        return self.mechanism.epsilon is not None and not self.conditional

    @property
    def total(self) -> Decimal | None:
        """ε of the bundle: the mechanism's plus that of a bought threshold, or of a count."""
        if self.mechanism.epsilon is None:
            return None
        bought = None if self.cut is None else self.cut.epsilon
        counted = None if self.rule is None else self.rule.epsilon
        return self.mechanism.epsilon + (bought or counted or Decimal(0))

    @property
    def claimed(self) -> Decimal | None:
        """The ε that is claimed; None where none is."""
        return self.total if self.claims else None

    @property
    def odds(self) -> float | None:
        """The factor by which the bundle can shift odds, where it has an ε."""
        return None if self.total is None else math.exp(float(self.total))

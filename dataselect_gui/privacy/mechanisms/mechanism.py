"""The base class of mechanisms: parameters, draw, charge, and texts.

A mechanism is a frozen object that holds its own parameters. It knows nothing of releases: what it
draws from comes in as arrays of whole numbers, and how far one record moves them as a `Query`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Literal, Self, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.usefulness import Agreement
from dataselect_gui.texts import N_, _

Value = TypeVar("Value")
Answer = Literal["epsilon", "delta", "count", "bounds", "threshold"]
"""The owner's answers that a mechanism may need."""


@dataclass(frozen=True)
class Query:
    """A vector of whole numbers that noise is added to, and how far one record moves it.

    Attributes
    ----------
    unit : str
        The quantity that is divided into steps, by its written name: ``"between_bounds"``,
        ``"per_count"`` or ``"per_clip"``.
    steps : int
        The number of steps.
    l1 : int or None
        How far the vector moves at most, by the L1 norm and in steps, where the contents of one record
        are replaced; None where nothing bounds that. m records move it m times as far.
    squared_l2 : int
        The square of the same by the L2 norm, in squared steps.
    """

    unit: str
    steps: int
    l1: int | None
    squared_l2: int


@dataclass(frozen=True)
class Setting:
    """The parameters of a mechanism; each uses those that it needs.

    Attributes
    ----------
    max_contributions : int
        m, the most records of a unit that take part.
    epsilon, delta : Decimal or None
        Per unit.
    count : int or None
        How many are taken.
    query : Query or None
        What noise is added to.
    scale : float or None
        Of the noise, in steps.
    """

    max_contributions: int
    epsilon: Decimal | None = None
    delta: Decimal | None = None
    count: int | None = None
    query: Query | None = None
    scale: float | None = None


class MechanismForm(TypedDict):
    """The written form of a mechanism's own parameters; amounts are exact decimals."""

    epsilon: str | None
    delta: str | None
    count: int | None
    noise_scale: float | None


@dataclass(frozen=True)
class Pool:
    """The records that take part in a draw.

    Attributes
    ----------
    chosen : ndarray of bool
        The records that the owner's rule picks, shape (n,).
    secrets : callable
        Returns the sealed secrets of the records, see `draw_exponentials`; shape (n,).
    steps : callable
        Returns the scores in whole steps between their bounds, the highest wanted; shape (n,).
    """

    chosen: NDArray[np.bool_]
    secrets: Callable[[], NDArray[np.int64]]
    steps: Callable[[], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Mechanism(ABC):
    """How a release is drawn.

    Attributes
    ----------
    name : str
        Its name on the command line and in documents.
    title, explanation : str
        For the owner who chooses one; `explanation` may hold ``{leave}``, the kind's verb.
    takes : frozenset of str
        The owner's answers that it needs: ``epsilon``, ``delta``, ``count``, ``bounds`` of the score,
        ``threshold`` (it looks at what the rule picked).
    epsilon_means : str
        The effect of a smaller ε, for the owner.
    promise : str or None
        The promise, with ``{odds}``; None for that of the kind of release.
    assumption : str or None
        An assumption of its own that the promise rests on.
    usefulness : str or None
        A sentence on its expected usefulness; None for that of the kind of release.
    max_contributions : int
        m, the most records of a unit that take part.
    epsilon, delta : Decimal or None
        Its cost per unit; ε is None where nothing is promised, δ where it is 0.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    explanation: ClassVar[str]
    takes: ClassVar[frozenset[Answer]]
    epsilon_means: ClassVar[str] = N_(
        "ε limits what this reveals about each record. A smaller ε reveals less, and chance "
        "changes more."
    )
    promise: ClassVar[str | None] = None
    assumption: ClassVar[str | None] = None
    usefulness: ClassVar[str | None] = None

    max_contributions: int
    epsilon: Decimal | None
    delta: Decimal | None = None

    # Reading its parameters

    @classmethod
    def proof(cls) -> Path:
        """Return the page with the proof of the guarantee, which lies beside its module."""
        return Path(__file__).with_name(f"{cls.__module__.rpartition('.')[2]}.md")

    @classmethod
    def check_acknowledged(cls, *, unprotected: bool, disclosed: bool, reason: str | None) -> None:
        """Refuse a release without the owner's acknowledgement, where it needs one.

        Parameters
        ----------
        unprotected, disclosed : bool
            Whether the owner chose no protection, and acknowledged that records are disclosed.
        reason : str or None
            The owner's.

        Raises
        ------
        UsageError
            Where the acknowledgement is missing.
        """
        del unprotected, disclosed, reason

    @classmethod
    def read_epsilon(cls, stated: str | None) -> Decimal | None:
        """Read ε, as the owner stated it.

        Raises
        ------
        UsageError
            Where it is missing, or no amount.
        """
        if stated is None:
            raise UsageError(
                _("ε is missing."),
                _(
                    "It limits what a missing record reveals; smaller reveals less, and fewer records "
                    "leave."
                ),
                _("Add --epsilon E, for example --epsilon 1."),
            )
        return positive_amount(stated, "ε")

    @classmethod
    def read_delta(cls, stated: str | None) -> Decimal | None:
        """Read δ, as the owner stated it; None where there is none."""
        del stated
        return None

    @classmethod
    def read_count(cls, stated: int | None, most: int) -> int | None:
        """Read how many shall be taken, `most` at most; None where nothing is counted."""
        del stated, most
        return None

    # Making it

    @classmethod
    @abstractmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism.

        Raises
        ------
        ValueError
            Where something that it needs is missing.
        """

    @classmethod
    def calibrated(cls, setting: Setting) -> Self:
        """Make the mechanism with the noise that its ε and δ need, whatever scale is set.

        Raises
        ------
        ValueError
            Where something that it needs is missing.
        """
        return cls.of(setting)

    @abstractmethod
    def at(self, epsilon: Decimal) -> Self:
        """Return the same mechanism at another ε."""

    @property
    def form(self) -> MechanismForm:
        """Its written form."""
        return {
            "epsilon": None if self.epsilon is None else exact(self.epsilon),
            "delta": None if self.delta is None else exact(self.delta),
            "count": None,
            "noise_scale": None,
        }

    # Its cost and its texts

    def charge(self) -> Charge | None:
        """Return its charge; None where nothing is promised."""
        return None if self.epsilon is None else Charge(self.epsilon, self.delta or Decimal(0))

    def parameters(self) -> dict[str, dict[str, object]]:
        """Return what ``release.json`` states of it beside ε and δ: name → value and origin."""
        return {}

    def noise_document(self) -> dict[str, object] | None:
        """Return what ``release.json`` states of its noise; None where it adds none."""
        return None

    def remarks(self, *, of_people: bool, by_rule: bool) -> list[str]:
        """Return further sentences for the card."""
        del of_people, by_rule
        return []


@dataclass(frozen=True, kw_only=True)
class SelectionMechanism(Mechanism):
    """Says which records leave, or are offered.

    Attributes
    ----------
    keeps_to_selection : bool
        Whether only records that the rule picked can be among them.
    """

    keeps_to_selection: ClassVar[bool]

    @abstractmethod
    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Draw: return the places of the records, among those that take part, shape (k,)."""

    @abstractmethod
    def expect(self, records: int, selected: int) -> Agreement:
        """Return how well what leaves will agree with the selection.

        Parameters
        ----------
        records, selected : int
            How many records take part, and how many of them the rule picked.
        """

    def chances(self) -> tuple[float, float] | None:
        """Return with which probability a record leaves that the rule picked, and another one.

        None where that depends on the scores.
        """
        return None

    @abstractmethod
    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Return how it draws, as a sentence.

        Parameters
        ----------
        of_people : bool
            Whether the unit is a person, of whom at most m records take part.
        lowest : bool
            Whether the lowest scores are wanted.
        by_rule : bool
            Whether a rule of conditions on one record picks, rather than a cut of one score.
        """

    def _per_record(self) -> str:
        return (
            ""
            if self.max_contributions == 1
            else _(" (ε/{most} a record)", most=self.max_contributions)
        )


@dataclass(frozen=True, kw_only=True)
class NoiseMechanism(Mechanism):
    """Adds noise to a vector of whole numbers.

    Attributes
    ----------
    steps_per_count : int
        On how fine a grid it noises counts.
    epsilon : Decimal
        Per unit.
    query : Query
        What noise is added to.
    scale : float
        Of the noise, in steps.
    """

    steps_per_count: ClassVar[int] = 1

    epsilon: Decimal
    query: Query
    scale: float

    @abstractmethod
    def add_noise(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add noise to values, shape (n,), in steps."""

    @property
    @abstractmethod
    def distribution(self) -> str:
        """What the noise is called."""

    @property
    @abstractmethod
    def noise(self) -> str:
        """The noise with its scale, in words."""

    @property
    @abstractmethod
    def sensitivity(self) -> dict[str, int]:
        """The sensitivity to one unit, in steps, under a key that names the norm."""

    @abstractmethod
    def width(self) -> float:
        """Return the half-width of the noise's 95 % interval, in the query's own unit."""

    def at(self, epsilon: Decimal) -> Self:
        """Return the same mechanism at another ε."""
        return self.calibrated(Setting(self.max_contributions, epsilon, self.delta, query=self.query))

    @property
    def form(self) -> MechanismForm:
        """Its written form."""
        return {**super().form, "noise_scale": self.scale}

    def noise_document(self) -> dict[str, object]:
        """Return what ``release.json`` states of its noise."""
        return noise_document(self.distribution, self.scale, self.query, self.sensitivity)

    def expect(self, records: int, selected: int) -> Agreement | None:
        """Return how well a choice by the noised values agrees with the selection; None for others."""
        del records, selected
        return None


def noise_document(
    distribution: str, scale: float, query: Query, sensitivity: dict[str, int]
) -> dict[str, object]:
    """Return what ``release.json`` states of noise."""
    return {
        "distribution": distribution,
        "scale_in_steps": scale,
        f"steps_{query.unit}": query.steps,
        **sensitivity,
    }


def needed(value: Value | None, label: str) -> Value:
    """Return a value that must not be None."""
    if value is None:
        raise ValueError(f"{label} is missing")
    return value

"""The base class of kinds of release: what leaves, how it is written, and the receiver's check."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.privacy.mechanisms.mechanism import (
    Mechanism,
    NoiseMechanism,
    Query,
    SelectionMechanism,
)
from dataselect_gui.privacy.usefulness import Agreement, Width
from dataselect_gui.records.forms.form import Leaving, Written, WrittenForm
from dataselect_gui.release.candidates import Candidates, Summed
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import FIXED, MANY, MANY_PASS, RELATED, SHIFTS_ODDS, WITHHELD_HERE

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms

KindAnswer = Literal["pad_to", "bins", "by_class", "count_threshold", "passing", "clip", "threshold"]
"""The owner's answers that a kind of release may need."""


@dataclass(frozen=True)
class Material:
    """The inputs of a draw.

    Attributes
    ----------
    candidates : Candidates
        The records.
    rows : ndarray of int64
        The rows of the records that take part, shape (n,).
    keys : sequence of bytes
        The ledger's key of each record of the source.
    terms : Terms
        How it is drawn.
    secrets_of : callable
        Returns the sealed secrets of records.
    summed : tuple or None
        For a gradient: the sum over the chosen records.
    coins_of : callable or None
        Returns the sealed coins of records; None where the rule keeps none with a probability.
    """

    candidates: Candidates
    rows: NDArray[np.int64]
    keys: Sequence[bytes]
    terms: "Terms"
    secrets_of: Callable[[Sequence[bytes]], NDArray[np.int64]]
    summed: Summed | None
    coins_of: Callable[[Sequence[bytes]], NDArray[np.int64]] | None = None

    def picked(self) -> NDArray[np.bool_]:
        """Return which of the records that take part the rule picks, by their coins too, shape (n,)."""
        chosen, keep = self.candidates.chosen[self.rows], self.candidates.keep
        if keep is None:
            return chosen
        assert self.coins_of is not None
        kept: NDArray[np.bool_] = self.coins_of(self.keys)[self.rows] < keep[self.rows]
        return chosen & kept


@dataclass(frozen=True)
class Drawn:
    """A draw that is to be written.

    Attributes
    ----------
    content : bytes
        The bytes that the ledger keeps.
    candidates, keys, terms
        As in `Material`.
    report : callable
        Takes the numbers of records written and to write.
    """

    content: bytes
    candidates: Candidates
    keys: Sequence[bytes]
    terms: "Terms"
    report: Callable[[int, int], None]


class KindForm(TypedDict, total=False):
    """The written form of a kind's own parameters; numbers are exact decimals."""

    padded: int | None
    bins: tuple[str, ...] | None
    classes: tuple[str, ...] | None
    count_threshold: str | None
    passing: bool
    clip: str | None
    clip_from: Literal["request", "score", "agreed"] | None


@dataclass(frozen=True)
class KindOptions:
    """The options that the parameters of a kind are read from.

    Attributes
    ----------
    pad_to, bins, by_class, count_threshold, passing, clip
        As in `ReleaseRequest`.
    classes : tuple of str
        The checkpoint's classes.
    requested_norm : str or None
        The clipping norm of the consortium's request.
    taking_part : int
        How many records take part; an upper bound where that was not drawn yet.
    """

    pad_to: int | None
    bins: str | None
    by_class: bool
    count_threshold: str | None
    passing: bool
    clip: str | None
    classes: tuple[str, ...]
    requested_norm: str | None
    taking_part: int


@dataclass(frozen=True)
class Kind(ABC):
    """What leaves.

    Attributes
    ----------
    name : str
        Its name on the command line and in documents.
    title, explanation : str
        For the owner who chooses one.
    question : str
        The question that the choice of a mechanism answers.
    verb : str
        What happens to records: they leave, or are offered.
    usefulness : str
        A sentence on its expected usefulness, unless the mechanism has one.
    compared : str
        The heading of the column in the comparison of mechanisms.
    heading, description : str
        For the documents of a bundle.
    guarantee, summary : str
        What is promised and what leaves, for the table of the README.
    takes : frozenset of str
        The owner's answers that it needs, beside the mechanism's: ``pad_to``, ``bins``, ``by_class``,
        ``count_threshold``, ``passing``, ``clip``, ``threshold``.
    discloses : bool
        Whether records themselves leave.
    selects : bool
        Whether each record either leaves (or is named) or does not.
    promise : str
        The promise, unless the mechanism has its own; with ``{odds}`` and ``{unit}``.
    file : str
        The file that lists the content.
    columns : tuple of str or None
        The columns of the file, where it is a table.
    leaves : tuple of Leaving
        What leaves, beside the bundle's own documents, whatever records are.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    explanation: ClassVar[str]
    question: ClassVar[str] = N_("How noise is added")
    verb: ClassVar[str] = N_("leave")
    usefulness: ClassVar[str]
    compared: ClassVar[str]
    heading: ClassVar[str]
    description: ClassVar[str]
    summary: ClassVar[str]
    guarantee: ClassVar[str]
    takes: ClassVar[frozenset[KindAnswer]] = frozenset()
    discloses: ClassVar[bool] = False
    selects: ClassVar[bool] = False
    promise: ClassVar[str] = SHIFTS_ODDS
    file: ClassVar[str]
    columns: ClassVar[tuple[str, ...] | None] = None
    leaves: ClassVar[tuple[Leaving, ...]] = ()

    # Its own parameters

    @classmethod
    def of_options(cls, options: KindOptions) -> Self:
        """Return the kind that the owner asked for.

        Raises
        ------
        UsageError
            Where a parameter is missing, or makes no sense.
        """
        del options
        return cls()

    @property
    def form(self) -> KindForm:
        """The written form of its own parameters."""
        return {}

    @classmethod
    @abstractmethod
    def of_form(cls, form: KindForm) -> Self:
        """Return the kind whose parameters were written down.

        Raises
        ------
        ValueError
            Where one is missing.
        """

    @property
    def goes_by_rule(self) -> bool:
        """Whether it is made of the records that the rule picks, whatever the mechanism looks at."""
        return "threshold" in self.takes

    @abstractmethod
    def query(self, mechanism: type[Mechanism]) -> Query | None:
        """Return the query that a mechanism adds noise to; None where it adds none."""

    # From the draw to the check

    @abstractmethod
    def check_size(self, candidates: Candidates, may_leave: NDArray[np.bool_], model: Member) -> None:
        """Refuse what is larger than a bundle or the ledger can hold, before anything is charged.

        Parameters
        ----------
        candidates : Candidates
            The records.
        may_leave : ndarray of bool
            Which of them may be in the release, shape (n,).
        model : Member
            The checkpoint's final state.

        Raises
        ------
        UnusableError
            Where it is.
        """

    @abstractmethod
    def draw(self, material: Material) -> bytes:
        """Draw: return the bytes that the ledger keeps, so that a release is never drawn twice."""

    @abstractmethod
    def write(self, folder: Path, drawn: Drawn) -> Written:
        """Write a draw below ``data`` in a bundle's folder; the same draw gives the same bytes."""

    @abstractmethod
    def check(self, path: Path, terms: "Terms") -> str:
        """Check the content for the receiver, and return a sentence on it.

        Raises
        ------
        FaultError
            Where the content is not that of such a release.
        """

    def check_metadata(self, path: Path) -> str:
        """Check that no file holds more than its content, and return a sentence on it.

        Raises
        ------
        FaultError
            Where a file does.
        """
        del path
        return _(
            "There are no images or arrays: a table or a gradient was read whole, to its last byte."
        )

    # Its texts

    @classmethod
    def leaves_of(cls, form: WrittenForm, features: Sequence[str]) -> tuple[Leaving, ...]:
        """Return what leaves, beside the bundle's own documents.

        Parameters
        ----------
        form : WrittenForm
            That of the source's records.
        features : sequence of str
            The columns that the model takes, where records are rows.
        """
        del form, features
        return cls.leaves

    @abstractmethod
    def expect(self, mechanism: Mechanism, records: int, selected: int) -> Agreement | Width:
        """Return the expected usefulness of a release.

        Parameters
        ----------
        mechanism : Mechanism
            How it is drawn.
        records, selected : int
            How many records take part, and how many of them the rule picked.
        """

    @classmethod
    @abstractmethod
    def count_in_words(cls, count: int) -> str:
        """Return how much a bundle holds, for its owner: “12 records”."""

    @abstractmethod
    def how_drawn(self, terms: "Terms") -> str:
        """Return how it was drawn, as a sentence."""

    def how_computed(self, terms: "Terms") -> str:
        """Return a further sentence on what was computed beside the scores."""
        del terms
        return ""

    def not_protected(self, terms: "Terms") -> list[str]:
        """Return what no ε covers."""
        if terms.rule is not None:
            return [_(FIXED), _(MANY_PASS), _(RELATED)]
        return [_(FIXED), _(MANY), _(RELATED)]

    def warnings(self, form: WrittenForm | None) -> tuple[str, ...]:
        """Return the sentences with which the card begins its list of what is not protected.

        Parameters
        ----------
        form : WrittenForm or None
            That of the records in the bundle, where there are some.
        """
        del form
        return (WITHHELD_HERE,)

    def front_matter(self, form: WrittenForm | None) -> list[str]:
        """Return the lines of YAML on its data in the card, for a hub of data sets.

        Parameters
        ----------
        form : WrittenForm or None
            As for `warnings`.
        """
        del form
        return ["configs:", "- config_name: default", f"  data_files: {self.file}"]

    def remarks(self, terms: "Terms") -> list[str]:
        """Return the card's sentences on its own parameters."""
        del terms
        return []


def as_selection(mechanism: Mechanism) -> SelectionMechanism:
    """Return a mechanism that says which records leave.

    Raises
    ------
    TypeError
        Where it is none.
    """
    if not isinstance(mechanism, SelectionMechanism):
        raise TypeError(f"{mechanism.name} says of no record whether it leaves")
    return mechanism


def as_noise(mechanism: Mechanism) -> NoiseMechanism:
    """Return a mechanism that adds noise.

    Raises
    ------
    TypeError
        Where it is none.
    """
    if not isinstance(mechanism, NoiseMechanism):
        raise TypeError(f"{mechanism.name} adds no noise to what leaves")
    return mechanism

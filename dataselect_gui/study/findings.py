"""What a study found, question by question, as ``findings.json`` holds it. No torch here."""

from pathlib import Path
from typing import Protocol

import msgspec

from dataselect_gui.study.plan import Choices, Place
from dataselect_gui.study.statistics import Interval, Verdict
from dataselect_gui.study.store import FINDINGS, read_as


class Spread(Protocol):
    """A mean over the seeds, with its interval."""

    @property
    def mean(self) -> float: ...  # noqa: D102

    @property
    def low(self) -> float: ...  # noqa: D102

    @property
    def high(self) -> float: ...  # noqa: D102


class Difference(msgspec.Struct, frozen=True):
    """A difference from random picks, with its interval and what that shows."""

    mean: float
    low: float
    high: float
    verdict: Verdict


class Pick(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of training on one pick of the records.

    Attributes
    ----------
    score : str
        What was picked by; ``random`` for random ones.
    place : str
        The highest, middle or lowest scores, or any.
    share : str
        The share of the records, a decimal.
    epsilon : str or None
        Of the training by DP-SGD; None for one without.
    records : float
        How many were trained on, on average.
    accuracy, balanced : Interval
        How many of the held-out records it was right on; the same with classes weighed alike.
    accuracy_difference, balanced_difference : Difference or None
        How both differ from random picks; None for random ones.
    """

    score: str
    place: Place
    share: str
    epsilon: str | None
    records: float
    accuracy: Interval
    balanced: Interval
    accuracy_difference: Difference | None = msgspec.field(default=None, name="accuracy beyond random")
    balanced_difference: Difference | None = msgspec.field(default=None, name="balanced beyond random")


class CostPick(Pick, frozen=True, kw_only=True):
    """A pick, with the mean εᵢ of its records."""

    cost: float


class ReleasedPick(Pick, frozen=True, kw_only=True):
    """What was left of a pick by a release.

    Attributes
    ----------
    mechanism, release_epsilon : str
        How it was released.
    precision : Interval
        The share of what left that was selected.
    random : Interval
        The accuracy after as many random records.
    """

    mechanism: str
    release_epsilon: str = msgspec.field(name="release epsilon")
    precision: Interval
    random: Interval


class PrivateRanks(msgspec.Struct, frozen=True):
    """How a score by a model trained by DP-SGD ranks records as one by a model trained without.

    Without ε, two models without DP that differ in their start alone are compared.
    """

    score: str
    epsilon: str | None
    mean: float
    low: float
    high: float


class Likeness(msgspec.Struct, frozen=True):
    """How alike two scores rank records, by a model of so many parameters."""

    pair: tuple[str, str]
    parameters: int
    mean: float
    low: float
    high: float


BY_CHECKPOINT, BY_LIBRARY, BY_STAND_IN = "the checkpoint", "another library", "stand-in without DP"
BY_PRIVATE_STAND_IN = "stand-in, DP ε = "
"""What a score was computed by, as findings name it; ε follows on the last."""


class Finder(msgspec.Struct, frozen=True):
    """How well a score finds wrong labels.

    Attributes
    ----------
    by : str
        What computed it.
    score : str
        Its name.
    auroc, precision : Interval
        How well it ranks them; the share of wrong labels among as many highest scores as are wrong.
    seconds : float or None
        For 1,000 records; None where that was not measured.
    """

    by: str
    score: str
    auroc: Interval
    precision: Interval
    seconds: float | None


class ClassCost(msgspec.Struct, frozen=True):
    """How well a class is recognised, and the mean εᵢ of its records."""

    name: str = msgspec.field(name="class")
    recall: Interval
    cost: Interval


class Costs(msgspec.Struct, frozen=True):
    """Which records cost most privacy.

    Attributes
    ----------
    epsilon : str
        Of the training by DP-SGD that the costs are of.
    picks : list of CostPick
        By the lowest, middle and highest εᵢ.
    random : CostPick
        Random records.
    classes : list of ClassCost
        Class by class.
    with_loss : Interval
        The rank correlation of εᵢ with the loss.
    """

    epsilon: str
    picks: list[CostPick]
    random: CostPick
    classes: list[ClassCost]
    with_loss: Interval = msgspec.field(name="with loss")


class Releases(msgspec.Struct, frozen=True):
    """What is left of a selection after its release, by each mechanism and ε."""

    score: str
    share: str
    exact: Pick
    drawn: list[ReleasedPick]


class Known(msgspec.Struct, frozen=True):
    """What is known of such scores: what it is, how it was here, and whether it holds."""

    what: str
    result: str = msgspec.field(name="told")
    value: float
    holds: bool


class RecordCounts(msgspec.Struct, frozen=True):
    """How many records were used, and for what."""

    used: int
    left_out: int = msgspec.field(name="left out")
    reference: int
    pool: int
    held_out: int = msgspec.field(name="held out")
    units: int | None


class Accountants(msgspec.Struct, frozen=True):
    """How far the two accountants of DP-SGD are apart at most, over so many trainings."""

    apart: float
    trainings: int


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a study found.

    Attributes
    ----------
    choices : Choices
        What was compared.
    records : RecordCounts
        How many were used.
    classes : list of str
        Their classes.
    picks, private_ranks, likeness, wrong_labels, costs, releases
        What came of each question; written as ``a`` to ``f``.
    known : list of Known
        What is known of such scores, tried here.
    accountants : Accountants
        How far they are apart.
    """

    choices: Choices
    records: RecordCounts
    classes: list[str]
    picks: list[Pick] = msgspec.field(name="a")
    private_ranks: list[PrivateRanks] = msgspec.field(name="b")
    likeness: list[Likeness] = msgspec.field(name="c")
    wrong_labels: list[Finder] = msgspec.field(name="d")
    costs: Costs = msgspec.field(name="e")
    releases: Releases = msgspec.field(name="f")
    known: list[Known]
    accountants: Accountants

    def as_json(self) -> dict[str, object]:
        """Return all of it as JSON can hold it."""
        content: dict[str, object] = msgspec.to_builtins(self)
        return content


def read_findings(folder: Path) -> Findings:
    """Read what a study found.

    Raises
    ------
    UnusableError
        Where the file is damaged.
    """
    return read_as(folder / FINDINGS, Findings)

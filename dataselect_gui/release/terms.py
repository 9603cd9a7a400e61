"""What a release is, in everything that may be told."""

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.calibration import gaussian_scale, laplace_scale

Kind = Literal["records", "offers", "scores", "report", "gradient"]
Mechanism = Literal[
    "one-sided",
    "exact",
    "randomized-response",
    "noisy-top-k",
    "laplace",
    "discrete-laplace",
    "discrete-gaussian",
]
MECHANISMS: dict[Kind, tuple[Mechanism, ...]] = {
    "records": ("one-sided", "randomized-response", "noisy-top-k", "exact"),
    "offers": ("randomized-response", "noisy-top-k"),
    "scores": ("laplace",),
    "report": ("discrete-laplace", "discrete-gaussian"),
    "gradient": ("discrete-gaussian",),
}
"""How each kind of release can be drawn; the first is the default."""
BY_THRESHOLD = frozenset({"one-sided", "randomized-response", "exact"})
"""The mechanisms of records and offers that look at a threshold."""
SCORE_STEPS = 1 << 16
"""Into how many steps the range of a score is divided before noise is added."""
COUNT_STEPS = 1000
"""The steps of one count where Gaussian noise is added."""
CLIP_STEPS = 1 << 24
"""Into how many steps the norm of a record's gradient is divided."""
MOST_AT_ONCE = 1 << 20
"""No batch has more places."""
MOST_PER_UNIT = 1_000_000
"""How many records of a unit may take part at most: beyond it, noise would fit no whole number."""
NOT_IN_KEY = frozenset(
    "release program date after_exact noise_scale scored_by precision device batch".split()
)
"""Terms by which two releases are not told apart; how scores were computed shows in the scores."""


@dataclass(frozen=True)
class Terms:
    """What a release is, in everything that may be told.

    Attributes
    ----------
    release : str
        A random id.
    program, date : str
        Version of the program; day of the reservation.
    kind : str
        What leaves: ``"records"``, ``"offers"``, ``"scores"``, ``"report"`` or ``"gradient"``.
    mechanism : str
        How it is drawn, see `MECHANISMS`.
    epsilon, delta : str or None
        The mechanism's per unit, as exact decimals; None for ``exact``.
    conditional : bool
        Whether the threshold depends on the records, so that no ε is claimed.
    unit : str
        ``"record"`` or ``"person"``.
    per_unit : int
        At most so many records of a unit take part.
    score, variant : str
        What was selected by.
    lowest : bool
        Whether the lowest scores were taken.
    cut : str or None
        ``"threshold"``, ``"count"`` or ``"fraction"``; None where nothing was cut.
    threshold : str or None
        Its value where it is public; a threshold chosen after looking may be somebody's score.
    threshold_from : str or None
        ``"request"``, ``"agreed"``, ``"viewed"`` or ``"bought"``; None where there is none.
    threshold_epsilon : str or None
        What a bought threshold cost.
    in_training : str
        ``"no"``, ``"dp"``, ``"yes"`` or ``"unknown"``.
    after_exact : bool
        Whether records of the source were released without protection before.
    checkpoint : str
        SHA-256 over the checkpoint's files.
    bounds : tuple of two str or None
        The public bounds that scores are clipped to.
    bounds_from : str or None
        ``"request"``, ``"score"`` (it cannot leave them) or ``"agreed"``.
    count : int or None
        How many are taken by ``noisy-top-k``: public.
    padded : int or None
        To how many rows scores are padded.
    bins : tuple of str or None
        The public edges of a histogram, ascending.
    classes : tuple of str or None
        Where a histogram is told by class: the checkpoint's classes.
    count_threshold : str or None
        Where the records beyond a public threshold are counted: that threshold.
    clip : str or None
        The norm that each record's gradient is clipped to.
    noise_scale : float or None
        Of the noise, in its own steps: b of Laplace, σ of Gaussian noise.
    scored_by : str or None
        The version of the program that computed the scores; None where an earlier version did not say.
    precision, device : str or None
        What scores were computed with, and where; None for ``random``, which no model computes.
    batch : int or None
        How many records at once, where that was fixed beforehand.
    """

    release: str
    program: str
    date: str
    kind: Kind
    mechanism: Mechanism
    epsilon: str | None
    delta: str | None
    conditional: bool
    unit: Literal["record", "person"]
    per_unit: int
    score: str
    variant: str
    lowest: bool
    cut: Literal["threshold", "count", "fraction"] | None
    threshold: str | None
    threshold_from: str | None
    threshold_epsilon: str | None
    in_training: str
    after_exact: bool
    checkpoint: str
    bounds: tuple[str, str] | None = None
    bounds_from: str | None = None
    count: int | None = None
    padded: int | None = None
    bins: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    count_threshold: str | None = None
    clip: str | None = None
    noise_scale: float | None = None
    scored_by: str | None = None
    precision: str | None = None
    device: str | None = None
    batch: int | None = None

    @property
    def claims(self) -> bool:
        """Whether an ε is claimed."""
        return self.mechanism != "exact" and not self.conditional

    @property
    def total(self) -> str | None:
        """ε of the bundle: the mechanism's and that of a bought threshold, which the bundle tells."""
        if self.epsilon is None:
            return None
        return exact(Decimal(self.epsilon) + Decimal(self.threshold_epsilon or 0))

    @property
    def claimed(self) -> str | None:
        """The ε that is claimed; None where none is."""
        return self.total if self.claims else None

    @property
    def odds(self) -> float | None:
        """The factor by which the bundle can shift odds, where it has an ε."""
        return None if self.total is None else math.exp(float(self.total))

    @property
    def share(self) -> float:
        """The share of candidates that leave by ``one-sided``."""
        if self.epsilon is None:
            return 1.0
        return -math.expm1(-float(Decimal(self.epsilon) / self.per_unit))

    @property
    def sensitivity(self) -> int | None:
        """How far one unit moves what noise is added to, in steps; None where none is added.

        L1 for Laplace noise. For Gaussian noise the square of L2 (see `squared_sensitivity`) is what
        counts, and this is None.
        """
        match self.mechanism:
            case "laplace" | "noisy-top-k":
                return self.per_unit * SCORE_STEPS
            case "discrete-laplace":
                return self.per_unit * self._moves
            case _:
                return None

    @property
    def squared_sensitivity(self) -> int | None:
        """The square of the L2 sensitivity for Gaussian noise, in squared steps.

        A report: of m records each leaves one cell of a histogram and enters another. The cells that
        were left are a vector of norm at most m, so are those that were entered, and since neither has
        negative elements, their difference has norm at most √2·m. A count moves by at most m.

        A gradient: m vectors of norm C each are replaced by others, 2mC.
        """
        if self.mechanism != "discrete-gaussian":
            return None
        if self.kind == "gradient":
            return (2 * self.per_unit * CLIP_STEPS) ** 2
        return (self.per_unit * COUNT_STEPS) ** 2 * self._moves

    @property
    def _moves(self) -> int:
        """In how many cells of a report one record counts, before and after together."""
        return 2 * (self.bins is not None) + (self.count_threshold is not None)


def calibrated(terms: Terms) -> Terms:
    """Return the terms with the scale of the noise that they need."""
    if terms.epsilon is None:
        return terms
    epsilon, scale = Decimal(terms.epsilon), None
    if terms.sensitivity is not None:
        scale = laplace_scale(epsilon, terms.sensitivity)
    elif terms.squared_sensitivity is not None:
        scale = gaussian_scale(epsilon, Decimal(str(terms.delta)), terms.squared_sensitivity)
    return replace(terms, noise_scale=scale)


def terms_of(told: dict[str, object]) -> Terms:
    """Return the terms that the ledger wrote down."""
    lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
    return Terms(**{**told, **lists})  # type: ignore[arg-type]

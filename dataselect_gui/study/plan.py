"""Which trainings a study takes, known before any of them runs. No torch here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias

from dataselect_gui.errors import UsageError
from dataselect_gui.scoring.catalog import applicable

Start = Literal["scratch", "checkpoint"]
Place = Literal["top", "middle", "bottom", "any"]

QUESTIONS = {
    "a": "Does training on records picked by a score beat training on as many random ones?",
    "b": "Do scores by a model trained with DP-SGD rank records as scores by one trained without?",
    "c": "How alike are the scores among each other, and does the size of the model matter?",
    "d": "Do the scores find wrong labels?",
    "e": "Which records cost most privacy, and do these bring most?",
    "f": "What is left of the selection after its release?",
}
"""What a study asks; each is one figure of its page."""
COST = "cost"
"""What question e picks by: the individual privacy loss under a stand-in trained by DP-SGD."""
SCORED = ("loss", "el2n", "grad_norm", "vog", "plis")
"""The scores that are compared with each other, where they apply."""
WIDTH, WIDTHS = 8, (4, 8, 16)
"""Channels of the first layer of the study's own network: usually, and where sizes are compared."""
REFERENCE_EPSILONS = ("1", "3", "8")
"""ε of the stand-ins for the consortium's model, beside those that were asked for."""
RELEASED_BY = ("one-sided", "randomized-response", "noisy-top-k")
RELEASE_EPSILONS = ("0.5", "2", "8")
FEWEST_SEEDS = 5
"""No interval is worth its name below."""
MOST_TRAININGS = 200
_PLACES: tuple[Place, ...] = ("top", "middle", "bottom")


@dataclass(frozen=True)
class Choices:
    """What the owner chose.

    Attributes
    ----------
    scores : tuple of str
        The scores to pick by, the most important first.
    shares : tuple of str
        Which shares of the records to train on, as decimals; releases are tried at the first.
    epsilons : tuple of str
        ε of the trainings by DP-SGD, as decimals; there is always one without.
    seeds : int
        How often each training is repeated, each time with another split, start and order.
    start : str
        What every training starts from: the study's own small network (``scratch``), or the
        consortium's model (``checkpoint``).
    """

    scores: tuple[str, ...]
    shares: tuple[str, ...] = ("0.1", "0.3")
    epsilons: tuple[str, ...] = ("8",)
    seeds: int = FEWEST_SEEDS
    start: Start = "scratch"


@dataclass(frozen=True)
class Picked:
    """A training on some of the owner's records.

    Attributes
    ----------
    seed : int
        Of the split, the start, the order, and the random pick.
    score : str
        What is picked by; ``random`` for a random pick.
    place : str
        The records with the highest scores, those in the middle, the lowest; ``any`` for a random
        pick.
    share : str
        The share of the records that is picked.
    epsilon : str or None
        Of the training by DP-SGD; None for a training without.
    mechanism, release_epsilon : str or None
        Where not the pick itself is trained on but what a release leaves of it. A random pick is
        then as large as what leaves on average.
    """

    seed: int
    score: str
    place: Place
    share: str
    epsilon: str | None = None
    mechanism: str | None = None
    release_epsilon: str | None = None

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        release = f"-{self.mechanism}-{self.release_epsilon}" if self.mechanism else ""
        return f"pick-{self.score}-{self.place}-{self.share}{release}-{_way(self.epsilon)}-{self.seed}"


@dataclass(frozen=True)
class Reference:
    """A training of a stand-in for the consortium's model, on records set aside for it.

    Attributes
    ----------
    seed : int
        Of the start and the order.
    width : int
        Channels of its first layer.
    epsilon : str or None
        Of the training by DP-SGD; None for a training without.
    """

    seed: int
    width: int = WIDTH
    epsilon: str | None = None

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        return f"reference-{self.width}-{_way(self.epsilon)}-{self.seed}"


Training: TypeAlias = Picked | Reference


def trainings(choices: Choices) -> dict[str, list[Training]]:
    """Return the trainings that each question takes; several questions may share one.

    Parameters
    ----------
    choices : Choices
        The owner's.
    """
    asked: dict[str, list[Training]] = {question: [] for question in QUESTIONS}
    first, share = choices.scores[0], choices.shares[0]
    for seed in range(choices.seeds):
        asked["a"] += [
            Picked(seed, score, place, part, epsilon)
            for epsilon in (None, *choices.epsilons)
            for part in choices.shares
            for score, place in _picks(choices.scores)
        ]
        plain = Reference(seed)
        private = [Reference(seed, epsilon=epsilon) for epsilon in reference_epsilons(choices)]
        asked["b"] += [plain, *private]
        asked["c"] += [Reference(seed, width) for width in WIDTHS]
        asked["d"] += [plain, *private]
        asked["e"] += [private[-1], Picked(seed, "random", "any", share)]
        asked["e"] += [Picked(seed, COST, place, share) for place in _PLACES]
        asked["f"] += [Picked(seed, first, "top", share), Picked(seed, "random", "any", share)]
        for mechanism in RELEASED_BY:
            for epsilon in RELEASE_EPSILONS:
                asked["f"].append(Picked(seed, first, "top", share, None, mechanism, epsilon))
                if mechanism != "noisy-top-k":  # As many leave there as were picked.
                    asked["f"].append(Picked(seed, "random", "any", share, None, mechanism, epsilon))
    return asked


def in_order(asked: Mapping[str, Sequence[Training]]) -> list[Training]:
    """Return each training once: the stand-ins first, then seed by seed."""
    once = list(dict.fromkeys(one for several in asked.values() for one in several))
    return sorted(once, key=lambda one: (not isinstance(one, Reference), one.seed))


def kind_of(one: Training) -> str:
    """Return what kind of work a training is; those of one kind take about as long."""
    what = "stand-in" if isinstance(one, Reference) else "training"
    return f"{what} {'without DP' if one.epsilon is None else 'by DP-SGD'}"


def reference_epsilons(choices: Choices) -> list[str]:
    """Return ε of the stand-ins, ascending."""
    return sorted({*REFERENCE_EPSILONS, *choices.epsilons}, key=Decimal)


def choose(
    scores: Sequence[str] | None,
    shares: str,
    epsilons: str,
    seeds: int,
    start: str,
    *,
    series: int,
    request: Mapping[str, Any],
) -> Choices:
    """Return what a person chose, checked.

    Parameters
    ----------
    scores : sequence of str or None
        None for the score of the consortium's request, else VoG, else EL2N.
    shares, epsilons : str
        Decimals, separated by commas.
    seeds : int
        At least five.
    start : str
        ``scratch`` or ``checkpoint``.
    series : int
        How many checkpoints the series has.
    request : mapping
        What the consortium's request states.

    Raises
    ------
    UsageError
        Where something makes no sense.
    """
    if scores is None:
        wanted = [str(request.get("score", "vog")), "vog", "el2n"]
        scores = [next(name for name in wanted if _applies(name, series, request))]
    names = [name for name in dict.fromkeys(scores) if name != "random"]
    found = applicable(names, series=series, labelled=True, request=request)
    if not found:
        raise UsageError(
            "There is no score to study.",
            "Random picks are among the curves anyway; a study compares a score with them.",
            "Name one or more scores, for example --scores vog,plis.",
        )
    if seeds < FEWEST_SEEDS:
        raise UsageError(
            f"--seeds cannot be {seeds}.",
            f"Fewer than {FEWEST_SEEDS} repetitions show no difference that could be relied on.",
            f"Give {FEWEST_SEEDS} or more.",
        )
    if start not in {"scratch", "checkpoint"}:
        raise UsageError(
            f"--start cannot be “{start}”.",
            "Trainings start from scratch, or from the consortium's checkpoint.",
            "Give scratch or checkpoint.",
        )
    return Choices(
        tuple(score.name for score in found),
        _decimals(shares, "--shares", most=Decimal(1)),
        _decimals(epsilons, "--epsilons", most=Decimal(100)),
        seeds,
        "scratch" if start == "scratch" else "checkpoint",
    )


def check_limit(count: int, limit: int) -> None:
    """Refuse a plan of too many trainings.

    Raises
    ------
    UsageError
        Where there are more than the limit.
    """
    if count > limit:
        raise UsageError(
            f"The study would take {count} trainings.",
            f"The limit is {limit}, so that nobody starts a study of days by mistake.",
            f"Name fewer scores, shares or ε, or raise the limit: --limit-trainings {count}.",
        )


def _picks(scores: Sequence[str]) -> list[tuple[str, Place]]:
    return [("random", "any"), *((score, place) for score in scores for place in _PLACES)]


def _applies(name: str, series: int, request: Mapping[str, Any]) -> bool:
    try:
        return bool(applicable([name], series=series, labelled=True, request=request))
    except UsageError:
        return False


def _decimals(text: str, option: str, most: Decimal) -> tuple[str, ...]:
    found: dict[Decimal, None] = {}
    for part in text.split(","):
        try:
            number = Decimal(part.strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not 0 < number <= most:
            raise UsageError(
                f"{option} cannot be “{text}”.",
                f"It is one or more numbers above 0 and at most {most}, separated by commas.",
                f"Write it like {option} {'0.1,0.3' if most == 1 else '3,8'}.",
            )
        found[number.normalize()] = None
    return tuple(format(number, "f") for number in sorted(found))


def _way(epsilon: str | None) -> str:
    return "plain" if epsilon is None else f"dp{epsilon}"

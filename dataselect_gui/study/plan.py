"""Which trainings a study takes, known before any of them runs. No torch here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK
from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.release.registry import MECHANISMS
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.texts import N_

Start = Literal["scratch", "checkpoint"]
Place = Literal["top", "middle", "bottom", "any"]

QUESTIONS = {
    "a": N_("Does training on records picked by a score beat training on as many random ones?"),
    "b": N_("Do scores by a model trained with DP-SGD rank records as scores by one trained without?"),
    "c": N_("How alike are the scores among each other, and does the size of the model matter?"),
    "d": N_("Do the scores find wrong labels?"),
    "e": N_("Which records cost most privacy, and do these bring most?"),
    "f": N_("What is left of the selection after its release?"),
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
RELEASED_BY = (OneSided.name, RandomizedResponse.name, NoisyTopK.name)
RELEASE_EPSILONS = ("0.5", "2", "8")
FEWEST_SEEDS, MOST_SEEDS = 5, 100
"""No interval is worth its name below."""
MOST_TRAININGS = 200
"""How many a study may take where nobody allows more."""
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
class PickTraining:
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

    @property
    def kind(self) -> str:
        """What kind of work it is: what is of one kind takes about as long."""
        return _kind("training", self.epsilon)


@dataclass(frozen=True)
class StandInTraining:
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

    @property
    def kind(self) -> str:
        """What kind of work it is: what is of one kind takes about as long."""
        return _kind("stand-in", self.epsilon)


Training: TypeAlias = PickTraining | StandInTraining


def trainings(choices: Choices) -> dict[str, list[Training]]:
    """Return the trainings that each question takes; several questions may share one.

    Parameters
    ----------
    choices : Choices
        The owner's.
    """
    by_question: dict[str, list[Training]] = {question: [] for question in QUESTIONS}
    first, share = choices.scores[0], choices.shares[0]
    for seed in range(choices.seeds):
        by_question["a"] += [
            PickTraining(seed, score, place, part, epsilon)
            for epsilon in (None, *choices.epsilons)
            for part in choices.shares
            for score, place in picks(choices.scores)
        ]
        plain = StandInTraining(seed)
        private = [StandInTraining(seed, epsilon=epsilon) for epsilon in reference_epsilons(choices)]
        by_question["b"] += [plain, *private]
        by_question["c"] += [StandInTraining(seed, width) for width in WIDTHS]
        by_question["d"] += [plain, *private]
        by_question["e"] += [private[-1], PickTraining(seed, "random", "any", share)]
        by_question["e"] += [PickTraining(seed, COST, place, share) for place in _PLACES]
        by_question["f"] += [
            PickTraining(seed, first, "top", share),
            PickTraining(seed, "random", "any", share),
        ]
        for mechanism in RELEASED_BY:
            for epsilon in RELEASE_EPSILONS:
                by_question["f"].append(
                    PickTraining(seed, first, "top", share, None, mechanism, epsilon)
                )
                if "count" not in MECHANISMS[mechanism].takes:  # As many leave there as were picked.
                    by_question["f"].append(
                        PickTraining(seed, "random", "any", share, None, mechanism, epsilon)
                    )
    return by_question


def in_order(by_question: Mapping[str, Sequence[Training]]) -> list[Training]:
    """Return each training once: the stand-ins first, then seed by seed."""
    once = list(dict.fromkeys(training for several in by_question.values() for training in several))
    return sorted(once, key=lambda training: (not isinstance(training, StandInTraining), training.seed))


def reference_epsilons(choices: Choices) -> list[str]:
    """Return ε of the stand-ins, ascending."""
    return sorted({*REFERENCE_EPSILONS, *choices.epsilons}, key=Decimal)


def proposed_score(series: int, request: Request, indexed: Sequence[str] = ()) -> str:
    """Return the score to pick by where none is named: the score of the request, else VoG, else EL2N.

    Parameters
    ----------
    series : int
        How many checkpoints the series has.
    request : Request
        The consortium's.
    indexed : sequence of str
        The columns whose categories the model takes as their places.
    """
    wanted = [request.score or "vog", "vog", "el2n"]
    return next(name for name in wanted if _applies(name, series, request, indexed))


def picks(scores: Sequence[str]) -> list[tuple[str, Place]]:
    """Return what question a compares at each share: a random pick, and three by each score."""
    return [("random", "any"), *((score, place) for score in scores for place in _PLACES)]


def _applies(name: str, series: int, request: Request, indexed: Sequence[str]) -> bool:
    try:
        return bool(applicable([name], series=series, labelled=True, request=request, indexed=indexed))
    except UsageError:
        return False


def _way(epsilon: str | None) -> str:
    return "plain" if epsilon is None else f"dp{epsilon}"


def _kind(work: str, epsilon: str | None) -> str:
    return f"{work} {'without DP' if epsilon is None else 'by DP-SGD'}"

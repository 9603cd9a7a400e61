"""Paired differences over seeds, corrected for how many there are, and what they show.

All of it is fixed before a study runs: the measure, the level, the correction, and what *helps* means.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.study.statistics import CONFIDENCE, Verdict, interval

LEVEL = 1 - CONFIDENCE
UNEVEN = 1.5
"""Classes are uneven where the largest has more than so many times the records of the smallest."""
Measure: TypeAlias = Literal["accuracy", "balanced"]
Answer: TypeAlias = Literal["helps", "makes no difference", "hurts"]


class Difference(msgspec.Struct, frozen=True):
    """A paired difference over the seeds.

    Attributes
    ----------
    mean, low, high : float
        With its 95 % interval by Student's t, not corrected.
    p : float
        Of the paired t test, two-sided.
    corrected : float
        The same after Holm's correction within its family.
    verdict : str
        ``better`` or ``worse`` where the corrected p is at most 0.05, else ``no difference``.
    """

    mean: float
    low: float
    high: float
    p: float
    corrected: float
    verdict: Verdict


def measure_for(targets: NDArray[np.int64]) -> Measure:
    """Return the primary measure of a study: balanced accuracy where classes are uneven.

    Parameters
    ----------
    targets : ndarray of int64
        The classes of all records of the study as they are given, before anything is planted.
    """
    sizes = np.bincount(targets)
    sizes = sizes[sizes > 0]
    return "balanced" if sizes.max() > UNEVEN * sizes.min() else "accuracy"


def holm(values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, after Holm 1979.

    The smallest of m is multiplied by m, the next by m − 1, and so on; none comes out smaller than
    one before it, or larger than 1.
    """
    corrected, largest = [0.0] * len(values), 0.0
    for done, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - done) * values[place]))
        corrected[place] = largest
    return corrected


def paired_p(differences: Sequence[float]) -> float:
    """Return the two-sided p of a paired t test; 1 where nothing differs at any seed."""
    from scipy.stats import t

    numbers = np.asarray(differences, dtype=np.float64)
    if len(numbers) < 2 or not numbers.any():
        return 1.0
    error = float(numbers.std(ddof=1)) / len(numbers) ** 0.5
    if error == 0:
        return 0.0
    return float(2 * t.sf(abs(float(numbers.mean())) / error, len(numbers) - 1))


def differences_of(families: Iterable[tuple[str, Sequence[float]]]) -> list[Difference]:
    """Return each comparison's difference, corrected within its family.

    Parameters
    ----------
    families : iterable of tuple
        Of each comparison its family, and its differences seed by seed.
    """
    given = list(families)
    values = [paired_p(differences) for _family, differences in given]
    corrected = [1.0] * len(given)
    for family in {name for name, _differences in given}:
        places = [place for place, (name, _differences) in enumerate(given) if name == family]
        for place, value in zip(places, holm([values[place] for place in places]), strict=True):
            corrected[place] = value
    return [
        _difference(differences, value, after)
        for (_family, differences), value, after in zip(given, values, corrected, strict=True)
    ]


def _difference(differences: Sequence[float], value: float, corrected: float) -> Difference:
    spread = interval(differences)
    # An interval that includes 0 goes with a p above 0.05 but for rounding, which is not to decide.
    shows = corrected <= LEVEL and spread.verdict != "no difference"
    return Difference(
        spread.mean,
        spread.low,
        spread.high,
        value,
        corrected,
        spread.verdict if shows else "no difference",
    )


def answer_of(against_random: Verdict, against_everything: Verdict) -> Answer:
    """Return what the rule does where both differences were tested.

    It *helps* only where it is better than a random pick of the same size and than everything; it
    *hurts* where it is worse than either; else it makes no difference that could be relied on.
    """
    if "worse" in {against_random, against_everything}:
        return "hurts"
    is_better = against_random == against_everything == "better"
    return "helps" if is_better else "makes no difference"

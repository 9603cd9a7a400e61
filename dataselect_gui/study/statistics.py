"""The statistics of a study: means with intervals, rank correlations, how well scores tell records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
Verdict = Literal["better", "worse", "no difference"]


@dataclass(frozen=True)
class Interval:
    """A mean over seeds, with the interval that holds its expectation 95 times in 100.

    Attributes
    ----------
    mean, low, high : float
        By Student's t; all the same where there is one value.
    """

    mean: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """What a difference of that interval shows."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no difference"


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of values of several seeds, with its t interval."""
    from scipy.stats import t

    numbers = np.asarray(values, dtype=np.float64)
    mean = float(numbers.mean())
    if len(numbers) < 2:
        return Interval(mean, mean, mean)
    half = (
        float(t.ppf((1 + CONFIDENCE) / 2, len(numbers) - 1)) * numbers.std(ddof=1) / len(numbers) ** 0.5
    )
    return Interval(mean, mean - float(half), mean + float(half))


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation over the records that have both scores.

    Scores that are all the same agree with nothing: 0.
    """
    from scipy.stats import spearmanr

    both = ~(np.isnan(first) | np.isnan(second))
    if min(len(np.unique(first[both])), len(np.unique(second[both]))) < 2:
        return 0.0
    return float(spearmanr(first[both], second[both]).statistic)


def auroc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return how often a positive record's score is above a negative one's, ties counted half."""
    from scipy.stats import rankdata

    ranks = rankdata(np.nan_to_num(scores, nan=-np.inf))
    number = int(positive.sum())
    above = ranks[positive].sum() - number * (number + 1) / 2
    return float(above / (number * (len(scores) - number)))


def precision_at(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the share of positive records among the k highest scores, k as many as are positive."""
    number = int(positive.sum())
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
    return float(positive[order[:number]].mean())

"""Thresholds per class: ranks by hand, exact arithmetic, and the promise that they are for."""

from decimal import Decimal

import numpy as np
import pytest

from dataselect_gui.selection.calibration import (
    alpha_of_each,
    class_thresholds,
    kept_by_thresholds,
    rank_of,
)

ALPHA = Decimal("0.05")


@pytest.mark.parametrize(
    ("count", "alpha", "rank"),
    [
        (19, "0.05", 19),  # 0.95 · 20 = 19 exactly; in doubles (1 − 0.05)·20 may come out above.
        (18, "0.05", 19),
        (99, "0.05", 95),
        (200, "0.05", 191),
        (0, "0.05", 1),
        (9, "0.1", 9),
        (29, "0.1", 27),
        (39, "0.025", 39),
        (4, "0.2", 4),
    ],
)
def test_the_rank_is_exact(count: int, alpha: str, rank: int) -> None:
    assert rank_of(count, Decimal(alpha)) == rank


def test_the_threshold_is_that_order_statistic_of_each_class() -> None:
    rng = np.random.default_rng(0)
    scores, targets = rng.random(250), np.repeat([0, 1, 3], [19, 18, 213])
    shuffled = rng.permutation(250)
    thresholds = class_thresholds(scores[shuffled], targets[shuffled], 4, ALPHA)
    assert thresholds[0] == max(scores[:19])
    assert thresholds[1] == np.inf, "18 are too few for α = 0.05"
    assert thresholds[2] == np.inf, "a class that is missing"
    assert thresholds[3] == sorted(scores[37:])[204 - 1]  # 0.95 · 214 = 203.3, hence the 204th.


def test_clean_scores_that_are_no_numbers_count_as_the_largest() -> None:
    scores = np.array([*np.arange(18.0), np.nan])
    assert class_thresholds(scores, np.zeros(19, dtype=np.int64), 1, ALPHA)[0] == np.inf
    minus = np.array([*np.arange(18.0), -np.inf])
    assert class_thresholds(minus, np.zeros(19, dtype=np.int64), 1, ALPHA)[0] == 17


def test_a_record_is_kept_unless_a_finite_score_is_above_its_threshold() -> None:
    targets = np.array([0, 0, 0, 0, 1, -1, 2])
    loss = np.array([1.0, 1.0000001, np.nan, np.inf, 99.0, 99.0, 99.0])
    limits = {"loss": np.array([1.0, np.inf])}
    expected = [True, False, True, True, True, True, True]
    assert kept_by_thresholds({"loss": loss}, targets, limits).tolist() == expected
    both = {**limits, "distance": np.array([0.5, 0.5])}
    distance = np.array([0.6, 0.1, 0.5, 0.6, 0.6, 0.6, 0.6])
    expected = [False, False, True, False, False, True, True]
    scores = {"loss": loss, "distance": distance}
    assert kept_by_thresholds(scores, targets, both).tolist() == expected


def test_no_more_than_alpha_of_the_clean_is_left_out_on_average() -> None:
    """Over calibrations of one score without ties: between α − 1/(n + 1) and α, in expectation."""
    rng, count, calibrations = np.random.default_rng(1), 30, 400
    shares = []
    for _ in range(calibrations):
        limit = class_thresholds(rng.random(count), np.zeros(count, dtype=np.int64), 1, ALPHA)
        shares.append(1 - limit[0])  # Of uniform scores, what is above the threshold.
    error = np.std(shares) / calibrations**0.5
    assert float(ALPHA) - 1 / (count + 1) - 3 * error <= np.mean(shares) <= float(ALPHA) + 3 * error


def test_two_scores_share_alpha() -> None:
    assert alpha_of_each(ALPHA, 1) == ALPHA
    assert alpha_of_each(ALPHA, 2) == Decimal("0.025")

"""Ranks, splits and private queries of a calibration."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui.calibration import private
from dataselect_gui.calibration.calibrating import (
    CleanRows,
    calibrate_as_they_are,
    calibrate_privately,
    split_rows,
)
from dataselect_gui.calibration.private import GRID, Counts, PrivateQueries
from dataselect_gui.calibration.ranks import advised_rows, fewest_rows, rank_of, threshold_of
from dataselect_gui.calibration.statistics import bounds_of, class_means, covariance_of, distances_of
from dataselect_gui.privacy.tail_threshold import draw_tail_threshold, tail_scale, upper_bound
from tests.benchmarks.calibration import lines


def test_a_calibration_leaves_out_no_more_than_it_says() -> None:
    """The same with 200 calibrations: ``python -m tests.benchmarks.calibration``."""
    for line in lines(12):
        assert line.holds, line


@pytest.mark.parametrize(
    ("alpha", "count", "rank"),
    [
        ("0.05", 18, None),
        ("0.05", 19, 19),
        ("0.05", 20, 20),
        ("0.05", 39, 38),
        ("0.025", 38, None),
        ("0.025", 39, 39),
        ("0.1", 9, 9),  # In doubles, (1 − 0.1) · 10 is above 9.
        ("0.3", 9, 7),  # And (1 − 0.3) · 10 is below 7.
        ("0.05", 0, None),
    ],
)
def test_ranks_are_exact(alpha: str, count: int, rank: int | None) -> None:
    assert rank_of(Fraction(Decimal(alpha)), count) == rank
    if rank is not None:
        values = np.random.default_rng(0).permutation(count).astype(float)
        assert threshold_of(Fraction(Decimal(alpha)), values) == rank - 1


@pytest.mark.parametrize(("alpha", "fewest"), [("0.05", 19), ("0.025", 39), ("0.2", 4), ("0.3", 3)])
def test_the_fewest_rows_are_those_that_have_a_rank(alpha: str, fewest: int) -> None:
    stated = Fraction(Decimal(alpha))
    assert fewest_rows(stated) == fewest
    assert rank_of(stated, fewest) is not None
    assert rank_of(stated, fewest - 1) is None


def test_ties_leave_out_less() -> None:
    values = np.repeat([1.0, 2.0], [50, 50])
    assert threshold_of(Fraction(1, 20), values) == 2.0


def test_a_split_is_of_half_the_rows_and_of_its_seed_alone() -> None:
    split, same, other = split_rows(101, "a"), split_rows(101, "a"), split_rows(101, "b")
    assert split.sum() == 50
    assert (split == same).all()
    assert (split != other).any()


def test_statistics_are_those_of_numpy() -> None:
    rng = np.random.default_rng(2)
    features, classes = rng.normal(size=(40, 6)), rng.integers(0, 3, 40)
    means = class_means(features, classes, 4)
    assert np.isnan(means[3]).all()
    for index in range(3):
        np.testing.assert_allclose(means[index], features[classes == index].mean(axis=0))
    offsets = np.stack([features[row] - means[classes[row]] for row in range(40)])
    covariance = covariance_of(features, classes, means)
    np.testing.assert_allclose(covariance, np.cov(offsets.T, bias=True), atol=1e-12)
    assert (covariance == covariance.T).all()
    distances = distances_of(features, np.where(classes == 0, 3, classes), means, covariance)
    assert np.isnan(distances[classes == 0]).all()
    assert np.isfinite(distances[classes != 0]).all()


def test_bounds_are_quantiles_and_none_where_all_is_the_same() -> None:
    values = np.concatenate([np.arange(1.0, 1001.0), [np.nan]])
    assert bounds_of(values) == (10.0, 990.0)
    assert bounds_of(np.ones(50)) is None
    assert bounds_of(np.full(3, np.nan)) is None


def rows_of(name: str, values: NDArray[np.float64], classes: NDArray[np.int64]) -> CleanRows:
    return CleanRows(("easy", "hard"), classes, {name: values}, np.ones(len(classes), dtype=bool))


def test_bounds_hold_the_thresholds_of_every_class() -> None:
    """A class of one row in a hundred lies above the 99 % quantile of all of them."""
    values = np.concatenate([np.arange(9900.0), 20_000 + np.arange(100.0)])
    rows = rows_of("loss", values, np.repeat([0, 1], [9900, 100]))
    calibrated = calibrate_as_they_are(rows, ["loss"], Fraction(1, 20), np.ones(10_000, dtype=bool))
    threshold = calibrated.scores["loss"].classes["hard"].threshold
    assert threshold == 20_095.0, "the 96th of 100, by hand: ⌈0.95 · 101⌉"
    assert np.quantile(values, 0.99, method="inverted_cdf") == 9899.0
    assert calibrated.bounds["loss"] == (99.0, threshold)


@pytest.mark.parametrize("is_private", [False, True])
def test_no_threshold_is_above_the_scores_own_bound(is_private: bool) -> None:
    """Of the public grid, 1.33 is below and 1.43 above the √2 that no distance of EL2N exceeds.

    What is kept is the same: everything, by both.
    """
    bound = 1.4142135624
    values = np.full(4000, 1.414)
    rows = rows_of("el2n", values, np.repeat([0, 1], 2000))
    own, alpha = {"el2n": bound}, Fraction(1, 20)
    if is_private:
        queries = PrivateQueries(Decimal(100), Decimal(0), 1, with_directions=False)
        calibrated = calibrate_privately(rows, ["el2n"], alpha, queries, own)
        unbounded = PrivateQueries(Decimal(100), Decimal(0), 1, with_directions=False)
        free = calibrate_privately(rows, ["el2n"], alpha, unbounded)
        assert all(each.threshold == 1.43301 for each in free.scores["el2n"].classes.values())
        assert all(each.threshold == bound for each in calibrated.scores["el2n"].classes.values())
    else:
        calibrated = calibrate_as_they_are(rows, ["el2n"], alpha, np.ones(4000, dtype=bool), own)
        assert all(each.threshold == 1.414 for each in calibrated.scores["el2n"].classes.values())
    assert not calibrated.bounds, "the score has its own"


@pytest.mark.parametrize(("alpha", "advised"), [("0.05", 200), ("0.025", 400), ("0.3", 34)])
def test_the_advised_rows_follow_alpha(alpha: str, advised: int) -> None:
    assert advised_rows(Fraction(Decimal(alpha))) == advised


# Private


def test_what_a_sum_of_laplace_variables_exceeds_is_bounded_exactly() -> None:
    for scales, chance in (([4.7, 4.7], 0.025), ([20.0, 20.0], 0.01), ([3.0], 0.2)):
        bound = upper_bound(scales, chance)
        weights = np.ones(1)
        for scale in scales:
            p = math.exp(-1 / scale)
            reach = range(-400 * round(scale), 400 * round(scale) + 1)
            mass = np.array([(1 - p) / (1 + p) * p ** abs(k) for k in reach])
            weights = np.convolve(weights, mass)
        half = len(weights) // 2
        assert weights[half + bound + 1 :].sum() <= chance
        assert weights[half + bound :].sum() > chance


def test_the_noise_of_thresholds_pays_for_both_classes() -> None:
    assert tail_scale(Decimal(1)) >= 4
    assert tail_scale(Decimal("0.5")) >= 8


def test_hardly_any_noise_finds_the_lowest_candidate_with_few_enough_above() -> None:
    values, scale = np.arange(100.0), tail_scale(Decimal(300))
    assert draw_tail_threshold(values, 10, [80.5, 85.5, 91.5, 95.5], scale) == 91.5
    assert draw_tail_threshold(values, 10, [10.5, 20.5], scale) is None
    assert draw_tail_threshold(np.full(100, 5.0), 10, [1.0, 4.0, 6.0], scale) == 6.0  # None between.
    assert draw_tail_threshold(np.full(3, np.nan), 10, [1.0, 4.0], scale) == 1.0


def test_a_threshold_goes_too_low_as_seldom_as_it_says() -> None:
    values, scale = (
        np.sort(np.random.default_rng(0).lognormal(-2, 1.5, 2000)),
        tail_scale(Decimal("0.9")),
    )
    margin, target, low = upper_bound([scale, scale], 0.025), 80, 0
    for _ in range(200):
        drawn = draw_tail_threshold(values, target - margin, GRID, scale)
        low += drawn is not None and (values > drawn).sum() > target
    assert low <= 14  # Of 200 with a chance of 0.025 each, 5 on average; 15 or more: 1 in 10,000.


def test_classes_with_few_rows_have_no_private_threshold() -> None:
    queries = PrivateQueries(Decimal(1), Decimal(0), 1, with_directions=False)
    counts = Counts(right=np.array([100, 5000]), wrong=np.array([10, 100]), scale=20.0)
    classes = np.repeat([0, 1], [110, 5100])
    values = np.random.default_rng(0).lognormal(-2, 1.5, len(classes))
    few, many = queries.thresholds("loss", values, classes, counts, Fraction(1, 20))
    assert few is None
    assert many in GRID


def test_more_than_the_budget_cannot_be_asked() -> None:
    queries = PrivateQueries(Decimal(1), Decimal(0), 1, with_directions=False)
    classes = np.zeros(10, dtype=np.int64)
    queries.counts(classes, classes == 0, 2)
    counts = Counts(np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), 20.0)
    queries.thresholds("loss", classes.astype(float), classes, counts, Fraction(1, 20))
    assert queries.privacy().epsilon == 1.0
    queries.thresholds("loss", classes.astype(float), classes, counts, Fraction(1, 20))
    with pytest.raises(ValueError, match="more was asked"):
        queries.privacy()


def test_the_parts_of_a_budget_add_up_to_no_more_than_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "draw_tail_threshold", lambda *_: None)
    for scores in (1, 2, 3, 7):
        queries = PrivateQueries(Decimal("1"), Decimal("1e-6"), scores, with_directions=True)
        classes = np.zeros(4, dtype=np.int64)
        counts = queries.counts(classes, classes == 0, 2)
        for each in range(scores):
            queries.thresholds(str(each), np.zeros(4), classes, counts, Fraction(1, 20))
        queries.directions(np.zeros((2, 3), dtype=np.int64), 100)
        privacy = queries.privacy()
        assert 1 - 1e-9 < privacy.epsilon <= 1
        assert privacy.delta == 1e-6

from decimal import Decimal

import numpy as np
import pytest

from dataselect_gui.window.explore.distribution import Distribution

EVEN = np.linspace(0.0, 1.0, 1001)
SKEWED = np.concatenate([np.linspace(0.001, 0.01, 900), [1.0, 10.0]])


@pytest.mark.parametrize("values", [EVEN, SKEWED, np.array([0.5, 0.5]), np.array([-1.0, 2.0])])
def test_every_record_with_a_score_is_counted_once(values: np.ndarray) -> None:
    distribution = Distribution(np.concatenate([values, [np.nan]]))
    assert distribution.counts.sum() == len(values)
    chosen = np.append(values >= np.median(values), True)
    assert distribution.count(chosen).sum() == chosen[:-1].sum()
    assert (distribution.count(chosen) <= distribution.counts).all()


def test_the_axis_is_logarithmic_where_a_linear_one_would_show_one_bar() -> None:
    assert not Distribution(EVEN).is_log
    distribution = Distribution(SKEWED)
    assert distribution.is_log
    assert np.count_nonzero(distribution.counts) > 20


@pytest.mark.parametrize("values", [EVEN, SKEWED])
def test_a_place_along_the_axis_is_that_of_its_cut_off(values: np.ndarray) -> None:
    distribution = Distribution(values)
    for cut in (0.005, 0.4):
        assert distribution.value_at(distribution.place_of(cut)) == pytest.approx(cut)
    low, high = distribution.ends
    assert low == pytest.approx(distribution.place_of(distribution.low))
    assert high == pytest.approx(distribution.place_of(distribution.high))


def test_a_cut_off_below_all_scores_keeps_its_handle_in_sight() -> None:
    distribution = Distribution(SKEWED)
    assert distribution.place_of(0.0) == pytest.approx(np.log10(distribution.low) - 1)


@pytest.mark.parametrize(("values", "cut"), [(EVEN, 0.5), (SKEWED, 0.005)])
def test_steps_lead_up_and_down_again_and_each_can_be_told(values: np.ndarray, cut: float) -> None:
    distribution = Distribution(values)
    up = distribution.moved(cut, 1)
    assert up > cut
    assert distribution.rounded(up) != distribution.rounded(cut)
    assert distribution.moved(up, -1) == pytest.approx(cut)
    assert distribution.moved(cut, 10) > up


def test_a_cut_off_is_written_to_a_thousandth_of_the_range() -> None:
    assert Distribution(EVEN).rounded(0.12345) == Decimal("0.123")
    assert Distribution(SKEWED).rounded(0.0012345) == Decimal("0.00123")


def test_nothing_scored_is_an_empty_axis() -> None:
    distribution = Distribution(np.full(3, np.nan))
    assert (distribution.low, distribution.high) == (0.0, 1.0)
    assert np.isnan(distribution.median)
    assert not distribution.counts.any()


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0.0013, 9.4, [0.002, 0.01, 0.05, 0.2, 1, 5]),
        (0.013, 4.4, [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]),
        (1e-9, 1e3, [1e-9, 1e-7, 1e-5, 1e-3, 1e-1, 1e1, 1e3]),
        (100.5, 190.0, [110, 130, 150, 170, 190]),
    ],
)
def test_a_logarithmic_axis_has_few_marks_at_round_numbers(
    low: float, high: float, marks: list[float]
) -> None:
    distribution = Distribution(np.append(np.geomspace(low, low * 1.001, 99), high))
    assert distribution.is_log
    assert distribution.ticks is not None
    assert distribution.ticks == pytest.approx(marks)
    assert Distribution(EVEN).ticks is None

"""Intervals, p values and their correction against SciPy and by hand; what helps, and what does not."""

import itertools

import numpy as np
import pytest

from dataselect_gui.study.arms.comparing import (
    LEVEL,
    answer_of,
    differences_of,
    holm,
    measure_for,
    paired_p,
)

FIRST = [0.81, 0.83, 0.80, 0.84, 0.82, 0.83]
SECOND = [0.80, 0.80, 0.79, 0.80, 0.81, 0.84]
APART = [a - b for a, b in zip(FIRST, SECOND, strict=True)]


def test_a_p_value_and_an_interval_are_those_of_a_paired_t_test() -> None:
    from scipy.stats import ttest_rel

    expected = ttest_rel(FIRST, SECOND)
    limits = expected.confidence_interval(0.95)
    (comparison,) = differences_of([("primary", APART)])
    assert comparison.p == comparison.corrected == pytest.approx(expected.pvalue, rel=1e-9)
    assert (comparison.low, comparison.high) == pytest.approx((limits.low, limits.high))
    assert comparison.mean == pytest.approx(np.mean(APART))


def test_holm_by_hand() -> None:
    """Of 0.01, 0.04, 0.03, 0.005: 4·0.005, 3·0.01, 2·0.03, and 0.04, raised to 0.06 before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_rejects_what_the_closed_test_of_bonferroni_rejects() -> None:
    """Holm is the closure of Bonferroni: p′ is the largest Bonferroni p of all sets with it."""
    values = np.random.default_rng(0).random(6).round(2).tolist()
    for place, corrected in enumerate(holm(values)):
        sets = [
            some
            for size in range(1, 7)
            for some in itertools.combinations(range(6), size)
            if place in some
        ]
        closed = max(min(1.0, len(some) * min(values[i] for i in some)) for some in sets)
        assert corrected == pytest.approx(closed)


def test_families_are_corrected_each_by_itself() -> None:
    clearly, hardly = [0.1, 0.11, 0.09, 0.1], [0.1, -0.05, 0.08, 0.02]
    compared = differences_of([("primary", clearly), ("beside", hardly), ("primary", hardly)])
    assert compared[0].corrected == pytest.approx(2 * compared[0].p)
    assert compared[1].corrected == compared[1].p
    assert compared[2].corrected == compared[2].p


def test_what_is_better_alone_is_not_among_many() -> None:
    barely = [0.02, 0.005, 0.03, 0.01, 0.015]
    assert differences_of([("primary", barely)])[0].verdict == "better"
    noise = [[0.1, -0.1, 0.02, -0.01, 0.0]] * 9
    compared = differences_of(
        [("primary", barely), *(("primary", differences) for differences in noise)]
    )
    assert compared[0].low > 0
    assert {difference.verdict for difference in compared} == {"no difference"}


def test_an_interval_that_includes_nothing_never_shows_anything() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        differences = rng.normal(0.3, 1, int(rng.integers(5, 13))).tolist()
        (comparison,) = differences_of([("primary", differences)])
        shows = comparison.verdict != "no difference"
        assert shows == (not comparison.low <= 0 <= comparison.high) == (comparison.corrected <= LEVEL)


def test_equal_results_show_nothing_and_the_same_difference_at_every_seed_does() -> None:
    assert paired_p([0.0] * 5) == 1.0
    assert paired_p([0.25] * 5) == 0.0
    assert differences_of([("primary", [0.0] * 5)])[0].verdict == "no difference"


@pytest.mark.parametrize(
    ("random", "everything", "answer"),
    [
        ("better", "better", "helps"),
        ("better", "no difference", "makes no difference"),
        ("no difference", "better", "makes no difference"),
        ("no difference", "no difference", "makes no difference"),
        ("better", "worse", "hurts"),
        ("worse", "better", "hurts"),
        ("worse", "no difference", "hurts"),
        ("worse", "worse", "hurts"),
    ],
)
def test_it_helps_only_beside_both(random: str, everything: str, answer: str) -> None:
    assert answer_of(random, everything) == answer  # type: ignore[arg-type]


def test_the_measure_follows_from_the_classes() -> None:
    assert measure_for(np.repeat([0, 1], [60, 40])) == "accuracy", "1.5 times is still even"
    assert measure_for(np.repeat([0, 1], [61, 40])) == "balanced"
    assert measure_for(np.repeat([0, 2], [50, 50])) == "accuracy", "a class without records is none"

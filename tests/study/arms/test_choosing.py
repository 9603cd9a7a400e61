"""What each arm chooses of a pool: counted by hand, seeded, and as the mechanisms would draw."""

import math

import numpy as np
import pytest

from dataselect_gui.study.arms.choosing import Judged, chosen_by
from dataselect_gui.study.arms.plan import (
    EVERYTHING,
    ORACLE,
    RANDOM,
    RULE,
    UNTOUCHED,
    Arm,
)

COUNT = 20_000
KEPT = np.arange(COUNT) % 5 > 0
DIRT = (np.arange(COUNT) % 4 == 0).astype(np.int8)
SUSPICION = np.arange(COUNT, dtype=np.float64)[::-1].copy()


def judged(whose: bool = False) -> Judged:
    people = np.arange(COUNT) // 2 if whose else None
    return Judged(DIRT, KEPT, {"Cleanlab": SUSPICION}, people)


def of(arm: Arm, seed: int = 0, whose: bool = False) -> list[int]:
    places: list[int] = chosen_by(arm, judged(whose), seed=seed, planted=True).tolist()
    return places


def test_what_needs_no_chance() -> None:
    assert of(UNTOUCHED) == []
    assert of(EVERYTHING) == list(range(COUNT))
    assert of(RULE) == [n for n in range(COUNT) if n % 5]
    assert of(ORACLE) == [n for n in range(COUNT) if n % 4]
    # As many as the rule keeps, without the most suspicious, which are the first.
    assert of(Arm("Cleanlab")) == list(range(COUNT // 5, COUNT))


def test_random_is_as_large_as_the_rule_and_seeded() -> None:
    assert len(of(RANDOM)) == len(of(RULE))
    assert of(RANDOM) == of(RANDOM)
    assert of(RANDOM) != of(RANDOM, seed=1)


@pytest.mark.parametrize("whose", [False, True])
def test_releases_leave_what_their_formulas_say(whose: bool) -> None:
    """To four standard errors of a draw of the size; one record of a person takes part."""
    there = COUNT // 2 if whose else COUNT
    one_sided = of(Arm("released", "one-sided", "1"), whose=whose)
    assert all(KEPT[one_sided])
    expected = 0.8 * there * (1 - math.exp(-1))
    assert len(one_sided) == pytest.approx(expected, abs=4 * math.sqrt(there / 4))
    answered = of(Arm("released", "randomized-response", "1"), whose=whose)
    truly = 1 / (1 + math.exp(-1))
    right = int(KEPT[answered].sum())
    assert right == pytest.approx(0.8 * there * truly, abs=4 * math.sqrt(there / 4))
    assert len(answered) - right == pytest.approx(
        0.2 * there * (1 - truly), abs=4 * math.sqrt(there / 4)
    )
    if whose:
        for leaving in (one_sided, answered):
            assert len({place // 2 for place in leaving}) == len(leaving)
    for mechanism in ("one-sided", "randomized-response"):
        released, random = (
            of(Arm(kind, mechanism, "1"), whose=whose) for kind in ("released", "random released")
        )
        assert len(random) == len(released)

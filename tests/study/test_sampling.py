from decimal import Decimal

import numpy as np
import pytest

from dataselect_gui.selection.rules import ScoreCut
from dataselect_gui.selection.selecting import select
from dataselect_gui.study.sampling import flip, pick, split

SCORES = np.random.default_rng(0).normal(size=200)
ALL = np.ones(200, dtype=bool)


@pytest.mark.parametrize("units", [None, [f"patient {row // 3}" for row in range(300)]])
def test_parts_are_apart_and_together_everything(units: list[str] | None) -> None:
    parts = split(units, 300, seed=1)
    joined = np.concatenate([parts.reference, parts.held_out, parts.pool])
    assert sorted(joined.tolist()) == list(range(300))
    assert len(parts.reference) == 90
    assert len(parts.held_out) == 60


def test_no_person_has_records_in_two_parts() -> None:
    units = [f"patient {row % 70}" for row in range(300)]
    parts = split(units, 300, seed=3)
    people = [{units[row] for row in part} for part in (parts.reference, parts.held_out, parts.pool)]
    assert sum(len(names) for names in people) == 70


def test_another_seed_tests_on_others_but_sets_the_same_aside() -> None:
    first, second = split(None, 300, 0), split(None, 300, 1)
    np.testing.assert_array_equal(first.reference, second.reference)
    assert set(first.held_out.tolist()) != set(second.held_out.tolist())


def test_top_and_bottom_are_the_products_own_rule() -> None:
    for place, lowest in (("top", False), ("bottom", True)):
        expected = select(ScoreCut("", "fraction", Decimal("0.15"), lowest), {"": SCORES}, ALL).chosen
        np.testing.assert_array_equal(pick(SCORES, place, "0.15", 0), expected)  # type: ignore[arg-type]


def test_the_middle_lies_between() -> None:
    middle = pick(SCORES, "middle", "0.2", 0)
    ranks = np.argsort(np.argsort(SCORES))[middle]
    assert (middle.sum(), ranks.min(), ranks.max()) == (40, 80, 119)


def test_a_random_pick_depends_on_the_seed_alone() -> None:
    first = pick(SCORES, "any", "0.2", 0)
    assert first.sum() == 40
    np.testing.assert_array_equal(first, pick(-SCORES, "any", "0.2", 0))
    assert not np.array_equal(first, pick(SCORES, "any", "0.2", 1))


def test_a_tenth_of_the_labels_is_flipped_to_another_class() -> None:
    targets = np.arange(200) % 3
    labels, flipped = flip(targets, 3, seed=0)
    assert flipped.sum() == 20
    np.testing.assert_array_equal(labels != targets, flipped)
    assert set(labels.tolist()) == {0, 1, 2}

from decimal import Decimal
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataselect_gui.selection.rules import ScoreCut
from dataselect_gui.selection.selecting import select

SCORES = np.array([0.5, np.nan, 0.9, 0.5, 0.1, 0.7])
ALL = np.ones(6, dtype=bool)


@pytest.mark.parametrize(
    ("by", "value", "lowest", "expected"),
    [
        ("threshold", "0.5", False, [0, 2, 3, 5]),
        ("threshold", "0.5", True, [0, 3, 4]),
        ("count", "2", False, [2, 5]),
        ("count", "2", True, [0, 4]),
        ("count", "99", False, [0, 2, 3, 4, 5]),
        ("fraction", "0.5", False, [0, 2, 5]),
        ("fraction", "0.25", False, [2, 5]),
        ("fraction", "0.05", False, []),
    ],
)
def test_a_rule_picks(
    by: Literal["threshold", "count", "fraction"], value: str, lowest: bool, expected: list[int]
) -> None:
    picked = select(ScoreCut("loss", by, Decimal(value), lowest), {"loss": SCORES}, ALL)
    assert np.flatnonzero(picked.chosen).tolist() == expected


def test_equal_scores_are_taken_in_the_sources_order() -> None:
    picked = select(ScoreCut("loss", "count", Decimal(3)), {"loss": np.zeros(6)}, ALL)
    assert np.flatnonzero(picked.chosen).tolist() == [0, 1, 2]


def test_withheld_records_are_never_picked_and_do_not_count() -> None:
    eligible = np.array([True, True, False, True, True, True])
    picked = select(ScoreCut("loss", "fraction", Decimal("0.5")), {"loss": SCORES}, eligible)
    assert np.flatnonzero(picked.chosen).tolist() == [0, 3, 5]


def test_the_cut_of_a_count_is_the_last_score_taken() -> None:
    assert select(ScoreCut("loss", "count", Decimal(2)), {"loss": SCORES}, ALL).threshold == 0.7


@pytest.mark.parametrize(
    ("by", "value", "eligible", "count"),
    [
        ("fraction", "0.25", 10, 3),
        ("fraction", "0.25", 9, 2),
        ("count", "4", 9, 4),
        ("threshold", "1", 9, None),
    ],
)
def test_a_rule_says_how_many_it_picks(
    by: Literal["threshold", "count", "fraction"], value: str, eligible: int, count: int | None
) -> None:
    """For whoever selects and for whoever takes as many by chance."""
    assert ScoreCut("loss", by, Decimal(value)).count(eligible) == count


@given(
    scores=st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=30),
    share=st.decimals("0.01", "1", places=2),
)
def test_a_fraction_takes_half_up_of_the_eligible(scores: list[float], share: Decimal) -> None:
    picked = select(
        ScoreCut("loss", "fraction", share),
        {"loss": np.array(scores)},
        np.ones(len(scores), dtype=bool),
    )
    wanted = int(share * len(scores) + Decimal("0.5"))
    assert picked.chosen.sum() == min(wanted, int((~np.isnan(scores)).sum()))

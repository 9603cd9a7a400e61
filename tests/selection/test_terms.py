"""A filter is split and joined by what it means, not by how it is written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.filters import Column, matching
from dataselect_gui.selection.terms import (
    Range,
    all_of,
    brush_of,
    brush_term,
    columns_in,
    is_same_term,
    terms_of,
    with_range,
    without_range,
    without_term,
)

INF = float("inf")
VALUES = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, np.nan])
COLUMNS: dict[str, Column] = {
    "loss": VALUES,
    "vog-var": VALUES[::-1].copy(),
    "label": CodedClasses(["salt and pepper", "cat", None] * 3),
    "withheld": np.arange(9) % 2 == 0,
}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("  withheld ", ["withheld"]),
        ('label == "salt and pepper" and withheld', ['label == "salt and pepper"', "withheld"]),
        ("loss > 1 and (withheld or loss < 2)", ["loss > 1", "withheld or loss < 2"]),
        ("loss > 1 and (withheld and vog-var < 2)", ["loss > 1", "withheld", "vog-var < 2"]),
        ("loss > 1 or withheld and loss < 2", ["loss > 1 or withheld and loss < 2"]),
        ("not (withheld and loss < 2)", ["not (withheld and loss < 2)"]),
        ("loss > and", ["loss > and"]),
    ],
)
def test_terms_are_the_parts_that_must_all_hold(text: str, terms: list[str]) -> None:
    assert terms_of(text) == terms
    assert terms_of(all_of(terms)) == terms


parts = st.sampled_from(
    ["withheld", "not withheld", "loss > 1", "0 <= loss <= 1", 'label == "cat" or loss < 0']
)


@given(st.lists(parts, min_size=1, max_size=4), parts)
def test_a_term_that_is_added_and_taken_away_leaves_the_same_records(
    terms: list[str], term: str
) -> None:
    both = matching(all_of([*terms, term]), COLUMNS)
    expected = np.logical_and.reduce([matching(part, COLUMNS) for part in [*terms, term]])
    np.testing.assert_array_equal(both, expected)
    rest = without_term(terms_of(all_of([*terms, term])), term)
    kept = [part for part in terms if part != term]
    assert rest == kept


def test_the_same_term_may_be_written_otherwise() -> None:
    assert is_same_term("label=='cat'", 'label == "cat"')
    assert not is_same_term("label == 'cat'", "label == 'Cat'")
    assert not is_same_term("loss >", "withheld")


def test_the_columns_that_a_filter_reads() -> None:
    read = columns_in('vog-var > 1 and not withheld or "loss" in label')
    assert read == {"vog-var", "withheld", "label"}
    assert columns_in("loss >") == frozenset()


@pytest.mark.parametrize(
    ("text", "others", "ranges"),
    [
        ("1 <= loss <= 2", [], [(1, 2)]),
        ("loss >= 1 and loss <= 2 and withheld", ["withheld"], [(1, 2)]),
        ("1 <= loss", [], [(1, INF)]),
        ("loss <= -1 or loss >= 2", [], [(-INF, -1), (2, INF)]),
        ("loss <= 1 and (loss >= 2 or loss <= 0)", [], [(-INF, 0)]),
        ("loss > 1", ["loss > 1"], []),
        ("vog-var >= 1", ["vog-var >= 1"], []),
        ("loss >= 1 or withheld", ["loss >= 1 or withheld"], []),
        ("2 <= loss <= 1", ["2 <= loss <= 1"], []),
        ("loss >=", ["loss >="], []),
    ],
)
def test_a_brush_is_read_back_from_the_text(text: str, others: list[str], ranges: list[Range]) -> None:
    assert brush_of(text, "loss") == (others, ranges)


ends = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 1.5, 2.5])
drags = st.tuples(ends, ends).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(drags, min_size=1, max_size=4))
def test_ranges_that_are_added_show_what_lies_in_any(added: list[Range]) -> None:
    ranges: list[Range] = []
    for drag in added:
        ranges = with_range(ranges, drag)
    matches = matching(brush_term("loss", ranges), COLUMNS)
    inside = [any(low <= value <= high for low, high in added) for value in VALUES.tolist()]
    assert matches.tolist() == inside
    assert brush_of(brush_term("loss", ranges), "loss") == ([], ranges)


@given(st.lists(drags, max_size=3), drags)
def test_a_range_that_is_taken_out_is_not_shown(added: list[Range], removed: Range) -> None:
    ranges: list[Range] = []
    for drag in added:
        ranges = with_range(ranges, drag)
    rest = without_range(ranges, removed)
    for value in (-1.75, -0.75, 0.1, 0.7, 1.25, 3.5):  # None is an end: those stay.
        before = not ranges or any(low <= value <= high for low, high in ranges)
        after = any(low <= value <= high for low, high in rest)
        assert after == (before and not removed[0] < value < removed[1])


def test_all_of_a_score_is_no_condition() -> None:
    assert brush_term("loss", [(-INF, INF)]) == brush_term("loss", []) == ""


def test_ranges_that_meet_become_one() -> None:
    assert with_range([(0, 1), (4, 5)], (1, 2)) == [(0, 2), (4, 5)]
    assert with_range([(0, 1), (4, 5)], (0.5, 4.5)) == [(0, 5)]
    assert with_range([(0, 3)], (1, 2)) == [(0, 3)]

"""The order of records: stable, by numbers, classes and texts, those without any last."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataselect_gui.window.arrangement import Arrangement, class_codes, order_of, ranks_of
from dataselect_gui.workflow import CodedClasses, Column, Texts

numbers = st.lists(st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 2.5, math.inf, math.nan]), max_size=9)


@given(numbers, st.booleans(), st.data())
def test_it_is_the_stable_order_of_python(
    values: list[float], descending: bool, data: st.DataObject
) -> None:
    rows = sorted(data.draw(st.sets(st.sampled_from(range(len(values)))))) if values else []
    known = [row for row in rows if not math.isnan(values[row])]
    ordered = sorted(known, key=lambda row: -values[row] if descending else values[row])
    expected = ordered + [row for row in rows if math.isnan(values[row])]
    ranks = ranks_of(np.array(values))
    order = order_of(ranks, np.array(rows, dtype=np.int64), descending=descending)
    assert order.tolist() == expected


@pytest.mark.parametrize(
    ("column", "order"),
    [
        (Texts(["scan 10", "Scan 9", "b", "scan 9", "Äpfel", ""]), [5, 2, 1, 3, 0, 4]),
        (CodedClasses(["10", None, "9", "cat", None, "Cat"]), [2, 0, 3, 5, 1, 4]),
        (np.array([True, False, True]), [1, 0, 2]),
    ],
)
def test_texts_and_classes_stand_as_people_order_them(column: Column, order: list[int]) -> None:
    rows = np.arange(len(order))
    assert order_of(ranks_of(column), rows, descending=False).tolist() == order


def test_a_sort_by_anything_but_a_score_leaves_the_score_that_is_shown() -> None:
    columns: dict[str, Column] = {
        "loss": np.array([2.0, 1.0]),
        "vog": np.array([1.0, 2.0]),
        "id": Texts(["b", "a"]),
    }
    arrangement = Arrangement()
    arrangement.begin(columns, 2, ("loss", "vog"), "loss", descending=True)
    assert arrangement.sortable == ["loss", "vog", "id"]
    arrangement.sort_by("vog", descending=True)
    arrangement.sort_by("id", descending=False)
    assert (arrangement.sort, arrangement.score) == ("id", "vog")
    assert arrangement.order.tolist() == [1, 0]
    arrangement.show_only(np.array([0]), "loss > 1")
    assert arrangement.order.tolist() == [0]


def test_classes_have_the_place_of_their_name() -> None:
    names, codes = class_codes(["dog", None, "cat", "dog"])
    assert (names, codes.tolist()) == (["cat", "dog"], [1, -1, 0, 1])


def test_the_orders_of_a_few_columns_are_kept_and_that_which_is_shown_always() -> None:
    random = np.random.default_rng(3)
    columns = {f"score {number}": random.random(50) for number in range(9)}
    made = Arrangement()
    made.begin(columns, 50, tuple(columns), "score 0", descending=True)
    for name in list(columns)[1:]:
        made.prepare(name)
    kept = [name for name in columns if made.is_prepared(name)]
    assert kept == ["score 0", "score 6", "score 7", "score 8"]
    made.sort_by("score 3", descending=False)
    assert made.order.tolist() == np.argsort(columns["score 3"]).tolist()
    assert made.order.dtype == np.int64

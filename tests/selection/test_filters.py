"""Filters find the records that a person would find by going through them one by one."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataselect_gui.errors import UsageError
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.filters import MOST_CHARACTERS, Column, Texts, matching

NAN = math.nan
IDS = ["a/1.png", "a/2.png", "b/10.png", "b/11.png", "Ä.png", "it's"]
LABELS = ["cat", "dog", None, "cat", "dog", "bird"]
ANSWERS = ["cat", "cat", "cat", None, "dog", "whale"]
LOSS = [0.1, 2.5, NAN, 0.5, 1.0, -3.0]
SPREAD = [1.0, 2.5, 3.0, NAN, 0.0, -3.0]
WITHHELD = [False, True, False, False, True, False]
COLUMNS: dict[str, Column] = {
    "loss": np.array(LOSS),
    "vog-var": np.array(SPREAD),
    "id": Texts(IDS),
    "label": CodedClasses(LABELS),
    "answer": CodedClasses(ANSWERS),
    "withheld": np.array(WITHHELD),
}


def rows_of(where: str) -> list[int]:
    return np.flatnonzero(matching(where, COLUMNS)).tolist()


def by_hand(holds: Callable[[int], bool]) -> list[int]:
    return [row for row in range(len(IDS)) if holds(row)]


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("loss > 0.5", [1, 4]),
        ("loss >= 0.5", [1, 3, 4]),
        ("2 > loss", [0, 3, 4, 5]),
        ("0.1 <= loss < 1", [0, 3]),
        ("loss == 0.5", [3]),
        ("loss != 0.5", [0, 1, 4, 5]),
        ("not loss == 0.5", [0, 1, 2, 4, 5]),
        ("loss < -1", [5]),
        ("loss in [0.1, 1, 7]", [0, 4]),
        ("vog-var > 0", [0, 1, 2]),
        ("loss == vog-var", [1, 5]),
        ("loss < vog-var", [0]),
        ('label == "cat"', [0, 3]),
        ('"cat" == label', [0, 3]),
        ("label == 'cat'", [0, 3]),
        ('label != "cat"', [1, 4, 5]),
        ('not label == "cat"', [1, 2, 4, 5]),
        ('label in ["cat", "bird"]', [0, 3, 5]),
        ('label not in ("cat", "bird")', [1, 2, 4]),
        ("label == answer", [0, 4]),
        ("label != answer", [1, 5]),
        ('"a/" in id', [0, 1]),
        ('"ä" in id', [4]),
        ('"1" not in id', [1, 4, 5]),
        ('"o" in label', [1, 4]),
        ('id == "it\'s"', [5]),
        ("withheld", [1, 4]),
        ("not withheld", [0, 2, 3, 5]),
        ('loss > 0 and label == "dog" or withheld', [1, 4]),
        ('loss > 0 and (label == "cat" or withheld)', [0, 1, 3, 4]),
        ("  loss > 0.5  ", [1, 4]),
    ],
)
def test_what_a_filter_finds(where: str, rows: list[int]) -> None:
    assert rows_of(where) == rows


@pytest.mark.parametrize(
    ("where", "about"),
    [
        ("", "empty"),
        ("loss >", "not a whole condition"),
        ("loss = 2", "=="),
        ("label == cat", "“cat”"),
        ("label == “cat”", "straight"),
        ('label == "whale"', "No record has “whale”"),
        ('label in ["cat", "cow"]', "No record has “cow”"),
        ("lable > 2", "“lable”"),
        ("loss", "compared with nothing"),
        ("2 > 1", "is a column"),
        ("loss > 0,5", "point"),
        ('loss > "2"', "is a number"),
        ("loss > True", "is a number"),
        ('label > "cat"', "is a text"),
        ("label == loss", "cannot be compared"),
        ("id == label", "cannot be compared"),
        ('"1" in loss', "is a number"),
        ("loss in 2", "list"),
        ("withheld == True", "yes or no"),
        ("loss is 2", "=="),
        ("loss + 1", "no condition"),
        ("loss + 1 > 2", "column"),
        ("abs(loss) > 2", "column"),
        ("(lambda: 1)()", "no condition"),
        ("__import__('os').system('true')", "no condition"),
        ("[x for x in id]", "no condition"),
        ("loss > 2 if withheld else loss < 2", "no condition"),
        ("loss > 2; withheld", "not a whole"),
        ("(" * 900 + "loss" + ")" * 900, ""),
        ("not " * 200 + "withheld", ""),
        ("loss > " + "9" * 900, "is none"),
        ("loss > " + "9" * MOST_CHARACTERS, "longer"),
        ("loss > 2\0", "not a whole"),
    ],
)
def test_what_is_not_understood_says_so(where: str, about: str) -> None:
    if where.startswith("not not"):
        assert rows_of(where) == by_hand(lambda row: WITHHELD[row])
        return
    with pytest.raises(UsageError) as refused:
        matching(where, COLUMNS)
    error = refused.value
    assert about in f"{error.what} {error.why} {error.do}"
    assert error.do


numbers = st.sampled_from([-3, 0.1, 0.5, 1, 2.5, 7])
simple = st.one_of(
    st.tuples(st.just("loss"), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers).map(
        lambda parts: f"{parts[0]} {parts[1]} {parts[2]}"
    ),
    st.sampled_from(["cat", "dog", "bird"]).map(lambda name: f'label == "{name}"'),
    st.just("withheld"),
)
filters = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda part: f"(not {part})"),
    ),
    max_leaves=8,
)


@given(filters)
def test_it_agrees_with_python_itself(where: str) -> None:
    def holds(row: int) -> bool:
        known: dict[str, object] = {"loss": LOSS[row], "label": LABELS[row], "withheld": WITHHELD[row]}
        if math.isnan(LOSS[row]):  # A missing number fulfils no comparison, “!=” included.
            known["loss"] = _Missing()
        return bool(eval(where, {"__builtins__": {}}, known))  # noqa: S307  (made above)

    assert rows_of(where) == by_hand(holds)


class _Missing:
    """A number that is not there: whatever it is compared with, that does not hold."""

    def _never(self, _other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _never
    __hash__ = object.__hash__

"""Texts are found as Python itself would find them."""

from hypothesis import given
from hypothesis import strategies as st

from dataselect_gui.selection.text_index import TextIndex

letters = st.text(st.sampled_from("aAbÄäß\nİ\ud800ÿ1"), max_size=6)


@given(st.lists(letters, max_size=12), letters)
def test_a_part_is_found_whatever_the_case(texts: list[str], part: str) -> None:
    matches = TextIndex(texts).holding(part)
    assert matches.tolist() == [part.casefold() in text.casefold() for text in texts]


@given(st.lists(letters, max_size=12), st.lists(letters, max_size=3))
def test_equal_texts_are_equal_letter_for_letter(texts: list[str], sought: list[str]) -> None:
    sought += texts[:1]
    matches = TextIndex(texts).equal(sought)
    assert matches.tolist() == [text in sought for text in texts]


def test_many_texts_are_found_in_all_pieces() -> None:
    texts = tuple(f"scan/{row}.png" for row in range(120_000))
    index = TextIndex(texts)
    for row in (0, 49_999, 50_000, 119_999):
        assert index.holding(f"SCAN/{row}.").nonzero()[0].tolist() == [row]
        assert index.equal([texts[row]]).nonzero()[0].tolist() == [row]
    assert index.holding("scan").all()
    assert not index.holding("g\nscan").any(), "one text ends where the next begins"

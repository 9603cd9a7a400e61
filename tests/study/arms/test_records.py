"""Texts of several lengths in one batch, sources that do not go together, and what is too few."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.text_input import TextInput
from dataselect_gui.study.arms.given import Given
from dataselect_gui.study.arms.records import Records, Strangers, check_studied, in_length
from dataselect_gui.study.arms.starts import start_of, taken
from tests.records.text_input.tokenizers import member
from tests.tokenizers_made import byte_pairs, word_pieces


@pytest.mark.parametrize(("family", "make"), [("bert", word_pieces), ("roberta", byte_pairs)])
def test_a_text_that_is_filled_up_is_what_the_library_makes_of_it(
    tmp_path: Path, family: str, make: object
) -> None:
    """RoBERTa numbers positions by what fills up, so that token has to be the tokenizer's own."""
    from transformers import AutoTokenizer

    folder = make(tmp_path / family, model_max_length=64)  # type: ignore[operator]
    to_input = TextInput(member(folder, family))
    text = "this is a visually stunning rumination"
    short = to_input(text)[None]
    assert short.shape[-1] < 64
    filled = in_length(short, 64, to_input)[0]
    plain = AutoTokenizer.from_pretrained(folder)
    expected = plain(text, padding="max_length", max_length=64)
    assert filled[0].tolist() == expected["input_ids"]
    assert filled[1].tolist() == expected["attention_mask"]
    assert np.array_equal(in_length(filled[None], 64, to_input)[0], filled)


def records_of(count: int, shape: tuple[int, ...] = (1, 4, 4)) -> Records:
    inputs = np.zeros((count, *shape), dtype=np.float32)
    return Records(inputs, np.arange(count) % 2, None, "", 0)


def test_sources_of_another_shape_are_refused(consortium: Path) -> None:
    checkpoint, to_input = find_checkpoint(consortium), lambda _content: np.zeros(1, np.float32)
    own, other = records_of(200), records_of(9, (1, 4, 5))
    for clean, rows, strangers in (
        (other, None, None),
        (None, other, None),
        (None, None, Strangers(other.inputs, "")),
    ):
        with pytest.raises(UnusableError, match="do not go together"):
            Given.of(own, clean, rows, strangers, checkpoint, ["a", "b"], to_input)  # type: ignore[arg-type]
    given = Given.of(own, records_of(3), None, None, checkpoint, [], to_input)  # type: ignore[arg-type]
    assert given.classes == ("0", "1")


@pytest.mark.parametrize("shape", [(4,), (2, 8)])
def test_records_that_are_no_images_do_not_start_from_scratch(
    consortium: Path, shape: tuple[int, ...]
) -> None:
    """Rows of numbers, and tokens with their mask."""
    records = records_of(200, shape)
    given = Given(records, None, None, None, find_checkpoint(consortium), ("a", "b"))
    with pytest.raises(UnusableError, match="cannot start from scratch"):
        taken(records.inputs, "scratch")
    with pytest.raises(UnusableError, match="cannot start from scratch"):
        start_of(given, "scratch", 0)
    assert taken(records.inputs, "checkpoint") is records.inputs


def test_too_few_records_are_refused() -> None:
    check_studied(records_of(200))
    with pytest.raises(UnusableError, match="too few"):
        check_studied(records_of(199))

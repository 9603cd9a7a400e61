"""The digest covers the tokenizer, and a text has the same tokens whoever is beside it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.text_input import TextInput
from tests.helpers import write_json
from tests.records.text_input.tokenizers import MAKERS, ODD, changed, member
from tests.tokenizers_made import word_pieces


def test_the_digest_covers_the_tokenizer(tmp_path: Path) -> None:
    folder = word_pieces(tmp_path / "t")
    member(folder)
    before = find_checkpoint(folder).digest()
    changed(folder, lambda stated: stated.update(model_max_length=64), "tokenizer_config")
    after = find_checkpoint(folder).digest()
    changed(folder, lambda stated: stated["model"]["vocab"].update(war=7))
    assert len({before, after, find_checkpoint(folder).digest()}) == 3


def test_the_digest_of_a_model_of_images_is_what_it_was(tmp_path: Path) -> None:
    from tests.helpers import hugging_face_folder, preprocessor

    folder = hugging_face_folder(tmp_path / "m")
    write_json(folder / "preprocessor_config.json", preprocessor(8, 1))
    before = find_checkpoint(folder).digest()
    word_pieces(folder)
    assert find_checkpoint(folder).digest() == before
    assert find_checkpoint(folder).final.tokenizer is None


def test_members_of_a_series_have_one_tokenizer(tmp_path: Path) -> None:
    member(word_pieces(tmp_path / "checkpoint-1"))
    shutil.copytree(tmp_path / "checkpoint-1", tmp_path / "checkpoint-2")
    find_checkpoint(tmp_path)
    cut = {"direction": "Right", "max_length": 9, "strategy": "LongestFirst", "stride": 0}
    changed(tmp_path / "checkpoint-1", lambda stated: stated.update(truncation=cut))
    find_checkpoint(tmp_path)  # A trainer leaves there how it cut texts.
    changed(tmp_path / "checkpoint-1", lambda stated: stated["model"]["vocab"].update(war=7))
    with pytest.raises(UnusableError, match="not one model"):
        find_checkpoint(tmp_path)


@pytest.mark.parametrize("family", MAKERS)
def test_texts_together_are_what_they_are_alone(tmp_path: Path, family: str) -> None:
    from transformers import AutoTokenizer

    folder = MAKERS[family](tmp_path / "t", model_max_length=64)
    to_input = TextInput(member(folder, family))
    texts = [*ODD, *ODD[::-1]]
    together = {
        row: made
        for rows, inputs in to_input.of_many(np.arange(len(texts)), texts)
        for row, made in zip(rows.tolist(), inputs, strict=True)
    }
    assert sorted(together) == list(range(len(texts)))
    plain = AutoTokenizer.from_pretrained(folder)
    for row, text in enumerate(texts):
        made = together[row]
        np.testing.assert_array_equal(made, to_input(text))
        expected = plain(text, truncation=True)["input_ids"]
        assert made[0][made[1] == 1].tolist() == expected
        assert to_input.counts[row] == to_input.count(text) == len(plain(text)["input_ids"])


def test_a_text_that_breaks_the_tokenizer_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_input = TextInput(member(word_pieces(tmp_path / "t", model_max_length=32)))

    class Broken:
        def encode_batch_fast(self, _texts: list[str]) -> None:
            raise ValueError

    monkeypatch.setattr(to_input, "_tokenizer", Broken())
    assert to_input.of_many(np.array([3, 4]), ["a", "b"]) == []
    assert to_input.counts == {}

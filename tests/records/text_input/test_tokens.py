"""Tokens are those of the transformers library, and a text has the shortest input that holds it."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataselect_gui.records.text_input import TextInput, length_notes
from tests.helpers import write_json
from tests.records.text_input.tokenizers import MAKERS, ODD, member
from tests.tokenizers_made import byte_pairs, word_pieces


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {family: make(root / family) for family, make in MAKERS.items()}


def agree(to_input: TextInput, library: Any, text: str, most: int) -> None:  # noqa: ANN401
    """Hold an input against the library's tokens of the same text."""
    whole = library(text)["input_ids"]
    cut = library(text, truncation=True, max_length=most)
    made, length = to_input(text), len(cut["input_ids"])
    assert made.dtype == np.int64
    assert made.shape in to_input.shapes
    assert made.shape[1] == min(size for _rows, size in to_input.shapes if size >= length)
    assert made[0, :length].tolist() == cut["input_ids"]
    assert made[1].tolist() == [1] * length + [0] * (made.shape[1] - length)
    assert set(made[0, length:].tolist()) <= {library.pad_token_id}
    assert to_input.count(text) == len(whole)


@pytest.mark.parametrize("family", MAKERS)
def test_tokens_are_the_librarys(folders: dict[str, Path], family: str) -> None:
    from transformers import AutoTokenizer

    to_input = TextInput(member(folders[family], family))
    library = AutoTokenizer.from_pretrained(folders[family])
    for text in ODD:
        agree(to_input, library, text, to_input.lengths[-1])


@pytest.mark.parametrize("family", MAKERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_tokens_of_any_text_are_the_librarys(folders: dict[str, Path], family: str, text: str) -> None:
    from transformers import AutoTokenizer

    to_input = TextInput(member(folders[family], family))
    agree(to_input, AutoTokenizer.from_pretrained(folders[family]), text, to_input.lengths[-1])


@pytest.mark.parametrize("family", MAKERS)
def test_tokens_of_real_sentences_are_the_librarys(
    shared_data: Path, tmp_path: Path, family: str
) -> None:
    from transformers import AutoTokenizer

    with (shared_data / "text" / "sst2.csv").open(encoding="utf-8", newline="") as file:
        sentences = [row["text"] for row in csv.DictReader(file)]
    folder = MAKERS[family](tmp_path / family, sentences[:3000], 5000)
    to_input = TextInput(member(folder, family))
    library = AutoTokenizer.from_pretrained(folder)
    for text in sentences[::40]:
        agree(to_input, library, text, to_input.lengths[-1])


def test_an_input_is_free_of_its_neighbours(folders: dict[str, Path]) -> None:
    """In whatever order texts come, and however often."""
    to_input = TextInput(member(folders["roberta"], "roberta"))
    first = {text: to_input(text).tolist() for text in ODD}
    assert {text: to_input(text).tolist() for text in reversed(ODD)} == first


@pytest.mark.parametrize(
    ("family", "stated", "config", "lengths"),
    [
        ("bert", 512, {}, (32, 64, 128, 256, 512)),
        ("bert", 512, {"max_position_embeddings": 100}, (32, 64, 100)),
        ("bert", 48, {"max_position_embeddings": 512}, (32, 48)),
        ("bert", 10**30, {"max_position_embeddings": 64}, (32, 64)),
        ("bert", 20, {}, (20,)),
        ("bert", 4096, {"max_position_embeddings": 4096}, (32, 64, 128, 256, 512)),
        ("roberta", 512, {"max_position_embeddings": 514}, (32, 64, 128, 256, 512)),
        (
            "roberta",
            10**30,
            {"max_position_embeddings": 514, "pad_token_id": 1},
            (32, 64, 128, 256, 512),
        ),
        ("roberta", 512, {"max_position_embeddings": 130}, (32, 64, 128)),
        ("roberta", 512, {"max_position_embeddings": 40, "pad_token_id": 3}, (32, 36)),
    ],
)
def test_an_input_is_no_longer_than_tokenizer_and_model_take(
    tmp_path: Path, family: str, stated: int, config: dict[str, int], lengths: tuple[int, ...]
) -> None:
    folder = MAKERS[family](tmp_path / "t", model_max_length=stated)
    to_input = TextInput(member(folder, family, **config))
    assert to_input.lengths == lengths
    assert to_input("word " * 5000).shape == (2, lengths[-1])


def test_the_longest_position_is_one_that_the_model_has(tmp_path: Path) -> None:
    """RoBERTa numbers positions from the padding token on: two fewer than it states can be used."""
    import torch
    from transformers import RobertaConfig, RobertaForSequenceClassification

    folder = byte_pairs(tmp_path / "t")
    config = RobertaConfig(
        vocab_size=600,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=40,
    )
    to_input = TextInput(member(folder, "roberta", 600, max_position_embeddings=40, pad_token_id=1))
    model = RobertaForSequenceClassification(config).eval()
    ids, mask = torch.tensor(to_input("word " * 100)).unsqueeze(1)
    assert ids.shape == (1, 38)
    with torch.no_grad():
        assert torch.isfinite(model(ids, attention_mask=mask).logits).all()


def test_lengths_and_what_is_cut_are_said(tmp_path: Path) -> None:
    """Of the numbers of tokens 2, 3, 3, 4, …, 21 and 42, one is beyond 32."""
    to_input = TextInput(member(word_pieces(tmp_path / "t", model_max_length=32)))
    word = "love"
    assert to_input.count(word) == 3
    texts = ["", word, *(" ".join([word] * n) for n in range(1, 20))]
    lengths, cut = length_notes([*map(to_input.count, texts)], 32)
    assert re.findall(r"\d+", lengths) == ["2", "21", "11", "19"], "the ends, half and nine in ten"
    assert "None is cut" in cut
    lengths, cut = length_notes([*map(to_input.count, [*texts, " ".join([word] * 40)])], 32)
    assert "2 to 42 tokens" in lengths
    assert cut.startswith("1 of 22 texts is cut")
    assert "32 tokens" in cut
    assert length_notes([], 32) == []


def test_a_text_can_lose_its_start(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = word_pieces(tmp_path / "t", truncation_side="left", model_max_length=16)
    to_input = TextInput(member(folder))
    agree(to_input, AutoTokenizer.from_pretrained(folder), "love memory history war " * 20, 16)


def test_truncation_and_padding_of_the_file_are_not_followed(tmp_path: Path) -> None:
    folder = word_pieces(tmp_path / "t")
    before = TextInput(member(folder))("love , memory")
    stated = json.loads((folder / "tokenizer.json").read_text())
    stated["truncation"] = {
        "direction": "Left", "max_length": 3, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    stated["padding"] = {
        "strategy": {"Fixed": 10**12}, "direction": "Left", "pad_to_multiple_of": 7,
        "pad_id": 3, "pad_type_id": 1, "pad_token": "x",
    }  # fmt: skip
    write_json(folder / "tokenizer.json", stated)
    np.testing.assert_array_equal(TextInput(member(folder, tokens=300))("love , memory"), before)

"""Tokens are those of the transformers library; files that describe a tokenizer are read with care."""

import base64
import csv
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.text_input import TextInput, length_notes
from tests.helpers import write_json, write_safetensors
from tests.tokenizers_made import byte_pairs, unigrams, word_pieces

MAKERS = {"bert": word_pieces, "roberta": byte_pairs, "albert": unigrams}
ODD = [
    "",
    " ",
    "naïve café déjà vu",
    "🙂🙂 great 🎬 👩‍👩‍👧",
    "مرحبا بالعالم",
    "שלום עולם",
    "a\x00b\x07c\u202e",
    "中文字符 movie",
    "[CLS] hi [SEP] <s> </s> <pad> [PAD] <mask>",
    "x" * 500,
    "word " * 2000,
    "\n\n\ttab\r\n",
    "``quoted''  double  space",
    "e\u0301 ﷺ ﬁ",
]


def member(folder: Path, family: str = "bert", tokens: int | None = None, **config: object) -> Member:
    """Make a checkpoint of a tokenizer's folder, which can be found though not loaded as a model."""
    from transformers import AutoTokenizer

    known = len(AutoTokenizer.from_pretrained(folder)) if tokens is None else tokens
    stated = {
        "model_type": "resnet",
        "num_channels": 1,
        "id2label": {"0": "bad", "1": "good"},
    }
    write_json(folder / "config.json", stated)
    write_safetensors(folder / "model.safetensors", {"weight": (3, 4), "bias": (3,)})
    found = find_checkpoint(folder).final
    of_text = {"model_type": family, "vocab_size": known, **config}
    return replace(found, config=of_text)


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


# Lengths


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
    assert lengths == ("Texts have 2 to 21 tokens, half of them at most 11, nine in ten at most 19.")
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


# What is refused


def changed(folder: Path, change: Callable[[dict[str, Any]], object], name: str = "tokenizer") -> Path:
    path = folder / f"{name}.json"
    stated = json.loads(path.read_text())
    change(stated)
    write_json(path, stated)
    return folder


def why(folder: Path, tokens: int | None = 300, family: str = "bert") -> str:
    with pytest.raises(UnusableError) as refused:
        TextInput(member(folder, family, tokens))
    return refused.value.why


def charsmap(*mapped: bytes) -> str:
    return base64.b64encode((4).to_bytes(4, "little") + bytes(4) + b"\0".join(mapped) + b"\0").decode()


def template(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "TemplateProcessing", "single": list(parts), "pair": [], "special_tokens": {}}


A = {"Sequence": {"id": "A", "type_id": 0}}
REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no model": (lambda t: t.pop("model"), "no model"),
    "no vocabulary": (lambda t: t["model"].update(vocab={}), "vocabulary"),
    "a vocabulary of lists": (lambda t: t["model"].update(vocab=[["a"]]), "vocabulary"),
    "a token of a megabyte": (lambda t: t["model"]["vocab"].update({"x" * 10**6: 7}), "vocabulary"),
    "a negative number": (lambda t: t["model"]["vocab"].update(x=-1), "vocabulary"),
    "a number beyond the model": (lambda t: t["model"]["vocab"].update(x=300), "300"),
    "no token for the unknown": (lambda t: t["model"].update({"unk_token": "none"}), "no token"),
    "chance": (
        lambda t: t.update(model={"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}),
        "at random",
    ),
    "a list for chance": (
        lambda t: t.update(model={"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": [0]}),
        "at random",
    ),
    "an unknown model": (lambda t: t["model"].update(type="Mamba"), "Mamba"),
    "an unknown option": (lambda t: t["model"].update(script="x"), "script"),
    "an unknown normalizer": (lambda t: t.update(normalizer={"type": "Python"}), "Python"),
    "a number without bound": (
        lambda t: t["model"].update(max_input_chars_per_word=10**9), "max_input_chars_per_word"
    ),
    "a regular expression": (
        lambda t: t.update(
            normalizer={"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}
        ),
        "regular expression",
    ),
    "a longer replacement": (
        lambda t: t.update(
            normalizer={"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
        ),
        "longer text",
    ),
    "a replacement of nothing": (
        lambda t: t.update(normalizer={"type": "Replace", "pattern": {"String": ""}, "content": ""}),
        "no text",
    ),
    "a long text before each": (
        lambda t: t.update(normalizer={"type": "Prepend", "prepend": "x" * 50}),
        "before every text",
    ),
    "many parts": (
        lambda t: t.update(
            normalizer={"type": "Sequence", "normalizers": [{"type": "NFKD"} for _ in range(40)]}
        ),
        "too many parts",
    ),
    "parts within parts": (
        lambda t: t.update(
            pre_tokenizer=json.loads(
                '{"type": "Sequence", "pretokenizers": [' * 12 + '{"type": "Python"}' + "]}" * 12
            )
        ),
        "Python",
    ),
    "a damaged map of characters": (
        lambda t: t.update(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
        "damaged",
    ),
    "a map to long texts": (
        lambda t: t.update(
            normalizer={"type": "Precompiled", "precompiled_charsmap": charsmap(b"x" * 1000)}
        ),
        "long texts",
    ),
    "the text twice": (lambda t: t.update(post_processor=template(A, A)), "template"),
    "no text": (lambda t: t.update(post_processor=template()), "template"),
    "a text that is none": (lambda t: t.update(post_processor=template({"Sequence": "A"})), "template"),
    "a text in a list": (lambda t: t.update(post_processor=template({"Sequence": ["A"]})), "template"),
    "many special tokens": (
        lambda t: t.update(
            post_processor={
                "type": "Sequence",
                "processors": [
                    {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
                    for _ in range(20)
                ],
            }
        ),
        "around every text",
    ),
    "tokens around tokens": (
        lambda t: t.update(
            post_processor={
                "type": "Sequence",
                "processors": [
                    {"type": kind, "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], **more}
                    for kind, more in (
                        ("BertProcessing", {}),
                        ("RobertaProcessing", {"trim_offsets": True, "add_prefix_space": True}),
                    )
                ],
            }
        ),
        "more than once",
    ),
    "a template around tokens": (
        lambda t: t.update(
            post_processor={
                "type": "Sequence",
                "processors": [
                    template(A), {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
                ],
            }
        ),
        "more than once",
    ),
    "added tokens without a number": (lambda t: t["added_tokens"].append({"content": "x"}), "number"),
    "an empty added token": (
        lambda t: t["added_tokens"].append({"content": "", "id": 7}), "number"
    ),
    "a fraction": (lambda t: t["model"]["vocab"].update(x=1.5), "vocabulary"),
    "the library's own refusal": (
        lambda t: t.update(
            model={"type": "BPE", "vocab": {"[UNK]": 0, "a": 1}, "merges": ["a b"]}, added_tokens=[]
        ),
        "does not know",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_tokenizer_may_not_be_is_refused_with_the_reason(tmp_path: Path, case: str) -> None:
    change, reason = REFUSED[case]
    assert reason in why(changed(word_pieces(tmp_path / "t"), change))


@pytest.mark.parametrize(("around", "is_refused"), [(7, False), (8, True), (12, True)])
def test_a_text_has_room_beside_what_is_put_around_it(
    tmp_path: Path, around: int, is_refused: bool
) -> None:
    """With as many tokens around it as the model takes, the library would cut nothing."""
    special = {"SpecialToken": {"id": "[SEP]", "type_id": 0}}
    processor = template(*[special] * around, A)
    processor["special_tokens"] = {"[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}
    folder = word_pieces(tmp_path / "t", model_max_length=8)
    found = member(changed(folder, lambda t: t.update(post_processor=processor)), tokens=300)
    if is_refused:
        with pytest.raises(UnusableError, match="at most 8 tokens"):
            TextInput(found)
        return
    assert TextInput(found)("a film " * 30).shape == (2, 8)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"", "JSON"),
        (b"[]", "object"),
        (b"{" * 100_000, "JSON"),
        (b'{"model": ' + b"[" * 200_000, "nested"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"model": NaN}', "number"),
        (b'{"model": "\\ud800"}', "half a character"),
        (b'\xff\xfe{"model": 1}', "UTF-8"),
    ],
    ids=lambda given: str(given)[:20],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, stored: bytes, reason: str) -> None:
    folder = word_pieces(tmp_path / "t")
    found = member(folder)
    (folder / "tokenizer.json").write_bytes(stored)
    found = replace(find_checkpoint(folder).final, config=found.config)
    with pytest.raises(UnusableError) as refused:
        TextInput(found)
    assert reason in refused.value.why


def test_a_tokenizer_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    folder = word_pieces(tmp_path / "t")
    found = member(folder)
    changed(folder, lambda stated: stated["model"]["vocab"].update(war=7))
    with pytest.raises(UnusableError, match="changed"):
        TextInput(found)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"do_lower_case": False}, "do_lower_case"),
        ({"strip_accents": False}, "strip_accents"),
        ({"tokenize_chinese_chars": False}, "tokenize_chinese_chars"),
        ({"pad_token": None}, "pad_token"),
        ({"pad_token": "[nowhere]"}, "[nowhere]"),
        ({"extra_token": "[nowhere]"}, "[nowhere]"),
        ({"model_max_length": 3}, "3"),
    ],
    ids=str,
)
def test_files_that_contradict_each_other_are_refused(
    tmp_path: Path, stated: dict[str, object], reason: str
) -> None:
    folder = word_pieces(tmp_path / "t")
    assert reason in why(changed(folder, lambda config: config.update(stated), "tokenizer_config"))


def test_what_the_library_does_by_itself_may_not_contradict_the_file(tmp_path: Path) -> None:
    """It makes letters small for BERT unless a file says otherwise, whatever tokenizer.json says."""
    folder = word_pieces(tmp_path / "t")
    changed(folder, lambda stated: stated["normalizer"].update(lowercase=False))
    changed(folder, lambda stated: stated.pop("do_lower_case"), "tokenizer_config")
    assert "do_lower_case" in why(folder)
    folder = byte_pairs(tmp_path / "r")
    changed(folder, lambda stated: stated["pre_tokenizer"].update(add_prefix_space=True))
    assert "add_prefix_space" in why(folder, None, "roberta")


@pytest.mark.parametrize(
    "stated",
    [
        {"padding_side": "left"},
        {"truncation_side": "middle"},
        {"truncation_side": ["right"]},
        {"split_special_tokens": True},
        {"fast_tokenizer_files": ["tokenizer.4.json"]},
        {"auto_map": {"AutoTokenizer": ["x.Y", None]}},
    ],
    ids=lambda stated: next(iter(stated)),
)
def test_what_is_not_done_here_is_refused_when_the_checkpoint_is_found(
    tmp_path: Path, stated: dict[str, object]
) -> None:
    folder = word_pieces(tmp_path / "t")
    member(folder)
    changed(folder, lambda config: config.update(stated), "tokenizer_config")
    with pytest.raises(UnusableError):
        find_checkpoint(folder)


def test_a_tokenizer_without_its_file_is_refused(tmp_path: Path) -> None:
    folder = word_pieces(tmp_path / "t")
    found = member(folder)
    (folder / "tokenizer.json").unlink()
    bare = replace(found, tokenizer=None)
    with pytest.raises(UnusableError) as refused:
        TextInput(bare)
    assert "tokenizer.json" in refused.value.why
    (folder / "vocab.txt").write_text("[PAD]\n")
    with pytest.raises(UnusableError) as refused:
        TextInput(bare)
    assert "vocab.txt" in refused.value.why
    assert "save_pretrained" in refused.value.do


def test_no_image_is_taken_for_a_text(tmp_path: Path) -> None:
    to_input = TextInput(member(word_pieces(tmp_path / "t")))
    with pytest.raises(UnusableError, match="no texts"):
        to_input(np.zeros((2, 2), dtype=np.float32))


def test_a_model_that_does_not_say_how_many_tokens_it_knows_is_refused(tmp_path: Path) -> None:
    folder = word_pieces(tmp_path / "t")
    found = member(folder)
    for stated in (None, "300", 0, math.inf):
        with pytest.raises(UnusableError, match="cannot be used") as refused:
            TextInput(replace(found, config={"vocab_size": stated}))
        assert "vocab_size" in refused.value.why


# What a score depends on


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
    together = to_input.of_many(range(len(texts)), texts)
    plain = AutoTokenizer.from_pretrained(folder)
    for row, (text, made) in enumerate(zip(texts, together, strict=True)):
        assert made is not None
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
    assert to_input.of_many([3, 4], ["a", "b"]) == [None, None]
    assert to_input.counts == {}

"""Files that describe a tokenizer are refused where they say what is not done here."""

import base64
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.text_input import TextInput
from tests.records.text_input.tokenizers import changed, member
from tests.tokenizers_made import byte_pairs, word_pieces


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
    checkpoint = member(changed(folder, lambda t: t.update(post_processor=processor)), tokens=300)
    if is_refused:
        with pytest.raises(UnusableError, match="at most 8 tokens"):
            TextInput(checkpoint)
        return
    assert TextInput(checkpoint)("a film " * 30).shape == (2, 8)


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
    checkpoint = member(folder)
    (folder / "tokenizer.json").write_bytes(stored)
    checkpoint = replace(find_checkpoint(folder).final, config=checkpoint.config)
    with pytest.raises(UnusableError) as refused:
        TextInput(checkpoint)
    assert reason in refused.value.why


def test_a_tokenizer_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    folder = word_pieces(tmp_path / "t")
    checkpoint = member(folder)
    changed(folder, lambda stated: stated["model"]["vocab"].update(war=7))
    with pytest.raises(UnusableError, match="changed"):
        TextInput(checkpoint)


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
    checkpoint = member(folder)
    (folder / "tokenizer.json").unlink()
    bare = replace(checkpoint, tokenizer=None)
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
    checkpoint = member(folder)
    for stated in (None, "300", 0, math.inf):
        with pytest.raises(UnusableError, match="cannot be used") as refused:
            TextInput(replace(checkpoint, config={"vocab_size": stated}))
        assert "vocab_size" in refused.value.why

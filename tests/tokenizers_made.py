"""Small tokenizers of three kinds, trained on given texts, in the folders that the library writes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AlbertTokenizer, BertTokenizer, RobertaTokenizer

TEXTS = [
    "a stirring , funny and finally transporting re imagining of beauty and the beast",
    "apparently reassembled from the cutting room floor of any given daytime soap",
    "they presume their audience wo n't sit still for a sociology lesson",
    "this is a visually stunning rumination on love , memory , history and the war",
]
"""Enough to train on, where a test asks for no words of its own."""

UNKNOWN = "[UNK]", "<unk>"
"""What stands for what is in no vocabulary."""


def word_pieces(folder: Path, texts: Iterable[str] = TEXTS, size: int = 300, **options: Any) -> Path:  # noqa: ANN401
    """Write a tokenizer as BERT has it."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN[0]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    options = {"model_max_length": 512, **options}
    BertTokenizer(vocab=tokenizer.get_vocab(), **options).save_pretrained(folder)
    return folder


def byte_pairs(folder: Path, texts: Iterable[str] = TEXTS, size: int = 500, **options: Any) -> Path:  # noqa: ANN401
    """Write a tokenizer as RoBERTa has it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    model: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    merges: Any = [tuple(merge) for merge in model["merges"]]
    options = {"model_max_length": 512, **options}
    RobertaTokenizer(vocab=model["vocab"], merges=merges, **options).save_pretrained(folder)
    return folder


def unigrams(folder: Path, texts: Iterable[str] = TEXTS, size: int = 200, **options: Any) -> Path:  # noqa: ANN401
    """Write a tokenizer as ALBERT has it."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=size,
        special_tokens=["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"],
        unk_token=UNKNOWN[1],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    options = {"model_max_length": 512, **options}
    AlbertTokenizer(vocab=list(map(tuple, vocabulary)), **options).save_pretrained(folder)
    return folder

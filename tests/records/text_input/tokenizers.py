"""Checkpoints of texts with small tokenizers of each family."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.layout import find_checkpoint
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
    final = find_checkpoint(folder).final
    of_text = {"model_type": family, "vocab_size": known, **config}
    return replace(final, config=of_text)


def changed(folder: Path, change: Callable[[dict[str, Any]], object], name: str = "tokenizer") -> Path:
    path = folder / f"{name}.json"
    stated = json.loads(path.read_text())
    change(stated)
    write_json(path, stated)
    return folder

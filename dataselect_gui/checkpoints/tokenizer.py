"""What a checkpoint's files say of its tokenizer, and where they contradict each other.

``tokenizer.json`` alone says how a text becomes tokens. ``tokenizer_config.json`` and
``special_tokens_map.json`` name the token that fills up, and how many tokens the model takes. Where the
transformers library would let an option of theirs prevail over what ``tokenizer.json`` says, and the
two differ, the tokenizer is refused: the consortium's tokens would be others than those here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.checkpoints.tokenizer_parts import TokenizerParts
from dataselect_gui.texts import _

TOKENIZER, TOKENIZER_CONFIG, SPECIAL_TOKENS = TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)
SLOW = ("vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "spm.model")
"""Files of tokenizers that are programs of the transformers library, not data."""
MOST_TOKENS = 512
"""Longer inputs take a time and memory that grow with the square of their length."""
_LENGTHS = (32, 64, 128, 256, 512)
_AFTER_PADDING = frozenset(
    "roberta xlm-roberta xlm-roberta-xl camembert roberta-prelayernorm mpnet".split()
)
"""Families that number positions from the padding token's number on."""
_ONE_OF_BERT: dict[str, object] = {
    "do_lower_case": True,
    "tokenize_chinese_chars": True,
    "strip_accents": None,
}
_DEFAULTS: dict[str, dict[str, object]] = {
    **dict.fromkeys(
        ("bert", "distilbert", "electra", "mobilebert", "squeezebert", "convbert"), _ONE_OF_BERT
    ),
    "albert": {"do_lower_case": True, "keep_accents": False},
    "roberta": {"add_prefix_space": False},
}
"""By a tokenizer's class: what the library does where ``tokenizer_config.json`` is silent."""


@dataclass(frozen=True)
class StatedTokenizer:
    """What a checkpoint's files say of its tokenizer.

    Attributes
    ----------
    path : Path
        Its ``tokenizer.json``.
    config : dict
        What ``tokenizer_config.json`` says; empty where there is none.
    special : dict
        What ``special_tokens_map.json`` says; empty where there is none.
    """

    path: Path
    config: JsonObject = field(default_factory=dict)
    special: JsonObject = field(default_factory=dict)

    @property
    def padding(self) -> str | None:
        """The token that fills up, where one is named."""
        return next((token for name, token in self.named_tokens() if name == "pad_token"), None)

    @property
    def cuts_the_start(self) -> bool:
        """Whether a text that is too long loses its start, not its end."""
        return self.config.get("truncation_side") == "left"

    def named_tokens(self) -> Iterator[tuple[str, str]]:
        """Yield the special tokens with what each is for."""
        for name, token in {**self.special, **self.config}.items():
            stated = token.get("content") if isinstance(token, dict) else token
            if name.endswith("_token") and isinstance(stated, str):
                yield name, stated


def why_refused(stated: StatedTokenizer) -> str | None:
    """Say why a tokenizer cannot be used, by the small files beside it; None where it can be."""
    config = stated.config
    if config.get("fast_tokenizer_files"):
        return _("It names other files than tokenizer.json, of which a library would choose one.")
    if config.get("padding_side", "right") != "right":
        return _("It fills up at the start of a text, where this program fills up at its end.")
    if config.get("truncation_side", "right") not in ("right", "left"):
        return _("It does not say which end of a long text is cut off.")
    if config.get("split_special_tokens"):
        return _("It takes special tokens in a text apart, which is not done here.")
    return None


def contradiction(config: JsonObject, family: object, parts: TokenizerParts) -> str | None:
    """Return what ``tokenizer_config.json`` and ``tokenizer.json`` say differently; None if nothing.

    Parameters
    ----------
    config : dict
        What ``tokenizer_config.json`` says.
    family : object
        The ``model_type`` of the model, by which the library chooses where no class is named.
    parts : TokenizerParts
        What ``tokenizer.json`` is made of.
    """
    stated = str(config.get("tokenizer_class") or family).lower()
    stated = stated.removesuffix("fast").removesuffix("tokenizer")
    options = {**_DEFAULTS.get(stated, {}), **config}
    lowers = bool(parts.option("BertNormalizer", "lowercase")) or parts.has("Lowercase")
    done: dict[str, object] = {"do_lower_case": lowers}
    if parts.has("BertNormalizer"):
        done["tokenize_chinese_chars"] = parts.option("BertNormalizer", "handle_chinese_chars")
        strips = parts.option("BertNormalizer", "strip_accents")
        done["strip_accents"] = lowers if strips is None else strips
        if options.get("strip_accents") is None:  # Then it goes with small letters, too.
            options["strip_accents"] = options.get("do_lower_case", lowers)
    if "keep_accents" in options:
        done["keep_accents"] = not parts.has("StripAccents")
    if parts.has("ByteLevel"):
        done["add_prefix_space"] = parts.option("ByteLevel", "add_prefix_space")
    for option, value in done.items():
        if option in options and options[option] != value:
            return _(
                "“{option}” is {stated} by tokenizer_config.json or the library, and {done} in "
                "tokenizer.json.",
                option=option,
                stated=options[option],
                done=value,
            )
    return None


def input_lengths(stated: StatedTokenizer, config: JsonObject) -> tuple[int, ...]:
    """Return the lengths, in tokens, that an input may have, the smallest first.

    Parameters
    ----------
    stated : StatedTokenizer
        What the files say of the tokenizer.
    config : dict
        The model's ``config.json``.
    """
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int):
        positions = MOST_TOKENS
    if str(config.get("model_type")) in _AFTER_PADDING:
        padding = config.get("pad_token_id")
        positions -= 1 + (padding if isinstance(padding, int) else 1)
    longest = min(MOST_TOKENS, positions)
    stated_length = stated.config.get("model_max_length")
    if isinstance(stated_length, int | float):
        longest = int(min(longest, stated_length))
    return (*(length for length in _LENGTHS if length < longest), longest)

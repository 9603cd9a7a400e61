"""The parts of a ``tokenizer.json`` that are used, each reviewed: a stranger wrote it.

A tokenizer is a chain of parts that the tokenizers library makes of this file. Each of them is a
function of one text alone and gives the same result every time. What the library offers beyond that,
or what could take time or memory without bound, is refused: dropout of merges, regular expressions that
nobody looked at, templates that repeat the text, replacements that lengthen it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from dataselect_gui.checkpoints.json_file import JsonObject, parse_object
from dataselect_gui.texts import _

LARGEST = 64 << 20
"""Bytes of a ``tokenizer.json``; one of 250,000 tokens takes a quarter of it."""
_LONGEST_TOKEN, _LONGEST_WORD, _LARGEST_NUMBER = 512, 64, 10_000
"""Characters of a token and of a text in an option, and numbers in one."""
_MOST_ADDED, _MOST_PARTS, _MOST_TEMPLATE = 100_000, 32, 16
_LARGEST_CHARSMAP, _LONGEST_MAPPED = 4 << 20, 64
"""Bytes of a map of characters, and of what one of them becomes."""
_LONGEST_PREFIX = 8

_MODELS = {
    "WordPiece": "vocab unk_token continuing_subword_prefix max_input_chars_per_word",
    "WordLevel": "vocab unk_token",
    "BPE": "vocab merges dropout unk_token continuing_subword_prefix end_of_word_suffix fuse_unk "
    "byte_fallback ignore_merges",
    "Unigram": "vocab unk_id byte_fallback",
}
_NORMALIZERS = {
    "BertNormalizer": "clean_text handle_chinese_chars strip_accents lowercase",
    "Lowercase": "",
    "NFC": "",
    "NFD": "",
    "NFKC": "",
    "NFKD": "",
    "Nmt": "",
    "Precompiled": "precompiled_charsmap",
    "Prepend": "prepend",
    "Replace": "pattern content",
    "Sequence": "normalizers",
    "Strip": "strip_left strip_right",
    "StripAccents": "",
}
_PRE_TOKENIZERS = {
    "BertPreTokenizer": "",
    "ByteLevel": "add_prefix_space trim_offsets use_regex",
    "Digits": "individual_digits",
    "Metaspace": "replacement prepend_scheme split add_prefix_space str_rep",
    "Punctuation": "behavior",
    "Sequence": "pretokenizers",
    "Whitespace": "",
    "WhitespaceSplit": "",
}
_POST_PROCESSORS = {
    "BertProcessing": "sep cls",
    "ByteLevel": "add_prefix_space trim_offsets use_regex",
    "RobertaProcessing": "sep cls trim_offsets add_prefix_space",
    "Sequence": "processors",
    "TemplateProcessing": "single pair special_tokens",
}
_AROUND = frozenset({"BertProcessing", "RobertaProcessing", "TemplateProcessing"})
"""Put tokens around a text; one behind the other, the library miscounts them, and cuts too little."""
_CHAINS = {
    "normalizer": _NORMALIZERS,
    "pre_tokenizer": _PRE_TOKENIZERS,
    "post_processor": _POST_PROCESSORS,
}
_EXPRESSIONS = frozenset({" {2,}", r"\s+", r"\s{2,}|[\n\r\t]"})
"""The regular expressions of ALBERT, CLIP and DeBERTa; each takes a time that grows with the text."""
_SEQUENCES = frozenset({"normalizers", "pretokenizers", "processors"})


@dataclass(frozen=True)
class TokenizerParts:
    """What a tokenizer is made of.

    Attributes
    ----------
    content : dict
        A ``tokenizer.json`` without truncation, padding and decoder.
    model : str
        How words become tokens: ``WordPiece``, ``WordLevel``, ``BPE`` or ``Unigram``.
    parts : tuple of dict
        The normalizers, pre-tokenizers and post-processors, those within a sequence one by one.
    """

    content: JsonObject
    model: str
    parts: tuple[JsonObject, ...]

    def option(self, kind: str, name: str) -> object:
        """Return an option of the first part of a kind; None where there is none."""
        return next((part.get(name) for part in self.parts if part["type"] == kind), None)

    def has(self, *kinds: str) -> bool:
        """Say whether there is a part of one of some kinds."""
        return any(part["type"] in kinds for part in self.parts)


def read_parts(stored: bytes) -> TokenizerParts:
    """Read a ``tokenizer.json``.

    Raises
    ------
    ValueError
        Where it is damaged, or holds something that is refused; its message is a sentence.
    """
    content = parse_object(stored, LARGEST)
    model = _model(content.get("model"))
    parts: list[JsonObject] = []
    used: JsonObject = {"version": "1.0", "model": model, "added_tokens": _added(content)}
    for name, known in _CHAINS.items():
        used[name] = content.get(name)
        if used[name] is not None:
            _take(name, used[name], known, parts)
    if sum(part["type"] in _AROUND for part in parts) > 1:
        raise ValueError(_("It puts tokens around every text more than once."))
    return TokenizerParts(used, str(model["type"]), tuple(parts))


def _model(stated: object) -> JsonObject:
    if not isinstance(stated, dict):
        raise ValueError(_("It has no model that makes tokens of words."))
    model: JsonObject = {"type": _kind_of(stated), **stated}
    options = _options("model", model, _MODELS)
    vocabulary, merges = model.get("vocab"), model.get("merges", [])
    if model["type"] == "Unigram":
        is_valid = isinstance(vocabulary, list) and all(map(_is_scored, vocabulary))
    else:
        is_valid = isinstance(vocabulary, dict) and all(
            _is_numbered(*item) for item in vocabulary.items()
        )
    if not is_valid or not vocabulary:
        raise ValueError(_("Its vocabulary is not a list of tokens of a sensible length."))
    if not isinstance(merges, list) or not all(map(_is_merge, merges)):
        raise ValueError(_("Its merges are not pairs of tokens."))
    if model.get("dropout") not in (None, 0):
        raise ValueError(_("It leaves out merges at random, so that a text has no score of its own."))
    for option in options - {"vocab", "merges", "dropout"}:
        _check_plain(option, model.get(option))
    unknown = model.get("unk_token")
    if model["type"] in {"WordPiece", "WordLevel"} and (
        not isinstance(unknown, str) or not isinstance(vocabulary, dict) or unknown not in vocabulary
    ):
        raise ValueError(_("Its vocabulary has no token for what is not in it."))
    if model["type"] == "Unigram" and type(model.get("unk_id")) is not int:
        raise ValueError(_("Its vocabulary has no token for what is not in it."))
    return model


def _kind_of(model: Mapping[str, object]) -> str:
    """Return the kind of a model that states none, as the library reads old files."""
    if "merges" in model:
        return "BPE"
    if isinstance(model.get("vocab"), list):
        return "Unigram"
    return "WordPiece" if "continuing_subword_prefix" in model else "WordLevel"


def _added(content: JsonObject) -> list[JsonObject]:
    added = content.get("added_tokens") or []
    flags = {"single_word", "lstrip", "rstrip", "normalized", "special"}
    is_valid = isinstance(added, list) and len(added) <= _MOST_ADDED
    if not is_valid or not isinstance(added, list):
        raise ValueError(_("Its added tokens are not a list of a sensible length."))
    for token in added:
        if (
            not isinstance(token, dict)
            or not token.keys() <= {"id", "content", *flags}
            or not _is_numbered(token.get("content"), token.get("id"))
            or not token["content"]
            or not all(isinstance(token.get(flag, False), bool) for flag in flags)
        ):
            raise ValueError(_("Its added tokens are not texts with a number."))
    return added


def _take(chain: str, part: object, known: Mapping[str, str], parts: list[JsonObject]) -> None:
    """Check a part, and those within it, and add them to the list."""
    if not isinstance(part, dict) or len(parts) >= _MOST_PARTS:
        raise ValueError(_("Its {part} is not one, or has too many parts.", part=chain))
    for option in _options(chain, part, known):
        value = part.get(option)
        if option in _SEQUENCES:
            if not isinstance(value, list) or len(value) > _MOST_PARTS:
                raise ValueError(_("Its {part} is not one, or has too many parts.", part=chain))
            for inner in value:
                _take(chain, inner, known, parts)
        elif option == "precompiled_charsmap":
            _check_charsmap(value)
        elif option == "pattern":
            _check_replacement(value, part.get("content"))
        elif option in {"single", "pair", "special_tokens"}:
            _check_template(option, value)
        elif option in {"sep", "cls"}:
            if not isinstance(value, list) or len(value) != 2 or not _is_numbered(*value):
                raise ValueError(_("Its special tokens are not texts with a number."))
        elif option == "prepend" and len(str(value)) > _LONGEST_PREFIX:
            raise ValueError(_("It puts a long text before every text."))
        else:
            _check_plain(option, value)
    if part["type"] != "Sequence":
        parts.append(part)


def _options(chain: str, part: JsonObject, known: Mapping[str, str]) -> set[str]:
    """Return the options that a part states, all of them known."""
    kind = part.get("type")
    if not isinstance(kind, str) or kind not in known:
        raise ValueError(
            _(
                "Its {part} is “{kind}”, which was not reviewed.",
                part=chain,
                kind=str(kind)[:_LONGEST_WORD],
            )
        )
    stated = part.keys() - {"type"}
    unknown = sorted(stated - set(known[kind].split()))
    if unknown:
        raise ValueError(
            _(
                "Its {part} states “{option}”, which was not reviewed.",
                part=chain,
                option=unknown[0][:_LONGEST_WORD],
            )
        )
    return set(stated)


def _check_plain(option: str, value: object) -> None:
    is_plain = (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, str) and len(value) <= _LONGEST_WORD)
        or (isinstance(value, int) and 0 <= value <= _LARGEST_NUMBER)
        or (option == "unk_id" and isinstance(value, int) and value >= 0)
    )
    if not is_plain:
        raise ValueError(_("It states “{option}”, which is no plain value.", option=option))


def _check_charsmap(value: object) -> None:
    """See that no character becomes a long text; see SentencePiece's ``normalizer.cc`` for the form."""
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error:
        content = b""
    trie = int.from_bytes(content[:4], "little")
    mapped = content[4 + trie :]
    if not 0 < len(content) <= _LARGEST_CHARSMAP or trie % 4 or not trie or not mapped.endswith(b"\0"):
        raise ValueError(_("Its map of characters is damaged."))
    if max(map(len, mapped.split(b"\0"))) > _LONGEST_MAPPED:
        raise ValueError(_("Its map of characters makes long texts of one character."))


def _check_replacement(pattern: object, content: object) -> None:
    searched = pattern if isinstance(pattern, dict) and len(pattern) == 1 else {}
    text, expression = searched.get("String"), searched.get("Regex")
    longest = len(text) if isinstance(text, str) else 1
    if expression is not None and (not isinstance(expression, str) or expression not in _EXPRESSIONS):
        raise ValueError(_("It searches by a regular expression that was not reviewed."))
    if text == "" or (expression is None and not isinstance(text, str)):
        raise ValueError(_("It replaces something that is no text."))
    if not isinstance(content, str) or len(content) > longest:
        raise ValueError(_("It replaces something by a longer text."))


def _check_template(option: str, value: object) -> None:
    """See that a template holds the text once, and few tokens beside it."""
    parts = list(value.values()) if isinstance(value, dict) else value
    is_valid = (
        isinstance(parts, list)
        and len(parts) <= _MOST_TEMPLATE
        and all(isinstance(part, dict) for part in parts)
    )
    if is_valid and isinstance(parts, list) and option == "single":
        texts = [part["Sequence"] for part in parts if "Sequence" in part]
        is_valid = len(texts) == 1 and isinstance(texts[0], dict) and texts[0].get("id") == "A"
    if is_valid and isinstance(parts, list) and option == "special_tokens":
        is_valid = all(
            isinstance(part.get("ids"), list) and len(part["ids"]) <= _MOST_TEMPLATE for part in parts
        )
    if not is_valid:
        raise ValueError(_("Its template does not hold the text once, with a few tokens around it."))


def _is_numbered(token: object, number: object) -> bool:
    return _is_token(token) and type(number) is int and 0 <= number < 1 << 31


def _is_scored(pair: object) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and _is_token(pair[0])
        and isinstance(pair[1], int | float)
        and not isinstance(pair[1], bool)
    )


def _is_merge(merge: object) -> bool:
    pair = merge.split(" ") if isinstance(merge, str) else merge
    return isinstance(pair, list) and len(pair) == 2 and all(map(_is_token, pair))


def _is_token(token: object) -> bool:
    return isinstance(token, str) and len(token) <= _LONGEST_TOKEN

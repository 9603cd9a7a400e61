"""From a text to the model's input: the numbers of its tokens, by the checkpoint's own tokenizer.

An input has one of a few lengths, the smallest that its tokens fit into. So how much a text is filled
up follows from the text alone, never from the texts beside it.
"""

from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints import refusals
from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.checkpoints.tokenizer import (
    SLOW,
    TOKENIZER,
    StatedTokenizer,
    contradiction,
    input_lengths,
)
from dataselect_gui.checkpoints.tokenizer_parts import read_parts
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds.kind import InputsOfShape
from dataselect_gui.records.source import Content, Contents, Source, UnreadableRecordError
from dataselect_gui.texts import _, ngettext

_FEWEST, _MOST_SPECIAL = 8, 16
"""Tokens of an input, and those that are put around every text."""
_PROBES = ("", "a", "a b", "1 . A?\n")
"""Texts by which it is seen whether a tokenizer numbers the parts of one text apart."""


class TextInput:
    """Makes one input of one text.

    Parameters
    ----------
    member : Member
        The checkpoint whose tokenizer is used.

    Attributes
    ----------
    lengths : tuple of int
        The lengths that an input may have, in tokens, the smallest first.
    shapes : tuple of tuple
        The shapes that go with them: (2, length), or (3, length) with token types.
    padding : int
        The number of the token that fills up.
    counts : dict
        Of records that were made into inputs together, by their rows: how many tokens each has, as
        `count` has it.

    Raises
    ------
    UnusableError
        Where the checkpoint has no tokenizer that can be used.
    """

    def __init__(self, member: Member) -> None:
        stated = member.tokenizer
        if stated is None:
            raise _no_tokenizer(member)
        self.lengths = input_lengths(stated, member.config)
        self.counts: dict[int, int] = {}
        self._tokens = _tokens_of(member.config)
        self._tokenizer = _load(member, stated, self._tokens)
        self.padding = self._number_of_padding(stated, member.config)
        around = self._tokenizer.num_special_tokens_to_add(False)
        if self.lengths[-1] < max(_FEWEST, around + 1):  # The library would cut nothing.
            raise refusals.unusable_tokenizer(
                _("Texts would have at most {most} tokens.", most=self.lengths[-1])
            )
        self._tokenizer.enable_truncation(
            self.lengths[-1], direction="left" if stated.cuts_the_start else "right"
        )
        rows = 3 if any(any(self._encode(probe).type_ids) for probe in _PROBES) else 2
        self.shapes = tuple((rows, length) for length in self.lengths)

    def __call__(self, content: Content) -> NDArray[np.int64]:
        """Return the input of a text, shape (2, length) or (3, length).

        Row 0 holds the numbers of its tokens, row 1 a 1 for each of them and 0 for what fills up, row 2
        their types. A text with more tokens than the largest length is cut.

        Raises
        ------
        UnusableError
            Where the record is no text, or a token has a number that the model does not know.
        UnreadableRecordError
            Where the tokenizer cannot handle this text.
        """
        ((_place, inputs),) = self._inputs([self._encode(content)])
        alone: NDArray[np.int64] = inputs[0]
        return alone

    def of_many(self, rows: NDArray[np.int64], contents: Contents) -> Sequence[InputsOfShape]:
        """Return the inputs of many texts. See `InputsOfMany`."""
        try:
            encodings = self._tokenizer.encode_batch_fast(list(contents))
        except BaseException as error:
            if not _is_of_tokenizer(error):
                raise
            return []  # Each by itself, so that one stops no other.
        self.counts.update(zip(rows.tolist(), map(_count, encodings), strict=True))
        return self._inputs(encodings)

    def _inputs(self, encodings: Sequence[Any]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the inputs of texts, by their lengths."""
        of_texts = [encoding.ids for encoding in encodings]
        counts = np.array(list(map(len, of_texts)), dtype=np.int64)
        numbers = _joined(of_texts)
        largest = int(numbers.max(initial=0))
        if largest >= self._tokens:
            raise _too_large(largest, self._tokens)
        has_types = self.shapes[0][0] == 3
        types = _joined([encoding.type_ids for encoding in encodings]) if has_types else None
        made, fits = [], np.searchsorted(self.lengths, counts)
        for place in np.unique(fits).tolist():
            is_so_long = fits == place
            chosen, tokens = np.flatnonzero(is_so_long), np.repeat(is_so_long, counts)
            is_token = np.arange(self.lengths[place]) < counts[chosen, None]
            inputs = np.zeros((len(chosen), *self.shapes[place]), dtype=np.int64)
            inputs[:, 0] = self.padding
            inputs[:, 0][is_token] = numbers[tokens]
            inputs[:, 1] = is_token
            if types is not None:
                inputs[:, 2][is_token] = types[tokens]
            made.append((chosen, inputs))
        return made

    def count(self, content: Content) -> int:
        """Return how many tokens a text has before it is cut, with those that are put around it.

        Raises
        ------
        UnusableError, UnreadableRecordError
            As for an input.
        """
        return _count(self._encode(content))

    def notes(self, source: Source, rows: Sequence[int]) -> list[str]:
        """Say how long texts are, and how many are cut. See `ToInput`."""
        counts = []
        for row in rows:
            with suppress(UnreadableRecordError):
                known = self.counts.get(row)
                counts.append(
                    self.count(source.kind.decode(source.read(row))) if known is None else known
                )
        return length_notes(counts, self.lengths[-1])

    def _encode(self, content: Content) -> Any:  # noqa: ANN401  (a class without types)
        if not isinstance(content, str):
            raise UnusableError(
                _("The records cannot be made into inputs of the model."),
                _("They are no texts, and the checkpoint is a model of texts."),
                _("Choose the texts that the model is for."),
            )
        try:
            return self._tokenizer.encode(content)
        except BaseException as error:
            if not _is_of_tokenizer(error):
                raise
            raise UnreadableRecordError(_("The checkpoint's tokenizer cannot handle it.")) from None

    def _number_of_padding(self, stated: StatedTokenizer, config: JsonObject) -> int:
        number = config.get("pad_token_id")
        if stated.padding is not None:
            number = self._tokenizer.token_to_id(stated.padding)
        if type(number) is not int or not 0 <= number < self._tokens:
            raise refusals.unusable_tokenizer(_("It names no token that fills up (pad_token)."))
        return number


def length_notes(of_each: Sequence[int], longest: int) -> list[str]:
    """Say how many tokens texts have, and how many of them have more than the model takes."""
    if not of_each:
        return []
    counts = np.array(of_each, dtype=np.int64)
    cut = int((counts > longest).sum())
    lengths = _(
        "Texts have {least:,} to {most:,} tokens, half of them at most {half:,}, nine in ten at most "
        "{nine:,}.",
        least=counts.min(),
        most=counts.max(),
        half=np.quantile(counts, 0.5, method="inverted_cdf"),
        nine=np.quantile(counts, 0.9, method="inverted_cdf"),
    )
    if not cut:
        return [lengths, _("None is cut: the model takes {longest:,}.", longest=longest)]
    return [
        lengths,
        ngettext(
            "{count:,} of {all:,} texts is cut: it is scored by {longest:,} tokens, which is what the "
            "model takes.",
            "{count:,} of {all:,} texts are cut: each is scored by {longest:,} tokens, which is what "
            "the model takes.",
            cut,
            all=len(counts),
            longest=longest,
        ),
    ]


def _joined(of_texts: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Return the numbers of all texts, one text behind the other."""
    return np.fromiter(chain.from_iterable(of_texts), dtype=np.int64)


def _count(encoding: Any) -> int:  # noqa: ANN401  (a class without types)
    """Return how many tokens a text has, with those that were cut off."""
    parts, kept = encoding.overflowing, len(encoding.ids)
    if not parts:
        return kept
    around = int(sum(encoding.special_tokens_mask))
    return kept + sum(len(part.ids) - around for part in parts)


def _load(member: Member, stated: StatedTokenizer, tokens: int) -> Any:  # noqa: ANN401
    """Return the tokenizer that a file describes, held against the files beside it and the model."""
    import json

    import tokenizers

    try:
        parts = read_parts(member.read(stated.path))
    except ValueError as error:
        raise refusals.unusable_tokenizer(str(error)) from None
    why = contradiction(stated.config, member.config.get("model_type"), parts)
    if why is not None:
        raise refusals.unusable_tokenizer(why)
    try:
        tokenizer = tokenizers.Tokenizer.from_str(json.dumps(parts.content))
        around = tokenizer.num_special_tokens_to_add(False)
        vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    except BaseException as error:
        if not _is_of_tokenizer(error):
            raise
        raise refusals.unusable_tokenizer(
            _("The tokenizers library does not know what tokenizer.json describes.")
        ) from None
    if around > _MOST_SPECIAL:
        raise refusals.unusable_tokenizer(_("It puts {count} tokens around every text.", count=around))
    largest = max(vocabulary.values(), default=0)
    if largest >= tokens:
        raise _too_large(largest, tokens)
    missing = sorted(token for _name, token in stated.named_tokens() if token not in vocabulary)
    if missing:
        raise refusals.unusable_tokenizer(
            _("It names a special token that is not in tokenizer.json: {token}.", token=missing[0][:60])
        )
    tokenizer.no_padding()
    return tokenizer


def _is_of_tokenizer(error: BaseException) -> bool:
    """Say whether an error is one of a tokenizer: a panic of the library is no `Exception`."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _tokens_of(config: JsonObject) -> int:
    """Return how many tokens the model knows."""
    stated = config.get("vocab_size")
    if type(stated) is not int or stated <= 0:
        raise refusals.unusable_tokenizer(
            _("The checkpoint's config.json does not say how many tokens the model knows (vocab_size).")
        )
    return stated


def _too_large(number: int, tokens: int) -> UnusableError:
    return refusals.unusable_tokenizer(
        _(
            "It has a token with the number {number:,}, and the model knows {tokens:,}: it is not the "
            "tokenizer of this model.",
            number=number,
            tokens=tokens,
        )
    )


def _no_tokenizer(member: Member) -> UnusableError:
    slow = next((name for name in SLOW if (member.folder / name).is_file()), None)
    if slow is not None:
        return refusals.unusable_tokenizer(
            _(
                "The checkpoint has {file} and no {tokenizer}: what {file} means is written in a "
                "program, not in the file.",
                file=slow,
                tokenizer=TOKENIZER,
            )
        )
    return UnusableError(
        _("The records cannot be made into inputs of the model."),
        _("They are texts, and the checkpoint has no {tokenizer} that says how.", tokenizer=TOKENIZER),
        _("Choose records that the model is for, or ask the consortium for that file."),
    )

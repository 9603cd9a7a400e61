"""Dirt that is planted in a pool of records, exactly counted, the same by the same seed. No torch here.

What is planted, in this order, each by a share of the records that the long tail has left:

1. *tail:N*: a long tail. The classes are put in a random order; of the class at place r of K, from 0,
   the share N^(−r/(K − 1)) stays.
2. *labels:P*: a wrong label, drawn evenly from all other classes. *confusable:P*: the class that the
   checkpoint most often takes this one for.
3. *foreign:P*: a record of something else under the label that was there. It comes from another source;
   without one, a picture is made of three random waves in each channel, between the darkest and the
   brightest value of the pool; a row of a table or a text is made by drawing each of its numbers or
   tokens from another record, so that nothing in it belongs together.
4. *duplicates:P*: copies of records in which nothing was planted, added to the pool: half of them
   exact, half nearly so (a picture moved by one pixel, numbers with a hundredth of their spread as
   noise, two neighbouring tokens exchanged).

No record has a wrong label and is foreign as well.
"""

from dataclasses import dataclass, fields, replace
from decimal import ROUND_FLOOR, Decimal
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.amounts import decimal_of
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.texts import _

_SEED = 11
_LONGEST_TAIL = 10_000
_WAVES, _NEARLY = 3, 0.01
_MASK = 1
"""The row of a text's input that is 1 for each of its tokens."""


class Dirt(IntEnum):
    """What was planted in a record."""

    NONE = 0
    LABEL = 1
    FOREIGN = 2
    COPY = 3
    NEAR_COPY = 4


@dataclass(frozen=True)
class Planting:
    """How much of what is planted.

    Attributes
    ----------
    labels, confusable, foreign, duplicates : Decimal
        Shares of the records, from 0 to 1; see the module.
    tail : int
        N of a long tail 1 : N; 1 for none.
    """

    labels: Decimal = Decimal(0)
    confusable: Decimal = Decimal(0)
    foreign: Decimal = Decimal(0)
    duplicates: Decimal = Decimal(0)
    tail: int = 1

    def __str__(self) -> str:
        amounts = {field.name: getattr(self, field.name) for field in fields(self)}
        nothing = vars(Planting())
        return ",".join(f"{k}:{v:f}" if k != "tail" else f"tail:{v}" for k, v in amounts.items()
                        if v != nothing[k])  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """Records that arms choose from.

    Attributes
    ----------
    inputs : ndarray
        What the model takes, shape (n, …).
    targets : ndarray of int64
        Class indices as they are given, right or wrong, shape (n,).
    origins : ndarray of int64
        The place of each record, or of what it is a copy of, among the records of the study.
    dirt : ndarray of int8
        What was planted in each, shape (n,): `Dirt`.
    """

    inputs: InputArray
    targets: NDArray[np.int64]
    origins: NDArray[np.int64]
    dirt: NDArray[np.int8]

    def some(self, places: NDArray[np.int64]) -> "Pool":
        """Return some of the records, in that order."""
        return Pool(self.inputs[places], self.targets[places], self.origins[places], self.dirt[places])


def read_planting(text: str) -> Planting:
    """Read what a person wants planted, like ``labels:0.2,foreign:0.1,duplicates:0.1,tail:50``.

    Raises
    ------
    UsageError
        Where it is something else, or more than all records.
    """
    planting = Planting()
    for part in text.split(","):
        name, _colon, amount = part.strip().partition(":")
        number = decimal_of(amount)
        if name == "tail" and number is not None and number == int(number):
            planting = replace(planting, tail=int(number))
        elif number is not None and 0 < number <= 1:
            planting = _with_share(planting, name, number.normalize(), text)
        else:
            raise _unclear(text)
    replaced = planting.labels + planting.confusable + planting.foreign
    if replaced > 1 or not 1 <= planting.tail <= _LONGEST_TAIL or planting == Planting():
        raise _unclear(text)
    return planting


def _with_share(planting: Planting, name: str, share: Decimal, text: str) -> Planting:
    match name:
        case "labels":
            return replace(planting, labels=share)
        case "confusable":
            return replace(planting, confusable=share)
        case "foreign":
            return replace(planting, foreign=share)
        case "duplicates":
            return replace(planting, duplicates=share)
        case _:
            raise _unclear(text)


def _unclear(text: str) -> UsageError:
    return UsageError(
        _("--plant cannot be “{stated}”.", stated=text),
        _(
            "It names what is planted, and in which share of the records: labels, confusable, foreign "
            "and duplicates, the first three together at most 1; and tail, a whole number up to "
            "{most:,}.",
            most=_LONGEST_TAIL,
        ),
        _("Write it like {option} {example}.", option="--plant", example="labels:0.2,tail:50"),
    )


def count_of(share: Decimal, records: int) -> int:
    """Return how many records a share is: ⌊P·n + ½⌋."""
    return int((share * records + Decimal("0.5")).to_integral_value(ROUND_FLOOR))


def plant(
    pool: Pool,
    planting: Planting,
    seed: int,
    confused_with: NDArray[np.int64],
    foreign: InputArray | None = None,
) -> Pool:
    """Plant dirt in a pool.

    Parameters
    ----------
    pool : Pool
        As the records are.
    planting : Planting
        What is planted.
    seed : int
        The generator's is (seed, 11).
    confused_with : ndarray of int64
        Of each class the one that it is most often taken for, shape (classes,).
    foreign : ndarray or None
        Records of something else, of the same shape; None to have them made.
    """
    rng = np.random.default_rng((seed, _SEED))
    pool = pool.some(_long_tail(pool.targets, planting.tail, rng))
    count = len(pool.targets)
    amounts = (planting.labels, planting.confusable, planting.foreign)
    ends = np.cumsum([count_of(amount, count) for amount in amounts])
    # Three roundings up may come to a record more than there is.
    wrong, confusable, strange, _rest = np.split(rng.permutation(count), np.minimum(ends, count))
    inputs, targets, dirt = pool.inputs.copy(), pool.targets.copy(), pool.dirt.copy()
    classes = len(confused_with)
    targets[wrong] = (targets[wrong] + rng.integers(1, classes, len(wrong))) % classes
    targets[confusable] = confused_with[targets[confusable]]
    dirt[wrong] = dirt[confusable] = Dirt.LABEL
    if len(strange):
        inputs[strange] = _foreign(pool.inputs, len(strange), foreign, rng)
        dirt[strange] = Dirt.FOREIGN
    planted = Pool(inputs, targets, pool.origins, dirt)
    return _with_copies(planted, count_of(planting.duplicates, count), rng)


def _long_tail(targets: NDArray[np.int64], ratio: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the places that a long tail leaves, in order."""
    if ratio == 1:
        return np.arange(len(targets))
    there = rng.permutation(np.unique(targets))
    kept = []
    for rank, index in enumerate(there):
        of_class = rng.permutation(np.flatnonzero(targets == index))
        share = ratio ** (-rank / max(1, len(there) - 1))
        kept.append(of_class[: max(1, int(share * len(of_class) + 0.5))])
    return np.sort(np.concatenate(kept))


def _foreign(
    inputs: InputArray, count: int, foreign: InputArray | None, rng: np.random.Generator
) -> InputArray:
    if foreign is not None:
        return foreign[rng.choice(len(foreign), count, replace=count > len(foreign))]
    if inputs.ndim == 4:
        return _waves(inputs, count, rng)
    return _mixed_up(inputs, count, rng)


def _waves(inputs: InputArray, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return pictures of a few random waves in each channel, as bright as those of the pool."""
    channels, height, width = inputs.shape[1:]
    down, across = np.mgrid[0:height, 0:width] / max(height, width)
    shape = (count, channels, _WAVES, 1, 1)
    pitch, slant = rng.uniform(1, 6, shape), rng.uniform(0, 2 * np.pi, shape)
    phase = rng.uniform(0, 2 * np.pi, shape)
    waves = np.sin(2 * np.pi * pitch * (np.cos(slant) * across + np.sin(slant) * down) + phase).mean(
        axis=2
    )
    low, high = float(inputs.min()), float(inputs.max())
    pictures: NDArray[np.float32] = (low + (high - low) * (waves + 1) / 2).astype(np.float32)
    return pictures


def _mixed_up(inputs: InputArray, count: int, rng: np.random.Generator) -> InputArray:
    """Return records each of whose numbers, or tokens, comes from another record.

    A text stays as long as it was: tokens are exchanged among the texts that have one at that place.
    """
    drawn = inputs[rng.integers(0, len(inputs), count)].copy()
    if inputs.dtype == np.int64 and inputs.ndim == 3:
        for place in range(inputs.shape[2]):
            there = inputs[inputs[:, _MASK, place] == 1, 0, place]
            filled = drawn[:, _MASK, place] == 1
            if filled.any():
                drawn[filled, 0, place] = rng.choice(there, int(filled.sum()))
        return drawn
    flat, many = drawn.reshape(count, -1), inputs.reshape(len(inputs), -1)
    for column in range(flat.shape[1]):
        flat[:, column] = many[rng.integers(0, len(many), count), column]
    return flat.reshape(drawn.shape)


def _with_copies(pool: Pool, count: int, rng: np.random.Generator) -> Pool:
    """Return a pool with copies of records in which nothing was planted."""
    clean = np.flatnonzero(pool.dirt == Dirt.NONE)
    if not count or not len(clean):
        return pool
    copied = pool.some(rng.choice(clean, count, replace=count > len(clean)))
    exact = count - count // 2
    inputs = copied.inputs.copy()
    if exact < count:
        inputs[exact:] = _nearly(inputs[exact:], pool.inputs, rng)
    dirt = np.full(count, Dirt.COPY, dtype=np.int8)
    dirt[exact:] = Dirt.NEAR_COPY
    return Pool(
        np.concatenate([pool.inputs, inputs]),
        np.concatenate([pool.targets, copied.targets]),
        np.concatenate([pool.origins, copied.origins]),
        np.concatenate([pool.dirt, dirt]),
    )


def _nearly(inputs: InputArray, pool: InputArray, rng: np.random.Generator) -> InputArray:
    """Return near copies of records; see the module."""
    if inputs.dtype == np.int64:
        near = inputs.copy()
        for text in near if near.ndim == 3 else ():
            inner = np.flatnonzero(text[_MASK])[1:-1]  # Tokens that a tokenizer puts around stay.
            if len(inner) > 1:
                first = inner[int(rng.integers(0, len(inner) - 1))]
                text[0, [first, first + 1]] = text[0, [first + 1, first]]
        return near
    if inputs.ndim == 4:
        return np.concatenate([inputs[..., :1], inputs[..., :-1]], axis=-1)
    spread = pool.std(axis=0, dtype=np.float64)
    noise = rng.standard_normal(inputs.shape) * (_NEARLY * spread)
    noisy: NDArray[np.float32] = (inputs + noise).astype(np.float32)
    return noisy

"""Records as a study of arms needs them: inputs of the consortium's model, whatever kind they are."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds.kind import InputArray, ToInput
from dataselect_gui.records.opening import content_hash
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.records.text_input import TextInput
from dataselect_gui.study.dataset import check_classes, check_enough, rows_to_read
from dataselect_gui.texts import _

HELD_OUT_SHARE = 0.3
_SPLIT_SEED = 7
_MOST_MEMORY = 0.25
"""Of the machine's memory, inputs may take so much: a pool with dirt is held beside them."""


@dataclass(frozen=True)
class Records:
    """Records with a class, as the model takes them.

    Attributes
    ----------
    inputs : ndarray
        Shape (n, …).
    targets : ndarray of int64
        Class indices, shape (n,).
    units : list of str or None
        Whose each record is; None where each stands for itself.
    digest : str
        The SHA-256 over contents, classes and units.
    left_out : int
        How many of those that were drawn cannot be read or have no class.
    """

    inputs: InputArray
    targets: NDArray[np.int64]
    units: list[str] | None
    digest: str
    left_out: int


@dataclass(frozen=True)
class Strangers:
    """Records of something else: their inputs, and the SHA-256 over their contents."""

    inputs: InputArray
    digest: str


@dataclass(frozen=True)
class ArmSplit:
    """The owner's records as places; no person has records in both parts.

    Attributes
    ----------
    pool : ndarray of int64
        Chosen from; dirt is planted here alone.
    held_out : ndarray of int64
        Tested on, always as they are.
    """

    pool: NDArray[np.int64]
    held_out: NDArray[np.int64]


def split_arms(units: Sequence[str] | None, count: int, seed: int) -> ArmSplit:
    """Split records at random, person by person: three in ten of the people are tested on."""
    names = np.arange(count) if units is None else np.unique(np.array(units), return_inverse=True)[1]
    number = int(names.max()) + 1
    order = np.random.default_rng((seed, _SPLIT_SEED)).permutation(number)
    is_tested = np.isin(names, order[: round(HELD_OUT_SHARE * number)])
    return ArmSplit(np.flatnonzero(~is_tested), np.flatnonzero(is_tested))


def read_records(
    source: Source,
    targets: NDArray[np.int64],
    to_input: ToInput,
    limit: int,
    advance: Callable[[int, int], None],
) -> Records:
    """Read labelled records once, and make the model's inputs of them.

    Parameters
    ----------
    source : Source
        Where they are.
    targets : ndarray of int64
        The class of each record of the source, −1 for none, shape (n,).
    to_input : callable
        The checkpoint's.
    limit : int
        At most so many, drawn at random but always the same ones.
    advance : callable
        Told how many of how many were read; what it raises ends the reading.

    Raises
    ------
    UnusableError
        Where there are too few, or their inputs do not go into one batch or into memory.
    """
    drawn = [row for row in rows_to_read(source, limit) if targets[row] >= 0]
    rows, inputs, whole = _read(source, drawn, to_input, advance)
    units = None if source.units is None else [source.units[row] for row in rows]
    whose = units or [source.ids[row] for row in rows]
    for target, unit in zip(targets[rows], whose, strict=True):
        whole.update(f"{target} {unit}\n".encode())
    left_out = min(len(source.ids), limit) - len(rows)
    return Records(inputs, targets[rows], units, whole.hexdigest(), left_out)


def read_strangers(
    source: Source, to_input: ToInput, limit: int, advance: Callable[[int, int], None]
) -> Strangers:
    """Read records of something else, whatever their labels are; parameters as for `read_records`."""
    drawn = np.random.default_rng(_SPLIT_SEED).permutation(len(source.ids))[:limit]
    _rows, inputs, whole = _read(source, np.sort(drawn).tolist(), to_input, advance)
    return Strangers(inputs, whole.hexdigest())


def check_studied(records: Records) -> None:
    """Refuse records that nothing can be seen with.

    Raises
    ------
    UnusableError
        Where they are too few, or all have one class.
    """
    check_enough(len(records.targets))
    check_classes(records.targets)


def in_length(inputs: InputArray, length: int, to_input: ToInput) -> InputArray:
    """Return texts filled up to a length in tokens; other inputs as they are."""
    missing = length - inputs.shape[-1]
    if missing == 0 or not isinstance(to_input, TextInput):
        return inputs
    texts = inputs.astype(np.int64)
    filled: NDArray[np.int64] = np.pad(texts, ((0, 0), (0, 0), (0, missing)))
    filled[:, 0, inputs.shape[-1] :] = to_input.padding
    return filled


def _read(
    source: Source, drawn: Sequence[int], to_input: ToInput, advance: Callable[[int, int], None]
) -> tuple[list[int], InputArray, "hashlib._Hash"]:
    """Return the rows that can be read, their inputs, and a hash over what was stored."""
    rows: list[int] = []
    made: list[InputArray] = []
    whole = hashlib.sha256()
    for row in drawn:
        advance(len(rows), len(drawn))
        try:
            stored = source.read(row)
            whole_input = to_input(source.kind.decode(stored))
        except UnreadableRecordError:
            continue
        _check_memory(whole_input, len(drawn))
        rows.append(row)
        made.append(whole_input)
        whole.update(content_hash(stored))
    if not rows:
        raise UnusableError(
            _("None of the records in “{name}” can be read.", name=source.path.name),
            _("A study has nothing to train or test on without them."),
            _("Name another source."),
        )
    if isinstance(to_input, TextInput):
        longest = max(text.shape[-1] for text in made)
        made = [in_length(text[None], longest, to_input)[0] for text in made]
    if len({each.shape for each in made}) > 1:
        raise UnusableError(
            _("The records cannot be studied."),
            _("The checkpoint's processor makes inputs of several sizes, and a batch takes one."),
            _("Ask the consortium for a preprocessor_config.json that resizes to one size."),
        )
    inputs: NDArray[Any] = np.stack(made)
    return rows, inputs, whole


def _check_memory(first: InputArray, count: int) -> None:
    if first.nbytes * count > _MOST_MEMORY * psutil.virtual_memory().total:
        raise UnusableError(
            _("The records do not fit into memory."),
            _(
                "{count:,} inputs of {size:.1f} MB each are kept while the study trains.",
                count=count,
                size=first.nbytes / 1e6,
            ),
            _("Study fewer of them: --limit."),
        )

"""What a ``.pt2`` graph may be made of: the listed operations, and what they may be called with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dataselect_gui.checkpoints import listed_operations as listed
from dataselect_gui.texts import _

Group = Literal["pointwise", "samples", "trailing", "along", "other", "constant", "number"]

_ATEN, _OPERATOR = "torch.ops.aten.", "_operator."
_SIGNATURE = re.compile(r"(?P<name>[\w.]+)\((?P<arguments>.*)\) -> (?P<results>.*)")
_SHARING = frozenset(
    (
        "dropout.default",
        "type_as.default",
        "einsum.default",
        "meshgrid.default",
        "meshgrid.indexing",
    )
)
"""Operations that may return their input or a view of it, though their signature does not say so."""


@dataclass(frozen=True)
class Argument:
    """What an operation takes.

    Attributes
    ----------
    name, type : str
        In PyTorch's words, without the length of a list and without marks of sharing.
    by_keyword : bool
        Whether it is given by its name alone.
    """

    name: str
    type: str
    by_keyword: bool


@dataclass(frozen=True)
class Signature:
    """An operation of the list.

    Attributes
    ----------
    target : str
        As a graph calls it.
    group : str
        How it treats the axes of its input.
    arguments : dict
        What it takes, by name, in order.
    results : tuple of str
        The type of each result.
    in_place : bool
        Whether it changes its first argument.
    shares : bool
        Whether a result may lie in the memory of an argument.
    """

    target: str
    group: Group
    arguments: Mapping[str, Argument]
    results: tuple[str, ...]
    in_place: bool
    shares: bool


def _read(lines: str, group: Group, prefix: str) -> dict[str, Signature]:
    signatures = {}
    for line in re.sub(r"\n +", " ", lines.strip()).splitlines():
        match = _SIGNATURE.fullmatch(line)
        assert match is not None, line
        arguments, by_keyword = {}, False
        for part in re.split(r", (?![^\[]*\])", match["arguments"]):
            if part == "*":
                by_keyword = True
            elif part:
                kind, _, name = part.partition("=")[0].rpartition(" ")
                plain = re.sub(r"\(.*?\)|(?<=\[)\d+(?=\])", "", kind)
                arguments[name] = Argument(name, plain, by_keyword)
        results = re.findall(r"Tensor(?:\(.*?\))?(?:\[\])?|Number|SymInt", match["results"])
        signatures[prefix + match["name"]] = Signature(
            prefix + match["name"],
            group,
            arguments,
            tuple(re.sub(r"\(.*?\)", "", result) for result in results),
            "!" in line,
            "(a" in match["results"] or match["name"] in _SHARING,
        )
    return signatures


SIGNATURES: Mapping[str, Signature] = {
    **_read(listed.POINTWISE, "pointwise", _ATEN),
    **_read(listed.SAMPLES, "samples", _ATEN),
    **_read(listed.TRAILING, "trailing", _ATEN),
    **_read(listed.ALONG, "along", _ATEN),
    **_read(listed.OTHERS, "other", _ATEN),
    **_read(listed.CONSTANT, "constant", _ATEN),
    **_read(listed.NUMBER, "number", _OPERATOR),
}
"""By what a graph calls them."""

_WORDS = {
    "approximate": re.compile(r"none|tanh"),
    "padding": re.compile(r"same|valid"),
    "mode": re.compile(r"constant|reflect|replicate|circular"),
    "indexing": re.compile(r"ij|xy"),
    "equation": re.compile(r"[A-Za-z]*(,[A-Za-z]*)*->[A-Za-z]*"),
}
"""The words that an argument may be."""
_FIXED: Mapping[str, tuple[object, ...]] = {
    "train": (False,),
    "dropout_p": (0, None),
    "scale_grad_by_freq": (False, None),
    "sparse": (False, None),
    "pin_memory": (False, None),
    "path": (None,),
}
"""Arguments that may only be one of these: the others draw, or look at the whole batch."""
_LARGEST_SCALE = 1024.0


def objection(signature: Signature, given: Mapping[str, Any], *, of_record: bool) -> str | None:
    """Say what is wrong with an operation's arguments, where their types are right.

    Parameters
    ----------
    signature : Signature
        The operation.
    given : dict
        What it is called with, by name.
    of_record : bool
        Whether any of it depends on the record.

    Returns
    -------
    str or None
        A sentence; None where nothing is wrong.
    """
    target = signature.target
    for name, value in given.items():
        if isinstance(value, str) and not (name in _WORDS and _WORDS[name].fullmatch(value)):
            return _("Its graph calls “{target}” with a word that it does not know.", target=target)
        if name in _FIXED and value not in _FIXED[name]:
            return _(
                "Its graph calls “{target}” with {name}={value}.",
                target=target,
                name=name,
                value=value,
            )
        if name == "scale_factors" and not all(
            1 / _LARGEST_SCALE <= scale <= _LARGEST_SCALE for scale in value or ()
        ):
            # It becomes an address in memory.
            return _("Its graph calls “{target}” with a scale out of bounds.", target=target)
    is_negative = any(isinstance(side, int) and side < 0 for side in given.get("pad", ()))
    if is_negative and given.get("mode", "constant") != "constant":
        # A circular one leaves memory as it found it.
        return _("Its graph calls “{target}” with negative sides.", target=target)
    if "running_mean" in signature.arguments:
        by_input = given.get("use_input_stats", False) or given.get("training", False)
        if any((given.get(name) is None) != by_input for name in ("running_mean", "running_var")):
            return _(
                "Its graph calls “{target}” without stored statistics, or changing them.", target=target
            )
        if of_record and given.get("training"):
            return _(
                "Its graph calls “{target}” so that a record's score depends on the other records of "
                "its batch.",
                target=target,
            )
    return None

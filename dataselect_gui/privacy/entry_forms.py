"""The fields of each kind of ledger entry; entries of another form are refused."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeGuard, cast

from dataselect_gui.privacy.accounting import NOISES

EntryKind: TypeAlias = Literal[
    "opened",
    "extended",
    "joined",
    "budget",
    "training",
    "sealed",
    "coins",
    "kept",
    "reserved",
    "drawn",
    "published",
    "settled",
    "shown",
]
_AMOUNT = re.compile(r"[0-9]{1,400}(\.[0-9]{1,400})?")
_DIGEST = re.compile("[0-9a-f]{64}")
_KEY = 32


def _text(value: object) -> bool:
    return isinstance(value, str)


def _amount(value: object) -> bool:
    return isinstance(value, str) and bool(_AMOUNT.fullmatch(value))


def _digest(value: object) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _count(value: object) -> bool:
    return type(value) is int and value > 0


def _loss(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, list) or len(value) != 3 or value[0] not in NOISES:
        return False
    return all(
        type(number) in {int, float} and 0 < number < math.inf and number < 1e300
        for number in value[1:]
    )


_Form = Mapping[str, Callable[[object], bool]]
_NEEDED: Mapping[EntryKind, _Form] = {
    "opened": {"content": _digest},
    "extended": {"content": _digest},
    "joined": {"account": _text},
    "budget": {"epsilon": _amount, "reason": _text},
    "training": {"epsilon": _amount, "delta": _amount, "checkpoint": _text},
    "sealed": {"content": _digest},
    "coins": {"content": _digest},
    "kept": {"content": _digest},
    "reserved": {
        "release": _text,
        "key": _text,
        "unit": lambda value: value is None or isinstance(value, str),
        "per_unit": _count,
    },
    "drawn": {"release": _text, "content": _digest},
    "published": {"release": _text},
    "settled": {"checkpoint": _text, "population": _text, "leave_out": _text, "rule": _text},
    "shown": {},
}
_CHARGE: _Form = {
    "epsilon": _amount,
    "delta": _amount,
    "one_sided": lambda value: isinstance(value, bool),
    "loss": _loss,
}
_WHEREVER: _Form = {
    **dict.fromkeys(("decides", "epsilon", "delta"), _amount),
    **dict.fromkeys(
        ("account", "checkpoint", "columns", "key", "labels", "release", "threshold_of"), _text
    ),
    "reason": lambda value: value is None or isinstance(value, str),
    "elsewhere": lambda value: value is True,
}
"""Fields that an entry of any kind may have, and that statements show."""
_LENGTHS = {
    "extended": _KEY,
    "opened": _KEY,
    "kept": 2 * _KEY,
    "reserved": 2 * _KEY,
    "sealed": _KEY + 8,
    "coins": _KEY + 8,
    "shown": _KEY,
}
"""Bytes of the pieces that the content of an entry consists of."""


def is_entry(kind: object, body: object) -> TypeGuard[EntryKind]:
    """Say whether an entry of the ledger has the form that the program writes.

    Parameters
    ----------
    kind : object
        Its kind, an `EntryKind` where it is one.
    body : dict
        Its fields, as JSON.
    """
    needed = _NEEDED.get(cast("EntryKind", kind)) if isinstance(kind, str) else None
    if needed is None or not isinstance(body, dict):
        return False
    form: dict[str, Callable[[object], bool]] = {"date": _text, "nonce": _text, **needed}
    if kind == "reserved" and "epsilon" in body:
        form |= _CHARGE
    if not all(name in body and check(body[name]) for name, check in form.items()):
        return False
    if not all(check(body[name]) for name, check in _WHEREVER.items() if name in body):
        return False
    terms, content = body.get("terms", {}), body.get("content")
    return isinstance(terms, dict) and (content is None or _digest(content)) and _is_text(body)


def is_content(kind: str, content: object) -> bool:
    """Say whether the content of an entry divides into the pieces of its kind."""
    if not isinstance(content, bytes) or (kind == "opened" and not content):
        return False
    return len(content) % _LENGTHS.get(kind, 1) == 0


def _is_text(value: Any) -> bool:  # noqa: ANN401  (any JSON)
    """Say whether all strings in a document encode as UTF-8: JSON can escape lone surrogates."""
    left = [value]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            left += [*node, *node.values()]
        elif isinstance(node, list):
            left += node
        elif isinstance(node, str) and not node.isascii():
            try:
                node.encode("utf-8")
            except UnicodeEncodeError:
                return False
    return True

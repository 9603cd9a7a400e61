"""How what goes into an exported model and what comes out of it is nested."""

import json
import re
from dataclasses import dataclass
from typing import Any

from dataselect_gui.checkpoints.exported.values import DEEPEST, NAME, DamagedError, refuse
from dataselect_gui.texts import _

_LIBRARY_OUTPUT = re.compile(r"transformers(\.\w+)+\.\w*Output(With\w+)?")
"""The transformers library's dicts of results. The name is all that is looked at: none is imported."""


@dataclass(frozen=True)
class _Nested:
    """A tuple, list or dict, or one value where ``kind`` is None."""

    kind: str | None
    parts: tuple["_Nested", ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def values(self) -> int:
        return 1 if self.kind is None else sum(part.values for part in self.parts)


def _nesting(text: Any) -> _Nested:  # noqa: ANN401
    version, content = json.loads(text)
    if version != 1:
        refuse(_("How its inputs or outputs are nested is written in a way that is not read here."))
    return _nested(content, DEEPEST)


def _nested(content: Any, depth: int) -> _Nested:  # noqa: ANN401
    if not depth:
        raise DamagedError
    kind, context, inner = content["type"], content["context"], content["children_spec"]
    parts = tuple(_nested(part, depth - 1) for part in inner)
    if kind is None and not parts:
        return _Nested(None)
    if kind in {"builtins.tuple", "builtins.list"} and context == "null":
        return _Nested(kind, parts)
    if kind == "builtins.dict" or (isinstance(kind, str) and _LIBRARY_OUTPUT.fullmatch(kind)):
        keys = json.loads(context)
        are_names = isinstance(keys, list) and all(
            isinstance(k, str) and NAME.fullmatch(k) for k in keys
        )
        if are_names and len(keys) == len(parts):
            return _Nested("builtins.dict", parts, tuple(keys))
    return refuse(
        _(
            "Its inputs or outputs are nested in something else than tuples, lists, dicts and "
            "plain names."
        )
    )


def check_input_spec(text: Any, place: int) -> None:  # noqa: ANN401
    """Refuse a model that does not take its records as an argument of their own.

    Parameters
    ----------
    text : object
        How its arguments are nested.
    place : int
        Which of all values in them is the records.
    """
    both = _nesting(text)
    if both.kind is None or [part.kind for part in both.parts] != ["builtins.tuple", "builtins.dict"]:
        raise DamagedError
    for argument in (*both.parts[0].parts, *both.parts[1].parts):
        if place < argument.values:
            if argument.kind is not None:
                refuse(_("It takes its records nested in something."))
            return
        place -= argument.values
    raise DamagedError


def place_of_logits(text: Any) -> int:  # noqa: ANN401
    """Return which output holds the logits: the only one, or the one of that name."""
    nested, place = _nesting(text), 0
    if nested.kind is None:
        return place
    if nested.kind in {"builtins.tuple", "builtins.list"} and len(nested.parts) > 1:
        refuse(_("It returns several tensors, and nothing says which of them holds the logits."))
    if nested.kind != "builtins.dict":
        parts: tuple[_Nested, ...] = nested.parts[:1]
    elif "logits" in nested.keys:
        number = nested.keys.index("logits")
        parts = nested.parts[number : number + 1]
        place = sum(part.values for part in nested.parts[:number])
    else:
        parts = ()
    if not parts or parts[0].kind is not None:
        refuse(_("It returns no tensor where logits are expected: alone, first, or named “logits”."))
    return place

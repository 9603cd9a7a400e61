"""Hostile values, and edits of bytes and of JSON that put them where a file has its own."""

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Files: TypeAlias = dict[str, bytes]
"""An input: the files of a folder, by their names relative to it."""
Chance: TypeAlias = random.Random

SECRET = b"Mrs Smith"
"""Written wherever a file can hold something beside what it is read for; it must never leave."""

SIZES = (
    0, 1, 2, 3, 7, 8, 255, 256, 4095, 9_459, 16_383, 32_767, 32_768, 65_535, 65_536, 1 << 20, (1 << 24) - 1,
    89_478_485, 400_000_000, (1 << 31) - 1, 1 << 31, (1 << 32) - 1,
)  # fmt: skip
"""Numbers that a header may declare, around the borders of its fields."""
INTEGERS = (
    *SIZES,
    -1,
    -2,
    -(1 << 31),
    1 << 32,
    1 << 53,
    (1 << 63) - 1,
    1 << 63,
    -(1 << 63),
    1 << 64,
    10**30,
)
FLOATS = (0.5, -0.0, 1e-320, 1e-6, 7.0, 1e16, 1e300, 1.7e308, float("nan"), float("inf"), float("-inf"))
TEXTS = (
    "", " ", "x", "0", "-1", "nan", "None", "true", "é", "日本語", "\u202egnp.exe", "a\nb", "a\tb", "\x00", "\x1b[2J",
    "..", "../../x", "/etc/hostname", "C:\\x", "con", "=HYPERLINK(\"x\")", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1",
    "<img src=x>", "%s%n", "{0}", "__class__", "a" * 10_000, "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
)  # fmt: skip
_LITERALS = (
    "1" + "0" * 310,
    "-1" + "0" * 310,
    "9" * 5000,
    "1e999",
    "-1e999",
    "1E-999",
    "NaN",
    "-Infinity",
    '"\\ud800"',
    '"\\u0000"',
    '{"a": 1, "a": 2}',
    "[" * 3000 + "]" * 3000,
    '{"a":' * 1500 + "1" + "}" * 1500,
    "[[0], 400000000]",
    "[400000000, [0]]",
    "[[[0], 1000], 1000000]",
)
"""JSON that no value of Python is written as."""
_MARK = "\0literal "


def hostile(chance: Chance) -> Any:  # noqa: ANN401  (any JSON value)
    """Return a value that a reader may not expect."""
    match chance.randrange(10):
        case 0 | 1 | 2:
            return chance.choice(INTEGERS)
        case 3:
            return chance.choice(FLOATS)
        case 4 | 5:
            return chance.choice(TEXTS)
        case 6 | 7:
            return literal(chance)
        case 8:
            return copy.deepcopy(
                chance.choice([None, True, False, [], {}, [[]], [None], {"": {}}, [0], [{}]])
            )
        case _:
            return [chance.choice(INTEGERS) for _ in range(chance.choice([1, 2, 3, 4, 40]))]


def literal(chance: Chance) -> str:
    """Return a value that `to_json` writes as JSON that Python itself would not write."""
    return f"{_MARK}{chance.randrange(len(_LITERALS))}"


def to_json(document: object) -> bytes:
    """Write a document, its literals as they are."""
    text = json.dumps(document)
    for number, written in enumerate(_LITERALS):
        text = text.replace(json.dumps(f"{_MARK}{number}"), written)
    return text.encode("utf-8", "surrogatepass")


Place: TypeAlias = tuple[Any, Any]
"""A container and the key or index of one of its parts."""


def places(document: object) -> list[Place]:
    """List every part of a JSON document."""
    listed: list[Place] = []
    left = [document]
    while left:
        node = left.pop()
        keys: Sequence[Any] = []
        if isinstance(node, dict):
            keys = list(node)
        elif isinstance(node, list):
            keys = range(len(node))
        for key in keys:
            listed.append((node, key))
            left.append(node[key])
    return listed


def edit_json(document: Any, chance: Chance, names: Sequence[str] = (), edits: int = 0) -> Any:  # noqa: ANN401
    """Return a copy of a JSON document with a few of its parts replaced.

    Parameters
    ----------
    document : any JSON
        A valid one.
    chance : random.Random
        Where choices come from.
    names : sequence of str
        Keys that a reader knows and the document may lack.
    edits : int
        How many edits; one to four where it is zero.
    """
    document = copy.deepcopy(document)
    for _ in range(edits or chance.choice([1, 1, 1, 2, 2, 3, 4])):
        listed = places(document)
        if names and isinstance(document, dict) and chance.random() < 0.4:
            document[chance.choice(names)] = hostile(chance)
            continue
        if not listed:
            return hostile(chance)
        # First where, then which: long lists of numbers would take nearly every choice.
        holder, key = chance.choice(listed)
        if chance.random() < 0.5:
            named = [place for place in listed if isinstance(place[0], dict)]
            holder, key = chance.choice(named or listed)
        _edit(holder, key, listed, chance)
    return document


def _edit(holder: Any, key: Any, listed: list[Place], chance: Chance) -> None:  # noqa: ANN401
    value = holder[key]
    match chance.randrange(12):
        case 0 | 1 | 2 | 3 | 4:
            holder[key] = hostile(chance)
        case 5 | 6:
            other, name = chance.choice(listed)
            holder[key] = copy.deepcopy(other[name])
        case 7:
            del holder[key]
        case 8 if isinstance(holder, list):
            holder[key:key] = [copy.deepcopy(value)] * chance.choice([1, 2, 30])
        case 8:
            holder[chance.choice(TEXTS)] = copy.deepcopy(value)
        case 9 if isinstance(value, int | float):
            holder[key] = chance.choice(
                [value + 1, value - 1, -value, value * 2, float(value), str(value)]
            )
        case 9:
            holder[key] = [value]
        case 10 if isinstance(value, list):
            chance.shuffle(value)
        case 10 if isinstance(value, str):
            at = chance.randrange(len(value) + 1)
            holder[key] = value[:at] + chance.choice(TEXTS) + value[at:]
        case _:
            holder[key] = {"": value} if chance.random() < 0.5 else [value, value]


def json_bytes(document: object, chance: Chance) -> bytes:
    """Write a document; now and then in an encoding, or with an ending, that JSON does not have."""
    written = to_json(document)
    if chance.random() > 0.06:
        return written
    return chance.choice(
        (
            lambda: b"\xef\xbb\xbf" + written,
            lambda: written.decode("utf-8", "replace").encode("utf-16"),
            lambda: written[: chance.randrange(len(written) + 1)],
            lambda: written + b" {}",
            lambda: b"",
            lambda: b"[" * 100_000,
            lambda: written.replace(b'"', b"'"),
            lambda: edit_bytes(written, chance),
        )
    )()


def edit_bytes(content: bytes, chance: Chance, edits: int = 0) -> bytes:
    """Return bytes with a few flipped, cut, doubled or replaced."""
    for _ in range(edits or chance.choice([1, 1, 2, 3, 8])):
        content = chance.choice(_BYTE_EDITS)(bytearray(content), chance)
    return content


def _flip(content: bytearray, chance: Chance) -> bytes:
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def _cut(content: bytearray, chance: Chance) -> bytes:
    return bytes(content[: chance.randrange(len(content) + 1)])


def _drop(content: bytearray, chance: Chance) -> bytes:
    at = chance.randrange(len(content) + 1)
    del content[at : at + chance.choice([1, 2, 4, 16])]
    return bytes(content)


def _double(content: bytearray, chance: Chance) -> bytes:
    at = chance.randrange(len(content) + 1)
    content[at:at] = content[at : at + chance.choice([1, 4, 64])] * chance.choice([1, 2, 50])
    return bytes(content)


def _insert(content: bytearray, chance: Chance) -> bytes:
    at = chance.randrange(len(content) + 1)
    content[at:at] = chance.choice([chance.randbytes(4), b"\0" * 8, b"\xff" * 8])
    return bytes(content)


def _border(content: bytearray, chance: Chance) -> bytes:
    """Write a number at a border of what its width can hold."""
    width = chance.choice([1, 2, 4, 8])
    if len(content) >= width:
        at = chance.randrange(len(content) - width + 1)
        number = chance.choice(
            [0, 1, (1 << 8 * width) - 1, 1 << 8 * width - 1, (1 << 8 * width - 1) - 1]
        )
        content[at : at + width] = number.to_bytes(width, chance.choice(["little", "big"]))  # type: ignore[arg-type]
    return bytes(content)


_BYTE_EDITS: tuple[Callable[[bytearray, Chance], bytes], ...] = (
    _flip, _flip, _flip, _border, _border, _cut, _drop, _double, _insert,
)  # fmt: skip

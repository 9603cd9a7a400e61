"""Sources: array files, and the tables that list images."""

import csv
import io
import json
from typing import Any

from tests.fuzz.values import (
    SIZES,
    TEXTS,
    Chance,
    Files,
    edit_bytes,
    edit_json,
    hostile,
    json_bytes,
    to_json,
)
from tests.fuzz.zips import Member, mutate_members, read_members, write_members

ARRAYS = "records.npz"
_TYPES = (
    "|u1",
    "<f4",
    "<f8",
    "<i8",
    "|b1",
    "<U3",
    "|S4",
    "<f2",
    "<f16",
    "<c8",
    "|O",
    "<M8[ns]",
    "<m8[D]",
    ">f4",
    "|V8",
    "<U0",
    "|S0",
    "|V0",
    "<U1000000000",
    "<i3",
    "x",
    "",
    "f4,f4",
    "<u1",
    "|u1000",
    "<M8[1000000Y]",
)
_HEADERS = (
    "",
    "{}",
    "None",
    "{'descr': '|u1'}",
    "[1]",
    "(" * 500,
    "-" * 4000 + "1",
    "9" * 5000,
    "{" * 90,
    "__import__('os')",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}",
    "{'descr': [('a', '<f4'), ('b', '|O')], 'fortran_order': False, 'shape': (3,)}",
    "{'descr': ('<f4', (1000000, 1000000)), 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': 3}",
    "{'descr': '<f4', 'fortran_order': True, 'shape': (-1,)}",
    "\x00",
    "1 if 1 else 2",
)


def mutate_arrays(files: Files, chance: Chance) -> Files:
    """Return an ``.npz`` file with another header of an array, other values, or another archive."""
    members = read_members(files[ARRAYS])
    if chance.random() < 0.3:
        return {ARRAYS: mutate_members(members, chance)}
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(len(members))
        members[at] = Member(
            members[at].name, _array(members[at].content, chance), method=chance.choice([0, 8])
        )
    return {ARRAYS: write_members(members)}


def _array(content: bytes, chance: Chance) -> bytes:
    if len(content) < 12 or not content.startswith(b"\x93NUMPY"):
        return edit_bytes(content, chance)
    length = int.from_bytes(content[8:10], "little")
    header = content[10 : 10 + length].decode("latin-1").strip()
    data = content[10 + length :]
    try:
        fields: dict[str, Any] = dict(eval(header, {"__builtins__": {}}))  # noqa: S307  (our own, mutated)
    except Exception:  # One that was changed already.
        return edit_bytes(content, chance)
    match chance.randrange(9):
        case 0 | 1:
            fields["descr"] = chance.choice(_TYPES)
        case 2 | 3:
            shape = list(_shape_of(fields))
            if shape and chance.random() < 0.6:
                shape[chance.randrange(len(shape))] = chance.choice([*SIZES, -1, 1 << 40])
            else:
                shape.insert(0, chance.choice([0, 1, 1 << 40]))
            fields["shape"] = tuple(shape)
        case 4:
            fields["fortran_order"] = not fields.get("fortran_order")
        case 5:
            return _written(chance.choice(_HEADERS), data, chance)
        case 6:  # Its size as the header says, mostly zeros.
            count = chance.choice([0, 1, 3, 40, 4096])
            fields["shape"] = (count, *_shape_of(fields)[1:])
            data = (data * (count // 40 + 1))[: len(data) * count // 40]
        case 7:
            data = edit_bytes(data, chance)
        case _:
            values = (
                b"\0\0\xc0\x7f",
                b"\xff\xff\xff\xff",
                b"\0\xd8\0\0",
                b"\0\0\x11\0",
                chance.randbytes(4),
            )
            data = b"".join(chance.choice(values) for _ in range(-(-len(data) // 4)))[: len(data)]
    return _written(repr(fields), data, chance)


def _shape_of(fields: dict[str, Any]) -> tuple[Any, ...]:
    """Return the shape of an array; empty where an earlier mutation left none."""
    shape = fields.get("shape")
    return shape if isinstance(shape, tuple) else ()


def _written(header: str, data: bytes, chance: Chance) -> bytes:
    version = chance.choice([1, 1, 1, 1, 2, 3, 0, 255])
    text = header.encode("latin-1", "replace") + b"\n"
    stated = len(text) if chance.random() > 0.04 else chance.choice(SIZES)
    width = 2 if version == 1 else 4
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + (stated & ((1 << 8 * width) - 1)).to_bytes(width, "little")
        + text
        + data
    )


CSV, JSONL = "metadata.csv", "metadata.jsonl"
_COLUMNS = (
    "file_name",
    "label",
    "patient",
    "Patient ID",
    "",
    "label",
    "\ufeff",
    "=x",
    "a" * 5000,
    "file_name ",
)
_FILE_NAMES = (
    "a/1.png",
    "a/2.png",
    "b/3.png",
    "../1.png",
    "/etc/hostname",
    "a\\1.png",
    "./a/1.png",
    "a//1.png",
    "",
    "a/1.png ",
    "A/1.PNG",
    "a/none.png",
    "a",
    "x.txt",
    "a/1.png\x00",
    "a/\ud800.png",
    "e\u0301.png",
    "\u00e9.png",
)


def mutate_csv(files: Files, chance: Chance) -> Files:
    """Return a folder whose table of images is another."""
    return {**_images(files, chance), CSV: edit_csv(files[CSV], chance, _COLUMNS, _FILE_NAMES)}


def edit_csv(content: bytes, chance: Chance, columns: tuple[str, ...], names: tuple[str, ...]) -> bytes:
    """Return CSV with other cells, columns, ends of lines, quotes or bytes."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    for _ in range(chance.choice([1, 1, 2, 4])):
        row = chance.choice(rows) if rows else []
        match chance.randrange(9):
            case 0 | 1 if row:
                row[chance.randrange(len(row))] = chance.choice(TEXTS)
            case 2 if row:
                row[0] = chance.choice(names)
            case 3 if rows and rows[0]:
                rows[0][chance.randrange(len(rows[0]))] = chance.choice(columns)
            case 4:
                row.append(chance.choice(TEXTS))
            case 5 if row:
                del row[chance.randrange(len(row))]
            case 6 if rows:
                rows += [list(row)] * chance.choice([1, 2, 500])
            case 7 if rows:
                del rows[chance.randrange(len(rows))]
            case _:
                rows.append(
                    [
                        chance.choice(names),
                        *(chance.choice(TEXTS) for _ in range(chance.choice([0, 1, 2, 60]))),
                    ]
                )
    written = io.StringIO()
    csv.writer(
        written,
        delimiter=chance.choice([",", ",", ",", ",", ";", "\t"]),
        lineterminator=chance.choice(["\n", "\r\n", "\r", "\n\n"]),
        quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ).writerows(rows)
    text = written.getvalue().encode("utf-8", "surrogatepass")
    match chance.randrange(14):
        case 0:
            return b"\xef\xbb\xbf" + text
        case 1:
            return edit_bytes(text, chance)
        case 2:
            return text.replace(b'"', b"").replace(b"\n", b'"\n', 1)
        case 3:
            return text + b'"' + b"x" * chance.choice([10, 140_000])
        case 4:
            return text.decode("utf-8", "replace").encode(
                chance.choice(["utf-16", "utf-32", "latin-1"]), "replace"
            )
    return text


def mutate_jsonl(files: Files, chance: Chance) -> Files:
    """Return a folder whose lines that list images are others."""
    lines = [json.loads(line) for line in files[JSONL].splitlines()]
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                lines[at] = (
                    {**lines[at], "file_name": chance.choice(_FILE_NAMES)}
                    if isinstance(lines[at], dict)
                    else 7
                )
            case 1:
                lines[at] = hostile(chance)
            case 2:
                lines.append(lines[at])
            case _:
                lines[at] = edit_json(lines[at], chance, ("file_name", "label", "patient"))
    written = b"\n".join(
        to_json(line) if chance.random() < 0.98 else json_bytes(line, chance) for line in lines
    )
    ends = (b"", b"\n", b"\r\n", b"\n\n\n", b"\x00", b"\n{", b"\xff\n")
    return {**_images(files, chance), JSONL: written + chance.choice(ends)}


def _images(files: Files, chance: Chance) -> Files:
    """Return the folder's files, now and then with one more under a name that is hard to bear."""
    if chance.random() > 0.08:
        return files
    image = next(content for name, content in files.items() if name.endswith(".png"))
    deep = "/".join(["d"] * chance.choice([3, 400, 1200]))
    name = chance.choice(
        [
            f"{deep}/1.png",
            "\udcff.png",
            "a/\n.png",
            "x" * 200 + ".png",
            ".png",
            "a/=1.png",
            "a.png/1.png",
        ]
    )
    return {**files, name: image}

"""Tables that are broken, or made to do harm: each a function that writes one to a path."""

import base64
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import write_image

Make = Callable[[Path], object]
ROWS: dict[str, list[Any]] = {"text": ["a", "b", "c"], "age": [1, 2, 3], "label": ["x", "y", "x"]}


def written(content: bytes | str) -> Make:
    """Return what writes some bytes."""
    stored = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(stored)


def repeated(start: bytes, piece: bytes, times: int, end: bytes = b"") -> Make:
    """Return what writes a piece many times over, without holding all of it."""

    def make(path: Path) -> None:
        block = piece * max(1, (1 << 20) // len(piece))
        with path.open("wb") as file:
            file.write(start)
            left = times * len(piece)
            while left > 0:
                left -= file.write(block[:left])
            file.write(end)

    return make


def parquet(path: Path, table: Any = None, **options: object) -> None:  # noqa: ANN401
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.table(ROWS) if table is None else table, path, **options)


def arrow(path: Path, table: Any = None) -> None:  # noqa: ANN401
    import pyarrow as pa

    whole = pa.table(ROWS) if table is None else table
    with pa.ipc.new_file(str(path), whole.schema) as writer:
        writer.write_table(whole)


def changed(make: Make, change: Callable[[bytes], bytes]) -> Make:
    """Return what writes a file and then changes its bytes."""

    def both(path: Path) -> None:
        make(path)
        path.write_bytes(change(path.read_bytes()))

    return both


def columns_of_parquet(path: Path) -> None:
    import pyarrow as pa

    parquet(path, pa.table({f"c{number}": [1] for number in range(20_000)}))


def columns_of_arrow(path: Path) -> None:
    import pyarrow as pa

    arrow(path, pa.schema([(f"c{n}", pa.int8()) for n in range(20_000)]).empty_table())


def cell_of_parquet(path: Path) -> None:
    """A cell of a gigabyte in a file of kilobytes."""
    import pyarrow as pa

    cell = pa.array(["x" * (1 << 30)], pa.large_string())
    parquet(path, pa.table({"text": cell, "age": [1]}), compression="zstd")


def encrypted(path: Path, *, plain_footer: bool) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter, encryption

    class Keys(encryption.KmsClient):  # type: ignore[misc]
        def __init__(self, _connection: object) -> None:
            super().__init__()

        def wrap_key(self, key_bytes: bytes, _master: str) -> bytes:
            return base64.b64encode(key_bytes)

        def unwrap_key(self, wrapped_key: bytes, _master: str) -> bytes:
            return base64.b64decode(wrapped_key)

    asked = encryption.EncryptionConfiguration(
        footer_key="footer", column_keys={"column": ["age", "text"]}, plaintext_footer=plain_footer
    )
    properties = encryption.CryptoFactory(Keys).file_encryption_properties(
        encryption.KmsConnectionConfig(), asked
    )
    table = pa.table(ROWS)
    with ParquetWriter(str(path), table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)


def nested_types(path: Path, depth: int = 200) -> None:
    import pyarrow as pa

    kind = pa.int32()
    for _level in range(depth):
        kind = pa.list_(kind)
    parquet(path, pa.table({"text": pa.array([None], kind), "age": ["a"]}))


def feather_of_version_1(path: Path) -> None:
    """The first bytes of one: pyarrow soon writes no more."""
    path.write_bytes(b"FEA1" + bytes(64) + struct.pack("<I", 32) + b"FEA1")


def lying_offsets(path: Path) -> None:
    """Arrow whose first cell ends two gigabytes behind its beginning."""
    import pyarrow as pa

    cells = ["a" * 10] * 100
    arrow(path, pa.table({"text": cells, "age": cells}))
    stored = path.read_bytes()
    offsets = struct.pack("<3i", 0, 10, 20)
    assert offsets in stored
    path.write_bytes(stored.replace(offsets, struct.pack("<3i", 0, 0x7FFFFFFF, 20)))


def lying_rows(path: Path) -> None:
    """Arrow that states a million million rows."""
    import pyarrow as pa

    arrow(path, pa.table({"text": ["a"] * 99, "age": ["b"] * 99}))
    stored = path.read_bytes()
    path.write_bytes(stored.replace(struct.pack("<q", 99), struct.pack("<q", 1 << 40)))


def letters_that_are_none(path: Path) -> None:
    """Arrow whose texts are no UTF-8."""
    import pyarrow as pa

    stored = pa.array([b"\xff\xfe", b"ok"])
    texts = pa.StringArray.from_buffers(2, *stored.buffers()[1:])
    arrow(path, pa.table({"text": texts, "age": texts}))


def runs(path: Path) -> None:
    """Arrow of one run of two thousand million rows."""
    import pyarrow as pa

    run = pa.RunEndEncodedArray.from_arrays(pa.array([2_000_000_000], pa.int32()), pa.array(["x"]))
    arrow(path, pa.table({"text": run, "age": run}))


def list_of_nothing(path: Path) -> None:
    """Arrow with a cell that is a list of 200 million nulls, in no bytes at all."""
    import pyarrow as pa

    cell = pa.ListArray.from_arrays(pa.array([0, 200_000_000], pa.int32()), pa.nulls(200_000_000))
    arrow(path, pa.table({"text": cell, "age": cell}))


def views_of_a_list(path: Path) -> None:
    """Arrow with a thousand rows that are each the same million nulls."""
    import pyarrow as pa

    starts, sizes = pa.array([0] * 1000, pa.int32()), pa.array([1_000_000] * 1000, pa.int32())
    cells = pa.ListViewArray.from_arrays(starts, sizes, pa.nulls(1_000_000))
    arrow(path, pa.table({"text": cells, "age": cells}))


def run_of_a_list(path: Path) -> None:
    """Arrow with a million rows that are one run of the same thousand nulls."""
    import pyarrow as pa

    cell = pa.array([[None] * 1000], pa.list_(pa.null()))
    cells = pa.RunEndEncodedArray.from_arrays(pa.array([1_000_000], pa.int32()), cell)
    arrow(path, pa.table({"text": cells, "age": cells}))


def same_rows(path: Path) -> None:
    import pyarrow as pa

    zeros = pa.array(np.zeros(20_000_000, dtype=np.int8))
    parquet(path, pa.table({"text": zeros, "age": zeros}), compression="zstd")


def bytes_for_text(path: Path) -> None:
    import pyarrow as pa

    parquet(path, pa.table({"text": [b"\0\1"], "age": [b"\0\1"]}))


HEAD, TALL = b"text,age,label\n", "text,age,label\n" + "a,1,x\n" * 300
REFUSED: dict[str, tuple[str, Make, str]] = {
    "a million columns in a long line": (
        "t.csv", written(",".join(f"column {n}" for n in range(1_000_000)) + "\n"), "Line 1 has more"
    ),
    "a million columns without names": ("t.csv", written("," * 1_000_000 + "\n"), ""),
    "ten thousand columns": (
        "t.csv", written(",".join(f"c{n}" for n in range(10_001)) + "\n"), "more than 10,000 columns"
    ),
    "columns of Parquet": ("t.parquet", columns_of_parquet, "more than 10,000 columns"),
    "columns of Arrow": ("t.arrow", columns_of_arrow, "more than 10,000 columns"),
    "a cell of a gigabyte": ("t.csv", repeated(HEAD, b"x", 1 << 30), "Line 2 has more"),
    "a quoted cell of a gigabyte": (
        "t.csv", repeated(HEAD + b'"', b"xxxxxxx\n", 1 << 27, b'",1,x\n'), "cell has more than"
    ),
    "a cell of a gigabyte in JSON": (
        "t.jsonl", repeated(b'{"text":"', b"x", 1 << 30, b'"}\n'), "Line 1 is not"
    ),
    "a cell of a gigabyte in Parquet": ("t.parquet", cell_of_parquet, "more than a table may have"),
    "lists in lists": (
        "t.jsonl", written('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}\n"), "nested too deeply"
    ),
    "objects in objects": (
        "t.jsonl", written('{"text":' * 100_000 + "1" + "}" * 100_000 + "\n"), "nested too deeply"
    ),
    "a number of a million digits": ("t.jsonl", written('{"text": ' + "9" * 1_000_000 + "}"), "Line 1"),
    "columns of JSON": (
        "t.jsonl", written("{" + ",".join(f'"k{n}":1' for n in range(20_000)) + "}\n"), "10,000 columns"
    ),
    "one quotation mark": ("t.csv", written('"'), "quotation mark"),
    "one quotation mark before all": ("t.csv", written('"' + TALL * 700), "quotation mark"),
    "a zero byte": ("t.csv", written(HEAD + b"a,\0,x\n"), "something else than text"),
    "a zero byte far behind": ("t.csv", written(TALL * 4 + "\0\n"), "zero bytes"),
    "zeros alone": ("t.csv", written(bytes(1 << 16)), "something else than text"),
    "half a letter of UTF-16": (
        "t.csv", written(TALL.encode("utf-16-le") + b"x"), "UTF-16"
    ),
    "UTF-16 without a mark or a Western letter": (
        "t.csv", written("文,年,標\n一,二,三\n".encode("utf-16-le")), "something else than text"
    ),
    "letters of two encodings": (
        "t.csv", written(HEAD + "”,1,".encode() + b"\xe4\xe4\xe4\n"), "not text in UTF-8"
    ),
    "no line": ("t.csv", written(b""), ""),
    "blank lines alone": ("t.csv", written(b"\n" * 1_000_000), ""),
    "half of a Parquet file": ("t.parquet", changed(parquet, lambda s: s[: len(s) // 2]), "damaged"),
    "Parquet without its middle": (
        "t.parquet", changed(parquet, lambda s: s[:4] + s[len(s) // 2 :]), "damaged"
    ),
    "Parquet with a lying directory": (
        "t.parquet", changed(parquet, lambda s: s[:-8] + b"\xff\xff\xff\x7fPAR1"), "directory"
    ),
    "encrypted Parquet": ("t.parquet", lambda path: encrypted(path, plain_footer=False), "encrypted"),
    "encrypted columns": ("t.parquet", lambda path: encrypted(path, plain_footer=True), "encrypted"),
    "lists in lists of Parquet": ("t.parquet", nested_types, "damaged"),
    "millions of rows in a small file": ("t.parquet", same_rows, "5,000,000 rows"),
    "bytes for text": ("t.parquet", bytes_for_text, "holds bytes"),
    "Feather of version 1": ("t.feather", feather_of_version_1, "version 1"),
    "half of an Arrow file": ("t.arrow", changed(arrow, lambda s: s[: len(s) // 2]), "damaged"),
    "an Arrow directory that lies": (
        "t.arrow", written(b"ARROW1\0\0" + bytes(64) + struct.pack("<i", 0x7FFFFFF0) + b"ARROW1"),
        "damaged",
    ),
    "an Arrow stream that lies": (
        "t.arrow", written(b"\xff\xff\xff\xff" + struct.pack("<i", 0x7FFFFFFF) + bytes(64)), "damaged"
    ),
    "Arrow cells that end elsewhere": ("t.arrow", lying_offsets, "damaged"),
    "Arrow rows that are not there": ("t.arrow", lying_rows, "damaged"),
    "Arrow texts that are none": ("t.arrow", letters_that_are_none, "damaged"),
    "one run of many rows": ("t.arrow", runs, "5,000,000 rows"),
    "a list of nothing": ("t.arrow", list_of_nothing, "more than a table may have"),
    "the same list in each row": ("t.arrow", views_of_a_list, "more than a table may have"),
    "one run of a list": ("t.arrow", run_of_a_list, "more than a table may have"),
    "a link in a circle": ("t.csv", lambda path: path.symlink_to(path), ""),
    "a link to a device": ("t.csv", lambda path: path.symlink_to("/dev/zero"), ""),
    "a pipe": ("t.csv", lambda path: os.mkfifo(path), ""),
    "a folder": ("t.parquet", lambda path: path.mkdir(), ""),
}  # fmt: skip
"""What is wrong → the name of the file, what makes it, and a part of the reason."""


def links_in_circles(folder: Path) -> None:
    """Beside a record, links to themselves under every kind of name."""
    write_image(folder / "a.png")
    for name in ("loop", "loop.png", "loop.avif", "loop.parquet", "data", "metadata.csv"):
        (folder / name).symlink_to(folder / name)


def texts_in_circles(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    for name in ("loop", "loop.txt", "loop.csv"):
        (folder / name).symlink_to(folder / name)

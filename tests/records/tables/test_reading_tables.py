"""Tables from files of any kind come out as what they say, or are refused with the reason."""

import io
import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds import kind_named
from dataselect_gui.records.tables.columnar import unpack_columns
from dataselect_gui.records.tables.reading import read_table
from dataselect_gui.records.tables.table import Table

KIND = kind_named("images")
"""Any kind: text is read where this process is."""
ROWS = [
    ("39", "Müller; Söhne", "a,b"),
    ("-1.5", "“Žluť” — 🙂", 'say "yes"'),
    ("", "línea\nnueva", " x "),
]
TEXTS = {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"}


def read(path: Path, wanted: list[str] | None = None) -> Table:
    return read_table(KIND, path, wanted)


def cells(table: Table) -> list[tuple[str | None, ...]]:
    return list(zip(*table.columns.values(), strict=True))


def columnar(path: Path, wanted: list[str]) -> dict[str, list[str | None]]:
    """Read a columnar file in this process, as the confined one does."""
    from dataselect_gui.records.tables.table import Column

    with path.open("rb") as file:
        _names, made = unpack_columns(file, path.name, wanted)
        return {name: list(Column(stored)) for name, stored in made}


def csv_text(delimiter: str, end: str = "\n") -> str:
    import csv

    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["age", "who", "note"])
    writer.writerows(ROWS)
    return written.getvalue()


EXPECTED = [tuple(cell or None for cell in row) for row in ROWS]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "^", "\x01"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_end_of_line(tmp_path: Path, delimiter: str, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(csv_text(delimiter, end).encode())
    table = read(path)
    assert table.names == ("age", "who", "note")
    assert table.rows == 3
    assert cells(table) == EXPECTED
    assert len(table.notes) == (delimiter != ",")


@pytest.mark.parametrize("encoding", sorted(TEXTS))
def test_unicode_by_its_mark_or_its_form(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(csv_text("\t").encode(encoding))
    assert cells(read(path)) == EXPECTED


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_western_letters_are_read_and_said(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("name,label\nMüller,é\nÑandú,ß\n".encode(encoding))
    table = read(path, ["name", "label"])
    assert cells(table) == [("Müller", "é"), ("Ñandú", "ß")]
    assert any("Windows-1252" in note for note in table.notes)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("name,x\nMüller Žluť ñ é,1\n".encode() + b"\xff,2\n", id="UTF-8 with a bad byte"),
        pytest.param(b"name,x\n\x81\x8d,1\n", id="bytes without meaning"),
        pytest.param(b"name,x\n" + b"a" * 5000 + b"\0,1\n", id="a zero byte far behind"),
        pytest.param(b"PK\3\4\0\0\0name,x\n1,2\n", id="a spreadsheet's zip file"),
        pytest.param("name,x\nä,1\n".encode("utf-16")[:-1], id="half a character"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, stored: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(stored)
    with pytest.raises(UnusableError, match="cannot be read as a table"):
        read(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,"2\n3,4\n', None),
        ("a,b\n1,2\n3\n", "3"),
        ("a,b\n1,2,3\n", "2"),
        ('a,b\n1,"2"3"\n', "2"),
        ('"', None),
        (",".join(f"c{n}" for n in range(20_000)), None),
        ("a" * (1 << 23), None),
        ("a,b\n" + "x" * (1 << 21) + ",1\n", None),
        ("a,b\n" + '"' + "x\n" * (1 << 20), None),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, text: str, line: str | None) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(UnusableError, match="cannot be read as a table") as refused:
        read(path)
    assert line is None or line in refused.value.why


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n"])
def test_a_table_without_rows(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert read(path).rows == 0


def test_a_million_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",".join("c" for _column in range(1_000_000)) + "\n")
    with pytest.raises(UnusableError, match="cannot be read as a table"):
        read(path)


def test_a_table_of_one_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('text\nhello\n"a, b; c"\n')
    assert cells(read(path)) == [("hello",), ("a, b; c",)]


def test_decimal_commas_are_no_delimiters(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1,5;2\n3,25;4\n")
    assert cells(read(path)) == [("1,5", "2"), ("3,25", "4")]


def test_a_spreadsheets_first_line_says_what_parts_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sep=|\na|b,c\n1|2\n")
    assert cells(read(path)) == [("1", "2")]


def test_trailing_delimiters_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,\n1,2,\n3,4,\n")
    assert cells(read(path)) == [("1", "2"), ("3", "4")]


# Headers


@pytest.mark.parametrize("header", ["label", " Label ", "LABEL", "\tlabel"])
def test_a_header_with_blanks_or_capitals_is_found(tmp_path: Path, header: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"x,{header}\n1,cat\n")
    assert list(read(path, ["label"]).columns["label"]) == ["cat"]


def test_a_header_in_another_form_of_unicode_is_found(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,A\u0308rztin\n1,cat\n", encoding="utf-8")
    assert list(read(path, ["Ärztin"]).columns["Ärztin"]) == ["cat"]


@pytest.mark.parametrize("names", [("label", "label"), ("label", " label "), ("Label", "LABEL")])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{names[0]},{names[1]}\ncat,dog\n")
    with pytest.raises(UnusableError, match="not clear"):
        read(path, ["label"])
    assert read(path, ["other"]).columns == {}  # Unless nobody asks for them.


def test_the_very_name_is_meant_before_others_in_other_capitals(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("label,Label\ncat,dog\n")
    assert list(read(path, ["label"]).columns["label"]) == ["cat"]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UnusableError, match="cannot be found") as refused:
        read(path, ["c"]).column("c")
    assert "“a”, “b”" in refused.value.why


# JSON lines


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rows = [
        {"text": "a", "n": 1, "l": ["x", "y"]},
        {"n": 2.5, "later": True},
        {"text": None, "n": "07"},
    ]
    path.write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    table = read(path)
    assert {name: list(column) for name, column in table.columns.items()} == {
        "text": ["a", None, None],
        "n": ["1", "2.5", "07"],
        "l": ['["x", "y"]', None, None],
        "later": [None, "true", None],
    }
    assert table.rows == 3


@pytest.mark.parametrize(
    "line",
    [
        '{"label": "a", "label": "b"}',
        "[1]",
        '{"a": ' + "[" * 100_000,
        '{"a": "' + "x" * (1 << 21) + '"}',
        "\\xff",
        json.dumps({f"c{n}": 1 for n in range(20_000)}),
    ],
    ids=lambda line: line[:12],
)
def test_lines_that_are_no_rows_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n' + line + "\n")
    with pytest.raises(UnusableError, match="cannot be read as a table"):
        read(path)


def test_columns_that_most_rows_lack_take_no_more_room_than_a_table_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataselect_gui.records.tables.json_lines.MOST_CELLS", 100_000)
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({f"c{n}": 1 for n in range(1000)}) + "\n" + "{}\n" * 200)
    with pytest.raises(UnusableError, match="more than 100,000 cells"):
        read(path)
    assert list(read(path, ["c1"]).columns["c1"])[:2] == ["1", None]


# Parquet and Feather


def typed() -> Any:  # noqa: ANN401
    import pyarrow as pa

    return pa.table(
        {
            "int": pa.array([1, None, -(2**53) - 1], pa.int64()),
            "float": pa.array([0.1, float("nan"), 17.0]),
            "short": pa.array([0.1, None, 2.0], pa.float32()),
            "flag": pa.array([True, False, None]),
            "text": pa.array(["é", "", None]),
            "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
            "list": pa.array([["x", "y"], [], None]),
            "day": pa.array([date(2020, 2, 29), None, date(1969, 1, 1)]),
        }
    )


Write = Callable[[Path, Any], None]
TYPED_CELLS = {
    "int": ["1", None, "-9007199254740993"],
    "float": ["0.1", None, "17.0"],
    "short": ["0.10000000149011612", None, "2.0"],
    "flag": ["true", "false", None],
    "text": ["é", None, None],
    "kind": ["a", "b", "a"],
    "list": ['["x", "y"]', "[]", None],
    "day": ["2020-02-29", None, "1969-01-01"],
}


def as_parquet(path: Path, table: Any) -> None:  # noqa: ANN401
    from pyarrow import parquet

    parquet.write_table(table, path, row_group_size=2)


def as_feather(path: Path, table: Any) -> None:  # noqa: ANN401
    from pyarrow import feather

    feather.write_feather(table, path, compression="zstd")


def as_stream(path: Path, table: Any) -> None:  # noqa: ANN401
    import pyarrow as pa

    with path.open("wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


@pytest.mark.parametrize("write", [as_parquet, as_feather, as_stream])
def test_typed_columns_become_text(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "t.parquet"
    write(path, typed())
    assert columnar(path, [*reversed(TYPED_CELLS)]) == TYPED_CELLS


@pytest.mark.parametrize("write", [as_parquet, as_feather, as_stream])
def test_bytes_are_no_text(tmp_path: Path, write: Write) -> None:
    import pyarrow as pa

    path = tmp_path / "t.feather"
    write(path, pa.table({"image": pa.array([b"x"]), "label": pa.array(["a"])}))
    assert columnar(path, ["label"]) == {"label": ["a"]}
    with pytest.raises(UnusableError, match="cannot be read as a table"):
        columnar(path, ["image"])


@pytest.mark.parametrize("write", [as_parquet, as_feather, as_stream])
def test_whatever_is_damaged_ends_in_a_reason(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "t.arrow"
    write(path, typed())
    whole, chance = path.read_bytes(), random.Random(0)
    for _try in range(150):
        stored = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.2 else whole)
        for _bad in range(chance.randrange(1, 4)):
            if stored:
                stored[chance.randrange(len(stored))] = chance.randrange(256)
        path.write_bytes(stored)
        try:
            columns = columnar(path, [*TYPED_CELLS])
        except UnusableError:
            continue
        assert len({len(column) for column in columns.values()}) <= 1

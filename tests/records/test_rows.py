"""Rows of a table as records: what is kept of them, what is not, and what they are made into."""

import csv
import json
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataselect_gui.checkpoints.features import Features, features_of
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import FaultError, UnusableError
from dataselect_gui.records.forms.rows_file import ROWS_FILE, TABLE, cells_of
from dataselect_gui.records.kinds.rows import ROWS
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.records.tables.parquet_writing import parquet_of, row_count
from tests.helpers import hugging_face_folder

HEADER = ("age", "work", "sex", "note", "who", "label")
FEATURES = ("sex", "age", "work")
ENTRIES = [
    ("39", "State-gov", "Male", "secret", "17", "yes"),
    (" 40.0 ", "", "Female", "", "17.0", "no"),
    ("-1.5e3", "Žluť, “x”\n2", "Male", "s", "", ""),
]


def write(
    path: Path, header: tuple[str, ...] = HEADER, rows: Sequence[tuple[str, ...]] = ENTRIES
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def opened(path: Path, **more: Any) -> Source:  # noqa: ANN401
    return open_source(SourceRef(path, feature_columns=FEATURES, **more))


def test_a_row_is_the_models_columns_in_its_order_and_nothing_else(tmp_path: Path) -> None:
    source = opened(write(tmp_path / "t.csv"), unit_column="who")
    assert source.ids == ["0", "1", "2"]
    assert source.labels == ["yes", "no", None]
    assert source.units == ["17", "17", "record 2"]
    assert source.columns == ["note", "who", "label"]
    assert [json.loads(source.read(row)) for row in range(3)] == [
        {"sex": "Male", "age": "39", "work": "State-gov"},
        {"sex": "Female", "age": "40", "work": None},
        {"sex": "Male", "age": "-1.5e3", "work": "Žluť, “x”\n2"},
    ]
    assert ROWS.decode(source.read(1)) == ("Female", "40", None)
    assert ROWS.look(source.read(1), 64) == (("sex", "Female"), ("age", "40"), ("work", ""))
    assert b"secret" not in source.read(0)


cell = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_columns_in_any_order_and_others_beside_change_no_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.tuples(*[cell] * len(HEADER)), min_size=1, max_size=5))
    order = data.draw(st.permutations(range(len(HEADER))))
    extra = data.draw(st.lists(cell, min_size=len(rows), max_size=len(rows)))
    folder = tmp_path_factory.mktemp("t")
    usual = opened(write(folder / "a.csv", HEADER, rows))
    header = tuple(HEADER[place].upper() + " " for place in order)
    moved = [(*(row[place] for place in order), more) for row, more in zip(rows, extra, strict=True)]
    other = opened(write(folder / "b.csv", (*header, "extra"), moved))
    assert [usual.read(row) for row in range(len(rows))] == [
        other.read(row) for row in range(len(rows))
    ]
    assert list(usual.labels) == list(other.labels)
    for row in range(len(rows)):
        (kept,) = {content_hash(source.read(row)) for source in (usual, other)}
        assert kept == content_hash(usual.read(row))


def test_a_table_by_columns_gives_the_same_records(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    numbers = {"age": [39, 40, None], "work": ["a", None, "b"], "sex": ["Male", "Female", "Male"]}
    parquet.write_table(pa.table(numbers), tmp_path / "t.parquet")
    text = [("39", "a", "Male"), ("40.0", "", "Female"), ("", "b", "Male")]
    written = write(tmp_path / "t.csv", ("age", "work", "sex"), text)
    by_columns, by_lines = opened(tmp_path / "t.parquet"), opened(written)
    assert [by_columns.read(row) for row in range(3)] == [by_lines.read(row) for row in range(3)]


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather"])
@pytest.mark.parametrize("names", [("label", "label"), ("label", " label "), ("Label", "LABEL")])
def test_two_columns_of_labels_are_refused_in_every_form(
    tmp_path: Path, ending: str, names: tuple[str, str]
) -> None:
    import pyarrow as pa
    from pyarrow import csv as lines
    from pyarrow import feather, parquet

    columns = [["39"], ["a"], ["Male"], ["yes"], ["no"]]
    made = pa.table([pa.array(column) for column in columns], ["age", "work", "sex", *names])
    path = tmp_path / f"t.{ending}"
    forms = {"csv": lines.write_csv, "parquet": parquet.write_table, "feather": feather.write_feather}
    forms[ending](made, path)
    with pytest.raises(UnusableError, match="not clear"):
        opened(path)


def test_missing_columns_are_refused_by_name_and_count(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ("age", "note", "label"), [("1", "x", "y")])
    with pytest.raises(UnusableError, match="lacks 2 columns") as refused:
        opened(path)
    assert "“sex”, “work”" in refused.value.why
    assert "“age”, “note”, “label”" in refused.value.why


@pytest.mark.parametrize("column", ["label_column", "unit_column"])
def test_a_named_column_that_is_not_there_is_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(UnusableError, match="cannot be found"):
        opened(write(tmp_path / "t.csv"), **{column: "nobody"})


def test_without_a_checkpoint_every_other_column_is_looked_at(tmp_path: Path) -> None:
    source = open_source(SourceRef(write(tmp_path / "t.csv"), unit_column="who"))
    assert list(cells_of(source.read(0))) == ["age", "work", "sex", "note"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_records_are_the_same_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    rows = [("1", "Müller", "Größe")]
    usual = write(tmp_path / "a.csv", ("age", "work", "sex"), rows)
    (tmp_path / "b.csv").write_bytes(usual.read_text(encoding="utf-8").encode(encoding))
    assert opened(usual).read(0) == opened(tmp_path / "b.csv").read(0)


def test_a_large_table_is_listed_in_bounded_memory(tmp_path: Path) -> None:
    rows = [(str(n), f"w{n % 7}", "Male", "x" * 100, str(n % 50), "yes") for n in range(20_000)]
    path = write(tmp_path / "t.csv", HEADER, rows)
    tracemalloc.start()
    try:
        opened(path)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


# Hostile files, through the process that is confined


def million_columns(path: Path) -> None:
    path.write_text(",".join(f"c{n}" for n in range(1_000_000)) + "\n")


def one_quote(path: Path) -> None:
    path.write_text('age,work,sex\n1,"a,b\n' + "2,c,d\n" * 50_000)


def nested_json(path: Path) -> None:
    path.write_text('{"age": ' + "[" * 200_000 + "\n")


def lying_footer(path: Path) -> None:
    path.write_bytes(b"PAR1" + bytes(64) + struct.pack("<I", 0x7FFFFFFF) + b"PAR1")


def lying_rows(path: Path) -> None:
    stored = parquet_of({name: ["1"] * 3 for name in FEATURES})
    path.write_bytes(stored.replace(b"\x16\x06", b"\x16\x7e"))


def truncated(path: Path) -> None:
    stored = parquet_of({name: ["1"] * 300 for name in FEATURES})
    path.write_bytes(stored[:200] + stored[-200:])


def dictionary_bomb(path: Path) -> None:
    """3 million rows that all name one text of 1 MB, in a small file."""
    import pyarrow as pa
    from pyarrow import parquet

    indices = pa.array(np.zeros(3_000_000, dtype=np.int32))
    texts = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 1_000_000]))
    parquet.write_table(pa.table(dict.fromkeys(FEATURES, texts)), path, compression="zstd")


def packed_bomb(path: Path) -> None:
    """Feather whose parts unpack to a thousand times their size."""
    import pyarrow as pa
    from pyarrow import feather

    texts = pa.array(["x" * 1_000_000] * 2000, pa.large_string())
    table = pa.table({"age": texts, "work": texts, "sex": texts})
    feather.write_feather(table, path, compression="zstd", chunksize=2000)


def million_columns_by_columns(path: Path) -> None:
    path.write_bytes(parquet_of({f"c{n}": ["1"] for n in range(20_000)}))


HOSTILE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "million columns": ("t.csv", million_columns),
    "one quote": ("t.csv", one_quote),
    "nested JSON": ("t.jsonl", nested_json),
    "lying footer": ("t.parquet", lying_footer),
    "lying rows": ("t.parquet", lying_rows),
    "truncated": ("t.parquet", truncated),
    "dictionary bomb": ("t.parquet", dictionary_bomb),
    "packed bomb": ("t.feather", packed_bomb),
    "columns of Parquet": ("t.parquet", million_columns_by_columns),
    "not Parquet": ("t.parquet", lambda path: write(path)),
    "not Feather": ("t.feather", lambda path: path.write_bytes(b"ARROW1" + bytes(1000))),
    "a gzip file": ("t.csv", lambda path: path.write_bytes(zlib.compress(bytes(9999)))),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_table_ends_in_a_reason(tmp_path: Path, name: str) -> None:
    file, make = HOSTILE[name]
    make(tmp_path / file)
    with pytest.raises(UnusableError):
        opened(tmp_path / file)


# What leaves


def written(folder: Path, path: Path) -> Path:
    source = opened(path)
    (folder / "data" / "train").mkdir(parents=True)
    named = [(f"{row:032x}", source.labels[row], source.read(row)) for row in (2, 0)]
    ROWS_FILE.write(folder, ROWS, named)
    return folder / TABLE


def test_a_table_that_leaves_has_the_models_columns_and_the_label(tmp_path: Path) -> None:
    from pyarrow import parquet

    file = written(tmp_path / "b", write(tmp_path / "t.csv"))
    table = parquet.read_table(file)
    assert table.to_pydict() == {
        "sex": ["Male", "Male"],
        "age": ["-1.5e3", "39"],
        "work": ["Žluť, “x”\n2", "State-gov"],
        "label": [None, "yes"],
    }
    described = parquet.ParquetFile(file).metadata
    assert described.created_by in {None, ""}
    assert not described.metadata
    again = written(tmp_path / "again", write(tmp_path / "other name.csv"))
    assert again.read_bytes() == file.read_bytes()
    assert b"secret" not in file.read_bytes()
    assert ROWS_FILE.count(tmp_path / "b") == 2
    assert "2 rows" in ROWS_FILE.check(tmp_path / "b")
    checked(tmp_path / "b")


def checked(bundle: Path) -> str:
    """Check all of a table; return which rows it holds."""
    summary = ROWS_FILE.check(bundle)
    ROWS_FILE.check_metadata(bundle)
    return summary


def test_hugging_face_and_pandas_load_it(tmp_path: Path) -> None:
    import pandas as pd
    from datasets import load_dataset

    file = written(tmp_path / "b", write(tmp_path / "t.csv"))
    assert list(pd.read_parquet(file).columns) == [*FEATURES, "label"]
    loaded = load_dataset("parquet", data_files=str(file), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"]["age"][:] == ["-1.5e3", "39"]


def test_no_byte_of_it_can_be_another_unseen(tmp_path: Path) -> None:
    file = written(tmp_path / "b", write(tmp_path / "t.csv"))
    whole, chance = file.read_bytes(), random.Random(0)
    expected = ROWS_FILE.check(tmp_path / "b")
    for _try in range(200):
        stored = bytearray(whole)
        stored[chance.randrange(len(stored))] ^= 1 << chance.randrange(8)
        file.write_bytes(stored)
        try:
            summary = checked(tmp_path / "b")
        except FaultError:
            continue
        # Then it is another whole table, of other cells or columns, and its checksum is another.
        assert "2 rows" in summary or summary != expected


def by_a_library(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"age": ["1"], "label": ["a"]}), path)


CHANGED: dict[str, Callable[[Path], object]] = {
    "by a library": by_a_library,
    "bytes behind": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "bytes between": lambda path: path.write_bytes(
        path.read_bytes()[:4] + b"hidden" + path.read_bytes()[4:]
    ),
    "no label": lambda path: path.write_bytes(parquet_of({"age": ["1"]})),
    "a column behind the label": lambda path: path.write_bytes(
        parquet_of({"label": ["a"], "age": ["1"]})
    ),
    "another form of a cell": lambda path: path.write_bytes(
        parquet_of({"age": [" 1"], "label": ["a"]})
    ),
    "an empty text": lambda path: path.write_bytes(parquet_of({"age": [""], "label": ["a"]})),
}


@pytest.mark.parametrize("name", [*CHANGED])
def test_what_the_program_does_not_write_is_found(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / "b", write(tmp_path / "t.csv"))
    CHANGED[name](file)
    with pytest.raises(FaultError):
        checked(tmp_path / "b")


@pytest.mark.parametrize("rows", [0, 1, 2, 127, 128, 20_000])
def test_what_is_written_is_parquet(tmp_path: Path, rows: int) -> None:
    from pyarrow import parquet

    columns: dict[str, list[str | None]] = {
        "a": [None if n % 3 else f"é{n}" for n in range(rows)],
        **{f"c{n}": ["x"] * rows for n in range(20)},
        "label": [None] * rows,
    }
    stored = parquet_of(columns)
    (tmp_path / "t.parquet").write_bytes(stored)
    assert parquet.read_table(tmp_path / "t.parquet").to_pydict() == columns
    assert row_count(stored[:64]) == rows


def test_features_and_rows_meet(tmp_path: Path) -> None:
    stated: dict[str, object] = {
        "features": [
            {"column": "sex", "categories": ["Female", "Male"], "encoding": "one-hot"},
            {"column": "age", "numeric": {"mean": 39, "scale": 0.5}},
            {"column": "work", "categories": ["State-gov"], "encoding": "index", "missing": 1},
        ]
    }
    features: Features = features_of(stated)
    source = opened(write(tmp_path / "t.csv"))
    content = ROWS.decode(source.read(1))
    assert isinstance(content, tuple)
    np.testing.assert_array_equal(features.vector(content), [1, 0, 2, 1])


@pytest.mark.parametrize(
    ("form", "has_processor", "said"),
    [
        ("huggingface", False, "the checkpoint takes images"),
        ("exported", True, "the checkpoint takes images"),
        ("exported", False, "no features.json"),
    ],
)
def test_a_table_is_not_blamed_on_a_missing_file_where_the_model_is_for_other_records(
    tmp_path: Path, form: Literal["huggingface", "exported"], has_processor: bool, said: str
) -> None:
    model = find_checkpoint(hugging_face_folder(tmp_path / "m")).final
    processor = tmp_path / "preprocessor_config.json" if has_processor else None
    with pytest.raises(UnusableError, match=said) as refused:
        ROWS.to_input(replace(model, form=form, processor=processor), None)
    assert ("features.json" in str(refused.value)) == (said == "no features.json")

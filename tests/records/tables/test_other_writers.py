"""Tables as the datasets library, databases and spreadsheets write them."""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import SourceRef
from dataselect_gui.tasks.registry import TASKS

PERSON = uuid.UUID("12345678-1234-5678-1234-567812345678")
Write = Callable[[Any, Path], None]


def as_parquet(table: Any, path: Path) -> None:  # noqa: ANN401
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def as_feather(table: Any, path: Path) -> None:  # noqa: ANN401
    from pyarrow import feather

    feather.write_feather(table, str(path))


def as_stream(table: Any, path: Path) -> None:  # noqa: ANN401
    import pyarrow as pa

    with pa.ipc.new_stream(str(path), table.schema) as stream:
        stream.write_table(table)


WRITERS = pytest.mark.parametrize(
    ("write", "ending"), [(as_parquet, "parquet"), (as_feather, "feather"), (as_stream, "arrow")]
)


def with_classes(columns: dict[str, Any], label: Any, column: str = "label") -> Any:  # noqa: ANN401
    """Return a table as the datasets library writes it, which says what its numbers of classes mean."""
    import pyarrow as pa

    stated = {"info": {"features": {column: label}}}
    return pa.table(columns).replace_schema_metadata({"huggingface": json.dumps(stated)})


CLASSES = {"names": ["neg", "pos"], "_type": "ClassLabel"}


@WRITERS
@pytest.mark.parametrize("text_column", [None, "text"], ids=["rows", "texts"])
def test_numbers_of_classes_that_the_file_names_are_these_names(
    tmp_path: Path, write: Write, ending: str, text_column: str | None
) -> None:
    """A model that numbers the same two classes the other way takes none for the other."""
    table = with_classes({"text": ["a", "b", "c", "d"], "label": [1, 0, None, -1]}, CLASSES)
    write(table, tmp_path / f"table.{ending}")
    source = open_source(SourceRef(tmp_path / f"table.{ending}", text_column=text_column))
    assert list(source.labels) == ["pos", "neg", None, None]
    reader = LabelReader(TASKS["single_label"], ("pos", "neg"), source.classes, LabelRule())
    assert reader.targets(source.labels).tolist() == [0, 1, -1, -1]


@pytest.mark.parametrize(
    "feature", [[CLASSES], {"feature": CLASSES, "_type": "List"}], ids=["old", "new"]
)
def test_lists_of_numbers_of_classes_are_lists_of_names(tmp_path: Path, feature: object) -> None:
    table = with_classes({"text": ["a", "b", "c"], "label": [[1, 0], [], [0]]}, feature)
    as_parquet(table, tmp_path / "table.parquet")
    source = open_source(SourceRef(tmp_path / "table.parquet", text_column="text"))
    assert list(source.labels) == ['["pos", "neg"]', "[]", '["neg"]']


def test_a_column_of_another_name_has_its_own_classes(tmp_path: Path) -> None:
    table = with_classes({"a": [1, 0], "Coarse": [1, 0], "label": [1, 0]}, CLASSES, "Coarse")
    as_parquet(table, tmp_path / "table.parquet")
    assert list(open_source(SourceRef(tmp_path / "table.parquet")).labels) == ["1", "0"]
    source = open_source(SourceRef(tmp_path / "table.parquet", label_column="Coarse"))
    assert list(source.labels) == ["pos", "neg"]


def test_a_number_beyond_the_names_is_refused(tmp_path: Path) -> None:
    as_parquet(with_classes({"a": [1, 2], "label": [1, 2]}, CLASSES), tmp_path / "table.parquet")
    with pytest.raises(UnusableError, match="beyond the names"):
        open_source(SourceRef(tmp_path / "table.parquet"))


@pytest.mark.parametrize("label", ["pos", "[" * 5000, '{"a": 1}', "1e999", "1.5"])
def test_names_that_the_file_states_for_a_column_of_texts_change_no_text(
    tmp_path: Path, label: str
) -> None:
    as_parquet(with_classes({"a": ["x"], "label": [label]}, CLASSES), tmp_path / "table.parquet")
    assert list(open_source(SourceRef(tmp_path / "table.parquet")).labels) == [label]


def people(count: int) -> Any:  # noqa: ANN401
    import pyarrow as pa

    return pa.ExtensionArray.from_storage(pa.uuid(), pa.array([PERSON.bytes] * count, pa.binary(16)))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ([dt.datetime(2024, 1, 2, 3, 4)], '["2024-01-02 03:04:00"]'),
        ([dt.date(2024, 1, 2)], '["2024-01-02"]'),
        ({"a": Decimal("1.50")}, '{"a": "1.50"}'),
        ({"a": [dt.time(3, 4)]}, '{"a": ["03:04:00"]}'),
        ([dt.timedelta(1)], '["1 day, 0:00:00"]'),
    ],
)
def test_values_within_lists_and_structures_are_text(tmp_path: Path, value: object, cell: str) -> None:
    import pyarrow as pa

    table = pa.table({"x": pa.array([value, None]), "label": ["a", "b"]})
    as_feather(table, tmp_path / "table.feather")
    source = open_source(SourceRef(tmp_path / "table.feather"))
    assert [source.kind.decode(source.read(row)) for row in range(2)] == [(cell,), (None,)]


@WRITERS
def test_a_person_may_be_an_identifier_of_a_database(tmp_path: Path, write: Write, ending: str) -> None:
    import pyarrow as pa

    write(pa.table({"person": people(2), "label": ["a", "b"]}), tmp_path / f"table.{ending}")
    source = open_source(SourceRef(tmp_path / f"table.{ending}", unit_column="person"))
    assert list(source.units or []) == [str(PERSON)] * 2


def test_intervals_and_lists_of_identifiers_are_text(tmp_path: Path) -> None:
    import pyarrow as pa

    table = pa.table(
        {
            "x": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
            "y": pa.ListArray.from_arrays([0, 1], people(1)),
            "label": ["a"],
        }
    )
    as_feather(table, tmp_path / "table.feather")
    source = open_source(SourceRef(tmp_path / "table.feather"))
    assert source.kind.decode(source.read(0)) == ("[1, 2, 3]", f'["{PERSON}"]')


@WRITERS
@pytest.mark.parametrize("within", ["list", "structure", "view"])
def test_bytes_within_are_said_to_be_bytes(
    tmp_path: Path, write: Write, ending: str, within: str
) -> None:
    import pyarrow as pa

    column = {
        "list": lambda: pa.array([[b"a"]]),
        "structure": lambda: pa.array([{"a": [b"a"]}]),
        "view": lambda: pa.array([b"a"], pa.binary_view()),
    }[within]()
    path = tmp_path / f"table.{ending}"
    write(pa.table({"x": column, "label": ["a"]}), path)
    for wanted in (("x",), ("x", "label")):
        with pytest.raises(UnusableError, match="“x” holds bytes"):
            open_source(SourceRef(path, feature_columns=wanted))
    with pytest.raises(UnusableError, match="“X” holds bytes"):
        open_source(SourceRef(path, unit_column="X"))


@WRITERS
@pytest.mark.parametrize("features", [(), ("age",)], ids=["by no model", "by a model"])
def test_a_column_of_bytes_that_nobody_needs_is_passed_over_and_said(
    tmp_path: Path, write: Write, ending: str, features: tuple[str, ...]
) -> None:
    import pyarrow as pa

    path = tmp_path / f"table.{ending}"
    columns = {"thumb": [b"\0\1", b"\xff"], "age": [34, 35], "key": [b"a", b"b"], "label": ["a", "b"]}
    write(pa.table(columns), path)
    source = open_source(SourceRef(path, feature_columns=features))
    assert [source.kind.decode(source.read(row)) for row in (0, 1)] == [("34",), ("35",)]
    assert list(source.labels) == ["a", "b"]
    assert not {"thumb", "key"} & {*source.columns}
    (note,) = source.notes
    assert note.startswith("2 columns hold bytes")
    assert "“thumb”, “key”" in note


@WRITERS
@pytest.mark.parametrize("title", ["label", "Label"])
def test_labels_that_are_bytes_are_no_missing_labels(
    tmp_path: Path, write: Write, ending: str, title: str
) -> None:
    import pyarrow as pa

    path = tmp_path / f"table.{ending}"
    write(pa.table({"age": [34], title: [b"a"]}), path)
    for features in ((), ("age",)):
        with pytest.raises(UnusableError, match="holds bytes"):
            open_source(SourceRef(path, feature_columns=features))


@WRITERS
def test_texts_are_read_beside_a_column_of_bytes(tmp_path: Path, write: Write, ending: str) -> None:
    import pyarrow as pa

    path = tmp_path / f"table.{ending}"
    write(pa.table({"text": ["good", "bad"], "sound": [b"RIFF", b"RIFF"]}), path)
    source = open_source(SourceRef(path, text_column="text"))
    assert [source.read(row) for row in (0, 1)] == [b"good", b"bad"]
    assert "“sound”" in source.notes[0]
    with pytest.raises(UnusableError, match="“sound” holds bytes"):
        open_source(SourceRef(path, text_column="sound"))


@pytest.mark.parametrize("title", ["Patients;;", "As of 3.4.2024;;\r\n;;"])
def test_a_title_above_the_header_is_refused_with_what_to_do(tmp_path: Path, title: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"{title}\r\nage;sex;label\r\n34;F;a\r\n35;M;b\r\n")
    with pytest.raises(UnusableError, match="take out a title"):
        open_source(SourceRef(path))


@pytest.mark.parametrize("other", ["cat ", "CAT", "Cat"])
def test_what_is_said_of_spellings_is_how_they_leave(tmp_path: Path, other: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"a,label\n1,cat\n2,{other}\n")
    source = open_source(SourceRef(path))
    assert "leaves as the model spells it" in " ".join(source.notes)
    reader = LabelReader(TASKS["single_label"], ("cat", "dog"), source.classes, LabelRule())
    assert {reader.written(label) for label in source.labels} == {"cat"}

"""Inputs that are made together are those made alone, and every record gets to a batch once."""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from dataselect_gui.checkpoints.features import ColumnCells, Row, features_of
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.kinds.rows import RowInput
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import Source, SourceRef, UnreadableRecordError
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.answers import Answers
from dataselect_gui.tasks.single_label import SingleLabel
from dataselect_gui.worker.batches import EMPTY, BatchScores, in_batches, place_of
from dataselect_gui.worker.computing import Computation
from dataselect_gui.worker.indexing import read_index
from dataselect_gui.worker.input_loading import InputLoader

STATED: dict[str, object] = {
    "features": [
        {"column": "age", "numeric": {"mean": 40.5, "scale": 7.25, "fill": 33}},
        {"column": "sex", "categories": ["F", "M"], "encoding": "one-hot", "unknown": "zeros"},
        {"column": "work", "categories": ["a", "b", "c"], "encoding": "index", "missing": 3},
        {"column": "size", "numeric": {"mean": 0, "scale": 1e-30}},
    ]
}
GOOD: list[Row] = [
    ("39", "M", "b", "1"),
    ("NaN", "F", None, "-2.5e3"),
    ("40.5", "x", "c", "0"),
    ("1e3", "M", "a", "7"),
]
BAD: list[Row] = [
    ("old", "M", "b", "1"),
    ("39", None, "b", "1"),
    ("39", "F", "d", "1"),
    ("39", "M", "b", "1e20"),
    ("39", "M", "b", None),
]


def by_hand(row: Row) -> list[float]:
    """Return a row's numbers, as the documentation of features.json says."""
    age, sex, work, size = row
    years = 33.0 if age in {None, "NaN"} else float(age or "")
    place = 3 if work is None else "abc".index(work)
    one_hot = [float(sex == category) for category in "FM"]
    return [(years - 40.5) / 7.25, *one_hot, place, float(size or "") / 1e-30]


def by_columns(rows: list[Row]) -> list[ColumnCells]:
    """Return rows by their columns, the cells that differ in any order."""
    columns = []
    for column in range(4):
        cells = [row[column] for row in rows]
        distinct = sorted(set(cells), key=str)
        columns.append(ColumnCells(distinct, np.array([distinct.index(cell) for cell in cells], int)))
    return columns


def test_rows_together_are_what_they_are_alone() -> None:
    features = features_of(STATED)
    rows = [*GOOD, *BAD, *GOOD[::-1]]
    numbers, is_whole = features.matrix(by_columns(rows))
    assert is_whole.tolist() == [row in GOOD for row in rows]
    for row, made in zip(rows, numbers, strict=True):
        if row in GOOD:
            np.testing.assert_array_equal(made, np.array(by_hand(row), dtype=np.float32))
            assert made.tobytes() == features.vector(row).tobytes()
    nothing, none = features.matrix(by_columns([]))
    assert nothing.shape == (0, 5)
    assert none.shape == (0,)


@pytest.fixture
def table(tmp_path: Path) -> Source:
    with (tmp_path / "100%.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "sex", "work", "size"])
        writer.writerows([cell or "" for cell in row] for row in [*GOOD, *BAD])
    columns = ("age", "sex", "work", "size")
    return open_source(SourceRef(tmp_path / "100%.csv", feature_columns=columns))


def loader_of(source: Source, content: np.ndarray[Any, Any] | None = None) -> InputLoader:
    member = SimpleNamespace(features=features_of(STATED))
    return InputLoader(source, content, RowInput(cast("Any", member)), ((5,),))


def test_a_row_without_an_input_is_told_as_if_alone_and_moves_no_other(table: Source) -> None:
    loader = loader_of(table)
    order = np.array([[4, 0, EMPTY, 8, 2, 5, 1, EMPTY, 6, 3, 7]])
    (batch,) = loader.ahead(order, 1)
    (loaded,) = batch.inputs
    assert {other.row: other.problem for other in batch.others} == {
        row: loader.load(row).problem for row in range(4, 9)
    }
    assert all(other.problem for other in batch.others)
    assert loaded.rows.tolist() == [0, 2, 1, 3]
    assert loaded.places.tolist() == [1, 4, 6, 9]
    for row, values in zip(loaded.rows, loaded.values, strict=True):
        np.testing.assert_array_equal(values, np.array(by_hand(GOOD[row]), dtype=np.float32))


def test_a_row_that_changed_is_told(table: Source) -> None:
    hashes = [np.frombuffer(content_hash(table.read(row)), dtype=np.uint8) for row in range(9)]
    hashes[1] = hashes[2]
    (batch,) = loader_of(table, np.stack(hashes)).ahead(np.arange(4)[None], 1)
    assert [(other.row, other.has_changed) for other in batch.others] == [(1, True)]
    assert batch.inputs[0].rows.tolist() == [0, 2, 3]


@pytest.mark.parametrize("most", [1, 30, 100, 1 << 20])
def test_rows_are_the_same_however_many_are_made_at_once(
    table: Source, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("dataselect_gui.worker.input_loading._MOST_BYTES", most)
    (batch,) = loader_of(table).ahead(np.array([[4, 0, EMPTY, 8, 2, 5, 1, 6, 3, 7]]), 1)
    (loaded,) = batch.inputs
    assert sorted(other.row for other in batch.others) == [4, 5, 6, 7, 8]
    assert dict(zip(loaded.rows.tolist(), loaded.places.tolist(), strict=True)) == {
        0: 1,
        2: 4,
        1: 6,
        3: 8,
    }
    for row, values in zip(loaded.rows, loaded.values, strict=True):
        np.testing.assert_array_equal(values, np.array(by_hand(GOOD[row]), dtype=np.float32))


def held_by(source: Any, rows: list[int]) -> list[Row]:  # noqa: ANN401
    """Return the rows that a source gives by their columns."""
    columns = source.contents(np.array(rows))
    assert all(len(set(column.cells)) == len(column.cells) for column in columns)
    return [
        tuple(column.cells[column.places[number]] for column in columns) for number in range(len(rows))
    ]


def test_many_stored_rows_are_those_read_one_by_one(tmp_path: Path) -> None:
    rows = [("100% sure", '"%b"', "žluť"), ("", "%%", "a\nb"), ("{}", "%s", "\\")]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("50% %b", "b", "c"), *rows])
    source: Any = open_source(SourceRef(tmp_path / "t.csv", feature_columns=("50% %b", "c", "b")))
    expected = [{"50% %b": a or None, "c": c, "b": b} for a, b, c in rows]
    stored = source.read_many([2, 0, 1])
    assert stored == [source.read(row) for row in (2, 0, 1)]
    first = '{"50% %b":"100% sure","c":"žluť","b":"\\"%b\\""}'.encode()
    second = b'{"50% %b":null,"c":"a\\nb","b":"%%"}'
    assert stored[1:] == [first, second]
    assert source.sizes(np.array([1, 1]))[0] <= len(second)
    assert held_by(source, [2, 0, 0, 1]) == [
        tuple(expected[row][column] for column in ("50% %b", "c", "b")) for row in (2, 0, 0, 1)
    ]
    cells = [dict(source.kind.look(row, None)) for row in stored]
    assert cells == [{k: v or "" for k, v in expected[row].items()} for row in (2, 0, 1)]
    index = read_index(source, JobContext())
    assert [bytes(hashed) for hashed in index.content] == [
        hashlib.sha256(source.read(row)).digest() for row in range(3)
    ]
    assert bytes(index.content[0]) == hashlib.sha256(first).digest()
    (tmp_path / "labels.csv").write_text("label\nyes\nno\n")
    labels: Any = open_source(SourceRef(tmp_path / "labels.csv"))
    assert labels.read_many([0, 1]) == [labels.read(0), labels.read(1)] == [b"{}", b"{}"]
    texts: Any = open_source(SourceRef(tmp_path / "t.csv", text_column="50% %b"))
    assert texts.ids == ["0", "2"]
    assert texts.read_many([1, 0]) == [b"{}", b"100% sure"]
    assert texts.contents(np.array([1, 0, 1])) == ["{}", "100% sure", "{}"]
    assert texts.sizes(np.array([1, 0])).tolist() == [2, 9]


@pytest.mark.parametrize("size", [1, 3, 16])
def test_batches_are_filled_in_order(size: int) -> None:
    ids = [str(row) if row % 3 else f"record {row}" for row in range(100)]
    rows = np.random.default_rng(0).permutation(100)[:77].tolist()
    expected: list[list[int]] = []
    for row in rows:
        place = place_of(ids[row], size)
        batch = next((batch for batch in expected if batch[place] == EMPTY), None)
        if batch is None:
            batch = [EMPTY] * size
            expected.append(batch)
        batch[place] = row
    assert in_batches(ids, rows, size).tolist() == expected
    assert in_batches(ids, [], size).shape == (0, size)


def test_rows_fill_all_places_alike() -> None:
    ids = [str(row) for row in range(1000)]
    assert len(in_batches(ids, range(1000), 64)) == 16  # 1,000 / 64 are 15.6.
    for odd in ("١٢", "-1", "1.0", " 1", "1" * 40, "", "²"):  # No numbers of rows.
        assert 0 <= place_of(odd, 64) < 64
    assert place_of("007", 64) == 7
    assert place_of(str(10**17 + 3), 64) == (10**17 + 3) % 64


class OfLength:
    """Makes of a row's number an input of one of two lengths."""

    shapes: tuple[tuple[int, int], ...] = ((2, 4), (2, 8))

    def __call__(self, content: Any) -> Any:  # noqa: ANN401
        number = int(content)
        if number % 10 == 7:
            raise UnreadableRecordError("seven")
        return np.full(self.shapes[number % 3 == 0], number, dtype=np.int64)

    def notes(self, _source: Source, _rows: Any) -> list[str]:  # noqa: ANN401
        return []


class OfOneLength(OfLength):
    """Makes of a row's number an input of one length."""

    shapes = ((2, 4),)

    def __call__(self, content: Any) -> Any:  # noqa: ANN401
        return np.full(self.shapes[0], int(content), dtype=np.int64)


def results_of(
    scored: Callable[..., tuple[dict[str, Any], Answers]], to_input: OfLength, ids: list[str], size: int
) -> list[BatchScores]:
    """Compute what records that are their own numbers come to."""
    source = SimpleNamespace(
        read=lambda row: str(row).encode(), kind=SimpleNamespace(decode=bytes.decode)
    )
    scorer = SimpleNamespace(
        score_and_answer=scored,
        prepare=lambda _shape: 2,
        device=SimpleNamespace(type="cpu"),
        model=SimpleNamespace(vocabulary=9),
        task=SingleLabel(),
    )
    work = Computation(
        cast("Scorer", scorer),
        ["loss"],
        to_input.shapes,
        size,
        ids,
        np.zeros(len(ids), dtype=np.int64),
        lambda _record: nullcontext(),
    )
    loader = InputLoader(cast("Source", source), None, to_input, to_input.shapes)
    return list(work.results(loader, in_batches(ids, range(len(ids)), size)))


def test_records_of_several_lengths_wait_and_are_each_computed_once_in_their_place() -> None:
    count, size = 500, 8
    ids = [f"record {row}" for row in range(count)]
    filled: Counter[int] = Counter()

    def scored(_names: Any, inputs: Any, _targets: Any, places: int) -> tuple[dict[str, Any], Answers]:  # noqa: ANN401
        assert inputs.shape[0] == size
        for place, number in enumerate(inputs[:, 0, 1].tolist()):
            assert not number or place_of(ids[number], size) == place
        filled[inputs.shape[2]] += 1
        return {"loss": inputs[:, 0, 1].astype(float)}, Answers.none(len(inputs), places)

    results = results_of(scored, OfLength(), ids, size)
    assert sum(result.handled for result in results) == count
    value_of = {
        int(row): value
        for result in results
        for row, value in zip(result.rows, result.scores["loss"], strict=True)
    }
    assert len(value_of) == sum(len(result.rows) for result in results) == count
    for row, value in value_of.items():
        assert np.isnan(value) if row % 10 == 7 else value == row
    scores = [row for row in range(count) if row % 10 != 7]
    longer = sum(row % 3 == 0 for row in scores)
    assert filled[8] < 1.6 * longer / size
    assert filled[4] < 1.6 * (len(scores) - longer) / size


def test_the_records_that_a_batch_fails_for_are_the_ones_that_are_blamed() -> None:
    count, size, odd = 40, 8, {3, 17, 18}
    ids = [str(row) for row in range(count)]

    def scored(_names: Any, inputs: Any, _targets: Any, places: int) -> tuple[dict[str, Any], Answers]:  # noqa: ANN401
        numbers = inputs[:, 0, 1]
        if odd & set(numbers.tolist()):
            raise ValueError("what it holds")
        return {"loss": numbers.astype(float)}, Answers.none(len(inputs), places)

    results = results_of(scored, OfOneLength(), ids, size)
    assert {row for result in results for row in result.reasons} == odd
    scores = {
        int(row): value
        for result in results
        for row, value in zip(result.rows, result.scores["loss"], strict=True)
    }
    assert {row for row, value in scores.items() if np.isnan(value)} == odd
    assert all(value == row for row, value in scores.items() if row not in odd)

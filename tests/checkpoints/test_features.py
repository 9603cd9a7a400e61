"""`features.json`: what it may say, and what it makes of a row."""

import json
import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui.checkpoints.features import CellError, Features, features_of
from dataselect_gui.checkpoints.json_file import parse_object
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.cell_text import own_cell
from tests.helpers import hugging_face_folder, write_json

STATED: dict[str, Any] = {
    "features": [
        {"column": "age", "numeric": {"mean": 40, "scale": 8, "fill": 44.0, "unit": "years"}},
        {"column": "work", "categories": ["?", "Private", "1"], "encoding": "index", "unknown": 0},
        {"column": "sex", "categories": ["Female", "Male"], "encoding": "one-hot", "unknown": "zeros"},
        {"column": "gain", "numeric": {"mean": 0.1, "scale": 0.3}},
        {"column": "land", "categories": ["a"], "encoding": "index", "unknown": 1, "missing": 0},
    ]
}


def stated(*path: str | int, value: object) -> dict[str, Any]:
    """Return `STATED` with another value at some place."""
    changed = deepcopy(STATED)
    place = changed["features"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@pytest.fixture
def features() -> Features:
    return features_of(parse_object(json.dumps(STATED).encode()))


def test_a_row_becomes_numbers_in_the_files_order(features: Features) -> None:
    assert features.columns == ("age", "work", "sex", "gain", "land")
    assert features.width == 6
    assert features.indexed == ("work", "land")
    vector = features.vector(("48", "Private", "Male", "0.7", "a"))
    assert vector.dtype == np.float32
    by_hand = [1.0, 1.0, 0.0, 1.0, np.float32((0.7 - 0.1) / 0.3), 0.0]
    np.testing.assert_array_equal(vector, np.array(by_hand, dtype=np.float32))


def test_what_the_file_names_stands_for_what_is_unknown_or_missing(features: Features) -> None:
    vector = features.vector((None, "Other", "x", "-1e-2", None))
    by_hand = [0.5, 0.0, 0.0, 0.0, (-0.01 - 0.1) / 0.3, 0.0]
    np.testing.assert_array_equal(vector, np.array(by_hand, dtype=np.float32))
    assert features.vector(("NaN", "1", "Female", "1", "zz"))[5] == 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("x", "1", "Male", "1", "a"), "age"),
        (("1,5", "1", "Male", "1", "a"), "age"),
        (("1_000", "1", "Male", "1", "a"), "age"),
        (("٣", "1", "Male", "1", "a"), "age"),
        (("inf", "1", "Male", "1", "a"), "age"),
        (("1e999", "1", "Male", "1", "a"), "age"),
        (("1e300", "1", "Male", "1", "a"), "age"),
        (("1", None, "Male", "1", "a"), "work"),
        (("1", "1", None, "1", "a"), "sex"),
        (("1", "1", "Male", None, "a"), "gain"),
        (("1", "1", "Male", "NA", "a"), "gain"),
    ],
)
def test_a_cell_that_nothing_stands_for_is_a_reason_without_its_content(
    features: Features, row: tuple[str | None, ...], column: str
) -> None:
    with pytest.raises(CellError, match=f"“{column}”") as refused:
        features.vector(row)
    cell = row[features.columns.index(column)]
    assert cell is None or cell not in str(refused.value).replace(f"“{column}”", "")


@pytest.mark.parametrize(
    ("text", "own"),
    [(" a ", "a"), ("17.0", "17"), ("17.", "17"), ("-3.000", "-3"), ("17.50", "17.50"), ("007", "007"),
     ("e\u0301", "é"), ("1.0.0", "1.0.0"), ("1e3", "1e3"), ("  ", "")],
)  # fmt: skip
def test_a_cell_has_one_form(text: str, own: str) -> None:
    assert own_cell(text) == own
    assert own_cell(own) == own


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"features": []},
        {"features": {}},
        {**STATED, "order": 1},
        stated(0, "columns", value=1),
        stated(0, "column", value="label"),
        stated(0, "column", value="LABEL"),
        stated(0, "column", value=" age"),
        stated(0, "column", value="\ufeffage"),
        stated(0, "column", value=""),
        stated(0, "column", value="Work"),
        stated(0, "numeric", "scale", value=0),
        stated(0, "numeric", "scale", value=-1),
        stated(0, "numeric", "scale", value="8"),
        stated(0, "numeric", "scale", value=True),
        stated(0, "numeric", "std", value=1),
        stated(0, "categories", value=["a"]),
        stated(0, "numeric", value={"mean": 1}),
        stated(0, value="age"),
        stated(1, "categories", value=[]),
        stated(1, "categories", value=["a", "a"]),
        stated(1, "categories", value=["1", "1.0"]),
        stated(1, "categories", value=["a", " "]),
        stated(1, "categories", value=["a", 1]),
        stated(1, "encoding", value="ordinal"),
        stated(1, "unknown", value=4),
        stated(1, "unknown", value=-1),
        stated(1, "unknown", value="zeros"),
        stated(1, "unknown", value=1.5),
        stated(1, "unknown", value=True),
        stated(2, "unknown", value=2),
        stated(2, "missing", value="ones"),
        {"features": [{"column": "work", "categories": ["a"]}]},
        {"features": [{"column": f"c{n}", "categories": [*map(str, range(1025))], "encoding": "one-hot"}
                      for n in range(1024)]},
    ],
    ids=lambda content: json.dumps(content)[:60],
)  # fmt: skip
def test_anything_else_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        features_of(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"features": [{"column": "age", "numeric": {"mean": NaN, "scale": 1}}]}', "no plain number"),
        (b'{"features": [{"column": "age", "numeric": {"mean": 1e999, "scale": 1}}]}', "no plain"),
        (b'{"features": [{"column": "age", "numeric": {"mean": 0, "scale": 1e-999}}]}', "> 0"),
        (b'{"features": [{"column": "a\\ud800", "numeric": {"mean": 0, "scale": 1}}]}', "half a"),
        (b'{"features": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b'{"features": [' + b"[" * 50 + b"]" * 50 + b"]}", "nested"),
        (b'{"features": [{"column": "a", "categories": ["x"], "categories": ["y"]}]}', "twice"),
        (b'{"features": [{"column": "a", "categories": [' + b'"x",' * 2_100_000 + b'"y"]}]}', "values"),
        (b" " * (17 << 20), "larger than"),
        (b'{"features": [' + b"1," * 1_000_000 + b"1]}", "feature 1 "),
        ('{"features": "é'.encode("utf-16"), "UTF-8"),
    ],
    ids=["mean", "infinite", "scale", "half", "deep", "rather deep", "twice", "long list", "large",
         "features", "encoding"],
)  # fmt: skip
@pytest.mark.timeout(30)
def test_a_hostile_one_ends_in_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (hugging_face_folder(tmp_path) / "features.json").write_bytes(content)
    with pytest.raises(UnusableError, match=reason):
        find_checkpoint(tmp_path)


@pytest.mark.timeout(30)
def test_a_hundred_thousand_categories_are_looked_up_at_once() -> None:
    names = [f"category {n}" for n in range(100_000)]
    column = {"column": "a", "categories": names, "encoding": "index", "unknown": 100_000}
    many = features_of(parse_object(json.dumps({"features": [column]}).encode()))
    assert [many.vector((cell,))[0] for cell in ("category 99999", "none")] == [99_999, 100_000]


def test_its_content_is_part_of_the_digest(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "model")
    digests = [find_checkpoint(folder).digest()]
    for content in (STATED, stated(0, "numeric", "mean", value=41)):
        write_json(folder / "features.json", content)
        checkpoint = find_checkpoint(folder)
        assert checkpoint.final.features is not None
        digests.append(checkpoint.digest())
    assert len(set(digests)) == 3


def test_a_series_has_one_beside_its_states_or_at_its_top(tmp_path: Path) -> None:
    for step in (1, 2):
        hugging_face_folder(tmp_path / f"checkpoint-{step}")
    write_json(tmp_path / "features.json", STATED)
    checkpoint = find_checkpoint(tmp_path)
    assert [member.features == checkpoint.final.features for member in checkpoint.series] == [
        True,
        True,
    ]
    digest = checkpoint.digest()
    write_json(tmp_path / "checkpoint-1" / "features.json", STATED)
    assert find_checkpoint(tmp_path).digest() == digest
    write_json(tmp_path / "checkpoint-1" / "features.json", stated(0, "column", value="years"))
    with pytest.raises(UnusableError, match=r"features\.json"):
        find_checkpoint(tmp_path)


def test_a_damaged_one_is_told_with_its_feature(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path)
    write_json(folder / "features.json", stated(3, "numeric", "scale", value=0))
    with pytest.raises(UnusableError, match="feature 4"):
        find_checkpoint(folder)


def test_scaling_is_as_exact_as_float32(features: Features) -> None:
    rng = np.random.default_rng(0)
    for number in rng.normal(0, 1e3, 200):
        vector = features.vector((repr(float(number)), "1", "Male", "0", "a"))
        assert vector[0] == np.float32((float(number) - 40) / 8)
        assert math.isclose(float(vector[0]), (float(number) - 40) / 8, rel_tol=1e-7)

"""What holds of any table: order, other columns, delimiters, empty and unknown cells, any text."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataselect_gui.checkpoints.features import CellError, Features, features_of
from dataselect_gui.records.kinds.rows import ROWS
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, SourceRef

MEAN, SCALE, FILL = 38.5, 13.25, 37.0
WORK, SEX = ["?", "Private", "State-gov"], ["Female", "Male"]
STATED: dict[str, Any] = {
    "features": [
        {"column": "work", "categories": WORK, "encoding": "index", "unknown": 0, "missing": 3},
        {"column": "age", "numeric": {"mean": MEAN, "scale": SCALE, "fill": FILL}},
        {"column": "sex", "categories": SEX, "encoding": "one-hot", "unknown": "zeros"},
    ]
}
FEATURES: Features = features_of(STATED)
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")
RIGHT_TO_LEFT = "مرحبا \u202bשלום\u202c"
TEXTS = st.one_of(
    st.just(""),
    st.text(LETTERS, max_size=40),
    st.sampled_from(
        ["🙂👩‍👩‍👧", RIGHT_TO_LEFT, "e\u0301 é ﬁ", "x" * 5000, "a\r\nb\rc\u2028d", '"', ",;\t|", " "]
    ),
)
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.integers(0, 99).map("{}.0".format),
    st.sampled_from(["", "NA", "nan", " 7 ", "+3", "1e3", "-.5", "x", "1,5", "٣", "inf"]),
)
WORKS = st.sampled_from([*WORK, "", " Private ", "private", "Other", "🙂"])
SEXES = st.sampled_from([*SEX, "", "Male\t", "male", "x"])
PEOPLE = st.sampled_from(["7", "7.0", " 8", ""])
LABELS = st.sampled_from(["good", "bad", "", " ", "é", "0"])


def written(path: Path, columns: dict[str, list[str]], order: list[str], delimiter: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        rows.writerow(order)
        rows.writerows(zip(*(columns[name] for name in order), strict=True))
    return path


def by_hand(work: str, age: str, sex: str) -> NDArray[np.float32] | None:
    """Return the input of a row as features.json is documented; None where it has none."""
    work, age, sex = work.strip(), age.strip(), sex.strip()
    place = 3 if not work else WORK.index(work) if work in WORK else 0
    if not sex:
        return None
    if age.lower() in {"", "na", "nan"}:
        number = FILL
    else:
        try:
            number = float(age)
        except ValueError:
            return None
        if not age.isascii() or not np.isfinite(number):
            return None
    chosen = [float(sex == name) for name in SEX]
    return np.array([place, (number - MEAN) / SCALE, *chosen], dtype=np.float32)


def opened(path: Path, **more: Any) -> Source:  # noqa: ANN401
    return open_source(SourceRef(path, **more))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(WORKS, NUMBERS, SEXES, LABELS, TEXTS), min_size=1, max_size=6),
    order=st.permutations(["work", "age", "sex", "label", "note"]),
    delimiter=st.sampled_from(",;\t|"),
)
def test_a_row_becomes_the_numbers_that_its_cells_say(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], order: list[str], delimiter: str
) -> None:
    names = ("work", "age", "sex", "label", "note")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    path = written(tmp_path_factory.mktemp("t") / "t.csv", columns, order, delimiter)
    source = opened(path, feature_columns=FEATURES.columns)
    assert source.labels == [label if label.strip() else None for label in columns["label"]]
    for row, (work, age, sex, _label, _note) in enumerate(rows):
        content = ROWS.decode(source.read(row))
        assert isinstance(content, tuple)
        expected = by_hand(work, age, sex)
        if expected is None:
            with pytest.raises(CellError):
                FEATURES.vector(content)
        else:
            np.testing.assert_array_equal(FEATURES.vector(content), expected)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.tuples(TEXTS, LABELS, st.sampled_from(["7", "7.0", " 8", ""])), min_size=1, max_size=6
    ),
    order=st.permutations(["text", "label", "who", "other"]),
    delimiter=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["csv", "jsonl"]),
)
def test_a_text_stays_as_it_stands_wherever_its_column_is(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    order: list[str],
    delimiter: str,
    ending: str,
) -> None:
    texts, labels, people = (list(part) for part in zip(*rows, strict=True))
    columns = {"text": texts, "label": labels, "who": people, "other": labels[::-1]}
    path = tmp_path_factory.mktemp("t") / f"t.{ending}"
    if ending == "csv":
        written(path, columns, order, delimiter)
    else:
        lines = ({name: columns[name][row] for name in order} for row in range(len(rows)))
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    source = opened(path, text_column="text", unit_column="who")
    there = [row for row, text in enumerate(texts) if text]
    assert list(source.ids) == list(map(str, there))
    assert [source.read(row).decode() for row in range(len(there))] == [texts[row] for row in there]
    assert source.labels == [labels[row] if labels[row].strip() else None for row in there]
    known = {"7": "7", "7.0": "7", " 8": "8"}
    assert source.units == [known.get(people[row], f"record {row}") for row in there]
    assert {problem.id for problem in source.problems} == {str(r) for r in range(len(rows))} - {
        *source.ids
    }

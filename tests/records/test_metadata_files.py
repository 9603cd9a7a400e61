"""A table beside images: which files it makes records of, with which labels and people."""

import csv
import json
import tracemalloc
from pathlib import Path

import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from tests.helpers import image_folder, write_image
from tests.records.looking import OF_ODD_IMAGES

pytestmark = OF_ODD_IMAGES

METADATA = ("metadata.csv", "metadata.jsonl")


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize("name", METADATA)
def test_a_metadata_file_decides_records_labels_and_units(tmp_path: Path, name: str) -> None:
    image_folder(tmp_path, ["cat/a.png", "cat/b.png", "dog/c.png"])
    write_rows(
        tmp_path / name,
        [
            {"file_name": "dog/c.png", "label": "bird", "patient": "p2", "finding": "f1"},
            {"file_name": "./cat/a.png", "label": "fish", "patient": "p1", "finding": "f2"},
        ],
    )
    usual = open_source(SourceRef(tmp_path))
    assert usual.ids == ["cat/a.png", "dog/c.png"]
    assert usual.labels == ["fish", "bird"]
    assert usual.units is None
    assert usual.columns == ["label", "patient", "finding"]
    assert usual.ignored == 1
    named = open_source(SourceRef(tmp_path, label_column="finding", unit_column="patient"))
    assert named.labels == ["f2", "f1"]
    assert named.units == ["p1", "p2"]


def test_a_label_of_another_type_is_told_as_text_and_an_empty_one_is_none(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png", "b.png", "c.png", "d.png"])
    (tmp_path / "metadata.jsonl").write_text(
        '{"file_name": "a.png", "label": 3}\n\n'
        '{"file_name": "b.png", "label": null}\n'
        '{"file_name": "c.png", "label": ""}\n'
        '{"file_name": "d.png"}\n'
    )
    assert open_source(SourceRef(tmp_path)).labels == ["3", None, None, None]


def test_a_record_that_names_no_person_is_a_person_of_its_own(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png", "b.png", "c.png"])
    people = {"a.png": "p", "b.png": "", "c.png": ""}
    rows = [{"file_name": name, "who": who} for name, who in people.items()]
    write_rows(tmp_path / "metadata.csv", rows)
    units = open_source(SourceRef(tmp_path, unit_column="who")).units
    assert units is not None
    assert len(set(units)) == 3


def test_every_label_and_person_can_be_written(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png"])
    row = '{"file_name": "a.png", "label": "\\ud800", "who": "p\\udfff"}\n'
    (tmp_path / "metadata.jsonl").write_text(row)
    source = open_source(SourceRef(tmp_path, unit_column="who"))
    assert (source.labels, source.units) == (["?"], ["p?"])


def test_a_person_has_one_name_however_it_was_typed(tmp_path: Path) -> None:
    """Or somebody would be several units, and several times as many of their records could leave."""
    image_folder(tmp_path, [f"{letter}.png" for letter in "abcde"])
    people = dict(zip("abcde", ["Zoë", "Zoe\u0308", " Zoë", "Zoë\t", " "], strict=True))
    rows = [{"file_name": f"{letter}.png", "who": who} for letter, who in people.items()]
    write_rows(tmp_path / "metadata.csv", rows)
    assert open_source(SourceRef(tmp_path, unit_column="who")).units == ["Zoë"] * 4 + ["record e.png"]


@pytest.mark.parametrize("column", ["label_column", "unit_column"])
@pytest.mark.parametrize("name", METADATA)
def test_a_missing_column_is_told_with_those_that_exist(tmp_path: Path, name: str, column: str) -> None:
    image_folder(tmp_path, ["a.png"])
    write_rows(tmp_path / name, [{"file_name": "a.png", "label": "cat", "age": "3"}])
    with pytest.raises(UnusableError, match=r"“weight”.*label, age"):
        open_source(
            SourceRef(tmp_path, "weight")
            if column == "label_column"
            else SourceRef(tmp_path, unit_column="weight")
        )


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize("file", ["a", "a.png", ""])
def test_lines_of_a_metadata_file_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str
) -> None:
    """Each line that names no file costs memory: a small file must not make millions of them."""
    monkeypatch.setattr("dataselect_gui.records.metadata.MOST_UNKNOWN", 1000)
    write_image(tmp_path / "a.png")
    rows = [{"file_name": file, "label": "cat"}] * 1001
    write_rows(tmp_path / name, rows)
    assert len(open_source(SourceRef(tmp_path)).problems) in {1000, 1001}
    write_rows(tmp_path / name, [*rows, *rows])
    with pytest.raises(UnusableError, match="1,000 files more than the folder holds"):
        open_source(SourceRef(tmp_path))


def test_a_metadata_file_of_millions_of_lines_is_refused_early(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name\n" + "a\n" * 4_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="too many lines"):
            open_source(SourceRef(tmp_path))
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()


def test_a_column_without_a_metadata_file_is_refused(tmp_path: Path) -> None:
    image_folder(tmp_path, ["cat/a.png"])
    with pytest.raises(UnusableError, match=r"metadata\.csv or metadata\.jsonl"):
        open_source(SourceRef(tmp_path, unit_column="patient"))


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize(
    "bad", [b"\x81\xff\n", b"x" * 2_000_000 + b"\n"], ids=["not UTF-8", "too long"]
)
@pytest.mark.parametrize("line", [2, 3, 40])
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, name: str, bad: bytes, line: int) -> None:
    image_folder(tmp_path, ["a.png"])
    row = b"a.png\n" if name.endswith("csv") else b'{"file_name": "a.png"}\n'
    first = b"file_name\n" if name.endswith("csv") else row
    (tmp_path / name).write_bytes(first + row * (line - 2) + bad + row)
    with pytest.raises(UnusableError, match=rf"Line {line} is not"):
        open_source(SourceRef(tmp_path))


@pytest.mark.parametrize(
    "bad",
    ["[1]", "{", '"a.png"', "NaN", '{"file_name": ' + "1" * 5000 + "}", "[" * 100_000],
    ids=["list", "cut off", "text", "number", "huge number", "deep"],
)
def test_a_line_that_is_no_json_object_is_told_with_its_number(tmp_path: Path, bad: str) -> None:
    image_folder(tmp_path, ["a.png"])
    (tmp_path / "metadata.jsonl").write_text(f'{{"file_name": "a.png"}}\n{bad}\n')
    with pytest.raises(UnusableError, match="Line 2 is not a JSON object"):
        open_source(SourceRef(tmp_path))


@pytest.mark.parametrize("content", ["", "file,label\na.png,x\n", "file_name,label\n"])
def test_a_metadata_file_without_names_is_refused(tmp_path: Path, content: str) -> None:
    image_folder(tmp_path, ["a.png"])
    (tmp_path / "metadata.csv").write_text(content)
    with pytest.raises(UnusableError, match="file_name"):
        open_source(SourceRef(tmp_path))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside.png", "outside the source"),
        ("a/../../outside.png", "outside the source"),
        ("/etc/outside.png", "outside the source"),
        ("..\\outside.png", "outside the source"),
        ("missing.png", "no such file"),
        ("notes.txt", "Not an image"),
        ("", "names no file"),
        ("a.png", "twice"),
        ("link.png", "link to a file"),
    ],
)
def test_a_name_that_is_no_record_is_a_problem(tmp_path: Path, name: str, reason: str) -> None:
    source_folder = tmp_path / "source"
    image_folder(source_folder, ["a.png"])
    write_image(tmp_path / "outside.png")
    (source_folder / "notes.txt").write_text("x")
    (source_folder / "link.png").symlink_to("nowhere.png")
    rows = [{"file_name": "a.png", "label": "1"}, {"file_name": name, "label": "2"}]
    write_rows(source_folder / "metadata.csv", rows)
    source = open_source(SourceRef(source_folder))
    assert source.ids == ["a.png"]
    assert source.labels == ["1"]
    (problem,) = source.problems
    assert reason in problem.reason


def test_every_problem_has_an_id_that_can_be_written(tmp_path: Path) -> None:
    image_folder(tmp_path, ["a.png"])
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png"}\n{"file_name": "\\ud800.png"}\n')
    for problem in open_source(SourceRef(tmp_path)).problems:
        problem.id.encode("utf-8")

"""Texts are read as they stand, from folders and tables, or are refused with the reason."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds import kind_of
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import Source, SourceRef, UnreadableRecordError
from dataselect_gui.records.splits import SplitNeededError
from dataselect_gui.records.text_tree import MAX_TEXT
from tests.helpers import write_image

ODD = {
    "empty": "",
    "blank": " \n\t ",
    "emoji": "🙂👩‍👩‍👧 ❤️",
    "right to left": "مرحبا بالعالم \u202e שלום",
    "ends of lines": "a\r\nb\rc\u2028d\x85e\n",
    "controls": "a\x07b\x1b[31m",
    "accents": "e\u0301 é ﬁ",
    "many lines": "x\n" * 200_000,
    "long": "word " * 100_000,
}


def text_folder(root: Path, texts: dict[str, str | bytes]) -> Path:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def read(source: Source) -> dict[str, str]:
    return {record: source.read(row).decode() for row, record in enumerate(source.ids)}


def kind(path: Path, **columns: str) -> str:
    known = kind_of(SourceRef(path, **columns))  # type: ignore[arg-type]
    return "" if known is None else known.name


# A folder


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    folder = text_folder(tmp_path / "t", {"good/1.txt": "a", "bad/x/2.TXT": "b", "3.txt": "c"})
    (folder / "notes.md").write_text("x")
    (folder / ".hidden.txt").write_text("x")
    source = open_source(SourceRef(folder))
    assert dict(zip(source.ids, source.labels, strict=True)) == {
        "3.txt": None, "bad/x/2.TXT": "bad", "good/1.txt": "good"
    }  # fmt: skip
    assert read(source) == {"3.txt": "c", "bad/x/2.TXT": "b", "good/1.txt": "a"}
    assert source.ignored == 2
    assert source.units is None


@pytest.mark.parametrize("case", ODD)
def test_a_text_is_read_as_it_stands(tmp_path: Path, case: str) -> None:
    source = open_source(SourceRef(text_folder(tmp_path / "t", {"1.txt": ODD[case]})))
    stored = source.read(0)
    assert stored.decode() == ODD[case]
    assert source.kind.decode(stored) == ODD[case]
    assert source.kind.clean(stored) == ("txt", stored)
    assert source.kind.look(stored, 64) == (("", ODD[case]),)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_any_text_in_any_unicode_is_read_as_it_stands(tmp_path: Path, text: str, encoding: str) -> None:
    path = text_folder(tmp_path / "t", {"1.txt": text.encode(encoding)})
    source = open_source(SourceRef(path))
    assert source.read(0) == text.encode()


def test_other_letters_are_read_and_said(tmp_path: Path) -> None:
    texts = {"1.txt": "schön".encode("cp1252"), "2.txt": "schön".encode(), "3.txt": b"plain"}
    source = open_source(SourceRef(text_folder(tmp_path / "t", dict(texts))))
    assert set(read(source).values()) == {"schön", "plain"}
    assert "1 text" in "".join(source.notes)
    assert "Windows-1252" in "".join(source.notes)


@pytest.mark.parametrize(
    "stored",
    [
        "schön Žluť".encode() + b"\xff",
        b"\x81\x8d",
        b"a\0b",
        "ab".encode("utf-16")[:-1],
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"\xff\xfe\x00\xd8",
        b"a" * (MAX_TEXT + 1),
        "é".encode("utf-16") * MAX_TEXT,
    ],
    ids=lambda stored: str(stored[:12]),
)
def test_what_is_no_text_is_a_problem_with_its_reason(tmp_path: Path, stored: bytes) -> None:
    source = open_source(SourceRef(text_folder(tmp_path / "t", {"1.txt": stored})))
    with pytest.raises(UnreadableRecordError) as refused:
        source.kind.check(source.read(0))
    assert str(refused.value).endswith(".")


def test_odd_entries_of_a_folder_are_problems_with_their_reason(tmp_path: Path) -> None:
    folder = text_folder(tmp_path / "t", {"good/1.txt": "a", "good/gone.txt": "b"})
    (folder / "dangling.txt").symlink_to(tmp_path / "nowhere.txt")
    text_folder(tmp_path / "elsewhere", {"2.txt": "c"})
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "linked.txt").symlink_to(tmp_path / "elsewhere" / "2.txt")
    source = open_source(SourceRef(folder))
    assert list(source.ids) == ["good/1.txt", "good/gone.txt", "linked.txt"]
    assert [problem.id for problem in source.problems] == ["dangling.txt", "linked"]
    assert source.kind.linked_files(folder) == [(tmp_path / "elsewhere" / "2.txt").resolve()]
    (folder / "good" / "gone.txt").unlink()
    with pytest.raises(UnreadableRecordError, match="no longer there"):
        source.read(1)


def test_folders_within_folders_end(tmp_path: Path) -> None:
    deep = tmp_path / "t" / "/".join("d" * 120)
    text_folder(deep, {"1.txt": "a"})
    text_folder(tmp_path / "t", {"2.txt": "b"})
    source = open_source(SourceRef(tmp_path / "t"))
    assert list(source.ids) == ["2.txt"]
    assert len(source.problems) == 1


def test_columns_of_a_folder_are_refused(tmp_path: Path) -> None:
    folder = text_folder(tmp_path / "t", {"1.txt": "a"})
    for columns in ({"label_column": "label"}, {"unit_column": "patient"}):
        with pytest.raises(UnusableError, match="without columns"):
            open_source(SourceRef(folder, **columns))  # type: ignore[arg-type]
    (folder / "metadata.csv").write_text("file_name,label\n1.txt,cat\n")
    with pytest.raises(UnusableError, match="without columns") as refused:
        open_source(SourceRef(folder))
    assert "metadata.csv" in refused.value.why


def test_parts_of_a_folder_are_not_mixed(tmp_path: Path) -> None:
    names = ["train/pos/1.txt", "train/neg/2.txt", "test/pos/3.txt", "train/4.txt"]
    folder = text_folder(tmp_path / "t", {name: name for name in names})
    with pytest.raises(SplitNeededError) as refused:
        open_source(SourceRef(folder))
    assert refused.value.splits == {"test": 1, "train": 3}
    source = open_source(SourceRef(folder, split="train"))
    assert dict(zip(source.ids, source.labels, strict=True)) == {
        "train/4.txt": None, "train/neg/2.txt": "neg", "train/pos/1.txt": "pos"
    }  # fmt: skip
    assert source.ignored == 0
    with pytest.raises(UnusableError, match="no part"):
        open_source(SourceRef(text_folder(tmp_path / "u", {"a/1.txt": "x"}), split="train"))


@pytest.mark.parametrize(
    "asked",
    [
        {"label_column": "mood"},
        {"unit_column": "mood"},
        {"labels": LabelRule(columns=("mood", "tone"))},
    ],
    ids=["label", "unit", "labels"],
)
def test_a_folder_has_no_columns(tmp_path: Path, asked: dict[str, Any]) -> None:
    """Else the names of the folders would be taken for what stands in a column."""
    folder = text_folder(tmp_path / "t", {"a/1.txt": "a"})
    with pytest.raises(UnusableError, match="“mood”"):
        open_source(SourceRef(folder, **asked))


def test_a_folder_with_an_image_is_one_of_images(tmp_path: Path) -> None:
    folder = text_folder(tmp_path / "t", {"a/1.txt": "a"})
    assert kind(folder) == "texts"
    write_image(folder / "z" / "1.png")
    assert kind(folder) == "images"
    assert kind(tmp_path / "nowhere") == ""
    (tmp_path / "empty").mkdir()
    assert kind(tmp_path / "empty") == "images"


# A column of a table


def table(path: Path, ending: str, rows: list[dict[str, object]]) -> Path:
    import pyarrow as pa
    from pyarrow import feather, parquet

    path = path.with_suffix(ending)
    if ending == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif ending in {".csv", ".tsv"}:
        import csv

        with path.open("w", newline="", encoding="utf-8") as file:
            delimiter = "," if ending == ".csv" else "\t"
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    elif ending == ".parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        feather.write_feather(pa.Table.from_pylist(rows), path)
    return path


ROWS: list[dict[str, object]] = [
    {"text": "a, b\nc", "label": "good", "patient": "7", "age": "30"},
    {"text": "“Žluť” 🙂", "label": "bad", "patient": "8", "age": "31"},
    {"text": None, "label": "bad", "patient": "9", "age": "32"},
    {"text": " x ", "label": None, "patient": "7", "age": "33"},
]


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".tsv", ".parquet", ".feather"])
def test_a_column_of_a_table_holds_texts(tmp_path: Path, ending: str) -> None:
    path = table(tmp_path / "t", ending, ROWS)
    assert kind(path) == "rows"
    assert kind(path, text_column="text") == "texts"
    source = open_source(SourceRef(path, text_column="text", unit_column="patient"))
    assert read(source) == {"0": "a, b\nc", "1": "“Žluť” 🙂", "3": " x "}
    assert source.labels == ["good", "bad", None]
    assert source.units == ["7", "8", "7"]
    assert [problem.id for problem in source.problems] == ["2"]
    assert "text" not in source.columns
    assert {"label", "patient", "age"} <= set(source.columns)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_text_of_json_lines_is_read_as_it_stands(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    if not any(texts):
        return
    source = open_source(SourceRef(path, text_column="text"))
    known = {str(row): text for row, text in enumerate(texts) if text}
    assert read(source) == known
    assert len(source.problems) == len(texts) - len(known)


def test_several_columns_of_labels(tmp_path: Path) -> None:
    path = table(
        tmp_path / "t",
        ".csv",
        [{"text": "a", "joy": "1", "fear": ""}, {"text": "b", "joy": "0", "fear": "1"}],
    )
    source = open_source(SourceRef(path, text_column="text", labels=LabelRule(columns=("joy", "fear"))))
    assert [json.loads(label or "") for label in source.labels] == [
        {"joy": "1", "fear": ""},
        {"joy": "0", "fear": "1"},
    ]
    with pytest.raises(UnusableError, match="cannot be found"):
        open_source(SourceRef(path, text_column="text", labels=LabelRule(columns=("joy", "rage"))))


def test_which_column_is_meant_has_to_be_said(tmp_path: Path) -> None:
    path = table(tmp_path / "t", ".csv", [{"review": "fine", "stars": "5"}])
    with pytest.raises(UnusableError, match="not known") as refused:
        open_source(SourceRef(path, text_column="text"))
    assert "“review”, “stars”" in refused.value.why
    assert "--text-column" in refused.value.do
    assert read(open_source(SourceRef(path, text_column="Review "))) == {"0": "fine"}
    for columns in ({"label_column": "x"}, {"unit_column": "x"}):
        with pytest.raises(UnusableError, match="cannot be found"):
            open_source(SourceRef(path, text_column="review", **columns))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "a", "text": "b"}',
        "[1]",
        '{"text": ' + "[" * 100_000,
        '{"text": "' + "x" * (MAX_TEXT + 1) + '"}',
        "{",
        "\x00",
    ],
    ids=lambda line: repr(line)[:24],
)
def test_lines_that_are_no_texts_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "a"}\n' + line + "\n")
    with pytest.raises(UnusableError) as refused:
        open_source(SourceRef(path, text_column="text"))
    assert "2" in refused.value.why


def test_a_hundred_thousand_texts_are_listed_in_time(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    line = json.dumps({"text": "a stirring , funny and finally transporting film " * 2, "label": "1"})
    path.write_text(f"{line}\n" * 100_000)
    began = time.process_time()
    source = open_source(SourceRef(path, text_column="text"))
    assert len(source.ids) == 100_000
    assert time.process_time() - began < 5

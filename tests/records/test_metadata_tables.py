"""Tables beside images, as owners have them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, SourceRef
from tests.helpers import image_folder

NAMES = ["a.png", "b.png", "x/c.png"]
LABELS = ["cat", "dog", "cat"]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return image_folder(tmp_path / "scans", NAMES)


def table(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    (folder / name).write_text(text, encoding=encoding)


def lines(delimiter: str = ",", header: str = "file_name,label") -> str:
    rows = [header, *(f"{name},{label}" for name, label in zip(NAMES, LABELS, strict=True))]
    return "".join(f"{row}\n" for row in rows).replace(",", delimiter)


def labels(source: Source) -> dict[str, str | None]:
    return dict(zip(source.ids, source.labels, strict=True))


EXPECTED = dict(zip(NAMES, LABELS, strict=True))


@pytest.mark.parametrize("name", ["metadata.csv", "Metadata.csv", "METADATA.CSV", "metadata.tsv"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_in_a_table_of_any_capitals(scans: Path, name: str, delimiter: str) -> None:
    table(scans, name, lines(delimiter))
    source = open_source(SourceRef(scans))
    assert labels(source) == EXPECTED
    assert source.ignored == 0


@pytest.mark.parametrize(
    "header", ["file_name, label", "File_Name,LABEL", " file_name ,Label ", "\ufefffile_name,label"]
)
def test_headers_with_blanks_or_capitals(scans: Path, header: str) -> None:
    table(scans, "metadata.csv", lines(header=header))
    assert labels(open_source(SourceRef(scans))) == EXPECTED


@pytest.mark.parametrize("header", ["file_name,label,label", "file_name,Label,LABEL"])
def test_two_label_columns_are_refused(scans: Path, header: str) -> None:
    table(scans, "metadata.csv", f"{header}\na.png,cat,dog\n")
    with pytest.raises(UnusableError, match="not clear"):
        open_source(SourceRef(scans))


def test_two_labels_in_one_line_of_json_are_refused(scans: Path) -> None:
    table(scans, "metadata.jsonl", '{"file_name": "a.png", "label": "cat", "label": "dog"}\n')
    with pytest.raises(UnusableError, match="each once"):
        open_source(SourceRef(scans))


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_a_table_by_columns(scans: Path, ending: str) -> None:
    import pyarrow as pa
    from pyarrow import feather, parquet

    made = pa.table({"file_name": NAMES, "label": LABELS, "patient": [1.0, 2.0, None]})
    write: Callable[..., None] = parquet.write_table if ending == "parquet" else feather.write_feather
    write(made, scans / f"metadata.{ending}")
    source = open_source(SourceRef(scans, unit_column="patient"))
    assert labels(source) == EXPECTED
    assert source.units == ["1", "2", "record x/c.png"]


def test_a_table_in_a_folder_below_names_its_own_files(scans: Path) -> None:
    table(scans / "x", "metadata.csv", "file_name,label\nc.png,dog\n")
    source = open_source(SourceRef(scans))
    assert labels(source) == {"x/c.png": "dog"}
    assert any("x/metadata.csv" in note for note in source.notes)


def test_of_several_tables_below_none_is_chosen(scans: Path) -> None:
    for folder in ("x", "y"):
        image_folder(scans, [f"{folder}/d.png"])
        table(scans / folder, "metadata.csv", "file_name,label\nd.png,dog\n")
    with pytest.raises(UnusableError, match="not clear") as refused:
        open_source(SourceRef(scans))
    assert "x/metadata.csv" in refused.value.why


def test_of_several_tables_at_the_top_the_others_are_named(scans: Path) -> None:
    table(scans, "metadata.csv", lines())
    table(scans, "metadata.jsonl", json.dumps({"file_name": "a.png", "label": "fish"}) + "\n")
    table(scans / "x", "metadata.csv", "file_name,label\nc.png,dog\n")
    source = open_source(SourceRef(scans))
    assert labels(source) == EXPECTED
    assert any("metadata.jsonl" in note and "x/metadata.csv" in note for note in source.notes)


def test_absolute_paths_inside_the_source_are_records(scans: Path) -> None:
    table(scans, "metadata.csv", lines().replace("\na", f"\n{scans}/a").replace("x/c", f"{scans}/x/c"))
    assert labels(open_source(SourceRef(scans))) == EXPECTED
    link = scans.with_name("link")
    link.symlink_to(scans, target_is_directory=True)
    assert labels(open_source(SourceRef(link))) == EXPECTED


@pytest.mark.parametrize("written", ["{}/a.png", "{}//a.png", "{}/./a.png"])
def test_an_absolute_path_is_its_record_however_it_is_written(scans: Path, written: str) -> None:
    table(scans, "metadata.csv", f"file_name,label\n{written.format(scans)},cat\n")
    source = open_source(SourceRef(scans))
    assert labels(source) == {"a.png": "cat"}
    assert not source.problems


def test_absolute_paths_outside_are_none(scans: Path) -> None:
    beside = image_folder(scans.with_name("scans2"), ["a.png"])
    table(scans, "metadata.csv", lines() + f"{beside}/a.png,cat\n{scans}/../scans2/a.png,cat\n")
    source = open_source(SourceRef(scans))
    assert labels(source) == EXPECTED
    assert len(source.problems) == 2


def test_one_class_in_several_spellings_is_said(scans: Path) -> None:
    rows = "file_name,label\na.png,Cat\nb.png,cat\nx/c.png, CAT \n"
    table(scans, "metadata.csv", rows)
    source = open_source(SourceRef(scans))
    (note,) = source.notes
    assert "“Cat”" in note
    assert "“cat”" in note


def test_class_folders_in_several_spellings_are_said(tmp_path: Path) -> None:
    source = open_source(SourceRef(image_folder(tmp_path, ["Cat/a.png", "cat/b.png", "dog/c.png"])))
    assert len(source.notes) == 1


@pytest.mark.parametrize(
    "spellings", [("17", "17.0"), ("17", " 17 "), ("17.", "17.00"), ("Zoë", "Zoe\u0308")]
)
def test_a_person_in_two_spellings_is_one_and_that_is_said(
    scans: Path, spellings: tuple[str, str]
) -> None:
    first, second = spellings
    table(
        scans,
        "metadata.csv",
        f"file_name,label,who\na.png,cat,{first}\nb.png,cat,{second}\nx/c.png,cat,18\n",
    )
    source = open_source(SourceRef(scans, unit_column="who"))
    assert source.units is not None
    assert source.units[0] == source.units[1] != source.units[2]
    assert any("spelling" in note for note in source.notes)


@pytest.mark.parametrize("other", ["17.5", "017", "17a", "-17", "1.7e1"])
def test_other_people_stay_others(scans: Path, other: str) -> None:
    table(scans, "metadata.csv", f"file_name,label,who\na.png,cat,17\nb.png,cat,{other}\n")
    source = open_source(SourceRef(scans, unit_column="who"))
    assert source.units == ["17", other]
    assert not source.notes


def test_western_letters_in_a_table_are_read_and_said(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "s", ["Müller.png"])
    table(folder, "metadata.csv", "file_name,label\nMüller.png,Größe\n", "cp1252")
    source = open_source(SourceRef(folder))
    assert labels(source) == {"Müller.png": "Größe"}
    assert len(source.notes) == 1


def test_a_row_that_is_cut_off_is_refused_with_its_line(scans: Path) -> None:
    table(scans, "metadata.csv", "file_name,label,who\na.png,cat,1\nb.png,cat\n")
    with pytest.raises(UnusableError, match="line 3"):
        open_source(SourceRef(scans))


def test_blanks_are_no_label(scans: Path) -> None:
    table(scans, "metadata.csv", "file_name,label\na.png,\nb.png,  \nx/c.png,cat\n")
    assert labels(open_source(SourceRef(scans))) == {"a.png": None, "b.png": None, "x/c.png": "cat"}

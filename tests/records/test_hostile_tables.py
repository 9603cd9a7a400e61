"""Tables, folders of them, and folders of texts, broken or hostile: each ends in a reason, and soon."""

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.cli.app import main
from dataselect_gui.errors import DataSelectError, UnusableError
from dataselect_gui.paths import resolved
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, SourceRef, UnreadableRecordError
from tests.helpers import image_folder, write_json
from tests.hostile_tables import REFUSED, links_in_circles, texts_in_circles

pytestmark = pytest.mark.timeout(120)
SLOW = {"a list of nothing", *(name for name in REFUSED if "gigabyte" in name)}
MOST_MEMORY = 1 << 30
"""Bytes that a process takes at its peak, with those that it starts, for any of these files."""


def as_rows(path: Path) -> Source:
    return open_source(SourceRef(resolved(path), feature_columns=("age", "text")))


def as_texts(path: Path) -> Source:
    return open_source(SourceRef(resolved(path), text_column="text"))


def without_checkpoint(path: Path) -> Source:
    return open_source(SourceRef(resolved(path)))


DOORS: dict[str, Callable[[Path], Source]] = {"rows": as_rows, "texts": as_texts}


def make_apart(folder: Path, case: str) -> Path:
    """Make a file in a process of its own: that takes more memory than what reads it, and the peak of
    a process is passed on to those that it starts."""
    name, make, _reason = REFUSED[case]
    maker = multiprocessing.get_context("fork").Process(target=make, args=(folder / name,))
    maker.start()
    maker.join()
    assert maker.exitcode == 0
    return folder / name


@pytest.mark.parametrize(
    "case", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in REFUSED]
)
def test_a_hostile_table_ends_in_a_reason(tmp_path: Path, case: str) -> None:
    file, reason = make_apart(tmp_path, case), REFUSED[case][2]
    for door in DOORS.values():
        with pytest.raises(UnusableError) as refused:
            door(file)
        assert reason in str(refused.value)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="only such systems count a child's memory")
@pytest.mark.parametrize("case", REFUSED)
def test_the_command_inspect_ends_soon_and_in_bounded_memory(tmp_path: Path, case: str) -> None:
    command = [sys.executable, "-m", "dataselect_gui", "inspect", str(make_apart(tmp_path, case))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    with process.stdout as printed:
        said = printed.read().decode()
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 4, said
    assert used.ru_maxrss << 10 < MOST_MEMORY
    assert used.ru_utime + used.ru_stime < 60


# What is odd and read


ODD: dict[str, tuple[str, bytes, list[str | None], list[str | None]]] = {
    "UTF-16 without a mark": ("t.csv", "text,label\na,x\nb,y\n".encode("utf-16-le"), [*"ab"], [*"xy"]),
    "a mark before a later header": ("t.csv", "text,\ufefflabel\na,x\n".encode(), ["a"], ["x"]),
    "two marks": ("t.csv", "\ufeff\ufefftext,label\na,x\n".encode(), ["a"], ["x"]),
    "a mark in the middle": ("t.csv", "text,label\n\ufeffb,y\n".encode(), ["\ufeffb"], ["y"]),
    "mixed ends of lines": ("t.csv", b"text,label\r\na,x\nb,y\rc,x\r\n\r\nd,y", [*"abcd"], [*"xyxy"]),
    "no end of the last line": ("t.csv", b"text,label\na,x", ["a"], ["x"]),
    "null for text": ("t.jsonl", b'{"text": null, "label": "x"}\n{"text": "b"}\n', ["b"], [None]),
    "no number for text": ("t.jsonl", b'{"text": NaN}\n{"text": 1.50, "label": 2}\n', ["1.5"], ["2"]),
    "a text that ends in the file": ("t.csv", b'text,label\n"a\nb",x\n', ["a\nb"], ["x"]),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_read_as_it_stands(tmp_path: Path, case: str) -> None:
    name, stored, texts, labels = ODD[case]
    (tmp_path / name).write_bytes(stored)
    source = as_texts(tmp_path / name)
    assert [source.read(row).decode() for row in range(len(source.ids))] == texts
    assert source.labels == labels


def test_one_name_in_two_forms_of_unicode_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("é,e\u0301,label\n1,2,x\n", encoding="utf-8")
    with pytest.raises(UnusableError, match="not clear"):
        open_source(SourceRef(tmp_path / "t.csv", feature_columns=("é",)))
    with pytest.raises(UnusableError, match="not clear"):
        open_source(SourceRef(tmp_path / "t.csv", text_column="e\u0301"))


@pytest.mark.parametrize("name", ["t.jsonl", "metadata.jsonl"])
def test_half_a_character_is_said(tmp_path: Path, name: str) -> None:
    image_folder(tmp_path, ["a.png", "b.png"])
    lines = [
        {"file_name": "a.png", "text": "good \ud83d", "label": "\udfff"},
        {"file_name": "b.png", "text": "good \U0001f642", "label": "x\ud800"},
    ]
    (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    source = without_checkpoint(tmp_path) if name == "metadata.jsonl" else as_texts(tmp_path / name)
    assert source.labels == ["?", "x?"]
    (note,) = source.notes
    assert "half a character" in note
    assert note.startswith("2 cells" if name == "metadata.jsonl" else "3 cells")


def test_a_mark_makes_no_other_person(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("who,text\n17,a\n\ufeff17.0,b\n", encoding="utf-8")
    source = open_source(SourceRef(tmp_path / "t.csv", text_column="text", unit_column="who"))
    assert source.units == ["17", "17"]


# Folders


@pytest.mark.parametrize("make", [links_in_circles, texts_in_circles], ids=["images", "texts"])
def test_links_in_circles_stop_no_other_record(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "f")
    source = without_checkpoint(tmp_path / "f")
    assert [record.split(".")[0] for record in source.ids] == ["a"]
    assert {"loop.png"} & {p.id for p in source.problems} or {"loop.txt"} & {
        p.id for p in source.problems
    }


@pytest.mark.parametrize("kind", ["circle", "device", "pipe", "nothing"])
def test_a_table_of_the_records_that_is_no_file_is_said(tmp_path: Path, kind: str) -> None:
    """Else the names of folders would be taken for labels, without a word."""
    image_folder(tmp_path, ["a/1.png"])
    metadata = tmp_path / "metadata.csv"
    if kind == "pipe":
        os.mkfifo(metadata)
    else:
        target = {"circle": metadata, "device": Path("/dev/zero"), "nothing": tmp_path / "x"}[kind]
        metadata.symlink_to(target)
    (problem,) = without_checkpoint(tmp_path).problems
    assert problem.id == "metadata.csv"
    assert "table of the records" in problem.reason


def a_gigabyte(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


TEXTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "zeros": (lambda path: path.write_bytes(bytes(9)), "something else than text"),
    "half a letter": (lambda path: path.write_bytes(b"\xff\xfe\0"), "UTF-16"),
    "letters of two encodings": (
        lambda path: path.write_bytes("”".encode() + b"\xe4\xe4\xe4"), "not text in UTF-8"
    ),
    "two megabytes": (lambda path: path.write_bytes(b"x" * (2 << 20)), "longer than"),
    "a gigabyte": (a_gigabyte, "something else than text"),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_a_hostile_text_has_a_reason_and_the_others_are_read(tmp_path: Path, case: str) -> None:
    make, reason = TEXTS[case]
    (tmp_path / "a.txt").write_text("good")
    make(tmp_path / "b.txt")
    source = without_checkpoint(tmp_path)
    assert source.read(0) == b"good"
    with pytest.raises(UnreadableRecordError, match=reason):
        source.read(1)


def saved(folder: Path) -> Path:
    """Save images by the datasets library."""
    from datasets import ClassLabel, Dataset, Features, Image
    from PIL import Image as Pictures

    pictures = [Pictures.fromarray(np.full((4, 4), grey, dtype=np.uint8)) for grey in range(2)]
    features = Features({"image": Image(), "label": ClassLabel(names=["a", "b"])})
    rows = Dataset.from_dict({"image": pictures, "label": [0, 1]}, features=features)
    rows.save_to_disk(str(folder))
    return folder


def state_with(**stated: object) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        content = json.loads((folder / "state.json").read_text())
        write_json(folder / "state.json", content | stated)

    return make


def without_bytes(folder: Path) -> None:
    (file,) = folder.glob("*.arrow")
    file.write_bytes(file.read_bytes()[:500])


def linked_elsewhere(folder: Path) -> None:
    (file,) = folder.glob("*.arrow")
    file.unlink()
    file.symlink_to("/dev/zero")


SAVED: dict[str, tuple[Callable[[Path], object], str]] = {
    "half a file": (without_bytes, "damaged"),
    "a link to a device": (linked_elsewhere, "is not there"),
    "a state of lists": (lambda f: (f / "state.json").write_text("[" * 100_000), "state.json"),
    "an account of lists": (lambda f: (f / "dataset_info.json").write_text("[" * 99_999), "_info"),
    "a state of gigabytes": (lambda f: os.truncate(f / "state.json", 3 << 30), "state.json"),
    "a file elsewhere": (state_with(_data_files=[{"filename": "../../x.arrow"}]), "names no files"),
    "a file twice": (
        state_with(_data_files=[{"filename": "data-00000-of-00001.arrow"}] * 2), "names a file twice"
    ),
    "too many files": (state_with(_data_files=[{"filename": "x"}] * 100_000), "names no files"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAVED)
def test_a_hostile_folder_of_datasets_ends_in_a_reason(tmp_path: Path, case: str) -> None:
    make, reason = SAVED[case]
    make(saved(tmp_path / "f"))
    with pytest.raises(UnusableError, match=reason):
        without_checkpoint(tmp_path / "f")


@pytest.mark.parametrize("parts", [["../x"], ["/etc"], ["a\0b"], [""], [], "train", [1], ["."]])
def test_parts_elsewhere_are_none(tmp_path: Path, parts: object) -> None:
    write_json(tmp_path / "dataset_dict.json", {"splits": parts})
    with pytest.raises(UnusableError, match="names no parts"):
        without_checkpoint(tmp_path)


def test_content_is_in_no_word_of_a_refusal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A line that cannot be read, a cell that is too long, a label without a class."""
    content = "what a patient told"
    for number, rows in enumerate([f'"{content}"x,1\n', f"{content * 99_999},1\n", f"{content},1,2\n"]):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"text,label\n{rows}")
        with pytest.raises(DataSelectError) as refused:
            as_texts(path)
        assert content not in str(refused.value)
        assert main(["inspect", str(path)]) == 4
    assert content not in "".join(capsys.readouterr()) + caplog.text

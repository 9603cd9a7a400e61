"""Bundles of rows and of texts whose content is broken or hostile, their checksums fitting."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dataselect_gui.cli.app import main
from dataselect_gui.records.forms.rows_file import TABLE
from dataselect_gui.records.forms.text_lines import TEXTS
from dataselect_gui.records.tables.parquet_writing import parquet_of
from tests.hostile_tables import REFUSED
from tests.projects import consortium, scored_project
from tests.records.test_record_kinds import rows, text_folder
from tests.releases import failed, rebuild, release, select

MAKERS: dict[str, Callable[[Path], Path]] = {"rows": rows, "texts": text_folder}
LINE = '{"text": "a", "label": "b"}\n'
LINES: dict[str, bytes] = {
    "half a line": LINE[:-9].encode(),
    "lists in lists": ('{"text": ' + "[" * 100_000 + "]" * 100_000 + ', "label": null}\n').encode(),
    "a number of a million digits": b'{"text": ' + b"9" * 1_000_000 + b', "label": null}\n',
    "a line of eight megabytes": ('{"text": "' + "x" * (8 << 20) + '", "label": null}\n').encode(),
    "a column more": b'{"text": "a", "label": "b", "patient": "7"}\n',
    "a name twice": b'{"text": "a", "text": "c", "label": "b"}\n',
    "another order": b'{"label": "b", "text": "a"}\n',
    "blanks between": b'{"text":  "a", "label": "b"}\n',
    "escaped letters": b'{"text": "\\u0061", "label": "b"}\n',
    "half a character": b'{"text": "\\ud800", "label": "b"}\n',
    "a number for text": b'{"text": 1, "label": "b"}\n',
    "a list of labels": b'{"text": "a", "label": ["b"]}\n',
    "a blank line": LINE.encode() + b"\n",
    "UTF-16": LINE.encode("utf-16"),
    "a mark": LINE.encode("utf-8-sig"),
    "zeros": bytes(4096),
}
SLOW = {"a list of nothing", "a cell of a gigabyte in Parquet"}
TABLES = [
    pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW))
    for name, (file, *_others) in REFUSED.items()
    if file not in {"t.csv", "t.jsonl"} and name not in {"a folder"}
]
CELLS: dict[str, bytes] = {
    "no label": parquet_of({"age": ["1"]}),
    "a label twice": parquet_of({"label": ["1"], "Label": ["1"]}),
    "other cells than are written": parquet_of({"age": [" 1 "], "label": ["x"]}),
    "a column called as a label": parquet_of({"label": ["x"], "age": ["1"]}),
    "a mark in a column's name": parquet_of({"\ufeffage": ["1"], "label": ["x"]}),
    "no rows and bytes": parquet_of({"age": [], "label": []}) + b"\0",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle of rows and one of texts."""
    root = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASELECT_HOME", str(root / "home"))
        for name, make in MAKERS.items():
            project = scored_project(
                root / f"{name}.dataselect", make(root), consortium(root / f"m{name}")
            )
            select(project, threshold="0")
            asked = {
                "mechanism": "exact",
                "epsilon": None,
                "acknowledge_exact": True,
                "reason": "a test",
            }
            release(project, root / "bundles" / name, budget=None, **asked)
    return root / "bundles"


@pytest.fixture
def bundle_of(made: Path, tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: Path(shutil.copytree(made / name, tmp_path / "b"))


@pytest.mark.parametrize("case", LINES)
def test_texts_that_are_not_as_written_are_found(bundle_of: Callable[[str], Path], case: str) -> None:
    bundle = bundle_of("texts")
    (bundle / TEXTS).write_bytes(LINES[case])
    rebuild(bundle)
    assert failed(bundle)


@pytest.mark.parametrize("case", CELLS)
def test_rows_that_are_not_as_written_are_found(bundle_of: Callable[[str], Path], case: str) -> None:
    bundle = bundle_of("rows")
    (bundle / TABLE).write_bytes(CELLS[case])
    rebuild(bundle)
    assert failed(bundle)


@pytest.mark.parametrize("case", TABLES)
def test_a_hostile_table_in_a_bundle_is_found(bundle_of: Callable[[str], Path], case: str) -> None:
    """As the receiver's command has it: in the confined process, and within its bounds."""
    bundle = bundle_of("rows")
    (bundle / TABLE).unlink()
    REFUSED[case][1](bundle / TABLE)
    rebuild(bundle)
    assert main(["verify", str(bundle)]) == 5


@pytest.mark.parametrize(("name", "listing"), [("rows", TABLE), ("texts", TEXTS)])
@pytest.mark.parametrize("kind", ["circle", "device", "pipe", "folder", "nothing"])
def test_what_is_no_file_is_found(
    bundle_of: Callable[[str], Path], name: str, listing: str, kind: str
) -> None:
    bundle = bundle_of(name)
    path = bundle / listing
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind != "nothing":
        path.symlink_to({"circle": path, "device": Path("/dev/zero")}[kind])
    assert main(["verify", str(bundle)]) in {4, 5}


def test_a_bundle_as_it_was_made_passes(made: Path) -> None:
    for name in MAKERS:
        assert not failed(made / name)

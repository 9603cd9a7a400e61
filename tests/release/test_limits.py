"""Whatever a release lets through, a check passes; what is too large is refused before it is charged.

The limits are lowered, so that what lies at each of them is small.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.records.forms import limits as file_limits
from dataselect_gui.records.forms.npz_file import nothing_but_arrays
from dataselect_gui.release import limits
from dataselect_gui.release.kinds.gradient import check_sum
from tests.helpers import config, write_json
from tests.projects import consortium, owner_records, scored_project
from tests.releases import document_of, failed, is_verified, rebuild, release, select

CLASSES = ("bird", "cat", "dog")
REPORT: dict[str, Any] = {"kind": "report", "bins": "0.25,0.5", "by_class": True}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "home"))


def a_project(tmp_path: Path, source: Path | None = None, classes: tuple[str, ...] = CLASSES) -> Path:
    checkpoint = consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})
    write_json(checkpoint / "config.json", config(classes))
    source = source or owner_records(tmp_path / "r.npz")
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    select(project, threshold="0")
    return project


def charges(project: Path) -> list[str]:
    """Return the entries of a project's account that are more than its opening."""
    (account,) = workflow.ledger(project)
    return [entry.kind for entry in account.entries if entry.kind != "opened"]


def images(folder: Path, count: int, labels: Callable[[int], str]) -> Path:
    for number in range(count):
        path = folder / labels(number) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (5, 4), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return folder


def floats(path: Path, count: int = 30, label: str = "cat") -> Path:
    rng = np.random.default_rng(0)
    np.savez(path, x=rng.random((count, 1, 4, 4)).astype(np.float32), y=np.array([label] * count))
    return path


LIMITED: dict[str, tuple[str, range, dict[str, Any]]] = {
    "cells": ("MOST_CELLS", range(10, 16), REPORT),
    "bytes of a report": ("MOST_FILE", range(300, 1100, 40), REPORT),
    "bytes of a report, normal": (
        "MOST_FILE",
        range(100, 500, 50),
        {**REPORT, "by_class": False, "mechanism": "discrete-gaussian", "delta": "1e-6"},
    ),
    "bytes of a document": ("MOST_DOCUMENT", range(2000, 10_000, 500), REPORT),
    "rows of scores": ("MOST_ROWS", range(38, 43), {"kind": "scores"}),
    "rows of padded scores": ("MOST_ROWS", range(48, 53), {"kind": "scores", "pad_to": 50}),
    "rows of offers": ("MOST_ROWS", range(38, 43), {"kind": "offers"}),
    "bytes of scores": ("MOST_FILE", range(1500, 2500, 100), {"kind": "scores"}),
    "bytes of offers": ("MOST_FILE", range(1000, 2500, 100), {"kind": "offers"}),
    "draw of scores": ("MOST_DRAW", range(5000, 8000, 500), {"kind": "scores"}),
    "draw of records": ("MOST_DRAW", range(3500, 5000, 250), {}),
    "bytes of a list": ("MOST_FILE", range(1000, 4000, 250), {}),
    "a line": ("MOST_LINE", range(60, 100, 5), {}),
    "names of classes": ("MOST_CLASS_NAME", range(2, 6), REPORT),
    "classes": ("MOST_CLASSES", range(2, 5), REPORT),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", LIMITED)
def test_whatever_a_release_lets_through_a_check_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    name, values, asked = LIMITED[what]
    monkeypatch.setattr("dataselect_gui.release.verify.problems_of", lambda _: [])
    project = a_project(tmp_path)
    released = []
    for limit in values:
        monkeypatch.setattr(file_limits if hasattr(file_limits, name) else limits, name, limit)
        before = charges(project)
        to = tmp_path / f"b{limit}"
        try:
            # Another ε each time, or it would be the same release.
            epsilon = f"0.{limit:05}1"
            release(project, to, epsilon=epsilon, threshold_from="agreed", budget="99", **asked)
        except (UnusableError, UsageError):
            assert charges(project) == before
            assert not to.exists()
            released.append(False)
        else:
            assert is_verified(to)
            released.append(True)
    # Both happened, and what fits below a limit fits below a larger one.
    assert released == sorted(released)
    assert set(released) == {False, True}


SCORES = ["plis", "plis-l1", "vog", "vog-late", "grad_norm-series", "random"]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("kind", ["records", "scores"])
def test_a_release_by_any_score_can_be_checked(tmp_path: Path, score: str, kind: str) -> None:
    """Some have a name or a variant that is written with more than letters."""
    checkpoint = consortium(tmp_path / "consortium")
    project = scored_project(
        tmp_path / "p.dataselect", owner_records(tmp_path / "r.npz"), checkpoint, score=score
    )
    workflow.select_records(project, workflow.make_rule(score, threshold="0.5"))
    asked = {"kind": kind, **({"bounds": "0,1"} if kind == "scores" else {"threshold_from": "agreed"})}
    release(project, tmp_path / "b", **asked)
    assert is_verified(tmp_path / "b")
    assert document_of(tmp_path / "b")["parameters"]["score"]["value"] == score


@pytest.mark.parametrize("limit", [1900, 1960, 2000, 2040, 2100, 2400])
def test_arrays_that_are_released_can_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """Thirty records of 64 bytes, with labels of three letters, four bytes each: 2,280 bytes."""
    monkeypatch.setattr(file_limits, "MOST_ARRAY_BYTES", limit)
    project = a_project(tmp_path, floats(tmp_path / "f.npz"))
    asked = {"mechanism": "exact", "epsilon": None, "acknowledge_exact": True, "reason": "a test"}
    try:
        release(project, tmp_path / "b", **asked)
    except UnusableError:
        assert limit < 2280
        assert charges(project) == []
    else:
        assert limit >= 2280
        assert is_verified(tmp_path / "b")


@pytest.mark.parametrize("label", ["a" * 4096, "\U0001f984" * 4096, "", "a\0b", "b\n"])
def test_arrays_of_zeros_and_of_any_label_can_be_checked(tmp_path: Path, label: str) -> None:
    """They pack to almost nothing: a thousandth of what they unpack to."""
    x = np.zeros((8, 1, 512, 512), dtype=np.float32)
    x[:, 0, 0, 0] = np.arange(8)
    np.savez_compressed(tmp_path / "z.npz", x=x, y=np.array([label, *["c"] * 7]))
    project = a_project(tmp_path, tmp_path / "z.npz")
    asked = {"mechanism": "exact", "epsilon": None, "acknowledge_exact": True, "reason": "a test"}
    release(project, tmp_path / "b", **asked)
    assert (tmp_path / "b/data/train/records.npz").stat().st_size < 1 << 20
    assert is_verified(tmp_path / "b")


def test_arrays_whose_numbers_are_not_those_of_their_checksum_are_found(tmp_path: Path) -> None:
    project = a_project(tmp_path, floats(tmp_path / "f.npz"))
    release(project, tmp_path / "b", threshold_from="agreed", epsilon="300", budget="300")
    path = tmp_path / "b/data/train/records.npz"
    with zipfile.ZipFile(path) as archive:
        (info, *_) = archive.infolist()
    content = bytearray(path.read_bytes())
    for place in range(len(content) - 4):
        if content[place : place + 4] == info.CRC.to_bytes(4, "little"):
            content[place] ^= 1
    path.write_bytes(content)
    rebuild(tmp_path / "b")
    assert "metadata" in failed(tmp_path / "b")


@pytest.mark.parametrize(
    "name", ["L" * 200_000, "x" * 301, "d\u3164og", "a" + "\u0301" * 9, "\u202egod"]
)
def test_a_class_that_no_report_can_name_is_told_before_anything_is_charged(
    tmp_path: Path, name: str
) -> None:
    project = a_project(tmp_path, classes=(*CLASSES, name))
    with pytest.raises(UsageError, match="Counting by class is not possible"):
        release(project, tmp_path / "b", **REPORT)
    assert charges(project) == []


def test_many_classes_by_many_bins_are_told_before_anything_is_charged(tmp_path: Path) -> None:
    names = tuple(f"class {number}" for number in range(2500))
    project = a_project(tmp_path, classes=(*CLASSES, *names))
    bins = ",".join(f"{edge / 1000}" for edge in range(1000))
    with pytest.raises(UnusableError, match="Nothing was charged"):
        release(project, tmp_path / "b", kind="report", bins=bins, by_class=True)
    assert charges(project) == []
    release(project, tmp_path / "c", kind="report", bins="0.5", by_class=True)
    assert is_verified(tmp_path / "c")


def test_a_preview_says_that_a_release_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_ROWS", 39)
    project = a_project(tmp_path)
    with pytest.raises(UnusableError, match="rows of a table"):
        release(project, tmp_path / "b", kind="scores", dry_run=True)


@pytest.mark.parametrize("side", [40, 60])
def test_images_of_an_array_are_no_larger_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    """They are written as PNG, whatever their size; a check reads images of a certain size alone."""
    for place in ("records.forms.image_files", "records.image_formats.bare"):
        monkeypatch.setattr(f"dataselect_gui.{place}.MAX_PIXELS", 50 * 50)
    np.savez(tmp_path / "i.npz", x=np.zeros((3, side, side), np.uint8), y=np.arange(3))
    project = a_project(tmp_path, tmp_path / "i.npz")
    asked: dict[str, Any] = {"threshold_from": "agreed", "epsilon": "300", "budget": "300"}
    if side > 50:
        with pytest.raises(UnusableError, match="pixels of an image"):
            release(project, tmp_path / "b", **asked)
        assert charges(project) == []
    else:
        release(project, tmp_path / "b", **asked)
        assert is_verified(tmp_path / "b")


def test_a_gradient_that_the_ledger_cannot_keep_is_refused() -> None:
    check_sum([("weight", [1000, 1000]), ("bias", [1000])])
    with pytest.raises(UnusableError, match="bytes of a gradient"):
        check_sum([("weight", [12_000, 10_000])])
    with pytest.raises(UnusableError, match="names of a model's parameters"):
        check_sum([("w" * 3_000_000, [1])])


@pytest.mark.parametrize("known", [True, False])
def test_a_gradient_is_refused_before_it_is_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """By what the checkpoint says, before anything is summed; else by what was summed."""
    summing: list[object] = []

    def summed(*_: object) -> object:
        summing.append(1)
        return [("weight", [5, 3])], np.arange(15, dtype=np.int64)

    monkeypatch.setattr("dataselect_gui.workflow.releasing.sum_gradients", summed)
    monkeypatch.setattr(limits, "MOST_DRAW", 119 if known else 121)  # The checkpoint has 15.
    project = a_project(tmp_path)
    asked: dict[str, Any] = {"kind": "gradient", "delta": "1e-6", "clip": "1", "budget": "9"}
    with pytest.raises(UnusableError, match="bytes of a gradient"):
        release(project, tmp_path / "b", threshold_from="agreed", **asked)
    assert charges(project) == []
    assert bool(summing) != known


@pytest.mark.parametrize("size", [*range((1 << 20) - 160, (1 << 20) + 33, 32), 1 << 21, 3 << 20])
def test_arrays_are_read_whole_wherever_their_parts_end(tmp_path: Path, size: int) -> None:
    """What a packed byte unpacks to may come out in more than one part."""
    np.savez_compressed(
        tmp_path / "r.npz", x=np.zeros((2, size // 8), dtype=np.float32), y=np.array(["cat", "dog"])
    )
    nothing_but_arrays(tmp_path / "r.npz")

"""Labels leave in the consortium's spelling, whatever the owner calls them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui.errors import UsageError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import SourceRef
from tests.helpers import array_file
from tests.projects import consortium, scored_project
from tests.releases import is_verified, release, select

COUNT = 36
TABLE = LabelRule(classes=(("minou", "cat"), ("fish", "")))


def released_labels(folder: Path, rule: LabelRule, task: str = "", **arrays: Any) -> set[str | None]:  # noqa: ANN401
    """Release nearly all records, and return the labels in the bundle, which is one to train on."""
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, 6, 5), dtype=np.uint8)
    source = array_file(folder / "records.npz", x=pixels, **arrays)
    request = {"task": task} if task else {}
    model = consortium(folder / "consortium", **request)
    project = scored_project(folder / "p.dataselect", source, model, [1.0] * COUNT, labels=rule)
    select(project, threshold="0.5")
    bundle = folder / "bundle"
    release(project, bundle, epsilon="8", budget="8")
    assert is_verified(bundle)
    lines = (bundle / "data/train/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    labels = [json.loads(line)["label"] for line in lines]
    assert set(open_source(SourceRef(bundle / "data/train")).labels) == set(labels)
    return set(labels)


def test_three_spellings_of_a_class_leave_as_the_models(tmp_path: Path) -> None:
    names = np.array(["Bird", " cat", "minou", "fish", "DOG ", ""])
    labels = released_labels(tmp_path, TABLE, y=np.tile(names, COUNT // 6))
    assert labels == {"bird", "cat", "fish", "dog", None}


def test_numbers_of_classes_leave_as_their_names(tmp_path: Path) -> None:
    assert released_labels(tmp_path, LabelRule(), y=np.arange(COUNT) % 4 - 1) == {
        *("bird", "cat", "dog", None)
    }


def test_several_labels_leave_as_a_list(tmp_path: Path) -> None:
    flags = np.array([[1, 0, 1], [0, 0, 0]] * (COUNT // 2), dtype=np.uint8)
    assert released_labels(tmp_path, LabelRule(), "multi_label", y=flags) == {'["bird", "dog"]', "[]"}


def test_what_is_not_known_of_a_record_does_not_leave_as_no(tmp_path: Path) -> None:
    rule = LabelRule(columns=("cat", "dog"))
    columns = {"cat": np.arange(COUNT) % 2, "dog": np.full(COUNT, -1)}
    labels = released_labels(tmp_path, rule, "multi_label", **columns)
    assert labels == {'{"cat": 0}', '{"cat": 1}'}


def test_a_report_by_class_needs_classes_that_exclude_each_other(tmp_path: Path) -> None:
    for task in ("multi_label", "regression"):
        source = array_file(tmp_path / f"{task}.npz", x=np.zeros((4, 6, 5), np.uint8), y=np.zeros(4))
        model = consortium(tmp_path / task, task=task)
        project = scored_project(tmp_path / f"{task}.dataselect", source, model, [1.0] * 4)
        select(project, threshold="0.5")
        with pytest.raises(UsageError, match="exclude each other"):
            release(project, tmp_path / "b", bins="0,1", by_class=True, kind="report")

"""Labels leave in the consortium's spelling, whatever the owner calls them."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui.errors import UsageError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.records.source import SourceRef
from tests.helpers import array_file, hugging_face_folder, image_folder
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


def image_files(folder: Path, labels: Sequence[str]) -> Path:
    root = image_folder(folder / "images", [f"{n}.png" for n in range(len(labels))])
    lines = [{"file_name": f"{n}.png", "label": label} for n, label in enumerate(labels)]
    (root / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return root


def row_table(folder: Path, labels: Sequence[str]) -> Path:
    return table(folder / "rows.csv", "age", labels)


def text_table(folder: Path, labels: Sequence[str]) -> Path:
    return table(folder / "texts.csv", "text", labels)


def table(path: Path, column: str, labels: Sequence[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [(column, "label"), *((str(n), label) for n, label in enumerate(labels))]
        )
    return path


def float_arrays(folder: Path, labels: Sequence[str]) -> Path:
    rows = np.random.default_rng(0).random((len(labels), 1, 4, 4), dtype=np.float32)
    return array_file(folder / "floats.npz", x=rows, y=np.array(labels))


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


# As the card and Croissant have them

FORMS: dict[str, Callable[[Path, Sequence[str]], Path]] = {
    "images": image_files,
    "rows": row_table,
    "texts": text_table,
    "arrays": float_arrays,
}
NUMBER, CLASSES, NUMBERS, BLANK = "is a number", "list of classes", "list of numbers", "blank label"
LABELS: dict[str, tuple[str, list[str], type, str, set[str]]] = {
    "names": ("", ["cat", "dog", "bird"], str, "sc:Text", set()),
    "blanks": ("", ["cat", "", "bird"], str, "sc:Text", {BLANK}),
    "one logit": ("binary", ["1", "0", ""], str, "sc:Text", {BLANK}),
    "several": ("multi_label", ['["cat"]', "[]", '["cat", "dog"]'], str, "sc:Text", {CLASSES}),
    "some unknown": (
        "multi_label", ['{"cat": 1, "dog": 0, "bird": ""}', "[]", ""], str, "sc:Text", {CLASSES, BLANK},
    ),
    "numbers": ("regression", ["3.5", "-1", "1e-9"], float, "sc:Float", {NUMBER}),
    "some numbers": ("regression", ["3.5", "2", ""], float, "sc:Float", {NUMBER, BLANK}),
    "rows of numbers": (
        "regression", ["[1, 2.5, 3]", "[0, 0, 0]", ""], str, "sc:Text", {NUMBERS, BLANK},
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # In Croissant's library.
@pytest.mark.parametrize("case", LABELS)
@pytest.mark.parametrize("form", FORMS)
def test_labels_are_described_as_what_they_are(tmp_path: Path, form: str, case: str) -> None:
    import mlcroissant

    task, labels, kind, data_type, said = LABELS[case]
    names = ["a", "b", "c"] if NUMBERS in said else ["value"]
    outputs = {"0": "bird", "1": "cat", "2": "dog"} if task != "regression" else dict(enumerate(names))
    model = consortium(tmp_path / "model", **({"task": task} if task else {}))
    hugging_face_folder(model, id2label={"0": "cat"} if task == "binary" else outputs)
    source = FORMS[form](tmp_path, labels * 4)
    column = "text" if form == "texts" else None
    folder = tmp_path / "p.dataselect"
    project = scored_project(folder, source, model, [1.0] * 12, text_column=column)
    select(project, threshold="0.5")
    bundle = tmp_path / "bundle"
    asked = {"mechanism": "exact", "epsilon": None, "acknowledge_exact": True, "reason": "a test"}
    release(project, bundle, budget=None, **asked)
    assert is_verified(bundle)
    card = (bundle / "README.md").read_text(encoding="utf-8")
    assert {sentence for sentence in (NUMBER, CLASSES, NUMBERS, BLANK) if sentence in card} == said
    described = json.loads((bundle / "croissant.json").read_text(encoding="utf-8"))
    dataset = mlcroissant.Dataset(jsonld=str(bundle / "croissant.json"))
    assert not dataset.metadata.issues.errors
    if form == "arrays":  # Croissant knows no such file.
        assert "recordSet" not in described
        return
    (label,) = [f for f in described["recordSet"][0]["field"] if f["name"] == "label"]
    assert label["dataType"] == data_type
    assert {
        sentence for sentence in (NUMBER, CLASSES, NUMBERS) if sentence in label.get("description", "")
    } == (said - {BLANK})
    read = [row["train/label"] for row in dataset.records("train")]
    assert len(read) == 12
    if BLANK not in said:
        assert all(isinstance(value, kind if kind is float else bytes | str) for value in read)
    if kind is float:
        known = sorted(float(value) for value in read if value is not None and value == value)
        assert known == sorted(4 * [float(label) for label in labels if label])

"""Requests that are written, held against what they may be, and told in words."""

import json
from pathlib import Path

import pytest

from dataselect_gui.checkpoints.request import KNOWN, read_request
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.workflow.request_sentences import request_words
from dataselect_gui.workflow.requesting import WHOLE, check_request, new_request
from tests.helpers import hugging_face_folder, write_json

SOUND: dict[str, object] = {
    "noise_multiplier": 1.1,
    "max_grad_norm": 1.0,
    "sample_rate": 0.01,
    "steps": 1000,
    "delta": 1e-5,
    "epsilon": 3,
    "task": "single_label",
    "score": "loss",
    "threshold": 0.5,
    "bounds": {"loss": [0, 5]},
    "pixel_range": [0, 4095],
    "contact": "the consortium",
    "deadline": "2027-01-01",
    "calibration": {
        "alpha": 0.05,
        "scores": {
            "loss": {
                "alpha": 0.05,
                "classes": {
                    "bird": {"count": 200, "threshold": 1.25},
                    "cat": {"count": 3},
                },
            }
        },
        "recall": {"bird": {"count": 200, "recall": 0.75}},
        "split": {"statistics": 0, "thresholds": 203},
        "seen_in_training": "compared",
        "privacy": {
            "epsilon": 1,
            "delta": 0,
            "confidence": 0.95,
            "queries": [{"what": "threshold of loss in each class", "epsilon": 1}],
        },
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoint"
    hugging_face_folder(place)
    (place / "dataselect.json").unlink(missing_ok=True)
    return place


def written(folder: Path, **changed: object) -> Path:
    content = {k: v for k, v in (SOUND | changed).items() if v is not None}
    write_json(folder / "dataselect.json", content)
    return folder


def test_a_sound_request_has_no_fault_and_is_told_in_words(folder: Path) -> None:
    checked = check_request(written(folder))
    assert checked.faults == {}
    assert checked.notes == []
    lines = " ".join(checked.lines)
    for part in ("bird: 1.25 (200 rows)", "cat: none (3 rows)", "75%", "ε = 1", "2027-01-01", "0.5"):
        assert part in lines
    assert checked.lines == request_words(read_request(folder))


WRONG: dict[str, list[object]] = {
    "noise_multiplier": [0, "1", True],
    "max_grad_norm": [-1, [1]],
    "sample_rate": [2, 0],
    "steps": [1.5, 0],
    "delta": [0.5],
    "epsilon": ["a"],
    "task": ["guessing", 1],
    "score": [3, "nothing"],
    "threshold": ["high"],
    "count": [0, "many"],
    "direction": ["../x", ""],
    "reference": ["a/b", ".."],
    "bounds": [{"loss": [1, 0]}, {"nothing": [0, 1]}, []],
    "pixel_range": [[1, 1]],
    "class_statistics": [[]],
    "contact": [1],
    "deadline": [1],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in WRONG.items() for value in values]
)
def test_each_wrong_value_is_told_by_its_key(folder: Path, key: str, value: object) -> None:
    checked = check_request(written(folder, **{key: value}))
    assert checked.faults.keys() == {key}
    assert f"“{key}”" in checked.faults[key]
    assert checked.lines == []


def test_every_key_has_a_wrong_value_here() -> None:
    assert KNOWN - WRONG.keys() - {"rule"} == {"calibration"}


CALIBRATION = SOUND["calibration"]
assert isinstance(CALIBRATION, dict)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"alpha": 0}, "alpha"),
        ({"alpha": 1}, "alpha"),
        ({"alpha": 0.01}, "more of alpha"),
        ({"scores": {"nothing": {"alpha": 0.01, "classes": {}}}}, "no score"),
        ({"scores": {"LOSS!": {"alpha": 0.01, "classes": {}}}}, "calibration"),
        ({"scores": {"loss": {"alpha": 0.05, "classes": {"bird": {"count": -1}}}}}, "count"),
        ({"scores": {"loss": {"alpha": 0.05, "classes": {"bird": {}}}}}, "count"),
        (
            {
                "scores": {
                    "loss": {"alpha": 0.05, "classes": {"bird": {"count": 1, "threshold": 1e300}}}
                }
            },
            "threshold",
        ),
        ({"scores": {"loss": {"alpha": 0.05, "classes": {"cow": {"count": 20}}}}}, "cow"),
        ({"recall": {"bird": {"count": 1, "recall": 1.5}}}, "recall"),
        ({"recall": {"cow": {"count": 1}}}, "cow"),
        ({"split": None}, "split"),
        ({"split": {"statistics": 1, "thresholds": 1, "seed": "ab"}}, "seed"),
        ({"seen_in_training": "perhaps"}, "seen_in_training"),
        ({"features": {"shrinkage": 0.1, "rows": 1, "source": "own"}}, "file"),
        ({"file": "../calibration.safetensors"}, "file"),
        ({"file": "a/b.safetensors"}, "file"),
        ({"file": "..\\b.safetensors"}, "file"),
        ({"file": "..safetensors"}, "file"),
        ({"file": "weights.bin"}, "file"),
        ({"more": 1}, "more"),
        ({"privacy": {"epsilon": 1, "delta": 0, "confidence": 0.9, "queries": []}}, "queries"),
        ({"privacy": {"epsilon": 0, "delta": 0, "confidence": 0.9, "queries": [1]}}, "epsilon"),
    ],
)
def test_each_part_of_a_calibration_is_checked(
    folder: Path, change: dict[str, object], part: str
) -> None:
    assert isinstance(CALIBRATION, dict)
    made = {k: v for k, v in (CALIBRATION | change).items() if v is not None}
    faults = check_request(written(folder, calibration=made)).faults
    assert faults.keys() == {"calibration"}
    assert part in faults["calibration"]


def test_all_faults_are_told_at_once(folder: Path) -> None:
    faults = check_request(written(folder, steps=0, delta=2, contact=1)).faults
    assert faults.keys() == {"steps", "delta", "contact"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1, "a": 2}', '{"steps": NaN}'])
def test_what_is_no_json_object_is_told_as_a_whole(folder: Path, text: str) -> None:
    (folder / "dataselect.json").write_text(text)
    assert check_request(folder).faults.keys() == {WHOLE}


def test_a_file_that_it_names_has_to_be_there(folder: Path) -> None:
    for key in ("direction", "reference"):
        faults = check_request(written(folder, **{key: "gone"})).faults
        assert faults.keys() == {WHOLE}
        assert "gone" in faults[WHOLE]


def test_what_is_no_fault_is_noted(folder: Path) -> None:
    checked = check_request(written(folder, thresold=1, mine=2, steps=None, score=None))
    assert checked.faults == {}
    notes = " ".join(checked.notes)
    for part in ("“threshold” is", "“mine”", "steps", "without a score"):
        assert part in notes


def test_there_has_to_be_one(folder: Path) -> None:
    with pytest.raises(UnusableError, match="no request"):
        check_request(folder)


def test_keys_are_written_and_others_kept(folder: Path) -> None:
    write_json(folder / "dataselect.json", {"mine": {"a": 1}, "contact": "us"})
    checked = new_request(
        folder, ["max_grad_norm=1.5", "score=loss", "contact=null", "deadline=2027-05-01"]
    )
    assert checked.faults == {}
    assert json.loads((folder / "dataselect.json").read_text()) == {
        "mine": {"a": 1},
        "max_grad_norm": 1.5,
        "score": "loss",
        "deadline": "2027-05-01",
    }


@pytest.mark.parametrize("stated", ["steps=0", "steps", "=1", "delta=NaN", "bounds=[1]", 'task="x"'])
def test_a_wrong_value_is_not_written(folder: Path, stated: str) -> None:
    write_json(folder / "dataselect.json", {"contact": "us"})
    with pytest.raises(UsageError):
        new_request(folder, [stated])
    assert json.loads((folder / "dataselect.json").read_text()) == {"contact": "us"}


def test_a_request_can_come_before_its_checkpoint(tmp_path: Path) -> None:
    checked = new_request(tmp_path / "new", ["contact=us"])
    assert checked.faults == {}
    assert checked.path == tmp_path / "new" / "dataselect.json"

import json
import math
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.request import Request, read_request
from dataselect_gui.errors import UnusableError
from tests.helpers import CLASSES, config, hugging_face_folder, write_json, write_safetensors


def series(folder: Path, *steps: int) -> Path:
    for step in steps:
        hugging_face_folder(folder / f"checkpoint-{step}")
    return folder


def steps_of(checkpoint: Checkpoint) -> list[int | None]:
    return [member.step for member in checkpoint.series]


# Layout


def test_a_hugging_face_folder_is_one_checkpoint(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "model")
    write_json(folder / "preprocessor_config.json", {})
    checkpoint = find_checkpoint(folder)
    assert checkpoint.labels == CLASSES
    assert checkpoint.series == (checkpoint.final,) == checkpoint.members
    assert checkpoint.final.form == "huggingface"
    assert checkpoint.final.step is None
    assert checkpoint.final.parameters == 15
    assert {path.name for path in checkpoint.final.files()} == {
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    }


def test_a_series_is_ordered_by_step_and_its_last_is_the_final_state(tmp_path: Path) -> None:
    checkpoint = find_checkpoint(series(tmp_path, 200, 40, 1000))
    assert steps_of(checkpoint) == [40, 200, 1000]
    assert checkpoint.final.step == 1000
    assert checkpoint.members == checkpoint.series


def test_the_folders_own_checkpoint_is_the_final_state(tmp_path: Path) -> None:
    checkpoint = find_checkpoint(hugging_face_folder(series(tmp_path, 200, 40)))
    assert steps_of(checkpoint) == [40, 200]
    assert checkpoint.final.step is None
    assert checkpoint.members == (*checkpoint.series, checkpoint.final)


def test_other_folders_are_no_part_of_a_series(tmp_path: Path) -> None:
    for name in ("checkpoint-", "checkpoint-10-old", "runs", "checkpoint-x"):
        (tmp_path / name).mkdir()
    assert steps_of(find_checkpoint(series(tmp_path, 20))) == [20]


def test_a_file_of_torch_export_is_a_checkpoint_with_the_json_beside_it(tmp_path: Path) -> None:
    (tmp_path / "model.pt2").write_bytes(b"not read yet")
    write_json(tmp_path / "config.json", config())
    write_json(tmp_path / "preprocessor_config.json", {})
    for path in (tmp_path, tmp_path / "model.pt2"):
        checkpoint = find_checkpoint(path)
        assert checkpoint.final.form == "exported"
        assert checkpoint.labels == CLASSES
        assert checkpoint.final.processor == tmp_path / "preprocessor_config.json"
        assert checkpoint.final.weights == (tmp_path / "model.pt2",)


def test_two_files_of_torch_export_in_a_folder_are_not_guessed_between(tmp_path: Path) -> None:
    for name in ("a.pt2", "b.pt2"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UnusableError, match=r"a\.pt2, b\.pt2"):
        find_checkpoint(tmp_path)


@pytest.mark.parametrize(
    "other",
    [{"model_type": "vit", "architectures": None}, {"num_channels": 3}, {"id2label": {"0": "x"}}],
)
def test_a_series_of_different_models_is_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    hugging_face_folder(series(tmp_path, 10) / "checkpoint-20", **other)
    with pytest.raises(UnusableError, match=f"not one model.*{next(iter(other))}"):
        find_checkpoint(tmp_path)


def test_a_series_of_different_forms_is_refused(tmp_path: Path) -> None:
    series(tmp_path, 10)
    write_json(tmp_path / "checkpoint-20" / "config.json", config())
    (tmp_path / "checkpoint-20" / "model.pt2").write_bytes(b"")
    with pytest.raises(UnusableError, match="its form"):
        find_checkpoint(tmp_path)


def test_an_empty_member_of_a_series_is_refused(tmp_path: Path) -> None:
    (series(tmp_path, 10) / "checkpoint-20").mkdir()
    with pytest.raises(UnusableError, match="checkpoint-20"):
        find_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "empty", "notes.txt"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UnusableError, match=name):
        find_checkpoint(tmp_path / name)


def test_the_digest_follows_every_file_that_a_score_depends_on(tmp_path: Path) -> None:
    folder = hugging_face_folder(series(tmp_path, 10, 20))
    digests = {find_checkpoint(folder).digest()}
    for member, size in ((folder, 3), (folder / "checkpoint-10", 4)):
        write_json(member / "preprocessor_config.json", {"size": size})
        digests.add(find_checkpoint(folder).digest())
        weights = member / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
        digests.add(find_checkpoint(folder).digest())
        write_json(member / "config.json", config(hidden_act="relu"))
        digests.add(find_checkpoint(folder).digest())
    assert len(digests) == 7
    write_json(folder / "README.json", {})
    assert find_checkpoint(folder).digest() in digests


def test_a_class_without_a_name_does_not_shift_the_names_after_it(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "model", id2label={"0": "bird", "2": "dog"})
    try:
        labels = find_checkpoint(folder).labels
    except UnusableError:
        return
    assert labels.index("dog") == 2


def test_class_names_are_ordered_by_number(tmp_path: Path) -> None:
    names = {str(index): f"class {index}" for index in reversed(range(12))}
    labels = find_checkpoint(hugging_face_folder(tmp_path / "model", id2label=names)).labels
    assert labels == tuple(f"class {index}" for index in range(12))


@pytest.mark.parametrize(
    "stated",
    [
        {"id2label": ["bird", "cat", "dog"]},
        {"id2label": None, "label2id": {"dog": 2, "bird": 0, "cat": 1}},
        {"id2label": {"0": "bird", "1": "cat", "2": "dog"}, "label2id": {"LABEL_0": 0, "LABEL_1": 1}},
        {"id2label": {"0": "bird", "1": "cat", "2": "dog"}, "label2id": {"bird": "0", "cat": "1"}},
    ],
    ids=["list", "by name alone", "by name left as the library makes it", "by name in part"],
)
def test_class_names_are_read_in_each_way_in_which_files_state_them(
    tmp_path: Path, stated: dict[str, Any]
) -> None:
    assert find_checkpoint(hugging_face_folder(tmp_path, **stated)).labels == ("bird", "cat", "dog")


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"label2id": {"bird": 1, "cat": 0, "dog": 2}}, "differently"),
        ({"label2id": {"bird": 2, "cat": 1, "dog": 0}}, "differently"),
        ({"id2label": None, "label2id": {"bird": 1, "cat": 2}}, "label2id does not number"),
        ({"id2label": None, "label2id": {"bird": 0, "cat": 0}}, "label2id does not number"),
        ({"id2label": "bird,cat,dog"}, "id2label does not number"),
    ],
    ids=["two exchanged", "reversed", "from 1", "one number twice", "a text"],
)
def test_class_names_that_are_not_clear_are_refused(
    tmp_path: Path, stated: dict[str, Any], why: str
) -> None:
    with pytest.raises(UnusableError, match=why):
        _ = find_checkpoint(hugging_face_folder(tmp_path, **stated)).labels


def test_class_names_by_something_else_than_a_number_are_refused(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "model", id2label={"first": "bird"})
    with pytest.raises(UnusableError, match="id2label"):
        _ = find_checkpoint(folder).labels


# Refusals


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib"])
@pytest.mark.parametrize("pointed_at", ["file", "folder", "folder with config", "series"])
def test_a_pickle_is_refused_with_the_way_to_convert_it(
    tmp_path: Path, ending: str, pointed_at: str
) -> None:
    folder = tmp_path / "checkpoint-3"
    folder.mkdir()
    pickle = folder / f"model{ending}"
    pickle.write_bytes(b"\x80\x04")
    if pointed_at == "folder with config":
        write_json(folder / "config.json", config())
    path = {"file": pickle, "series": tmp_path}.get(pointed_at, folder)
    with pytest.raises(UnusableError, match="pickle") as caught:
        find_checkpoint(path)
    assert "safetensors" in caught.value.do
    assert "torch.export.save" in caught.value.do


def test_a_model_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "model", auto_map={"AutoModel": "evil.Model"})
    with pytest.raises(UnusableError, match="auto_map"):
        find_checkpoint(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "\xff", "[" * 100_000])
def test_a_config_that_is_no_json_object_is_refused(tmp_path: Path, content: str) -> None:
    folder = hugging_face_folder(tmp_path / "model")
    (folder / "config.json").write_text(content, encoding="latin-1")
    with pytest.raises(UnusableError, match=r"config\.json"):
        find_checkpoint(folder)


def test_weights_without_a_config_are_refused(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "model")
    (folder / "config.json").unlink()
    with pytest.raises(UnusableError, match=r"no config\.json"):
        find_checkpoint(folder)


def length(content: bytes) -> bytes:
    return len(content).to_bytes(8, "little") + content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        (2**63).to_bytes(8, "little") + b"{}",
        length(b"[]"),
        length(b'{"a": 1}'),
        length(b'{"a": {"dtype": "F32", "shape": ["x"], "data_offsets": [0, 4]}}') + bytes(4),
        length(b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'),
        length(b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}') + bytes(5),
        length(b"[" * 100_000),
    ],
    ids=["empty", "short", "length", "list", "number", "shape", "cut off", "longer", "deep"],
)
def test_damaged_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    folder = hugging_face_folder(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(UnusableError, match=r"model\.safetensors.*damaged"):
        find_checkpoint(folder)


def test_cut_off_safetensors_are_refused(tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(UnusableError, match="length"):
        find_checkpoint(folder)


def sharded(folder: Path, names: list[object]) -> Path:
    write_json(folder / "config.json", config())
    weights = {f"layer{index}": name for index, name in enumerate(names)}
    write_json(folder / "model.safetensors.index.json", {"weight_map": weights})
    return folder


def test_sharded_weights_are_one_checkpoint(tmp_path: Path) -> None:
    names = [f"model-0000{part}-of-00002.safetensors" for part in (1, 2)]
    folder = sharded(tmp_path, [names[1], names[0], names[1]])
    for name in names:
        write_safetensors(folder / name, {name: (2, 3)})
    checkpoint = find_checkpoint(folder)
    assert [path.name for path in checkpoint.final.weights] == names
    assert checkpoint.final.parameters == 12


@pytest.mark.parametrize(
    "name",
    [
        "../outside.safetensors",
        "/outside.safetensors",
        "..",
        "sub/inside.safetensors",
        "..\\outside.safetensors",
        "missing.safetensors",
        "model.bin",
        3,
        ["model.safetensors"],
    ],
)
def test_an_index_names_only_safetensors_beside_it(tmp_path: Path, name: object) -> None:
    folder = tmp_path / "model"
    write_safetensors(tmp_path / "outside.safetensors", {"a": (1,)})
    write_safetensors(folder / "sub" / "inside.safetensors", {"a": (1,)})
    write_safetensors(folder / "good.safetensors", {"a": (1,)})
    (folder / "model.bin").write_bytes(b"")
    with pytest.raises(UnusableError, match="index"):
        find_checkpoint(sharded(folder, ["good.safetensors", name]))


@pytest.mark.parametrize("content", [{}, {"weight_map": {}}, {"weight_map": []}])
def test_an_index_that_names_nothing_is_refused(tmp_path: Path, content: object) -> None:
    write_json(tmp_path / "config.json", config())
    write_json(tmp_path / "model.safetensors.index.json", content)
    with pytest.raises(UnusableError, match="names no files"):
        find_checkpoint(tmp_path)


# The request


def test_a_request_is_optional(tmp_path: Path) -> None:
    assert read_request(tmp_path) == Request()
    assert Request().score is None
    assert Request().threshold is None


def test_a_request_keeps_what_it_states_and_shows_what_is_unknown(tmp_path: Path) -> None:
    stated = {"score": "vog", "threshold": -1.5, "steps": 10, "bounds": {"vog": [0, 1]}}
    write_json(tmp_path / "dataselect.json", {**stated, "fee": 3, "Threshold": None})
    request = read_request(tmp_path)
    assert request.stated == stated
    assert request.unknown == {"fee": 3, "Threshold": None}
    assert request.score == "vog"
    assert request.threshold == -1.5


def test_the_request_lies_beside_the_checkpoint_or_the_series(tmp_path: Path) -> None:
    folder = hugging_face_folder(series(tmp_path / "shared", 10, 20))
    write_json(folder / "dataselect.json", {"score": "loss"})
    (tmp_path / "other").mkdir()
    exported = tmp_path / "other" / "model.pt2"
    exported.write_bytes(b"")
    write_json(exported.parent / "dataselect.json", {"score": "loss"})
    for path in (folder, folder / "checkpoint-10", exported, exported.parent):
        assert find_checkpoint(path).request.score == "loss"


NO_NUMBERS: tuple[object, ...] = ("1", None, True, [])
NO_COUNTS: tuple[object, ...] = (0, 1.5, True, "3")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, value) for key in ("epsilon", "threshold") for value in NO_NUMBERS),
        *((key, 0) for key in ("noise_multiplier", "max_grad_norm", "sample_rate", "delta")),
        *((key, value) for key in ("steps", "count") for value in NO_COUNTS),
        ("threshold", math.nan),
        ("threshold", math.inf),
        ("threshold", -1e305),
        pytest.param("threshold", 10**400, id="threshold-beyond floats"),
        ("score", 3),
        ("direction", ["file"]),
        ("bounds", [0, 1]),
        ("class_statistics", "x"),
    ],
)
def test_a_value_that_its_key_cannot_have_is_refused(tmp_path: Path, key: str, value: object) -> None:
    write_json(tmp_path / "dataselect.json", {key: value})
    with pytest.raises(UnusableError, match=key):
        read_request(tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '"x"', "\xff", '{"threshold": 1' + "0" * 5000 + "}", "[" * 100_000],
    ids=["empty", "list", "cut off", "text", "latin", "huge number", "deep"],
)
def test_a_request_that_is_no_json_object_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "dataselect.json").write_text(content, encoding="latin-1")
    with pytest.raises(UnusableError, match=r"dataselect\.json"):
        read_request(tmp_path)


# Real files


@pytest.mark.parametrize(
    ("name", "form", "steps", "classes"),
    [
        ("fashion-mnist-resnet", "huggingface", [312, 624, 936, 1248, 1560, 1872], 10),
        ("chest-xray-resnet", "huggingface", [84, 168, 252, 336, 420], 2),
        ("cifar10-resnet20", "exported", [None], 10),
    ],
)
def test_the_shared_checkpoints_are_found(
    shared_data: Path, name: str, form: str, steps: list[int | None], classes: int
) -> None:
    checkpoint = find_checkpoint(shared_data / "checkpoints" / name)
    assert checkpoint.final.form == form
    assert steps_of(checkpoint) == steps
    assert len(checkpoint.labels) == classes


def test_the_request_of_the_shared_checkpoint_is_understood(shared_data: Path) -> None:
    path = shared_data / "checkpoints" / "chest-xray-resnet"
    request = find_checkpoint(path).request
    assert request.stated == json.loads((path / "dataselect.json").read_text())
    assert not request.unknown

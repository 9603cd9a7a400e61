"""What is not as it is to be is said by its own name: which file, what in it, and what to do."""

import hashlib
import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModelForImageClassification

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.scoring.model import load_model
from dataselect_gui.workflow.inspecting import looks_like_checkpoint
from tests.families import image_model, images
from tests.helpers import config, hugging_face_folder, preprocessor, write_json
from tests.models import (
    SIDE,
    export,
    save_member,
    save_series,
    stir,
    tiny_convnext,
    tiny_plain,
    tiny_resnet,
    tiny_vit,
)

CPU = torch.device("cpu")
PICTURE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (20, 30), dtype=np.uint8))


def change(path: Path, **stated: Any) -> None:  # noqa: ANN401  (any part of JSON)
    write_json(path, {**json.loads(path.read_text()), **stated})


def use(folder: Path) -> None:
    """Do what is done before the first record is read."""
    member = find_checkpoint(folder).final
    Preprocessor(member, load_model(member, CPU).channels)


def refusal_of(folder: Path) -> str:
    with pytest.raises(UnusableError) as caught:
        use(folder)
    return str(caught.value)


# Numbers for each channel


@pytest.mark.parametrize(
    "stated",
    [
        {"image_mean": [0.5] * 3, "image_std": [0.5] * 3},
        {"image_mean": [0.5, 0.5]},
        {"image_std": [0.5] * 4},
        {"image_mean": None, "image_std": None},  # The library's own, for three channels.
    ],
    ids=str,
)
@pytest.mark.parametrize("form", ["hugging face", "exported"])
def test_means_of_other_channels_are_the_processors_fault(
    tmp_path: Path, form: str, stated: dict[str, Any]
) -> None:
    save_member(tmp_path, stir(tiny_resnet() if form == "hugging face" else tiny_plain(), 0))
    use(tmp_path)
    path = tmp_path / "preprocessor_config.json"
    content = {**json.loads(path.read_text()), **stated}
    write_json(path, {key: value for key, value in content.items() if value is not None})
    why = refusal_of(tmp_path)
    assert "preprocessor_config.json" in why
    key = next(iter(stated))
    count = 3 if stated[key] is None else len(stated[key])
    assert f"Its {key} has {count} numbers where the model's images have 1" in why


@pytest.mark.parametrize("stated", [{"image_mean": 0.5, "image_std": 0.5}, {"do_normalize": False}])
def test_what_fits_any_channels_is_taken(folder: Path, stated: dict[str, Any]) -> None:
    change(folder / "preprocessor_config.json", **{"image_mean": [0.5] * 1, **stated})
    member = find_checkpoint(folder).final
    assert Preprocessor(member, 1)(PICTURE).shape == (1, SIDE, SIDE)


# Class names


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["a", "b", "c", "d"], ["x"] * 100])
def test_another_number_of_class_names_is_told(folder: Path, names: list[str]) -> None:
    change(folder / "config.json", id2label={str(i): f"{n}{i}" for i, n in enumerate(names)})
    why = refusal_of(folder)
    assert "class names do not match its model" in why
    assert f"names {len(names)} classes" in why
    assert ("room for them" if len(names) > 16 else "tell 3 apart") in why


@pytest.mark.parametrize("option", ["embedding_size", "hidden_sizes"])
def test_another_architecture_than_the_files_is_told_by_the_tensor(folder: Path, option: str) -> None:
    change(folder / "config.json", **{option: {"embedding_size": 3, "hidden_sizes": [4, 7]}[option]})
    why = refusal_of(folder)
    assert "is not what its config.json says" in why
    assert "has shape" in why


# Batch norms of older files


@pytest.mark.parametrize("family", ["mobilenet_v1", "mobilenet_v2", "resnet", "regnet"])
@pytest.mark.parametrize("which", [slice(None), slice(1)], ids=["all", "the first"])
def test_batch_norms_without_a_counter_are_the_same_model(
    tmp_path: Path, family: str, which: slice
) -> None:
    save_member(tmp_path, image_model(family, 0))
    stored = load_file(tmp_path / "model.safetensors")
    counters = [name for name in sorted(stored) if name.endswith("num_batches_tracked")]
    assert counters
    for name in counters[which]:
        del stored[name]
    save_file(stored, tmp_path / "model.safetensors", {"format": "pt"})
    records = images(family, 3)
    with torch.no_grad():
        logits = load_model(find_checkpoint(tmp_path).final, CPU)(records)
        plain = AutoModelForImageClassification.from_pretrained(tmp_path).eval()
        assert torch.equal(logits, plain(records).logits)


@pytest.mark.parametrize("missing", ["running_mean", "running_var", "weight"])
def test_batch_norms_without_something_else_are_incomplete(tmp_path: Path, missing: str) -> None:
    save_member(tmp_path, image_model("mobilenet_v2", 0))
    stored = load_file(tmp_path / "model.safetensors")
    name = next(n for n in stored if n.endswith(f"normalization.{missing}"))
    del stored[name]
    save_file(stored, tmp_path / "model.safetensors", {"format": "pt"})
    assert "incomplete" in refusal_of(tmp_path)


@pytest.mark.parametrize("name", ["flash_attention_2", "flash_attention_3", "flex_attention", "sdpa"])
def test_an_implementation_of_attention_changes_nothing(tmp_path: Path, name: str) -> None:
    model = image_model("vit", 0)
    save_member(tmp_path, model)
    change(tmp_path / "config.json", _attn_implementation=name, attn_implementation=name)
    with torch.no_grad():
        logits = load_model(find_checkpoint(tmp_path).final, CPU)(images("vit", 3))
        assert torch.equal(logits, model(images("vit", 3)).logits)


# Files of another kind


def timm(folder: Path) -> Path:
    stated = {"architecture": "resnet18", "num_classes": 3, "pretrained_cfg": {"tag": "a1_in1k"}}
    write_json(folder / "config.json", stated)
    return folder


def torch_script(folder: Path) -> Path:
    shutil.rmtree(folder)
    folder.mkdir()
    with warnings.catch_warnings(action="ignore"):
        traced = torch.jit.trace(tiny_plain(), torch.rand(1, 1, SIDE, SIDE))
        torch.jit.save(traced, str(folder / "model.pt2"))
    return folder


def torch_script_as_pt(folder: Path) -> Path:
    return torch_script(folder).joinpath("model.pt2").rename(folder / "model.pt")


def renamed(name: str, to: str) -> Callable[[Path], Path]:
    def rename(folder: Path) -> Path:
        (folder / name).rename(folder / to)
        return folder

    return rename


KINDS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "timm": (timm, "a model of the timm library (“resnet18”)"),
    "TorchScript": (torch_script, "TorchScript"),
    "TorchScript as .pt": (torch_script_as_pt, "TorchScript"),
    "weights in capitals": (renamed("model.safetensors", "MODEL.SAFETENSORS"), "MODEL.SAFETENSORS"),
    "another variant": (renamed("model.safetensors", "model.fp16.safetensors"), "model.fp16"),
    "config in capitals": (renamed("config.json", "Config.json"), "Config.json"),
    "weights alone": (lambda folder: folder / "model.safetensors", "Choose the folder"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_called_what_it_is(
    folder: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, why = KINDS[kind]
    path = make(folder)
    assert looks_like_checkpoint(path)
    assert why in refusal_of(path)
    assert "class names" not in refusal_of(path)
    if kind != "TorchScript":  # It is not read before it is loaded.
        assert main(["inspect", str(path), "--json"]) == 4
        assert why in " ".join(json.loads(capsys.readouterr().out)["error"].values())


def test_an_exported_model_may_end_in_capitals(tmp_path: Path) -> None:
    export(tmp_path / "MODEL.PT2", stir(tiny_plain(), 0), torch.rand(2, 1, SIDE, SIDE))
    write_json(tmp_path / "config.json", config())
    for path in (tmp_path, tmp_path / "MODEL.PT2"):
        assert looks_like_checkpoint(path)
        assert load_model(find_checkpoint(path).final, CPU).channels == 1


# What a model is for

PURPOSES = {
    "SegformerForSemanticSegmentation": "segmentation",
    "Mask2FormerForUniversalSegmentation": "segmentation",
    "SamModel": "segmentation",
    "DetrForObjectDetection": "detection",
    "Owlv2ForObjectDetection": "detection",
    "SuperPointForKeypointDetection": "detection",
    "GPT2LMHeadModel": "writes texts",
    "LlamaForCausalLM": "writes texts",
    "T5ForConditionalGeneration": "writes texts",
    "VisionEncoderDecoderModel": "writes texts",
    "BertForMaskedLM": "what is left out",
    "ElectraForPreTraining": "what is left out",
    "ViTForMaskedImageModeling": "what is left out",
    "BertForTokenClassification": "each word",
    "RobertaForQuestionAnswering": "each word",
    "DPTForDepthEstimation": "each place of an image",
    "Swin2SRForImageSuperResolution": "each place of an image",
    "ViTModel": "returns features",
    "ResNetBackbone": "returns features",
}


@pytest.mark.parametrize("family", ["resnet", "bert", "unheard_of"])
@pytest.mark.parametrize("name", PURPOSES)
def test_a_model_for_something_else_is_refused_in_one_sentence(
    tmp_path: Path, name: str, family: str
) -> None:
    hugging_face_folder(tmp_path / "model", model_type=family, architectures=[name])
    with pytest.raises(UnusableError) as caught:
        find_checkpoint(tmp_path / "model")
    assert PURPOSES[name] in caught.value.why
    assert name in caught.value.why
    assert caught.value.why.count(".") == 1


@pytest.mark.parametrize(
    ("family", "purpose"), [("detr", "detection"), ("yolos", "detection"), ("sam", "segmentation")]
)
def test_a_family_of_one_purpose_needs_no_architecture(
    tmp_path: Path, family: str, purpose: str
) -> None:
    stated: tuple[object, ...] = (None, [], "x")
    for architectures in stated:
        hugging_face_folder(tmp_path / "model", model_type=family, architectures=architectures)
        with pytest.raises(UnusableError, match=purpose):
            find_checkpoint(tmp_path / "model")


def test_a_class_that_the_family_does_not_have_is_refused(tmp_path: Path) -> None:
    hugging_face_folder(tmp_path / "model", architectures=["ResNetForTasting"])
    with pytest.raises(UnusableError, match="“ResNetForTasting”; of this family, ResNetForImage"):
        find_checkpoint(tmp_path / "model")


# Adapters

ADAPTERS = {
    "adapter_config.json": b'{"peft_type": "LORA"}',
    "adapter_model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
    "adapter_model.bin": b"\x80\x04.",
}


@pytest.mark.parametrize("beside", ["a model", "an exported model", "nothing", "a series"])
@pytest.mark.parametrize("name", ADAPTERS)
def test_adapters_are_refused_by_name(tmp_path: Path, name: str, beside: str) -> None:
    match beside:
        case "a model":
            hugging_face_folder(tmp_path)
        case "an exported model":
            (tmp_path / "model.pt2").write_bytes(b"")
        case "a series":
            hugging_face_folder(tmp_path / "checkpoint-1")
    (tmp_path / name).write_bytes(ADAPTERS[name])
    with pytest.raises(UnusableError, match=f"holds an adapter, “{name}”"):
        find_checkpoint(tmp_path)


def test_an_adapter_of_one_state_of_a_series_is_refused(tmp_path: Path) -> None:
    for step in (1, 2):
        hugging_face_folder(tmp_path / f"checkpoint-{step}")
    (tmp_path / "checkpoint-1" / "adapter_config.json").write_text("{}")
    with pytest.raises(UnusableError, match="“checkpoint-1” holds an adapter"):
        find_checkpoint(tmp_path)


# A processor for a whole series


@pytest.fixture(params=[tiny_resnet, tiny_convnext, tiny_vit, tiny_plain])
def above(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a series whose processor lies beside its states."""
    save_series(tmp_path, [stir(request.param(), seed) for seed in range(2)])
    for state in tmp_path.glob("checkpoint-*"):
        (state / "preprocessor_config.json").replace(tmp_path / "preprocessor_config.json")
    return tmp_path


def test_a_processor_at_the_top_of_a_series_is_that_of_each_state(above: Path) -> None:
    expected = Preprocessor(saved(above.parent / "plain"), 1)(PICTURE)
    checkpoint = find_checkpoint(above)
    for member in (*checkpoint.members, find_checkpoint(above / "checkpoint-10").final):
        assert np.array_equal(Preprocessor(member, 1)(PICTURE), expected)
    # What it says is in the digest, and a state's own goes first.
    before = checkpoint.digest()
    write_json(above / "checkpoint-10" / "preprocessor_config.json", preprocessor(8, channels=1))
    first, last = find_checkpoint(above).series
    assert Preprocessor(first, 1)(PICTURE).shape == (1, 8, 8)
    assert np.array_equal(Preprocessor(last, 1)(PICTURE), expected)
    (above / "checkpoint-10" / "preprocessor_config.json").unlink()
    assert find_checkpoint(above).digest() == before
    change(above / "preprocessor_config.json", image_mean=[0.4])
    assert find_checkpoint(above).digest() != before
    (above / "processor_config.json").write_text("{}")
    with pytest.raises(UnusableError, match="processor_config"):
        find_checkpoint(above)


def test_states_without_a_processor_do_not_change_the_digest_of_the_whole(tmp_path: Path) -> None:
    """A project of an earlier version goes on: they were read without the one above them."""
    folder = hugging_face_folder(tmp_path)
    for step in (1, 2):
        hugging_face_folder(folder / f"checkpoint-{step}")
    write_json(folder / "preprocessor_config.json", preprocessor(8, channels=1))
    checkpoint = find_checkpoint(folder)
    assert [member.processor for member in checkpoint.members] == [
        folder / "preprocessor_config.json"
    ] * 3
    files = [
        (member.step, path)
        for member in checkpoint.members
        for path in sorted(member.folder.iterdir())
        if path.name in {"config.json", "model.safetensors", "preprocessor_config.json"}
    ]
    order = ["model.safetensors", "config.json", "preprocessor_config.json"]
    lines = [
        f"{step} {path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for step, path in sorted(files, key=lambda file: (file[0] or 9, order.index(file[1].name)))
    ]
    assert checkpoint.digest() == hashlib.sha256("".join(lines).encode()).hexdigest()


def saved(folder: Path) -> Any:  # noqa: ANN401
    model: nn.Module = stir(tiny_resnet(), 0)
    save_member(folder, model)
    return find_checkpoint(folder).final


def test_a_processor_beside_other_folders_is_none_of_theirs(tmp_path: Path) -> None:
    save_member(tmp_path / "model", stir(tiny_resnet(), 0))
    path = tmp_path / "model" / "preprocessor_config.json"
    path.rename(tmp_path / "preprocessor_config.json")
    assert find_checkpoint(tmp_path / "model").final.processor is None

"""Families of models, and their options: what was reviewed is read, anything else refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dataselect_gui.checkpoints import families
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.model import load_model
from tests.checkpoints.test_hugging_face_folders import CPU, change, outcome, refusal_of
from tests.families import CLASSIFIERS_OF_TEXTS, IMAGES, MORE_IMAGES, image_model, images
from tests.helpers import hugging_face_folder
from tests.models import save_member, stir, tiny_vit


def test_the_reviewed_families_are_those_that_are_tested() -> None:
    by_reading = {
        reads: {name for name, family in families.FAMILIES.items() if family.reads == reads}
        for reads in ("images", "texts")
    }
    assert by_reading == {"images": {*IMAGES, *MORE_IMAGES}, "texts": {*CLASSIFIERS_OF_TEXTS}}


@pytest.fixture(
    scope="module",
    params=[*IMAGES, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE_IMAGES)],
)
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("family") / "model"
    save_member(folder, image_model(request.param, 0))
    return request.param, folder


def test_a_family_is_loaded_as_the_library_loads_it(saved: tuple[str, Path]) -> None:
    name, folder = saved
    records = images(name, 3)
    with torch.no_grad():
        logits = load_model(find_checkpoint(folder).final, CPU)(records)
        expected = image_model(name, 0)(records).logits
    assert torch.equal(logits, expected)


def test_a_family_keeps_nothing_of_an_earlier_record(saved: tuple[str, Path]) -> None:
    """Of one of another shape neither: Swin shrinks its windows to the smallest input so far."""
    name, folder = saved
    model = load_model(find_checkpoint(folder).final, CPU)
    record = images(name, 1)
    with torch.no_grad():
        alone = model(record)
        for shape in ((1, 1, 8, 8), (1, 1, 16, 24), (2, 1, 64, 64)):
            try:
                model(torch.ones(shape))
            except UnusableError:
                continue
        assert torch.equal(model(record), alone)


def test_swin_as_the_library_has_it_keeps_something() -> None:
    """The control of the test above: after a small record, no other can be computed."""
    model, record = image_model("swin", 0), images("swin", 1)
    with torch.no_grad():
        model(record)
        with pytest.raises(RuntimeError, match="size of tensor"):
            model(torch.ones(1, 1, 8, 8))
        with pytest.raises(RuntimeError, match="size of tensor"):
            model(record)


def test_a_family_draws_nothing_and_uses_stored_statistics(saved: tuple[str, Path]) -> None:
    name, folder = saved
    model = load_model(find_checkpoint(folder).final, CPU)
    assert not any(module.training for module in model.inner.modules())
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            assert module.track_running_stats
            assert module.running_mean is not None
    records = images(name, 2)
    with torch.no_grad():
        states = torch.get_rng_state()
        first, second = model(records), model(records)
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), states)


FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "mixtral": ({"num_local_experts": 8}, "among experts"),
    "switch_transformers": ({"expert_capacity": 64}, "among experts"),
    "qwen2_moe": ({}, "among experts"),
    "v_moe": ({}, "among experts"),
    "bert": ({}, "of this family, BertForSequenceClassification can be scored"),
    "t5": ({}, "not one that was reviewed"),
    "llama": ({}, "not one that was reviewed"),
    "timm_wrapper": ({"architecture": "resnet18"}, "timm library"),
    "vit_mae": ({"mask_ratio": 0.75}, "not one that was reviewed"),
    "clip": ({}, "not one that was reviewed"),
    "unheard of": ({}, "not one that was reviewed"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_family_that_was_not_reviewed_is_refused_with_the_reason(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    more, why = FOREIGN[name]
    folder = hugging_face_folder(tmp_path / "model", model_type=name, **more)
    assert why in refusal_of(folder)
    assert main(["inspect", str(folder), "--json"]) == 4
    assert why in json.loads(capsys.readouterr().out)["error"]["why"]


@pytest.mark.parametrize("name", [None, 3, ["resnet"], ""])
def test_a_family_that_is_not_named_is_refused(tmp_path: Path, name: object) -> None:
    assert "reviewed" in refusal_of(hugging_face_folder(tmp_path / "model", model_type=name))


OPTIONS: dict[str, tuple[object, str]] = {
    "num_experts": (4, "among experts"),
    "moe_layers": ([1], "among experts"),
    "router_aux_loss_coef": (0.1, "among experts"),
    "quantization_config": ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "quantised"),
    "auto_map": ({"AutoModel": "evil.Model"}, "program code"),
    "use_timm_backbone": (True, "elsewhere"),
    "backbone": ("microsoft/resnet-50", "elsewhere"),
    "backbone_config": ({"model_type": "resnet"}, "elsewhere"),
    "base_model_name_or_path": ("somewhere", "elsewhere"),
    "fusion_config": ({"x": 1}, "not reviewed"),
    "per_layer_config": ({"0": {"hidden_act": "gelu"}}, "not reviewed"),
    "pruned_heads": ({"0": [1]}, "not reviewed"),
    "track_running_stats": (False, "not reviewed"),
    "batch_norm_momentum": (None, ""),
    "hidden_act": ("xielu", "activation"),
    "num_channels": (10**7, "larger than"),
    "embedding_size": (-(10**7), "larger than"),
    "hidden_sizes": ([4] * 2000, "no plain value"),
    "depths": ([10**6, 10**6], "larger than"),
    "layer_type": ({"a": 1}, "no plain value"),
    "downsample_in_first_stage": ("x" * 100, "no plain value"),
}


@pytest.mark.parametrize("key", OPTIONS)
def test_an_option_that_was_not_reviewed_is_refused_with_the_reason(folder: Path, key: str) -> None:
    value, why = OPTIONS[key]
    change(folder / "config.json", **{key: value})
    if why:
        assert why in refusal_of(folder)
    else:  # It is as good as not stated.
        assert find_checkpoint(folder).labels


HARMLESS: dict[str, object] = {
    "_name_or_path": "/somewhere/else",
    "torch_dtype": "float16",
    "dtype": "bfloat16",
    "output_hidden_states": True,
    "output_attentions": True,
    "return_dict": False,
    "torchscript": True,
    "problem_type": "multi_label_classification",
    "gradient_checkpointing": True,
    "chunk_size_feed_forward": 1,
    "use_cache": False,
    "attn_implementation": "flash_attention_2",
    "_attn_implementation": "sdpa",
    "tie_word_embeddings": True,
    "pruned_heads": {},
    "initializer_range": "x",
}


@pytest.mark.parametrize("key", HARMLESS)
def test_an_option_that_every_configuration_carries_does_not_move_a_score(
    tmp_path: Path, key: str
) -> None:
    save_member(tmp_path / "model", stir(tiny_vit(), 0))
    _, before = outcome(tmp_path / "model")
    change(tmp_path / "model" / "config.json", **{key: HARMLESS[key]})
    _, after = outcome(tmp_path / "model")
    assert after == before


def test_a_model_says_which_of_its_architectures_it_is(tmp_path: Path) -> None:
    from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher

    stated = image_model("deit", 0).config
    assert isinstance(stated, DeiTConfig)
    taught = DeiTForImageClassificationWithTeacher(stated)
    save_member(tmp_path, stir(taught, 0))
    records = images("deit", 2)
    with torch.no_grad():
        logits = load_model(find_checkpoint(tmp_path).final, CPU)(records)
        assert torch.equal(logits, taught(records).logits)

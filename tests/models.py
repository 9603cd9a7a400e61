"""Tiny models and the checkpoints made of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    BitConfig,
    BitForImageClassification,
    ConvNextConfig,
    ConvNextForImageClassification,
    PreTrainedModel,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

from tests.helpers import CLASSES, config, preprocessor, write_json

SIDE = 16
RECORDS = np.random.default_rng(7).normal(size=(5, 1, SIDE, SIDE)).astype(np.float32)
"""Inputs of five records."""
_NAMES: dict[str, Any] = {
    "id2label": dict(enumerate(CLASSES)),
    "label2id": {name: index for index, name in enumerate(CLASSES)},
}


def tiny_resnet() -> PreTrainedModel:
    return ResNetForImageClassification(
        ResNetConfig(
            num_channels=1,
            embedding_size=4,
            hidden_sizes=[4, 8],
            depths=[1, 1],
            layer_type="basic",
            **_NAMES,
        )
    )


def tiny_convnext() -> PreTrainedModel:
    return ConvNextForImageClassification(
        ConvNextConfig(
            num_channels=1,
            patch_size=2,
            num_stages=2,
            hidden_sizes=[4, 8],
            depths=[1, 1],
            layer_scale_init_value=0.5,
            image_size=SIDE,
            **_NAMES,
        )
    )


def tiny_vit() -> PreTrainedModel:
    return ViTForImageClassification(
        ViTConfig(
            num_channels=1,
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
            image_size=SIDE,
            patch_size=8,
            **{**_NAMES, "attn_implementation": "eager"},
        )
    )


def tiny_bit() -> PreTrainedModel:
    """Return a model whose convolutions standardise their weights: parameters met by no rule."""
    return BitForImageClassification(
        BitConfig(
            num_channels=1,
            embedding_size=4,
            hidden_sizes=[8, 16],
            depths=[1, 1],
            num_groups=2,
            **_NAMES,
        )
    )


def tiny_plain() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1),
        nn.GroupNorm(2, 4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3),
        nn.Flatten(),
        nn.Linear(6 * 36, len(CLASSES)),
    )


FAMILIES: dict[str, Callable[[], nn.Module]] = {
    "resnet": tiny_resnet,
    "convnext": tiny_convnext,
    "vit": tiny_vit,
    "bit": tiny_bit,
    "exported": tiny_plain,
}


def stir(model: nn.Module, seed: int) -> nn.Module:
    """Give every parameter and stored statistic a value of its own, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_scale = parameter.dim() == 1 and not name.endswith("bias")
            spread = max(parameter[0].numel(), 1) ** -0.5 if parameter.dim() > 1 else 0.3
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.copy_(noise * spread + (1.0 if is_scale else 0.0))
        stored = model.state_dict()
        for name, buffer in model.named_buffers():
            if buffer.is_floating_point() and name in stored:
                noise = torch.rand(buffer.shape, generator=generator, dtype=buffer.dtype)
                buffer.copy_(noise + 0.5 if name.endswith("var") else noise - 0.5)
    return model.eval()


def export(path: Path, model: nn.Module, example: Tensor) -> Path:
    """Write a ``.pt2`` file that takes batches of any size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    batch = torch.export.Dim("batch")
    torch.export.save(torch.export.export(model, (example,), dynamic_shapes=({0: batch},)), path)
    return path


def save_member(folder: Path, model: nn.Module, *, side: int = SIDE) -> None:
    """Write one checkpoint of a model: a Hugging Face folder, or a ``.pt2`` file with its JSON."""
    if isinstance(model, PreTrainedModel):
        model.save_pretrained(folder)
    else:
        export(folder / "model.pt2", model, torch.zeros(2, 1, side, side))
        write_json(folder / "config.json", config())
    write_json(folder / "preprocessor_config.json", preprocessor(side, channels=1))


def save_series(folder: Path, models: Sequence[nn.Module]) -> Path:
    """Write ``checkpoint-<step>`` folders, 10 steps apart."""
    for index, model in enumerate(models, start=1):
        save_member(folder / f"checkpoint-{10 * index}", model)
    return folder

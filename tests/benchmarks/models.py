"""The models that costs are measured on: at most 12 million parameters, random weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    ConvNextConfig,
    ConvNextForImageClassification,
    GPT2Config,
    GPT2Model,
    MobileNetV2Config,
    MobileNetV2ForImageClassification,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

CLASSES = 10
WORDS, LENGTH = 30_000, 64
_OPTIONS: dict[str, Any] = {"num_labels": CLASSES, "attn_implementation": "eager"}


@dataclass(frozen=True)
class Workload:
    """A model and a batch of inputs and targets for it."""

    model: nn.Module
    inputs: Tensor
    targets: Tensor


class Block(nn.Module):
    """Two 3×3 convolutions with GroupNorm and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.GroupNorm(8, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.GroupNorm(8, outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = functional.relu(self.first_norm(self.first(inputs)))
        return functional.relu(self.second_norm(self.second(hidden)) + self.shortcut(inputs))


def resnet_groupnorm() -> nn.Module:
    """Return a ResNet-18 of half the usual width, for 32×32, 2.8 million parameters."""
    widths = (32, 64, 128, 256)
    blocks = [
        Block(widths[max(0, stage - (place == 0))], width, 2 if stage and place == 0 else 1)
        for stage, width in enumerate(widths)
        for place in range(2)
    ]
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1, bias=False),
        nn.GroupNorm(8, 32),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(256, CLASSES),
    )


class Logits(nn.Module):
    """The logits of a model of the transformers library."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.inner(inputs).logits
        return logits


class NextWord(nn.Module):
    """GPT-2 as a classifier of the next word, its output layer tied to its embedding."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.inner = GPT2Model(config)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.inner(inputs).last_hidden_state[:, -1]
        return functional.linear(hidden, self.inner.wte.weight)


def _resnet() -> nn.Module:
    config = ResNetConfig(
        embedding_size=64,
        hidden_sizes=[64, 128, 256, 512],
        depths=[2, 2, 2, 2],
        layer_type="basic",
        **_OPTIONS,
    )
    return Logits(ResNetForImageClassification(config))


def _vit() -> nn.Module:
    config = ViTConfig(
        hidden_size=192,
        num_hidden_layers=6,
        num_attention_heads=3,
        intermediate_size=768,
        image_size=32,
        patch_size=4,
        **_OPTIONS,
    )
    return Logits(ViTForImageClassification(config))


def _convnext() -> nn.Module:
    config = ConvNextConfig(
        hidden_sizes=[40, 80, 160, 320], depths=[2, 2, 6, 2], image_size=224, **_OPTIONS
    )
    return Logits(ConvNextForImageClassification(config))


def _bert() -> nn.Module:
    config = BertConfig(
        vocab_size=WORDS,
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=1024,
        **_OPTIONS,
    )
    return Logits(BertForSequenceClassification(config))


def _gpt2() -> nn.Module:
    return NextWord(
        GPT2Config(
            vocab_size=WORDS,
            n_positions=LENGTH,
            bos_token_id=0,
            eos_token_id=0,
            n_embd=256,
            n_layer=4,
            n_head=4,
            **_OPTIONS,
        )
    )


def _mobilenet() -> nn.Module:
    return Logits(MobileNetV2ForImageClassification(MobileNetV2Config(**_OPTIONS)))


def _exported() -> nn.Module:
    model = resnet_groupnorm().eval()
    example = torch.zeros(2, 3, 32, 32)
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    return program.module()


def _images(make: Callable[[], nn.Module], side: int, batch: int) -> Workload:
    torch.manual_seed(0)
    model = make()
    for module in model.modules():
        module.training = False
    inputs = torch.randn(batch, 3, side, side)
    return Workload(model, inputs, torch.randint(0, CLASSES, (batch,)))


def _texts(make: Callable[[], nn.Module], classes: int) -> Workload:
    torch.manual_seed(0)
    inputs = torch.randint(0, WORDS, (64, LENGTH))
    return Workload(make().eval(), inputs, torch.randint(0, classes, (64,)))


WORKLOADS: dict[str, Callable[[], Workload]] = {
    "resnet-groupnorm": lambda: _images(resnet_groupnorm, 32, 64),
    "resnet-groupnorm.pt2": lambda: _images(_exported, 32, 64),
    "resnet": lambda: _images(_resnet, 224, 16),
    "vit": lambda: _images(_vit, 32, 64),
    "convnext": lambda: _images(_convnext, 224, 16),
    "bert": lambda: _texts(_bert, CLASSES),
    "gpt2": lambda: _texts(_gpt2, WORDS),
    "mobilenet": lambda: _images(_mobilenet, 224, 16),
}

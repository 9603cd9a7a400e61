"""Tiny models of the transformers library's families, every parameter with a value of its own."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModelForImageClassification,
    AutoModelForSequenceClassification,
    GPT2Config,
    GPT2Model,
    PreTrainedModel,
    T5Config,
    T5EncoderModel,
)

from tests.helpers import CLASSES
from tests.models import stir

_COMMON: dict[str, Any] = {
    "id2label": dict(enumerate(CLASSES)),
    "label2id": {name: index for index, name in enumerate(CLASSES)},
    "attn_implementation": "eager",
}
_BLOCKS: dict[str, Any] = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}
_PATCHES: dict[str, Any] = {**_BLOCKS, "image_size": 16, "patch_size": 8}
_WINDOWS: dict[str, Any] = {
    "image_size": 16,
    "patch_size": 2,
    "embed_dim": 8,
    "depths": [2, 2],
    "num_heads": [2, 2],
    "window_size": 4,
}
_STAGES: dict[str, Any] = {"hidden_sizes": [8, 16], "depths": [1, 1]}
_PYRAMID: dict[str, Any] = {
    **_STAGES,
    "image_size": 32,
    "num_encoder_blocks": 2,
    "sr_ratios": [2, 1],
    "strides": [4, 2],
    "num_attention_heads": [1, 2],
    "mlp_ratios": [2, 2],
}
IMAGES: dict[str, dict[str, Any]] = {
    "resnet": {**_STAGES, "embedding_size": 4, "image_size": 16},
    "vit": _PATCHES,
    "deit": {**_PATCHES, "architectures": ["DeiTForImageClassification"]},
    "beit": {
        **_PATCHES,
        "layer_scale_init_value": 0.5,
        "use_absolute_position_embeddings": True,
        "use_relative_position_bias": True,
    },
    "swin": _WINDOWS,
    "convnext": {
        **_STAGES,
        "image_size": 16,
        "patch_size": 2,
        "num_stages": 2,
        "layer_scale_init_value": 0.5,
    },
    "convnextv2": {**_STAGES, "image_size": 16, "patch_size": 2, "num_stages": 2},
    "mobilenet_v1": {"image_size": 32, "depth_multiplier": 0.05, "min_depth": 4},
    "mobilenet_v2": {
        "image_size": 32,
        "depth_divisible_by": 4,
        "depth_multiplier": 0.1,
        "min_depth": 4,
    },
    "efficientnet": {
        "image_size": 32,
        "depth_coefficient": 1.0,
        "depth_divisor": 4,
        "expand_ratios": [1, 2],
        "hidden_dim": 320,
        "in_channels": [32, 16],
        "kernel_sizes": [3, 5],
        "num_block_repeats": [1, 1],
        "out_channels": [16, 24],
        "strides": [1, 2],
        "width_coefficient": 0.25,
    },
    "regnet": {"image_size": 16, "embedding_size": 4, "groups_width": 8, **_STAGES},
    "bit": {"image_size": 16, "embedding_size": 4, "num_groups": 2, **_STAGES},
    "dinov2": _PATCHES,
    "swiftformer": {
        "image_size": 64,
        "depths": [1, 1, 1, 1],
        "embed_dims": [4, 4, 8, 8],
        "layer_scale_init_value": 0.5,
    },
    "pvt": {
        **_PYRAMID,
        "num_labels": len(CLASSES),
        "patch_sizes": [4, 2],
        "sequence_reduction_ratios": [2, 1],
    },
    "cvt": {
        "image_size": 32,
        "depth": [1, 2, 3],
        "embed_dim": [4, 8, 8],
        "mlp_ratio": [2.0, 2.0, 2.0],
        "num_heads": [1, 2, 2],
        "patch_padding": [1, 1, 1],
        "patch_sizes": [3, 3, 3],
        "patch_stride": [2, 2, 1],
    },
}
"""By the library's name: what its configuration is given."""
MORE_IMAGES: dict[str, dict[str, Any]] = {
    "data2vec-vision": {**_PATCHES, "use_relative_position_bias": True},
    "dinov2_with_registers": _PATCHES,
    "donut-swin": _WINDOWS,
    "focalnet": {
        **_STAGES,
        "image_size": 16,
        "patch_size": 2,
        "embed_dim": 8,
        "focal_levels": [2, 2],
        "focal_windows": [3, 3],
    },
    "hgnet_v2": {
        **_STAGES,
        "image_size": 32,
        "embedding_size": 8,
        "stem_channels": [1, 4, 8],
        "stage_downsample": [False, True],
        "stage_in_channels": [8, 8],
        "stage_kernel_size": [3, 3],
        "stage_light_block": [False, True],
        "stage_mid_channels": [4, 4],
        "stage_num_blocks": [1, 1],
        "stage_numb_of_layers": [2, 2],
        "stage_out_channels": [8, 16],
    },
    "hiera": {
        "image_size": [32, 32],
        "depths": [1, 1],
        "embed_dim": 8,
        "masked_unit_attention": [True, False],
        "masked_unit_size": [4, 4],
        "mlp_ratio": 2.0,
        "num_heads": [1, 2],
        "num_query_pool": 1,
        "patch_padding": [1, 1],
        "patch_size": [3, 3],
        "patch_stride": [4, 4],
    },
    "ijepa": _PATCHES,
    "levit": {
        "architectures": ["LevitForImageClassification"],
        "image_size": 128,
        "attention_ratio": [2, 2, 2],
        "depths": [1, 1, 1],
        "hidden_sizes": [16, 16, 16],
        "key_dim": [4, 4, 4],
        "mlp_ratio": [2, 2, 2],
        "num_attention_heads": [2, 2, 2],
    },
    "mobilevit": {
        "image_size": 128,
        "hidden_sizes": [8, 8, 8],
        "neck_hidden_sizes": [4, 4, 8, 8, 8, 8, 16],
        "num_attention_heads": 2,
    },
    "mobilevitv2": {
        "image_size": 64,
        "base_attn_unit_dims": [64, 64, 64],
        "expand_ratio": 1.0,
        "n_attn_blocks": [1, 1, 1],
        "width_multiplier": 0.125,
    },
    "poolformer": {
        **_STAGES,
        "image_size": 16,
        "layer_scale_init_value": 0.5,
        "num_encoder_blocks": 2,
        "padding": [1, 1],
        "patch_sizes": [3, 3],
        "strides": [2, 2],
    },
    "pvt_v2": {**_PYRAMID, "patch_sizes": [3, 3]},
    "segformer": {**_PYRAMID, "patch_sizes": [3, 3]},
    "swinv2": _WINDOWS,
    "vit_msn": _PATCHES,
}
"""Families that are less used."""

_WORDS, _LONGEST, _PADDING = 30, 16, 1
_TEXT: dict[str, Any] = {
    **_BLOCKS,
    "vocab_size": _WORDS,
    "max_position_embeddings": _LONGEST,
    "pad_token_id": _PADDING,
}
TEXTS: dict[str, dict[str, Any]] = {
    "albert": {**_TEXT, "embedding_size": 4},
    "bert": _TEXT,
    "deberta-v2": {
        **_TEXT,
        "norm_rel_ebd": "layer_norm",
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 4,
        "relative_attention": True,
        "share_att_key": True,
    },
    "distilbert": {**_TEXT, "dim": 8, "hidden_dim": 16, "n_heads": 2, "n_layers": 2},
    "electra": {**_TEXT, "embedding_size": 4},
    "gpt2": {
        **_TEXT,
        "n_embd": 8,
        "n_head": 2,
        "n_layer": 2,
        "n_positions": _LONGEST,
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    "gpt2, tied": {
        "n_embd": 8,
        "n_head": 2,
        "n_layer": 1,
        "n_positions": _LONGEST,
        "vocab_size": _WORDS,
    },
    "llama": {**_TEXT, "num_key_value_heads": 1},
    "roberta": _TEXT,
    "t5, encoder": {
        "d_ff": 16,
        "d_kv": 4,
        "d_model": 8,
        "num_heads": 2,
        "num_layers": 2,
        "vocab_size": _WORDS,
    },
}


_DEBERTA: dict[str, Any] = {
    "relative_attention": True,
    "pos_att_type": ["p2c", "c2p"],
    "max_relative_positions": 8,
    "type_vocab_size": 2,
}
CLASSIFIERS_OF_TEXTS: dict[str, dict[str, Any]] = {
    "albert": {**_TEXT, "embedding_size": 4},
    "bert": _TEXT,
    "camembert": _TEXT,
    "deberta": {**_TEXT, **_DEBERTA},
    "deberta-v2": {**TEXTS["deberta-v2"], "type_vocab_size": 2},
    "distilbert": TEXTS["distilbert"],
    "electra": TEXTS["electra"],
    "ernie": _TEXT,
    "modernbert": {
        **_TEXT,
        "num_hidden_layers": 4,
        "local_attention": 4,
        "classifier_pooling": "mean",
        "cls_token_id": 0,
        "sep_token_id": 0,
        "bos_token_id": 0,
        "eos_token_id": 0,
    },
    "mpnet": _TEXT,
    "roberta": _TEXT,
    "roberta-prelayernorm": _TEXT,
    "xlm-roberta": _TEXT,
    "xlm-roberta-xl": _TEXT,
}
"""By the library's name: what the configuration of a classifier of texts is given."""
TYPED = {"albert", "bert", "deberta", "deberta-v2", "electra", "ernie"}
"""Families that tell the types of tokens apart."""


class Pooled(nn.Module):
    """An encoder of texts as a classifier: the mean over its tokens, and a linear layer."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.exit = nn.Linear(encoder.config.hidden_size, len(CLASSES))

    def forward(self, *tokens: Tensor, **embedded: Tensor) -> Tensor:
        hidden = self.encoder(*tokens, **embedded).last_hidden_state
        logits: Tensor = self.exit(hidden.mean(dim=1))
        return logits


class Tied(nn.Module):
    """A decoder of texts as a classifier of the next word, by the weights of its embedding."""

    def __init__(self, decoder: GPT2Model) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, *tokens: Tensor, **embedded: Tensor) -> Tensor:
        hidden = self.decoder(*tokens, **embedded).last_hidden_state[:, -1]
        return functional.linear(hidden, self.decoder.wte.weight)


def image_model(name: str, seed: int) -> PreTrainedModel:
    """Return a model of a family, for images of one channel."""
    config = AutoConfig.for_model(name, num_channels=1, **_COMMON, **_images(name))
    model: PreTrainedModel = AutoModelForImageClassification.from_config(config)
    stir(model, seed)
    _settle(model, images(name, 16))
    return model


def images(name: str, count: int) -> Tensor:
    """Return inputs for it, shape (count, 1, height, width)."""
    side = _images(name)["image_size"]
    height, width = side if isinstance(side, list) else (side, side)
    return torch.randn(count, 1, height, width, generator=torch.Generator().manual_seed(7))


def text_model(name: str, seed: int) -> nn.Module:
    """Return a model of a family, from token ids or their embeddings to logits."""
    options = TEXTS[name]
    if name == "t5, encoder":
        encoder = T5EncoderModel._from_config(T5Config(**options), attn_implementation="eager")
        model: nn.Module = Pooled(encoder)
    elif name == "gpt2, tied":
        decoder = GPT2Config(bos_token_id=0, eos_token_id=0, **options)
        model = Tied(GPT2Model._from_config(decoder, attn_implementation="eager"))
    else:
        config = AutoConfig.for_model(name, **_COMMON, **options)
        model = AutoModelForSequenceClassification.from_config(config)
    return stir(model, seed)


def text_classifier(name: str, seed: int) -> PreTrainedModel:
    """Return a model of a family that classifies texts."""
    config = AutoConfig.for_model(name, **_COMMON, **CLASSIFIERS_OF_TEXTS[name])
    model: PreTrainedModel = AutoModelForSequenceClassification.from_config(config)
    stir(model, seed)
    return model


def packed_texts(name: str, lengths: Sequence[int], length: int) -> Tensor:
    """Return inputs of so many tokens each, filled up to a length: shape (n, 2 or 3, length).

    Tokens are repeated within a text. Rows are token ids, mask, and types where the family has any.
    """
    generator = torch.Generator().manual_seed(3)
    tokens = torch.randint(2, 9, (len(lengths), length), generator=generator)
    mask = (torch.arange(length) < torch.tensor(lengths)[:, None]).long()
    ids = torch.where(mask.bool(), tokens, _PADDING)
    types = torch.randint(0, 2, (len(lengths), length), generator=generator) * mask
    return torch.stack((ids, mask, types) if name in TYPED else (ids, mask), dim=1)


def texts() -> Tensor:
    """Return token ids, shape (4, 7): with repeated tokens, and padding at the end of two records."""
    ids = torch.randint(2, 9, (4, 7), generator=torch.Generator().manual_seed(3))
    ids[1, -1:] = ids[2, -3:] = _PADDING
    return ids


def _images(name: str) -> dict[str, Any]:
    return IMAGES.get(name) or MORE_IMAGES[name]


def _settle(model: nn.Module, inputs: Tensor) -> None:
    """Give batch norms the statistics of some inputs, or a deep model tells no input from another."""
    norms = [
        module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    for norm in norms:
        norm.train().momentum = 0.9
    with torch.no_grad():
        model(inputs)
    model.eval()

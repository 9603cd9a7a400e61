"""The families of Hugging Face models that are scored, each reviewed, and what each may be told.

A score is a function of one record. For a family that is so where, in evaluation mode of the pinned
transformers library,

- batch norm uses the statistics in the file, and there is no way to state otherwise;
- nothing is shared out among the records of a batch, as a mixture of experts with a capacity does, and
  nothing is quantised by a range taken from it;
- every reshaping keeps the batch's dimension apart, and no record is padded to another;
- no mask is looked at as a whole, and none is drawn; stochastic depth, dropout and LayerDrop are off;
- nothing is kept from one batch for the next. Two families do keep something, which is undone where
  the model is loaded (`scoring/hugging_face.py`): LeViT its attention biases, Swin and Donut-Swin the
  windows of the smallest input so far.

The model is then made of the options below and of nothing else that a ``config.json`` may hold. An
option that is not on a family's list is refused rather than passed over, unless it is one that every
configuration carries and that a classifier in evaluation mode does not read.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

from dataselect_gui.checkpoints import text_families
from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.checkpoints.purposes import why_of_another_kind
from dataselect_gui.texts import N_, _


@dataclass(frozen=True)
class Family:
    """One family of classifiers.

    Attributes
    ----------
    architectures : tuple of str
        The library's classes; the first is taken where the configuration names none of them.
    processor : str or None
        The image processor that the library gives to the family where its file names none.
    options : frozenset of str
        What its configuration may state.
    largest_grid : int or None
        At most so many patches a side, where the library's own loops take the fourth power of it.
    reads : str
        ``"images"`` or ``"texts"``.
    """

    architectures: tuple[str, ...]
    processor: str | None
    options: frozenset[str]
    largest_grid: int | None = None
    reads: Literal["images", "texts"] = "images"


def _family(
    architectures: str, processor: str | None, options: str, largest_grid: int | None = None
) -> Family:
    return Family(tuple(architectures.split()), processor, frozenset(options.split()), largest_grid)


_BLOCKS = (
    "hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act "
    "hidden_dropout_prob attention_probs_dropout_prob layer_norm_eps image_size patch_size "
    "num_channels qkv_bias"
)
_DINO = (
    "hidden_size num_hidden_layers num_attention_heads mlp_ratio hidden_act hidden_dropout_prob "
    "attention_probs_dropout_prob layer_norm_eps image_size patch_size num_channels qkv_bias "
    "layerscale_value drop_path_rate use_swiglu_ffn"
)
_BEIT = (
    "hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act "
    "hidden_dropout_prob attention_probs_dropout_prob layer_norm_eps image_size patch_size "
    "num_channels use_mask_token use_absolute_position_embeddings use_relative_position_bias "
    "use_shared_relative_position_bias layer_scale_init_value drop_path_rate use_mean_pooling"
)
_WINDOWS = (
    "image_size patch_size num_channels embed_dim depths num_heads window_size mlp_ratio qkv_bias "
    "hidden_dropout_prob attention_probs_dropout_prob drop_path_rate hidden_act "
    "use_absolute_embeddings layer_norm_eps"
)
_CONVNEXT = (
    "num_channels patch_size num_stages hidden_sizes depths hidden_act layer_norm_eps "
    "drop_path_rate image_size"
)
_PYRAMID = (
    "num_channels num_encoder_blocks depths hidden_sizes patch_sizes strides num_attention_heads "
    "mlp_ratios hidden_act hidden_dropout_prob attention_probs_dropout_prob drop_path_rate "
    "layer_norm_eps"
)

FAMILIES: dict[str, Family] = {
    "beit": _family("BeitForImageClassification", "BeitImageProcessor", f"{_BEIT} vocab_size"),
    "bit": _family(
        "BitForImageClassification",
        "BitImageProcessor",
        "num_channels embedding_size hidden_sizes depths layer_type hidden_act global_padding "
        "num_groups drop_path_rate embedding_dynamic_padding output_stride width_factor",
    ),
    "convnext": _family(
        "ConvNextForImageClassification",
        "ConvNextImageProcessor",
        f"{_CONVNEXT} layer_scale_init_value",
    ),
    "convnextv2": _family("ConvNextV2ForImageClassification", "ConvNextImageProcessor", _CONVNEXT),
    "cvt": _family(
        "CvtForImageClassification",
        "ConvNextImageProcessor",
        "num_channels patch_sizes patch_stride patch_padding embed_dim num_heads depth mlp_ratio "
        "attention_drop_rate drop_rate drop_path_rate qkv_bias cls_token qkv_projection_method "
        "kernel_qkv padding_kv stride_kv padding_q stride_q layer_norm_eps",
    ),
    "data2vec-vision": _family("Data2VecVisionForImageClassification", "BeitImageProcessor", _BEIT),
    "deit": _family(
        "DeiTForImageClassification DeiTForImageClassificationWithTeacher",
        "DeiTImageProcessor",
        _BLOCKS,
    ),
    "dinov2": _family("Dinov2ForImageClassification", "BitImageProcessor", f"{_DINO} use_mask_token"),
    "dinov2_with_registers": _family(
        "Dinov2WithRegistersForImageClassification", None, f"{_DINO} num_register_tokens"
    ),
    "donut-swin": _family("DonutSwinForImageClassification", "DonutImageProcessor", _WINDOWS),
    "efficientnet": _family(
        "EfficientNetForImageClassification",
        "EfficientNetImageProcessor",
        "num_channels image_size width_coefficient depth_coefficient depth_divisor kernel_sizes "
        "in_channels out_channels depthwise_padding strides num_block_repeats expand_ratios "
        "squeeze_expansion_ratio hidden_act hidden_dim pooling_type batch_norm_eps "
        "batch_norm_momentum dropout_rate drop_connect_rate",
    ),
    "focalnet": _family(
        "FocalNetForImageClassification",
        "BitImageProcessor",
        "image_size patch_size num_channels embed_dim use_conv_embed hidden_sizes depths focal_levels "
        "focal_windows hidden_act mlp_ratio hidden_dropout_prob drop_path_rate use_layerscale "
        "layerscale_value use_post_layernorm use_post_layernorm_in_modulation normalize_modulator "
        "layer_norm_eps",
    ),
    "hgnet_v2": _family(
        "HGNetV2ForImageClassification",
        None,
        "num_channels embedding_size depths hidden_sizes hidden_act stem_channels stem_strides "
        "stage_in_channels stage_mid_channels stage_out_channels stage_num_blocks stage_downsample "
        "stage_downsample_strides stage_light_block stage_kernel_size stage_numb_of_layers "
        "use_learnable_affine_block",
    ),
    "hiera": _family(
        "HieraForImageClassification",
        "BitImageProcessor",
        "embed_dim image_size patch_size patch_stride patch_padding mlp_ratio depths num_heads "
        "embed_dim_multiplier num_query_pool query_stride masked_unit_size masked_unit_attention "
        "drop_path_rate num_channels hidden_act layer_norm_init layer_norm_eps",
    ),
    "ijepa": _family("IJepaForImageClassification", "ViTImageProcessor", _BLOCKS),
    "levit": _family(
        "LevitForImageClassification LevitForImageClassificationWithTeacher",
        "LevitImageProcessor",
        "image_size num_channels kernel_size stride padding patch_size hidden_sizes "
        "num_attention_heads depths key_dim drop_path_rate mlp_ratio attention_ratio",
        largest_grid=32,
    ),
    "mobilenet_v1": _family(
        "MobileNetV1ForImageClassification",
        "MobileNetV1ImageProcessor",
        "num_channels image_size depth_multiplier min_depth hidden_act tf_padding "
        "classifier_dropout_prob layer_norm_eps",
    ),
    "mobilenet_v2": _family(
        "MobileNetV2ForImageClassification",
        "MobileNetV2ImageProcessor",
        "num_channels image_size depth_multiplier depth_divisible_by min_depth expand_ratio "
        "output_stride first_layer_is_expansion finegrained_output hidden_act tf_padding "
        "classifier_dropout_prob layer_norm_eps",
    ),
    "mobilevit": _family(
        "MobileViTForImageClassification",
        "MobileViTImageProcessor",
        "num_channels image_size patch_size hidden_sizes neck_hidden_sizes num_attention_heads "
        "mlp_ratio expand_ratio hidden_act conv_kernel_size output_stride hidden_dropout_prob "
        "attention_probs_dropout_prob classifier_dropout_prob layer_norm_eps qkv_bias",
    ),
    "mobilevitv2": _family(
        "MobileViTV2ForImageClassification",
        "MobileViTImageProcessor",
        "num_channels image_size patch_size expand_ratio hidden_act conv_kernel_size output_stride "
        "classifier_dropout_prob layer_norm_eps n_attn_blocks base_attn_unit_dims width_multiplier "
        "ffn_multiplier attn_dropout ffn_dropout",
    ),
    "poolformer": _family(
        "PoolFormerForImageClassification",
        "PoolFormerImageProcessor",
        "num_channels patch_size stride pool_size mlp_ratio depths hidden_sizes patch_sizes strides "
        "padding num_encoder_blocks drop_path_rate hidden_act use_layer_scale layer_scale_init_value",
    ),
    "pvt": _family(
        "PvtForImageClassification",
        "PvtImageProcessor",
        f"{_PYRAMID} image_size sequence_reduction_ratios qkv_bias",
    ),
    "pvt_v2": _family(
        "PvtV2ForImageClassification",
        "PvtImageProcessor",
        f"{_PYRAMID} image_size sr_ratios qkv_bias linear_attention",
    ),
    "regnet": _family(
        "RegNetForImageClassification",
        "ConvNextImageProcessor",
        "num_channels embedding_size hidden_sizes depths groups_width layer_type hidden_act "
        "downsample_in_first_stage",
    ),
    "resnet": _family(
        "ResNetForImageClassification",
        "ConvNextImageProcessor",
        "num_channels embedding_size hidden_sizes depths layer_type hidden_act "
        "downsample_in_first_stage downsample_in_bottleneck",
    ),
    "segformer": _family(
        "SegformerForImageClassification",
        "SegformerImageProcessor",
        f"{_PYRAMID} sr_ratios classifier_dropout_prob reshape_last_stage",
    ),
    "swiftformer": _family(
        "SwiftFormerForImageClassification",
        "ViTImageProcessor",
        "image_size num_channels depths embed_dims mlp_ratio downsamples hidden_act down_patch_size "
        "down_stride down_pad drop_path_rate drop_mlp_rate drop_conv_encoder_rate use_layer_scale "
        "layer_scale_init_value batch_norm_eps",
    ),
    "swin": _family("SwinForImageClassification", "ViTImageProcessor", _WINDOWS),
    "swinv2": _family(
        "Swinv2ForImageClassification", "ViTImageProcessor", f"{_WINDOWS} pretrained_window_sizes"
    ),
    "vit": _family("ViTForImageClassification", "ViTImageProcessor", _BLOCKS),
    "vit_msn": _family("ViTMSNForImageClassification", "ViTImageProcessor", _BLOCKS),
    **{
        name: Family((architecture,), None, frozenset(options.split()), reads="texts")
        for name, (architecture, options) in text_families.TEXT_FAMILIES.items()
    },
}
"""By the library's name of the family, ``model_type``."""

_ACTIVATIONS = frozenset(
    "gelu gelu_10 gelu_fast gelu_new gelu_python gelu_pytorch_tanh gelu_python_tanh gelu_accurate "
    "hardswish laplace leaky_relu linear mish quick_gelu relu relu2 relu6 sigmoid silu sqrtsoftplus "
    "swish tanh prelu".split()
)
"""Each works on one number at a time; ``xielu`` is left out, since it loads a library of its own."""

_NOT_READ = frozenset(
    # What every configuration carries; labels are read by `checkpoint.Member`.
    "model_type architectures transformers_version _name_or_path name_or_path _commit_hash dtype "
    "torch_dtype id2label label2id num_labels _num_labels problem_type finetuning_task "
    "task_specific_params return_dict use_return_dict output_attentions output_hidden_states "
    "torchscript use_bfloat16 tf_legacy_loss gradient_checkpointing use_cache chunk_size_feed_forward "
    "tie_word_embeddings tie_encoder_decoder is_decoder is_encoder_decoder add_cross_attention "
    "cross_attention_hidden_size tokenizer_class prefix bos_token_id eos_token_id pad_token_id "
    "sep_token_id decoder_start_token_id attn_implementation _attn_implementation "
    "_attn_implementation_autoset initializer_range "
    # For the generation of texts.
    "max_length min_length do_sample early_stopping num_beams num_beam_groups diversity_penalty "
    "temperature top_k top_p typical_p repetition_penalty length_penalty no_repeat_ngram_size "
    "encoder_no_repeat_ngram_size bad_words_ids num_return_sequences output_scores "
    "return_dict_in_generate forced_bos_token_id forced_eos_token_id remove_invalid_values "
    "exponential_decay_length_penalty suppress_tokens begin_suppress_tokens "
    # For other heads of the same families: segmentation, pretraining, feature maps.
    "out_features out_indices _out_features _out_indices stage_names add_fpn reshape_hidden_states "
    "apply_layernorm pool_scales use_auxiliary_head auxiliary_loss_weight auxiliary_channels "
    "auxiliary_num_convs auxiliary_concat_input semantic_loss_ignore_index segmentation_indices "
    "decoder_hidden_size decoder_depth decoder_num_heads normalize_pixel_loss mask_ratio "
    "aspp_out_channels aspp_dropout_prob atrous_rates encoder_stride pooler_act pooler_output_size "
    "downsampling_rates "
    # What the library works out of the other options, and writes beside them.
    "hidden_size num_layers num_hidden_layers intermediate_size image_size path_norm down_ops "
    f"sr_ratios {text_families.NOT_READ}".split()
)

_KINDS = (
    (
        re.compile(r"expert|(^|_)moe(_|$)|router|capacity"),
        N_(
            "It shares out the records of a batch among experts, so that a score would depend on the "
            "records beside it"
        ),
    ),
    (
        re.compile(r"quanti[sz]"),
        N_(
            "It computes with numbers that are quantised by a range, which may be taken from a whole "
            "batch"
        ),
    ),
    (re.compile(r"auto_map|remote_code|custom_pipeline"), N_("It needs program code of its own")),
    (
        re.compile(r"backbone|timm|base_model|adapter|peft|lora"),
        N_("A part of it would be looked for elsewhere, outside the files that were shared"),
    ),
)
_OF_ACTIVATION = frozenset(
    "hidden_act activation hidden_activation classifier_activation pooler_hidden_act".split()
)
_NOTHING: tuple[object, ...] = (None, {}, [], "")
_UNKNOWN = N_("What it does to a score was not reviewed")

_LARGEST_NUMBER, _LONGEST_WORD, _LONGEST_LIST = 1_000_000, 64, 1000
_LARGEST_PADDING, _LARGEST_PATCH = 256, 1024


def why_refused(config: JsonObject) -> str | None:
    """Say why a model cannot be scored, by its ``config.json``; None where it can be.

    Returns
    -------
    str or None
        One or two sentences.
    """
    family = _family_of(config)
    other = why_of_another_kind(config, () if family is None else family.architectures)
    if other is not None:
        return other
    if family is None:
        return _why_unknown(config.get("model_type"), config)
    for key, value in config.items():
        if key not in family.options and key not in _NOT_READ and value not in _NOTHING:
            return _by_option(_kind_of(key), key)
        if key in family.options and (why := _why_not(key, value)) is not None:
            return why
    if family.largest_grid is not None and not _is_small_grid(config, family.largest_grid):
        return _("Its config.json states more than {most} patches a side.", most=family.largest_grid)
    return None


def options_of(config: JsonObject) -> JsonObject:
    """Return what of a ``config.json`` that is not refused the model is made of."""
    family = _family_of(config)
    assert family is not None
    return {key: value for key, value in config.items() if key in family.options}


def architecture_of(config: JsonObject) -> str:
    """Return the library's class for a ``config.json`` that is not refused."""
    family, stated = _family_of(config), config.get("architectures")
    assert family is not None
    known = family.architectures
    named = [name for name in known if isinstance(stated, list) and name in stated]
    return named[0] if named else known[0]


def _family_of(config: JsonObject) -> Family | None:
    name = config.get("model_type")
    return FAMILIES.get(name) if isinstance(name, str) else None


def _why_unknown(name: object, config: JsonObject) -> str:
    timm = config.get("architecture")
    if name == "timm_wrapper" or (name is None and isinstance(timm, str)):
        return _(
            "It is a model of the timm library (“{architecture}”), whose parts the transformers "
            "library does not have.",
            architecture=str(timm)[:_LONGEST_WORD],
        )
    if not isinstance(name, str):
        return _("Its config.json names no family of models (model_type) that was reviewed.")
    shown = name[:_LONGEST_WORD]
    if (kind := _kind_of(name)) != _UNKNOWN:
        return _("{why}: it is of the family “{family}”.", why=_(kind), family=shown)
    for key, value in config.items():
        if value not in _NOTHING and (kind := _kind_of(key)) != _UNKNOWN:
            return _by_option(kind, key)
    return _(
        "Its family, “{family}”, is not one that was reviewed; these are {families}.",
        family=shown,
        families=", ".join(FAMILIES),
    )


def _by_option(why: str, key: str) -> str:
    return _("{why}: its config.json states “{option}”.", why=_(why), option=key[:_LONGEST_WORD])


def _kind_of(key: str) -> str:
    return next((reason for pattern, reason in _KINDS if pattern.search(key)), _UNKNOWN)


def _why_not(key: str, value: object) -> str | None:
    """Return why an option of a family cannot have a value; None where it can."""
    if key in _OF_ACTIVATION and (not isinstance(value, str) or value not in _ACTIVATIONS):
        return _(
            "Its config.json states “{option}”, which is no activation that was reviewed.", option=key
        )
    if key == "position_embedding_type" and value != "absolute":
        return _(
            "Its config.json states “{option}”, of which only “absolute” was reviewed.", option=key
        )
    if key == "rope_parameters":
        return None if _are_fixed_rotations(value) else _by_option(_UNKNOWN, key)
    numbers, is_plain = _numbers_in(value)
    if not is_plain:
        return _("Its config.json states “{option}”, which is no plain value.", option=key)
    most: float = _LARGEST_NUMBER
    if "pad" in key and key != "depthwise_padding":
        most = _LARGEST_PADDING
    elif key == "patch_size":
        most = _LARGEST_PATCH
    if sum(map(abs, numbers)) > most:
        return _(
            "Its config.json states “{option}”, which is larger than {most:,}, more than a model "
            "needs.",
            option=key,
            most=most,
        )
    return None


def _are_fixed_rotations(value: object) -> bool:
    """Say whether positions are turned by fixed angles: other kinds follow the longest text so far."""
    return isinstance(value, dict) and all(
        isinstance(part, dict)
        and part.keys() <= {"rope_type", "rope_theta"}
        and part.get("rope_type", "default") == "default"
        and _numbers_in(part.get("rope_theta"))[1]
        and not isinstance(part.get("rope_theta"), list | str)
        for part in value.values()
    )


def _numbers_in(value: object) -> tuple[list[float], bool]:
    """Return the numbers of a plain value: a word, a number, a yes or no, or lists of these."""
    if isinstance(value, list):
        parts = [_numbers_in(part) for part in value]
        is_plain = len(value) <= _LONGEST_LIST and all(plain for _, plain in parts)
        return [number for numbers, _ in parts for number in numbers], is_plain
    if isinstance(value, bool) or value is None:
        return [], True
    if isinstance(value, str):
        return [], len(value) <= _LONGEST_WORD
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return ([float(value)] if is_number and isinstance(value, int | float) else []), is_number


def _is_small_grid(config: JsonObject, most: int) -> bool:
    """Say whether an image has at most so many patches a side; 14 where nothing is stated."""
    image, _ = _numbers_in(config.get("image_size", 224))
    patch, _ = _numbers_in(config.get("patch_size", 16))
    return bool(image) and bool(patch) and min(patch) >= 1 and max(image) / min(patch) <= most

"""The image processors that make inputs of images, each reviewed, and the options that each may state.

A processor is given one image at a time, so none can pad an image to another one; of those below none
draws, keeps anything, or looks at more than that image. It is made of the listed options of its file
and of nothing else. What an option may be is bounded, since images are resized to it.
"""

import math
import re

from dataselect_gui.checkpoints.families import FAMILIES
from dataselect_gui.checkpoints.json_file import JsonObject
from dataselect_gui.texts import _

_COMMON = frozenset(
    "do_resize size resample do_center_crop crop_size do_rescale rescale_factor do_normalize "
    "image_mean image_std do_convert_rgb default_to_square".split()
)
PROCESSORS: dict[str, frozenset[str]] = {
    "BeitImageProcessor": _COMMON,
    "BitImageProcessor": _COMMON,
    "CLIPImageProcessor": _COMMON,
    "ConvNextImageProcessor": _COMMON | {"crop_pct"},
    "DeiTImageProcessor": _COMMON,
    "DonutImageProcessor": _COMMON | {"do_thumbnail", "do_align_long_axis", "do_pad"},
    "EfficientNetImageProcessor": _COMMON | {"rescale_offset", "include_top"},
    "LevitImageProcessor": _COMMON,
    "MobileNetV1ImageProcessor": _COMMON,
    "MobileNetV2ImageProcessor": _COMMON,
    "MobileViTImageProcessor": _COMMON | {"do_flip_channel_order"},
    "PoolFormerImageProcessor": _COMMON | {"crop_pct"},
    "PvtImageProcessor": _COMMON,
    "SegformerImageProcessor": _COMMON,
    "SiglipImageProcessor": _COMMON,
    "ViTImageProcessor": _COMMON,
}
"""By the library's name, what its file may state."""

_NOT_READ = frozenset(
    "image_processor_type feature_extractor_type processor_class return_tensors data_format "
    "input_data_format device disable_grouping do_reduce_labels reduce_labels image_seq_length "
    "_valid_processor_keys model_input_names use_fast crop_pct".split()
)
_NOTHING: tuple[object, ...] = (None, {}, [], "", False)
_SIDES = frozenset("height width shortest_edge longest_edge max_height max_width".split())
LARGEST_SIDE = 3072
"""Pixels: as large as an input may be asked to be."""
_LEAST_CROP = 0.1
_MOST_CHANNELS = 16
_LARGEST_NUMBER = 1_000_000
_NAME = re.compile(r"([A-Za-z0-9]{1,60}?)(ImageProcessor|FeatureExtractor)(Fast|Pil)?")


def processor_name(stated: JsonObject, config: JsonObject) -> str | None:
    """Return the library's name of a processor; None where none is stated.

    Parameters
    ----------
    stated : dict
        The file of the processor.
    config : dict
        The model's own, whose family has a usual one.
    """
    name = stated.get("image_processor_type") or stated.get("feature_extractor_type")
    if isinstance(name, str) and (match := _NAME.fullmatch(name)):
        return f"{match[1]}ImageProcessor"
    family = FAMILIES.get(str(config.get("model_type")))
    return None if name is not None or family is None else family.processor


def why_not(stated: JsonObject, config: JsonObject) -> str | None:
    """Say why a processor cannot be used, by its file; None where it can be.

    Returns
    -------
    str or None
        A sentence.
    """
    name = processor_name(stated, config)
    options = PROCESSORS.get(name or "")
    if options is None:
        return _(
            "It names no image processor that was reviewed; these are {processors}.",
            processors=", ".join(known.removesuffix("ImageProcessor") for known in PROCESSORS),
        )
    for key, value in stated.items():
        if key in options:
            if (why := _why_not(key, value)) is not None:
                return why
        elif key not in _NOT_READ and value not in _NOTHING:
            return _(
                "It states “{option}”: what that does to an input was not reviewed.", option=key[:60]
            )
    channels = config.get("num_channels")
    if not isinstance(channels, int) or channels > _MOST_CHANNELS:
        return None
    return why_not_of_channels(stated, channels)


def why_not_of_channels(numbers: JsonObject, channels: int) -> str | None:
    """Say why a processor does not fit a model of so many channels; None where it does.

    Parameters
    ----------
    numbers : dict
        Of the processor, with ``image_mean`` and ``image_std``.
    channels : int
        How many the model takes.

    Returns
    -------
    str or None
        A sentence.
    """
    if numbers.get("do_normalize") is False:
        return None
    for key in ("image_mean", "image_std"):
        value = numbers.get(key)
        if isinstance(value, list | tuple) and len(value) != channels:
            return _(
                "Its {option} has {count} numbers where the model's images have {channels}: one for "
                "each channel.",
                option=key,
                count=len(value),
                channels=channels,
            )
    return None


def options_of(stated: JsonObject, config: JsonObject) -> JsonObject:
    """Return what of a file that can be used the processor is made of."""
    options = PROCESSORS[processor_name(stated, config) or ""]
    return {key: value for key, value in stated.items() if key in options and value is not None}


def _why_not(key: str, value: object) -> str | None:
    """Return why an option cannot have a value, as a sentence; None where it can."""
    if value is None:
        return None
    if key in {"size", "crop_size"}:
        if _is_size(value):
            return None
        return _(
            "It states “{option}”, which is no size of up to {most} pixels a side.",
            option=key,
            most=LARGEST_SIDE,
        )
    if key in {"image_mean", "image_std"}:
        numbers = value if isinstance(value, list) else [value]
        if 0 < len(numbers) <= _MOST_CHANNELS and all(map(_is_number, numbers)):
            return None
        return _("It states “{option}”, which is no number for each channel.", option=key)
    if key == "resample":
        if type(value) is int and 0 <= value <= 5:
            return None
        return _("It states “{option}”, which is none of Pillow's filters.", option=key)
    if key == "crop_pct":
        if _is_number(value) and isinstance(value, int | float) and _LEAST_CROP <= value <= 1:
            return None
        return _(
            "It states “{option}”, which is no share from {least} to 1.", option=key, least=_LEAST_CROP
        )
    if key == "rescale_factor":
        return None if _is_number(value) else _("It states “{option}”, which is no number.", option=key)
    if isinstance(value, bool):
        return None
    return _("It states “{option}”, which is neither true nor false.", option=key)


def _is_size(value: object) -> bool:
    if isinstance(value, dict):
        sides, is_known = list(value.values()), bool(value) and value.keys() <= _SIDES
    else:
        sides, is_known = value if isinstance(value, list) else [value], True
    return is_known and 0 < len(sides) <= len(_SIDES) and all(map(_is_side, sides))


def _is_side(value: object) -> bool:
    return type(value) is int and 0 < value <= LARGEST_SIDE


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) <= _LARGEST_NUMBER
    )

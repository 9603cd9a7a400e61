"""Hugging Face folders: safetensors headers, configurations, processors; and requests."""

import json
import struct

from tests.fuzz.values import (
    SECRET,
    SIZES,
    TEXTS,
    Chance,
    Files,
    edit_bytes,
    edit_json,
    hostile,
    json_bytes,
    literal,
)

WEIGHTS, CONFIG, PROCESSOR = "model.safetensors", "config.json", "preprocessor_config.json"
OTHER_PROCESSOR, REQUEST, PT2 = "processor_config.json", "dataselect.json", "model.pt2"
CANARY = "tabnanny"
"""A module that nothing imports but a file that could import any."""
_DTYPES = ("F32", "F64", "F16", "BF16", "I8", "U8", "I64", "BOOL", "F8_E4M3", "F4", "X", "")


# Safetensors


def mutate_safetensors(files: Files, chance: Chance) -> Files:
    """Return a folder whose weights have another header, with the sizes mended or not."""
    (length,) = struct.unpack_from("<Q", files[WEIGHTS])
    header = json.loads(files[WEIGHTS][8 : 8 + length])
    data = files[WEIGHTS][8 + length :]
    names = [name for name in header if name != "__metadata__"]
    for _ in range(chance.choice([1, 1, 2, 3])):
        tensor = header[chance.choice(names)]
        match chance.randrange(12):
            case 0:
                tensor["shape"] = chance.choice(
                    [
                        [literal(chance)],
                        literal(chance),
                        [0, 1 << 62],
                        [1 << 32, 1 << 32],
                        [-4],
                        [2.0],
                        [True],
                        [],
                    ]
                )
            case 1:
                tensor["shape"] = [*tensor["shape"], chance.choice([1, 0, hostile(chance)])]
            case 2:
                tensor["dtype"] = chance.choice(_DTYPES)
            case 3:
                tensor["data_offsets"] = [
                    chance.choice([0, len(data), *SIZES]),
                    chance.choice([len(data), *SIZES]),
                ]
            case 4:
                tensor["data_offsets"] = dict(header[chance.choice(names)])["data_offsets"]
            case 5:
                header["__metadata__"] = chance.choice(
                    [{"format": SECRET.decode()}, hostile(chance), {"format": "tf"}]
                )
            case 6:
                header[chance.choice([*TEXTS, "weight"])] = {
                    "dtype": "F32",
                    "shape": [0],
                    "data_offsets": [0, 0],
                }
            case 7:
                header = edit_json(header, chance, edits=1)
                names = [
                    name
                    for name in header
                    if isinstance(header[name], dict) and "shape" in header[name]
                ]
                if not names:
                    break
            case 8:
                tensor["shape"] = [1] * chance.choice([64, 65, 5000]) + tensor["shape"]
            case 9:
                data = chance.choice([data[:-4], data + SECRET, data + bytes(4), b""])
            case 10:
                tensor["shape"] = list(reversed(tensor["shape"]))
            case _:
                name = chance.choice(names)
                header[chance.choice(["", "x", f"{name}.1"])] = header.pop(name)
                names = [name for name in header if name != "__metadata__"]
    written = json_bytes(header, chance)
    if chance.random() < 0.2:
        written += b" " * chance.choice([1, 8, 100_000])
    stated = len(written) if chance.random() > 0.05 else chance.choice([*SIZES, 1 << 62, (1 << 64) - 1])
    changed = struct.pack("<Q", stated) + written + data
    return {**files, WEIGHTS: edit_bytes(changed, chance) if chance.random() < 0.03 else changed}


# Hugging Face folders

_CONFIG_NAMES = tuple(
    (
        "auto_map architectures model_type id2label label2id num_labels num_channels hidden_size "
        "num_hidden_layers hidden_sizes depths image_size patch_size torch_dtype dtype "
        "quantization_config attn_implementation _attn_implementation hidden_act use_cache "
        "problem_type "
        "return_dict output_hidden_states transformers_weights tie_word_embeddings pruned_heads "
        "layer_type out_features drop_path_rate chunk_size_feed_forward is_encoder_decoder torchscript "
        "_name_or_path _commit_hash transformers_version name_or_path gguf_file adapter_kwargs "
        "subfolder vocab_size initializer_range layer_norm_eps num_attention_heads intermediate_size "
        "num_experts text_config"
    ).split()
)
_FAMILIES = tuple(
    (
        "resnet vit convnext bit swin beit levit swinv2 timm_wrapper mobilenet_v2 regnet auto bert "
        "switch_transformers clip perceiver dinov2 efficientnet pvt x __main__"
    ).split()
)
_OTHER_FILES = tuple(
    (
        "adapter_config.json generation_config.json modeling_x.py configuration_x.py pytorch_model.bin "
        "model.safetensors.index.json custom_generate/generate.py config_sentence_transformers.json "
        "training_args.bin processor_config.json video_preprocessor_config.json tokenizer.json "
        "chat_template.jinja .no_exist"
    ).split()
)


def mutate_config(files: Files, chance: Chance) -> Files:
    """Return a folder with another ``config.json``, or a file beside it that a library may read."""
    changed = dict(files)
    document = json.loads(files[CONFIG])
    if chance.random() < 0.12:
        name = chance.choice(_OTHER_FILES)
        changed[name] = (
            json_bytes(hostile(chance), chance) if name.endswith("json") else b"raise SystemExit(7)\n"
        )
    if chance.random() < 0.15:
        document["model_type"] = chance.choice([*_FAMILIES, hostile(chance)])
    else:
        document = edit_json(document, chance, _CONFIG_NAMES)
    changed[CONFIG] = json_bytes(document, chance)
    return changed


_PROCESSOR_NAMES = tuple(
    (
        "do_resize size resample do_rescale rescale_factor do_normalize image_mean image_std "
        "do_convert_rgb do_center_crop crop_size image_processor_type feature_extractor_type auto_map "
        "crop_pct do_pad size_divisor pad_size processor_class _processor_class data_format device "
        "input_data_format return_tensors default_to_square do_reduce_labels disable_grouping "
        "do_flip_channel_order"
    ).split()
)
_PROCESSORS = (
    "ViTImageProcessor",
    "ConvNextImageProcessor",
    "CLIPImageProcessor",
    "BitImageProcessor",
    "LevitImageProcessor",
    "DonutImageProcessor",
    "BeitImageProcessor",
    "EfficientNetImageProcessor",
    "TimmWrapperImageProcessor",
    "PvtImageProcessor",
    "MobileNetV1ImageProcessor",
    "SegformerImageProcessor",
    "DetrImageProcessor",
    "ViTFeatureExtractor",
    "ViTImageProcessorFast",
    "X",
    "",
)


def mutate_processor(files: Files, chance: Chance) -> Files:
    """Return a folder with another ``preprocessor_config.json``, or one more that is preferred."""
    changed = dict(files)
    document = json.loads(files[PROCESSOR])
    other = chance.random() < 0.1
    if other:
        inner = {**document, "image_mean": [chance.random()]}
        changed[OTHER_PROCESSOR] = json_bytes(
            {"image_processor": inner} if chance.random() < 0.8 else inner, chance
        )
    elif chance.random() < 0.15:
        document["image_processor_type"] = chance.choice([*_PROCESSORS, hostile(chance)])
    elif chance.random() < 0.25:
        side = chance.choice([0, 1, 2, 16, 5000, 40_000, 1 << 31, -1, 2.5, hostile(chance)])
        document[chance.choice(["size", "crop_size"])] = chance.choice(
            [
                side,
                {"height": side, "width": 16},
                {"shortest_edge": side},
                {"longest_edge": side},
                [side, side],
                {},
            ]
        )
    else:
        document = edit_json(document, chance, _PROCESSOR_NAMES)
    if not other or chance.random() < 0.2:
        changed[PROCESSOR] = json_bytes(document, chance)
    return changed


# Requests

_REQUEST_NAMES = tuple(
    (
        "score threshold count noise_multiplier max_grad_norm sample_rate steps delta epsilon "
        "direction "
        "contact deadline bounds class_statistics max_contributions model note unknown"
    ).split()
)


def mutate_request(files: Files, chance: Chance) -> Files:
    """Return a folder with another request."""
    document = json.loads(files[REQUEST])
    for _ in range(chance.choice([1, 1, 2, 3])):
        if chance.random() < 0.6:
            document[chance.choice(_REQUEST_NAMES)] = chance.choice(
                [hostile(chance), literal(chance), 7, 5, 1e-9]
            )
        else:
            document = edit_json(document, chance, _REQUEST_NAMES, edits=1)
            if not isinstance(document, dict):
                break
    return {**files, REQUEST: json_bytes(document, chance)}

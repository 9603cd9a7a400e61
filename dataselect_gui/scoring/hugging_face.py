"""Load the model of a Hugging Face folder: nothing fetched, no stranger's code run."""

import os

# Before transformers is imported: it must never look for anything on a network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import torch
from torch import nn

from dataselect_gui.checkpoints.layout import Member
from dataselect_gui.errors import UnusableError


def load_hugging_face(member: Member, device: torch.device) -> tuple[nn.Module, int | None]:
    """Return the model of a Hugging Face folder, and how many channels it takes where it says so.

    Raises
    ------
    UnusableError
        Where weights that its architecture needs are not there.
    """
    from transformers import AutoModelForImageClassification
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    inner, found = AutoModelForImageClassification.from_pretrained(
        member.folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.float32,
        attn_implementation="eager",
        output_loading_info=True,
    )
    if found["missing_keys"] or found["mismatched_keys"]:
        raise UnusableError(
            f"The checkpoint in “{member.folder.name}” is incomplete.",
            f"{len(found['missing_keys']) + len(found['mismatched_keys'])} of the parameters that its "
            "architecture needs are not among its weights, or have another shape.",
            "Ask the consortium for the whole checkpoint.",
        )
    inner.to(device).eval()
    for module in inner.modules():
        if hasattr(module, "attention_bias_cache"):
            # LeViT keeps what it made of its parameters, and no later pass would see them.
            module.register_forward_pre_hook(lambda module, _: module.attention_bias_cache.clear())
    return inner, getattr(inner.config, "num_channels", None)

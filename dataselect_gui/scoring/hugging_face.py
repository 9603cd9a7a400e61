"""Load the model of a Hugging Face folder: nothing fetched, no stranger's code run, no file looked for.

The library is given a configuration of reviewed options and the tensors that the digest covers, never
the folder: it would prefer other files that may lie there. What the configuration describes is first
built without memory, on PyTorch's meta device, and held against what the files hold.
"""

import os

# Before transformers is imported: it must never look for anything on a network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.families import architecture_of, options_of
from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _, ngettext

_MODULES_PER_TENSOR = 8
_COUNTER = ".num_batches_tracked"
"""Of batch norms in training: older files have none, and in evaluation mode nobody reads it."""
_SPARE = 1 << 24
"""Numbers that a model may hold beside those of its files: position ids and the like."""


def load_hugging_face(
    member: Member, device: torch.device
) -> tuple[nn.Module, int | None, dict[str, str]]:
    """Return the model of a Hugging Face folder, its channels where it says so, and `stored_names`.

    Raises
    ------
    UnusableError
        Where weights that its architecture needs are not there.
    """
    import transformers
    from transformers.utils import logging

    from dataselect_gui.scoring.stored_names import stored_names

    _keep_masks()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    kind = getattr(transformers, architecture_of(member.config))
    config = kind.config_class.from_dict({**options_of(member.config), **_classes(member)})
    _check_size(member, kind, config)
    tensors = _tensors(member)
    inner, report = kind.from_pretrained(
        None,
        config=config,
        state_dict=dict(tensors),
        local_files_only=True,
        dtype=torch.float32,
        attn_implementation="eager",
        output_loading_info=True,
    )
    missing = sum(not name.endswith(_COUNTER) for name in report["missing_keys"])
    missing += len(report["mismatched_keys"])
    if missing:
        raise _incomplete(
            member,
            ngettext(
                "{count} of the parameters that its architecture needs is not among its weights, or "
                "has another shape.",
                "{count} of the parameters that its architecture needs are not among its weights, or "
                "have another shape.",
                missing,
            ),
        )
    names = stored_names(inner, tensors)
    inner.to(device).eval()
    for module in inner.modules():
        _keep_nothing(module)
    return inner, getattr(inner.config, "num_channels", None), names


def _keep_masks() -> None:
    """Let a mask that is given be used, whatever it holds.

    The library would leave it out where nothing is filled up in the whole batch: what is done with one
    text would be decided by the others. And in float64 it masks by numbers that are infinite in the
    float32 of some families' softmax: where all that a place may look at is masked, that is no number.
    """
    from transformers import AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    def mask(*, allow_is_bidirectional_skip: bool = False, **given: Any) -> Tensor | None:  # noqa: ANN401
        may_skip = allow_is_bidirectional_skip and given.get("attention_mask") is None
        made: Tensor | None = eager_mask(**given, allow_is_bidirectional_skip=may_skip)
        return None if made is None else made.clamp(min=torch.finfo(torch.float32).min)

    AttentionMaskInterface.register("eager", mask)


def _classes(member: Member) -> dict[str, Any]:
    """Return what the library needs to know of the classes: no more than a weight has rows."""
    labels, stated = member.labels, member.config.get("num_labels")
    count = len(labels) or (stated if type(stated) is int else 0)
    if count > max((max(t.shape, default=0) for t in member.tensors.values()), default=0):
        raise UnusableError(
            _("The checkpoint's class names do not match its model."),
            ngettext(
                "Its config.json names {count:,} class, and no tensor in its files has room for it.",
                "Its config.json names {count:,} classes, and no tensor in its files has room for "
                "them.",
                count,
            ),
            _("Ask the consortium for the config.json of this model."),
        )
    if labels:
        return {"id2label": dict(enumerate(labels)), "num_labels": count}
    return {"num_labels": count} if count > 0 else {}


def _tensors(member: Member) -> dict[str, Tensor]:
    from safetensors.torch import load

    tensors: dict[str, Tensor] = {}
    for path in member.weights:
        tensors |= load(member.read(path))
    return tensors


def _check_size(member: Member, kind: Any, config: Any) -> None:  # noqa: ANN401  (a class of the library)
    """Refuse a configuration of a larger model than the files hold, or of a far smaller one."""
    try:
        with torch.device("meta"), _at_most(len(member.tensors)):
            model = kind(config)
    except _TooManyError:
        raise _incomplete(
            member, _("Its config.json describes a model of far more parts than its files hold.")
        ) from None
    _check_shapes(member, model)
    stored = {
        id(value): value.numel()
        for name, value in model.state_dict(keep_vars=True).items()
        if not name.endswith(_COUNTER)
    }
    needed, held = sum(stored.values()), member.parameters or 0
    beside = sum(b.numel() for b in model.buffers() if id(b) not in stored)
    if needed > held or beside > held + _SPARE:
        raise _incomplete(
            member,
            _(
                "Its architecture needs {needed:,} numbers, and its files hold {held:,}.",
                needed=needed + beside,
                held=held,
            ),
        )
    if held > 2 * needed + _SPARE:
        raise UnusableError(
            _("The checkpoint in “{name}” is not what its config.json says.", name=member.folder.name),
            _(
                "Its files hold {held:,} numbers, and its architecture needs {needed:,}.",
                held=held,
                needed=needed,
            ),
            _("Ask the consortium for the model's own files."),
        )


def _check_shapes(member: Member, model: Any) -> None:  # noqa: ANN401  (of the library)
    """Refuse files whose tensors have other shapes than the configuration says, and say which."""
    from dataselect_gui.scoring.stored_names import names_in_model

    needed = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name, own in names_in_model(model, member.tensors).items():
        stored, shape = member.tensors[name].shape, needed.get(own)
        if shape is None or shape == stored:
            continue
        classes, is_head = len(member.labels), not own.startswith(f"{model.base_model_prefix}.")
        if is_head and stored and shape[:1] == (classes,) and shape[1:] == stored[1:]:
            raise UnusableError(
                _("The checkpoint's class names do not match its model."),
                _(
                    "Its config.json names {named} classes (id2label), and its weights (“{tensor}”) "
                    "tell {classes} apart.",
                    named=classes,
                    classes=stored[0],
                    tensor=name,
                ),
                _("Ask the consortium for the config.json of this model."),
            )
        raise UnusableError(
            _("The checkpoint in “{name}” is not what its config.json says.", name=member.folder.name),
            _(
                "“{tensor}” has shape {shape} in its files; by its config.json it is {needed}.",
                tensor=name,
                shape=stored,
                needed=shape,
            ),
            _("Ask the consortium for the model's own files."),
        )


class _TooManyError(Exception):
    """A model has more parts than its files have tensors."""


@contextmanager
def _at_most(tensors: int) -> Iterator[None]:
    """Stop the building of a model with far more parameters or modules than its files have tensors."""
    counts = {"parameters": 0, "modules": 0}

    def count(kind: str, most: int) -> None:
        counts[kind] += 1
        if counts[kind] > most:
            raise _TooManyError

    hooks = (
        register_module_parameter_registration_hook(lambda *_: count("parameters", 2 * tensors + 64)),
        register_module_module_registration_hook(
            lambda *_: count("modules", _MODULES_PER_TENSOR * tensors + 64)
        ),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _keep_nothing(module: nn.Module) -> None:
    """Let a module forget, before each batch, what it keeps of earlier ones."""
    if hasattr(module, "attention_bias_cache"):
        # LeViT keeps what it made of its parameters, and no later pass would see them.
        module.register_forward_pre_hook(lambda module, _: module.attention_bias_cache.clear())
    if hasattr(module, "set_shift_and_window_size"):
        # Swin shrinks its windows to the smallest input that it has seen, and never back.
        sizes = {"shift_size": module.shift_size, "window_size": module.window_size}
        module.register_forward_pre_hook(lambda module, _: module.__dict__.update(sizes))


def _incomplete(member: Member, why: str) -> UnusableError:
    return UnusableError(
        _("The checkpoint in “{name}” is incomplete.", name=member.folder.name),
        why,
        _("Ask the consortium for the whole checkpoint."),
    )

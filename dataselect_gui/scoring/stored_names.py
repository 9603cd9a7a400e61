"""What the tensors of a checkpoint's files are called in the model that the library makes of them.

The transformers library renames what it loads: an older file says ``encoder.layer.0.attention.query``
where the model says ``layers.0.q_proj``, or ``LayerNorm.gamma`` for its ``weight``, or leaves a prefix
out. Whoever holds the files knows their names alone, so what leaves and what is read goes by these.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def stored_names(model: "PreTrainedModel", stored: Mapping[str, Tensor]) -> dict[str, str]:
    """Return the name in the files of each parameter of a model, by its name in the model.

    It is left out where no single tensor of the files is that parameter, as where the library cuts one
    into two. A parameter by several names is known by its first one; where the files hold it several
    times, by the name that the model gives it, or else the first.

    Parameters
    ----------
    model : PreTrainedModel
        As the library loaded it.
    stored : mapping
        The tensors that it was loaded from.
    """
    names: dict[nn.Parameter, str] = {}
    by_model = dict(model.named_parameters(remove_duplicate=False))
    renamed = names_in_model(model, stored)
    # The model's own names come first.
    for name in sorted(renamed, key=lambda name: (renamed[name] != name, name)):
        parameter = by_model.get(renamed[name])
        # Held against the numbers, so that it does not depend on how the library goes about it.
        if parameter is not None and _is_same(parameter, stored[name]):
            names.setdefault(parameter, name)
    return {name: names[p] for name, p in model.named_parameters() if p in names}


def names_in_model(model: "PreTrainedModel", stored: Iterable[str]) -> dict[str, str]:
    """Return what the library calls each tensor in a model, by its name in the files.

    A tensor that it takes apart, or puts together with others, is left out.

    Parameters
    ----------
    model : PreTrainedModel
        As the library makes it; its numbers are not read.
    stored : iterable of str
        The names in the files.
    """
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import (
        WeightConverter,
        WeightRenaming,
        dot_natural_key,
        rename_source_key,
    )

    rules = get_model_conversion_mapping(model)
    renamings = [rule for rule in rules if isinstance(rule, WeightRenaming)]
    conversions = [rule for rule in rules if isinstance(rule, WeightConverter)]
    prefix, known = model.base_model_prefix, model.state_dict()
    renamed = {}
    for name in sorted(stored, key=dot_natural_key):  # Some of the rules depend on the order.
        own, conversion = rename_source_key(name, renamings, conversions, prefix, known)
        if own not in known and name in known:
            own, conversion = name, None
        if conversion is None:
            renamed[name] = own
    return renamed


def _is_same(parameter: nn.Parameter, stored: Tensor) -> bool:
    values = stored.to(parameter.device, parameter.dtype)
    return values.shape == parameter.shape and bool(((values == parameter) | (values != values)).all())

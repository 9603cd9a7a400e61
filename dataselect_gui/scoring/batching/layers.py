"""Rules for elementwise operations, and for layers, which treat every sample by itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from dataselect_gui.scoring.batching.calls import (
    BatchingRule,
    Call,
    Each,
    NotTogetherError,
    each_of,
    repeated,
)

aten = torch.ops.aten


# Elementwise


def _pointwise(call: Call) -> Any:  # noqa: ANN401
    tensors = {n: v for n, v in call.arguments.items() if isinstance(v, Each | Tensor)}
    each = each_of(list(tensors.values()))
    records = each[0].records
    if call.in_place and not isinstance(next(iter(tensors.values())), Each):
        raise NotTogetherError(call.name)  # It would write all records into one tensor.
    if len(tensors) == 1:
        result = call.run({**call.arguments, next(iter(tensors)): each[0].values})
        return call.of(result, records, is_stacked=each[0].is_stacked)
    shapes = {name: value.shape for name, value in tensors.items()}
    rank = max(map(len, shapes.values()))
    ordinary = rank > 0 and not any(call.in_place and tensor.is_stacked for tensor in each)
    if (
        ordinary
        and len({tensor.shape[:1] for tensor in each}) == 1
        and all(
            len(shapes[name]) == rank
            if isinstance(value, Each)
            else len(shapes[name]) < rank or shapes[name][0] == 1
            for name, value in tensors.items()
        )
    ):
        rows = {n: v.rows if isinstance(v, Each) else v for n, v in tensors.items()}
        return call.of(call.run({**call.arguments, **rows}), records, is_stacked=False)
    raised = {n: v.raised(rank) if isinstance(v, Each) else v for n, v in tensors.items()}
    return call.of(call.run({**call.arguments, **raised}), records, is_stacked=True)


def _one_by_one(call: Call) -> Any:  # noqa: ANN401
    """Run it for each record in a call of its own.

    Libraries compute several sines at once, and may use another formula for all of them where one
    argument is large: in one call, a record's last digits could depend on its neighbour.
    """
    each = call.first
    alone = torch.stack([call.on(record) for record in each.stacked.unbind()])
    return call.of(alone, each.records, is_stacked=True)


def _detached(call: Call) -> Any:  # noqa: ANN401
    # Here a value may be a view of another, which PyTorch does not detach in place.
    return replace(call.first, values=call.first.values.detach())


def _dtype_of_other(call: Call) -> Any:  # noqa: ANN401
    """Convert to the dtype of another tensor, whose values are not used."""
    each, other = call.arguments["self"], call.arguments["other"]
    if not isinstance(each, Each):
        return each.to(other.values.dtype)
    dtype = other.values.dtype if isinstance(other, Each) else other.dtype
    return replace(each, values=each.values.to(dtype))


# Layers


_SIDES = {
    **{f"conv{n}d": n + 2 for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": n + 2 for n in (1, 2, 3)},
    **{f"max_pool{n}d": n + 2 for n in (1, 2, 3)},
    **{f"avg_pool{n}d": n + 2 for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": n + 2 for n in (1, 2, 3)},
    **{f"upsample_{kind}1d": 3 for kind in ("nearest", "linear")},
    **{f"upsample_{kind}2d": 4 for kind in ("nearest", "bilinear", "bicubic")},
    **{f"upsample_{kind}3d": 5 for kind in ("nearest", "trilinear")},
    "im2col": 4,
    "col2im": 3,
}
"""How many axes a batch of samples has, where that is fixed."""
_WITH_SAMPLES = ("upsample", "batch_norm", "group_norm", "instance_norm", "prelu")
"""Operations that take batches only, and no sample by itself."""


def _samples(call: Call) -> Any:  # noqa: ANN401
    each, name = call.first, call.name.partition(".")[0]
    if call.arguments.get("training"):
        raise NotTogetherError(name)
    rank = len(each.shape)
    fixed = _SIDES.get(name, max(2, rank))
    if rank == fixed:
        return call.rows(each)
    if rank == fixed - 1 and not name.startswith(_WITH_SAMPLES):
        return call.stacked(each)
    raise NotTogetherError(name)


def _trailing(call: Call) -> Any:  # noqa: ANN401
    """Run an operation along the last axes, on either layout."""
    each, last = call.first, _count_trailing(call)
    if len(each.shape) > last or each.is_stacked:
        return call.of(call.on(each.values), each.records, is_stacked=each.is_stacked)
    return call.stacked(each)


def _count_trailing(call: Call) -> int:
    name, rank = call.name.partition(".")[0], len(call.first.shape)
    if name in {"layer_norm", "rms_norm"}:
        return len(call.arguments["normalized_shape"])
    if name == "linear":
        return 1
    if name in {"pixel_shuffle", "pixel_unshuffle"}:
        count = 3
    elif name in {"tril", "triu"}:
        count = 2
    else:
        count = len(call.arguments["pad"]) // 2
    if rank < count:
        raise NotTogetherError(name)
    return count


def _pad(call: Call) -> Any:  # noqa: ANN401
    if call.arguments.get("mode", "constant") == "constant":
        return _trailing(call)
    each, sides = call.first, len(call.arguments["pad"]) // 2
    # The number of axes decides: those that are padded, channels, and samples where there is one more.
    if len(each.shape) == sides + 2:
        return call.rows(each)
    if len(each.shape) == sides + 1:
        return call.stacked(each)
    raise NotTogetherError(call.name)


def _embedding(call: Call) -> Any:  # noqa: ANN401
    indices, table = call.arguments["indices"], call.arguments["weight"]
    if not isinstance(indices, Each) or isinstance(table, Each):
        raise NotTogetherError(call.name)
    result = call.run({**call.arguments, "indices": indices.values})
    return call.of(result, indices.records, is_stacked=indices.is_stacked)


def _attention(call: Call) -> Any:  # noqa: ANN401
    tensors = {n: v for n, v in call.arguments.items() if isinstance(v, Each | Tensor)}
    each = each_of(list(tensors.values()))
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    mask = shapes.pop("attn_mask", (1,))
    leading = {shape[0] for shape in shapes.values() if len(shape) == 4}
    if len(leading) != 1 or any(len(shape) != 4 for shape in shapes.values()):
        raise NotTogetherError(call.name)
    if isinstance(tensors.get("attn_mask"), Each):
        if len(mask) != 4 or mask[0] not in leading:
            raise NotTogetherError(call.name)
    elif len(mask) == 4 and mask[0] != 1:
        raise NotTogetherError(call.name)
    rows = {
        name: value.rows
        if isinstance(value, Each)
        else value
        if name == "attn_mask"
        else repeated(value, each[0].records).rows
        for name, value in tensors.items()
    }
    return call.of(call.run({**call.arguments, **rows}), each[0].records, is_stacked=False)


GROUPS: Mapping[str, BatchingRule] = {
    "pointwise": _pointwise,
    "samples": _samples,
    "trailing": _trailing,
}
"""By the group of an operation."""
BATCHING_RULES: Mapping[str, BatchingRule] = {
    **dict.fromkeys(("sin", "cos"), _one_by_one),
    "detach_": _detached,
    **dict.fromkeys(("type_as", "to.other"), _dtype_of_other),
    "embedding": _embedding,
    "pad": _pad,
    "scaled_dot_product_attention": _attention,
}
"""By the name of an operation and its overload, or of all its overloads."""

"""Rules for operations along axes of a tensor, and for those that change its shape."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from dataselect_gui.scoring.batching.calls import BatchingRule, Call, Each, NotTogetherError

aten = torch.ops.aten


# Along axes


_AXES = ("dim", "dims", "dim0", "dim1", "axis0", "axis1", "source", "destination", "dimension")
_REDUCTIONS = frozenset(
    ("sum", "mean", "amax", "amin", "var", "std", "logsumexp", "linalg_vector_norm")
)
"""For these an empty list of axes means all of them; for the others it means none."""
_OVER_ALL = frozenset(("amax", "amin", "var", "std", "linalg_vector_norm"))
"""They reduce over all axes where none is named; the others then take the first, ``glu`` the last."""


def _along(call: Call) -> Any:  # noqa: ANN401
    each, name = call.first, call.name.partition(".")[0]
    rank = len(each.shape) + (name == "unsqueeze")
    given = {key: call.arguments[key] for key in _AXES if key in call.arguments}
    if not len(each.shape) and name != "unsqueeze":
        raise NotTogetherError(name)
    axes = {key: counted(value, rank) for key, value in given.items()}
    if name in {"roll", "repeat_interleave"} and not axes.get("dims", axes.get("dim")):
        raise NotTogetherError(name)  # Without an axis they work on the flattened tensor.
    if not axes:
        axes = {"dim": [] if name in _OVER_ALL else counted(-1 if name == "glu" else 0, rank)}
    if name in _REDUCTIONS and axes["dim"] == []:
        axes = {"dim": list(range(rank))}
    if name == "permute":
        at_first = axes["dims"][0] == 0
    else:
        at_first = all(0 not in _listed(value) for value in axes.values())
    if at_first and not each.is_stacked:
        return call.rows(each, **axes)
    moved = {
        key: [axis + 1 for axis in value] if isinstance(value, list) else value + 1
        for key, value in axes.items()
    }
    if name == "permute":
        moved["dims"] = [0, *moved["dims"]]
    return call.stacked(each, **moved)


def counted(axes: Any, rank: int) -> Any:  # noqa: ANN401
    """Count axes from the first; None becomes none of them."""
    if isinstance(axes, list):
        return [counted(axis, rank) for axis in axes]
    if axes is None:
        return []
    if not -rank <= axes < rank:
        raise NotTogetherError("an axis that is not there")
    return axes % rank


def _listed(axes: Any) -> list[int]:  # noqa: ANN401
    return axes if isinstance(axes, list) else [axes]


def _argument_of_extreme(call: Call) -> Any:  # noqa: ANN401
    if call.arguments.get("dim") is not None:
        return _along(call)
    each = call.first
    if call.arguments.get("keepdim"):
        raise NotTogetherError(call.name)
    return call.of(call.on(_flat(each), dim=1), each.records, is_stacked=True)


_WHOLE: Mapping[str, Callable[..., Tensor]] = {
    "sum": aten.sum.dim_IntList,
    "mean": aten.mean.dim,
    "max": aten.amax.default,
    "min": aten.amin.default,
    "any": aten.any.dim,
    "all": aten.all.dim,
}


def _whole(call: Call) -> Any:  # noqa: ANN401
    """Reduce all numbers of each record, as the operation reduces those of a tensor."""
    each, name = call.first, call.name.partition(".")[0]
    others = {key: value for key, value in call.arguments.items() if key == "dtype"}
    axes: Any = 1 if name in {"any", "all"} else [1]
    return call.of(_WHOLE[name](_flat(each), axes, **others), each.records, is_stacked=True)


def _flat(each: Each) -> Tensor:
    return each.stacked.reshape(each.records, math.prod(each.shape))


def _transpose(call: Call) -> Any:  # noqa: ANN401
    each = call.first
    if len(each.shape) < 2:
        return each
    return call.of(aten.transpose.int(each.stacked, 1, 2), each.records, is_stacked=True)


def _reversed(call: Call) -> Any:  # noqa: ANN401
    axes = [0, *range(len(call.first.shape), 0, -1)]
    return call.of(aten.permute.default(call.first.stacked, axes), call.first.records, is_stacked=True)


def _matrix_transpose(call: Call) -> Any:  # noqa: ANN401
    if len(call.first.shape) < 2:
        raise NotTogetherError(call.name)
    values = aten.transpose.int(call.first.stacked, -1, -2)
    return call.of(values, call.first.records, is_stacked=True)


def _squeeze(call: Call) -> Any:  # noqa: ANN401
    each = call.first
    axes = [axis + 1 for axis, side in enumerate(each.shape) if side == 1]
    return call.of(aten.squeeze.dims(each.stacked, axes), each.records, is_stacked=True)


def _index_select(call: Call) -> Any:  # noqa: ANN401
    index = call.arguments["index"]
    if not isinstance(index, Tensor) or index.dim() != 1:
        raise NotTogetherError(call.name)
    return _along(call)


# Shapes


def _reshaped(each: Each, sizes: Sequence[int]) -> Any:  # noqa: ANN401
    sizes, count = list(sizes), math.prod(each.shape)
    if sizes.count(-1) == 1:
        known = -math.prod(sizes)
        sizes[sizes.index(-1)] = count // known if known else 0
    if math.prod(sizes) != count or min(sizes, default=0) < 0:
        raise NotTogetherError("a shape that does not fit")
    if not sizes:
        return Each(each.values.reshape(each.records), each.records, is_stacked=True)
    rows = each.values.reshape(each.records * sizes[0], *sizes[1:])
    return Each(rows, each.records, is_stacked=False)


def _view(call: Call) -> Any:  # noqa: ANN401
    return _reshaped(call.first, call.arguments["shape" if "shape" in call.arguments else "size"])


def _flatten(call: Call) -> Any:  # noqa: ANN401
    each = call.first
    rank = len(each.shape)
    first = counted(call.arguments.get("start_dim", 0), max(1, rank))
    last = counted(call.arguments.get("end_dim", -1), max(1, rank))
    middle = math.prod(each.shape[first : last + 1])
    return _reshaped(each, [*each.shape[:first], middle, *each.shape[last + 1 :]])


def _unflatten(call: Call) -> Any:  # noqa: ANN401
    each, sizes = call.first, list(call.arguments["sizes"])
    axis = counted(call.arguments["dim"], len(each.shape))
    if sizes.count(-1) == 1 and -math.prod(sizes):
        sizes[sizes.index(-1)] = each.shape[axis] // -math.prod(sizes)
    return _reshaped(each, [*each.shape[:axis], *sizes, *each.shape[axis + 1 :]])


def _as_other(call: Call) -> Any:  # noqa: ANN401
    """Give a tensor the shape of another, whose values are not used."""
    given, other = call.arguments["self"], call.arguments["other"]
    by_shape = {"view_as": aten.view.default, "reshape_as": aten.reshape.default}
    name, shape = call.name.partition(".")[0], list(other.shape)
    if isinstance(given, Tensor):
        return by_shape.get(name, aten.expand.default)(given, shape)
    return _reshaped(given, shape) if name in by_shape else _expanded(given, shape)


def _expand(call: Call) -> Any:  # noqa: ANN401
    return _expanded(call.first, call.arguments["size"])


def _expanded(each: Each, sizes: Sequence[int]) -> Any:  # noqa: ANN401
    rank = len(sizes)
    if rank == len(each.shape) and rank and not each.is_stacked and sizes[0] in {-1, each.shape[0]}:
        values = each.values.expand(len(each.values), *sizes[1:])
        return Each(values, each.records, is_stacked=False)
    if rank < len(each.shape):
        raise NotTogetherError("expand")
    return Each(each.raised(rank).expand(each.records, *sizes), each.records, is_stacked=True)


def _repeat(call: Call) -> Any:  # noqa: ANN401
    each, times = call.first, call.arguments["repeats"]
    if len(times) == len(each.shape) and times and times[0] == 1:
        return call.rows(each)
    if len(times) < len(each.shape):
        raise NotTogetherError(call.name)
    values = call.on(each.raised(len(times)), repeats=[1, *times])
    return call.of(values, each.records, is_stacked=True)


GROUPS: Mapping[str, BatchingRule] = {
    "along": _along,
}
"""By the group of an operation."""
BATCHING_RULES: Mapping[str, BatchingRule] = {
    **dict.fromkeys(("argmax", "argmin"), _argument_of_extreme),
    **{f"{name}.default": _whole for name in _WHOLE},
    "t": _transpose,
    "numpy_T": _reversed,
    "mT": _matrix_transpose,
    "mH": _matrix_transpose,  # Of real numbers, these are all the same.
    "matrix_H": _matrix_transpose,
    "adjoint": _matrix_transpose,
    "squeeze.default": _squeeze,
    "index_select": _index_select,
    **dict.fromkeys(("view", "reshape"), _view),
    "flatten": _flatten,
    "unflatten": _unflatten,
    **dict.fromkeys(("view_as", "reshape_as", "expand_as"), _as_other),
    **dict.fromkeys(("expand", "broadcast_to"), _expand),
    "repeat": _repeat,
}
"""By the name of an operation and its overload, or of all its overloads."""

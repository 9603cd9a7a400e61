"""Many records at once through a graph that is written for a batch of one: none can meet another.

The graph is run as for one record, its batch of one. Each of its tensors that depends on the record is
held for all records side by side (`Each`), and each operation has a rule that runs it on these: the
records' own axis is never among those that the operation looks along, because the rule puts it where
the operation, by its definition, treats every place by itself. What the graph's authors wrote about
their batch they wrote about a batch of one, and none of it reaches the records' axis. This is what
`torch.func.vmap` does; here it is done with the operations as they are, since `vmap` takes apart the
layers (norms, convolutions, attention) whose gradients the rules of `dataselect_gui.scoring.rules`
know, and takes their fast forms away. The tests hold every rule against `vmap`.

An operation without a rule for its arguments is no fault: then the records go one at a time.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten


class NotTogetherError(Exception):
    """There is no rule by which several records can be computed at once."""


@dataclass(frozen=True)
class Each:
    """A tensor of every record.

    Attributes
    ----------
    values : Tensor
        Where stacked, shape (records, *shape). Otherwise the first axis of each follows on that of the
        one before: shape (records · shape[0], *shape[1:]), which for a batch of one is the layout of an
        ordinary batch.
    records : int
        How many there are.
    is_stacked : bool
        Which of the two.
    """

    values: Tensor
    records: int
    is_stacked: bool

    @cached_property  # Asking a tensor takes long where its calls are watched.
    def shape(self) -> tuple[int, ...]:
        """That of one record's tensor."""
        sides = tuple(self.values.shape)
        return sides[1:] if self.is_stacked else (sides[0] // self.records, *sides[1:])

    @property
    def stacked(self) -> Tensor:
        """The values in the first layout; never a copy."""
        if self.is_stacked:
            return self.values
        stacked: Tensor = self.values.unflatten(0, (self.records, self.shape[0]))
        return stacked

    @property
    def rows(self) -> Tensor:
        """The values in the second layout, of tensors that have an axis."""
        return self.values.flatten(0, 1) if self.is_stacked else self.values

    def raised(self, rank: int) -> Tensor:
        """Return the values stacked, with axes of one before their own, as broadcasting adds them."""
        values = self.stacked
        for _ in range(rank - len(self.shape)):
            values = values.unsqueeze(1)
        return values


@dataclass(frozen=True)
class Call:
    """An operation and what it is called with.

    Attributes
    ----------
    name : str
        ``conv2d.default``, ….
    group : str
        As `dataselect_gui.checkpoints.operations` has it.
    run : callable
        Takes arguments by name; returns what the operation returns.
    arguments : dict
        By name, in the operation's order.
    in_place : bool
        Whether it changes its first argument.
    """

    name: str
    group: str
    run: Callable[[Mapping[str, Any]], Any]
    arguments: Mapping[str, Any]
    in_place: bool

    @property
    def first(self) -> Each:
        """The first argument, which is to be of every record, and the only one that is."""
        first, *others = self.arguments.values()
        if not isinstance(first, Each) or any(isinstance(other, Each) for other in others):
            raise NotTogetherError(self.name)
        return first

    def on(self, values: Tensor, **changed: Any) -> Any:  # noqa: ANN401
        """Run it with another first argument, and others changed."""
        first = next(iter(self.arguments))
        return self.run({**self.arguments, first: values, **changed})

    def of(self, result: Any, records: int, *, is_stacked: bool) -> Any:  # noqa: ANN401
        """Return what the operation returned as of every record."""
        if isinstance(result, tuple | list):
            return [self.of(one, records, is_stacked=is_stacked) for one in result]
        each = Each(result, records, is_stacked)
        if is_stacked and each.shape[:1] == (1,):
            return Each(result.squeeze(1), records, is_stacked=False)
        return each

    def rows(self, each: Each, **changed: Any) -> Any:  # noqa: ANN401
        """Run it on the rows of its first argument."""
        return self.of(self.on(each.rows, **changed), each.records, is_stacked=False)

    def stacked(self, each: Each, **changed: Any) -> Any:  # noqa: ANN401
        """Run it on its first argument, stacked."""
        return self.of(self.on(each.stacked, **changed), each.records, is_stacked=True)


Rule = Callable[[Call], Any]


def run_together(call: Call) -> Any:  # noqa: ANN401  (whatever the operation returns)
    """Run an operation of which some arguments are of every record.

    Raises
    ------
    NotTogetherError
        Where there is no rule for it.
    """
    name = call.name.partition(".")[0]
    rule = _RULES.get(call.name) or _RULES.get(name) or _GROUPS.get(call.group)
    if rule is None:
        raise NotTogetherError(call.name)
    return rule(call)


def _each(values: Sequence[Any]) -> list[Each]:
    return [value for value in values if isinstance(value, Each)]


# Place by place


def _pointwise(call: Call) -> Any:  # noqa: ANN401
    tensors = {n: v for n, v in call.arguments.items() if isinstance(v, Each | Tensor)}
    each = _each(list(tensors.values()))
    records = each[0].records
    if call.in_place and not isinstance(next(iter(tensors.values())), Each):
        raise NotTogetherError(call.name)  # It would write all records into one tensor.
    if len(tensors) == 1:
        result = call.run({**call.arguments, next(iter(tensors)): each[0].values})
        return call.of(result, records, is_stacked=each[0].is_stacked)
    shapes = {name: value.shape for name, value in tensors.items()}
    rank = max(map(len, shapes.values()))
    ordinary = rank > 0 and not any(call.in_place and one.is_stacked for one in each)
    if (
        ordinary
        and len({one.shape[:1] for one in each}) == 1
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

    Libraries compute several sines at once, and may do so by another formula where one of them is of a
    large number: in one call, a record's last digits could depend on its neighbour.
    """
    each = call.first
    alone = torch.stack([call.on(one) for one in each.stacked.unbind()])
    return call.of(alone, each.records, is_stacked=True)


def _detached(call: Call) -> Any:  # noqa: ANN401
    # Here a value may be a view of another, which PyTorch does not detach in place.
    return replace(call.first, values=call.first.values.detach())


def _kind_of_other(call: Call) -> Any:  # noqa: ANN401
    """Convert to the kind of numbers of another tensor, whose numbers do not matter."""
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
"""What takes no sample without a batch."""


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
    """Run what looks along the last axes alone, on either layout."""
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
    # It goes by the number of axes: those that are padded, channels, and samples where there are more.
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
    each = _each(list(tensors.values()))
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
        else _repeated(value, each[0].records).rows
        for name, value in tensors.items()
    }
    return call.of(call.run({**call.arguments, **rows}), each[0].records, is_stacked=False)


# Along axes


_AXES = ("dim", "dims", "dim0", "dim1", "axis0", "axis1", "source", "destination", "dimension")
_REDUCTIONS = frozenset(
    ("sum", "mean", "amax", "amin", "var", "std", "logsumexp", "linalg_vector_norm")
)
"""For these no axis means all of them; the others then leave every axis as it is."""
_OVER_ALL = frozenset(("amax", "amin", "var", "std", "linalg_vector_norm"))
"""What looks along all axes where none is named; the others then take the first, ``glu`` the last."""


def _along(call: Call) -> Any:  # noqa: ANN401
    each, name = call.first, call.name.partition(".")[0]
    rank = len(each.shape) + (name == "unsqueeze")
    given = {key: call.arguments[key] for key in _AXES if key in call.arguments}
    if not len(each.shape) and name != "unsqueeze":
        raise NotTogetherError(name)
    axes = {key: _counted(value, rank) for key, value in given.items()}
    if name in {"roll", "repeat_interleave"} and not axes.get("dims", axes.get("dim")):
        raise NotTogetherError(name)  # They go by the order of all numbers.
    if not axes:
        axes = {"dim": [] if name in _OVER_ALL else _counted(-1 if name == "glu" else 0, rank)}
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


def _counted(axes: Any, rank: int) -> Any:  # noqa: ANN401
    """Count axes from the first; None becomes none of them."""
    if isinstance(axes, list):
        return [_counted(axis, rank) for axis in axes]
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
    """Run what looks at all numbers of a tensor on all numbers of each record."""
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
    first = _counted(call.arguments.get("start_dim", 0), max(1, rank))
    last = _counted(call.arguments.get("end_dim", -1), max(1, rank))
    middle = math.prod(each.shape[first : last + 1])
    return _reshaped(each, [*each.shape[:first], middle, *each.shape[last + 1 :]])


def _unflatten(call: Call) -> Any:  # noqa: ANN401
    each, sizes = call.first, list(call.arguments["sizes"])
    axis = _counted(call.arguments["dim"], len(each.shape))
    if sizes.count(-1) == 1 and -math.prod(sizes):
        sizes[sizes.index(-1)] = each.shape[axis] // -math.prod(sizes)
    return _reshaped(each, [*each.shape[:axis], *sizes, *each.shape[axis + 1 :]])


def _as_other(call: Call) -> Any:  # noqa: ANN401
    """Give a tensor the shape of another, whose numbers do not matter."""
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


def _repeated(tensor: Tensor, records: int) -> Each:
    """Return what holds nothing of a record as of every record."""
    if tensor.dim() and tensor.shape[0] == 1:
        return Each(tensor.expand(records, *tensor.shape[1:]), records, is_stacked=False)
    return Each(tensor.expand(records, *tensor.shape), records, is_stacked=True)


# Several tensors


def _joined(call: Call) -> Any:  # noqa: ANN401
    """Run ``cat`` or ``stack``."""
    # PyTorch passes over what is empty and has no shape to speak of.
    tensors = [one for one in call.arguments["tensors"] if tuple(one.shape) != (0,)]
    each = _each(tensors)
    if not each:
        raise NotTogetherError(call.name)
    records = each[0].records
    all_of_each = [one if isinstance(one, Each) else _repeated(one, records) for one in tensors]
    ranks = {len(one.shape) for one in all_of_each}
    if len(ranks) != 1 or ranks == {0}:
        raise NotTogetherError(call.name)
    is_stack = call.name.startswith("stack")
    axis = _counted(call.arguments.get("dim", 0), max(ranks) + is_stack)
    if axis and len({one.shape[0] for one in all_of_each}) == 1:
        rows = {"tensors": [one.rows for one in all_of_each], "dim": axis}
        return call.of(call.run(rows), records, is_stacked=False)
    stacked = {"tensors": [one.stacked for one in all_of_each], "dim": axis + 1}
    return call.of(call.run(stacked), records, is_stacked=True)


def _matmul(call: Call) -> Any:  # noqa: ANN401
    left, right = call.arguments.values()
    records = _each([left, right])[0].records
    ranks = len(left.shape), len(right.shape)
    if isinstance(left, Each) and isinstance(right, Tensor) and ranks[1] == 2 and ranks[0]:
        is_stacked = left.is_stacked or ranks[0] == 1
        values = left.stacked if is_stacked else left.rows
        return call.of(aten.matmul.default(values, right), records, is_stacked=is_stacked)
    if min(ranks) < 2:
        raise NotTogetherError(call.name)
    both = isinstance(left, Each) and isinstance(right, Each)
    if both and ranks[0] == ranks[1] > 2 and left.shape[0] == right.shape[0]:
        left, right = left.rows, right.rows
        return call.of(aten.matmul.default(left, right), records, is_stacked=False)
    rank = max(ranks)
    left, right = (one.raised(rank) if isinstance(one, Each) else one for one in (left, right))
    return call.of(aten.matmul.default(left, right), records, is_stacked=True)


def _product_and_sum(call: Call) -> Any:  # noqa: ANN401
    """Run ``addmm``: data times weights, and a bias."""
    left = call.arguments["mat1"]
    if not isinstance(left, Each) or len(_each(list(call.arguments.values()))) > 1:
        raise NotTogetherError(call.name)
    if call.arguments["self"].dim() > 1:
        raise NotTogetherError(call.name)
    result = call.run({**call.arguments, "mat1": left.rows})
    return call.of(result, left.records, is_stacked=False)


def _batched_product_and_sum(call: Call) -> Any:  # noqa: ANN401
    """Run ``baddbmm`` where all of it is of every record."""
    tensors = {name: call.arguments[name] for name in ("self", "batch1", "batch2")}
    each = _each(list(tensors.values()))
    if len(each) != 3 or len({one.shape[0] for one in each}) != 1:
        raise NotTogetherError(call.name)
    rows = {name: value.rows for name, value in tensors.items()}
    return call.of(call.run({**call.arguments, **rows}), each[0].records, is_stacked=False)


def _einsum(call: Call) -> Any:  # noqa: ANN401
    equation, tensors = call.arguments["equation"], call.arguments["tensors"]
    given, _, made = equation.partition("->")
    parts = given.split(",")
    letter = next((c for c in "abcdefghijklmnopqrstuvwxyz" if c not in equation), None)
    if letter is None or len(parts) != len(tensors):
        raise NotTogetherError(call.name)
    named = [
        letter + part if isinstance(one, Each) else part
        for part, one in zip(parts, tensors, strict=True)
    ]
    values = [one.stacked if isinstance(one, Each) else one for one in tensors]
    result = call.run({"equation": f"{','.join(named)}->{letter}{made}", "tensors": values})
    return call.of(result, _each(tensors)[0].records, is_stacked=True)


def _gather(call: Call) -> Any:  # noqa: ANN401
    table, index = call.arguments["self"], call.arguments["index"]
    records = _each([table, index])[0].records
    table, index = (one if isinstance(one, Each) else _repeated(one, records) for one in (table, index))
    if len(table.shape) != len(index.shape) or not table.shape:
        raise NotTogetherError(call.name)
    axis = _counted(call.arguments["dim"], len(table.shape))
    changed = {"self": table.stacked, "index": index.stacked, "dim": axis + 1}
    return call.of(call.run({**call.arguments, **changed}), records, is_stacked=True)


def _index(call: Call) -> Any:  # noqa: ANN401
    """Run ``x[:, i, j]``: places that are the same for all records, or a row of a table for each."""
    table, indices = call.arguments["self"], call.arguments["indices"]
    given = [axis for axis, index in enumerate(indices) if index is not None]
    if isinstance(table, Each) and not _each(indices):
        if not given or given != list(range(given[0], given[-1] + 1)):
            raise NotTogetherError(call.name)  # Their axes would come before that of the records.
        if given[0] > 0 and not table.is_stacked:
            return call.rows(table)
        return call.stacked(table, indices=[None, *indices])
    if isinstance(table, Tensor) and given == [0] and isinstance(indices[0], Each):
        (index,) = _each(indices)
        result = call.run({"self": table, "indices": [index.stacked]})
        return call.of(result, index.records, is_stacked=True)
    if isinstance(table, Each) and given == list(range(len(given))):
        # A place of its own for each record: the record's number is one more index.
        shape = indices[0].shape
        if len(shape) == 1 and all(indices[axis].shape == shape for axis in given):
            own = torch.arange(table.records, device=table.values.device)[:, None].expand(-1, shape[0])
            places = [one.stacked if isinstance(one, Each) else one for one in indices]
            result = call.run({"self": table.stacked, "indices": [own, *places]})
            return call.of(result, table.records, is_stacked=True)
    raise NotTogetherError(call.name)


_GROUPS: Mapping[str, Rule] = {
    "pointwise": _pointwise,
    "samples": _samples,
    "trailing": _trailing,
    "along": _along,
}
_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("sin", "cos"), _one_by_one),
    "detach_": _detached,
    **dict.fromkeys(("type_as", "to.other"), _kind_of_other),
    "embedding": _embedding,
    "pad": _pad,
    "scaled_dot_product_attention": _attention,
    **dict.fromkeys(("argmax", "argmin"), _argument_of_extreme),
    **{f"{name}.default": _whole for name in _WHOLE},
    "t": _transpose,
    "numpy_T": _reversed,
    "mT": _matrix_transpose,
    "squeeze.default": _squeeze,
    "index_select": _index_select,
    **dict.fromkeys(("view", "reshape"), _view),
    "flatten": _flatten,
    "unflatten": _unflatten,
    **dict.fromkeys(("view_as", "reshape_as", "expand_as"), _as_other),
    **dict.fromkeys(("expand", "broadcast_to"), _expand),
    "repeat": _repeat,
    **dict.fromkeys(("cat", "stack"), _joined),
    **dict.fromkeys(("matmul", "mm", "bmm"), _matmul),
    "addmm": _product_and_sum,
    "baddbmm": _batched_product_and_sum,
    "einsum": _einsum,
    "gather": _gather,
    "index": _index,
}
"""By the name of an operation and its overload, or of all its overloads."""

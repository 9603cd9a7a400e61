"""Rules for operations on several tensors: joining, products, and indexing."""

from collections.abc import Mapping
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
from dataselect_gui.scoring.batching.shapes import counted

aten = torch.ops.aten


def _joined(call: Call) -> Any:  # noqa: ANN401
    """Run ``cat`` or ``stack``."""
    # PyTorch skips tensors of shape (0,).
    tensors = [tensor for tensor in call.arguments["tensors"] if tuple(tensor.shape) != (0,)]
    each = each_of(tensors)
    if not each:
        raise NotTogetherError(call.name)
    records = each[0].records
    all_of_each = [
        tensor if isinstance(tensor, Each) else repeated(tensor, records) for tensor in tensors
    ]
    ranks = {len(tensor.shape) for tensor in all_of_each}
    if len(ranks) != 1 or ranks == {0}:
        raise NotTogetherError(call.name)
    is_stack = call.name.startswith("stack")
    axis = counted(call.arguments.get("dim", 0), max(ranks) + is_stack)
    if axis and len({tensor.shape[0] for tensor in all_of_each}) == 1:
        rows = {"tensors": [tensor.rows for tensor in all_of_each], "dim": axis}
        return call.of(call.run(rows), records, is_stacked=False)
    stacked = {"tensors": [tensor.stacked for tensor in all_of_each], "dim": axis + 1}
    return call.of(call.run(stacked), records, is_stacked=True)


def _matmul(call: Call) -> Any:  # noqa: ANN401
    left, right = call.arguments.values()
    records = each_of([left, right])[0].records
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
    left, right = (
        tensor.raised(rank) if isinstance(tensor, Each) else tensor for tensor in (left, right)
    )
    return call.of(aten.matmul.default(left, right), records, is_stacked=True)


def _product_and_sum(call: Call) -> Any:  # noqa: ANN401
    """Run ``addmm``: data times weights, and a bias."""
    left = call.arguments["mat1"]
    if not isinstance(left, Each) or len(each_of(list(call.arguments.values()))) > 1:
        raise NotTogetherError(call.name)
    if call.arguments["self"].dim() > 1:
        raise NotTogetherError(call.name)
    result = call.run({**call.arguments, "mat1": left.rows})
    return call.of(result, left.records, is_stacked=False)


def _batched_product_and_sum(call: Call) -> Any:  # noqa: ANN401
    """Run ``baddbmm`` where all of it is of every record.

    The tensor that is added needs three axes, too: with fewer, broadcasting would mix up the axes.
    """
    tensors = {name: call.arguments[name] for name in ("self", "batch1", "batch2")}
    each = each_of(list(tensors.values()))
    if len(each) != 3 or len({tensor.shape[0] for tensor in each}) != 1:
        raise NotTogetherError(call.name)
    if any(len(tensor.shape) != 3 for tensor in each):
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
        letter + part if isinstance(tensor, Each) else part
        for part, tensor in zip(parts, tensors, strict=True)
    ]
    values = [tensor.stacked if isinstance(tensor, Each) else tensor for tensor in tensors]
    result = call.run({"equation": f"{','.join(named)}->{letter}{made}", "tensors": values})
    return call.of(result, each_of(tensors)[0].records, is_stacked=True)


def _gather(call: Call) -> Any:  # noqa: ANN401
    table, index = call.arguments["self"], call.arguments["index"]
    records = each_of([table, index])[0].records
    table, index = (
        tensor if isinstance(tensor, Each) else repeated(tensor, records) for tensor in (table, index)
    )
    if len(table.shape) != len(index.shape) or not table.shape:
        raise NotTogetherError(call.name)
    axis = counted(call.arguments["dim"], len(table.shape))
    changed = {"self": table.stacked, "index": index.stacked, "dim": axis + 1}
    return call.of(call.run({**call.arguments, **changed}), records, is_stacked=True)


def _index(call: Call) -> Any:  # noqa: ANN401
    """Run ``x[:, i, j]``: the same indices for all records, or a row of a table for each."""
    table, indices = call.arguments["self"], call.arguments["indices"]
    given = [axis for axis, index in enumerate(indices) if index is not None]
    if isinstance(table, Each) and not each_of(indices):
        if not given or given != list(range(given[0], given[-1] + 1)):
            raise NotTogetherError(call.name)  # Their axes would come before that of the records.
        if given[0] > 0 and not table.is_stacked:
            return call.rows(table)
        return call.stacked(table, indices=[None, *indices])
    if isinstance(table, Tensor) and given == [0] and isinstance(indices[0], Each):
        (index,) = each_of(indices)
        result = call.run({"self": table, "indices": [index.stacked]})
        return call.of(result, index.records, is_stacked=True)
    if isinstance(table, Each) and given == list(range(len(given))):
        # Each record has indices of its own: the record's number is one more index.
        shape = indices[0].shape
        if len(shape) == 1 and all(indices[axis].shape == shape for axis in given):
            own = torch.arange(table.records, device=table.values.device)[:, None].expand(-1, shape[0])
            places = [place.stacked if isinstance(place, Each) else place for place in indices]
            result = call.run({"self": table.stacked, "indices": [own, *places]})
            return call.of(result, table.records, is_stacked=True)
    raise NotTogetherError(call.name)


BATCHING_RULES: Mapping[str, BatchingRule] = {
    **dict.fromkeys(("cat", "stack"), _joined),
    **dict.fromkeys(("matmul", "mm", "bmm"), _matmul),
    "addmm": _product_and_sum,
    "baddbmm": _batched_product_and_sum,
    "einsum": _einsum,
    "gather": _gather,
    "index": _index,
}
"""By the name of an operation and its overload, or of all its overloads."""

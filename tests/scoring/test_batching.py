"""Records side by side in a ``.pt2`` graph: each as if alone, to the last bit, whoever is beside it."""

import contextlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap
from torch.utils._python_dispatch import TorchDispatchMode

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.exported.program import Operation
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.operations import SIGNATURES, Signature
from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.gradient_norms import BY_FUNCTION
from dataselect_gui.scoring.batching.calls import Call, Each, NotTogetherError
from dataselect_gui.scoring.batching.together import run_together
from dataselect_gui.scoring.exported_model import load_exported
from dataselect_gui.scoring.graph import ExportedModel, _Operation, _Running
from dataselect_gui.scoring.scorer import Scorer
from tests.models import export, stir
from tests.oracle import oracle

CPU = torch.device("cpu")
RECORDS, WATCHED = 5, 2


@dataclass(frozen=True)
class Of:
    """A tensor of every record."""

    shape: tuple[int, ...]
    kind: str = "number"


def r(*shape: int) -> Of:
    return Of(shape)


def yes(*shape: int) -> Of:
    return Of(shape, "yes or no")


def below_three(*shape: int) -> Of:
    return Of(shape, "below three")


def c(*shape: int) -> Tensor:
    """Return a constant, which is the same for all records."""
    values = torch.randn(
        shape, generator=torch.Generator().manual_seed(len(shape)), dtype=torch.float64
    )
    return values if shape else values.abs()


ONES = torch.tensor([1, 0, 1, 2])
CASES: dict[str, list[list[Any]]] = {
    # Layers
    "conv1d.default": [[r(1, 2, 9), c(4, 2, 3), c(4), [2], [1]], [r(2, 9), c(4, 2, 3)]],
    "conv1d.padding": [[r(1, 2, 9), c(4, 2, 3), None, [1], "same"]],
    "conv2d.default": [
        [r(1, 2, 5, 5), c(4, 2, 3, 3), c(4)],
        [r(3, 2, 5, 5), c(4, 1, 3, 3), None, [1, 1], [1, 1], [1, 1], 2],
    ],
    "conv2d.padding": [[r(1, 2, 5, 5), c(4, 2, 3, 3), c(4), [1, 1], "valid"]],
    "conv3d.default": [[r(1, 2, 3, 4, 5), c(2, 2, 2, 2, 2)]],
    "conv3d.padding": [[r(1, 2, 3, 4, 5), c(2, 2, 2, 2, 2), None, [1, 1, 1], "valid"]],
    "conv_transpose1d.default": [[r(1, 2, 5), c(2, 3, 3)]],
    "conv_transpose2d.input": [[r(1, 2, 5, 4), c(2, 3, 3, 2), c(3), [2, 2]]],
    "conv_transpose3d.input": [[r(1, 2, 2, 3, 2), c(2, 3, 2, 2, 2)]],
    "max_pool1d.default": [[r(1, 2, 9), [3]]],
    "max_pool2d.default": [[r(1, 2, 7, 7), [3, 3], [2, 2], [1, 1]], [r(2, 7, 7), [2, 2]]],
    "max_pool3d.default": [[r(1, 2, 4, 4, 4), [2, 2, 2]]],
    "avg_pool1d.default": [[r(1, 2, 9), [3]]],
    "avg_pool2d.default": [[r(2, 2, 7, 7), [3, 3], [2, 2], [1, 1]]],
    "avg_pool3d.default": [[r(1, 2, 4, 4, 4), [2, 2, 2]]],
    "adaptive_avg_pool1d.default": [[r(1, 2, 9), [4]]],
    "adaptive_avg_pool2d.default": [[r(1, 2, 7, 7), [1, 1]], [r(3, 2, 7, 7), [3, 2]]],
    "adaptive_avg_pool3d.default": [[r(1, 2, 4, 4, 4), [2, 1, 2]]],
    "upsample_nearest1d.vec": [[r(1, 2, 5), [9], None]],
    "upsample_nearest2d.vec": [[r(1, 2, 5, 5), None, [2.0, 2.0]]],
    "upsample_nearest3d.vec": [[r(1, 2, 2, 2, 2), [3, 3, 3], None]],
    "upsample_linear1d.vec": [[r(1, 2, 5), [9], True, None]],
    "upsample_bilinear2d.vec": [[r(1, 2, 5, 5), [7, 9], False, None]],
    "upsample_trilinear3d.vec": [[r(1, 2, 2, 2, 2), [3, 3, 3], False, None]],
    "upsample_bicubic2d.vec": [[r(1, 2, 5, 5), [7, 9], False, None]],
    "im2col.default": [[r(1, 2, 5, 5), [2, 2], [1, 1], [0, 0], [1, 1]]],
    "col2im.default": [[r(1, 8, 16), [5, 5], [2, 2], [1, 1], [0, 0], [1, 1]]],
    "batch_norm.default": [
        [r(1, 3, 4, 4), c(3), c(3), c(3), c(3).abs(), False, 0.1, 1e-5, False],
        [r(2, 3), None, None, c(3), c(3).abs(), False, 0.1, 1e-5, False],
    ],
    "group_norm.default": [[r(1, 4, 3, 3), 2, c(4), c(4)], [r(3, 4), 2]],
    "instance_norm.default": [[r(1, 3, 4, 4), c(3), c(3), None, None, True, 0.1, 1e-5, False]],
    "prelu.default": [[r(1, 3, 4), c(3)], [r(2, 3), c(1)]],
    "linear.default": [[r(1, 4), c(3, 4), c(3)], [r(4), c(3, 4)], [r(2, 5, 4), c(3, 4)]],
    "layer_norm.default": [[r(1, 5, 4), [4], c(4), c(4)], [r(5, 4), [5, 4]], [r(2, 5, 4), [5, 4]]],
    "rms_norm.default": [[r(1, 5, 4), [4], c(4)], [r(5, 4), [5, 4]]],
    "embedding.default": [
        [c(3, 4), below_three(1, 5)],
        [c(3, 4), below_three(3)],
        [c(3, 4), below_three()],
    ],
    "pixel_shuffle.default": [[r(1, 8, 2, 3), 2], [r(8, 2, 3), 2]],
    "pixel_unshuffle.default": [[r(1, 2, 4, 6), 2], [r(2, 4, 6), 2]],
    "tril.default": [[r(1, 4, 4)], [r(4, 4), 1]],
    "triu.default": [[r(4, 4)]],
    "pad.default": [
        [r(1, 2, 5), [1, 2]],
        [r(5, 3), [1, 1, 2, 0], "constant", 1.5],
        [r(1, 2, 5), [1, 2], "reflect"],
        [r(2, 5, 4), [1, 1, 1, 1], "circular"],
        [r(3, 2, 5), [1, 1], "replicate"],
    ],
    "constant_pad_nd.default": [[r(2, 5), [1, 1, 1, 1]], [r(1, 2, 5), [1, 0]]],
    "scaled_dot_product_attention.default": [
        [r(1, 2, 5, 4), r(1, 2, 5, 4), r(1, 2, 5, 4)],
        [r(3, 2, 5, 4), r(3, 2, 6, 4), r(3, 2, 6, 4), c(5, 6)],
        [c(1, 2, 5, 4), r(1, 2, 5, 4), r(1, 2, 5, 4), None, 0.0, True],
    ],
    # Along axes
    **{
        f"{name}.default": [[r(1, 3, 4), [2]], [r(2, 3, 4), [0, 1], True], [r(2, 3)]]
        for name in ("amax", "amin")
    },
    "sum.dim_IntList": [[r(1, 3, 4), [-1]], [r(2, 3, 4), [0], True], [r(2, 3), None], [r(1, 3), []]],
    "mean.dim": [[r(1, 3, 4), [1, 2]], [r(2, 3, 4), [0]], [r(2, 3), None]],
    **{
        f"{name}.dim": [[r(1, 3, 4), 1], [r(2, 3, 4), 0, True]] for name in ("max", "min", "any", "all")
    },
    **{f"{name}.default": [[r(1, 3, 4), 1], [r(2, 3), 0], [r(2, 3)]] for name in ("argmax", "argmin")},
    "var.correction": [[r(1, 3, 4), [1]], [r(2, 3, 4), [0]], [r(2, 3)]],
    "var.dim": [[r(1, 3, 4), [1], False], [r(2, 3), [0]]],
    "std.correction": [[r(1, 3, 4), [1, 2]], [r(2, 3)]],
    "std.dim": [[r(1, 3, 4), [2], True, True]],
    "logsumexp.default": [[r(1, 3, 4), [1]], [r(2, 3), [0]], [r(2, 3), []]],
    "softmax.int": [[r(1, 3, 4), -1], [r(3, 4), 0], [r(4), 0]],
    "log_softmax.int": [[r(1, 3, 4), 1], [r(3), -1]],
    "cumsum.default": [[r(1, 3, 4), 1], [r(3, 4), 0]],
    "linalg_vector_norm.default": [[r(1, 3, 4), 2, [1]], [r(3, 4)], [r(3, 4), 2.0, [0], True]],
    "glu.default": [[r(1, 3, 4)], [r(4, 3), 0]],
    "flip.default": [[r(1, 3, 4), [1, 2]], [r(3, 4), [0]], [r(2, 3), []]],
    "roll.default": [[r(1, 5, 5), [1, -2], [1, 2]], [r(3, 4), [1], [0]]],
    "transpose.int": [[r(1, 3, 4), 1, 2], [r(2, 3, 4), 0, -1]],
    "swapaxes.default": [[r(2, 3), 0, 1]],
    "permute.default": [
        [r(1, 3, 4), [0, 2, 1]],
        [r(1, 5, 3, 2, 4), [2, 0, 3, 1, 4]],
        [r(3, 4), [-1, 0]],
    ],
    "movedim.int": [[r(1, 3, 4), 1, -1], [r(2, 3, 4), 0, 2]],
    "movedim.intlist": [[r(2, 3, 4), [0, 1], [1, 2]], [r(2, 3), [], []]],
    "squeeze.dim": [[r(1, 3), 0], [r(2, 1, 3), 1], [r(2, 3), 1]],
    "squeeze.dims": [[r(1, 3, 1), [0, 2]], [r(1, 3, 1), []]],
    "unsqueeze.default": [[r(1, 3), 0], [r(2, 3), -1], [r(), 0]],
    "select.int": [[r(1, 3, 4), 1, -1], [r(2, 3), 0, 1]],
    "slice.Tensor": [[r(1, 3, 4), 1, 1], [r(4, 3), 0, 1, 2**63 - 1, 2], [r(4)]],
    "split.Tensor": [[r(1, 6), 2, 1], [r(4, 3), 3]],
    "split_with_sizes.default": [[r(1, 6), [2, 4], 1], [r(4, 3), [1, 3]]],
    "chunk.default": [[r(1, 6), 3, -1], [r(4, 3), 2]],
    "unbind.int": [[r(3, 1, 4)], [r(1, 3), 1]],
    "narrow.default": [[r(1, 6), 1, 2, 3], [r(4, 2), 0, 1, 2]],
    "repeat_interleave.self_int": [[r(1, 3), 2, 1], [r(3, 2), 2, 0]],
    "unfold.default": [[r(1, 7), 1, 3, 2], [r(5, 2), 0, 2, 1]],
    "index_select.default": [[r(1, 4), 1, ONES], [r(4, 2), 0, ONES]],
    # All numbers
    **{
        f"{name}.default": [[r(1, 3, 4)], [r(2, 3)], [r()]]
        for name in ("sum", "mean", "max", "min", "any", "all")
    },
    "numpy_T.default": [[r(2, 3)], [r(2, 3, 4)], [r(3)]],
    "mT.default": [[r(1, 3, 4)], [r(3, 4)]],
    "mH.default": [[r(1, 3, 4)], [r(3, 4)]],
    "matrix_H.default": [[r(3, 4)]],
    "adjoint.default": [[r(1, 3, 4)], [r(3, 4)]],
    "t.default": [[r(2, 3)], [r(3)]],
    "squeeze.default": [[r(1, 3, 1)], [r(2, 3)]],
    # Shapes
    "view.default": [[r(1, 3, 4), [1, 12]], [r(2, 6), [3, -1]], [r(1, 1), []], [r(6), [2, 3]]],
    "reshape.default": [[r(1, 3, 4), [-1, 4]], [r(3, 2), [6]]],
    "flatten.using_ints": [[r(1, 3, 4), 1], [r(3, 4)], [r()]],
    "unflatten.int": [[r(1, 6), 1, [2, -1]], [r(6), 0, [2, 3]]],
    "view_as.default": [[r(1, 6), r(2, 3)], [r(2, 3), c(6)], [c(6), r(2, 3)]],
    "reshape_as.default": [[r(1, 6), r(2, 3)]],
    "expand.default": [[r(1, 3), [4, 3]], [r(1, 1, 3), [1, 4, -1]], [r(3), [2, 3]], [r(2, 1), [-1, 3]]],
    "expand_as.default": [[r(1, 3), r(4, 3)], [c(3), r(2, 3)]],
    "broadcast_to.default": [[r(1, 3), [2, 3]]],
    "repeat.default": [[r(1, 3), [1, 2]], [r(2, 3), [2, 1]], [r(3), [2, 2]]],
    # Several tensors
    "type_as.default": [[r(2, 3), r(4)], [r(2, 3), c(4).float()], [c(4).float(), r(3)]],
    "to.other": [[r(2, 3), c(4).float()], [c(2).float(), r(3)]],
    "cat.default": [
        [[r(1, 3), c(1, 2)], 1],
        [[r(2, 3), c(1, 3), r(1, 3)]],
        [[c(4, 2), r(4, 3)], -1],
        [[c(0), r(2, 3)]],
    ],
    "stack.default": [[[r(1, 3), r(1, 3)]], [[r(3), c(3)], -1], [[r(2, 3), c(2, 3)], 1]],
    "gather.default": [
        [r(1, 3, 4), 1, below_three(1, 2, 4)],
        [r(3, 4), 0, torch.tensor([[0, 1], [2, 0]])],
        [c(3, 4), 1, below_three(3, 2)],
    ],
    "index.Tensor": [
        [r(1, 3, 4), [None, ONES]],
        [r(3, 4), [ONES]],
        [c(3, 4), [below_three(1, 2)]],
        [r(1, 3, 4), [torch.tensor([0]), below_three(1)]],
        [r(3, 3, 2), [ONES, ONES]],
    ],
    "matmul.default": [
        [r(1, 2, 5, 4), r(1, 2, 4, 3)],
        [r(1, 5, 4), c(4, 3)],
        [r(4), c(4, 3)],
        [c(5, 4), r(4, 3)],
        [c(2, 5, 4), r(4, 3)],
        [r(5, 4), r(2, 4, 3)],
        [r(2, 3), r(3, 2)],
    ],
    "mm.default": [[r(1, 4), c(4, 3)], [c(5, 4), r(4, 3)], [r(2, 4), r(4, 3)]],
    "bmm.default": [[r(2, 5, 4), r(2, 4, 3)], [r(1, 5, 4), c(1, 4, 3)]],
    "addmm.default": [[c(3), r(1, 4), c(4, 3)], [c(3), r(2, 4), c(4, 3)]],
    "baddbmm.default": [[r(2, 5, 3), r(2, 5, 4), r(2, 4, 3)]],
    "einsum.default": [
        ["bij,bjk->bik", [r(2, 3, 4), r(2, 4, 3)]],
        ["bts,so->bto", [r(1, 3, 4), c(4, 2)]],
        ["i,j->ij", [r(3), c(2)]],
    ],
    "sin.default": [[r(2, 3)]],
    "cos.default": [[r(3)]],
}
"""Arguments of every operation that does not go place by place, more than one layout of each."""
DIVIDERS = ("log", "sqrt", "rsqrt", "reciprocal", "div", "pow", "log1p")
"""What is tried on numbers above zero, where it is defined."""
SHAPES = [(1, 3, 7), (2, 3, 7), (7,), ()]


def pointwise_cases(signature: Signature) -> list[list[Any]]:
    """Return arguments of an operation that goes place by place: tensors of several shapes."""
    kinds = [one.type for one in signature.arguments.values() if not one.by_keyword]
    is_boolean = any(word in signature.target for word in ("logical", "bitwise", "__and__", "__or__"))
    tensors = [place for place, kind in enumerate(kinds) if kind == "Tensor"]
    cases = []
    for own in SHAPES:
        for other in [Of(own), Of(own[1:]), c(*own[-1:]), c(*own)] if len(tensors) > 1 else [None]:
            if "fill_.Tensor" in signature.target:
                other = c()
            arguments: list[Any] = []
            for place, kind in enumerate(kinds):
                if kind == "Tensor":
                    arguments.append(Of(own) if place == tensors[0] else other)
                elif kind == "Tensor?":
                    arguments.append(None)
                elif kind == "bool":
                    arguments.append(False)
                elif kind == "float":
                    arguments.append(0.5)
                elif kind == "ScalarType":
                    arguments.append(torch.float32)
                elif kind == "Device":
                    arguments.append(CPU)
                    break
                elif kind in {"Scalar", "Scalar?", "float?"}:
                    arguments.append(0.5)
            is_condition = "where" in signature.target
            for place in tensors:
                if (
                    is_boolean
                    or (is_condition and place == 0)
                    or ("masked_fill" in signature.target and place == 1)
                ):
                    given = arguments[place]
                    arguments[place] = yes(*given.shape) if isinstance(given, Of) else given > 0
            if "masked_fill.Tensor" in signature.target:
                arguments[2] = c()
            if "to.device" in signature.target:
                arguments.append(torch.float32)
            if "to.dtype_layout" in signature.target:
                arguments = arguments[:1]
            cases.append(arguments)
    return cases


def cases_of(signature: Signature) -> list[list[Any]]:
    name = signature.target.removeprefix("torch.ops.aten.")
    return pointwise_cases(signature) if signature.group == "pointwise" else CASES[name]


BATCHED = [s for s in SIGNATURES.values() if s.group not in {"constant", "number"}]


@dataclass(frozen=True)
class Tried:
    """An operation and its arguments, some of which are tensors of every record, stacked."""

    signature: Signature
    arguments: Mapping[str, Any]

    def function(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        name, _, overload = self.signature.target.removeprefix("torch.ops.aten.").partition(".")
        ordered = zip(self.signature.arguments.values(), given, strict=False)
        leading = [name for one, name in ordered if one.name == name and not one.by_keyword]
        positional = [given[name] for name in leading]
        keywords = {name: value for name, value in given.items() if name not in leading}
        return getattr(getattr(torch.ops.aten, name), overload)(*positional, **keywords)

    def together(self) -> list[Tensor]:
        """Run it by its rule. Returns its results, stacked."""

        given = {name: of_each(value) for name, value in self.arguments.items()}
        name = self.signature.target.removeprefix("torch.ops.aten.")
        call = Call(name, self.signature.group, self.function, given, self.signature.in_place)
        made = run_together(call)
        return [
            one.stacked if isinstance(one, Each) else one.expand(RECORDS, *one.shape)
            for one in (made if isinstance(made, list) else [made])
        ]

    def alone(self, record: int) -> list[Tensor]:
        """Run it for one record."""

        def of_one(value: Any) -> Any:  # noqa: ANN401
            if isinstance(value, list):
                return [of_one(one) for one in value]
            return value.values[record].clone() if isinstance(value, _Stacked) else value

        made = self.function({name: of_one(value) for name, value in self.arguments.items()})
        return list(made) if isinstance(made, list | tuple) else [made]


@dataclass(frozen=True)
class _Stacked:
    values: Tensor


def of_each(value: Any) -> Any:  # noqa: ANN401
    """Return what is of every record as a graph holds it."""
    if isinstance(value, list):
        return [of_each(one) for one in value]
    if not isinstance(value, _Stacked):
        return value
    values = value.values.clone()
    if values.dim() > 1:  # As most tensors come, and as all of one batch of samples do.
        return Each(values.flatten(0, 1), RECORDS, is_stacked=False)
    return Each(values, RECORDS, is_stacked=True)


def filled(
    signature: Signature, arguments: list[Any], fill: Callable[[Of, Tensor], Tensor], dtype: torch.dtype
) -> Tried:
    """Make an operation's arguments of what describes them."""
    generator = torch.Generator().manual_seed(3)

    def made(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, list):
            return [made(one) for one in value]
        if isinstance(value, Tensor):
            return value.to(dtype) if value.is_floating_point() else value
        if not isinstance(value, Of):
            return value
        numbers = torch.randn((RECORDS, *value.shape), generator=generator, dtype=torch.float64)
        if value.kind == "yes or no":
            return _Stacked(numbers > 0)
        if value.kind == "below three":
            return _Stacked((numbers.abs() * 10).long() % 3)
        if any(word in signature.target for word in DIVIDERS):
            numbers = numbers.abs() + 0.1
        return _Stacked(fill(value, numbers.to(dtype)))

    names = [n for n, one in signature.arguments.items() if not one.by_keyword]
    return Tried(signature, dict(zip(names, [made(one) for one in arguments], strict=False)))


@pytest.mark.parametrize(
    "signature", BATCHED, ids=lambda one: one.target.removeprefix("torch.ops.aten.")
)
def test_records_computed_together_are_as_if_alone(signature: Signature) -> None:
    tried = 0
    for arguments in cases_of(signature):
        case = filled(signature, arguments, lambda _, numbers: numbers, torch.float64)
        try:
            expected = [case.alone(record) for record in range(RECORDS)]
        except (RuntimeError, IndexError):
            continue  # Of these shapes, it takes none.
        try:
            found = case.together()
        except NotTogetherError:
            continue
        tried += 1
        for place, result in enumerate(found):
            stacked = torch.stack([one[place] for one in expected])
            torch.testing.assert_close(result, stacked, rtol=1e-12, atol=1e-12)
    assert tried >= (1 if signature.group == "pointwise" else max(1, len(cases_of(signature)) - 1))


SIDES, RANKS = (1, 1, 2), range(5)
"""As many records as a side has places: where a rule takes the one for the other, it shows."""
SEVERAL = [
    one
    for one in BATCHED
    if sum(argument.type.startswith("Tensor") for argument in one.arguments.values()) > 1
    or any(argument.type.startswith("Tensor[]") for argument in one.arguments.values())
]


def with_random_shapes(value: Any, chance: random.Random) -> Any:  # noqa: ANN401
    """Return arguments whose tensors have other shapes, and some of which are constants."""
    if isinstance(value, list):
        return [with_random_shapes(one, chance) for one in value]
    if not isinstance(value, Of | Tensor):
        return value
    shape = value.shape
    if chance.random() < 0.8:
        rank = chance.choice([len(shape), len(shape), chance.choice(RANKS)])
        shape = tuple(chance.choice(SIDES) for _ in range(rank))
    kind = value.kind if isinstance(value, Of) else "number"
    is_number = isinstance(value, Of) or value.is_floating_point()
    if not is_number:
        return value
    return Of(shape, kind) if chance.random() < 0.9 else c(*shape)


@pytest.mark.parametrize(
    "signature", SEVERAL, ids=lambda one: one.target.removeprefix("torch.ops.aten.")
)
def test_records_stay_apart_where_sides_are_as_long_as_there_are_records(
    signature: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.scoring.test_batching.RECORDS", 2)
    chance = random.Random(5)
    for arguments in cases_of(signature) * (120 // len(cases_of(signature))):
        changed = [with_random_shapes(one, chance) for one in arguments]
        if "Of(" not in repr(changed):
            continue  # Constants alone.
        case = filled(signature, changed, lambda _, numbers: numbers, torch.float64)
        try:
            expected = [case.alone(record) for record in range(2)]
            found = case.together()
        except (RuntimeError, IndexError, ValueError, NotTogetherError):
            continue  # Of these shapes, it takes none; or has no rule for them.
        for place, result in enumerate(found):
            stacked = torch.stack([one[place] for one in expected])
            torch.testing.assert_close(result, stacked, rtol=1e-12, atol=1e-12, equal_nan=True)


RULELESS: dict[str, tuple[str, list[Any]]] = {
    "only empty tensors": ("cat.default", [[r(0), r(0)]]),
    "an empty tensor among constants": ("cat.default", [[c(2), r(0)]]),
    "an index of the record": ("index_select.default", [r(2, 3), 0, below_three(2)]),
    "an index after an axis": ("index.Tensor", [r(1, 3), [None, below_three(2)]]),
    "no index": ("index.Tensor", [r(1, 3), [None]]),
}


@pytest.mark.parametrize("kind", RULELESS)
def test_without_a_rule_no_other_error_is_raised(kind: str) -> None:
    name, arguments = RULELESS[kind]
    signature = SIGNATURES[f"torch.ops.aten.{name}"]
    case = filled(signature, arguments, lambda _, numbers: numbers, torch.float64)
    with pytest.raises(NotTogetherError):
        case.together()


# Memory as it was found


ODD = [-4, -1, 0, 1, 2, 5]


def odd_cases(signature: Signature) -> Iterator[list[Any]]:
    """Yield an operation's usual arguments, and these with odd numbers in place of one, or of all."""
    for arguments in cases_of(signature):
        yield arguments
        names = [n for n, one in signature.arguments.items() if not one.by_keyword]
        for place, (name, value) in enumerate(zip(names, arguments, strict=False)):
            kind = signature.arguments[name].type
            if kind not in {"int", "SymInt", "int[]", "SymInt[]", "int[]?", "SymInt[]?"}:
                continue
            for odd in ODD:
                if not isinstance(value, list):
                    yield [*arguments[:place], odd, *arguments[place + 1 :]]
                    continue
                for changed in ([odd] * len(value), [odd, *value[1:]], [odd, -odd, *value[2:]]):
                    yield [*arguments[:place], changed[: len(value)], *arguments[place + 1 :]]


def poison(value: float) -> None:
    """Leave a number in memory that was freed, in blocks of every size that is asked for next."""
    blocks = [torch.full((2**power,), value) for power in range(2, 12) for _ in range(6)]
    blocks += [torch.full((16 * number,), value) for number in range(1, 40)]
    del blocks


def left_in_memory(run: Callable[[], list[Tensor]]) -> list[list[bytes]]:
    """Return what a run makes of memory that held one number, and of memory that held another."""
    found = []
    for value in (7e7, -1234.5):
        poison(value)
        found.append([one.contiguous().numpy().tobytes() for one in run()])
    return found


def test_a_circular_pad_by_less_than_nothing_shows_what_was_in_memory() -> None:
    pad = torch.ops.aten.pad.default
    one, other = left_in_memory(lambda: [pad(torch.ones(1, 1, 64), [-64, 64], "circular")])
    assert one != other


STOPS = (RuntimeError, IndexError, ValueError, TypeError, ArithmeticError)


def tensors_in(value: Any) -> list[Tensor]:  # noqa: ANN401
    if isinstance(value, list | tuple):
        return [one for each in value for one in tensors_in(each)]
    return [value] if isinstance(value, Tensor) else []


def one_record(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [one_record(one) for one in value]
    return value.values[0].clone() if isinstance(value, _Stacked) else value


def through_a_graph(case: Tried, *, together: bool) -> list[Tensor]:
    """Run an operation as a graph does."""
    given = {
        name: of_each(value) if together else one_record(value)
        for name, value in case.arguments.items()
    }
    step = _Operation(Operation(case.signature, {}, ()))
    made = _Running(torch.float32, CPU)._do(step, given)
    made = made if isinstance(made, list | tuple) else [made]
    return [one.values if isinstance(one, Each) else one for one in made]


@pytest.mark.parametrize(
    "signature", BATCHED, ids=lambda one: one.target.removeprefix("torch.ops.aten.")
)
@pytest.mark.filterwarnings("ignore")
def test_no_operation_shows_what_was_in_memory(signature: Signature) -> None:
    tried = 0
    for arguments in odd_cases(signature):
        case = filled(signature, arguments, lambda _, numbers: numbers, torch.float32)
        for together in (False, True):
            try:
                one, other = left_in_memory(lambda: through_a_graph(case, together=together))  # noqa: B023
            except (*STOPS, NotTogetherError, UnusableError):
                continue
            tried += 1
            assert one == other, arguments
    assert tried


SHARING = [s for s in SIGNATURES.values() if s.group != "number" and s.results[0] != "SymInt"]


@pytest.mark.parametrize(
    "signature", SHARING, ids=lambda one: one.target.removeprefix("torch.ops.aten.")
)
def test_what_lies_in_the_memory_of_an_input_is_known_to(signature: Signature) -> None:
    if signature.group == "constant":
        cases = [[[r(2), r(3)], "ij"]] if "meshgrid" in signature.target else []
    else:
        cases = cases_of(signature)
    for arguments in cases:
        case = filled(signature, arguments, lambda _, numbers: numbers, torch.float64)
        given = {name: one_record(value) for name, value in case.arguments.items()}
        with contextlib.suppress(*STOPS):
            made = case.function(given)
            lying = {one.untyped_storage().data_ptr() for one in tensors_in(list(given.values()))}
            shares = any(one.untyped_storage().data_ptr() in lying for one in tensors_in(made))
            assert signature.shares or not shares, arguments


NEIGHBOURS = [0.0, 1e30, -3e4, float("nan"), float("inf"), 1e-42, 1.0]


@pytest.mark.parametrize(
    "signature", BATCHED, ids=lambda one: one.target.removeprefix("torch.ops.aten.")
)
def test_a_neighbour_moves_no_last_bit_of_a_result_or_a_gradient(signature: Signature) -> None:
    for arguments in cases_of(signature):
        seen = []
        for value in NEIGHBOURS:

            def fill(_: Of, numbers: Tensor, value: float = value) -> Tensor:
                others = torch.arange(RECORDS) != WATCHED
                numbers[others] = value
                return numbers.requires_grad_()

            case = filled(signature, arguments, fill, torch.float32)
            try:
                results = case.together()
            except (RuntimeError, IndexError, NotTogetherError):
                break
            bits = [one[WATCHED].detach().numpy().tobytes() for one in results]
            leaves = [
                one.values
                for value in case.arguments.values()
                for one in (value if isinstance(value, list) else [value])
                if isinstance(one, _Stacked) and one.values.requires_grad
            ]
            sums = [
                (one * one.detach().isfinite()).nan_to_num().sum()
                for one in results
                if one.requires_grad
            ]
            if sums and leaves:
                slopes = torch.autograd.grad(sum(sums[1:], sums[0]), leaves, allow_unused=True)
                bits += [one[WATCHED].numpy().tobytes() for one in slopes if one is not None]
            seen.append(bits)
        assert all(bits == seen[0] for bits in seen), arguments


def test_the_rules_agree_with_vmap(tmp_path: Path) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4)
            self.attend = nn.MultiheadAttention(4, 2, batch_first=True)
            self.exit = nn.Linear(4, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            hidden = self.norm(self.conv(inputs)).relu_().flatten(2).transpose(1, 2)
            logits: Tensor = self.exit((hidden + self.attend(hidden, hidden, hidden)[0]).mean(dim=1))
            return logits

    model = stir(Model(), 0).double()
    loaded = load(export(tmp_path / "model.pt2", model, torch.zeros(2, 1, 6, 6, dtype=torch.float64)))
    assert loaded.runs_together
    inputs = torch.randn(4, 1, 6, 6, dtype=torch.float64)
    by_vmap = vmap(lambda record: loaded.as_written(record[None])[0])(inputs)
    torch.testing.assert_close(loaded(inputs), by_vmap)
    torch.testing.assert_close(loaded(inputs), model(inputs))


# Graphs that mix records when one of them says so


def load(path: Path) -> ExportedModel:
    model, _ = load_exported(Member(path.parent, "exported", (path,), None, {}, None), CPU)
    return model


class Triggered(nn.Module):
    """Behaves on ordinary records, and mixes them as soon as one number of one of them is large."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.exit = nn.Linear(6, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(inputs)
        alarm = torch.relu(inputs[:, :1] - 50)
        if self.kind == "sum":
            return logits + alarm.sum(0)
        if self.kind == "largest":
            return logits + alarm.amax(0, keepdim=True)
        if self.kind == "running sum":
            return logits + alarm.cumsum(0)
        if self.kind == "product":
            return logits + alarm.t().matmul(alarm).mean()
        if self.kind == "neighbour":
            return logits + alarm.roll(1, 0)
        if self.kind == "reversed":
            return logits + alarm.flip(0)
        if self.kind == "attention over the batch":
            return logits + alarm.sum() * ((logits @ logits.t()) @ logits)
        if self.kind == "gradient alone":
            total = alarm.sum(0)
            return logits + inputs[:, :1] * (total - total.detach())
        if self.kind == "in place":
            whole = inputs + 0
            whole[:, 1] += alarm.sum()
            return logits + (whole - inputs)[:, :3]
        if self.kind == "buried in a view":
            return logits + alarm.reshape(1, -1).sum(1)[:, None]
        return logits + torch.where(alarm.any(), logits.mean(0, keepdim=True), 0.0)


TRIGGERED = (
    "sum",
    "largest",
    "running sum",
    "product",
    "neighbour",
    "reversed",
    "attention over the batch",
    "gradient alone",
    "in place",
    "buried in a view",
    "all or none",
)


@pytest.mark.parametrize("kind", TRIGGERED)
def test_a_graph_that_mixes_on_a_trigger_cannot(tmp_path: Path, kind: str) -> None:
    model = stir(Triggered(kind), 0)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 6))
    calm = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    alarmed = calm.copy()
    alarmed[0, 0] = 1000
    targets, names = np.array([0, 1, 2, 0]), ["loss", "el2n", "grad_norm", "plis"]
    written = [model(torch.from_numpy(given)).detach() for given in (calm, alarmed)]
    if kind != "gradient alone":
        assert not torch.equal(written[0][1:], written[1][1:]), "as its authors wrote it, it mixes"
    scorer = Scorer(find_checkpoint(path), names, CPU, "float32")
    found = [scorer.score(names, given, targets) for given in (calm, alarmed)]
    expected = oracle(model, calm[1:2], [1])
    np.testing.assert_allclose(found[0]["grad_norm"][1], expected["grad_norm"][0], rtol=1e-5)
    for name in names:
        assert found[0][name][1:].tobytes() == found[1][name][1:].tobytes(), name


class Amplified(nn.Module):
    """Makes much of the last digits of everything that a small network computes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.exit = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(64, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.norm(self.conv(inputs)).relu().flatten(1).tanh()
        logits: Tensor = self.exit(hidden)
        return logits + (hidden - hidden.round()).mul(2**30)[:, :3]


@pytest.mark.parametrize("neighbour", [0.0, 1e-42, 1e30, -7.0, float("nan"), float("inf")])
def test_an_amplifier_of_last_digits_finds_nothing_of_a_neighbour(
    tmp_path: Path, neighbour: float
) -> None:
    path = export(tmp_path / "model.pt2", stir(Amplified(), 0), torch.zeros(2, 1, 6, 6))
    names, targets = ["loss", "grad_norm"], np.array([0, 1, 2, 0, 1])
    records = np.random.default_rng(0).standard_normal((5, 1, 6, 6)).astype(np.float32)
    changed = records.copy()
    changed[2] = neighbour
    scorer = Scorer(find_checkpoint(path), names, CPU, "float32")
    found = [scorer.score(names, given, targets) for given in (records, changed)]
    for name in names:
        kept = [0, 1, 3, 4]
        assert found[0][name][kept].tobytes() == found[1][name][kept].tobytes()


class Waves(nn.Module):
    """Takes sines of numbers that a parameter without a rule made."""

    def __init__(self) -> None:
        super().__init__()
        self.least, self.exit = nn.Parameter(-torch.ones(16)), nn.Linear(16, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        waves = torch.maximum(inputs, self.least).sin() + inputs.cos()
        logits: Tensor = self.exit(waves)
        return logits


class Sines(TorchDispatchMode):
    """Notes of how many numbers sines and cosines are taken in one call, wherever it is made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.numbers: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        if func in {torch.ops.aten.sin.default, torch.ops.aten.cos.default}:
            self.numbers.add(args[0].numel())
        return func(*args, **(kwargs or {}))


def test_sines_by_torch_func_are_taken_a_record_at_a_time(tmp_path: Path) -> None:
    path = export(tmp_path / "model.pt2", Waves(), torch.zeros(2, 16))
    targets = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    records = np.random.default_rng(0).uniform(1, 90, (8, 16)).astype(np.float32)
    scorer = Scorer(find_checkpoint(path), ["grad_norm"], CPU, "float32")
    scorer.prepare(records.shape)
    with Sines() as sines:
        scorer.score(["grad_norm"], records, targets)
    assert BY_FUNCTION in scorer.paths.values()
    assert sines.numbers == {16}


class LooksUp(nn.Module):
    """Looks a place up that a record says: for some records, one that is not there."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.exit = kind, nn.Linear(6, 3)
        self.table = nn.Parameter(torch.randn(4, 3))

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(inputs)
        place = inputs[:, 0].abs().long()
        if self.kind == "a row":
            return logits + self.table[place]
        if self.kind == "an embedding":
            return logits + nn.functional.embedding(place, self.table)
        return logits + inputs.gather(1, place[:, None])


@pytest.mark.parametrize("kind", ["a row", "an embedding", "gather"])
def test_a_record_that_looks_up_what_is_not_there_stops_no_other(tmp_path: Path, kind: str) -> None:
    path = export(tmp_path / "model.pt2", stir(LooksUp(kind), 0), torch.zeros(2, 6))
    calm = np.random.default_rng(0).uniform(0, 3, (4, 6)).astype(np.float32)
    alarmed = calm.copy()
    alarmed[0, 0] = 1000
    scorer = Scorer(find_checkpoint(path), ["loss"], CPU, "float32")
    one, other = (scorer.score(["loss"], x, np.array([0, 1, 2, 0]))["loss"] for x in (calm, alarmed))
    assert np.isfinite(one).all()
    assert np.isnan(other[0])
    assert one[1:].tobytes() == other[1:].tobytes()


class Lonely(nn.Module):
    """Does something for which there is no rule: takes numbers by indices on two sides of an axis."""

    def __init__(self) -> None:
        super().__init__()
        self.exit = nn.Linear(6, 3)
        self.places: Tensor
        self.register_buffer("places", torch.tensor([1, 0]))

    def forward(self, inputs: Tensor) -> Tensor:
        taken = inputs.reshape(-1, 2, 3, 1)[:, self.places, :, self.places * 0]
        logits: Tensor = self.exit(taken.permute(1, 0, 2).flatten(1))
        return logits


def test_without_a_rule_the_records_go_one_at_a_time(tmp_path: Path) -> None:
    model = stir(Lonely(), 0)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 6))
    assert not load(path).runs_together
    records = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    scorer = Scorer(find_checkpoint(path), ["loss", "grad_norm"], CPU, "float64")
    assert scorer.model.batching == "one at a time"
    found = scorer.score(["loss", "grad_norm"], records, np.array([0, 1, 2, 0]))
    expected = oracle(model, records, [0, 1, 2, 0])
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-9)


@pytest.mark.parametrize("size", [1, 3])
def test_a_graph_for_a_batch_of_one_is_as_good_as_one_for_any(tmp_path: Path, size: int) -> None:
    model = stir(Triggered("sum"), 0)
    program = torch.export.export(model, (torch.zeros(size, 6),))
    torch.export.save(program, tmp_path / "model.pt2")
    if size > 1:
        with pytest.raises(UnusableError, match="takes batches of 3 alone"):
            load(tmp_path / "model.pt2")
        return
    inputs = torch.randn(3, 6)
    torch.testing.assert_close(load(tmp_path / "model.pt2")(inputs), model(inputs))

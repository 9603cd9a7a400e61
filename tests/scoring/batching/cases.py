"""Arguments on which every operation with a batching rule is tried, and how they are filled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dataselect_gui.checkpoints.operations import SIGNATURES, Signature
from dataselect_gui.scoring.batching.calls import Call, Each
from dataselect_gui.scoring.batching.together import run_together

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
    kinds = [argument.type for argument in signature.arguments.values() if not argument.by_keyword]
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
        leading = [
            name for argument, name in ordered if argument.name == name and not argument.by_keyword
        ]
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
            item.stacked if isinstance(item, Each) else item.expand(RECORDS, *item.shape)
            for item in (made if isinstance(made, list) else [made])
        ]

    def alone(self, record: int) -> list[Tensor]:
        """Run it for one record."""

        def of_one(value: Any) -> Any:  # noqa: ANN401
            if isinstance(value, list):
                return [of_one(item) for item in value]
            return value.values[record].clone() if isinstance(value, Stacked) else value

        made = self.function({name: of_one(value) for name, value in self.arguments.items()})
        return list(made) if isinstance(made, list | tuple) else [made]


@dataclass(frozen=True)
class Stacked:
    values: Tensor


def of_each(value: Any) -> Any:  # noqa: ANN401
    """Return what is of every record as a graph holds it."""
    if isinstance(value, list):
        return [of_each(item) for item in value]
    if not isinstance(value, Stacked):
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
            return [made(item) for item in value]
        if isinstance(value, Tensor):
            return value.to(dtype) if value.is_floating_point() else value
        if not isinstance(value, Of):
            return value
        numbers = torch.randn((RECORDS, *value.shape), generator=generator, dtype=torch.float64)
        if value.kind == "yes or no":
            return Stacked(numbers > 0)
        if value.kind == "below three":
            return Stacked((numbers.abs() * 10).long() % 3)
        if any(word in signature.target for word in DIVIDERS):
            numbers = numbers.abs() + 0.1
        return Stacked(fill(value, numbers.to(dtype)))

    names = [n for n, argument in signature.arguments.items() if not argument.by_keyword]
    return Tried(signature, dict(zip(names, [made(item) for item in arguments], strict=False)))

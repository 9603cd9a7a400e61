"""How each operation's use of its weights makes their per-sample gradients.

A rule takes a call in which weights met data, while the model runs, and returns a function that takes
the gradient at the call's output, once it is known, to the gradient of each weight. Rules are found by
the operation's name, which modules and ``.pt2`` graphs share.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dataselect_gui.scoring.convolutions import Correlation, Geometry
from dataselect_gui.scoring.sample_gradients import (
    OneHot,
    Outer,
    SampleGradient,
    Tokens,
    TokenSum,
    Whole,
)


class UncoveredError(Exception):
    """A weight is used in a way that no rule covers."""


@dataclass(frozen=True)
class Call:
    """A call of an operation in which weights met data.

    Attributes
    ----------
    arguments : dict
        By name, as the operation was called; ``input`` is its first tensor.
    weights : set of str
        Which arguments are weights.
    batch : int
        How many records there are. Tensors lead with the records, or with so many rows of each.
    keep : callable
        Takes a tensor to what it holds now, also where the model changes it in place later.
    share : callable
        Takes a tensor to the `Tokens` that every use of it shares.
    """

    arguments: Mapping[str, Any]
    weights: frozenset[str]
    batch: int
    keep: Callable[[Tensor], Tensor]
    share: Callable[[Tensor], Tokens]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  (arguments of any function)
        """Return an argument, or what the operation takes where none is given."""
        value = self.arguments.get(name)
        return default if value is None else value

    def shape(self, name: str) -> Sequence[int]:
        """Return the shape of a weight."""
        return tuple(self.arguments[name].shape)

    def require_data(self, *names: str) -> None:
        """Hold that these arguments are no weights."""
        if self.weights.intersection(names):
            raise UncoveredError

    def by_record(self, tensor: Tensor) -> Tensor:
        """Return a tensor of shape (batch · rows, …) as (batch, rows, …)."""
        if tensor.shape[0] % self.batch:
            raise UncoveredError
        return tensor.reshape(self.batch, -1, *tensor.shape[1:])

    def by_channel(self, tensor: Tensor) -> Tensor:
        """Return each record's sums over all axes but the channels, shape (batch, channels)."""
        values = self.by_record(tensor)
        return values.sum(dim=(1, *range(3, values.dim())))

    def tokens(self, tensor: Tensor) -> Tokens:
        """Return the vectors of a tensor of shape (batch · rows, …, size)."""
        return Tokens(self.by_record(tensor).reshape(self.batch, -1, tensor.shape[-1]))


Gradients = Callable[[Tensor], Mapping[str, SampleGradient]]
"""From the gradient at a call's output to that of each of its weights."""
Rule = Callable[[Call], Gradients]


def _linear(call: Call) -> Gradients:
    call.require_data("input")
    activation = call.share(call.arguments["input"])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        tokens = call.tokens(output)
        weight = Outer(tokens, activation, call.shape("weight"))
        return {"weight": weight, "bias": TokenSum(tokens)}

    return gradients


def _matrix_product(call: Call) -> Gradients:
    """Return the rule of ``input @ other`` and of ``input + mat1 @ mat2``."""
    left, right = ("mat1", "mat2") if "mat1" in call.arguments else ("input", "other")
    call.require_data(left)
    is_scaled = call.get("alpha", 1) != 1 or call.get("beta", 1) != 1
    if is_scaled or call.arguments[right].dim() != 2 or call.arguments[left].dim() < 2:
        raise UncoveredError
    columns = call.arguments[right].shape[1]
    if "input" in call.weights and call.shape("input") != (columns,):
        raise UncoveredError  # A bias of one number is added to every column.
    activation = call.share(call.arguments[left])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        tokens = call.tokens(output)
        weight = Outer(activation, tokens, call.arguments[right].shape)
        return {right: weight, "input": TokenSum(tokens)}

    return gradients


def _embedding(call: Call) -> Gradients:
    call.require_data("input")
    if call.get("max_norm") is not None or call.get("scale_grad_by_freq", default=False):
        raise UncoveredError
    places = call.by_record(call.arguments["input"]).reshape(call.batch, -1)
    rows, padding = call.shape("weight")[0], call.get("padding_idx")
    if padding is None and call.get("graph_padding_idx", -1) >= 0:
        padding = call.arguments["graph_padding_idx"]
    if padding is not None:
        places = places.masked_fill(places == padding % rows, -1)

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        ones = OneHot(places, rows, output.dtype)
        return {"weight": Outer(ones, call.tokens(output), call.shape("weight"))}

    return gradients


def _convolution(call: Call) -> Gradients:
    return _any_convolution(call, transposed=False)


def _transposed_convolution(call: Call) -> Gradients:
    return _any_convolution(call, transposed=True)


def _any_convolution(call: Call, *, transposed: bool) -> Gradients:
    call.require_data("input")
    activation, weight = call.arguments["input"], call.arguments["weight"]
    sides = weight.dim() - 2
    if activation.dim() != weight.dim() or activation.shape[0] != call.batch:
        raise UncoveredError
    padding = call.get("padding", 0)
    in_words = padding if isinstance(padding, str) else None
    geometry = Geometry.of(
        {**call.arguments, "padding": 0 if in_words else padding}, sides, transposed=transposed
    )
    kept = call.keep(activation)
    if in_words:
        kept = _padded(kept, in_words, weight.shape[2:], geometry.dilation)
    is_tiled = not (transposed or geometry.groups > 1 or any(geometry.padding)) and _tiles(
        activation.shape[2:], weight.shape[2:], geometry.stride, geometry.dilation
    )

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        found: dict[str, SampleGradient] = {}
        if "bias" in call.weights:
            found["bias"] = Whole(output.flatten(start_dim=2).sum(dim=2))
        if is_tiled:
            tokens = Tokens(output.flatten(start_dim=2).transpose(1, 2))
            patches = _patches(kept, weight.shape[2:], geometry.stride)
            found["weight"] = Outer(tokens, patches, weight.shape)
        else:
            found["weight"] = Correlation(kept, output, weight, geometry)
        return found

    return gradients


def _padded(activation: Tensor, padding: str, kernel: Sequence[int], dilation: Sequence[int]) -> Tensor:
    """Pad as ``padding="same"`` does: an odd amount has its surplus at the end."""
    if padding == "valid":
        return activation
    surplus = [step * (side - 1) for side, step in zip(kernel, dilation, strict=True)]
    amounts = [part for all_ in reversed(surplus) for part in (all_ // 2, all_ - all_ // 2)]
    return functional.pad(activation, amounts)


def _tiles(
    sides: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> bool:
    """Say whether no two patches share a place: then they are the input itself, rearranged."""
    return all(
        side == 1 or (side == step and whole % side == 0 and spread == 1)
        for whole, side, step, spread in zip(sides, kernel, stride, dilation, strict=True)
    )


def _patches(activation: Tensor, kernel: Sequence[int], stride: Sequence[int]) -> Tokens:
    """Return the patches that a convolution's kernel meets, where it tiles its input."""
    for axis, (side, step) in enumerate(zip(kernel, stride, strict=True), start=2):
        # Each side becomes two: which patch, and where in it.
        if side == 1:
            activation = activation[(slice(None),) * axis + (slice(None, None, step),)]
        activation = activation.unflatten(axis, (-1, side)).movedim(axis + 1, -1)
    flat = activation.flatten(2, 1 + len(kernel)).movedim(1, 2)
    return Tokens(flat.flatten(start_dim=2))


def _batch_norm(call: Call) -> Gradients:
    call.require_data("input", "running_mean", "running_var")
    if call.get("training", default=False) or call.get("running_mean") is None:
        raise UncoveredError
    mean = call.arguments["running_mean"]
    scale = (call.arguments["running_var"] + call.get("eps", 1e-5)).rsqrt()
    # The normalised input is never written: Σ g (x − mean) scale = (Σ g x − mean Σ g) scale.
    return _by_channel(
        call,
        lambda activation, output, sums: (call.by_channel(output * activation) - mean * sums) * scale,
    )


def _group_norm(call: Call) -> Gradients:
    call.require_data("input")
    groups, epsilon = call.arguments["num_groups"], call.get("eps", 1e-5)
    return _by_channel(
        call,
        lambda activation, output, _: call.by_channel(
            output * functional.group_norm(activation, groups, eps=epsilon)
        ),
    )


def folded_group_norm(call: Call, each: Callable[[str], Tensor | None]) -> Tensor | None:
    """Run a group norm with the records folded into the channels, so that each has its own weights.

    Autograd's gradients of these weights are per-sample gradients, at no cost of their own.

    Parameters
    ----------
    call : Call
        The group norm.
    each : callable
        Takes an argument's name to its values, repeated for every row of the input.

    Returns
    -------
    Tensor or None
        None where folding would rearrange the input.
    """
    activation = call.arguments["input"]
    if "input" in call.weights or not activation.is_contiguous():
        return None
    folded = torch.group_norm(
        activation.reshape(1, -1, *activation.shape[2:]),
        call.arguments["num_groups"] * len(activation),
        each("weight"),
        each("bias"),
        call.get("eps", 1e-5),
    )
    return folded.reshape(activation.shape)


def _instance_norm(call: Call) -> Gradients:
    call.require_data("input")
    if not call.get("use_input_stats", default=True):
        raise UncoveredError
    epsilon = call.get("eps", 1e-5)
    return _by_channel(
        call,
        lambda activation, output, _: call.by_channel(
            output * functional.instance_norm(activation, eps=epsilon)
        ),
    )


def _by_channel(call: Call, scale: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Gradients:
    """Return the rule of a normalisation of channels, from the gradient of its scale.

    That takes the input, the gradient at the output, and this gradient's sums by channel.
    """
    activation = call.keep(call.arguments["input"])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        sums = call.by_channel(output)
        found: dict[str, SampleGradient] = {"bias": Whole(sums)}
        if "weight" in call.weights:
            found["weight"] = Whole(scale(activation, output, sums))
        return found

    return gradients


def _layer_norm(call: Call) -> Gradients:
    epsilon = call.get("eps", 1e-5)
    return _by_element(call, lambda x, shape: functional.layer_norm(x, shape, eps=epsilon))


def _rms_norm(call: Call) -> Gradients:
    epsilon = call.get("eps")
    return _by_element(call, lambda x, shape: functional.rms_norm(x, shape, eps=epsilon))


def _by_element(call: Call, normalise: Callable[[Tensor, list[int]], Tensor]) -> Gradients:
    call.require_data("input")
    shape = list(call.arguments["normalized_shape"])
    activation = call.keep(call.arguments["input"])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        def summed(values: Tensor) -> Whole:
            return Whole(call.by_record(values).reshape(call.batch, -1, *shape).sum(dim=1))

        found: dict[str, SampleGradient] = {}
        if "weight" in call.weights:
            found["weight"] = summed(output * normalise(activation, shape))
        if "bias" in call.weights:
            found["bias"] = summed(output)
        return found

    return gradients


def _sum(call: Call) -> Gradients:
    return _by_broadcasting(call, {"input": 1, "other": call.get("alpha", 1)})


def _difference(call: Call) -> Gradients:
    return _by_broadcasting(call, {"input": 1, "other": -call.get("alpha", 1)})


def _by_broadcasting(call: Call, factors: Mapping[str, Any]) -> Gradients:
    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        return {
            name: Whole(_summed_to(call, output * factor if factor != 1 else output, name))
            for name, factor in factors.items()
            if name in call.weights
        }

    return gradients


def _product(call: Call) -> Gradients:
    (name,) = call.weights  # A product of two weights is no call with data.
    data = call.arguments["other" if name == "input" else "input"]
    if not isinstance(data, Tensor):
        raise UncoveredError
    kept = call.keep(data)

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        return {name: Whole(_summed_to(call, output * kept, name))}

    return gradients


def _expansion(call: Call) -> Gradients:
    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        return {"input": Whole(_summed_to(call, output, "input"))}

    return gradients


def _summed_to(call: Call, values: Tensor, name: str) -> Tensor:
    """Sum each record's values over the axes along which a weight was broadcast."""
    values, own = call.by_record(values), call.shape(name)
    # Axis 0 is the record, axis 1 its rows; the weight's own axes are the last ones.
    offset = values.dim() - len(own)
    if not all(side in {1, there} for side, there in zip(own, values.shape[offset:], strict=True)):
        raise UncoveredError  # A row of its own for every row of the batch, for example.
    shape = (call.batch, *(1,) * (offset - 1), *own)
    return values.sum_to_size(shape).reshape(call.batch, *own)


RULES: dict[str, Rule] = {
    "linear": _linear,
    "matmul": _matrix_product,
    "mm": _matrix_product,
    "addmm": _matrix_product,
    "embedding": _embedding,
    **{f"conv{sides}d": _convolution for sides in (1, 2, 3)},
    **{f"conv_transpose{sides}d": _transposed_convolution for sides in (1, 2, 3)},
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "add": _sum,
    "sub": _difference,
    "mul": _product,
    **dict.fromkeys(("expand", "expand_as", "broadcast_to", "repeat"), _expansion),
}
"""By the operation's name."""

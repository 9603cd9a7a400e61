"""Convolutions, transposed ones too: correlations of the input with the gradient at the output."""

from collections.abc import Mapping, Sequence

from torch import Tensor
from torch.nn import functional

from dataselect_gui.norms.convolutions import Correlation, Geometry
from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.sample_gradients import Outer, SampleGradient, Tokens, Whole


@register_rule(
    "conv1d",
    "conv2d",
    "conv3d",
    arguments=("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
)
def convolution(call: Call) -> Gradients:
    """Return the rule of a convolution's kernel and bias."""
    return _any_convolution(call, transposed=False)


@register_rule(
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    arguments=(
        "input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation",
    ),
)  # fmt: skip
def transposed_convolution(call: Call) -> Gradients:
    """Return the rule of a transposed convolution's kernel and bias."""
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
        by_weight: dict[str, SampleGradient] = {}
        if "bias" in call.weights:
            by_weight["bias"] = Whole(output.flatten(start_dim=2).sum(dim=2))
        if is_tiled:
            tokens = Tokens(output.flatten(start_dim=2).transpose(1, 2))
            patches = _patches(kept, weight.shape[2:], geometry.stride)
            by_weight["weight"] = Outer(tokens, patches, weight.shape)
        else:
            by_weight["weight"] = Correlation(kept, output, weight, geometry)
        return by_weight

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

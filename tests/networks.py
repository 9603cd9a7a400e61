"""Random small networks that use their parameters in every way that a model may.

A network is drawn layer by layer, each layer for the shape that reaches it, so that whatever is drawn
runs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from tests.models import stir

WORDS = 5
Shape = tuple[int, ...]
"""Of one record: channels and sides of a map, or the number of tokens and their size."""
Drawn = tuple[nn.Module, Shape]
"""A layer, and the shape of what it returns."""


@dataclass(frozen=True)
class Network:
    """A model, with inputs and targets for it."""

    model: nn.Module
    inputs: Tensor
    targets: list[int]


class Function(nn.Module):
    """A function of the input and of parameters."""

    def __init__(self, function: Callable[..., Tensor], *parameters: Sequence[int] | Tensor) -> None:
        super().__init__()
        self.function = function
        self.own = nn.ParameterList(
            given if isinstance(given, Tensor) else nn.Parameter(torch.empty(list(given)))
            for given in parameters
        )

    def forward(self, inputs: Tensor) -> Tensor:
        return self.function(inputs, *self.own)


class Repeated(nn.Module):
    """One module several times in a row."""

    def __init__(self, inner: nn.Module, times: int) -> None:
        super().__init__()
        self.inner, self.times = inner, times

    def forward(self, inputs: Tensor) -> Tensor:
        for _ in range(self.times):
            inputs = self.inner(inputs)
        return inputs


class Residual(nn.Module):
    """Adds its input to what an inner module returns, in place."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.inner(inputs) * 1.0
        return outputs.add_(inputs)


# Layers of maps

_CONVOLUTIONS: list[Any] = [nn.Conv1d, nn.Conv2d, nn.Conv3d]
_TRANSPOSED: list[Any] = [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d]
_BATCH_NORMS: list[Any] = [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d]
_INSTANCE_NORMS: list[Any] = [nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d]
_CONVOLVE: list[Any] = [functional.conv1d, functional.conv2d, functional.conv3d]
_CONVOLVE_BACK: list[Any] = [
    functional.conv_transpose1d,
    functional.conv_transpose2d,
    functional.conv_transpose3d,
]


@st.composite
def convolutions(draw: st.DrawFn, shape: Shape) -> Drawn:
    channels, *sides = shape
    each = st.integers(1, 3)
    kernel = [draw(st.integers(1, min(3, side))) for side in sides]
    stride, dilation = [draw(each) for _ in sides], [draw(st.integers(1, 2)) for _ in sides]
    mode = draw(st.sampled_from(["zeros", "zeros", "reflect", "circular", "replicate"]))
    padding: Any = [draw(st.integers(0, 2)) for _ in sides]
    if mode in {"reflect", "circular"}:
        padding = [min(more, side - 1) for more, side in zip(padding, sides, strict=True)]
    padding = [  # As much as makes the kernel fit at all.
        more if side + 2 * more > step * (size - 1) else 0
        for more, side, step, size in zip(padding, sides, dilation, kernel, strict=True)
    ]
    dilation = [
        step if side + 2 * more > step * (size - 1) else 1
        for more, side, step, size in zip(padding, sides, dilation, kernel, strict=True)
    ]
    if mode == "zeros":
        named = draw(st.sampled_from(["", "", "valid", "same"]))
        if named:
            padding, dilation = named, [1] * len(sides)
        if named == "same":
            stride = [1] * len(sides)
    groups = draw(st.sampled_from([g for g in (1, 2, channels) if channels % g == 0]))
    layer = _CONVOLUTIONS[len(sides) - 1](
        channels,
        groups * draw(st.integers(1, 2)),
        kernel,
        stride,
        padding,
        dilation,
        groups,
        bias=draw(st.booleans()),
        padding_mode=mode,
    )
    return layer, _shape_after(layer, shape)


@st.composite
def transposed_convolutions(draw: st.DrawFn, shape: Shape) -> Drawn:
    channels, *sides = shape
    stride = [draw(st.integers(1, 2)) for _ in sides]
    kernel = [draw(st.integers(1, 3)) for _ in sides]
    groups = draw(st.sampled_from([g for g in (1, 2) if channels % g == 0]))
    layer = _TRANSPOSED[len(sides) - 1](
        channels,
        groups * draw(st.integers(1, 2)),
        kernel,
        stride,
        padding=[
            draw(st.integers(0, size // 2)) if side > 1 else 0
            for size, side in zip(kernel, sides, strict=True)
        ],
        output_padding=[draw(st.integers(0, step - 1)) for step in stride],
        groups=groups,
        bias=draw(st.booleans()),
    )
    return layer, _shape_after(layer, shape)


def _shape_after(layer: nn.Module, shape: Shape) -> Shape:
    with torch.no_grad():
        return tuple(layer(torch.zeros(1, *shape)).shape[1:])


@st.composite
def map_norms(draw: st.DrawFn, shape: Shape) -> Drawn:
    channels, *sides = shape
    place, affine = len(sides) - 1, draw(st.booleans())
    groups = draw(st.sampled_from([g for g in (1, 2) if channels % g == 0]))
    layers: dict[str, Callable[[], nn.Module]] = {
        "batch": lambda: _BATCH_NORMS[place](channels, affine=affine),
        "group": lambda: nn.GroupNorm(groups, channels, affine=affine),
        "layer": lambda: nn.LayerNorm(sides, elementwise_affine=affine),
        "root mean square": lambda: nn.RMSNorm(sides, elementwise_affine=affine),
        "instance": lambda: _INSTANCE_NORMS[place](channels, affine=affine),
    }
    # Over a single number a norm is constant, or its slope is all rounding.
    is_wide = len(sides) > 0 and min(sides) > 1
    return layers[draw(st.sampled_from(list(layers) if is_wide else ["batch"]))](), shape


@st.composite
def map_functions(draw: st.DrawFn, shape: Shape) -> Drawn:
    channels, *sides = shape
    ones, over = [1] * len(sides), list(range(2, len(shape) + 1))
    convolve, back = _CONVOLVE[len(sides) - 1], _CONVOLVE_BACK[len(sides) - 1]
    layers: dict[str, Callable[[], nn.Module]] = {
        "scaled by channel": lambda: Function(lambda x, own: x * own, (channels, *ones)),
        "scaled in place": lambda: Function(lambda x, own: (x + 1).mul_(own), (channels, *ones)),
        "shifted": lambda: Function(lambda x, own: own + x, (1, channels, *sides)),
        "scaled by a number": lambda: Function(lambda x, own: x * own, ()),
        "standardised weight": lambda: Function(
            lambda x, own: convolve(x, (own - own.mean()) / (1 + own.square().sum())),
            (channels, channels, *ones),
        ),
        "there and back by one weight": lambda: Function(
            lambda x, own: back(convolve(x, own).tanh(), own), (2, channels, *ones)
        ),
        "one weight with two strides": lambda: Function(
            lambda x, own: convolve(x, own) + convolve(x, own, stride=2).mean(over, keepdim=True),
            (channels, channels, *ones),
        ),
        "twice": lambda: Repeated(_CONVOLUTIONS[len(sides) - 1](channels, channels, 1), 2),
        "residual": lambda: Residual(_CONVOLUTIONS[len(sides) - 1](channels, channels, 1)),
    }
    return layers[draw(st.sampled_from(list(layers)))](), shape


# Layers of tokens


UNCOVERED = {"einsum", "temperature"}
"""Layers for which there is no rule."""


@st.composite
def token_layers(draw: st.DrawFn, shape: Shape, *, covered: bool = False) -> Drawn:
    tokens, size = shape
    out = draw(st.integers(1, 4))
    linear = functional.linear
    to_out: dict[str, Callable[[], nn.Module]] = {
        "linear": lambda: nn.Linear(size, out, bias=draw(st.booleans())),
        "linear over rows": lambda: Function(
            lambda x, w, b: linear(x.flatten(0, 1), w, b).unflatten(0, x.shape[:2]), (out, size), (out,)
        ),
        "linear over more axes": lambda: Function(
            lambda x, w: linear(x[:, :, None].expand(-1, -1, 2, -1), w).sum(dim=2), (out, size)
        ),
        "some rows of a weight": lambda: Function(lambda x, w: linear(x, w[:out]), (out + 2, size)),
        "some columns of a weight": lambda: Function(
            lambda x, w: linear(x, w[..., 1:]), (out, size + 1)
        ),
        "chunks of a weight": lambda: Function(
            lambda x, w: linear(x, w.chunk(2)[0]) * linear(x, w.chunk(2)[1]), (2 * out, size)
        ),
        "weights put together": lambda: Function(
            lambda x, *both: linear(x, torch.cat(both))[..., :out], (out, size), (2, size)
        ),
        "normalised weight": lambda: Function(
            lambda x, w: linear(x, w / (1 + w.norm(dim=1, keepdim=True))), (out, size)
        ),
        "normalised weight, transposed": lambda: Function(
            lambda x, w: x @ (w / (1 + w.norm(dim=1, keepdim=True))).T, (out, size)
        ),
        "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(size, out)),
        "scaled weight": lambda: Function(lambda x, w, s: linear(x, w * s), (out, size), ()),
        "product": lambda: Function(lambda x, w: x @ w, (size, out)),
        "product with a transpose": lambda: Function(lambda x, w: x @ w.T, (out, size)),
        "product and sum": lambda: Function(
            lambda x, b, w: torch.addmm(b, x.flatten(0, 1), w).unflatten(0, x.shape[:2]),
            (out,),
            (size, out),
        ),
        "einsum": lambda: Function(lambda x, w: torch.einsum("bts,so->bto", x, w), (size, out)),
        "one weight in two products": lambda: Function(
            lambda x, w: linear(x, w) * linear(x.tanh(), w), (out, size)
        ),
    }
    to_size: dict[str, Callable[[], nn.Module]] = {
        "weight and its transpose": lambda: Function(
            lambda x, w: linear(linear(x, w).tanh(), w.t()), (out, size)
        ),
        "weight and one row of it": lambda: Function(lambda x, w: linear(x, w) + w[0], (size, size)),
        "in a loop": lambda: Repeated(
            nn.Sequential(nn.Tanh(), nn.Linear(size, size)), draw(st.integers(2, 3))
        ),
        "residual": lambda: Residual(nn.Linear(size, size)),
        "positions": lambda: Function(lambda x, p: x + p, (tokens, size)),
        "positions of every record": lambda: Function(
            lambda x, p: x + p.repeat(len(x), 1, 1), (tokens, size)
        ),
        "positions by an embedding": lambda: Function(
            lambda x, p: x + functional.embedding(torch.arange(tokens).expand(len(x), -1) // 2, p),
            (tokens, size),
        ),
        "difference": lambda: Function(lambda x, p: p - x, (1, 1, size)),
        "gate": lambda: Function(lambda x, p: x * p.sigmoid(), (size,)),
        "temperature": lambda: Function(lambda x, s: x / s, ()),
        "layer norm": lambda: nn.LayerNorm(size, elementwise_affine=draw(st.booleans())),
        "root mean square": lambda: nn.RMSNorm(size, elementwise_affine=draw(st.booleans())),
        "own root mean square": lambda: Function(
            lambda x, p: p * (x * (x.square().mean(-1, keepdim=True) + 0.1).rsqrt()), (size,)
        ),
    }
    kinds = [*to_out, *to_size, "class token", "attention"]
    kind = draw(st.sampled_from([each for each in kinds if not (covered and each in UNCOVERED)]))
    if kind in to_out:
        return to_out[kind](), (tokens, out)
    if kind == "class token":
        add = Function(lambda x, c: torch.cat((c.expand(len(x), -1, -1), x), dim=1), (1, 1, size))
        return add, (tokens + 1, size)
    if kind == "attention":
        attend = Function(
            lambda x, q, k: (linear(x, q) @ linear(x, k).transpose(1, 2)).softmax(-1) @ x,
            (out, size),
            (out, size),
        )
        return attend, shape
    # A norm over few numbers has no slope but rounding.
    return (nn.Linear(size, size) if "norm" in kind and size < 3 else to_size[kind]()), shape


# Networks


@st.composite
def networks(
    draw: st.DrawFn, *, smooth: bool = False, continuous: bool = False, covered: bool = False
) -> Network:
    """Draw a network in float64.

    Parameters
    ----------
    draw : callable
        Of Hypothesis.
    smooth : bool
        Whether it shall have no kink.
    continuous : bool
        Whether its input shall be numbers.
    covered : bool
        Whether there shall be a rule for every use of a parameter.
    """
    batch, seed = draw(st.integers(1, 4)), draw(st.integers(0, 99))
    generator = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []

    def follow(of: Callable[[Shape], st.SearchStrategy[Drawn]], shape: Shape) -> Shape:
        layer, after = draw(of(shape))
        layers.extend((layer, draw(st.sampled_from(_SMOOTH if smooth else _SMOOTH + _KINKED))()))
        return after

    def numbers(shape: Shape) -> Tensor:
        return torch.randn(batch, *shape, generator=generator, dtype=torch.float64)

    table: nn.Embedding | None = None
    match draw(st.sampled_from(["map", "tokens"] + ["words"] * (not continuous))):
        case "map":
            sides = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
            shape: Shape = (draw(st.integers(1, 2)), *sides)
            inputs = numbers(shape)
            for _ in range(draw(st.integers(1, 3))):
                shape = follow(draw(st.sampled_from(_OF_MAPS)), shape)
            layers.append(Function(lambda x: x.flatten(2).transpose(1, 2)))
            shape = math.prod(shape[1:]), shape[0]
        case "tokens":
            shape = draw(st.integers(1, 4)), draw(st.integers(1, 4))
            inputs = numbers(shape)
        case _:
            shape = draw(st.integers(1, 4)), draw(st.integers(1, 4))
            inputs = torch.randint(0, WORDS, (batch, shape[0]), generator=generator)
            padding = draw(st.sampled_from([None, 0, -1]))
            table = nn.Embedding(WORDS, shape[1], padding_idx=padding)
            layers.append(table)
    for _ in range(draw(st.integers(not layers, 3))):
        shape = follow(partial(token_layers, covered=covered), shape)
    classes = 3
    if table is not None and draw(st.booleans()):
        classes = WORDS
        layers.append(nn.Linear(shape[1], table.embedding_dim))
        layers.append(Function(lambda x, own: functional.linear(x.mean(dim=1), own), table.weight))
    elif draw(st.booleans()):
        layers += [nn.Flatten(), nn.Linear(shape[0] * shape[1], classes)]
    else:
        layers += [Function(lambda x: x.mean(dim=1)), nn.Linear(shape[1], classes)]
    model = nn.Sequential(*layers)
    model.register_parameter("unused", nn.Parameter(torch.empty(2)))
    stir(model.double(), seed)
    for parameter in list(model.parameters())[1:-2]:
        parameter.requires_grad_(draw(st.integers(0, 5)) > 0)
    targets = draw(st.lists(st.integers(0, classes - 1), min_size=batch, max_size=batch))
    return Network(model, inputs, targets)


_OF_MAPS = [convolutions, convolutions, transposed_convolutions, map_norms, map_functions]
_SMOOTH: list[Callable[[], nn.Module]] = [nn.Tanh, nn.GELU, nn.SiLU]
_KINKED: list[Callable[[], nn.Module]] = [
    lambda: nn.ReLU(inplace=True),
    lambda: nn.LeakyReLU(0.3, inplace=True),
]

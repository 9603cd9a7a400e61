"""The per-sample gradient of a convolution's weight: the correlation of two maps.

Where maps are small, its norm follows from Gram matrices of places; where they are large, from a
grouped convolution over some records at a time, in which every record is a group of its own.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dataselect_gui.norms.sample_gradients import SampleGradient, Tokens

LARGE = 2000
"""Places of a map beyond which rearranging it costs more than it saves."""


@dataclass(frozen=True)
class Geometry:
    """Stride, padding and dilation of a convolution.

    Attributes
    ----------
    stride, padding, dilation : sequence of int
        One number for each side of the map.
    groups : int
        The number of groups of channels.
    transposed : bool
        Whether it is a transposed convolution.
    """

    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    groups: int
    transposed: bool

    @classmethod
    def of(cls, arguments: Mapping[str, Any], sides: int, *, transposed: bool = False) -> "Geometry":
        """Return that of a call with these arguments, by name; its padding is in numbers."""

        def each(name: str, default: int) -> Sequence[int]:
            value = arguments.get(name, default)
            given = [value] if isinstance(value, int) else list(value)
            return given * sides if len(given) == 1 else given

        return cls(
            each("stride", 1),
            each("padding", 0),
            each("dilation", 1),
            arguments.get("groups", 1),
            transposed,
        )

    def convolve(
        self,
        activation: Tensor,
        weight: Tensor,
        sides: Sequence[int] = (),
        bias: Tensor | None = None,
    ) -> Tensor:
        """Return the convolution; where it is transposed, its output's sides must be known."""
        more = self._output_padding(activation, weight, sides)
        result: Tensor = torch.ops.aten.convolution(
            activation,
            weight,
            bias,
            self.stride,
            self.padding,
            self.dilation,
            self.transposed,
            more,
            self.groups,
        )
        return result

    def to_weight(self, activation: Tensor, output: Tensor, weight: Tensor) -> Tensor:
        """Return the gradient of a weight, of which only the shape is used."""
        if len(activation) == 1 and self.is_depthwise(activation) and activation.device.type == "cpu":
            return self._correlate(activation, output, weight)
        return self._backward(activation, output, weight, [False, True, False])[1]

    def is_depthwise(self, activation: Tensor) -> bool:
        """Say whether every channel has kernels of its own."""
        return self.groups == activation.shape[1] and not self.transposed

    def _correlate(self, activation: Tensor, output: Tensor, weight: Tensor) -> Tensor:
        """Return the weight's gradient of a single record as a convolution by the output's gradient.

        Stride and dilation change places. Libraries have far faster code for that direction.
        """
        turned = replace(self, stride=self.dilation, dilation=self.stride)
        result = turned.convolve(activation, output.transpose(0, 1))
        for axis, side in enumerate(weight.shape[2:], start=2):
            result = result.narrow(axis, 0, side)
        return result.reshape(weight.shape)

    def to_input(self, activation: Tensor, output: Tensor, weight: Tensor) -> Tensor:
        """Return the gradient of an input, of which only the shape is used."""
        return self._backward(activation, output, weight, [True, False, False])[0]

    def _backward(
        self, activation: Tensor, output: Tensor, weight: Tensor, which: list[bool]
    ) -> Sequence[Tensor]:
        result: Sequence[Tensor] = torch.ops.aten.convolution_backward(
            output,
            activation,
            weight,
            None,
            self.stride,
            self.padding,
            self.dilation,
            self.transposed,
            self._output_padding(activation, weight, output.shape[2:]),
            self.groups,
            which,
        )
        return result

    def _output_padding(self, activation: Tensor, weight: Tensor, sides: Sequence[int]) -> list[int]:
        """Return the output padding of a transposed convolution, from the sides of its output."""
        if not self.transposed:
            return [0] * len(self.stride)
        sizes = zip(activation.shape[2:], weight.shape[2:], sides, strict=True)
        steps = zip(self.stride, self.padding, self.dilation, strict=True)
        return [
            out - (step * (side - 1) - 2 * margin + spread * (kernel - 1) + 1)
            for (side, kernel, out), (step, margin, spread) in zip(sizes, steps, strict=True)
        ]


class Correlation(SampleGradient):
    """The gradient of a convolution's weight: its input correlated with its output's gradient.

    Parameters
    ----------
    activation, output : Tensor
        The layer's input, and the gradient at its output; shapes (batch, channels, …).
    weight : Tensor
        The layer's weight; only its shape counts.
    geometry : Geometry
        As of the layer.
    """

    def __init__(self, activation: Tensor, output: Tensor, weight: Tensor, geometry: Geometry) -> None:
        super().__init__(len(activation), weight.shape)
        self._activation, self._output, self._weight = activation, output, weight
        self._geometry = geometry
        self._kernel = weight.shape[2:]
        self._sides = output.shape[2:]

    @property
    def elements(self) -> int:
        """See `SampleGradient.elements`."""
        return max(super().elements, (self._activation.numel() + self._output.numel()) // self.batch)

    def parts(self, rows: int) -> Iterator[Tensor]:
        """See `SampleGradient.parts`: one convolution in which every record is a group of its own.

        Libraries are slow where such a group has few channels, and with groups in float64. Then the
        patches are written out, or, where these are too many, the records are taken one by one.
        """
        return map(self._part, self._activation.split(rows), self._output.split(rows))

    def _part(self, activation: Tensor, output: Tensor) -> Tensor:
        count = len(activation)
        if self._prefers_patches():
            groups = count * self._geometry.groups
            patches = self._patches(activation).reshape(groups, -1, math.prod(self._sides))
            outputs = output.reshape(groups, -1, patches.shape[2])
            return torch.bmm(outputs, patches.transpose(1, 2)).reshape(count, *self.shape)
        if self._has_few_channels() or self._is_costly_to_fold():
            records = zip(activation.split(1), output.split(1), strict=True)
            return torch.stack([self._fold(*record, count=1) for record in records])
        folded = activation.reshape(1, -1, *activation.shape[2:])
        outputs = output.reshape(1, -1, *output.shape[2:])
        return self._fold(folded, outputs, count=count).reshape(count, *self.shape)

    def _fold(self, activation: Tensor, output: Tensor, *, count: int) -> Tensor:
        """Return the weight's gradient of a convolution whose groups are so many records."""
        weight = self._weight.new_empty(count * self.shape[0], *self.shape[1:])
        geometry = replace(self._geometry, groups=self._geometry.groups * count)
        result: Tensor = _Folded.apply(activation, output, weight, geometry)  # type: ignore[no-untyped-call]
        return result

    def _has_few_channels(self) -> bool:
        return self._geometry.groups == 1 and not self._geometry.transposed and self.shape[1] < 8

    def _is_costly_to_fold(self) -> bool:
        """Say whether folding would rearrange large maps for little arithmetic."""
        is_large = math.prod(self._activation.shape[2:]) > LARGE
        is_depthwise = self._geometry.is_depthwise(self._activation)
        return is_depthwise and is_large and not self._activation.is_contiguous()

    def _prefers_patches(self) -> bool:
        groups, is_double = self._geometry.groups, self._activation.dtype == torch.float64
        elements = groups * math.prod(self.shape[1:]) * math.prod(self._sides)
        is_slow = (groups > 1 and is_double) or (self._has_few_channels() and elements < 1e5)
        return is_slow and not self._geometry.transposed

    def _patches(self, activation: Tensor) -> Tensor:
        """Return the patches that the kernel meets, shape (rows, channels · kernel, places)."""
        padded = functional.pad(activation, self._margins())
        batch, channels, *strides = padded.stride()
        within = [step * at for step, at in zip(strides, self._geometry.dilation, strict=True)]
        between = [step * at for step, at in zip(strides, self._geometry.stride, strict=True)]
        places = padded.as_strided(
            (*padded.shape[:2], *self._kernel, *self._sides), (batch, channels, *within, *between)
        )
        return places.reshape(len(activation), -1, math.prod(self._sides))

    def _margins(self) -> list[int]:
        return [more for more in reversed(self._geometry.padding) for _ in range(2)]

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        return self._squares_by_gram() if self._prefers_gram() else super().squares()

    def _along(self, directions: Tensor) -> Tensor:
        """Return the layer's output by each direction as its weight, times the gradient there."""
        products = []
        for direction in directions:
            moved = self._geometry.convolve(self._activation, direction, self._sides)
            products.append((moved * self._output).flatten(start_dim=1).sum(dim=1))
        return torch.stack(products, dim=1)

    def _prefers_gram(self) -> bool:
        """Compare multiplications; shifted additions and writing a whole gradient weigh more."""
        if self._geometry.transposed or self._geometry.groups > 1:
            return False
        places, channels = math.prod(self._sides), self._activation.shape[1]
        outer = places**2 * (self._output.shape[1] + 8 * math.prod(self._kernel))
        by_gram = math.prod(self._padded_sides()) ** 2 * channels + outer
        return by_gram < math.prod(self.shape) * (places + 50) / 2

    def _padded_sides(self) -> list[int]:
        sides = zip(self._activation.shape[2:], self._geometry.padding, strict=True)
        return [side + 2 * more for side, more in sides]

    def _squares_by_gram(self) -> Tensor:
        """Sum over pairs of output places: the products of their patches and of their gradients.

        Two patches' inner product is the sum over the kernel of inner products of single places.
        """
        padded = functional.pad(self._activation, self._margins()).flatten(start_dim=2)
        sides = self._padded_sides()
        inner = Tokens(padded.transpose(1, 2)).gram.reshape(-1, *sides, *sides)
        for side in range(len(self._kernel)):
            inner = self._along_side(inner, side)
        outer = Tokens(self._output.flatten(start_dim=2).transpose(1, 2)).gram
        return (inner.reshape(outer.shape) * outer).sum(dim=(1, 2))

    def _along_side(self, inner: Tensor, side: int) -> Tensor:
        """Add up the inner products of places that the kernel shifts along one side."""
        axes = 1 + side, 1 + side + len(self._kernel)
        step, spread = self._geometry.stride[side], self._geometry.dilation[side]
        length = step * (self._sides[side] - 1) + 1
        total: Tensor | None = None
        for at in range(0, self._kernel[side] * spread, spread):
            shifted = inner
            for axis in axes:
                shifted = shifted[(slice(None),) * axis + (slice(at, at + length, step),)]
            if total is None:
                total = shifted.clone()
            else:
                total = total + shifted if total.requires_grad else total.add_(shifted)
        assert total is not None
        return total


class _Folded(torch.autograd.Function):
    """The gradient of a convolution's weight, which can itself be differentiated once.

    It is linear in the input and in the gradient at the output, and both of its own gradients are
    convolutions again. PyTorch's formula for them takes the groups one by one.
    """

    @staticmethod
    def forward(
        context: Any,  # noqa: ANN401
        activation: Tensor,
        output: Tensor,
        weight: Tensor,
        geometry: Geometry,
    ) -> Tensor:
        context.save_for_backward(activation, output)
        context.geometry = geometry
        return geometry.to_weight(activation, output, weight)

    @staticmethod
    def backward(context: Any, weight: Tensor) -> tuple[Tensor, Tensor, None, None]:  # noqa: ANN401
        activation, output = context.saved_tensors
        geometry: Geometry = context.geometry
        to_output = geometry.convolve(activation, weight, output.shape[2:])
        return geometry.to_input(activation, output, weight), to_output, None, None

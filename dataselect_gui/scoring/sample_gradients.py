"""The gradient of one weight for every record of a batch, in the form that makes its norm cheapest.

A per-sample gradient is as large as the weight itself; its norm is one number. A linear layer's is a
sum of outer products, whose norm follows from two Gram matrices of tokens. A convolution's is a
correlation of two maps: its norm follows from Gram matrices where maps are small, and from a grouped
convolution over a few records at a time where they are large. Nothing here is an approximation.

Which of two ways is taken is decided by counting operations, not by timing: the same records give the
same digits on every run.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

SLICE_BYTES = 8 << 20
"""How much is worked on at once on the way to whole gradients: small beside a batch's activations."""


class SampleGradient(ABC):
    """The gradient of one weight for every record of a batch.

    Parameters
    ----------
    batch : int
        How many records.
    shape : sequence of int
        The weight's shape.
    """

    def __init__(self, batch: int, shape: Sequence[int]) -> None:
        self.batch = batch
        self.shape = tuple(shape)

    @abstractmethod
    def whole(self, rows: slice) -> Tensor:
        """Return the gradients of some records, shape (rows, *shape)."""

    @property
    def elements(self) -> int:
        """How many numbers a record's gradient takes, or what it is made from where that is more."""
        return math.prod(self.shape)

    def squares(self) -> Tensor:
        """Return each record's squared L2 norm, shape (batch,)."""
        rows = max(1, SLICE_BYTES // (4 * max(1, self.elements)))
        parts = [self.whole(slice(at, at + rows)) for at in range(0, self.batch, rows)]
        return torch.cat([_squares(part) for part in parts])


class Whole(SampleGradient):
    """Gradients that are at hand as they are.

    Parameters
    ----------
    values : Tensor
        Shape (batch, *shape).
    """

    def __init__(self, values: Tensor) -> None:
        super().__init__(len(values), values.shape[1:])
        self._values = values

    def whole(self, rows: slice) -> Tensor:
        """See `SampleGradient.whole`."""
        return self._values[rows]

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        return _squares(self._values)


class Tokens:
    """Some vectors of every record, with their Gram matrices, which are computed once.

    Parameters
    ----------
    vectors : Tensor
        Shape (batch, tokens, size).
    """

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors
        self.batch, self.count, self.size = vectors.shape

    @cached_property
    def gram(self) -> Tensor:
        """All inner products within each record, shape (batch, tokens, tokens)."""
        return self.inner(self)

    @property
    def has_gram(self) -> bool:
        """Whether the Gram matrices were computed already."""
        return "gram" in vars(self)

    def inner(self, other: "Tokens") -> Tensor:
        """Return the inner products with other vectors, shape (batch, tokens, tokens of the other)."""
        if isinstance(other, OneHot):
            return other.inner(self).transpose(1, 2)
        return torch.bmm(self.vectors, other.vectors.transpose(1, 2))

    def dense(self, rows: slice) -> Tensor:
        """Return the vectors of some records."""
        return self.vectors[rows]


class OneHot(Tokens):
    """Vectors of zeros with a single one, as an embedding multiplies its weight by.

    Parameters
    ----------
    places : Tensor
        Where the one stands, shape (batch, tokens); −1 for a vector of zeros alone.
    size : int
        The length of the vectors.
    dtype : torch.dtype
        What they would be stored as.
    """

    def __init__(self, places: Tensor, size: int, dtype: torch.dtype) -> None:
        self._places, self._dtype = places, dtype
        self.batch, self.count = places.shape
        self.size = size

    def inner(self, other: Tokens) -> Tensor:
        """See `Tokens.inner`."""
        is_there = (self._places >= 0)[:, :, None]
        if isinstance(other, OneHot):
            same = self._places[:, :, None] == other._places[:, None, :]
            return (same & is_there).to(self._dtype)
        places = self._places.clamp(min=0)[:, :, None].expand(-1, -1, other.count)
        return other.vectors.transpose(1, 2).gather(1, places) * is_there

    def dense(self, rows: slice) -> Tensor:
        """See `Tokens.dense`."""
        places = self._places[rows]
        ones = functional.one_hot(places.clamp(min=0), self.size).to(self._dtype)
        return ones * (places >= 0)[:, :, None]


class Outer(SampleGradient):
    """Σ_t left_t right_tᵀ: what a linear layer or an embedding has for a gradient.

    Parameters
    ----------
    left, right : Tokens
        As many vectors of either.
    shape : sequence of int
        The weight's shape, which holds left's size × right's size elements in this order.
    """

    def __init__(self, left: Tokens, right: Tokens, shape: Sequence[int]) -> None:
        super().__init__(left.batch, shape)
        self._left, self._right = left, right

    @property
    def tokens(self) -> int:
        """How many outer products are summed."""
        return self._left.count

    @property
    def gram_cost(self) -> int:
        """Multiplications a record and token by way of Gram matrices, for each token beside it."""
        return self._left.size + self._right.size

    def whole(self, rows: slice) -> Tensor:
        """See `SampleGradient.whole`."""
        products = torch.bmm(self._left.dense(rows).transpose(1, 2), self._right.dense(rows))
        return products.reshape(-1, *self.shape)

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`: a sum over pairs of tokens, if that is less."""
        if isinstance(self._left, OneHot) or prefers_gram([self]):
            return (self._left.gram * self._right.gram).sum(dim=(1, 2))
        return super().squares()

    def inner(self, other: "Outer") -> Tensor:
        """Return each record's inner product with another use's gradient, shape (batch,)."""
        return (self._left.inner(other._left) * self._right.inner(other._right)).sum(dim=(1, 2))


class TokenSum(SampleGradient):
    """Σ_t vector_t: what a linear layer's bias has for a gradient.

    Parameters
    ----------
    tokens : Tokens
        The gradient at the layer's output. Its weight may have asked for the Gram matrices already,
        and then the norm is the sum of their elements.
    """

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens.batch, (tokens.size,))
        self._tokens = tokens

    def whole(self, rows: slice) -> Tensor:
        """See `SampleGradient.whole`."""
        return self._tokens.vectors[rows].sum(dim=1)

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        if self._tokens.has_gram:
            return self._tokens.gram.sum(dim=(1, 2))
        return _squares(self.whole(slice(None)))


class Correlation(SampleGradient):
    """The gradient of a convolution's weight: its input correlated with its output's gradient.

    Parameters
    ----------
    activation, output : Tensor
        The layer's input, and the gradient at its output; shapes (batch, channels, …).
    weight : Tensor
        The layer's weight; only its shape counts.
    stride, padding, dilation : sequence of int
        One number for each side of the map.
    groups : int
        As of the layer.
    transposed : bool
        Whether the layer is a transposed convolution.
    """

    def __init__(
        self,
        activation: Tensor,
        output: Tensor,
        weight: Tensor,
        *,
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        groups: int,
        transposed: bool,
    ) -> None:
        super().__init__(len(activation), weight.shape)
        self._activation, self._output, self._weight = activation, output, weight
        self._stride, self._padding, self._dilation = stride, padding, dilation
        self._groups, self._transposed = groups, transposed
        self._kernel = weight.shape[2:]
        self._sides = output.shape[2:]
        self._padded = [s + 2 * p for s, p in zip(activation.shape[2:], padding, strict=True)]

    @property
    def elements(self) -> int:
        """See `SampleGradient.elements`."""
        return max(super().elements, (self._activation.numel() + self._output.numel()) // self.batch)

    def whole(self, rows: slice) -> Tensor:
        """See `SampleGradient.whole`: one convolution in which every record is a group of its own.

        Libraries are slow where such a group has few channels, and with groups in float64. Then the
        patches are written out, or, where these are too many, the records are taken one by one.
        """
        activation, output = self._activation[rows], self._output[rows]
        count = len(activation)
        if self._prefers_patches:
            groups = count * self._groups
            patches = self._patches(activation).reshape(groups, -1, math.prod(self._sides))
            outputs = output.reshape(groups, -1, patches.shape[2])
            return torch.bmm(outputs, patches.transpose(1, 2)).reshape(count, *self.shape)
        if self._has_few_channels or self._prefers_channels_last:
            single = [
                self._fold(*self._laid_out(one, other), 1)
                for one, other in zip(activation.split(1), output.split(1), strict=True)
            ]
            return torch.stack(single)
        folded = activation.reshape(1, -1, *activation.shape[2:])
        gradient = self._fold(folded, output.reshape(1, -1, *output.shape[2:]), count)
        return gradient.reshape(count, *self.shape)

    def _fold(self, activation: Tensor, output: Tensor, count: int) -> Tensor:
        """Return the weight's gradient of a convolution whose groups are so many records."""
        _, gradient, _ = torch.ops.aten.convolution_backward(
            output,
            activation,
            self._weight.new_empty(count * self.shape[0], *self.shape[1:]),
            None,
            self._stride,
            self._padding,
            self._dilation,
            self._transposed,
            [0] * len(self._stride),
            self._groups * count,
            [False, True, False],
        )
        weights: Tensor = gradient
        return weights

    @property
    def _has_few_channels(self) -> bool:
        return self._groups == 1 and not self._transposed and self.shape[1] < 8

    @property
    def _prefers_patches(self) -> bool:
        elements = self._groups * math.prod(self.shape[1:]) * math.prod(self._sides)
        is_slow = self._groups > 1 and self._activation.dtype == torch.float64
        return not self._transposed and (is_slow or (self._has_few_channels and elements < 1e5))

    def _patches(self, activation: Tensor) -> Tensor:
        """Return the patches that the kernel meets, shape (rows, channels · kernel, places)."""
        padded = functional.pad(activation, self._margins)
        batch, channels, *strides = padded.stride()
        within = [step * at for step, at in zip(strides, self._dilation, strict=True)]
        between = [step * at for step, at in zip(strides, self._stride, strict=True)]
        places = padded.as_strided(
            (*padded.shape[:2], *self._kernel, *self._sides), (batch, channels, *within, *between)
        )
        return places.reshape(len(activation), -1, math.prod(self._sides))

    @property
    def _margins(self) -> list[int]:
        return [more for more in reversed(self._padding) for _ in range(2)]

    @property
    def _prefers_channels_last(self) -> bool:
        """Say whether every channel has a kernel of its own, larger than libraries are made for."""
        is_depthwise = 1 < self._groups == self._activation.shape[1]
        return (
            is_depthwise and not self._transposed and len(self._kernel) == 2 and max(self._kernel) > 3
        )

    def _laid_out(self, activation: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        if not self._prefers_channels_last:
            return activation, output
        last = torch.channels_last
        return activation.contiguous(memory_format=last), output.contiguous(memory_format=last)

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        return self._squares_by_gram() if self._prefers_gram() else super().squares()

    def _prefers_gram(self) -> bool:
        """Count multiplications: shifted additions are dear, and so is writing a whole gradient."""
        if self._transposed or self._groups > 1:
            return False
        places, channels = math.prod(self._sides), self._activation.shape[1]
        outer = places**2 * (self._output.shape[1] + 8 * math.prod(self._kernel))
        by_gram = math.prod(self._padded) ** 2 * channels + outer
        return by_gram < math.prod(self.shape) * (places + 50) / 2

    def _squares_by_gram(self) -> Tensor:
        """Sum over pairs of output places: the products of their patches and of their gradients.

        Two patches' inner product is the sum over the kernel of inner products of single places.
        """
        padded = functional.pad(self._activation, self._margins).flatten(start_dim=2)
        inner = Tokens(padded.transpose(1, 2)).gram.reshape(-1, *self._padded, *self._padded)
        for side in range(len(self._kernel)):
            inner = self._along(inner, side)
        outer = Tokens(self._output.flatten(start_dim=2).transpose(1, 2)).gram
        return (inner.reshape(outer.shape) * outer).sum(dim=(1, 2))

    def _along(self, inner: Tensor, side: int) -> Tensor:
        """Add up the inner products of places that the kernel shifts along one side."""
        axes = 1 + side, 1 + side + len(self._kernel)
        step, length = self._stride[side], self._stride[side] * (self._sides[side] - 1) + 1
        total: Tensor | None = None
        for at in range(0, self._kernel[side] * self._dilation[side], self._dilation[side]):
            shifted = inner
            for axis in axes:
                shifted = shifted[(slice(None),) * axis + (slice(at, at + length, step),)]
            if total is None:
                total = shifted.clone()
            else:
                total = total + shifted if total.requires_grad else total.add_(shifted)
        assert total is not None
        return total


class Derived(SampleGradient):
    """The gradient of a parameter that is used by way of another tensor, computed from it.

    Parameters
    ----------
    inner : SampleGradient
        The gradient at that other tensor.
    pull_back : callable
        Takes gradients at the other tensor, shape (rows, …), to those at the parameter.
    shape : sequence of int
        The parameter's shape.
    keeps_norm : bool
        Whether the other tensor only rearranges the parameter's elements, or some of them.
    """

    def __init__(
        self,
        inner: SampleGradient,
        pull_back: Callable[[Tensor], Tensor],
        shape: Sequence[int],
        *,
        keeps_norm: bool,
    ) -> None:
        super().__init__(inner.batch, shape)
        self._inner, self._pull_back, self._keeps_norm = inner, pull_back, keeps_norm

    def whole(self, rows: slice) -> Tensor:
        """See `SampleGradient.whole`."""
        return self._pull_back(self._inner.whole(rows))

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        return self._inner.squares() if self._keeps_norm else super().squares()


class Sum(SampleGradient):
    """The gradient of a parameter that is used several times: the square of a sum has cross terms.

    Parameters
    ----------
    parts : sequence of SampleGradient
        The gradient of each use, all of the same shape.
    """

    def __init__(self, parts: Sequence[SampleGradient]) -> None:
        super().__init__(parts[0].batch, parts[0].shape)
        self._parts = parts

    def whole(self, rows: slice) -> Tensor:
        """See `SampleGradient.whole`."""
        first, *others = self._parts
        return sum((part.whole(rows) for part in others), first.whole(rows))

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        outers = [part for part in self._parts if isinstance(part, Outer)]
        if len(outers) == len(self._parts) and prefers_gram(outers):
            alone = torch.stack([part.squares() for part in outers]).sum(dim=0)
            return alone + sum(2 * one.inner(other) for one, other in combinations(outers, 2))
        return super().squares()


def prefers_gram(parts: Sequence[Outer]) -> bool:
    """Count multiplications; the product itself is also written and read, which is dear."""
    tokens = sum(part.tokens for part in parts)
    return tokens**2 * parts[0].gram_cost < (tokens + 32) * math.prod(parts[0].shape)


def _squares(values: Tensor) -> Tensor:
    # The norm is one pass over the values; their squares would be written first.
    norms: Tensor = torch.linalg.vector_norm(values.flatten(start_dim=1), dim=1)
    return norms.square()

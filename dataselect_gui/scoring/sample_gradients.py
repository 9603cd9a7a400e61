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
from itertools import combinations, product

import torch
from torch import Tensor
from torch.nn import functional

SLICE_BYTES = 5 << 19
"""How much is worked on at once on the way to whole gradients: about what a core's cache holds."""


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

        Where every channel is a group already, libraries do better record by record, with channels
        last: many times, for kernels larger than three.
        """
        activation, output = self._activation[rows], self._output[rows]
        if self._prefers_channels_last():
            last = torch.channels_last
            records = zip(activation.split(1), output.split(1), strict=True)
            single = [
                self._fold(a.contiguous(memory_format=last), o.contiguous(memory_format=last), 1)
                for a, o in records
            ]
            return torch.stack(single)
        count = len(activation)
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

    def _prefers_channels_last(self) -> bool:
        is_depthwise = 1 < self._groups == self._activation.shape[1]
        if len(self._kernel) != 2 or self._transposed or not is_depthwise:
            return False
        is_last = self._activation.is_contiguous(memory_format=torch.channels_last)
        return max(self._kernel) > 3 or (is_last and not self._activation.is_contiguous())

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
        padding = [more for more in reversed(self._padding) for _ in range(2)]
        padded = functional.pad(self._activation, padding).flatten(start_dim=2)
        places = Tokens(padded.transpose(1, 2)).gram.reshape(-1, *self._padded, *self._padded)
        patches: Tensor | None = None
        for shift in self._shifts():
            shifted = places[(slice(None), *shift, *shift)]
            if patches is None:
                patches = shifted.clone()
            else:
                patches = patches + shifted if patches.requires_grad else patches.add_(shifted)
        assert patches is not None
        outputs = Tokens(self._output.flatten(start_dim=2).transpose(1, 2)).gram
        return (patches.reshape(outputs.shape) * outputs).sum(dim=(1, 2))

    def _shifts(self) -> list[tuple[slice, ...]]:
        """Return where the output's places meet the padded input, for every place of the kernel."""
        sides = zip(self._sides, self._stride, self._dilation, strict=True)
        lengths = [(stride * (side - 1) + 1, stride, dilation) for side, stride, dilation in sides]
        return [
            tuple(
                slice(at * dilation, at * dilation + length, stride)
                for at, (length, stride, dilation) in zip(place, lengths, strict=True)
            )
            for place in product(*(range(side) for side in self._kernel))
        ]


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


def inner_products(first: Tensor, second: Tensor) -> Tensor:
    """Return the inner products along the last axis, of as many records at once as a cache holds.

    Parameters
    ----------
    first, second : Tensor
        Shape (batch, …, length).
    """
    rows = max(1, SLICE_BYTES * len(first) // (4 * max(1, first.numel())))
    slices = zip(first.split(rows), second.split(rows), strict=True)
    return torch.cat([(one * other).sum(dim=-1) for one, other in slices])


def _squares(values: Tensor) -> Tensor:
    # The norm is one pass over the values; their squares would be written first.
    norms: Tensor = torch.linalg.vector_norm(values.flatten(start_dim=1), dim=1)
    return norms.square()

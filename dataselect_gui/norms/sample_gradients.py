"""The gradient of one weight for every record of a batch, in the form that makes its norm cheapest.

A per-sample gradient is as large as the weight itself; its norm is one number. A linear layer's is a
sum of outer products, whose norm follows from two Gram matrices of tokens. Nothing here is an
approximation.

Which of two ways is taken is decided by counting operations, not by timing: the same records give the
same digits on every run.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

SLICE_BYTES = 16 << 20
"""Bytes of whole gradients that are made at a time: few beside a batch's activations."""
_FEW_TOKENS = 2


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
    def parts(self, rows: int) -> Iterator[Tensor]:
        """Return the gradients of all records, so many at a time, each of shape (rows, *shape)."""

    @property
    def elements(self) -> int:
        """How many numbers a record's gradient takes, or what it is made from where that is more."""
        return math.prod(self.shape)

    def squares(self) -> Tensor:
        """Return each record's squared L2 norm, shape (batch,)."""
        return torch.cat([_squares(part) for part in self.parts(self._rows)])

    def along(self, direction: Tensor) -> Tensor:
        """Return each record's inner product with a direction, or with several.

        Parameters
        ----------
        direction : Tensor
            Of the weight's shape; of k directions, shape (k, *shape).

        Returns
        -------
        Tensor
            Shape (batch,); of k directions, shape (batch, k).
        """
        if direction.dim() > len(self.shape):
            return self._along(direction)
        return self._along(direction[None])[:, 0]

    def _along(self, directions: Tensor) -> Tensor:
        """Return inner products with directions of shape (k, *shape), shape (batch, k)."""
        return torch.cat([_products(part, directions) for part in self.parts(self._rows)])

    @property
    def _rows(self) -> int:
        return max(1, SLICE_BYTES // (4 * max(1, self.elements)))


class Whole(SampleGradient):
    """Gradients that are given whole.

    Parameters
    ----------
    values : Tensor
        Shape (batch, *shape).
    """

    def __init__(self, values: Tensor) -> None:
        super().__init__(len(values), values.shape[1:])
        self._values = values

    def parts(self, rows: int) -> Iterator[Tensor]:
        """See `SampleGradient.parts`."""
        yield from self._values.split(rows)

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        return _squares(self._values)

    def _along(self, directions: Tensor) -> Tensor:
        return _products(self._values, directions)


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

    def times(self, matrix: Tensor) -> Tensor:
        """Return the vectors times a matrix, shape (batch, tokens, columns)."""
        return self.vectors @ matrix

    def dense(self, rows: int) -> Iterator[Tensor]:
        """Return the vectors of all records, so many records at a time."""
        yield from self.vectors.split(rows)


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

    def times(self, matrix: Tensor) -> Tensor:
        """See `Tokens.times`."""
        return matrix[self._places.clamp(min=0)] * (self._places >= 0)[:, :, None]

    def dense(self, rows: int) -> Iterator[Tensor]:
        """See `Tokens.dense`."""
        for places in self._places.split(rows):
            ones = functional.one_hot(places.clamp(min=0), self.size).to(self._dtype)
            yield ones * (places >= 0)[:, :, None]


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

    def parts(self, rows: int) -> Iterator[Tensor]:
        """See `SampleGradient.parts`."""
        for left, right in zip(self._left.dense(rows), self._right.dense(rows), strict=True):
            yield torch.bmm(left.transpose(1, 2), right).reshape(-1, *self.shape)

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`: a sum over pairs of tokens, if that is less."""
        if isinstance(self._left, OneHot) or prefers_gram([self]):
            return (self._left.gram * self._right.gram).sum(dim=(1, 2))
        return super().squares()

    def _along(self, directions: Tensor) -> Tensor:
        """Return Σ_t (left_t V) · right_t for each direction V."""
        matrices = directions.reshape(-1, self._left.size, self._right.size)
        products = [
            (self._left.times(matrix) * self._right.vectors).sum(dim=(1, 2)) for matrix in matrices
        ]
        return torch.stack(products, dim=1)

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

    def parts(self, rows: int) -> Iterator[Tensor]:
        """See `SampleGradient.parts`."""
        yield from self._sum.split(rows)

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        if self._tokens.has_gram:
            return self._tokens.gram.sum(dim=(1, 2))
        return _squares(self._sum)

    def _along(self, directions: Tensor) -> Tensor:
        return _products(self._sum, directions)

    @property
    def _sum(self) -> Tensor:
        return self._tokens.vectors.sum(dim=1)


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

    def parts(self, rows: int) -> Iterator[Tensor]:
        """See `SampleGradient.parts`."""
        return map(self._pull_back, self._inner.parts(rows))

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        return self._inner.squares() if self._keeps_norm else super().squares()


class Sum(SampleGradient):
    """The gradient of a parameter that is used several times: the square of a sum has cross terms.

    Parameters
    ----------
    uses : sequence of SampleGradient
        The gradient of each use, all of the same shape.
    """

    def __init__(self, uses: Sequence[SampleGradient]) -> None:
        super().__init__(uses[0].batch, uses[0].shape)
        self._uses = uses

    def parts(self, rows: int) -> Iterator[Tensor]:
        """See `SampleGradient.parts`."""
        for first, *others in zip(*(use.parts(rows) for use in self._uses), strict=True):
            yield sum(others, first)

    def squares(self) -> Tensor:
        """See `SampleGradient.squares`."""
        outers = [use for use in self._uses if isinstance(use, Outer)]
        if len(outers) == len(self._uses) and prefers_gram(outers):
            alone = torch.stack([use.squares() for use in outers]).sum(dim=0)
            return alone + sum(2 * first.inner(second) for first, second in combinations(outers, 2))
        return super().squares()

    def _along(self, directions: Tensor) -> Tensor:
        return torch.stack([use.along(directions) for use in self._uses]).sum(dim=0)


def prefers_gram(uses: Sequence[Outer]) -> bool:
    """Compare multiplications, as far as they are what takes the time.

    32 stands for writing and reading a whole gradient, and 16 for how slow products are that fill a
    small Gram matrix; both measured. One of two tokens or fewer is no matrix product at all.
    """
    tokens = sum(use.tokens for use in uses)
    side = tokens if tokens <= _FEW_TOKENS else tokens + 16
    return side**2 * uses[0].gram_cost < (tokens + 32) * math.prod(uses[0].shape)


def _products(values: Tensor, directions: Tensor) -> Tensor:
    flat = values.reshape(len(values), -1)
    return torch.stack([flat @ direction.flatten() for direction in directions], dim=1)


def _squares(values: Tensor) -> Tensor:
    # The norm is one pass over the values; their squares would be written first.
    norms: Tensor = torch.linalg.vector_norm(values.reshape(len(values), -1), dim=1)
    return norms.square()

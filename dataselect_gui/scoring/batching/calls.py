"""An operation that is run for many records, and the tensors that it is run on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor


class NotTogetherError(Exception):
    """There is no rule by which several records can be computed at once."""


@dataclass(frozen=True)
class Each:
    """The tensors that one value of a graph has for many records.

    Attributes
    ----------
    values : Tensor
        Where stacked, shape (records, *shape). Otherwise the records' tensors are concatenated along
        their first axis: shape (records · shape[0], *shape[1:]), the layout of an ordinary batch.
    records : int
        How many there are.
    is_stacked : bool
        Whether `values` is stacked.
    """

    values: Tensor
    records: int
    is_stacked: bool

    @cached_property  # Asking a tensor takes long where its calls are watched.
    def shape(self) -> tuple[int, ...]:
        """That of one record's tensor."""
        sides = tuple(self.values.shape)
        return sides[1:] if self.is_stacked else (sides[0] // self.records, *sides[1:])

    @property
    def stacked(self) -> Tensor:
        """The values, stacked; never a copy."""
        if self.is_stacked:
            return self.values
        stacked: Tensor = self.values.unflatten(0, (self.records, self.shape[0]))
        return stacked

    @property
    def rows(self) -> Tensor:
        """The values, concatenated; for tensors with at least one axis."""
        return self.values.flatten(0, 1) if self.is_stacked else self.values

    def raised(self, rank: int) -> Tensor:
        """Return the values stacked, with leading axes of length 1 as broadcasting adds them."""
        values = self.stacked
        for _ in range(rank - len(self.shape)):
            values = values.unsqueeze(1)
        return values


@dataclass(frozen=True)
class Call:
    """An operation and what it is called with.

    Attributes
    ----------
    name : str
        ``conv2d.default``, ….
    group : str
        As `dataselect_gui.checkpoints.operations` has it.
    run : callable
        Takes arguments by name; returns what the operation returns.
    arguments : dict
        By name, in the operation's order.
    in_place : bool
        Whether it changes its first argument.
    """

    name: str
    group: str
    run: Callable[[Mapping[str, Any]], Any]
    arguments: Mapping[str, Any]
    in_place: bool

    @property
    def first(self) -> Each:
        """The first argument, which must be the only `Each` among them."""
        first, *others = self.arguments.values()
        if not isinstance(first, Each) or any(isinstance(other, Each) for other in others):
            raise NotTogetherError(self.name)
        return first

    def on(self, values: Tensor, **changed: Any) -> Any:  # noqa: ANN401
        """Run it with another first argument, and some others replaced."""
        first = next(iter(self.arguments))
        return self.run({**self.arguments, first: values, **changed})

    def of(self, result: Any, records: int, *, is_stacked: bool) -> Any:  # noqa: ANN401
        """Return the operation's results as `Each`."""
        if isinstance(result, tuple | list):
            return [self.of(part, records, is_stacked=is_stacked) for part in result]
        each = Each(result, records, is_stacked)
        if is_stacked and each.shape[:1] == (1,):
            return Each(result.squeeze(1), records, is_stacked=False)
        return each

    def rows(self, each: Each, **changed: Any) -> Any:  # noqa: ANN401
        """Run it on the rows of its first argument."""
        return self.of(self.on(each.rows, **changed), each.records, is_stacked=False)

    def stacked(self, each: Each, **changed: Any) -> Any:  # noqa: ANN401
        """Run it on its first argument, stacked."""
        return self.of(self.on(each.stacked, **changed), each.records, is_stacked=True)


BatchingRule = Callable[[Call], Any]


def each_of(values: Sequence[Any]) -> list[Each]:
    """Return the values that are an `Each`."""
    return [value for value in values if isinstance(value, Each)]


def repeated(tensor: Tensor, records: int) -> Each:
    """Return a tensor that depends on no record as an `Each`, the same for all."""
    if tensor.dim() and tensor.shape[0] == 1:
        return Each(tensor.expand(records, *tensor.shape[1:]), records, is_stacked=False)
    return Each(tensor.expand(records, *tensor.shape), records, is_stacked=True)

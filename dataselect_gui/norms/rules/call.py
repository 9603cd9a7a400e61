"""A call of an operation that combines weights with data, as a layer's rule is given it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dataselect_gui.norms.sample_gradients import SampleGradient, Tokens


class UncoveredError(Exception):
    """A weight is used in a way that no rule covers."""


@dataclass(frozen=True)
class Call:
    """A call of an operation that combines weights with data.

    Attributes
    ----------
    arguments : dict
        By name, as the operation was called; ``input`` is its first tensor.
    weights : set of str
        Which arguments are weights.
    batch : int
        How many records there are. The first axis of a tensor counts the records, or equally many rows
        of each.
    keep : callable
        Returns a tensor with its present values, also where the model changes it in place later.
    share : callable
        Returns the `Tokens` of a tensor, the same object for every use of it.
    """

    arguments: Mapping[str, Any]
    weights: frozenset[str]
    batch: int
    keep: Callable[[Tensor], Tensor]
    share: Callable[[Tensor], Tokens]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  (arguments of any function)
        """Return an argument, or the default where none is given."""
        value = self.arguments.get(name)
        return default if value is None else value

    def shape(self, name: str) -> Sequence[int]:
        """Return the shape of a weight."""
        return tuple(self.arguments[name].shape)

    def require_data(self, *names: str) -> None:
        """Raise `UncoveredError` where one of these arguments is a weight."""
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

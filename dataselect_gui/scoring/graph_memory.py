"""Memory and time that a run of a ``.pt2`` graph would take, computed from shapes alone."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

LARGEST_MEMORY = 2**28
"""Numbers that one record's run may hold at once: 1 GB of float32. It is tried on two, in float64."""
LARGEST_COPY = 2**30
"""The same, with what a kernel may copy for itself in the worst case."""
LARGEST_WORK = 2**39
"""Operations on numbers that one record's run may take: a hundred times those of a ResNet-18."""
_WORK_OF_A_NUMBER = 16
"""What a number that is made takes at least, beside a product's operations: it goes through memory."""


class GraphMemory(TorchDispatchMode):
    """While it is entered, a run on the device ``meta`` is refused once it holds or takes too much.

    It sees every operation below those of the graph, so what these hold in between is counted, too:
    what ``matmul`` and ``einsum`` expand, the scores of attention. What a kernel may copy for itself
    is counted as it is at most: an operand that is expanded, and the columns of a convolution. What
    existed before is not counted: the file's own tensors, and the input.

    Raises
    ------
    UnusableError
        As soon as there are more.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._held: list[tuple[StorageWeakRef, int]] = []
        self._numbers, self._work = 0, 0

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401  (an operation)
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the operation returns)
        result = func(*args, **(kwargs or {}))
        given = list(_tensors((*args, *(kwargs or {}).values())))
        known = {tensor.untyped_storage()._cdata for tensor in given}
        made = [
            tensor for tensor in _tensors((result,)) if tensor.untyped_storage()._cdata not in known
        ]
        for tensor in made:
            storage = tensor.untyped_storage()
            numbers = storage.nbytes() // tensor.element_size()
            self._held.append((StorageWeakRef(storage), numbers))
            self._numbers += numbers
        self._check(_copied(func, args, given, made))
        self._work += _WORK_OF_A_NUMBER * sum(tensor.numel() for tensor in made)
        counted = flop_registry.get(getattr(func, "overloadpacket", None))
        if counted is not None:
            self._work += counted(*args, **(kwargs or {}), out_val=result)
        if self._work > LARGEST_WORK:
            raise _too_large(
                _(
                    "For one record alone, its graph takes more than {most:.1e} operations.",
                    most=LARGEST_WORK,
                )
            )
        return result

    def _check(self, copied: int) -> None:
        if self._fits(copied):
            return
        self._held = [(held, numbers) for held, numbers in self._held if not held.expired()]
        self._numbers = sum(numbers for _held, numbers in self._held)
        if not self._fits(copied):
            raise _too_large(
                _(
                    "For one record alone, its graph holds more than {most:.0f} million numbers at "
                    "once.",
                    most=LARGEST_MEMORY / 1e6,
                )
            )

    def _fits(self, copied: int) -> bool:
        return self._numbers <= LARGEST_MEMORY and self._numbers + copied <= LARGEST_COPY


def _too_large(why: str) -> UnusableError:
    return UnusableError(
        _("The checkpoint is too large to be used."),
        why,
        _("Ask the consortium for the model as it is trained."),
    )


def _copied(func: Any, args: tuple[Any, ...], given: list[Tensor], made: list[Tensor]) -> int:  # noqa: ANN401
    """Return how many numbers an operation's kernel may hold for itself, at most."""
    if not made:
        return 0
    expanded = (tensor.numel() for tensor in given if tensor.nbytes > tensor.untyped_storage().nbytes())
    columns = 0
    if func is torch.ops.aten.convolution.default:
        images, weight, is_transposed, groups = args[0], args[1], args[6], args[8]
        places = images if is_transposed else made[-1]
        columns = groups * math.prod(weight.shape[1:]) * len(images) * math.prod(places.shape[2:])
    return sum(expanded) + columns


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)

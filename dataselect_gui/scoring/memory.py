"""How much memory a batch takes, and how many records at once a machine has room for."""

import gc
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

GIB = 1 << 30
_SHARE, _MOST = 0.15, 8 * GIB
"""Of the main memory, and at most so much: the owner's other programs need theirs.

Not of what is free at the moment: the same records would be scored in batches of other sizes.
"""
_SHARE_OF_GPU = 0.6
_SLACK = 1.3
"""What an allocator takes beside what it is asked for."""
_USUAL = {"cpu": 32, "mps": 64, "cuda": 256}
"""So many records at once keep a device busy, where each of them is much work."""
_SMALL, _MOST_RECORDS = 48 << 20, 1024
"""A batch of fewer bytes is doubled: it is little work beside the calls that start it, which cost the
same at any size. Beyond, more at once are hardly faster, and more places of a batch stay empty."""


@dataclass(frozen=True)
class Need:
    """What scoring a batch takes beside the models.

    Attributes
    ----------
    base : int
        Bytes, however small the batch is.
    per_record : int
        Bytes for each record of the batch.
    """

    base: int
    per_record: int

    def of(self, records: int) -> int:
        """Return the bytes that a batch of so many records takes."""
        return int(_SLACK * (self.base + records * self.per_record))

    def records_at_once(self, device: torch.device) -> int:
        """Return how many records are computed together: a power of two.

        It follows from what is needed and from the machine's memory; how long anything takes decides
        nothing, so it is the same on every run.
        """
        budget, records = budget_of(device), _USUAL[device.type]
        while records < _MOST_RECORDS and self.of(2 * records) <= _SMALL:
            records *= 2
        while records > 1 and self.of(records) > budget:
            records //= 2
        return records


class PeakMemory(TorchDispatchMode):
    """Follows the tensors that come and go while it is entered, on whatever device they are.

    Attributes
    ----------
    peak : int
        The most bytes that were held at one time by tensors made meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._held = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        for given in tree_iter((args, kwargs)):
            if isinstance(given, Tensor):
                self._see(given, is_new=False)
        result = func(*args, **(kwargs or {}))
        for made in tree_iter(result):
            if isinstance(made, Tensor):
                self._see(made, is_new=True)
        return result

    def _see(self, tensor: Tensor, *, is_new: bool) -> None:
        storage = tensor.untyped_storage()
        place = storage._cdata
        if place in self._known:
            return
        size = storage.nbytes() if is_new else 0
        self._held += size
        self.peak = max(self.peak, self._held)

        def gone(_: Any) -> None:  # noqa: ANN401  (a weak reference)
            if self._known.pop(place, None) is not None:
                self._held -= size

        self._known[place] = weakref.ref(storage, gone)


def release_memory() -> None:
    """Give back what a batch that did not fit has left behind."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def budget_of(device: torch.device) -> float:
    """Return how many bytes a batch may take on a device, by the memory that the machine has."""
    if device.type == "cuda":
        _, whole = torch.cuda.mem_get_info(device)
        return _SHARE_OF_GPU * whole
    return min(_MOST, _SHARE * psutil.virtual_memory().total)

"""A fault of PyTorch, kept away from models that run on one record alone.

The strides of a map of one record can fit two layouts at once, channels first and channels last. On the
CPU, PyTorch 2.13 then reads a batch norm's input in one order and the gradient at its output in the
other, and returns a wrong gradient without a word. Vision transformers with convolutions meet this, and
so does instance norm wherever it runs on channels last. With more records, strides are unambiguous.
"""

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from dataselect_gui.scoring.operations import name_of

_NORMS = frozenset(("batch_norm", "instance_norm"))


class SingleRecord(TorchFunctionMode):
    """While it is entered, plain autograd is right for a batch of one, too."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        kwargs = kwargs or {}
        if name_of(func) not in _NORMS:
            return func(*args, **kwargs)
        output = func(
            *(value.contiguous() if isinstance(value, Tensor) else value for value in args), **kwargs
        )
        if output.requires_grad:
            output.register_hook(lambda gradient: gradient.contiguous())
        return output

"""A workaround for a fault of PyTorch on batches of one record.

The strides of a map of one record can fit two layouts at once, channels first and channels last. On the
CPU, PyTorch 2.13 then reads a batch norm's input in one order and the gradient at its output in the
other, and returns a wrong gradient without a word. Vision transformers with convolutions meet this, and
so does instance norm wherever it runs on channels last. With more records, strides are unambiguous.
"""

from typing import Any

from torch import Tensor

from dataselect_gui.norms.operations import Function, OwnForms


class SingleRecord(OwnForms):
    """A context in which plain autograd is right for a batch of one, too."""

    names = frozenset(("batch_norm", "instance_norm"))

    def run(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """See `OwnForms.run`."""
        output = func(
            *(value.contiguous() if isinstance(value, Tensor) else value for value in args), **kwargs
        )
        if output.requires_grad:
            output.register_hook(lambda gradient: gradient.contiguous())
        return output

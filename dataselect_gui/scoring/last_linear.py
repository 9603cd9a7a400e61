"""Record the input of a model's last linear layer: the features of each record."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.operations import Function, name_of, named_arguments
from dataselect_gui.scoring.model import Model
from dataselect_gui.texts import _

_DATA = {"linear": "input", "addmm": "mat1", "mm": "input", "matmul": "input"}
"""By the operation's name, the argument that is the layer's input."""


class LastLinear(TorchFunctionMode):
    """Watches a model run, and keeps the input of the last linear layer.

    Attributes
    ----------
    output : Tensor or None
        What that layer returned; None while none was met.
    """

    def __init__(self) -> None:
        super().__init__()
        self.output: Tensor | None = None
        self._input: Tensor | None = None

    def __torch_function__(
        self,
        func: Function,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        name = name_of(func)
        if name in _DATA:
            given = named_arguments(func, args, kwargs).get(_DATA[name])
            if isinstance(given, Tensor) and isinstance(output, Tensor):
                self._input, self.output = given.detach(), output.detach()
        return output

    def features(self, records: int) -> Tensor:
        """Return what the layer was given, shape (records, width)."""
        assert self._input is not None  # `check_features` met one.
        return self._input.reshape(records, -1)

    def makes(self, logits: Tensor) -> bool:
        """Say whether the layer's output is a model's logits, made of one vector for each record."""
        if self._input is None or self.output is None or self.output.numel() != logits.numel():
            return False
        is_one_vector = self._input.shape[-1] * len(logits) == self._input.numel()
        made = self.output.reshape(logits.shape)
        return is_one_vector and torch.allclose(made, logits, rtol=0.0, atol=0.0, equal_nan=True)


def check_features(model: Model, inputs: Tensor) -> None:
    """Refuse a model whose logits are not what a linear layer makes of one vector for each record.

    Parameters
    ----------
    model : Model
        The model.
    inputs : Tensor
        Made-up records, shape (batch, …).

    Raises
    ------
    UnusableError
        Where that is so.
    """
    with torch.no_grad(), LastLinear() as last:
        logits = model(inputs)
    if last.makes(logits):
        return
    raise UnusableError(
        _("The distance cannot be computed for this model."),
        _(
            "It is that of what the last linear layer is given, and this model's logits are not what "
            "such a layer makes of one vector for each record."
        ),
        _("Leave out distance."),
    )

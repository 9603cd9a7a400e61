"""Batch norm on stored statistics as what it is: a scale and a shift of each channel.

PyTorch's backward pass of it sums up gradients of its weights, wanted or not, which takes longer than
the rest; and of its second derivative, that of training is computed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from dataselect_gui.scoring.operations import name_of, named_arguments


class StoredStatistics(TorchFunctionMode):
    """While it is entered, batch norm whose weights are constants is run in that form."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        kwargs = kwargs or {}
        if name_of(func) == "batch_norm":
            given = named_arguments(func, args, kwargs)
            if _is_stored(given) and not _is_sought(given.get("weight"), given.get("bias")):
                return _scaled(given)
        return func(*args, **kwargs)


def _is_stored(given: Mapping[str, Any]) -> bool:
    mean = given.get("running_mean")
    fits = mean is not None and given["input"].shape[1] == len(mean)
    return fits and not given.get("training")


def _is_sought(*weights: Tensor | None) -> bool:
    return any(weight is not None and weight.requires_grad for weight in weights)


def _scaled(given: Mapping[str, Any]) -> Tensor:
    activation, mean, weight, bias = (
        given.get(key) for key in ("input", "running_mean", "weight", "bias")
    )
    assert activation is not None
    assert mean is not None
    scale = (given["running_var"] + given.get("eps", 1e-5)).rsqrt()
    scale = scale if weight is None else scale * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    channels = (-1, *(1,) * (activation.dim() - 2))
    return torch.addcmul(shift.reshape(channels), activation, scale.reshape(channels))

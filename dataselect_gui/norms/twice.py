"""Models that are differentiated twice, as PLIS asks for: by the weights, and then by the inputs.

The fast forms of attention can be differentiated only once. And where PyTorch 2.13 differentiates the
backward pass of a convolution, it always computes a gradient of the weight as well, by a convolution
whose kernels are as large as the maps; here the weights are constants.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from dataselect_gui.norms.convolutions import Geometry
from dataselect_gui.norms.operations import Function, OwnForms, are_constants, named_arguments


@contextmanager
def differentiable(*, twice: bool) -> Iterator[None]:
    """Enter a context whose results can be differentiated; twice, where that is asked for."""
    if not twice:
        yield
        return
    with sdpa_kernel(SDPBackend.MATH), _Convolutions():
        yield


class _Convolutions(OwnForms):
    """Gives convolutions whose weights are constants a backward pass of their own."""

    names = frozenset(("conv1d", "conv2d", "conv3d"))

    def run(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """See `OwnForms.run`."""
        given = named_arguments(func, args, kwargs)
        activation, weight = given["input"], given["weight"]
        in_numbers = not isinstance(given.get("padding"), str)
        if not (are_constants(given) and in_numbers and activation.dim() == weight.dim()):
            return func(*args, **kwargs)
        geometry = Geometry.of(given, weight.dim() - 2)
        return _Convolved.apply(activation, weight, given.get("bias"), geometry)  # type: ignore[no-untyped-call]


class _Convolved(torch.autograd.Function):
    """A convolution, differentiated by its input alone."""

    @staticmethod
    def forward(
        context: Any,  # noqa: ANN401
        activation: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        geometry: Geometry,
    ) -> Tensor:
        context.save_for_backward(activation, weight)
        context.geometry = geometry
        return geometry.convolve(activation, weight, bias=bias)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401
        activation, weight = context.saved_tensors
        back = _ConvolvedBack.apply(gradient, activation.detach(), weight, context.geometry)  # type: ignore[no-untyped-call]
        return back, None, None, None


class _ConvolvedBack(torch.autograd.Function):
    """The gradient of a convolution's input, which is linear in that of its output."""

    @staticmethod
    def forward(
        context: Any,  # noqa: ANN401
        gradient: Tensor,
        activation: Tensor,
        weight: Tensor,
        geometry: Geometry,
    ) -> Tensor:
        context.save_for_backward(weight)
        context.geometry = geometry
        return geometry.to_input(activation, gradient, weight)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401
        (weight,) = context.saved_tensors
        return context.geometry.convolve(gradient, weight), None, None, None

"""Batch norm on stored statistics as a scale and a shift: same numbers, and nothing else touched."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dataselect_gui.norms.stored_statistics import StoredStatistics

CHANNELS = 4
MEAN, VARIANCE = torch.arange(4.0).double(), torch.arange(1.0, 5).double()
WEIGHT, BIAS = 1 + VARIANCE, 3 - VARIANCE
EPSILON = 0.1

FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "whole": lambda x: functional.batch_norm(x, MEAN, VARIANCE, WEIGHT, BIAS, eps=EPSILON),
    "by name": lambda x: functional.batch_norm(
        x, running_var=VARIANCE, running_mean=MEAN, bias=BIAS, weight=WEIGHT, training=False
    ),
    "scale alone": lambda x: functional.batch_norm(x, MEAN, VARIANCE, WEIGHT),
    "shift alone": lambda x: functional.batch_norm(x, MEAN, VARIANCE, None, BIAS),
    "neither": lambda x: functional.batch_norm(x, MEAN, VARIANCE),
    "operation": lambda x: torch.batch_norm(
        x, WEIGHT, BIAS, MEAN, VARIANCE, False, 0.1, EPSILON, False
    ),
    "graph": lambda x: torch.ops.aten.batch_norm.default(
        x, WEIGHT, BIAS, MEAN, VARIANCE, False, 0.1, EPSILON, False
    ),
}
SHAPES = {"rows": (5, CHANNELS), "maps": (5, CHANNELS, 3, 2), "volumes": (2, CHANNELS, 3, 2, 2)}


def taken(
    form: Callable[[Tensor], Tensor], shape: tuple[int, ...], context: AbstractContextManager[object]
) -> tuple[Tensor, Tensor, Tensor, str]:
    """Return values, first and second derivative, and how autograd calls what was run."""
    x, back = torch.randn((2, *shape), generator=torch.Generator().manual_seed(0)).double()
    x.requires_grad_()
    with context:
        output = form(x)
    (first,) = torch.autograd.grad(output.pow(3), x, back, create_graph=True)
    (second,) = torch.autograd.grad(first.pow(2).sum(), x)
    assert output.grad_fn is not None
    return output.detach(), first.detach(), second, output.grad_fn.name()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_both_derivatives_are_those_of_batch_norm(form: str, shape: str) -> None:
    *expected, plain = taken(FORMS[form], SHAPES[shape], nullcontext())
    *actual, scaled = taken(FORMS[form], SHAPES[shape], StoredStatistics())
    torch.testing.assert_close(actual, expected)
    assert (plain, scaled) == ("NativeBatchNormBackward0", "AddcmulBackward0")


def test_statistics_of_the_batch_stay_statistics_of_the_batch() -> None:
    def form(x: Tensor) -> Tensor:
        return functional.batch_norm(x, MEAN.clone(), VARIANCE.clone(), WEIGHT, BIAS, training=True)

    *expected, plain = taken(form, SHAPES["maps"], nullcontext())
    *actual, same = taken(form, SHAPES["maps"], StoredStatistics())
    torch.testing.assert_close(actual, expected)
    assert same == plain


def test_weights_whose_gradients_are_wanted_have_them() -> None:
    weight = WEIGHT.clone().requires_grad_()
    with StoredStatistics():
        output = functional.batch_norm(torch.ones(5, CHANNELS).double(), MEAN, VARIANCE, weight)
    (actual,) = torch.autograd.grad(output.sum(), weight)
    torch.testing.assert_close(actual, 5 * (1 - MEAN) / (VARIANCE + 1e-5).sqrt())


def test_maps_with_another_number_of_channels_are_refused_as_ever() -> None:
    """One channel would fit any number of scales."""
    with StoredStatistics(), pytest.raises(RuntimeError, match="running_mean"):
        functional.batch_norm(torch.ones(5, 1, 3, 3).double(), MEAN, VARIANCE)

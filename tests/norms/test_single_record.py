"""A batch of one whose strides fit two layouts: PyTorch alone takes wrong gradients of its norms."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dataselect_gui.norms.single_record import SingleRecord

CHANNELS, SIDES = 4, (6, 5)
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "channels first": lambda maps: maps.contiguous(),
    "channels last": lambda maps: maps.contiguous(memory_format=torch.channels_last),
    "tokens": lambda maps: maps.flatten(2).mT.contiguous().mT.unflatten(2, SIDES),
    "sides swapped": lambda maps: maps.mT.contiguous().mT,
}
NORMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "batch norm": lambda maps, weight: functional.batch_norm(
        maps, torch.arange(4.0).double(), torch.arange(1.0, 5).double(), weight
    ),
    "instance norm": lambda maps, weight: functional.instance_norm(maps, weight=weight),
}


def slopes(norm: str, given: str, back: str, context: AbstractContextManager[object]) -> Tensor:
    """Return all gradients of a norm, its input and the gradient at its output laid out as named."""
    generator = torch.Generator().manual_seed(0)
    maps, gradient = torch.randn((2, 1, CHANNELS, *SIDES), generator=generator, dtype=torch.float64)
    leaf = LAYOUTS[given](maps).detach().requires_grad_()
    weight = torch.arange(1.0, CHANNELS + 1).double().requires_grad_()
    with context:
        output = NORMS[norm](leaf, weight)
    actual = torch.autograd.grad(output, (leaf, weight), LAYOUTS[back](gradient))
    return torch.cat([item.flatten() for item in actual])


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("given", LAYOUTS)
@pytest.mark.parametrize("back", LAYOUTS)
def test_gradients_of_norms_do_not_depend_on_the_layout(norm: str, given: str, back: str) -> None:
    expected = slopes(norm, "channels first", "channels first", nullcontext())
    torch.testing.assert_close(slopes(norm, given, back, SingleRecord()), expected)


@pytest.mark.parametrize("norm", NORMS)
def test_without_care_some_layout_comes_out_wrong(norm: str) -> None:
    """Where this fails, PyTorch has mended it, and the care can go."""
    expected = slopes(norm, "channels first", "channels first", nullcontext())
    pairs = [(given, back) for given in LAYOUTS for back in LAYOUTS]
    assert not all(torch.allclose(slopes(norm, *pair, nullcontext()), expected) for pair in pairs)

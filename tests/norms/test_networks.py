"""Random networks against the naive loop: norms, inner products, gradients at the input, PLIS."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from dataselect_gui.norms.cross_entropy import logit_gradients
from dataselect_gui.norms.gradient_norms import BY_FUNCTION, GradientNorms
from dataselect_gui.norms.passes import Pass
from tests.networks import Network, networks
from tests.oracle import (
    logits_of,
    oracle,
    oracle_alignment,
    oracle_plis,
    oracle_susceptibility,
)

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
few = settings(max_examples=40, deadline=None, derandomize=True, database=None)
many = settings(few, max_examples=1000)
Check = Callable[[Network], None]


def run(drawn: Network, rows: slice = slice(None), *, for_inputs: bool = False) -> Pass:
    norms = GradientNorms(drawn.model)
    return norms.run(drawn.inputs[rows], for_inputs=for_inputs, twice=for_inputs)


def at_logits(done: Pass, targets: list[int]) -> Tensor:
    return logit_gradients(done.logits.detach(), torch.tensor(targets))


def assert_close(actual: Tensor, expected: NDArray[np.float64], tolerance: float, scale: float) -> None:
    """Assert that two arrays agree, relative to a scale: a sum may cancel."""
    np.testing.assert_allclose(actual.double().numpy(), expected, rtol=0, atol=tolerance * scale)


def norms_and_products(drawn: Network) -> None:
    generator = torch.Generator().manual_seed(5)
    direction = {
        name: torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        for name, parameter in drawn.model.named_parameters()
        if parameter.requires_grad
    }
    done = run(drawn)
    actual = done.measure(at_logits(done, drawn.targets), direction)
    inputs = drawn.inputs.numpy()
    norms = oracle(drawn.model, inputs, drawn.targets)["grad_norm"]
    np.testing.assert_allclose(actual.squares.sqrt().numpy(), norms, rtol=1e-9)
    products = oracle_alignment(drawn.model, inputs, drawn.targets, direction)
    length = sum(float(values.square().sum()) for values in direction.values()) ** 0.5
    assert_close(actual.products, products, 1e-10, length * norms.max())


def input_gradients(drawn: Network) -> None:
    done = run(drawn, for_inputs=True)
    chosen = torch.zeros_like(done.logits).scatter(1, torch.tensor(drawn.targets)[:, None], 1.0)
    slopes = done.input_gradient(chosen)
    _, plis = done.susceptibility(lambda logits: logit_gradients(logits, torch.tensor(drawn.targets)))
    double, logits = logits_of(drawn.model)
    double.requires_grad_(requires_grad=False)
    for record, target, slope in zip(drawn.inputs, drawn.targets, slopes, strict=True):
        leaf = record[None].requires_grad_()
        (expected,) = torch.autograd.grad(logits(leaf)[0, target], leaf, materialize_grads=True)
        assert_close(slope, expected[0].numpy(), 1e-10, 1 + float(expected.abs().max()))
    twice = oracle_plis(drawn.model, drawn.inputs.numpy(), drawn.targets)
    assert_close(plis, twice, 1e-9, 1 + np.abs(twice).max())


def slopes_of_norms(drawn: Network) -> None:
    done = run(drawn, for_inputs=True)
    _, actual = done.susceptibility(lambda logits: logit_gradients(logits, torch.tensor(drawn.targets)))
    expected = oracle_susceptibility(drawn.model, drawn.inputs.numpy(), drawn.targets)
    assert_close(actual, expected, 1e-5, np.abs(expected).max() + 1e-3)


def company(drawn: Network) -> None:
    done = run(drawn)
    together = done.measure(at_logits(done, drawn.targets)).squares
    for row, target in enumerate(drawn.targets):
        alone = run(drawn, slice(row, row + 1))
        squares = alone.measure(at_logits(alone, [target])).squares
        np.testing.assert_allclose(squares.numpy(), together[[row]].numpy(), rtol=1e-9)


def ways(drawn: Network) -> None:
    gradients = GradientNorms(drawn.model)
    done = gradients.run(drawn.inputs)
    done.measure(at_logits(done, drawn.targets))
    assert BY_FUNCTION not in gradients.paths.values(), gradients.paths


@given(drawn=networks(covered=True))
@few
def test_what_a_rule_covers_needs_no_other_way(drawn: Network) -> None:
    ways(drawn)


@given(drawn=networks())
@few
def test_norms_and_inner_products_agree_with_the_loop(drawn: Network) -> None:
    norms_and_products(drawn)


@given(drawn=networks(continuous=True))
@few
def test_gradients_at_the_input_agree_with_the_loop(drawn: Network) -> None:
    input_gradients(drawn)


@given(drawn=networks(continuous=True, smooth=True))
@settings(few, max_examples=12)
def test_plis_is_the_slope_of_the_norm(drawn: Network) -> None:
    slopes_of_norms(drawn)


@given(drawn=networks())
@settings(few, max_examples=20)
def test_a_norm_is_the_same_in_whatever_company(drawn: Network) -> None:
    company(drawn)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("drawn", "check"),
    [
        (networks(), norms_and_products),
        (networks(), company),
        (networks(covered=True), ways),
        (networks(continuous=True), input_gradients),
        (networks(continuous=True, smooth=True), slopes_of_norms),
    ],
)
def test_many_networks(drawn: st.SearchStrategy[Network], check: Check) -> None:
    many(given(drawn)(check))()

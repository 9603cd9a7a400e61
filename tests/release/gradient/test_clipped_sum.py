"""The clipped sum of gradients is exact before the noise, and bounded whatever a gradient holds."""

import copy
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from dataselect_gui.privacy.calibration import gaussian_scale
from dataselect_gui.privacy.noise import add_gaussian
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.scoring.clipped_sum import ClippedSum, in_steps
from dataselect_gui.scoring.model import Model
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from tests.models import stir, tiny_plain, tiny_resnet
from tests.norms.unusual_models import Gathered
from tests.release.gradient.summing import NORM, clipped_sum_of

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("family", [tiny_plain, tiny_resnet, partial(Gathered, 8)])
def test_the_sum_is_that_of_its_definition(family: Callable[[], torch.nn.Module]) -> None:
    torch.manual_seed(0)
    inner = stir(family(), 1)
    inputs = torch.randn(7, 1, 16, 16, dtype=torch.float64)
    targets = [0, 1, 2, 0, 1, 2, 0]
    summed = ClippedSum(
        Model(copy.deepcopy(inner).double().eval(), 1), SINGLE_LABEL, 3, NORM, CLIP_STEPS
    )
    for record, target in zip(inputs, targets, strict=True):
        summed.add(record[None], np.array([target]))
    expected = clipped_sum_of(inner, inputs, targets).numpy()
    # Rounding towards zero moves each element of each record by less than a step.
    assert np.abs(summed.total * (NORM / CLIP_STEPS) - expected).max() <= 7 * NORM / CLIP_STEPS
    assert sum(np.prod(shape, dtype=int) for _, shape in summed.layout) == len(summed.total)


@given(
    gradient=arrays(
        np.float64,
        st.integers(1, 40),
        elements=st.floats(allow_nan=True, allow_infinity=True, width=64),
    ),
    clip=st.floats(1e-6, 1e6),
    steps=st.sampled_from([1, 7, 1000, CLIP_STEPS]),
)
@settings(max_examples=2000, deadline=None)
def test_no_gradient_leaves_more_than_the_norm(
    gradient: NDArray[np.float64], clip: float, steps: int
) -> None:
    whole = in_steps(gradient, clip, steps)
    assert sum(int(value) ** 2 for value in whole) <= steps**2
    if not np.isfinite(gradient).all():
        assert not whole.any()
    elif np.abs(gradient).max() < clip / len(gradient):
        assert np.abs(whole * (clip / steps) - gradient).max() <= clip / steps * (1 + 1e-9)


def test_long_gradients_keep_the_norm_too() -> None:
    rng = np.random.default_rng(0)
    for size in (10, 1000, 300_000):
        for gradient in (rng.normal(size=size), np.ones(size), rng.standard_cauchy(size)):
            whole = in_steps(gradient * 1e3, 1.0, CLIP_STEPS)
            assert sum(int(value) ** 2 for value in whole) <= CLIP_STEPS**2
            assert np.linalg.norm(whole) > 0.999 * CLIP_STEPS


def test_noise_on_a_million_parameters_takes_less_than_a_minute() -> None:
    scale = gaussian_scale(Decimal(1), Decimal("1e-6"), (2 * CLIP_STEPS) ** 2)
    started = time.monotonic()
    noise = add_gaussian(np.zeros(100_000, dtype=np.int64), scale)
    assert time.monotonic() - started < 6
    assert noise.std() == pytest.approx(scale, rel=0.02)

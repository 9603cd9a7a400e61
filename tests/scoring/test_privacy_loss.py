"""The individual privacy loss against the accountants, and what must hold in any training."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from opacus.accountants import RDPAccountant
from opacus.accountants.analysis.rdp import compute_rdp

from dataselect_gui.scoring.privacy_loss import PrivacyLoss, orders, step_divergences
from dataselect_gui.scoring.subsampled_gaussian import divergences
from tests.oracle import oracle_privacy_loss

TRAININGS = [
    {
        "noise_multiplier": noise,
        "max_grad_norm": clip,
        "sample_rate": rate,
        "steps": steps,
        "delta": delta,
    }
    for noise, clip, rate, steps, delta in (
        (1.1, 1.0, 0.01, 1000, 1e-5),
        (0.7, 2.5, 0.004, 5000, 1e-6),
        (4.0, 0.1, 0.2, 300, 1e-3),
        (1.0, 1.0, 1.0, 10, 1e-5),
    )
]
SHARES = np.concatenate(([1e-7, 1e-5, 1e-4], np.geomspace(1e-3, 1, 40)))
training = pytest.mark.parametrize(
    "training", TRAININGS, ids=lambda given: f"{given['noise_multiplier']}"
)


def epsilons(training: Mapping[str, Any], norms: Any) -> NDArray[np.float64]:  # noqa: ANN401
    return PrivacyLoss(training)(np.atleast_2d(np.array(norms, dtype=np.float64)))


def worst_case(training: Mapping[str, Any]) -> float:
    """Return the ε of the whole training, as Opacus states it."""
    accountant = RDPAccountant()
    accountant.history = [(training["noise_multiplier"], training["sample_rate"], training["steps"])]
    return float(accountant.get_epsilon(training["delta"], alphas=orders(training["sample_rate"])))


@training
@pytest.mark.parametrize("above", [1.0, 1.0000001, 3.0, 1e9, np.inf])
def test_at_or_above_the_clip_norm_it_is_the_accountants_worst_case(
    training: Mapping[str, Any], above: float
) -> None:
    (actual,) = epsilons(training, [above * training["max_grad_norm"]])
    assert actual == pytest.approx(worst_case(training), rel=1e-6)


@training
def test_below_it_the_noise_is_larger_by_the_norms_share(training: Mapping[str, Any]) -> None:
    norms = SHARES[:, None] * training["max_grad_norm"]
    np.testing.assert_allclose(
        epsilons(training, norms), oracle_privacy_loss(norms, training), rtol=1e-4, atol=1e-9
    )


@training
def test_another_accountant_says_the_same(training: Mapping[str, Any]) -> None:
    import dp_accounting
    from dp_accounting.rdp import RdpAccountant

    for share in (0.2, 0.5, 1.0):
        accountant = RdpAccountant(orders(training["sample_rate"]))
        step = dp_accounting.GaussianDpEvent(training["noise_multiplier"] / share)
        sampled = dp_accounting.PoissonSampledDpEvent(training["sample_rate"], step)
        accountant.compose(sampled, training["steps"])
        (actual,) = epsilons(training, [share * training["max_grad_norm"]])
        assert actual == pytest.approx(accountant.get_epsilon(training["delta"]), rel=1e-3)


@given(
    norms=st.lists(st.floats(0, 4), min_size=1, max_size=4),
    more=st.lists(st.floats(0, 4), min_size=4, max_size=4),
    which=st.sampled_from([0, 3]),
)
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_it_grows_with_each_norm(norms: list[float], more: list[float], which: int) -> None:
    clip = TRAININGS[which]["max_grad_norm"]
    larger = [norm + extra for norm, extra in zip(norms, more, strict=False)]
    low, high = (epsilons(TRAININGS[which], np.array(row) * clip)[0] for row in (norms, larger))
    assert 0 <= low <= high * (1 + 1e-12)


@training
def test_steps_are_shared_out_among_the_checkpoints(training: Mapping[str, Any]) -> None:
    norms = np.array([[0.1, 0.6, 1.4]]) * training["max_grad_norm"]
    np.testing.assert_allclose(
        epsilons(training, norms), oracle_privacy_loss(norms, training), rtol=1e-4
    )
    np.testing.assert_allclose(
        epsilons(training, np.repeat(norms[:, 1:2], 3, axis=1)), epsilons(training, norms[:, 1:2])
    )
    np.testing.assert_allclose(epsilons(training, norms[:, ::-1]), epsilons(training, norms))


@training
def test_a_record_without_a_gradient_loses_nothing(training: Mapping[str, Any]) -> None:
    assert epsilons(training, [0.0, 0.0]) == [0.0]
    (least,) = epsilons(training, [1e-12])
    assert 0 <= least < 0.02 * worst_case(training)
    assert np.isnan(epsilons(training, [0.3, np.nan])).all()


@training
def test_a_norm_that_is_not_clipped_is_noticed(training: Mapping[str, Any]) -> None:
    """A wrong variant, with the noise over the norm itself: what the oracle is for."""
    norm = 2.0 * training["max_grad_norm"]
    unclipped = {
        **training,
        "max_grad_norm": norm,
        "noise_multiplier": training["noise_multiplier"] / 2,
    }
    (actual,) = epsilons(training, [norm])
    assert oracle_privacy_loss(np.array([[norm]]), unclipped)[0] > 1.5 * actual


def test_it_is_the_same_where_the_smallest_numbers_are_flushed() -> None:
    """As they are while records are computed on."""
    rate, noise = 0.01, 1.1234  # No other test's: what is known is kept.
    given = {"noise_multiplier": noise, "max_grad_norm": 1.0, "sample_rate": rate, "steps": 100}
    torch.set_flush_denormal(True)
    try:
        flushed = epsilons({**given, "delta": 1e-5}, [0.001, 0.1, 1.0])
    finally:
        torch.set_flush_denormal(False)
    step_divergences.cache_clear()
    np.testing.assert_array_equal(flushed, epsilons({**given, "delta": 1e-5}, [0.001, 0.1, 1.0]))


@pytest.mark.parametrize("rate", [1e-12, 1e-9, 1e-4, 0.004, 0.05, 0.2, 0.3, 0.31, 0.9, 1.0])
@pytest.mark.parametrize("noise", [0.05, 0.25, 0.7, 1.1, 4.0, 200.0, 1e7])
def test_a_steps_divergences_are_the_accountants(rate: float, noise: float) -> None:
    some = orders(rate)[::7]
    accountants = compute_rdp(q=rate, noise_multiplier=noise, steps=1, orders=some)
    (ours,) = divergences(rate, np.array([noise]), some)
    # An accountant ends its series at e^−30, and takes the logarithm of what is next to 1.
    np.testing.assert_allclose(ours, accountants, rtol=1e-9, atol=3e-12)


@pytest.mark.parametrize(("rate", "noise"), [(0.05, 0.25), (0.3, 0.5), (0.001, 0.1)])
def test_no_training_takes_long(rate: float, noise: float) -> None:
    """An accountant's loops take ten thousand times as many steps of Python."""
    step_divergences.cache_clear()
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        step_divergences(rate, noise)
    finally:
        sys.setprofile(None)
    assert steps < 100_000

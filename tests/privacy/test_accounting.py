"""The composed total against closed forms, against simulated losses, and the noise against its maps."""

import math
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui.privacy import calibration, measurements
from dataselect_gui.privacy.accounting import (
    Charge,
    Loss,
    compose,
    laplace_losses,
    plain_total,
    totals,
)
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.privacy.usefulness import Agreement
from dataselect_gui.release.checks.discrete_gaussian import gaussian_delta
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from tests.audit.worlds import terms

Delta = Callable[[float], float]


def gaussian(ratio: float) -> Charge:
    return Charge(Decimal(9), Decimal("1e-5"), loss=Loss("discrete-gaussian", 10_000 * ratio, 10_000.0))


def laplace(epsilon: float, steps: int = 65_536) -> Charge:
    return Charge(Decimal(str(epsilon)), loss=Loss("discrete-laplace", steps / epsilon, float(steps)))


def bits(epsilon: float) -> Charge:
    return Charge(Decimal(str(epsilon)))


def root(delta_at: Delta, delta: float) -> float:
    """Return the ε at which a falling δ(ε) is δ."""
    low, high = 0.0, 200.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_at(middle) > delta else (low, middle)
    return high


def epsilon_of(charges: list[Charge], delta: float) -> float:
    return float(compose(charges).get_epsilon_for_delta(delta))


@pytest.mark.parametrize("ratio", [0.7, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("times", [1, 7])
@pytest.mark.parametrize("delta", [1e-3, 1e-6])
def test_gaussian_noise_agrees_with_its_closed_form(ratio: float, times: int, delta: float) -> None:
    """Balle and Wang 2018: k releases of ratio s are one of ratio s/√k."""
    exact = root(lambda e: gaussian_delta(ratio / math.sqrt(times), e), delta)
    assert 0 <= epsilon_of([gaussian(ratio)] * times, delta) - exact < 1e-3


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("delta", [1e-2, 1e-6])
def test_laplace_noise_agrees_with_its_closed_form(epsilon: float, delta: float) -> None:
    """δ(ε) = 1 − exp((ε − ε₀)/2)."""
    exact = max(0.0, epsilon + 2 * math.log1p(-delta))
    assert -1e-4 < epsilon_of([laplace(epsilon)], delta) - exact < 1e-3


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("times", [1, 2, 5, 20])
@pytest.mark.parametrize("delta", [1e-3, 1e-6])
def test_randomized_response_agrees_with_its_closed_form(
    epsilon: float, times: int, delta: float
) -> None:
    """Kairouz, Oh, Viswanath, arXiv 1311.0776, theorem 3.3, summed over all outcomes."""

    def delta_at(e: float) -> float:
        log_whole = times * math.log1p(math.exp(epsilon))
        total = 0.0
        for wrong in range(times + 1):
            first, second = (times - wrong) * epsilon, e + wrong * epsilon
            if first > second:
                weight = math.lgamma(times + 1) - math.lgamma(wrong + 1)
                weight -= math.lgamma(times - wrong + 1) + log_whole
                total += math.exp(weight + first) - math.exp(weight + second)
        return total

    exact = root(delta_at, delta)
    assert -1e-6 < epsilon_of([bits(epsilon)] * times, delta) - exact < 1e-3


def losses_of(charge: Charge, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Simulate the privacy loss of one charge at its worst case."""
    if charge.loss is None:
        epsilon = float(charge.epsilon)
        kept = rng.random(draws) < 1 / (1 + math.exp(-epsilon))
        return np.where(kept, epsilon, -epsilon)
    shift = charge.loss.sensitivity / charge.loss.scale
    if charge.loss.noise == "discrete-laplace":
        noise = rng.laplace(size=draws)
        return np.abs(noise - shift) - np.abs(noise)
    noise = rng.normal(size=draws)
    return shift * noise + shift * shift / 2


@pytest.mark.parametrize(
    "charges",
    [
        [gaussian(2.0)] * 4,
        [laplace(0.5)] * 10,
        [bits(0.4)] * 12,
        [gaussian(3.0), laplace(0.7), bits(0.5), laplace(0.2), gaussian(5.0)],
    ],
)
@pytest.mark.parametrize("delta", [1e-2, 1e-4])
def test_the_total_is_never_below_what_a_simulation_shows(charges: list[Charge], delta: float) -> None:
    rng = np.random.default_rng(0)
    draws = 400_000
    losses = sum((losses_of(charge, draws, rng) for charge in charges), np.zeros(draws))
    epsilon = epsilon_of(charges, delta)
    share = np.maximum(0.0, -np.expm1(epsilon - losses))
    # A lower bound on δ at the stated ε, wrong once in a million.
    least = float(share.mean()) - 4.9 * float(share.std()) / math.sqrt(draws)
    assert least <= delta
    assert epsilon <= float(plain_total(charges))


def test_totals_are_ordered_and_composition_pays_off() -> None:
    charges = [laplace(0.3)] * 20
    sums = totals(charges)
    assert sums.plain == Decimal("6.0")
    assert sums.pld == pytest.approx(6)  # At δ = 0 nothing composes to less.
    assert sums.pld_loose < 5.7
    one_sided = totals([*charges, Charge(Decimal(2), one_sided=True)])
    assert (one_sided.plain, one_sided.pld_loose) == (Decimal("8.0"), sums.pld_loose)


def test_a_charge_survives_the_ledger() -> None:
    for charge in (gaussian(1.3), laplace(0.7), bits(0.1), Charge(Decimal(1), one_sided=True)):
        assert Charge.of_entry(charge.as_entry()) == charge


@pytest.mark.parametrize("epsilon", ["0.1", "0.3", "1", "1.1", "7"])
@pytest.mark.parametrize("sensitivity", [1, 3, 65_536])
def test_laplace_noise_is_enough_by_our_formula_and_by_the_librarys(
    epsilon: str, sensitivity: int
) -> None:
    scale = calibration.laplace_scale(Decimal(epsilon), sensitivity)
    stated = measurements.laplace_measurement(scale).map(sensitivity)
    assert Fraction(sensitivity) / Fraction(scale) <= Fraction(epsilon)
    assert Fraction(stated) <= Fraction(epsilon)
    assert scale <= sensitivity / float(epsilon) * (1 + 1e-9)


@pytest.mark.parametrize("max_contributions", [1, 2, 5])
def test_a_quantile_is_charged_for_two_changes_of_each_record(max_contributions: int) -> None:
    scale = calibration.quantile_scale(Decimal(1), 100, max_contributions)
    measurement = measurements.quantile_measurement(100, 0.9, range(11), scale)
    assert measurement.map(1) == 0  # Which would be a free release.
    assert measurement.map(2 * max_contributions) == pytest.approx(1)
    assert Fraction(2 * max_contributions) / Fraction(scale) <= 1


@pytest.mark.parametrize("epsilon", ["0.3", "1", "4"])
@pytest.mark.parametrize("squared", [2, 4 * 1000**2, (2 * (1 << 24)) ** 2])
def test_gaussian_noise_is_enough_by_three_accountants(epsilon: str, squared: int) -> None:
    delta = Decimal("1e-6")
    scale = calibration.gaussian_scale(Decimal(epsilon), delta, squared)
    assert calibration.gaussian_delta(scale, squared, float(epsilon)) <= delta
    assert calibration.library_gaussian_delta(scale, squared, float(epsilon)) <= delta
    exact = gaussian_delta(scale / math.sqrt(squared), float(epsilon))
    assert exact <= delta
    # Concentrated privacy is loose, but not by much.
    assert root(lambda e: gaussian_delta(scale / math.sqrt(squared), e), 1e-6) > 0.8 * float(epsilon)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("epsilon", ["1e-12", "1e-6", "300"])
@pytest.mark.parametrize("delta", ["1e-12", "0.1"])
def test_any_amount_has_its_gaussian_noise(epsilon: str, delta: str) -> None:
    for squared in (2 * 1000**2, (2 * 10**6 * (1 << 24)) ** 2):
        scale = calibration.gaussian_scale(Decimal(epsilon), Decimal(delta), squared)
        assert gaussian_delta(scale / math.sqrt(squared), float(epsilon)) <= float(delta)


def test_a_library_that_understates_its_loss_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And one that states more is."""
    honest = calibration.laplace_scale(Decimal(1), 4)

    class Map:
        def __init__(self, scale: float, factor: float) -> None:
            self._scale, self._factor = scale, factor

        def map(self, distance: int) -> float:
            return distance / self._scale * self._factor

    monkeypatch.setattr(calibration, "laplace_measurement", lambda scale: Map(scale, 0.25))
    assert calibration.laplace_scale(Decimal(1), 4) == honest
    monkeypatch.setattr(calibration, "laplace_measurement", lambda scale: Map(scale, 1 + 2.0**-30))
    assert calibration.laplace_scale(Decimal(1), 4) > honest


@pytest.mark.parametrize("sigma", [80.0, 200.0, 500.0, 1000.0])
def test_a_discrete_gaussian_is_the_continuous_one(sigma: float) -> None:
    """Summed exactly, at the fewest steps per σ that any ε whose total is composed can have."""
    shift = 1000
    steps = np.arange(-40_000, 40_001)
    first, second = (np.exp(-((steps - at) ** 2) / (2 * sigma**2)) for at in (0, shift))
    for epsilon in (0.1, 1.0, 3.0, 10.0, 30.0, 100.0):
        expected = gaussian_delta(sigma / shift, epsilon)
        if expected > 1e-9:
            delta = np.maximum(0.0, first - math.exp(epsilon) * second).sum() / first.sum()
            assert delta == pytest.approx(expected, rel=1e-3)
            assert delta <= expected * (1 + 1e-5)


def test_no_epsilon_whose_total_is_composed_has_fewer_steps() -> None:
    for squared in (1000**2, (2 * CLIP_STEPS) ** 2):
        assert calibration.gaussian_scale(Decimal(100), Decimal("0.1"), squared) > 80


@pytest.mark.parametrize(("epsilon", "scores", "response"), [(1, 0.15, 0.23), (8, 0.54, 1.0)])
def test_expected_usefulness_is_that_of_the_mechanisms(
    epsilon: int, scores: float, response: float
) -> None:
    """5,000 records, the top tenth, scores spread evenly: by formula, and drawn."""
    usefulness = noisy_scores(Decimal(epsilon), 1, 5000, 500)
    assert usefulness.precision == pytest.approx(scores, abs=0.01)
    assert usefulness.random == 0.1
    usefulness = randomized_response(Decimal(epsilon), 1, 5000, 500)
    assert usefulness.precision == pytest.approx(response, abs=0.01)
    rng = np.random.default_rng(0)
    values = np.linspace(0, 1, 5000)
    noised = values + rng.laplace(scale=1 / epsilon, size=(40, 5000))
    top = np.argsort(-noised, axis=1)[:, :500]
    assert (top >= 4500).mean() == pytest.approx(
        noisy_scores(Decimal(epsilon), 1, 5000, 500).recall, abs=0.02
    )


def noisy_scores(epsilon: Decimal, max_contributions: int, records: int, selected: int) -> Agreement:
    stated = terms("laplace", float(epsilon), m=max_contributions, kind="scores")
    agreement = stated.kind.expect(stated.mechanism, records, selected)
    assert isinstance(agreement, Agreement)
    return agreement


def randomized_response(
    epsilon: Decimal, max_contributions: int, records: int, selected: int
) -> Agreement:
    return RandomizedResponse(max_contributions=max_contributions, epsilon=epsilon).expect(
        records, selected
    )


def test_more_epsilon_is_never_worth_less() -> None:
    marks = [Decimal(mark) for mark in ("0.1", "0.5", "1", "4", "16", "100")]
    for expected in (noisy_scores, randomized_response):
        precisions = [expected(mark, 2, 300, 30).precision for mark in marks]
        assert all(low <= high for low, high in pairwise(precisions))
        assert precisions[0] == pytest.approx(0.1, abs=0.02)
        assert precisions[-1] > 0.9


def by_the_librarys_sum(scale: float, sensitivity: int, times: int, delta: float) -> float:
    """The total that adds up every single outcome: its work grows with the sensitivity."""
    from dp_accounting.pld import privacy_loss_distribution

    single = privacy_loss_distribution.from_discrete_laplace_mechanism(1 / scale, sensitivity)
    return float(single.self_compose(times).get_epsilon_for_delta(delta))


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 0.7317, 1.0, 3.7])
@pytest.mark.parametrize("sensitivity", [1, 2, 3, 10, 2001, 65_536])
def test_the_total_of_laplace_noise_is_that_of_the_sum_over_all_outcomes(
    epsilon: float, sensitivity: int
) -> None:
    """Never below it, and above it by a step of 1e-4 a release at most: what is equal is rounded up."""
    for times in (1, 6):
        for delta in (1e-2, 1e-6):
            ours = epsilon_of([laplace(epsilon, sensitivity)] * times, delta)
            summed = by_the_librarys_sum(sensitivity / epsilon, sensitivity, times, delta)
            assert -1e-9 <= ours - summed <= times * 1e-4 + 1e-9


@pytest.mark.parametrize("scale", [0.7, 1.0, 3.3, 10.0])
@pytest.mark.parametrize("sensitivity", [1, 4, 25])
def test_no_loss_is_rounded_down(scale: float, sensitivity: int) -> None:
    """Each outcome's loss, in exact fractions, from the highest on: so much has that loss or more."""
    stated = laplace_losses(scale, sensitivity)
    beyond = 1 / (1 + math.exp(-1 / scale))
    above = 0.0
    for x in range(sensitivity + 1):
        loss = (sensitivity - 2 * x) / Fraction(scale)
        ends = {0: beyond, sensitivity: beyond * math.exp(-x / scale)}
        above += ends.get(x, math.tanh(0.5 / scale) * math.exp(-x / scale))
        least = math.ceil(loss * 10_000)
        assert sum(share for step, share in stated.items() if step >= least) >= above - 1e-12
    assert above == pytest.approx(1)


def charge_at(kind: str, mechanism: str, max_contributions: int) -> Charge:
    """A release's own charge at ε = 0.3, as the ledger gets it."""
    parts: dict[str, dict[str, Any]] = {
        "scores": {},
        "offers": {"count": 5},
        "report": {"bins": ("0", "0.5", "1"), "count_threshold": "0.5"},
        "gradient": {"clip": "1"},
    }
    delta = "1e-6" if mechanism == "discrete-gaussian" else None
    stated = terms(mechanism, 0.3, m=max_contributions, kind=kind, delta=delta, **parts[kind])
    charge = stated.mechanism.charge()
    assert charge is not None
    return charge


@pytest.mark.parametrize(
    ("kind", "mechanism"),
    [
        ("scores", "laplace"),
        ("report", "discrete-laplace"),
        ("report", "discrete-gaussian"),
        ("gradient", "discrete-gaussian"),
        ("offers", "noisy-top-k"),
        ("offers", "randomized-response"),
    ],
)
def test_the_total_follows_from_the_ratio_of_noise_to_sensitivity(kind: str, mechanism: str) -> None:
    """A million records a person cost what one does, in the same work."""
    few, many = ([charge_at(kind, mechanism, m)] * 5 for m in (1, 10**6))
    loss = many[0].loss
    assert loss is None or loss.sensitivity >= 1_000_000
    tracemalloc.start()
    sums = totals(many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000
    # A count moved by whole records at little noise has coarser losses: a little more, never less.
    once = totals(few)
    coarse = kind == "report" and mechanism == "discrete-laplace"
    assert -1e-6 <= once.pld_loose - sums.pld_loose <= (0.02 if coarse else 1e-3)
    assert -1e-6 <= once.pld - sums.pld <= 1e-3


def test_the_work_is_bounded_by_the_ratio() -> None:
    for sensitivity in (2, 65_536, 10**6 * 65_536, 2**52):
        assert len(laplace_losses(sensitivity / 0.5, sensitivity)) <= 10_003


def test_the_bound_on_memory_would_see_a_sum_over_all_outcomes() -> None:
    tracemalloc.start()
    by_the_librarys_sum(3e5 / 0.3, 300_000, 1, 1e-6)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak > 15_000_000

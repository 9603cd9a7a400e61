"""What is audited: each release of the program, and the mistakes that an audit must catch.

Neighbours are data sets, scoring included, that differ in the contents of one unit; an outcome is what
a receiver sees of a whole transcript. The mistakes are the same cases with one thing done wrong.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
import torch
from numpy.typing import NDArray

from dataselect_gui.privacy.calibration import quantile_scale
from dataselect_gui.privacy.measurements import quantile_measurement
from dataselect_gui.privacy.mechanisms.discrete_gaussian import DiscreteGaussian
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.privacy.mechanisms.exact import Exact
from dataselect_gui.privacy.mechanisms.laplace_on_counts import LaplaceOnCounts
from dataselect_gui.privacy.mechanisms.laplace_on_scores import LaplaceOnScores
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK, highest
from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.privacy.noise import add_laplace
from dataselect_gui.release import registry
from dataselect_gui.release.grid import SCORE_STEPS, on_grid
from dataselect_gui.release.kinds.gradient import CLIP_STEPS, Gradient
from dataselect_gui.release.kinds.kind import Kind, as_noise
from dataselect_gui.release.kinds.offers import Offers
from dataselect_gui.release.kinds.records import Records
from dataselect_gui.release.kinds.report import Report
from dataselect_gui.release.kinds.scores import Scores as ScoresKind
from dataselect_gui.release.terms import Terms
from dataselect_gui.scoring.clipped_sum import in_steps
from tests.audit import calibrations, rule_cases
from tests.audit.bounds import Sampler
from tests.audit.claims import PRESSES, Case, Floats, both, copies, new_ledger
from tests.audit.scorings import ATTACKS, Attack, by_the_program
from tests.audit.worlds import (
    RIGHT,
    THRESHOLD,
    WRONG,
    Scores,
    candidates,
    fresh_secrets,
    keys,
    leaving,
    noised,
    records,
    score,
    terms,
    weaker,
)

BITS, SIDED, TOP = RandomizedResponse.name, OneSided.name, NoisyTopK.name
NORMAL = DiscreteGaussian.name


# Bits: offers and records, record by record


def told_bits(told: Terms, m: int) -> Sampler:
    """How many of a unit's records are on offer."""

    def outcomes(unit: Floats, count: int) -> Floats:
        there = leaving(candidates(copies(unit, count)), told).reshape(count, m)
        total: Floats = there.sum(axis=1).astype(np.float64)
        return total

    return both(outcomes, m)


def absences(told: Terms, m: int) -> Sampler:
    """Whether a unit stays wholly out; nothing is promised where a record of it left."""

    def outcomes(unit: Floats, count: int) -> Floats:
        there = leaving(candidates(copies(unit, count)), told).reshape(count, m).any(axis=1)
        return np.where(there, np.nan, 0.0)

    return both(outcomes, m)


def by_count(told: Terms) -> Sampler:
    """The record with the highest of two scores leaves one-sided: the other record is watched."""

    def outcomes(unit: Floats, count: int) -> Floats:
        other = records((0.0, 0.0))
        world = copies(np.concatenate([unit, other]), count)
        chosen_from = candidates(world)
        pairs = chosen_from.scores.reshape(count, 2)
        chosen_from.chosen[:] = (pairs == pairs.max(axis=1, keepdims=True)).ravel()
        there = leaving(chosen_from, told).reshape(count, 2)
        return np.where(there[:, 0], np.nan, there[:, 1].astype(np.float64))

    return both(outcomes)


def withheld(told: Terms, *, shipped: bool) -> Sampler:
    """Whether a withheld record's content shows at all."""

    def outcomes(unit: Floats, count: int) -> Floats:
        world = copies(unit, count)
        part = np.full(count, shipped)
        return leaving(candidates(world, part=part), told).astype(np.float64)

    return both(outcomes)


# Transcripts: many presses of the button, by the program's own ledger


def pressed_one_sided(epsilon: float, *, sealed: bool) -> Sampler:
    """Absence from ten one-sided releases, each by another threshold."""

    def outcomes(unit: Floats, count: int) -> Floats:
        world, there = copies(unit, count), np.zeros(count, dtype=bool)
        with new_ledger() as ledger:
            for press in range(PRESSES):
                chosen_from = candidates(world, threshold=THRESHOLD + press / 100)
                secrets_of = ledger.secrets_of if sealed else fresh_secrets
                there |= leaving(chosen_from, terms("one-sided", epsilon, kind="records"), secrets_of)
        return np.where(there, np.nan, 0.0)

    return both(outcomes)


def pressed_people(epsilon: float, *, kept: bool) -> Sampler:
    """Absence of people with three records, of which one may take part, from ten presses."""

    def outcomes(unit: Floats, count: int) -> Floats:
        world, there = copies(unit, count), np.zeros(3 * count, dtype=bool)
        names = keys(3 * count)
        people = [(row // 3).to_bytes(32) for row in range(3 * count)]
        rng = np.random.default_rng()
        with new_ledger() as ledger:
            for _ in range(PRESSES):
                if kept:
                    part = ledger.keep(people, names, 1)
                else:  # Another choice at each press.
                    part = np.zeros((count, 3), dtype=bool)
                    part[np.arange(count), rng.integers(0, 3, count)] = True
                    part = part.ravel()
                chosen_from = candidates(world, part=part)
                told = terms("one-sided", epsilon, kind="records")
                there |= leaving(chosen_from, told, ledger.secrets_of)
        return np.where(there.reshape(count, 3).any(axis=1), np.nan, 0.0)

    return both(outcomes, 3)


def pressed_bits(epsilon: float, ledgers: int, *, same: bool) -> Sampler:
    """In how many of the presses a record was on offer, where the same release is the same draw."""

    def outcomes(unit: Floats, count: int) -> Floats:
        chosen_from = candidates(copies(unit, count))
        told = terms("randomized-response", epsilon)
        seen = np.zeros(count)
        for _ in range(ledgers):
            with new_ledger() as ledger:
                account = ledger.claim({b"the same records".ljust(32)})
                for press in range(PRESSES if ledgers == 1 else 1):
                    release = "the one release" if same else f"press {press}"
                    there = leaving(chosen_from, told)
                    kept = ledger.keep_draw(account, release, np.packbits(there).tobytes())
                    seen += np.unpackbits(np.frombuffer(kept, dtype=np.uint8))[:count]
        return seen

    return both(outcomes)


def pressed_after_rollback(epsilon: float) -> Sampler:
    """The same offers, where every copy of the ledger is put back to before the draw each time."""

    def outcomes(unit: Floats, count: int) -> Floats:
        chosen_from, told = candidates(copies(unit, count)), terms("randomized-response", epsilon)
        seen = np.zeros(count)
        with new_ledger() as ledger:
            account = ledger.claim({b"the same records".ljust(32)})
            before = {path: path.read_bytes() for path in ledger.home.iterdir() if path.is_file()}
            for _ in range(3):
                for path, content in before.items():
                    path.write_bytes(content)
                there = leaving(chosen_from, told)
                kept = ledger.keep_draw(account, "the one release", np.packbits(there).tobytes())
                seen += np.unpackbits(np.frombuffer(kept, dtype=np.uint8))[:count]
        return seen

    return both(outcomes)


# Noised scores, and what is made of them


def noised_scores(scores: Scores, told: Terms) -> NDArray[np.int64]:
    assert isinstance(told.kind, ScoresKind)
    return told.kind.noised(scores, told)


def all_beyond(told: Terms, m: int) -> Sampler:
    """The lowest noised score of a unit's records."""

    def outcomes(unit: Floats, count: int) -> Floats:
        steps = noised(candidates(copies(unit, count)), told).reshape(count, m)
        lowest: Floats = steps.min(axis=1)
        return lowest

    return both(outcomes, m)


def highest_of_three(told: Terms, *, absent: bool = False) -> Sampler:
    """Which of three records is the one on offer; where it leaves, of the unit's absence alone."""
    mechanism = told.mechanism
    assert isinstance(mechanism, NoisyTopK)

    def outcomes(unit: Floats, count: int) -> Floats:
        world = copies(np.concatenate([unit, records(RIGHT, (0.0, 0.0))]), count)
        steps = on_grid(score(world), told.bounds, SCORE_STEPS)
        noised = add_laplace(steps, mechanism.scale).reshape(count, 3)
        first = np.array([float(highest(row, 1)[0]) for row in noised])
        return np.where(first == 0, np.nan, first) if absent else first

    return both(outcomes)


def other_record(told: Terms, scoring: Callable[[Floats], Scores]) -> Sampler:
    """The lower of two noised scores, where the other record may not depend on the unit.

    The other record lies between; a score that is normalised within the two, or by the batch, moves
    the other way when the unit moves.
    """

    def outcomes(unit: Floats, count: int) -> Floats:
        world = np.concatenate([unit, records((0.0, 0.0))])
        scores = np.tile(scoring(world), count)
        steps = noised_scores(scores, told).reshape(count, 2)
        steps[:, 1] *= -1
        lowest: Floats = steps.min(axis=1).astype(np.float64)
        return lowest

    return both(outcomes)


_BESIDE = 1.0
"""A threshold that an even prediction does not reach."""


def beside(attack: Attack, scoring: Callable[[Floats], Scores]) -> Sampler:
    """Whether another record leaves one-sided while a unit stays out, scoring included.

    Nothing is promised where the unit itself left.
    """
    told = terms("one-sided", 1.0, kind="records")

    def outcomes(unit: tuple[float, float], count: int) -> Floats:
        world = records(unit, attack.other)
        chosen_from = candidates(copies(world, count))
        chosen_from.chosen[:] = np.tile(scoring(world) >= _BESIDE, count)
        there = leaving(chosen_from, told).reshape(count, 2)
        return np.where(there[:, 0], np.nan, there[:, 1].astype(np.float64))

    return lambda count: (outcomes(WRONG, count), outcomes(attack.right, count))


def normalised_in_class(world: Floats) -> Scores:
    """Standardise scores over all records of the class, and bring them between the bounds."""
    scores = score(world)
    spread = scores.std() or 1.0
    shifted: Scores = ((scores - scores.mean()) / spread + 1) * float(2**0.5) / 2
    return shifted


def by_batch_statistics(world: Floats) -> Scores:
    """Score by a model that normalises its batch: in training mode."""
    layer = torch.nn.BatchNorm1d(2, affine=False)
    with torch.no_grad():
        normal: Floats = layer(torch.from_numpy(world).float()).double().numpy()
    return score(20 * normal)


# Counts


def noised_counts(counts: NDArray[np.int64], told: Terms) -> NDArray[np.int64]:
    assert isinstance(told.kind, Report)
    return told.kind.noised(counts, told.mechanism)


def all_counts(told: Terms, m: int) -> Sampler:
    """How far all counts that a unit moves lie on its side: two cells of a histogram and a count."""

    def sample(count: int) -> tuple[Floats, Floats]:
        high, low = np.array([[0, m, m]]), np.array([[m, 0, 0]])
        drawn = []
        for true in (high, low):
            noise = noised_counts(np.tile(true, (count, 1)).ravel().astype(np.int64), told)
            steps = noise.reshape(count, 3) * np.array([-1, 1, 1])
            drawn.append(steps.min(axis=1).astype(np.float64))
        return drawn[0], drawn[1]

    return sample


def along_the_difference(told: Terms, m: int) -> Sampler:
    """The noised counts along the direction in which the unit moves them."""

    def sample(count: int) -> tuple[Floats, Floats]:
        drawn = []
        for true in (np.array([0, m]), np.array([m, 0])):
            noise = noised_counts(np.tile(true, count).astype(np.int64), told).reshape(count, 2)
            drawn.append((noise[:, 1] - noise[:, 0]).astype(np.float64))
        return drawn[0], drawn[1]

    return sample


# Thresholds


def thresholds(values: list[int], scale: float, count: int) -> NDArray[np.int64]:
    """Draw so many thresholds from two candidates, by the program's own measurement."""
    measurement = quantile_measurement(len(values), 0.5, (10, 20), scale)
    return np.array([measurement(values) for _ in range(count)], dtype=np.int64)


def quantile(scale: float, m: int) -> Sampler:
    """Which of two candidates is drawn, where a unit's records cross both."""

    def sample(count: int) -> tuple[Floats, Floats]:
        high, low = (thresholds([content] * m + [15] * m, scale, count) for content in (30, 0))
        return high.astype(np.float64), low.astype(np.float64)

    return sample


def bought_then_bits(price: float, epsilon: float) -> Sampler:
    """A threshold is bought, then a record is on offer by it: both are seen."""

    def sample(count: int) -> tuple[Floats, Floats]:
        scale = quantile_scale(Decimal(str(price)), 2, 1)
        told = terms("randomized-response", epsilon)
        drawn = []
        for content in (30, 0):
            cuts = thresholds([content, 15], scale, count)
            chosen_from = candidates(records(RIGHT, copies=count))
            chosen_from.chosen[:] = content >= cuts
            there = leaving(chosen_from, told)
            drawn.append(2.0 * (cuts == 10) - there)
        return drawn[0], drawn[1]

    return sample


# Gradients


def gradient(told: Terms, m: int, *, mean: bool = False) -> Sampler:
    """The noised sum along a unit's gradients, as long as they may be, in opposite directions.

    A mean divides by how many records were summed, which the unit changes too.
    """

    def sample(count: int) -> tuple[Floats, Floats]:
        drawn = []
        for side in (1.0, -1.0):
            one = in_steps(np.array([side * 1e9, 0.0]), 1.0, CLIP_STEPS)
            total = np.tile(m * one, count)
            sums = as_noise(told.mechanism).add_noise(total).reshape(count, 2).astype(np.float64)
            # One other record, without a gradient; the unit is beyond the threshold on one side.
            summed = (2 if side > 0 else 1) if mean else 1
            drawn.append(sums[:, 1] / summed if mean else sums[:, 0])
        return drawn[0], drawn[1]

    if not mean:
        return sample

    def sizes(count: int) -> tuple[Floats, Floats]:
        first, second = sample(count)
        return np.abs(first), np.abs(second)

    return sizes


def bits_of_offers() -> list[Case]:
    cases = [
        Case(f"offers, bits, ε {epsilon}", epsilon, told_bits(terms(BITS, epsilon), 1), tight=True)
        for epsilon in (0.3, 1.0, 4.0)
    ]
    bits = told_bits(terms(BITS, 1.0, m=3), 3)
    return [*cases, Case("offers, bits, m 3", 1.0, bits, tight=True, rare=True)]


def bits_of_records() -> list[Case]:
    told = terms(BITS, 1.0, m=2, kind="records")
    return [Case("records, bits, absence, m 2", 1.0, absences(told, 2), tight=True, rare=True)]


def one_sided_records() -> list[Case]:
    cases = []
    for epsilon in (0.3, 1.0, 4.0):
        told = terms(SIDED, epsilon, kind="records")
        cases.append(Case(f"records, one-sided, ε {epsilon}", epsilon, absences(told, 1), tight=True))
    told = terms(SIDED, 1.0, m=3, kind="records")
    return [*cases, Case("records, one-sided, m 3", 1.0, absences(told, 3), tight=True)]


def top_of_records() -> list[Case]:
    told = terms(TOP, 2.0, count=1, kind="records")
    return [Case("records, highest of three", 2.0, highest_of_three(told, absent=True))]


def top_of_offers() -> list[Case]:
    return [Case("offers, highest of three", 2.0, highest_of_three(terms(TOP, 2.0, count=1)))]


def noise_on_scores() -> list[Case]:
    cases = []
    for epsilon, m in ((0.3, 1), (1.0, 1), (4.0, 1), (1.0, 4)):
        told = terms(LaplaceOnScores.name, epsilon, m=m, kind="scores")
        name = f"scores, ε {epsilon}, m {m}"
        cases.append(Case(name, epsilon, all_beyond(told, m), tight=True, rare=m > 1))
    other = other_record(terms(LaplaceOnScores.name, 1.0, kind="scores"), score)
    return [*cases, Case("scores, the other record", 1.0, other)]


def laplace_on_counts() -> list[Case]:
    cases = []
    for m in (1, 2):
        told = terms(
            LaplaceOnCounts.name, 2.0, m=m, kind="report", bins=("0.7",), count_threshold="0.7"
        )
        cases.append(Case(f"report, Laplace, m {m}", 2.0, all_counts(told, m), tight=True, rare=True))
        passing = rule_cases.passing(rule_cases.passing_terms(LaplaceOnCounts.name, m), m)
        name = f"report, who passes, Laplace, m {m}"
        cases.append(Case(name, 1.0, passing, tight=True, rare=True))
    return cases


def gaussian_on_counts() -> list[Case]:
    cases = []
    for m in (1, 2):
        told = terms(NORMAL, 1.0, m=m, kind="report", bins=("0.7",), delta="0.01")
        cases.append(Case(f"report, Gaussian, m {m}", 1.0, along_the_difference(told, m), delta=0.01))
        passing = rule_cases.passing(rule_cases.passing_terms(NORMAL, m, delta="0.01"), m)
        cases.append(Case(f"report, who passes, Gaussian, m {m}", 1.0, passing, delta=0.01))
    return cases


def gaussian_on_gradients() -> list[Case]:
    cases = []
    for m in (1, 2):
        told = terms(NORMAL, 1.0, m=m, kind="gradient", clip="1", delta="0.01")
        cases.append(Case(f"gradient, m {m}", 1.0, gradient(told, m), delta=0.01))
    return cases


def nothing_claimed() -> list[Case]:
    return []


CASES: dict[tuple[type[Kind], type[Mechanism]], Callable[[], list[Case]]] = {
    (Records, OneSided): one_sided_records,
    (Records, RandomizedResponse): bits_of_records,
    (Records, NoisyTopK): top_of_records,
    (Records, Exact): nothing_claimed,
    (Records, Everything): nothing_claimed,
    (Offers, RandomizedResponse): bits_of_offers,
    (Offers, NoisyTopK): top_of_offers,
    (ScoresKind, LaplaceOnScores): noise_on_scores,
    (Report, LaplaceOnCounts): laplace_on_counts,
    (Report, DiscreteGaussian): gaussian_on_counts,
    (Gradient, DiscreteGaussian): gaussian_on_gradients,
}
"""The audit of each kind of release by each mechanism."""


def transcripts() -> list[Case]:
    """Return what is claimed of many releases together, of thresholds, and of scoring."""
    cases = [
        Case(
            "ten one-sided releases, other thresholds",
            1.0,
            pressed_one_sided(1.0, sealed=True),
            tight=True,
        ),
        Case("ten presses, one of three records", 1.0, pressed_people(1.0, kept=True), tight=True),
        Case("ten presses, the same offers", 1.0, pressed_bits(1.0, 1, same=True), tight=True),
        Case("a withheld record", 0.0, withheld(terms(BITS, 1.0), shipped=False)),
    ]
    for m in (1, 2):
        scale = quantile_scale(Decimal(1), 2 * m, m)
        cases.append(Case(f"a bought threshold, m {m}", 1.0, quantile(scale, m)))
    cases += [
        Case(
            f"scored by the program: {attack.name}",
            1.0,
            beside(attack, by_the_program(attack.make)),
        )
        for attack in ATTACKS
    ]
    cases.append(Case("a bought threshold, then offers", 2.0, bought_then_bits(1.0, 1.0)))
    return [
        *cases,
        Case("counts of a calibration", 1.0, calibrations.counts(1.0), tight=True),
        Case("thresholds of a calibration", 1.0, calibrations.thresholds(1.0)),
        Case("a calibration's direction", 1.0, calibrations.directions(1.0, 0.01), delta=0.01),
    ]


def honest() -> list[Case]:
    """Return every claim of the program that is audited: all that is registered, and transcripts.

    Raises
    ------
    KeyError
        Where something is registered that nothing audits.
    """
    audited = [case for line in registry.REGISTRY for case in CASES[line.kind, line.mechanism]()]
    return [*audited, *transcripts(), *rule_cases.honest()]


def mistakes() -> list[Case]:
    """Return the negative controls: each claims what it does not keep."""
    bits, sided = "randomized-response", "one-sided"
    scores = terms("laplace", 1.0, kind="scores")
    report = terms("discrete-laplace", 2.0, kind="report", bins=("0.7",), count_threshold="0.7")
    summed = terms("discrete-gaussian", 1.0, kind="gradient", clip="1", delta="0.01")
    four = terms("laplace", 1.0, m=4, kind="scores")
    return [
        Case("half the noise on scores", 1.0, all_beyond(weaker(scores, 2), 1)),
        Case("half the noise on counts", 2.0, all_counts(weaker(report, 2), 1), rare=True),
        Case(
            "half the noise on a gradient",
            1.0,
            gradient(weaker(summed, 2), 1),
            delta=0.01,
            rare=True,
        ),
        Case("ε for ε/m in bits", 1.0, told_bits(terms(bits, 1.0), 3)),
        Case("ε for ε/m in secrets", 1.0, absences(terms(sided, 1.0, kind="records"), 3)),
        Case("√m for m", 1.0, all_beyond(weaker(four, 2), 4), rare=True),
        Case("a threshold charged at map(1)", 1.0, quantile(1.0, 1)),
        Case("monotonic noise at m 2", 1.0, quantile(2.0, 2)),
        Case("a class-normalised score", 1.0, other_record(scores, normalised_in_class), rare=True),
        Case("a count for a threshold", 1.0, by_count(terms(sided, 1.0, kind="records"))),
        Case("a count charged for one class alone", 1.0, calibrations.counts(1.0, classes_charged=1)),
        Case("a mean gradient", 1.0, gradient(summed, 1, mean=True), delta=0.01),
        Case("withheld records shipped", 0.0, withheld(terms(bits, 1.0), shipped=True)),
        Case("a fresh m-subset at each press", 1.0, pressed_people(1.0, kept=False)),
        Case("fresh secrets at each press", 1.0, pressed_one_sided(1.0, sealed=False)),
        Case("a fresh draw at each press", 1.0, pressed_bits(1.0, 1, same=False)),
        Case("a copied source with a fresh budget", 1.0, pressed_bits(1.0, 3, same=True)),
        Case("an older ledger put back", 1.0, pressed_after_rollback(1.0)),
        Case(
            "a model with batch statistics",
            1.0,
            other_record(scores, by_batch_statistics),
            rare=True,
        ),
        *(Case(attack.name, 1.0, beside(attack, attack.careless)) for attack in ATTACKS),
        *rule_cases.mistakes(),
    ]


def names(cases: Sequence[Case]) -> list[str]:
    """Return what to call cases in a test run."""
    return [case.name for case in cases]

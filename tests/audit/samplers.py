"""What a receiver sees, drawn many times from either of two neighbouring data sets."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import torch
from numpy.typing import NDArray

from dataselect_gui.privacy.calibration import quantile_scale
from dataselect_gui.privacy.measurements import quantile_measurement
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK, highest
from dataselect_gui.privacy.noise import add_laplace
from dataselect_gui.release.grid import SCORE_STEPS, on_grid
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.release.kinds.kind import as_noise
from dataselect_gui.release.kinds.report import Report
from dataselect_gui.release.kinds.scores import Scores as ScoresKind
from dataselect_gui.release.terms import Terms
from dataselect_gui.scoring.clipped_sum import in_steps
from tests.audit.bounds import Sampler
from tests.audit.claims import PRESSES, Floats, both, copies, new_ledger
from tests.audit.scorings import Attack
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
)

# Bits: offers and records, record by record


def bits_on_offer(stated: Terms, m: int) -> Sampler:
    """How many of a unit's records are on offer."""

    def outcomes(unit: Floats, count: int) -> Floats:
        there = leaving(candidates(copies(unit, count)), stated).reshape(count, m)
        total: Floats = there.sum(axis=1).astype(np.float64)
        return total

    return both(outcomes, m)


def absences(stated: Terms, m: int) -> Sampler:
    """Whether a unit stays wholly out; nothing is promised where a record of it left."""

    def outcomes(unit: Floats, count: int) -> Floats:
        there = leaving(candidates(copies(unit, count)), stated).reshape(count, m).any(axis=1)
        return np.where(there, np.nan, 0.0)

    return both(outcomes, m)


def by_count(stated: Terms) -> Sampler:
    """The record with the highest of two scores leaves one-sided: the other record is watched."""

    def outcomes(unit: Floats, count: int) -> Floats:
        other = records((0.0, 0.0))
        world = copies(np.concatenate([unit, other]), count)
        chosen_from = candidates(world)
        pairs = chosen_from.scores.reshape(count, 2)
        chosen_from.chosen[:] = (pairs == pairs.max(axis=1, keepdims=True)).ravel()
        there = leaving(chosen_from, stated).reshape(count, 2)
        return np.where(there[:, 0], np.nan, there[:, 1].astype(np.float64))

    return both(outcomes)


def withheld(stated: Terms, *, shipped: bool) -> Sampler:
    """Whether a withheld record's content shows at all."""

    def outcomes(unit: Floats, count: int) -> Floats:
        world = copies(unit, count)
        part = np.full(count, shipped)
        return leaving(candidates(world, part=part), stated).astype(np.float64)

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
                stated = terms("one-sided", epsilon, kind="records")
                there |= leaving(chosen_from, stated, ledger.secrets_of)
        return np.where(there.reshape(count, 3).any(axis=1), np.nan, 0.0)

    return both(outcomes, 3)


def pressed_bits(epsilon: float, ledgers: int, *, same: bool) -> Sampler:
    """In how many of the presses a record was on offer, where the same release is the same draw."""

    def outcomes(unit: Floats, count: int) -> Floats:
        chosen_from = candidates(copies(unit, count))
        stated = terms("randomized-response", epsilon)
        seen = np.zeros(count)
        for _ in range(ledgers):
            with new_ledger() as ledger:
                account = ledger.claim({b"the same records".ljust(32)})
                for press in range(PRESSES if ledgers == 1 else 1):
                    release = "the one release" if same else f"press {press}"
                    there = leaving(chosen_from, stated)
                    kept = ledger.keep_draw(account, release, np.packbits(there).tobytes())
                    seen += np.unpackbits(np.frombuffer(kept, dtype=np.uint8))[:count]
        return seen

    return both(outcomes)


def pressed_after_rollback(epsilon: float) -> Sampler:
    """The same offers, where every copy of the ledger is put back to before the draw each time."""

    def outcomes(unit: Floats, count: int) -> Floats:
        chosen_from, stated = candidates(copies(unit, count)), terms("randomized-response", epsilon)
        seen = np.zeros(count)
        with new_ledger() as ledger:
            account = ledger.claim({b"the same records".ljust(32)})
            before = {path: path.read_bytes() for path in ledger.home.iterdir() if path.is_file()}
            for _ in range(3):
                for path, content in before.items():
                    path.write_bytes(content)
                there = leaving(chosen_from, stated)
                kept = ledger.keep_draw(account, "the one release", np.packbits(there).tobytes())
                seen += np.unpackbits(np.frombuffer(kept, dtype=np.uint8))[:count]
        return seen

    return both(outcomes)


# Noised scores, and what is made of them


def noised_scores(scores: Scores, stated: Terms) -> NDArray[np.int64]:
    assert isinstance(stated.kind, ScoresKind)
    return stated.kind.noised(scores, stated)


def all_beyond(stated: Terms, m: int) -> Sampler:
    """The lowest noised score of a unit's records."""

    def outcomes(unit: Floats, count: int) -> Floats:
        steps = noised(candidates(copies(unit, count)), stated).reshape(count, m)
        lowest: Floats = steps.min(axis=1)
        return lowest

    return both(outcomes, m)


def highest_of_three(stated: Terms, *, absent: bool = False) -> Sampler:
    """Which of three records is the one on offer; where it leaves, of the unit's absence alone."""
    mechanism = stated.mechanism
    assert isinstance(mechanism, NoisyTopK)

    def outcomes(unit: Floats, count: int) -> Floats:
        world = copies(np.concatenate([unit, records(RIGHT, (0.0, 0.0))]), count)
        steps = on_grid(score(world), stated.bounds, SCORE_STEPS)
        noised = add_laplace(steps, mechanism.scale).reshape(count, 3)
        first = np.array([float(highest(row, 1)[0]) for row in noised])
        return np.where(first == 0, np.nan, first) if absent else first

    return both(outcomes)


def other_record(stated: Terms, scoring: Callable[[Floats], Scores]) -> Sampler:
    """The lower of two noised scores, where the other record may not depend on the unit.

    The other record lies between; a score that is normalised within the two, or by the batch, moves
    the other way when the unit moves.
    """

    def outcomes(unit: Floats, count: int) -> Floats:
        world = np.concatenate([unit, records((0.0, 0.0))])
        scores = np.tile(scoring(world), count)
        steps = noised_scores(scores, stated).reshape(count, 2)
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
    stated = terms("one-sided", 1.0, kind="records")

    def outcomes(unit: tuple[float, float], count: int) -> Floats:
        world = records(unit, attack.other)
        chosen_from = candidates(copies(world, count))
        chosen_from.chosen[:] = np.tile(scoring(world) >= _BESIDE, count)
        there = leaving(chosen_from, stated).reshape(count, 2)
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


def noised_counts(counts: NDArray[np.int64], stated: Terms) -> NDArray[np.int64]:
    assert isinstance(stated.kind, Report)
    return stated.kind.noised(counts, stated.mechanism)


def all_counts(stated: Terms, m: int) -> Sampler:
    """How far all counts that a unit moves lie on its side: two cells of a histogram and a count."""

    def sample(count: int) -> tuple[Floats, Floats]:
        high, low = np.array([[0, m, m]]), np.array([[m, 0, 0]])
        drawn = []
        for true in (high, low):
            noise = noised_counts(np.tile(true, (count, 1)).ravel().astype(np.int64), stated)
            steps = noise.reshape(count, 3) * np.array([-1, 1, 1])
            drawn.append(steps.min(axis=1).astype(np.float64))
        return drawn[0], drawn[1]

    return sample


def along_the_difference(stated: Terms, m: int) -> Sampler:
    """The noised counts along the direction in which the unit moves them."""

    def sample(count: int) -> tuple[Floats, Floats]:
        drawn = []
        for true in (np.array([0, m]), np.array([m, 0])):
            noise = noised_counts(np.tile(true, count).astype(np.int64), stated).reshape(count, 2)
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
        stated = terms("randomized-response", epsilon)
        drawn = []
        for content in (30, 0):
            cuts = thresholds([content, 15], scale, count)
            chosen_from = candidates(records(RIGHT, copies=count))
            chosen_from.chosen[:] = content >= cuts
            there = leaving(chosen_from, stated)
            drawn.append(2.0 * (cuts == 10) - there)
        return drawn[0], drawn[1]

    return sample


# Gradients


def gradient(stated: Terms, m: int, *, mean: bool = False) -> Sampler:
    """The noised sum along a unit's gradients, as long as they may be, in opposite directions.

    A mean divides by how many records were summed, which the unit changes too.
    """

    def sample(count: int) -> tuple[Floats, Floats]:
        drawn = []
        for side in (1.0, -1.0):
            of_unit = in_steps(np.array([side * 1e9, 0.0]), 1.0, CLIP_STEPS)
            total = np.tile(m * of_unit, count)
            sums = as_noise(stated.mechanism).add_noise(total).reshape(count, 2).astype(np.float64)
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

import math
from decimal import Decimal

import numpy as np
import pytest

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.accounting import Charge, plain_total, totals
from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.identity import record_keys, source_marks
from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.noise import STEPS_PER_UNIT, draw_exponentials


def test_secrets_are_exponential() -> None:
    drawn = draw_exponentials(40_000) / STEPS_PER_UNIT
    assert drawn.min() >= 0
    # Kolmogorov–Smirnov: beyond 2.5/√n once in 100,000 runs of a right sampler.
    ordered = np.sort(drawn)
    ranks = np.arange(1, len(ordered) + 1) / len(ordered)
    assert np.abs(ranks - (1 - np.exp(-ordered))).max() < 2.5 / math.sqrt(len(ordered))


@pytest.mark.parametrize(("epsilon", "max_contributions"), [("1", 1), ("1", 3), ("0.1", 7)])
def test_the_cut_rounds_towards_privacy(epsilon: str, max_contributions: int) -> None:
    cut = OneSided(max_contributions=max_contributions, epsilon=Decimal(epsilon)).cut
    assert Decimal(cut) / STEPS_PER_UNIT <= Decimal(epsilon) / max_contributions
    assert Decimal(cut + 1) / STEPS_PER_UNIT > Decimal(epsilon) / max_contributions


def test_the_share_that_leaves_is_that_of_a_unit() -> None:
    assert OneSided(max_contributions=1, epsilon=Decimal(1)).share == pytest.approx(1 - math.exp(-1))
    assert OneSided(max_contributions=4, epsilon=Decimal(1)).share == pytest.approx(1 - math.exp(-0.25))


def test_the_share_that_leaves_is_told_alike_everywhere() -> None:
    mechanism = OneSided(max_contributions=3, epsilon=Decimal("0.7"))
    share = mechanism.share
    assert mechanism.expect(100, 10).recall == share
    assert mechanism.parameters()["share_that_leaves"]["value"] == share
    assert f"probability {share:.6f}" in mechanism.how_drawn(
        of_people=False, lowest=False, by_rule=False
    )


def test_of_one_sided_releases_the_largest_counts_and_of_others_the_sum() -> None:
    charges = [
        Charge(Decimal(1), one_sided=True),
        Charge(Decimal("0.5"), one_sided=True),
        Charge(Decimal(2), Decimal("1e-5")),
        Charge(Decimal(3), Decimal("1e-6")),
    ]
    assert plain_total(charges) == 6
    sums = totals(charges)
    assert sums.one_sided == 1
    assert sums.delta == Decimal("1.1e-5")
    assert 3 < sums.pld <= 5


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e9", "one", ""])
def test_an_amount_must_promise_something(text: str) -> None:
    with pytest.raises(UsageError, match="ε cannot be"):
        positive_amount(text, "ε")


def test_amounts_have_one_form() -> None:
    assert {exact(Decimal(text)) for text in ("1", "1.0", "1e0", "10E-1")} == {"1"}


def test_records_are_known_by_content_not_by_place() -> None:
    content = np.arange(96, dtype=np.uint8).reshape(3, 32)
    assert set(record_keys(content, None)) == set(record_keys(content[::-1], None))


def test_equal_records_have_keys_of_their_own() -> None:
    content = np.ones((4, 32), dtype=np.uint8)
    assert len(set(record_keys(content, None))) == 4
    assert len(set(record_keys(content, ["a", "a", "b", "b"]))) == 4


def test_sources_that_share_a_record_or_a_person_share_a_mark() -> None:
    rng = np.random.default_rng(0)
    hashes, other = rng.integers(0, 256, (2, 3, 32), dtype=np.uint8)
    assert not source_marks(hashes, None) & source_marks(other, None)
    assert source_marks(hashes, None) & source_marks(np.concatenate([other, hashes[:1]]), None)
    assert source_marks(hashes, ["a", "b", "c"]) & source_marks(other, ["c", "d", "e"])

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK
from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.study.dataset import Dataset
from dataselect_gui.study.release_draws import draw_release, public_bounds
from dataselect_gui.study.sampling import pick
from tests.study.conftest import RECORDS

SCORES = np.random.default_rng(1).random(RECORDS)
EVERYTHING = np.arange(RECORDS)
CHOSEN = pick(SCORES, "top", "0.25", 0)
BOUNDS = ("0", "1")


def drawn(
    dataset: Dataset, mechanism: type[Mechanism], epsilon: str
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return draw_release(dataset, EVERYTHING, SCORES, CHOSEN, mechanism, epsilon, BOUNDS)[0]


def test_one_sided_lets_a_share_of_the_selection_leave_and_nothing_else(dataset: Dataset) -> None:
    leaving = drawn(dataset, OneSided, "2")
    assert not (leaving & ~CHOSEN).any()
    recall = OneSided(max_contributions=1, epsilon=Decimal(2)).expect(RECORDS, 60).recall
    assert leaving.sum() / 60 == pytest.approx(recall, abs=5 * (recall * (1 - recall) / 60) ** 0.5)


def test_randomised_response_is_as_precise_as_its_closed_form(dataset: Dataset) -> None:
    mechanism = RandomizedResponse(max_contributions=1, epsilon=Decimal(2))
    expected = mechanism.expect(RECORDS, 60).precision
    precisions = []
    for _ in range(20):
        leaving = drawn(dataset, RandomizedResponse, "2")
        precisions.append((leaving & CHOSEN).sum() / leaving.sum())
    assert expected == pytest.approx(mechanism.kept_share * 60 / (60 * 0.8808 + 180 * 0.1192), rel=1e-3)
    assert np.mean(precisions) == pytest.approx(expected, abs=0.04)


def test_noisy_top_k_lets_as_many_leave_as_were_selected(dataset: Dataset) -> None:
    assert drawn(dataset, NoisyTopK, "0.5").sum() == 60
    assert (drawn(dataset, NoisyTopK, "9999") & CHOSEN).sum() == 60


def test_at_most_one_record_of_a_person_leaves(dataset_by_patient: Dataset) -> None:
    units = dataset_by_patient.index.units
    assert units is not None
    leaving = drawn(dataset_by_patient, RandomizedResponse, "0.5")
    people = Counter(units[row] for row in np.flatnonzero(leaving).tolist())
    assert max(people.values()) == 1
    assert max(Counter(units).values()) > 1


def test_bounds_leave_out_a_hundredth_on_either_side() -> None:
    low, high = (float(bound) for bound in public_bounds(np.linspace(0, 1, 1001)))
    assert (low, high) == pytest.approx((0.01, 0.99))

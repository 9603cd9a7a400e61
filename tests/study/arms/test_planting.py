"""Dirt is counted exactly, is what it says, and is the same by the same seed."""

from decimal import Decimal

import numpy as np
import pytest

from dataselect_gui.errors import UsageError
from dataselect_gui.study.arms.planting import Dirt, Planting, Pool, plant, read_planting

CLASSES = 4
CONFUSED = np.array([1, 0, 3, 2])


def pool_of(count: int = 203, kind: str = "pictures") -> Pool:
    rng = np.random.default_rng(0)
    if kind == "texts":
        inputs = np.zeros((count, 2, 8), dtype=np.int64)
        for text, length in zip(inputs, rng.integers(4, 9, count), strict=True):
            text[0, :length] = [1, *rng.integers(10, 90, length - 2), 2]
            text[1, :length] = 1
    elif kind == "rows":
        inputs = rng.normal(5, 2, (count, 6)).astype(np.float32)
    else:
        inputs = rng.random((count, 1, 6, 5)).astype(np.float32)
    targets = np.arange(count) % CLASSES
    return Pool(inputs, targets, np.arange(count), np.zeros(count, dtype=np.int8))


def counted(pool: Pool) -> dict[Dirt, int]:
    return {kind: int((pool.dirt == kind).sum()) for kind in Dirt}


def test_all_of_it_at_once_is_counted_exactly() -> None:
    planting = read_planting("labels:0.2,confusable:0.05,foreign:0.1,duplicates:0.15")
    made, clean = plant(pool_of(), planting, 3, CONFUSED), pool_of()
    # Of 203: 40.6, 10.15, 20.3 and 30.45, rounded half up.
    assert counted(made) == {
        Dirt.NONE: 203 - 41 - 10 - 20,
        Dirt.LABEL: 51,
        Dirt.FOREIGN: 20,
        Dirt.COPY: 15,
        Dirt.NEAR_COPY: 15,
    }
    differ = made.targets[:203] != clean.targets
    assert (differ == (made.dirt[:203] == Dirt.LABEL)).all(), "wrong labels, and no others"
    strange = (made.inputs[:203] != clean.inputs).any(axis=(1, 2, 3))
    assert (strange == (made.dirt[:203] == Dirt.FOREIGN)).all()
    copied = made.dirt[made.origins[203:]]
    assert (copied == Dirt.NONE).all()
    assert (made.targets[203:] == clean.targets[made.origins[203:]]).all()
    exact = (made.inputs[203:] == clean.inputs[made.origins[203:]]).all(axis=(1, 2, 3))
    assert (exact == (made.dirt[203:] == Dirt.COPY)).all()


def test_the_same_seed_plants_the_same_and_another_one_does_not() -> None:
    planting = read_planting("labels:0.2,foreign:0.1,duplicates:0.1,tail:5")
    first, again, other = (plant(pool_of(), planting, seed, CONFUSED) for seed in (3, 3, 4))
    for name in ("inputs", "targets", "origins", "dirt"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.targets, other.targets)


def test_wrong_labels_are_drawn_evenly_or_are_those_confused_most() -> None:
    clean = pool_of(4000)
    even = plant(clean, Planting(labels=Decimal("0.75")), 0, CONFUSED)
    shifts = (even.targets - clean.targets)[even.dirt == Dirt.LABEL] % CLASSES
    assert np.bincount(shifts).tolist()[0] == 0
    assert min(np.bincount(shifts)[1:]) > 900  # Of 3,000 in three.
    near = plant(clean, Planting(confusable=Decimal("0.5")), 0, CONFUSED)
    dirty = near.dirt == Dirt.LABEL
    assert (near.targets[dirty] == CONFUSED[clean.targets[dirty]]).all()


def test_a_long_tail_has_the_sizes_of_its_formula() -> None:
    made = plant(pool_of(4000), Planting(tail=50), 1, CONFUSED)
    sizes = sorted(np.bincount(made.targets).tolist(), reverse=True)
    assert sizes == [int(1000 * 50 ** (-rank / 3) + 0.5) for rank in range(4)] == [1000, 271, 74, 20]
    assert (made.dirt == Dirt.NONE).all()


def test_foreign_records_come_from_the_other_source_where_there_is_one() -> None:
    strangers = np.full((7, 1, 6, 5), 9, dtype=np.float32) + np.arange(7)[:, None, None, None]
    made = plant(pool_of(), Planting(foreign=Decimal("0.1")), 0, CONFUSED, strangers)
    assert set(made.inputs[made.dirt == Dirt.FOREIGN].ravel()) <= set(np.arange(9.0, 16))


@pytest.mark.parametrize("kind", ["rows", "texts"])
def test_other_kinds_are_mixed_up_and_nearly_copied(kind: str) -> None:
    clean = pool_of(kind=kind)
    made = plant(clean, read_planting("foreign:0.2,duplicates:0.2"), 0, CONFUSED)
    assert (made.inputs.dtype, made.inputs.shape[1:]) == (clean.inputs.dtype, clean.inputs.shape[1:])
    strange = made.inputs[made.dirt == Dirt.FOREIGN]
    near = made.dirt == Dirt.NEAR_COPY
    before = clean.inputs[made.origins[near]]
    if kind == "rows":
        for column in range(6):
            assert np.isin(strange[:, column], clean.inputs[:, column]).all()
        moved = np.abs(made.inputs[near] - before)
        assert 0 < moved.mean() < 0.05
        return
    for text in strange:
        length = int(text[1].sum())
        assert (text[1, :length] == 1).all()
        assert (text[0, length:] == 0).all()
        assert np.isin(text[0, 1:3], range(10, 90)).all()
    assert (np.sort(made.inputs[near][:, 0]) == np.sort(before[:, 0])).all()
    assert (made.inputs[near][:, 1] == before[:, 1]).all()
    assert (made.inputs[near][:, 0] != before[:, 0]).any(axis=1).mean() > 0.5


def test_nothing_of_the_given_pool_is_changed() -> None:
    clean, before = pool_of(), pool_of()
    plant(clean, read_planting("labels:0.5,foreign:0.5,duplicates:1"), 0, CONFUSED)
    assert np.array_equal(clean.inputs, before.inputs)
    assert np.array_equal(clean.targets, before.targets)


@pytest.mark.parametrize(
    "text",
    ["", "labels", "labels:0", "labels:1.1", "labels:x", "dirt:0.1", "tail:2.5", "tail:0",
     "labels:0.6,foreign:0.5", "tail:1", "labels:-0.1", "tail:20000"],
)  # fmt: skip
def test_what_is_no_planting_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--plant"):
        read_planting(text)


def test_a_planting_is_written_as_it_is_read() -> None:
    text = "labels:0.2,foreign:0.1,duplicates:0.1,tail:50"
    assert str(read_planting(" foreign:0.10, labels:0.2,tail:50,duplicates:.1")) == text
    assert read_planting(text) == read_planting(str(read_planting(text)))

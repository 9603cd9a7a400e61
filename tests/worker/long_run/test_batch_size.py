"""How many records are computed at once: as many as memory allows, and half where it does not."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dataselect_gui import __version__
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.norms.memory import is_out_of_memory
from dataselect_gui.privacy.amounts import LARGEST_COUNT
from dataselect_gui.records.kinds.images import ImageFolder
from dataselect_gui.release.terms import MOST_AT_ONCE
from dataselect_gui.scoring.memory import GIB, Need, PeakMemory
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.jobs import ScoreJob
from tests.worker.long_run.runs import close, disturb, disturb_trials, score, settings_of, size_of

pytestmark = pytest.mark.usefixtures("scoring_here")


def full(size: int) -> None:
    if size > 8:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")


def test_batches_are_as_large_as_memory_allows(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy = score(scans, series, tmp_path / "roomy.dataselect")
    assert size_of(tmp_path / "roomy.dataselect") == 256
    need = Scorer.need
    monkeypatch.setattr("dataselect_gui.scoring.memory.budget_of", lambda _device: 8 * GIB)

    def hungry(*given: Any) -> Need:  # noqa: ANN401
        return Need(0, need(*given).per_record and 2 * GIB)

    monkeypatch.setattr(Scorer, "need", hungry)
    sizes = disturb(monkeypatch, lambda _size: None)
    narrow = score(scans, series, tmp_path / "narrow.dataselect")
    assert size_of(tmp_path / "narrow.dataselect") == 2
    assert set(sizes) == {2}
    assert close(roomy, narrow)


@pytest.mark.parametrize(
    ("base", "per_record", "most", "expected"),
    [
        (0, 1, 8 * GIB, 1024),
        (0, 100 << 10, 8 * GIB, 256),  # 1.3 × 256 × 100 KiB are 33 MiB; of twice as many, 65.
        (40 << 20, 1, 8 * GIB, 32),
        (0, 1 << 20, 8 * GIB, 32),
        (0, 1 << 20, 20 << 20, 8),
        (0, 100 << 10, 10 << 20, 64),
        (GIB, 0, 8 * GIB, 32),
        (GIB, 0, GIB, 1),
    ],
)
def test_batches_of_small_inputs_are_larger(
    monkeypatch: pytest.MonkeyPatch, base: int, per_record: int, most: int, expected: int
) -> None:
    monkeypatch.setattr("dataselect_gui.scoring.memory.budget_of", lambda _device: most)
    assert Need(base, per_record).records_at_once(torch.device("cpu")) == expected


def test_how_scores_are_computed_is_settled_before_a_record_is_read(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageFolder, "read", read)
    project = tmp_path / "p.dataselect"
    with pytest.raises(KeyboardInterrupt):
        score(scans, series, project)
    for name, settled in settings_of(project).items():
        assert settled["batch"] == 256, name
        assert settled["precision"] == "float64"
        assert settled["device"] == "cpu"
        assert settled["threads"] == torch.get_num_threads()
        assert settled["program"] == __version__


def test_a_trial_that_does_not_fit_is_made_again_with_half_as_many(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")
    disturb_trials(monkeypatch, full)
    project = tmp_path / "p.dataselect"
    assert close(undisturbed, score(scans, series, project))
    assert size_of(project) == 8


@pytest.mark.parametrize("fits", [1, 3])
def test_where_a_batch_does_not_fit_all_starts_again_with_half_as_many(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: int
) -> None:
    """Whichever batch it was: no score of another size is left."""
    expected = score(scans, series, tmp_path / "expected.dataselect", batch_size=4)

    def full_later(size: int) -> None:
        if size > 4 and len(sizes) >= fits:
            raise torch.OutOfMemoryError("CUDA out of memory")

    sizes = disturb(monkeypatch, full_later)
    project = tmp_path / "p.dataselect"
    scores = score(scans, series, project, batch_size=8)
    assert size_of(project) == 4
    assert sizes[:fits] == [8] * fits
    assert scores == expected, "to the last bit"


def test_a_run_that_goes_on_takes_the_batches_that_it_had(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5, batch_size=4)
    monkeypatch.setattr(Scorer, "need", lambda *_given: pytest.fail("the size is settled"))
    sizes = disturb(monkeypatch, lambda _size: None)
    scores = score(scans, series, project)
    assert set(sizes) == {4}
    assert scores == score(scans, series, tmp_path / "other.dataselect", batch_size=4)


def test_a_smaller_size_that_is_asked_for_has_all_computed_again(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=10, batch_size=16)
    scores = score(scans, series, project, batch_size=4)
    assert scores == score(scans, series, tmp_path / "other.dataselect", batch_size=4)
    assert score(scans, series, project, batch_size=16) == scores, "it is the most, not the size"
    assert size_of(project) == 4


def test_no_more_places_are_asked_for_than_a_bundle_can_state(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(job: ScoreJob, *_: object) -> None:
        asked.append(job.batch_size)
        raise UnusableError("", "", "")

    monkeypatch.setattr("dataselect_gui.workflow.scoring.run_job", refuse)
    with pytest.raises(UnusableError):
        score(scans, series, tmp_path / "p.dataselect", batch_size=LARGEST_COUNT)
    assert asked == [MOST_AT_ONCE]


def test_a_project_is_computed_on_one_device(scans: Path, series: Path, tmp_path: Path) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=2, device="cpu")
    with pytest.raises(UsageError, match="cannot be computed on cuda"):
        score(scans, series, project, device="cuda")


def test_where_not_even_one_record_fits_it_is_said_so(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_always(_size: int) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    disturb(monkeypatch, full_always)
    with pytest.raises(UnusableError, match="not enough memory to score even one record"):
        score(scans, series, tmp_path / "p.dataselect")


@pytest.mark.parametrize("rows", [3, 300])
def test_the_peak_of_memory_is_what_tensors_hold_at_one_time(rows: int) -> None:
    given = torch.ones(rows, 1000)
    with PeakMemory() as memory:
        first = given + 1
        second = first * 2  # Two are held,
        del first
        third = second.reshape(-1) - 1  # and still two: a view holds nothing.
        del second, third
        _ = given.clone()
    assert memory.peak == 2 * 4000 * rows


def test_running_out_of_memory_is_told_from_other_errors() -> None:
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    with pytest.raises(RuntimeError) as caught:
        torch.ones(2) @ torch.ones(3)
    assert not is_out_of_memory(caught.value)

"""What a long run does with memory, time, and what it has read before."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dataselect_gui import __version__, workflow
from dataselect_gui.errors import InterruptedByPersonError, UnusableError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.norms.memory import is_out_of_memory
from dataselect_gui.privacy.amounts import LARGEST_COUNT
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from dataselect_gui.records.kinds.images import ImageFolder
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.release.terms import MOST_AT_ONCE
from dataselect_gui.scoring.memory import GIB, Need, PeakMemory
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.batches import BatchScores
from dataselect_gui.worker.computing import Computation
from dataselect_gui.worker.indexing import HashCache, read_index
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.results import ScoringResult
from tests.helpers import CLASSES, image_folder, preprocessor, write_image, write_json
from tests.models import save_member, save_series, stir, tiny_resnet

COUNT = 21


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consortium")
    return save_series(folder, [stir(tiny_resnet(), seed) for seed in range(2)])


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [f"{CLASSES[n % 3]}/{n}.png" for n in range(COUNT)]
    return image_folder(tmp_path_factory.mktemp("owner") / "scans", names)


pytestmark = pytest.mark.usefixtures("scoring_here")


def score(scans: Path, series: Path, project: Path, **options: Any) -> dict[str, list[Any]]:  # noqa: ANN401
    options = {"precision": "float64", **options}
    workflow.score(scans, series, JobContext(), project_path=project, **options)
    return workflow.scores(project)


def disturb(monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> list[int]:
    """Have something happen before each batch with records is scored; return the sizes of these."""
    sizes: list[int] = []
    original = Computation._together

    def computed(computation: Computation, *records: Any) -> BatchScores:  # noqa: ANN401
        before(computation._size)
        sizes.append(computation._size)
        return original(computation, *records)

    monkeypatch.setattr(Computation, "_together", computed)
    return sizes


def disturb_trials(monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> None:
    """Have something happen before a shape of batches is tried on made-up records."""
    original = Scorer.prepare

    def prepared(scorer: Scorer, shape: Sequence[int]) -> int:
        before(shape[0])
        return original(scorer, shape)

    monkeypatch.setattr(Scorer, "prepare", prepared)


def size_of(project: Path) -> int:
    """Return the size of a project's batches, which all its scores have in common."""
    (size,) = {one["batch"] for one in settings_of(project).values() if "batch" in one}
    return int(size)


def settings_of(project: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = msgspec.to_builtins(Project.open(project).scores)
    return found


def full(size: int) -> None:
    if size > 8:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")


def close(some: dict[str, list[Any]], others: dict[str, list[Any]]) -> bool:
    return all(
        np.allclose(some[name], others[name], rtol=1e-9)
        for name in ("loss", "grad_norm", "vog", "plis")
    )


def test_batches_are_as_large_as_memory_allows(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy = score(scans, series, tmp_path / "roomy.dataselect")
    assert size_of(tmp_path / "roomy.dataselect") == 256
    need = Scorer.need
    monkeypatch.setattr("dataselect_gui.scoring.memory._budget", lambda _device: 8 * GIB)

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
    monkeypatch.setattr("dataselect_gui.scoring.memory._budget", lambda _device: most)
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
    found = score(scans, series, project, batch_size=8)
    assert size_of(project) == 4
    assert sizes[:fits] == [8] * fits
    assert found == expected, "to the last bit"


def test_a_run_that_goes_on_takes_the_batches_that_it_had(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5, batch_size=4)
    monkeypatch.setattr(Scorer, "need", lambda *_given: pytest.fail("the size is settled"))
    sizes = disturb(monkeypatch, lambda _size: None)
    found = score(scans, series, project)
    assert set(sizes) == {4}
    assert found == score(scans, series, tmp_path / "other.dataselect", batch_size=4)


def test_a_smaller_size_that_is_asked_for_has_all_computed_again(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=10, batch_size=16)
    found = score(scans, series, project, batch_size=4)
    assert found == score(scans, series, tmp_path / "other.dataselect", batch_size=4)
    assert score(scans, series, project, batch_size=16) == found, "it is the most, not the size"
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


def kill(project: Path, scores: Sequence[str], record: str | None = None) -> None:
    """Leave what a run leaves that is killed while it computes."""
    (project / ".in-hand").write_text(json.dumps({"scores": scores, "record": record}))


def test_a_run_that_was_killed_as_it_computed_starts_again_with_half_as_many(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    for limit, expected in ((10, 128), (15, 64)):
        kill(project, list(settings_of(project)))
        score(scans, series, project, limit=limit)
        assert size_of(project) == expected
    found = score(scans, series, project)
    assert size_of(project) == 64, "nothing was killed since"
    assert found == score(scans, series, tmp_path / "other.dataselect", batch_size=64)


def test_only_the_scores_that_were_in_hand_start_again(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, names=["loss"])
    score(scans, series, project, names=["vog"])
    before = settings_of(project)
    kill(project, ["vog"])
    score(scans, series, project, names=["loss", "vog"])
    after = settings_of(project)
    assert after["loss"] == before["loss"]
    assert after["vog"]["batch"] == before["vog"]["batch"] / 2


def test_a_mark_that_was_cut_off_stops_nothing(scans: Path, series: Path, tmp_path: Path) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    (project / ".in-hand").write_text('{"sco')
    score(scans, series, project)
    assert size_of(project) == 256
    assert not (project / ".in-hand").exists()


def test_a_run_that_its_owner_ended_at_once_does_not_count_as_killed(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)

    def ended(*_: object) -> ScoringResult:
        kill(project, list(settings_of(project)))
        raise InterruptedByPersonError("Scoring was stopped.", "You asked for it.", "Go on.")

    for was_killed_before, expected in ((False, 256), (True, 128)):
        if was_killed_before:
            kill(project, list(settings_of(project)))
        with monkeypatch.context() as patch:
            patch.setattr("dataselect_gui.workflow.scoring.run_job", ended)
            with pytest.raises(InterruptedByPersonError):
                score(scans, series, project)
        score(scans, series, project, limit=10 + was_killed_before)
        assert size_of(project) == expected


def test_a_run_that_was_killed_as_it_was_tried_tries_half_as_many(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"

    def killed(size: int) -> None:
        if size > 1:
            kill(project, list(settings_of(project)))
            os.link(project / ".in-hand", tmp_path / "mark")  # Errors take it away.
            raise SystemError

    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")
    with monkeypatch.context() as patch:
        disturb_trials(patch, killed)
        for _ in range(3):
            with pytest.raises(SystemError):
                score(scans, series, project)
            (tmp_path / "mark").rename(project / ".in-hand")
    found = score(scans, series, project)
    assert size_of(project) == 1
    assert close(undisturbed, found)


def test_errors_that_are_seen_leave_no_mark_of_a_kill(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"

    def broken(size: int) -> None:
        assert (project / ".in-hand").exists()
        if size > 8:
            raise ValueError("too large")

    disturb_trials(monkeypatch, broken)
    with pytest.raises(ValueError, match="too large"):
        score(scans, series, project)
    assert not (project / ".in-hand").exists()


def test_where_not_even_one_record_fits_it_is_said_so(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_always(_size: int) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    disturb(monkeypatch, full_always)
    with pytest.raises(UnusableError, match="not enough memory to score even one record"):
        score(scans, series, tmp_path / "p.dataselect")


def test_records_that_go_while_they_are_scored_are_scored_when_they_are_back(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = image_folder(tmp_path / "scans", [f"{CLASSES[n % 3]}/{n}.png" for n in range(COUNT)])
    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")
    project, away = tmp_path / "disturbed.dataselect", tmp_path / "away"

    def unplug(_size: int) -> None:
        if sizes and scans.exists():
            scans.rename(away)

    with monkeypatch.context() as unplugging:
        sizes = disturb(unplugging, unplug)
        score(scans, series, project, batch_size=4)
    found = workflow.look(project)
    assert not found.is_finished
    assert 0 < found.unscored < COUNT
    assert not found.problems
    away.rename(scans)
    assert close(score(scans, series, project, batch_size=4), undisturbed)
    assert workflow.look(project).is_finished


def test_an_error_that_no_record_is_to_blame_for_is_not_hidden(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, NDArray[np.float64]]:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Scorer, "score", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        score(scans, series, tmp_path / "p.dataselect", batch_size=8)


def test_what_has_not_changed_is_not_read_again(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = image_folder(tmp_path / "scans", [f"{CLASSES[n % 3]}/{n}.png" for n in range(6)])
    project = tmp_path / "p.dataselect"
    before = score(scans, series, project)
    read: list[str] = []
    original = ImageFolder.read

    def noted(source: ImageFolder, index: int) -> bytes:
        read.append(source.ids[index])
        return original(source, index)

    monkeypatch.setattr(ImageFolder, "read", noted)
    assert score(scans, series, project) == before
    assert read == []
    write_image(scans / "cat/4.png", seed=99)
    source = open_source(SourceRef(scans))
    index = read_index(source, JobContext(), HashCache(project, source.ids))
    assert read == ["cat/4.png"]
    fresh = read_index(source, JobContext())
    assert index.same_as(fresh), "as if everything had been read"
    after = score(scans, series, project)
    changed = [a != b for a, b in zip(before["loss"], after["loss"], strict=True)]
    assert [i for i, c in zip(after["id"], changed, strict=True) if c] == ["cat/4.png"]


def test_images_of_different_sizes_are_scored_as_each_alone(tmp_path: Path) -> None:
    model = tmp_path / "model"
    save_member(model, stir(tiny_resnet(), 0))
    given = preprocessor(16, channels=1)
    write_json(model / "preprocessor_config.json", {**given, "do_resize": False})
    scans = tmp_path / "scans"
    for number, size in enumerate([(16, 16), (20, 14), (16, 16), (20, 14), (31, 9)]):
        write_image(scans / f"cat/{number}.png", size=size, seed=number)
    together = score(scans, model, tmp_path / "together.dataselect", names=["grad_norm"])
    alone = score(scans, model, tmp_path / "alone.dataselect", names=["grad_norm"], batch_size=1)
    assert np.allclose(together["grad_norm"], alone["grad_norm"], rtol=1e-9)


def test_all_scores_of_a_project_have_one_precision(scans: Path, series: Path, tmp_path: Path) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, names=["loss"], precision=None)
    with pytest.raises(UsageError, match="not mixed"):
        score(scans, series, project, precision="float64")
    found = score(scans, series, project, precision=None)
    assert {one.get("precision") for one in settings_of(project).values()} == {
        "float32",
        None,  # Of the random baseline.
    }
    exact = score(scans, series, tmp_path / "exact.dataselect", precision="float64")
    assert found["loss"] != exact["loss"]
    assert np.allclose(found["loss"], exact["loss"], rtol=1e-4)


def as_of_an_earlier_version(project: Path) -> None:
    """Let a project be as the program left it while it chose the precision by looking at records."""
    opened = Project.open(project)
    names = [name for name in opened.scores if name != "random"]
    for name in names:
        opened.scores[name] = Conditions(program="0.9", variant="", device="cpu", precision="float64")
    opened.save()
    path = project / "project.json"
    run = {"scores": names, "device": "cpu", "asked": "auto", "precision": "float64", "at_once": 64}
    path.write_text(json.dumps({**json.loads(path.read_text()), "run": run}))


def test_an_older_project_goes_on_in_its_own_precision(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    as_of_an_earlier_version(project)
    found = score(scans, series, project, precision=None)
    assert close(found, score(scans, series, tmp_path / "new.dataselect"))
    loss = settings_of(project)["loss"]
    assert loss["precision"] == "float64"
    assert not loss.get("fixed", False), "its first records were in batches that nothing fixed"
    with pytest.raises(UsageError, match="not mixed"):
        score(scans, series, project, precision="float32")


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

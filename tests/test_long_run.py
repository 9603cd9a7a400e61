"""What a long run does with memory, time, and what it has read before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError, UnusableError, UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.records.folder import ImageFolder
from dataselect_gui.records.opening import open_source
from dataselect_gui.scoring.memory import GIB, Need, PeakMemory, is_out_of_memory
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker import score_run
from dataselect_gui.worker.handle import Stop
from dataselect_gui.worker.indexing import HashCache, read_index
from dataselect_gui.worker.messages import Finished, Job, Report, ScoreJob
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


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the worker's job in this process, where it can be disturbed."""

    def run_job(job: Job, report: Report, stop: Stop | None = None) -> Finished:
        assert isinstance(job, ScoreJob)
        return score_run.run(job, lambda: stop is not None and stop.requested, report)

    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("dataselect_gui.workflow.scoring.run_job", run_job)


def score(scans: Path, series: Path, project: Path, **options: Any) -> dict[str, list[Any]]:  # noqa: ANN401
    workflow.score(scans, series, lambda _step: None, project_path=project, **options)
    return workflow.scores(project)


def disturb(monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> list[int]:
    """Have something happen before each batch is scored; return the sizes of the batches."""
    sizes: list[int] = []
    original = Scorer.score

    def scored(scorer: Scorer, *batch: Any) -> dict[str, NDArray[np.float64]]:  # noqa: ANN401
        before(len(batch[1]))
        sizes.append(len(batch[1]))
        return original(scorer, *batch)

    monkeypatch.setattr(Scorer, "score", scored)
    return sizes


def decided(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = Project.open(project).settings["run"]
    return found


def close(some: dict[str, list[Any]], others: dict[str, list[Any]]) -> bool:
    return all(
        np.allclose(some[name], others[name], rtol=1e-9)
        for name in ("loss", "grad_norm", "vog", "plis")
    )


def test_batches_are_as_large_as_memory_allows(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy = score(scans, series, tmp_path / "roomy.dataselect")
    assert decided(tmp_path / "roomy.dataselect")["at_once"] == 64
    need = Scorer.need

    def hungry(*given: Any) -> Need:  # noqa: ANN401
        return Need(0, need(*given).per_record and 2 * GIB)

    monkeypatch.setattr(Scorer, "need", hungry)
    sizes = disturb(monkeypatch, lambda _size: None)
    narrow = score(scans, series, tmp_path / "narrow.dataselect")
    assert decided(tmp_path / "narrow.dataselect")["at_once"] < 8
    assert max(sizes[1:]) < 8, "the first batch tries the checkpoint"
    assert close(roomy, narrow)


def test_batches_that_do_not_fit_are_halved_and_nothing_is_lost(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")

    def full(size: int) -> None:
        if size > 8:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    disturb(monkeypatch, full)
    project = tmp_path / "p.dataselect"
    halved = score(scans, series, project)
    assert decided(project)["at_once"] == 8
    assert close(undisturbed, halved)


def test_a_run_that_goes_on_takes_the_batches_that_it_had(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    settings = Project.open(project)
    settings.settings["run"]["at_once"] = 4
    settings.save()
    cut_off(project)
    sizes = disturb(monkeypatch, lambda _size: None)
    score(scans, series, project)
    assert decided(project)["at_once"] == 4
    assert max(sizes[1:]) == 4


def kill(project: Path) -> None:
    """Leave what a run leaves that is killed while it computes."""
    (project / ".in-hand").touch()
    cut_off(project)


def cut_off(project: Path) -> None:
    """Take back that a run came to its end."""
    settings = Project.open(project)
    settings.settings.get("run", {}).pop("is_finished", None)
    settings.save()


def test_a_run_that_was_killed_as_it_computed_goes_on_with_half_as_many(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    for limit, expected in ((10, 32), (15, 16)):
        kill(project)
        score(scans, series, project, limit=limit)
        assert decided(project)["at_once"] == expected
    cut_off(project)
    sizes = disturb(monkeypatch, lambda _size: None)
    found = score(scans, series, project)
    assert decided(project)["at_once"] == 16, "nothing was killed since"
    assert max(sizes) <= 16
    assert close(undisturbed, found)
    kill(project)
    assert score(scans, series, project) == found, "there was nothing left to compute"


def test_a_run_after_one_that_came_to_its_end_finds_out_anew_what_fits(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    kill(project)
    score(scans, series, project, limit=10)
    assert decided(project)["at_once"] == 32
    score(scans, series, project, limit=15)
    assert decided(project)["at_once"] == 64
    settings = Project.open(project)
    settings.settings["first"] = 1  # Left by one that was killed on its first records.
    settings.save()
    score(scans, series, project, limit=20)
    score(scans, series, project)
    assert decided(project)["at_once"] == 64


def test_a_run_that_its_owner_ended_at_once_does_not_count_as_killed(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    cut_off(project)

    def ended(*_: object) -> Finished:
        (project / ".in-hand").touch()
        raise InterruptedByPersonError("Scoring was stopped.", "You asked for it.", "Go on.")

    for was_killed_before, expected in ((False, 64), (True, 32)):
        if was_killed_before:
            kill(project)
        with monkeypatch.context() as patch:
            patch.setattr("dataselect_gui.workflow.scoring.run_job", ended)
            with pytest.raises(InterruptedByPersonError):
                score(scans, series, project)
        score(scans, series, project, limit=10 + was_killed_before)
        assert decided(project)["at_once"] == expected
        cut_off(project)


def test_a_size_that_the_owner_asked_for_stands_after_a_kill(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5, batch_size=16)
    kill(project)
    score(scans, series, project, batch_size=16)
    assert decided(project)["at_once"] == 16


def test_a_run_that_was_killed_on_its_first_records_tries_half_as_many(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"

    def killed(size: int) -> None:
        if size > 1:
            raise SystemError

    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")
    with monkeypatch.context() as patch:
        disturb(patch, killed)
        for _ in range(4):
            with pytest.raises(SystemError):
                score(scans, series, project)
            kill(project)
        monkeypatch.setattr(Scorer, "need", lambda *_given: pytest.fail("this would be larger"))
    sizes = disturb(monkeypatch, lambda _size: None)
    found = score(scans, series, project)
    assert max(sizes) == 2, "one record is tried in its own company"
    assert decided(project)["at_once"] == 1
    assert close(undisturbed, found)


def test_errors_that_are_seen_leave_no_mark_of_a_kill(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"

    def broken(size: int) -> None:
        assert (project / ".in-hand").exists()
        if size > 8:
            raise ValueError("too large")

    disturb(monkeypatch, broken)
    with pytest.raises(ValueError, match="too large"):
        score(scans, series, project)
    assert not (project / ".in-hand").exists()


def test_where_not_even_one_record_fits_it_is_said_so(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(scans, series, tmp_path / "p.dataselect", limit=5)
    cut_off(tmp_path / "p.dataselect")  # So that this run tries nothing first.

    def full(_size: int) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Scorer, "settle", lambda *_given: None)
    disturb(monkeypatch, full)
    with pytest.raises(UnusableError, match="not enough memory to score even one record"):
        score(scans, series, tmp_path / "p.dataselect")


def test_batches_that_take_long_are_halved(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_run, "BATCH_SECONDS", 0.0)
    monkeypatch.setattr(score_run, "FIRST", 1)
    monkeypatch.setattr(Scorer, "need", lambda *_given: Need(0, GIB))
    before = Need(0, GIB).records_at_once(torch.device("cpu"))
    project = tmp_path / "p.dataselect"
    score(scans, series, project)
    assert decided(project)["at_once"] < max(2, before)
    score(scans, series, tmp_path / "own.dataselect", batch_size=16)
    assert decided(tmp_path / "own.dataselect")["at_once"] == 16, "what the owner asked for stands"


def test_records_that_go_while_they_are_scored_are_scored_when_they_are_back(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = image_folder(tmp_path / "scans", [f"{CLASSES[n % 3]}/{n}.png" for n in range(COUNT)])
    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")
    project, away = tmp_path / "disturbed.dataselect", tmp_path / "away"

    def unplug(size: int) -> None:
        if sizes and size == 4 and scans.exists():  # The first records only try the checkpoint.
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


def test_an_error_that_is_none_of_memory_is_not_hidden(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(size: int) -> None:
        if size > 8:
            raise RuntimeError("shapes do not match")

    disturb(monkeypatch, broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        score(scans, series, tmp_path / "p.dataselect")


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
    source = open_source(scans)
    index = read_index(source, lambda: False, lambda _step: None, HashCache(project, source.ids))
    assert read == ["cat/4.png"]
    assert index is not None
    fresh = read_index(source, lambda: False, lambda _step: None)
    assert fresh is not None
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
    score(scans, series, project, names=["loss"], precision="float32")
    with pytest.raises(UsageError, match="not mixed"):
        score(scans, series, project, precision="float64")
    found = score(scans, series, project)
    assert {one.get("precision") for one in Project.open(project).settings["scores"].values()} == {
        "float32",
        None,  # Of the random baseline.
    }
    exact = score(scans, series, tmp_path / "exact.dataselect")
    assert decided(tmp_path / "exact.dataselect")["precision"] == "float64"
    assert found["loss"] != exact["loss"]
    assert np.allclose(found["loss"], exact["loss"], rtol=1e-4)


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

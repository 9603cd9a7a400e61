import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import nn

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError, UnusableError, WorkerDiedError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions, EarlierRun
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.jobs import MapJob
from dataselect_gui.worker.map_file import read_maps
from dataselect_gui.worker.map_run import picture_of, run_maps
from dataselect_gui.worker.rows_file import write_rows
from dataselect_gui.workflow import RecordMaps
from tests.helpers import array_file, config, image_folder, write_json
from tests.models import SIDE, export, save_series, stir, tiny_resnet
from tests.oracle import oracle_susceptibility, oracle_vog_maps
from tests.processes import workers_of
from tests.projects import scored_project
from tests.releases import silent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
COUNT = 40
FORMS = "loss vog vog-var vog-late plis plis-l1 plis-mean plis-series plis-l1-series random".split()
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path_factory.getbasetemp() / "home"))


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six states of a model, and none beside them: the last one is the final one."""
    folder = tmp_path_factory.mktemp("consortium")
    return save_series(folder, [stir(tiny_resnet(), seed) for seed in range(6)])


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return array_file(
        tmp_path_factory.mktemp("owner") / "records.npz",
        x=np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE), dtype=np.uint8),
        y=np.arange(COUNT) % 3,
        classes=np.array(["bird", "cat", "dog"]),
    )


@pytest.fixture(scope="module")
def scored(records: Path, series: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every form of score that has a map."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASELECT_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        folder = tmp_path_factory.mktemp("scored") / "p.dataselect"
        return workflow.score(records, series, silent, project_path=folder, names=FORMS).project


def job(
    project: Path,
    source: Path,
    checkpoint: Path,
    folder: Path,
    rows: Sequence[int],
    seconds: float = 60,
) -> MapJob:
    write_rows(folder, Project.open(project).table.index, rows)
    return MapJob(
        source=SourceRef(source),
        checkpoint=checkpoint,
        digest=find_checkpoint(checkpoint).digest(),
        folder=folder,
        rows=list(rows),
        names=["vog", "plis"],
        device="cpu",
        precision="float64",
        seconds=seconds,
    )


def made(given: MapJob) -> dict[int, RecordMaps]:
    """Do a job in this process."""
    assert run_maps(given, silent).records > 0
    return read_maps(given.folder)


# Against the definitions


def test_each_pixel_is_what_its_definition_says(series: Path) -> None:
    models = [stir(tiny_resnet(), seed) for seed in range(6)]
    inputs = np.random.default_rng(7).normal(size=(1, 1, 6, 5)).astype(np.float32)
    scorer = Scorer(find_checkpoint(series), ["vog", "plis"], CPU, "float64")
    maps = scorer.maps(["vog", "plis"], inputs, np.array([2]))
    np.testing.assert_allclose(maps["vog"], oracle_vog_maps(models, inputs, [2]), rtol=1e-9)
    expected = np.abs(oracle_susceptibility(models[-1], inputs, [2]))[:, 0]
    np.testing.assert_allclose(maps["plis"], expected, rtol=1e-4, atol=1e-6 * expected.max())


def test_colours_are_averaged_by_vog_and_measured_together_by_plis(tmp_path: Path) -> None:
    class Coloured(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            mean: torch.Tensor = self.last(self.first(inputs).tanh().mean(dim=(2, 3)))
            return mean

    models = [stir(Coloured(), seed) for seed in range(2)]
    for step, model in enumerate(models):
        folder = tmp_path / f"checkpoint-{step + 1}"
        export(folder / "model.pt2", model, torch.zeros(2, 3, 6, 5))
        write_json(folder / "config.json", config(num_channels=3))
    inputs = np.random.default_rng(1).normal(size=(1, 3, 6, 5)).astype(np.float32)
    scorer = Scorer(find_checkpoint(tmp_path), ["vog", "plis"], CPU, "float64")
    maps = scorer.maps(["vog", "plis"], inputs, np.array([1]))
    scores = scorer.score(["vog", "plis"], inputs, np.array([1]))
    np.testing.assert_allclose(maps["vog"], oracle_vog_maps(models, inputs, [1]), rtol=1e-9)
    expected = np.linalg.norm(oracle_susceptibility(models[-1], inputs, [1]), axis=1)
    np.testing.assert_allclose(maps["plis"], expected, rtol=1e-4)
    assert np.linalg.norm(maps["plis"]) == pytest.approx(scores["plis"][0], rel=1e-12)


def test_a_map_comes_to_the_score_in_the_table(scored: Path) -> None:
    table = workflow.scores(scored)
    before = sorted(path.name for path in scored.rglob("*"))
    rows = [5, 0, 31, 39]
    steps: list[str] = []
    result_of = workflow.maps(scored, rows, JobContext(lambda step: steps.append(step.phase.text)))
    comes_to: dict[str, Callable[[np.ndarray], np.floating]] = {
        "vog": np.mean,
        "vog-var": np.mean,
        "vog-late": np.mean,
        "plis": np.linalg.norm,
        "plis-l1": np.sum,
        "plis-mean": np.mean,
        "plis-l1-series": np.sum,
    }
    assert list(result_of) == rows
    for row, result in result_of.items():
        assert result.id == table["id"][row]
        assert result.view is not None
        assert result.view.shape == (SIDE, SIDE)
        assert sorted(result.maps) == sorted([*comes_to, "plis-series"])
        for name, size in comes_to.items():
            score = size(result.maps[name].astype(np.float64))
            assert score == pytest.approx(table[name][row], rel=1e-6), name
    assert {"Loading the model", "Making maps"} <= set(steps)
    assert sorted(path.name for path in scored.rglob("*")) == before, "something was kept"


def test_maps_are_made_in_the_precision_of_the_scores(
    scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[MapJob] = []

    def noted(given: MapJob, *_: object) -> None:
        asked.append(given)
        raise UnusableError("", "", "")

    monkeypatch.setattr("dataselect_gui.workflow.mapping.run_job", noted)
    stored = Conditions(program="0.1.0", variant="", device="cpu")
    for conditions, earlier in (
        (replace(stored, precision="float64"), None),
        (stored, EarlierRun("float64")),
        (stored, None),
    ):
        copied = tmp_path / "p.dataselect"
        shutil.copytree(scored, copied, dirs_exist_ok=True)
        project = Project.open(copied)
        digest = project.settings.checkpoint.digest
        project.settings.scores = {digest: {"vog": conditions}}
        project.settings.run = earlier
        project.save()
        with pytest.raises(UnusableError):
            workflow.maps(copied, range(COUNT), silent)
    assert [job.precision for job in asked] == ["float64", "float64", "float32"]
    assert {job.device for job in asked} == {"cpu"}
    assert [len(job.rows) for job in asked] == [workflow.MOST_AT_ONCE] * 3


def test_the_model_s_view_goes_from_dark_to_bright() -> None:
    grey = picture_of(np.array([[[-1, 0], [0.5, 1]]], dtype=np.float32))
    assert grey.tolist() == [[0, 127], [191, 255]]
    assert not picture_of(np.full((1, 2, 2), 3, dtype=np.float32)).any()
    coloured = picture_of(np.arange(12, dtype=np.float32).reshape(3, 2, 2))
    assert coloured.shape == (2, 2, 3)
    assert coloured[1, 1].tolist() == [69, 162, 255]


# What has no map


def test_what_has_no_map_says_why(series: Path, tmp_path: Path) -> None:
    names = [f"cat/{number}.png" for number in range(5)]
    source = image_folder(tmp_path / "scans", names)
    (source / "cat/3.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    project = scored_project(tmp_path / "p.dataselect", source, series)
    shutil.copyfile(source / "cat/0.png", source / "cat/1.png")
    (source / "cat/2.png").unlink()
    result_of = made(job(project, source, series, tmp_path, range(5)))
    for row, why in ((1, "changed"), (2, "no longer in the source"), (3, "damaged")):
        reasons = result_of[row].reasons
        assert set(reasons) == {"vog", "plis"}
        assert all(why in reason for reason in reasons.values())
    for row, result in result_of.items():
        assert set(result.maps) == ({"vog", "plis"} if row in {0, 4} else set())
        assert bool(result.reasons) == (row not in {0, 4})
        assert (result.view is None) == (row not in {0, 4})


def test_a_record_without_a_label_has_the_maps_that_need_none(series: Path, tmp_path: Path) -> None:
    source = image_folder(tmp_path / "scans", ["1.png", "2.png"])
    (source / "metadata.csv").write_text("file_name,label\n1.png,cat\n2.png,\n", encoding="utf-8")
    project = scored_project(tmp_path / "p.dataselect", source, series)
    labelled, unlabelled = made(job(project, source, series, tmp_path, [0, 1])).values()
    assert set(labelled.maps) == {"vog", "plis"}
    assert set(unlabelled.maps) == {"vog"}
    assert list(unlabelled.reasons) == ["plis"]
    assert "needs a label" in unlabelled.reasons["plis"]


def test_a_record_that_is_no_image_has_no_map(tmp_path: Path) -> None:
    for step in (1, 2):
        folder = tmp_path / f"checkpoint-{step}"
        export(folder / "model.pt2", stir(nn.Linear(4, 3), step), torch.zeros(2, 4))
        write_json(folder / "config.json", config())
    values = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    source = array_file(tmp_path / "rows.npz", x=values, y=np.arange(3), classes=["bird", "cat", "dog"])
    project = scored_project(tmp_path / "p.dataselect", source, tmp_path)
    result = made(job(project, source, tmp_path, tmp_path, [1]))[1]
    assert result.view is None
    assert not result.maps
    assert "not take this record as an image" in result.reasons["vog"]


def test_what_there_is_no_time_or_room_for_is_left_out(
    scored: Path, records: Path, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scored.parent
    assert list(made(job(scored, records, series, folder, [7, 8, 9], seconds=0))) == [7]
    assert list(made(job(scored, records, series, folder, [7, 8, 9]))) == [7, 8, 9]
    size_of_map = 9 * SIDE * SIDE
    monkeypatch.setattr("dataselect_gui.worker.map_run.MOST_BYTES", size_of_map)
    assert list(made(job(scored, records, series, folder, [7, 8, 9]))) == [7, 8]


def test_what_cannot_be_is_refused_before_the_work(
    scored: Path, records: Path, series: Path, tmp_path: Path
) -> None:
    plain = scored_project(tmp_path / "plain.dataselect", records, series)
    with pytest.raises(UnusableError, match="No score of this project has a map"):
        workflow.maps(plain, [0], silent)
    with pytest.raises(UnusableError, match="has changed"):
        workflow.maps(scored, [COUNT], silent)
    copied = tmp_path / "p.dataselect"
    shutil.copytree(scored, copied)
    project = Project.open(copied)
    other = save_series(tmp_path / "other", [stir(tiny_resnet(), seed) for seed in range(2)])
    project.settings.checkpoint = replace(project.settings.checkpoint, path=str(other))
    project.save()
    with pytest.raises(UnusableError, match="scored with another checkpoint"):
        workflow.maps(copied, [0], silent)


# The end of a worker


def worker() -> int:
    """Wait for this process's worker to start, and return it."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for child in workers_of(os.getpid()):
            return child
        time.sleep(0.02)
    raise AssertionError("no worker")


def left_in(project: Path) -> list[str]:
    return [path.name for path in project.glob(".maps-*")]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
def test_a_killed_worker_is_told_and_leaves_nothing(scored: Path) -> None:
    killer = threading.Thread(target=lambda: os.kill(worker(), signal.SIGKILL))
    killer.start()
    with pytest.raises(WorkerDiedError, match="Making the map stopped unexpectedly") as raised:
        workflow.maps(scored, [0], silent)
    killer.join()
    assert "memory ran out" in raised.value.why
    assert not left_in(scored)
    assert workflow.maps(scored, [0], silent)[0].maps


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
@pytest.mark.parametrize("how", ["request", "insist"])
def test_a_stop_ends_it(scored: Path, how: str) -> None:
    context = JobContext()

    def end() -> None:
        worker()
        getattr(context.stop, how)()

    ender = threading.Thread(target=end)
    ender.start()
    begun = time.monotonic()
    with pytest.raises(InterruptedByPersonError, match="Making the map was stopped"):
        workflow.maps(scored, [0], context)
    ender.join()
    assert how == "request" or time.monotonic() - begun < 3
    assert not left_in(scored)


def test_what_a_killed_program_left_is_deleted_and_nothing_else(
    scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise UnusableError("", "", "")

    monkeypatch.setattr("dataselect_gui.workflow.mapping.run_job", stopped)
    for owner in (os.getpid(), os.getppid(), 2**22 + 1):
        (scored / f".maps-{owner}-abc").mkdir()
    with pytest.raises(UnusableError):
        workflow.maps(scored, [0], silent)
    assert left_in(scored) == [f".maps-{os.getppid()}-abc"]
    (scored / f".maps-{os.getppid()}-abc").rmdir()

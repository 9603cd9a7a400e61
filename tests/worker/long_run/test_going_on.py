"""What a run has read before, what goes while it runs, and an older project."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui import workflow
from dataselect_gui.errors import UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from dataselect_gui.records.kinds.images import ImageFolder
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.indexing import HashCache, read_index
from tests.helpers import CLASSES, image_folder, preprocessor, write_image, write_json
from tests.models import save_member, stir, tiny_resnet
from tests.worker.long_run.runs import COUNT, close, disturb, score, settings_of

pytestmark = pytest.mark.usefixtures("scoring_here")


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
    look = workflow.look(project)
    assert not look.is_finished
    assert 0 < look.unscored < COUNT
    assert not look.problems
    away.rename(scans)
    assert close(score(scans, series, project, batch_size=4), undisturbed)
    assert workflow.look(project).is_finished


def test_an_error_that_no_record_is_to_blame_for_is_not_hidden(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, NDArray[np.float64]]:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Scorer, "score_and_answer", broken)
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
    scores = score(scans, series, project, precision=None)
    assert {conditions.get("precision") for conditions in settings_of(project).values()} == {
        "float32",
        None,  # Of the random baseline.
    }
    exact = score(scans, series, tmp_path / "exact.dataselect", precision="float64")
    assert scores["loss"] != exact["loss"]
    assert np.allclose(scores["loss"], exact["loss"], rtol=1e-4)


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
    scores = score(scans, series, project, precision=None)
    assert close(scores, score(scans, series, tmp_path / "new.dataselect"))
    loss = settings_of(project)["loss"]
    assert loss["precision"] == "float64"
    assert not loss.get("fixed", False), "its first records were in batches that nothing fixed"
    with pytest.raises(UsageError, match="not mixed"):
        score(scans, series, project, precision="float32")

"""A project with several checkpoints: the scores by each are kept, and one of them is its own."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dataselect_gui import workflow
from dataselect_gui.cli.app import app
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from tests.helpers import array_file, write_json
from tests.in_process import score_here
from tests.models import save_member, stir, tiny_resnet

SILENT = JobContext()
pytestmark = pytest.mark.usefixtures("scoring_here")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(4).integers(0, 256, (9, 16, 16), dtype=np.uint8)
    classes = np.array(["bird", "cat", "dog"])
    return array_file(tmp_path / "r.npz", x=pixels, y=np.arange(9) % 3, classes=classes)


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two checkpoints of different numbers."""
    folder = tmp_path_factory.mktemp("consortium")
    for number in (1, 2):
        save_member(folder / f"round-{number}", stir(tiny_resnet(), number))
    return folder / "round-1", folder / "round-2"


def score(records: Path, checkpoint: Path, project: Path, name: str = "loss") -> workflow.Scored:
    return workflow.score(records, checkpoint, SILENT, names=[name], project_path=project)


def settings(project: Path) -> bytes:
    return (project / "project.json").read_bytes()


def test_scoring_with_another_checkpoint_keeps_the_scores_by_the_first(
    records: Path, rounds: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And going back costs nothing: no model is loaded."""
    first, second = rounds
    project = tmp_path / "p.dataselect"
    score(records, first, project)
    by_first = workflow.scores(project)["loss"]
    done = score(records, second, project)
    assert str(first) in done.notes[0]
    by_second = workflow.scores(project)["loss"]
    score(records, second, tmp_path / "alone.dataselect")
    assert by_second == workflow.scores(tmp_path / "alone.dataselect")["loss"] != by_first
    monkeypatch.setattr("dataselect_gui.scoring.scorer.Scorer", None)
    again = score(records, first, project)
    assert "9 scores" in again.notes[0]
    assert workflow.scores(project)["loss"] == by_first
    assert workflow.look(project).checkpoint == first
    assert workflow.look(project).other_checkpoints[0].path == str(second)


def test_selection_and_answer_go_with_their_checkpoint(
    records: Path, rounds: tuple[Path, Path], tmp_path: Path
) -> None:
    """A threshold is one of a checkpoint's scores, and took no part in its training, or did."""
    first, second = rounds
    project = tmp_path / "p.dataselect"
    score(records, first, project)
    rule = workflow.ScoreCut("loss", "count", Decimal(4))
    workflow.select_records(project, rule, withhold=["3"])
    workflow.answer_training(project, "no")
    score(records, second, project)
    shown = workflow.look(project)
    assert (shown.rule, shown.in_training) == (None, None)
    assert shown.withheld.tolist() == [row == 3 for row in range(9)]
    kept = shown.other_checkpoints[0]
    workflow.switch_checkpoint(project, kept.digest)
    shown = workflow.look(project)
    assert (shown.rule, shown.in_training) == (rule, "no")
    assert [(kept.path, kept.scores) for kept in shown.other_checkpoints] == [(str(second), ["loss"])]
    with pytest.raises(UnusableError, match="not as it was"):
        workflow.switch_checkpoint(project, kept.digest)


def test_problems_are_those_by_the_own_checkpoint(
    records: Path, rounds: tuple[Path, Path], tmp_path: Path
) -> None:
    """Also where an earlier version kept them beside the index, and where records change."""
    first, second = rounds
    project = tmp_path / "p.dataselect"
    score(records, first, project)
    opened = Project.open(project)
    write_json(opened.table.folder / "problems.json", {"2": "Its label is none of round 1."})
    assert workflow.look(project).problems == {"2": "Its label is none of round 1."}
    score(records, second, project)
    assert workflow.look(project).problems == {}
    Project.open(project).table.add_problems({"5": "Of round 2."})
    with np.load(records) as arrays:
        content = dict(arrays)
    content["x"][0] = 255 - content["x"][0]
    np.savez(records, **content)
    score(records, second, project)
    assert workflow.look(project).problems == {"5": "Of round 2."}
    score(records, first, project)
    assert workflow.look(project).problems == {"2": "Its label is none of round 1."}


@pytest.mark.parametrize("refusal", ["other records", "in place", "other pixels", "no model"])
def test_what_is_refused_leaves_the_project_with_its_checkpoint(
    records: Path,
    rounds: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refusal: str,
) -> None:
    own = Path(shutil.copytree(rounds[0], tmp_path / "own"))
    other = Path(shutil.copytree(rounds[1], tmp_path / "other"))
    project = tmp_path / "p.dataselect"
    score(records, own, project)
    scores, before = workflow.scores(project), settings(project)
    if refusal == "other records":
        with np.load(records) as arrays:
            records = array_file(tmp_path / "s.npz", **{**arrays, "x": 255 - arrays["x"]})
    elif refusal == "in place":
        shutil.rmtree(own)
        other = other.rename(own)
    elif refusal == "other pixels":
        write_json(other / "dataselect.json", {"pixel_range": [0, 4095]})
    else:

        def fail(*_: object) -> None:
            raise UnusableError("The model cannot be used.", "It is damaged.", "Ask for another.")

        monkeypatch.setattr("dataselect_gui.workflow.scoring.run_job", fail)
    with pytest.raises(UnusableError):
        score(records, other, project)
    monkeypatch.setattr("dataselect_gui.workflow.scoring.run_job", score_here)
    assert json.loads(settings(project)) == json.loads(before) | {
        "scores": json.loads(settings(project))["scores"]
    }
    assert workflow.scores(project) == scores
    assert workflow.look(project).other_checkpoints == ()


def test_inspect_lists_the_other_checkpoints(
    records: Path, rounds: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = rounds
    project = tmp_path / "p.dataselect"
    score(records, first, project)
    run = CliRunner().invoke(app, ["inspect", str(project), "--json"])
    assert "other_checkpoints" not in json.loads(run.stdout)
    own = Project.open(project).settings.checkpoint.digest
    score(records, second, project)
    run = CliRunner().invoke(app, ["inspect", str(project), "--json"])
    assert json.loads(run.stdout)["other_checkpoints"] == [
        {"digest": own, "path": str(first), "scores": ["loss"]}
    ]
    run = CliRunner().invoke(app, ["inspect", str(project)])
    assert f"{own[:12]} {first}: loss" in run.stdout

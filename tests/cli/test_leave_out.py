"""The decision about what is left out, by the terminal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from tests.decisions import SURE, calibration, losses, undecided
from tests.helpers import write_json
from tests.models import export
from tests.workflow.calibrating.clean_rows import CLASSES, SIDE, model, rows

pytestmark = pytest.mark.usefixtures("home")

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs verbs and reads the one object that each prints."""

    def call(*arguments: object, expect: int = 0) -> dict[str, Any]:
        code = main([*map(str, arguments), "--json"])
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == expect, answer
        return answer

    return call


def test_a_count_decides_and_select_says_which_of_both(run: Run, tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    count = ("select", project, "--leave-out", "count", "--count-epsilon", SURE)
    assert "help to train" in run(*count, expect=2)["error"]["what"]
    assert "budget" in run(*count, "--in-training", "no", expect=3)["error"]["what"]
    answer = run(*count, "--in-training", "no", "--budget", "60")
    assert answer["decision"] == {
        "leave_out": "count",
        "epsilon": SURE,
        "answer": "wrong",
        "taken": "before",
        "changed_after_viewing": False,
    }
    assert len(answer["ids"]) == 20
    assert (answer["left_out"]["left_out"], answer["left_out"]["records"]) == (20, 40)
    # binomtest(20, 40).proportion_ci(method="exact") of SciPy.
    assert answer["left_out"]["low"] == pytest.approx(0.338018, abs=1e-6)
    assert answer["left_out"]["high"] == pytest.approx(0.661982, abs=1e-6)
    assert run("ledger", project)["left"] == "10"
    assert run(*count, "--in-training", "no")["decision"] == answer["decision"]
    assert run("ledger", project)["left"] == "10"
    assert run("inspect", project)["decision"] == answer["decision"]
    assert run("scores", project)["decision"] == answer["decision"]
    released = run("release", project, "--to", tmp_path / "b", "--epsilon", "1")
    assert (released["epsilon"], released["conditional"]) == (51, False)
    assert all(check["ok"] for check in run("verify", tmp_path / "b")["checks"])


def test_a_dry_run_says_why_it_does_not_say_what_to_expect(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = undecided(tmp_path, losses(6))
    workflow.decide(project, "wrong", None, workflow.CountAnswers())
    arguments = ("release", project, "--to", tmp_path / "b", "--in-training", "no", "--epsilon", "1")
    dry = (*arguments, "--budget", "4", "--dry-run")
    assert run(*dry)["preview"]["usefulness"] is None
    assert main([*map(str, dry)]) == 0
    assert "it is told once scores were shown" in capsys.readouterr().out
    run("scores", project)
    assert run(*dry)["preview"]["usefulness"][0]["random"] == pytest.approx(34 / 40)


def test_a_change_of_mind_is_said_before_anything_leaves(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = undecided(tmp_path, losses(6))
    answer = run("select", project, "--leave-out", "none")
    assert answer["decision"]["taken"] == "before"
    assert "left_out" not in answer
    assert "decision" in run("scores", project)
    assert main(["select", str(project), "--leave-out", "wrong"]) == 0
    page = capsys.readouterr().out
    assert "chosen after scores were seen: a release by it claims no ε" in page
    for figure in ("6 of the 40 records", ": 15.0 in 100", "5.7 to 29.8", "at most 10.0 in 100"):
        assert figure in page
    answer = run("inspect", project)["decision"]
    assert (answer["leave_out"], answer["changed_after_viewing"]) == ("none", True)
    arguments = ("release", project, "--to", tmp_path / "b", "--in-training", "no", "--epsilon", "1")
    dry = run(*arguments, "--budget", "4", "--dry-run")
    assert (dry["epsilon"], dry["conditional"]) == (None, True)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--leave-out", "none", "--all"),
        ("--leave-out", "none", "--withhold", "0"),
        ("--leave-out", "wrong", "--count-epsilon", "1"),
        ("--leave-out", "some"),
    ],
)
def test_what_makes_no_sense_together_is_refused(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    project = undecided(tmp_path, losses(6))
    run("select", project, *arguments, expect=2)
    assert "decision" not in run("inspect", project)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoint"
    export(place / "model.pt2", model(), torch.zeros(2, SIDE))
    write_json(place / "config.json", {"id2label": dict(enumerate(CLASSES))})
    write_json(place / "dataselect.json", {"calibration": calibration()})
    return place


@pytest.mark.usefixtures("scoring_here")
def test_what_is_decided_as_records_are_scored_is_selected_afterwards(
    run: Run, tmp_path: Path, checkpoint: Path
) -> None:
    source, project = rows(tmp_path / "rows.npz", 30), tmp_path / "p.dataselect"
    arguments = ("score", source, "--checkpoint", checkpoint, "--project", project)
    refused = run(*arguments, "--scores", "el2n", "--leave-out", "wrong", expect=2)
    assert "reads it" in refused["error"]["why"]
    assert not project.exists()
    answer = run(*arguments, "--scores", "loss", "--leave-out", "wrong")
    assert (answer["decision"]["leave_out"], answer["decision"]["taken"]) == ("wrong", "before")
    kept = [r["id"] for r in run("scores", project)["records"] if r["loss"] <= 0.5]
    assert run("select", project, "--leave-out", "wrong")["ids"] == kept
    again = run(*arguments, "--leave-out", "none")
    assert again["decision"] == answer["decision"]
    assert any("shown before" in note for note in again["notes"])
    released = run(
        *("release", project, "--to", tmp_path / "b", "--epsilon", "1"),
        *("--in-training", "no", "--budget", "4"),
    )
    assert (released["epsilon"], released["conditional"]) == (1, False)


@pytest.mark.usefixtures("scoring_here")
def test_a_count_is_decided_as_records_are_scored_and_drawn_later(
    run: Run, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, project = rows(tmp_path / "rows.npz", 30), tmp_path / "p.dataselect"
    arguments = ("score", source, "--checkpoint", checkpoint, "--project", project, "--scores", "loss")
    assert main([*map(str, arguments), "--leave-out", "count", "--count-epsilon", SURE]) == 0
    assert "select PROJECT --leave-out count" in capsys.readouterr().out
    draw = ("select", project, "--leave-out", "count", "--count-epsilon", SURE)
    answer = run(*draw, "--in-training", "no", "--budget", "60")
    assert (answer["decision"]["answer"], answer["decision"]["taken"]) == ("wrong", "before")

"""The verbs of consortia on the command line."""

import json
from pathlib import Path

import pytest
import torch

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from tests.helpers import write_json
from tests.models import export
from tests.workflow.calibrating.clean_rows import CLASSES, SIDE, model, rows
from tests.workflow.calibrating.conftest import here

__all__ = ["here"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoint"
    export(place / "model.pt2", model(), torch.zeros(2, SIDE))
    write_json(place / "config.json", {"id2label": dict(enumerate(CLASSES))})
    return place


@pytest.mark.usefixtures("here")
def test_a_consortiums_way_from_rows_to_a_request_that_is_checked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(rows(tmp_path / "rows.npz", 300))
    command = ["calibrate", str(folder), "--records", source, "--in-training", "no", "--json"]
    assert main([*command, "--seed", "1"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verb"] == "calibrate"
    assert answer["calibration"]["split"]["seed"] == "1"
    assert answer["calibration"]["scores"].keys() == {"loss", "distance"}
    assert [c["score"] for c in answer["rule"]["conditions"]] == ["loss", "distance"]
    assert workflow.ledger(None) == [], "rows that are calibrated on are no source of releases"
    assert Path(answer["request"]).is_file()
    assert Path(answer["file"]).is_file()
    assert main(["request", "check", str(folder), "--json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert checked["faults"] == []
    assert any(line.count("150") == 2 for line in checked["words"]), "rows of statistics, of thresholds"
    assert main(["request", "new", str(folder), "--set", "max_grad_norm=1.5"]) == 0
    assert main(["calibrate", str(folder), "--records", source, "--in-training", "no"]) == 0
    page = capsys.readouterr().out
    assert "Nothing protects the consortium's rows." in page
    assert json.loads((folder / "dataselect.json").read_text())["max_grad_norm"] == 1.5


@pytest.mark.usefixtures("here")
def test_over_a_calibration_without_epsilon_the_terminal_says_what_epsilon_does_not_cover(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(rows(tmp_path / "rows.npz"))
    command = ["calibrate", str(folder), "--records", source, "--in-training", "no", "--scores", "loss"]
    assert main(command) == 0
    capsys.readouterr()
    assert main([*command, "--epsilon", "1"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "so they are left out: bounds." in page
    assert "Hand over one result" in page
    assert "The distance is left out" not in page
    assert json.loads((folder / "dataselect.json").read_text()).keys() == {"calibration"}
    assert main(["request", "new", str(folder), "--set", "threshold=2"]) == 0
    capsys.readouterr()
    assert main([*command, "--epsilon", "1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert any("ε does not cover" in line and "threshold" in line for line in answer["warnings"])


def test_what_is_missing_ends_as_usage(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(rows(tmp_path / "rows.npz", 10))
    assert main(["calibrate", str(folder), "--records", source, "--json"]) == 2
    assert "help to train" in json.loads(capsys.readouterr().out)["error"]["what"]


def test_a_faulty_request_ends_as_unusable_with_every_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(folder / "dataselect.json", {"steps": 0, "delta": 2})
    assert main(["request", "check", str(folder), "--json"]) == 4
    answer = json.loads(capsys.readouterr().out)
    assert [fault["key"] for fault in answer["faults"]] == ["steps", "delta"]
    assert main(["request", "new", str(folder), "--set", "steps=many", "--json"]) == 2

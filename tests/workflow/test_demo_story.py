"""What the demo tells of itself is counted again here, by transformers and NumPy in float64."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from torch.nn import functional
from transformers import AutoModelForImageClassification

from dataselect_gui import workflow
from dataselect_gui.cli import demo as terminal
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.resources import resource
from dataselect_gui.workflow import demo as demo_module
from tests.projects import scored_project

CHECKPOINT = resource("demo/checkpoint")
NAMES = ("flipped", "foreign", "right")


@pytest.fixture(scope="module")
def shipped() -> dict[str, NDArray[np.generic]]:
    with np.load(resource("demo/records.npz"), allow_pickle=False) as stored:
        return dict(stored)


def wrong_by_hand(shipped: dict[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
    """Say which records lie above a threshold of their class, by the final checkpoint alone."""
    model = AutoModelForImageClassification.from_pretrained(CHECKPOINT / "checkpoint-200").double()
    features = []
    model.classifier[-1].register_forward_pre_hook(lambda _, taken: features.append(taken[0]))
    pixels = torch.from_numpy(shipped["x"].astype(np.float64) / 255 * 2 - 1)[:, None]
    with torch.no_grad():
        logits = torch.cat([model.eval()(pixel_values=part).logits for part in pixels.split(250)])
    labels = torch.from_numpy(shipped["y"])
    losses = functional.cross_entropy(logits, labels, reduction="none").numpy()
    request = json.loads((CHECKPOINT / "dataselect.json").read_text(encoding="utf-8"))
    tensors = load_file(CHECKPOINT / request["calibration"]["file"])
    shrinkage, covariance = request["calibration"]["features"]["shrinkage"], tensors["covariance"]
    shrunk = (1 - shrinkage) * covariance + shrinkage * covariance.trace() / 256 * np.eye(256)
    precision = np.linalg.inv(shrunk)
    most = {each["score"]: each["most"] for each in request["rule"]["conditions"]}
    wrong = []
    for loss, feature, label in zip(losses, torch.cat(features).numpy(), shipped["y"], strict=True):
        name, offset = str(shipped["classes"][label]), feature - tensors["means"][label]
        distance = np.sqrt(offset @ precision @ offset)
        wrong.append(loss > most["loss"][name] or distance > most["distance"][name])
    return np.array(wrong)


@pytest.fixture(scope="module")
def counted(shipped: dict[str, NDArray[np.generic]]) -> dict[str, tuple[int, int]]:
    """How many records there are of each kind, and how many are left out."""
    counts = dict.fromkeys(NAMES, (0, 0))
    for row, is_out in enumerate(wrong_by_hand(shipped)):
        name = next((name for name in NAMES[:2] if shipped[name][row]), "right")
        counts[name] = counts[name][0] + 1, counts[name][1] + bool(is_out)
    return counts


@pytest.fixture
def quick(scoring_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute the two scores of the rule alone."""
    del scoring_here
    monkeypatch.setattr(demo_module, "score", partial(workflow.score, names=["loss", "distance"]))


@pytest.mark.usefixtures("quick")
def test_the_terminal_tells_what_a_plain_count_comes_to(
    tmp_path: Path, counted: dict[str, tuple[int, int]]
) -> None:
    content, lines = terminal.run_demo(tmp_path / "demo", JobContext())
    assert content["left_out"] == {
        name: {"records": records, "left_out": out} for name, (records, out) in counted.items()
    }
    assert content["selected"] == 2000 - sum(out for _, out in counted.values())
    assert content["verified"]
    printed = "\n".join(lines)
    wrong = sum(out for _, out in counted.values())
    assert f"{wrong} of the 2,000 records that may leave look wrong: {wrong / 20:.1f} in 100" in printed
    assert "at most 5.0 in 100" in printed
    for name, what in zip(
        NAMES, ("wrong labels", "foreign pictures", "records that are right"), strict=True
    ):
        records, out = counted[name]
        assert f"{what}: {out:,} of {records:,} left out, {records - out:,} stay" in printed
    decision = workflow.decision(tmp_path / "demo/project")
    assert decision is not None
    assert (decision.leave_out, decision.taken, decision.is_changed) == ("wrong", "before", False)
    document = json.loads((tmp_path / "demo/bundle/release.json").read_text(encoding="utf-8"))
    assert document["parameters"]["rule"]["from"] == "the consortium's request"


def test_most_of_what_is_wrong_is_left_out_and_not_all(counted: dict[str, tuple[int, int]]) -> None:
    """The figures that README and the demo's own page state."""
    assert counted == {"flipped": (200, 184), "foreign": (100, 79), "right": (1700, 92)}
    root = Path(__file__).parents[2]
    page = " ".join((root / "README.md").read_text(encoding="utf-8").split())
    assert "184 and 79 of them are left out, 16 and 21 stay, and 92 of the 1,700 others" in page
    page = " ".join((root / "resources/demo/README.md").read_text(encoding="utf-8").split())
    assert "leaves out 355 records, 263 of which are wrong, and 37 wrong ones stay" in page


def test_what_is_wrong_is_known_of_the_demo_alone(project: Path) -> None:
    assert workflow.left_out_of_demo(project) == []
    assert workflow.left_out_sentences([]) == []


def test_no_score_reads_what_is_known_of_the_records(
    tmp_path: Path, shipped: dict[str, NDArray[np.generic]]
) -> None:
    """The project holds nothing of it."""
    project = scored_project(tmp_path / "project", resource("demo/records.npz"), CHECKPOINT)
    assert {name for name in shipped if name not in {"x", "y", "classes"}} == {"flipped", "foreign"}
    kept = b"".join(path.read_bytes() for path in project.rglob("*.json"))
    assert b"flipped" not in kept
    assert b"foreign" not in kept

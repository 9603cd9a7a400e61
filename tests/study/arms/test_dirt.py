"""What the page says of records with dirt and without, end to end: it helps on dirt alone."""

from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.study.arms.findings import read_arm_findings
from dataselect_gui.study.arms.sentences import answers
from dataselect_gui.study.store import PAGE
from dataselect_gui.worker.arms_run import run_arms
from dataselect_gui.worker.jobs import ArmsJob
from dataselect_gui.worker.messages import StudyPlanned
from tests.helpers import CLASSES, array_file, config, preprocessor, write_json
from tests.models import export

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Optimal order is the largest alpha:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SIDE, SEEDS = 8, 8
FAINT = 0.35
"""How far classes lie apart, in the noise's own measure: even the best model errs now and then."""


def pictures(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return pictures of three classes: a pattern each, under noise."""
    patterns = np.random.default_rng(0).standard_normal((3, SIDE, SIDE))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    drawn = FAINT * patterns[labels] + rng.standard_normal((count, SIDE, SIDE))
    return (128 + 32 * drawn).clip(0, 255).astype(np.uint8), labels


def stored(path: Path, count: int, seed: int) -> Path:
    pixels, labels = pictures(count, seed)
    return array_file(path, x=pixels, y=labels, classes=np.array(CLASSES))


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A consortium's model that was trained on a hundred and twenty rows."""
    folder = tmp_path_factory.mktemp("weak")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 64), nn.ReLU(), nn.Linear(64, 3))
    pixels, labels = pictures(120, 1)
    inputs = torch.from_numpy(pixels[:, None].astype(np.float32)) / 127.5 - 1
    targets, optimiser = torch.from_numpy(labels), torch.optim.Adam(model.parameters(), 0.01)
    for _step in range(60):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimiser.step()
    export(folder / "model.pt2", model.eval(), torch.zeros(2, 1, SIDE, SIDE))
    write_json(folder / "config.json", config())
    write_json(folder / "preprocessor_config.json", preprocessor(SIDE, 1))
    return folder


def planned(_: StudyPlanned) -> None:
    """Take the plan and do nothing with it."""


def studied(folder: Path, weak: Path, plant: str) -> Path:
    """Run a study of six hundred clean records, with dirt planted in them or not."""
    job = ArmsJob(
        source=SourceRef(stored(folder / "owner.npz", 600, 2)),
        clean=SourceRef(stored(folder / "clean.npz", 300, 3)),
        rows=None,
        strangers=None,
        checkpoint=weak,
        folder=folder / "arms.study",
        epsilons=[],
        release_epsilons=[],
        seeds=SEEDS,
        start="checkpoint",
        plant=plant,
        alpha="0.05",
        libraries=[],
        limit=10_000,
        plan_only=False,
    )
    run_arms(job, JobContext(), planned)
    return job.folder


def said(study: Path) -> tuple[str, str]:
    """Return the first line of a page, and the one below."""
    page = unescape((study / PAGE).read_text(encoding="utf-8"))
    first, rest = page.split("<h1>")[1].split("</h1>")
    return first, rest.split("<p>")[1].split("</p>")[0]


def test_it_helps_on_planted_dirt_and_never_on_clean_records(weak: Path, tmp_path: Path) -> None:
    study = studied(tmp_path, weak, "labels:0.4,foreign:0.1")
    as_they_are, with_dirt = said(study)
    assert as_they_are.startswith("On your records as they are, leaving out those that look wrong ")
    assert " helps" not in as_they_are
    assert with_dirt.startswith(
        "With wrong records planted among yours (40 % wrong labels, 10 % foreign records), "
    )
    assert " leaving out those that look wrong helps: without differential " in with_dirt
    by_cell = answers(read_arm_findings(study))
    assert {cell.planted: answer == "helps" for cell, answer in by_cell.items()} == {
        False: False,
        True: True,
    }

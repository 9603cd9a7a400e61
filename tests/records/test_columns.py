"""The columns of labels and units go wherever records are read."""

import json
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.worker.results import CheckpointInspected, SourceInspected
from tests.helpers import CLASSES, array_file
from tests.models import save_member, stir, tiny_resnet
from tests.projects import consortium, scored_project

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def records(tmp_path: Path) -> SourceRef:
    """Records whose labels are in another column than the usual one, which holds none."""
    rng = np.random.default_rng(0)
    file = array_file(
        tmp_path / "r.npz",
        x=rng.integers(0, 256, (12, 6, 5), dtype=np.uint8),
        y=rng.random((12, 4)),
        finding=np.array([*CLASSES] * 4),
        patient=np.arange(12) // 2,
    )
    return SourceRef(file, "finding", "patient")


def test_pictures_are_read_by_the_projects_own_columns(tmp_path: Path, records: SourceRef) -> None:
    project = scored_project(
        tmp_path / "p.dataselect",
        records.path,
        consortium(tmp_path / "model"),
        unit_column=records.unit_column,
        label_column=records.label_column,
    )
    look = workflow.look(project)
    assert look.records == SourceRef(records.path.resolve(), "finding", "patient")
    assert np.shape(workflow.Pictures(look).picture(3, 4))[2] == 3


def test_a_preflight_and_an_inspection_read_the_named_columns(
    tmp_path: Path, records: SourceRef
) -> None:
    checkpoint = tmp_path / "model"
    save_member(checkpoint, stir(tiny_resnet(), 0))
    preflight = workflow.preflight(checkpoint, records, JobContext()).result
    assert preflight.records == 12
    assert preflight.checked  # Against a plain computation, which takes labels.
    held = workflow.inspect(checkpoint, records, JobContext())
    assert isinstance(held, CheckpointInspected)
    assert held.preflight.labels == {name: index for index, name in enumerate(CLASSES)}
    listed = workflow.inspect(records, None, JobContext())
    assert isinstance(listed, SourceInspected)
    assert listed.labels == sorted(CLASSES)
    assert listed.columns == ["patient"]
    assert listed.person == "patient"


def test_the_verb_inspect_takes_the_columns(
    records: SourceRef, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["inspect", str(records.path), "--label-column", "finding", "--json"])
    assert json.loads(capsys.readouterr().out)["labels"] == sorted(CLASSES)

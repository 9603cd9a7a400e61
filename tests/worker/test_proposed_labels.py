"""Labels from a column that is found by its values are scored as those that are called labels."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from tests.helpers import CLASSES, array_file
from tests.models import save_member, stir, tiny_plain

SENTENCE = "Labels are read from “finding”, whose values are the model's classes."


@pytest.mark.usefixtures("home")
def test_labels_that_are_found_by_their_values_are_those(tmp_path: Path) -> None:
    save_member(tmp_path / "model", stir(tiny_plain(), 0))
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 16), dtype=np.uint8)
    places = np.arange(12) % 3
    names = np.array(CLASSES)[places]
    called = array_file(tmp_path / "called.npz", x=pixels, y=places, classes=np.array(CLASSES))
    unnamed = array_file(tmp_path / "unnamed.npz", x=pixels, finding=names, ward=names == "cat")
    project, known = tmp_path / "p.dataselect", tmp_path / "known.dataselect"
    wanted = ["loss", "el2n"]
    workflow.score(called, tmp_path / "model", JobContext(), project_path=known, names=wanted)
    done = [
        workflow.score(unnamed, tmp_path / "model", JobContext(), project_path=project, names=[name])
        for name in wanted
    ]
    assert done[0].notes[0] == SENTENCE
    assert SENTENCE not in done[1].notes  # It is part of the project now.
    assert Project.open(project).settings.source.label_column == "finding"
    for name in wanted:
        assert workflow.scores(project)[name] == workflow.scores(known)[name]

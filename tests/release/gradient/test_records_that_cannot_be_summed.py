"""Records of which no gradient can be made add nothing, and stop nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import (
    UnusableError,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.source import Content, SourceRef
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.scoring.clipped_sum import layout_of, trained_parameters
from dataselect_gui.scoring.model import load_model
from dataselect_gui.worker.input_loading import ScoredInputLoader
from dataselect_gui.worker.jobs import SumJob
from dataselect_gui.worker.rows_file import write_rows
from dataselect_gui.worker.sum_file import read_sum
from dataselect_gui.worker.sum_run import run_sum
from tests.helpers import array_file, image_folder, write_image
from tests.models import save_member, stir
from tests.projects import scored_project
from tests.release.gradient.summing import LOSSES, NORM, in_process

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("change", ["gone", "other pixels"])
def test_records_are_summed_as_they_were_scored_or_not_at_all(
    tmp_path: Path, checkpoint: Path, change: str
) -> None:
    names = ["bird/1.png", "cat/2.png", "dog/3.png"]
    scans = image_folder(tmp_path / "scans", names)
    project = scored_project(tmp_path / "p.dataselect", scans, checkpoint, [1.0, 2.0, 3.0])
    write_rows(tmp_path, Project.open(project).table.index, range(3))
    job = SumJob(
        source=SourceRef(scans),
        checkpoint=checkpoint,
        digest=find_checkpoint(checkpoint).digest(),
        folder=tmp_path,
        clip=NORM,
        steps=CLIP_STEPS,
        device="cpu",
    )
    assert run_sum(job, JobContext()).records == 3
    if change == "gone":
        (scans / "cat/2.png").unlink()
    else:
        write_image(scans / "cat/2.png", seed=9)
    with pytest.raises(UnusableError, match="A record changed while"):
        run_sum(job, JobContext())


def sum_over(project: Path, source: Path, checkpoint: Path, rows: Sequence[int]) -> NDArray[np.int64]:
    """Return the sum of the clipped gradients of some rows, in steps."""
    folder = project.parent / f"sum-{len(list(project.parent.iterdir()))}"
    folder.mkdir()
    write_rows(folder, Project.open(project).table.index, rows)
    job = SumJob(
        source=SourceRef(source),
        checkpoint=checkpoint,
        digest=find_checkpoint(checkpoint).digest(),
        folder=folder,
        clip=NORM,
        steps=CLIP_STEPS,
        device="cpu",
    )
    in_process(job, JobContext())
    model = load_model(find_checkpoint(checkpoint).final, torch.device("cpu"))
    return read_sum(folder, layout_of(trained_parameters(model)))


@pytest.mark.parametrize("label", ["no class", "no label", "another"])
def test_a_record_of_which_nothing_can_be_made_adds_nothing_and_stops_nothing(
    tmp_path: Path, checkpoint: Path, label: str
) -> None:
    """Nor does it change what another one adds."""
    labels = {"no class": "giraffe", "no label": "", "another": "bird"}
    given = ["bird", "cat", "dog", "cat"]
    pixels = np.random.default_rng(4).integers(0, 256, (4, 16, 16), dtype=np.uint8)
    sums = []
    for name, third in (("plain", "dog"), ("other", labels[label])):
        source = array_file(
            tmp_path / f"{name}.npz", x=pixels, y=np.array([*given[:2], third, given[3]])
        )
        project = scored_project(tmp_path / f"{name}.dataselect", source, checkpoint, [1.0] * 4)
        sums.append([sum_over(project, source, checkpoint, rows) for rows in ([0, 1, 3], range(4))])
    (plain_rest, _), (other_rest, other_all) = sums
    np.testing.assert_array_equal(plain_rest, other_rest)
    assert np.array_equal(other_rest, other_all) == (label != "another")


@pytest.mark.parametrize("fault", [StopIteration, MemoryError, RecursionError, KeyError("name")])
def test_a_record_that_a_library_falls_over_adds_nothing_and_stops_nothing(
    tmp_path: Path,
    source: Path,
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
) -> None:
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, LOSSES)
    expected = sum_over(project, source, checkpoint, [0, 2])
    make, made = Preprocessor.__call__, list[object]()

    def falls(preprocessor: Preprocessor, content: Content) -> NDArray[np.float32]:
        made.append(content)
        if len(made) == 3:  # The first is made up.
            raise fault
        return make(preprocessor, content)

    monkeypatch.setattr(Preprocessor, "__call__", falls)
    np.testing.assert_array_equal(sum_over(project, source, checkpoint, [0, 1, 2]), expected)


def test_what_cannot_be_summed_at_all_is_told_before_a_record_is_read(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Still(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(256, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.layer(inputs.flatten(1)).detach()
            return logits

    save_member(tmp_path / "still", stir(Still(), 0))
    project = scored_project(tmp_path / "p.dataselect", source, tmp_path / "still", LOSSES)
    monkeypatch.setattr(ScoredInputLoader, "read", lambda *_: pytest.fail("a record was read"))
    with pytest.raises(UnusableError, match="has no gradient"):
        sum_over(project, source, tmp_path / "still", range(12))

"""The names of parameters come from a process that saw no record."""

from pathlib import Path

import numpy as np
import pytest
import transformers
from safetensors.numpy import load_file

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import (
    WorkerDiedError,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.release.candidates import Layout
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import ParametersJob, SumJob
from dataselect_gui.worker.reach import reached_places
from dataselect_gui.worker.results import ParametersResult
from tests.release.gradient.summing import NORM, asked, worker_that_says
from tests.releases import release

pytestmark = pytest.mark.usefixtures("home")

TRUE: Layout = [("weight", [2, 3]), ("bias", [2])]
HIDDEN = "patient-7-has-it"


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [
        pytest.param(TRUE, True, id="as it is"),
        pytest.param([(HIDDEN, [2, 3]), ("bias", [2])], False, id="a name"),
        pytest.param([("weight", [3, 2]), ("bias", [2])], False, id="a shape"),
        pytest.param([("weight", [2, 3, 1]), ("bias", [2])], False, id="a side more"),
        pytest.param([("bias", [2]), ("weight", [2, 3])], False, id="the order"),
        pytest.param([*TRUE, (HIDDEN, [0])], False, id="an empty tensor more"),
        pytest.param([("weight", [8])], False, id="a tensor less"),
        pytest.param([("weight", [2, 3]), ("weight", [2])], False, id="a name twice"),
    ],
)
def test_a_worker_that_saw_records_hides_nothing_in_the_names_of_parameters(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Layout, is_taken: bool
) -> None:
    """Nor in shapes, order or number: these are what a process without records says."""
    worker = worker_that_says(TRUE, said, np.zeros(8, dtype=np.int64))
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", worker)
    if is_taken:
        release(project, tmp_path / "b", **asked())
        tensors = load_file(tmp_path / "b/data/gradient.safetensors")
        assert {name: t.shape for name, t in tensors.items()} == {"weight": (2, 3), "bias": (2,)}
    else:
        with pytest.raises(WorkerDiedError, match="Summing the gradients came to nothing") as refused:
            release(project, tmp_path / "b", **asked())
        assert HIDDEN not in str(refused.value)
        assert not (tmp_path / "b").exists()
    entries = workflow.ledger(project)[0].entries
    assert any(entry.kind == "reserved" for entry in entries) is is_taken


def test_parameters_are_named_without_reaching_a_record(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    """And a process that sums reaches them."""
    digest = find_checkpoint(checkpoint).digest()
    naming = ParametersJob(checkpoint=checkpoint, digest=digest)
    summing = SumJob(
        source=SourceRef(source),
        checkpoint=checkpoint,
        digest=digest,
        folder=tmp_path / "sum",
        clip=NORM,
        steps=CLIP_STEPS,
        device="cpu",
    )
    for job, is_reached in ((naming, False), (summing, True)):
        with reached_places(job) as (reached, _scratch):
            assert (str(source) in reached.read) is is_reached
            assert str(checkpoint) in reached.read
    silent = JobContext()
    layout = run_job(naming, silent).layout
    model = transformers.AutoModelForImageClassification.from_pretrained(checkpoint)
    assert layout == [(name, list(p.shape)) for name, p in model.named_parameters()]


def test_names_of_parameters_that_repeat_are_no_answer() -> None:
    with pytest.raises(ValueError, match="one name"):
        ParametersResult(layout=[("weight", [2]), ("weight", [3])])

"""A sum that fails, or that the ledger refuses, costs nothing."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import (
    DataSelectError,
    RefusedError,
    UnusableError,
    WorkerDiedError,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.worker.jobs import ParametersJob, SumJob
from dataselect_gui.worker.parameters_run import run_parameters
from dataselect_gui.worker.results import FilesResult, ParametersResult
from dataselect_gui.worker.rows_file import read_rows
from dataselect_gui.worker.sum_run import run_sum
from dataselect_gui.workflow.accounts import Account, AccountEntry, marks_of
from tests.helpers import write_json
from tests.ledgers import Desk
from tests.release.gradient.summing import asked, in_process, in_this_process, worker_that_says
from tests.releases import is_verified, release

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize(("share", "is_taken"), [(1.0, True), (1.001, False), (1e9, False)])
def test_a_sum_that_is_longer_than_its_records_can_make_it_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, is_taken: bool
) -> None:
    """Whoever sums may have fallen to the checkpoint, and the noise would not cover it."""
    records = len(workflow.select_records(project, None)[0])

    total = np.array([int(records * CLIP_STEPS * share), 0], dtype=np.int64)
    worker = worker_that_says([("weight", [2])], [("weight", [2])], total)
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", worker)
    if is_taken:
        release(project, tmp_path / "b", **asked())
    else:
        with pytest.raises(WorkerDiedError, match="came to nothing"):
            release(project, tmp_path / "b", **asked())
    entries = workflow.ledger(project)[0].entries
    assert any(entry.kind == "reserved" for entry in entries) is is_taken


@pytest.mark.parametrize("rule", [{"threshold": "1"}, {"fraction": "0.5"}])
@pytest.mark.parametrize("fault", [WorkerDiedError, UnusableError])
@pytest.mark.parametrize("at", ["the model", "a record"])
def test_a_sum_that_fails_costs_nothing(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[DataSelectError],
    rule: dict[str, str],
    at: str,
) -> None:
    """But for a threshold that was bought: that was drawn, and is there for the next try.

    It is not bought for a model that has no gradient to release.
    """
    workflow.select_records(project, workflow.make_rule("loss", **rule))  # type: ignore[arg-type]
    bought = {"threshold_from": "bought:0.5", "bounds": "0,10"}
    request = asked(**({"threshold_from": "agreed"} if "threshold" in rule else bought))

    jobs: list[SumJob] = []

    def fail(job: ParametersJob | SumJob, context: JobContext) -> ParametersResult | FilesResult:
        if isinstance(job, ParametersJob):
            return run_parameters(job, context)
        jobs.append(job)
        if at == "a record" and "fraction" in rule and len(jobs) == 1:
            assert not read_rows(job.folder).ids  # The model alone is tried before it is bought.
            return run_sum(job, context)
        raise fault("Summing the gradients stopped.", "The model is at fault.", "Release again.")

    opened = Project.open(project)
    Desk(workflow.home()).claim(marks_of(opened))
    before = workflow.ledger(project)[0]
    with monkeypatch.context() as patch:
        patch.setattr("dataselect_gui.workflow.gradient_sum.run_job", fail)
        for _ in range(2):
            with pytest.raises(fault, match="Summing the gradients"):
                release(project, tmp_path / "b", **request)
    after = workflow.ledger(project)[0]
    if "threshold" in rule or at == "the model":
        assert after == before
    else:
        assert [entry.threshold_of for entry in charges(after)] == ["loss"]
    assert not (tmp_path / "b").exists()
    assert not list(project.glob(".sum-*"))
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", in_process)
    done = release(project, tmp_path / "b", **request)
    assert (done.repeated, done.spent) == (False, Decimal(1 if "threshold" in rule else "1.5"))


def charges(account: Account) -> list[AccountEntry]:
    return [entry for entry in account.entries if entry.kind in {"reserved", "training"}]


def test_nothing_is_summed_where_the_ledger_refuses(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_of_the_worker: list[SumJob] = []
    monkeypatch.setattr(
        "dataselect_gui.workflow.gradient_sum.run_job", lambda job, _: asked_of_the_worker.append(job)
    )
    with pytest.raises(RefusedError, match="is left"):
        release(project, tmp_path / "b", **asked(budget="0.5"))
    with pytest.raises(UnusableError, match="is a file"):
        release(project, write_json(tmp_path / "file", []), **asked())
    assert not asked_of_the_worker
    assert not charges(workflow.ledger(project)[0])


@in_this_process
def test_a_gradient_that_was_reserved_and_not_drawn_is_summed_by_its_repeat(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCutError(Exception):
        pass

    def die(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("dataselect_gui.release.procedure.draw", die)
        with pytest.raises(PowerCutError):
            release(project, tmp_path / "b", **asked(budget="1"))
    done = release(project, tmp_path / "b", **asked(budget="1"))
    assert done.repeated
    assert done.spent == 1
    assert is_verified(tmp_path / "b")

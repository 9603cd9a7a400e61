"""The reference state of a score has an answer about training of its own."""

from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint
from tests.projects import scored_project
from tests.releases import document_of, is_verified, release

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def compared(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    """A project selected by a score that reads the reference state."""
    folder = scored_project(tmp_path / "r.dataselect", source, checkpoint, score="reducible_loss")
    workflow.select_records(folder, workflow.make_rule("reducible_loss", threshold="0.5"))
    return folder


def test_without_its_answer_nothing_is_released(compared: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reference state"):
        release(compared, tmp_path / "bundle", threshold_from="agreed")


@pytest.mark.parametrize("answer", ["perhaps", "dp", "no,"])
def test_an_answer_that_is_none_is_refused(compared: Path, tmp_path: Path, answer: str) -> None:
    with pytest.raises(UsageError):
        release(compared, tmp_path / "bundle", threshold_from="agreed", reference_in_training=answer)


@pytest.mark.parametrize(("own", "its"), [("no", "yes"), ("unknown", "no"), ("dp:1,1e-6", "unknown")])
def test_where_either_was_trained_on_the_records_no_epsilon_is_claimed(
    compared: Path, tmp_path: Path, own: str, its: str
) -> None:
    with pytest.raises(UsageError, match="No privacy guarantee"):
        release(
            compared,
            tmp_path / "bundle",
            threshold_from="agreed",
            in_training=own,
            reference_in_training=its,
        )


def test_the_answer_is_kept_and_two_trainings_add_up(compared: Path, tmp_path: Path) -> None:
    done = release(
        compared,
        tmp_path / "bundle",
        threshold_from="agreed",
        in_training="dp:0.5,1e-6",
        reference_in_training="dp:0.25,1e-6",
        budget="4",
    )
    assert is_verified(done.bundle)
    assert document_of(done.bundle)["checkpoint"]["records_in_training"] == "dp"
    assert Project.open(compared).settings.reference_in_training == "dp:0.25,1e-6"
    (account,) = workflow.ledger(compared)
    # Both trainings, and 1 one-sided.
    assert float(str(account.as_json()["total_plain"])) == pytest.approx(1.75)


def test_a_score_of_one_state_needs_no_second_answer(project: Path, tmp_path: Path) -> None:
    workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    done = release(project, tmp_path / "bundle", threshold_from="agreed")
    assert done.bundle.is_dir()


def test_the_answer_is_that_of_one_checkpoint(compared: Path, tmp_path: Path) -> None:
    project = Project.open(compared)
    with project.exclusive():
        project.settings.reference_in_training = "no"
        own = project.settings.checkpoint
        project.switch(StoredCheckpoint(str(tmp_path / "other"), "0" * 64))
        others = Project.open(compared).settings.reference_in_training
        project.switch(own)
    assert others is None
    assert Project.open(compared).settings.reference_in_training == "no"

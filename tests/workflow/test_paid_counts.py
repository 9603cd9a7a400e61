"""Whoever knows what a count said pays for it in every bundle by the rule, whichever project asked."""

from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.workflow import CountAnswers
from tests.decisions import SURE, losses, undecided
from tests.releases import is_verified, release

pytestmark = pytest.mark.usefixtures("home")

ANSWERS = CountAnswers(in_training="no", budget="200")


def count(project: Path, epsilon: str) -> None:
    workflow.decide(project, "count", epsilon, ANSWERS)


def test_another_project_of_the_source_claims_the_count_too(tmp_path: Path) -> None:
    count(undecided(tmp_path, losses(20)), SURE)
    second = undecided(tmp_path, losses(20), name="second")
    workflow.decide(second, "wrong", None, ANSWERS)
    done = release(second, tmp_path / "b", budget=None)
    assert (done.epsilon, done.conditional) == ("51", False)
    assert is_verified(tmp_path / "b")


def test_other_records_claim_nothing_for_it(tmp_path: Path) -> None:
    count(undecided(tmp_path, losses(20)), SURE)
    others = undecided(tmp_path, losses(20), name="others", seed=1)
    workflow.decide(others, "wrong", None, ANSWERS)
    assert release(others, tmp_path / "b", budget="2").epsilon == "1"


def test_a_question_that_is_asked_again_is_claimed_once(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    for epsilon in (SURE, "40", SURE):
        count(project, epsilon)
    assert workflow.account(project).total_plain == 90
    assert release(project, tmp_path / "b", budget=None).epsilon == "91"


def test_the_card_is_true_where_the_count_said_otherwise(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(0))
    count(project, SURE)
    workflow.decide(project, "wrong", None, ANSWERS)
    release(project, tmp_path / "b", budget=None)
    card = (tmp_path / "b/README.md").read_text()
    assert "used after a noised count" in card
    assert "decided so" not in card

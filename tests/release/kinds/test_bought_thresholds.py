"""A threshold that is bought: charged once, near the quantile, and nothing where it is of no use."""

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UnusableError, UsageError
from dataselect_gui.privacy.identity import record_keys, unit_marks
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.project.project import Project
from tests.helpers import write_json
from tests.ledgers import Desk
from tests.releases import (
    document_of,
    is_verified,
    release,
    select,
)

pytestmark = pytest.mark.usefixtures("home")


def test_a_bought_threshold_is_charged_once_and_told(project: Path, tmp_path: Path) -> None:
    select(project, fraction="0.25")
    bought = {"threshold_from": "bought:0.5"}
    first = release(project, tmp_path / "one", **bought)
    assert (first.epsilon, first.conditional, first.left) == ("1.5", False, Decimal("2.5"))
    assert is_verified(tmp_path / "one")
    parameters = document_of(tmp_path / "one")["parameters"]
    assert parameters["threshold_epsilon"]["value"] == "0.5"
    assert parameters["threshold"]["from"] == "drawn under differential privacy"
    # One-sided at a smaller ε adds nothing, and the same threshold is not bought again.
    second = release(project, tmp_path / "two", **bought, epsilon="0.5")
    assert second.left == first.left
    assert document_of(tmp_path / "two")["parameters"]["threshold"] == parameters["threshold"]
    third = release(project, tmp_path / "three", kind="offers", threshold_from="bought:0.25")
    assert third.spent == second.spent + Decimal("1.25")


def test_a_bought_threshold_lies_near_the_quantile(project: Path, tmp_path: Path) -> None:
    for lowest in (False, True):
        select(project, fraction="0.25", lowest=lowest)
        to = tmp_path / f"lowest {lowest}"
        release(project, to, threshold_from="bought:100", epsilon="100", budget="300")
        threshold = float(document_of(to)["parameters"]["threshold"]["value"])
        values = np.array(workflow.scores(project)["loss"])
        beyond = values <= threshold if lowest else values >= threshold
        assert 8 <= beyond.sum() <= 12


def test_a_bought_threshold_has_a_line_of_its_own(project: Path, tmp_path: Path) -> None:
    select(project, fraction="0.25")
    release(project, tmp_path / "one", threshold_from="bought:0.5")
    entries = workflow.ledger(project)[0].entries
    (line,) = [entry for entry in entries if entry.threshold_of is not None]
    assert line.terms is not None
    assert (line.kind, line.epsilon, line.terms.score) == ("reserved", "0.5", "loss")


def test_nothing_is_bought_where_there_is_nothing_to_buy_or_no_place(
    people: Path, tmp_path: Path
) -> None:
    asked = {"kind": "offers", "threshold_from": "bought:0.5"}
    select(people, fraction="0.25")
    release(people, tmp_path / "one", kind="report", bins="0.5")
    before = workflow.ledger(people)
    write_json(tmp_path / "taken" / "note.json", {})
    with pytest.raises(UnusableError, match="is not empty"):
        release(people, tmp_path / "taken", **asked)
    # Of each person the one record that may take part, so that nobody is left to be cut.
    kept = taking_part(people)
    workflow.select_records(people, None, withhold=kept)
    assert len(kept) < 40
    with pytest.raises(UsageError, match="nothing to buy"):
        release(people, tmp_path / "two", **asked)
    assert workflow.ledger(people) == before


def taking_part(project: Path) -> list[str]:
    """Return the records of people that were chosen to take part, one of each."""
    index, desk = Project.open(project).table.index, Desk(Path(os.environ["DATASELECT_HOME"]))
    keys = record_keys(index.content, index.people)
    assert index.people is not None
    kept = desk.kept_already(unit_marks(keys, index.people), keys, 1)
    assert kept is not None
    return [index.ids[row] for row in np.flatnonzero(kept).tolist()]


def test_a_budget_that_does_not_allow_both_buys_nothing(project: Path, tmp_path: Path) -> None:
    select(project, fraction="0.25")
    with pytest.raises(RefusedError, match=r"needs ε 1\.5; 1 is left"):
        release(project, tmp_path / "b", threshold_from="bought:0.5", budget="1")
    assert {entry.kind for entry in workflow.ledger(project)[0].entries} == {"opened"}


@pytest.mark.parametrize("step", ["reserve", "keep_draw"])
def test_a_purchase_that_was_cut_off_is_paid_once(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Also where the budget has room for no more than one."""
    select(project, fraction="0.25")
    asked = {"kind": "offers", "threshold_from": "bought:0.5", "budget": "1.5"}

    class PowerCutError(Exception):
        pass

    real = getattr(Session, step)

    def die(*arguments: object, **more: object) -> None:
        real(*arguments, **more)
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(Session, step, die)
        with pytest.raises(PowerCutError):
            release(project, tmp_path / "b", **asked)
    assert workflow.ledger(project)[0].total_plain == Decimal("0.5")
    preview = release(project, tmp_path / "b", **asked, dry_run=True).preview
    assert preview is not None
    assert preview.cost == 1
    assert release(project, tmp_path / "b", **asked).left == 0
    assert is_verified(tmp_path / "b")

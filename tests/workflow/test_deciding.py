"""What is left out is decided without looking; what is chosen after looking claims nothing."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UsageError
from dataselect_gui.privacy.mechanisms.laplace_on_counts import LaplaceOnCounts
from dataselect_gui.project.project import Project
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.selection.rules import Everything
from dataselect_gui.texts.promises import BY_RULE, EVERYTHING, EVERYTHING_CHOSEN
from dataselect_gui.workflow import CountAnswers
from tests.decisions import ANSWERS, EVERY, SURE, WRONG, calibration, decide, losses, undecided
from tests.ledgers import Desk
from tests.releases import document_of, failed, is_verified, rebuild, release

pytestmark = pytest.mark.usefixtures("home")


def look(project: Path) -> None:
    """See the scores."""
    workflow.scores(project)


def rule_of(project: Path) -> workflow.Rule | None:
    stored = Project.open(project).settings.rule
    return None if stored is None else stored.rule


def spent(project: Path) -> Decimal:
    return workflow.account(project).total_plain


# Taken before any score is shown


def test_leaving_out_what_looks_wrong_is_claimed_where_it_was_decided_before(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    decision = decide(project, "wrong")
    assert decision is not None
    assert (decision.leave_out, decision.taken, decision.is_changed) == ("wrong", "before", False)
    assert rule_of(project) == read_rule(WRONG)
    look(project)
    done = release(project, tmp_path / "b")
    assert (done.epsilon, done.conditional) == ("1", False)
    assert document_of(tmp_path / "b")["parameters"]["rule"]["from"] == "agreed beforehand"
    assert is_verified(tmp_path / "b")
    assert decision == workflow.decision(project)


def test_a_rule_that_the_request_also_asks_for_is_the_requests(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6), rule=WRONG)
    decide(project, "wrong")
    release(project, tmp_path / "b")
    assert document_of(tmp_path / "b")["parameters"]["rule"]["from"] == "the consortium's request"


def test_everything_is_settled_where_it_was_decided_before(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    decide(project, "none")
    look(project)
    done = release(project, tmp_path / "b", **EVERY)
    assert (done.promise, done.conditional) == (EVERYTHING, False)
    assert is_verified(tmp_path / "b")


def test_it_may_be_decided_anew_as_long_as_nobody_looked(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    decide(project, "none")
    decision = decide(project, "wrong")
    assert decision is not None
    assert (decision.leave_out, decision.taken, decision.is_changed) == ("wrong", "before", False)


def test_what_is_selected_before_looking_is_decided(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    workflow.select_records(project, Everything())
    look(project)
    decide(project, "wrong")
    done = release(project, tmp_path / "b")
    assert (done.epsilon, done.conditional) == (None, True)


# Changed after viewing


@pytest.mark.parametrize("source", ["agreed", "request"])
def test_a_change_of_mind_after_looking_claims_nothing(tmp_path: Path, source: str) -> None:
    project = undecided(tmp_path, losses(6), rule=WRONG)
    decide(project, "none")
    look(project)
    decision = decide(project, "wrong")
    assert decision is not None
    assert (decision.leave_out, decision.taken, decision.is_changed) == ("none", "before", True)
    foreseen = release(project, tmp_path / "b", dry_run=True)
    assert (foreseen.epsilon, foreseen.conditional, foreseen.promise) == (None, True, BY_RULE)
    done = release(project, tmp_path / "b")
    assert (done.epsilon, done.conditional, done.promise) == (None, True, BY_RULE)
    assert is_verified(tmp_path / "b")
    with pytest.raises(UsageError, match="chosen after viewing"):
        release(project, tmp_path / "c", threshold_from=source)


def test_the_same_without_the_look_is_claimed(tmp_path: Path) -> None:
    """The control: it is the view that makes it conditional."""
    project = undecided(tmp_path, losses(6), rule=WRONG)
    decide(project, "none")
    decide(project, "wrong")
    assert not release(project, tmp_path / "b").conditional


def test_going_back_to_what_was_decided_is_claimed(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    decide(project, "none")
    look(project)
    decide(project, "wrong")
    decision = decide(project, "none")
    assert decision is not None
    assert not decision.is_changed
    assert release(project, tmp_path / "b", **EVERY).promise == EVERYTHING


def test_everything_instead_of_what_was_decided_is_conditional(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    decide(project, "wrong")
    look(project)
    decide(project, "none")
    done = release(project, tmp_path / "b", **EVERY)
    assert (done.promise, done.conditional) == (EVERYTHING_CHOSEN, True)
    assert is_verified(tmp_path / "b")
    decide(project, "wrong")
    assert release(project, tmp_path / "c").epsilon == "1"  # It covers whom it left out as ever.
    document = document_of(tmp_path / "b")
    document["conditional"] = False
    rebuild(tmp_path / "b", document)
    assert failed(tmp_path / "b")


def test_a_cut_or_a_bought_threshold_instead_of_what_was_decided_claims_nothing(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6), bounds={"loss": [0, 1]})
    decide(project, "none")
    look(project)
    workflow.select_records(project, workflow.make_rule("loss", fraction="0.5"))
    assert release(project, tmp_path / "b").conditional
    for source in ("agreed", "bought:0.5"):
        with pytest.raises(UsageError, match="chosen after viewing"):
            release(project, tmp_path / "c", threshold_from=source)
    assert spent(project) == 1


def test_what_was_never_decided_and_is_chosen_after_looking_claims_nothing(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6), rule=WRONG)
    look(project)
    decision = decide(project, "wrong")
    assert decision is not None
    assert decision.taken == "after"
    assert release(project, tmp_path / "b").conditional
    assert workflow.decide(project, "none", None, ANSWERS) is None
    assert release(project, tmp_path / "c", **EVERY).promise == EVERYTHING


# A noised count decides


@pytest.mark.parametrize(("wrong", "answer"), [(8, "none"), (9, "wrong"), (0, "none"), (40, "wrong")])
def test_the_cut_is_twice_alpha_of_the_records(tmp_path: Path, wrong: int, answer: str) -> None:
    """2 · 0.1 · 40 = 8: as many are not more."""
    project = undecided(tmp_path, losses(wrong))
    decision = decide(project, "count", SURE)
    assert decision is not None
    assert decision.answer == answer
    assert rule_of(project) == (read_rule(WRONG) if answer == "wrong" else Everything())


def test_a_count_is_charged_and_its_epsilon_is_in_what_is_claimed(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    decide(project, "count", SURE)
    assert spent(project) == 50
    look(project)
    done = release(project, tmp_path / "b", budget=None)
    assert (done.epsilon, done.conditional) == ("51", False)
    assert is_verified(tmp_path / "b")
    stated = document_of(tmp_path / "b")
    assert stated["parameters"]["rule_epsilon"]["value"] == SURE
    assert "the answer of a noised count" in " ".join(stated["assumptions"])
    assert (
        "(1 for the draw and 50 for the count that decided)" in (tmp_path / "b/README.md").read_text()
    )
    stated["parameters"].pop("rule_epsilon")
    stated["epsilon"] = "1"
    rebuild(tmp_path / "b", stated)
    assert failed(tmp_path / "b")


@pytest.mark.parametrize("source", ["agreed", "request"])
def test_what_a_count_decided_cannot_be_passed_off_as_agreed(tmp_path: Path, source: str) -> None:
    project = undecided(tmp_path, losses(20), rule=WRONG)
    decide(project, "count", SURE)
    assert release(project, tmp_path / "b", budget=None, threshold_from=source).epsilon == "51"


def test_everything_by_a_count_is_charged_too(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(0))
    decide(project, "count", SURE)
    look(project)
    assert release(project, tmp_path / "b", **EVERY).promise == EVERYTHING
    assert spent(project) == 50


def test_the_charge_is_on_disk_before_the_draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = undecided(tmp_path, losses(20))

    class KilledError(Exception):
        pass

    def killed(*_arguments: object) -> bool:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr("dataselect_gui.release.deciding.draw_answers", killed)
        with pytest.raises(KilledError):
            decide(project, "count", "0.1")
    assert spent(project) == Decimal("0.1")
    decision = workflow.decision(project)
    assert decision is not None
    assert decision.is_waiting
    assert rule_of(project) is None
    decide(project, "count", "0.1")
    assert spent(project) == Decimal("0.1")


def answers_of(folder: Path, monkeypatch: pytest.MonkeyPatch, *, forgetful: bool) -> set[str | None]:
    """Ask the same of copies of a project, against noise that goes up and down by turns."""
    noise = iter([100, -100] * 10)
    monkeypatch.setattr(
        LaplaceOnCounts,
        "add_noise",
        lambda _self, values: np.asarray(values) + next(noise),
    )
    seen: set[str | None] = set()
    for number in range(4):
        project = undecided(folder, losses(8), name=f"copy {number}")
        decision = decide(project, "count", "0.1")
        assert decision is not None
        seen.add(decision.answer)
        if forgetful:
            shutil.rmtree(folder / "home")
    return seen


def test_the_same_question_has_the_same_answer_at_no_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answers_of(tmp_path, monkeypatch, forgetful=False) == {"wrong"}
    assert spent(tmp_path / "copy 0.dataselect") == Decimal("0.1")


def test_a_count_that_is_drawn_anew_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without what the ledger kept, the answers differ."""
    assert answers_of(tmp_path, monkeypatch, forgetful=True) == {"wrong", "none"}


def test_another_question_is_charged_anew_and_adds_up(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    decide(project, "count", SURE)
    decide(project, "count", "40")
    assert spent(project) == 90
    assert release(project, tmp_path / "b", budget=None, epsilon="2").epsilon == "92"


def test_a_choice_after_a_count_still_pays_for_it(tmp_path: Path) -> None:
    """It may follow from what the count said."""
    project = undecided(tmp_path, losses(0))
    decide(project, "count", SURE)
    decide(project, "wrong")
    assert release(project, tmp_path / "b", budget=None).epsilon == "51"


def test_a_count_beyond_the_budget_is_refused_and_nothing_is_drawn(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    with pytest.raises(RefusedError):
        decide(project, "count", "0.1", CountAnswers(in_training="no"))
    with pytest.raises(RefusedError):
        decide(project, "count", "0.1", CountAnswers(in_training="no", budget="0.05"))
    assert spent(project) == 0
    assert workflow.account(project).budget is None
    decision = workflow.decision(project)
    assert decision is not None
    assert decision.is_waiting
    look(project)  # It was decided before, and may be drawn still.
    done = decide(project, "count", "0.1")
    assert done is not None
    assert done.taken == "before"
    assert done.answer is not None


@pytest.mark.parametrize("answer", ["yes", "unknown", None])
def test_no_count_where_no_epsilon_can_be_claimed(tmp_path: Path, answer: str | None) -> None:
    project = undecided(tmp_path, losses(20))
    with pytest.raises(UsageError):
        decide(project, "count", "0.1", CountAnswers(in_training=answer, budget="4"))
    assert spent(project) == 0


def test_a_training_under_privacy_is_charged_with_the_count(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    with pytest.raises(RefusedError):
        decide(project, "count", "0.1", CountAnswers(in_training="dp:2,0.00001", budget="2"))
    decide(project, "count", "0.1", CountAnswers(in_training="dp:2,0.00001", budget="3"))
    assert spent(project) == Decimal("2.1")


def test_no_count_after_looking(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    look(project)
    with pytest.raises(UsageError, match="cannot decide any more"):
        decide(project, "count", "0.1")
    assert spent(project) == 0


def test_of_a_person_at_most_m_records_are_counted_and_noise_grows_with_m(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three records a person, all wrong: one of each counts."""
    scales = []
    add_noise = LaplaceOnCounts.add_noise

    def noted(mechanism: LaplaceOnCounts, values: object) -> object:
        scales.append((mechanism.scale, np.asarray(values).tolist()))
        return add_noise(mechanism, np.asarray(values))

    monkeypatch.setattr(LaplaceOnCounts, "add_noise", noted)
    for m in (1, 2):
        folder = tmp_path / str(m)
        monkeypatch.setenv("DATASELECT_HOME", str(folder / "home"))
        project = undecided(folder, losses(40), unit_column="patient", seed=m)
        answers = CountAnswers(in_training="no", budget="10", max_contributions=m)
        decide(project, "count", "0.5", answers)
    assert [scale for scale, _counted in scales] == pytest.approx([1 / 0.5, 2 / 0.5])
    assert [counted for _scale, counted in scales] == [[14], [27]]  # 13 persons with 3, one with 1.
    with pytest.raises(RefusedError, match="another unit"):
        release(project, tmp_path / "b", budget=None, max_contributions=1)


# Where it cannot be asked


@pytest.mark.parametrize("leave_out", ["wrong", "count"])
@pytest.mark.parametrize(
    ("stated", "why"),
    [
        (None, "no calibration"),
        (calibration(bird=None, cat=None), "too few"),
        (calibration(bird=0.5, horse=0.5), "horse"),
    ],
)
def test_what_looks_wrong_is_not_known_without_a_calibration_that_fits(
    tmp_path: Path, leave_out: workflow.LeaveOut, stated: object, why: str
) -> None:
    project = undecided(tmp_path, losses(6), calibration=stated)
    with pytest.raises(UsageError, match=why):
        decide(project, leave_out)
    assert decide(project, "none") is not None


def test_a_count_against_more_than_all_is_refused(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6), calibration=calibration(0.5))
    with pytest.raises(UsageError, match="below"):
        decide(project, "count")


def test_records_that_are_not_scored_yet_are_not_counted(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    Project.open(project).table.column("loss").done[3] = 0
    with pytest.raises(UsageError, match="for all"):
        decide(project, "wrong")


# Elsewhere


def test_a_project_of_an_earlier_form_has_no_decision(tmp_path: Path) -> None:
    for folder in sorted(Path(__file__).parents[1].joinpath("earlier").iterdir()):
        earlier = Path(shutil.copytree(folder, tmp_path / folder.name))
        assert workflow.decision(earlier) is None
        assert workflow.look(earlier).decision is None


@pytest.mark.parametrize(
    "damaged",
    [
        {"leave_out": "wrong"},
        {"leave_out": "none", "answer": "none"},
        {"leave_out": "count", "rule": WRONG, "alpha": "0.1"},
        {"leave_out": "count", "rule": WRONG, "alpha": "0.1", "epsilon": "-1"},
        {"leave_out": "wrong", "rule": "everything", "alpha": "0.1"},
        {"leave_out": "all"},
    ],
)
def test_a_damaged_decision_is_noticed(tmp_path: Path, damaged: dict[str, object]) -> None:
    from dataselect_gui.errors import UnusableError

    project = undecided(tmp_path, losses(6))
    path = project / "project.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, "decision": damaged}), encoding="utf-8")
    with pytest.raises(UnusableError, match="cannot be opened"):
        workflow.decision(project)


def test_the_ledger_says_that_a_count_decided_and_keeps_its_answer_alone(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(20))
    decide(project, "count", SURE)
    lines = workflow.statement_in_words(workflow.account(project))
    said = "A count with noise decided whether records that look wrong are left out"
    (line,) = [line for line in lines if said in line]
    assert f" {SURE} " in line
    (entry,) = [entry for entry in workflow.account(project).entries if entry.decides is not None]
    assert entry.release is not None
    assert Desk(tmp_path / "home").draw_of(entry.release) == b"wrong"

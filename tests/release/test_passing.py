"""The report of how many records pass the rule, in all and by class."""

import math
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import FaultError, UsageError
from dataselect_gui.privacy.identity import record_keys
from dataselect_gui.project.project import Project
from dataselect_gui.release.checks import discrete_gaussian, laplace_on_counts
from dataselect_gui.release.checks.stated import Stated
from dataselect_gui.texts.promises import NOT_WORTH
from tests.decisions import losses, undecided
from tests.helpers import config, write_json
from tests.ledgers import Desk
from tests.projects import consortium, owner_records, scored_project
from tests.release.test_rules import BY_CLASS, CLASSES, HALF, made, pick, rows_of
from tests.releases import document_of, failed, files, is_verified, rebuild, release, select, table

pytestmark = pytest.mark.usefixtures("home")

PASSING: dict[str, Any] = {"kind": "report", "passing": True}
SURE: dict[str, Any] = {"epsilon": "300", "budget": "300"}
"""At which a count is hardly ever off."""


def counted(bundle: Path) -> dict[str, float]:
    """Return the numbers that pass, by class."""
    rows = table(bundle, "report.csv")
    assert {(row["table"], row["from"], row["to"]) for row in rows} == {("passing", "", "")}
    return {row["class"]: float(row["count"]) for row in rows}


def passes(row: dict[str, Any]) -> bool:
    """Apply `BY_CLASS` to one record by hand."""
    most = {"bird": 0.4, "cat": 0.8, "dog": math.inf}[row["label"]]
    return bool(row["loss"] <= most and 0.1 <= row["vog"] <= 0.9)


def test_a_report_counts_those_that_pass_by_class(tmp_path: Path) -> None:
    project = made(tmp_path, rule=BY_CLASS)
    pick(project, BY_CLASS)
    done = release(project, tmp_path / "b", by_class=True, **PASSING, **SURE)
    passing = [row["label"] for row in rows_of(project) if passes(row)]
    assert counted(tmp_path / "b") == {**{name: passing.count(name) for name in CLASSES}, "other": 0}
    assert (done.epsilon, done.conditional, done.spent) == ("300", False, Decimal(300))
    assert is_verified(tmp_path / "b")
    document = document_of(tmp_path / "b")
    assert document["parameters"]["rule"]["from"] == "the consortium's request"
    assert document["parameters"]["passing"]["value"] is True
    assert "the rule was in the consortium's request before anybody looked" in document["assumptions"]


def test_the_card_says_what_the_number_is_not(tmp_path: Path) -> None:
    project = made(tmp_path, rule=BY_CLASS)
    pick(project, BY_CLASS)
    release(project, tmp_path / "b", by_class=True, **PASSING)
    content = files(tmp_path / "b")
    card = content["README.md"].decode()
    assert f"- {NOT_WORTH}" in card
    assert "- How many records the rule picks, by class." in card
    assert "copies of easy records pass too" in card
    assert "by a rule on each record." in content["croissant.json"].decode()


@pytest.mark.parametrize("by_class", [False, True])
@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("mechanism", ["discrete-laplace", "discrete-gaussian"])
def test_each_record_counts_once(tmp_path: Path, mechanism: str, m: int, by_class: bool) -> None:
    """A record passes in one class, then in another: 2 of L1 and √2 of L2; in all it passes or not."""
    project = made(tmp_path, unit_column="patient", rule=BY_CLASS)
    pick(project, BY_CLASS)
    delta = {"delta": "1e-6"} if mechanism == "discrete-gaussian" else {}
    asked = {**PASSING, "mechanism": mechanism, **delta}
    release(project, tmp_path / "b", by_class=by_class, max_contributions=m, **asked)
    assert is_verified(tmp_path / "b")
    noise = document_of(tmp_path / "b")["parameters"]["noise"]["value"]
    moved = 2 if by_class else 1
    if mechanism == "discrete-laplace":
        assert noise["scale_in_steps"] == m * moved
    else:
        assert noise["squared_l2_sensitivity_in_steps"] == (1000 * m) ** 2 * moved
        assert noise["scale_in_steps"] / (1000 * m * math.sqrt(moved)) == pytest.approx(4.6, abs=0.3)


def test_only_m_records_of_a_person_are_counted(tmp_path: Path) -> None:
    rule = {"conditions": [{"score": "loss", "least": 0}]}  # All pass.
    project = made(tmp_path, unit_column="patient", rule=rule)
    pick(project, rule)
    release(project, tmp_path / "b", max_contributions=2, **PASSING, **SURE)
    # 13 people with three records and one with a single one.
    assert counted(tmp_path / "b") == {"": 27}


@pytest.mark.parametrize("lowest", [False, True])
def test_a_threshold_is_a_rule_too(tmp_path: Path, lowest: bool) -> None:
    project = made(tmp_path)
    select(project, threshold="0.5", lowest=lowest)
    asked = {"bins": "0.25", "threshold_from": "agreed", **PASSING, **SURE}
    release(project, tmp_path / "b", **asked)
    losses = [row["loss"] for row in rows_of(project)]
    rows = [(row["table"], float(row["count"])) for row in table(tmp_path / "b", "report.csv")]
    assert rows == [
        ("histogram", sum(loss < 0.25 for loss in losses)),
        ("histogram", sum(loss >= 0.25 for loss in losses)),
        ("passing", sum(loss <= 0.5 if lowest else loss >= 0.5 for loss in losses)),
    ]
    assert document_of(tmp_path / "b")["parameters"]["noise"]["value"]["scale_in_steps"] == 3 / 300
    assert is_verified(tmp_path / "b")


def test_those_that_a_coin_keeps_are_counted(tmp_path: Path) -> None:
    project = made(tmp_path, rule=HALF)
    pick(project, HALF)
    release(project, tmp_path / "b", by_class=True, **PASSING, **SURE)
    index = Project.open(project).table.index
    coins = Desk(Path(os.environ["DATASELECT_HOME"])).coins_of(record_keys(index.content, None))
    kept = [int(coin) < 10**18 // 2 for coin in coins]
    cats = sum(keeps for keeps, name in zip(kept, index.labels, strict=True) if name == "cat")
    assert 0 < cats < list(index.labels).count("cat")
    assert counted(tmp_path / "b")["cat"] == cats
    assert is_verified(tmp_path / "b")


def test_the_same_again_is_the_same_draw(tmp_path: Path) -> None:
    project = made(tmp_path, rule=BY_CLASS)
    pick(project, BY_CLASS)
    first = release(project, tmp_path / "one", by_class=True, **PASSING)
    again = release(project, tmp_path / "two", by_class=True, **PASSING)
    assert (again.repeated, again.release, again.spent) == (True, first.release, Decimal(1))
    assert files(tmp_path / "one") == files(tmp_path / "two")
    third = release(project, tmp_path / "three", **PASSING)
    assert (third.repeated, third.spent) == (False, Decimal(2))


def test_a_bought_threshold_is_charged_too(tmp_path: Path) -> None:
    project = made(tmp_path)
    select(project, fraction="0.25")
    done = release(project, tmp_path / "b", threshold_from="bought:0.5", **PASSING)
    assert (done.epsilon, done.conditional) == ("1.5", False)
    assert is_verified(tmp_path / "b")


def test_a_rule_that_was_decided_on_before_looking_is_claimed(tmp_path: Path) -> None:
    """By the owner, or by a noised count whose ε is in what is claimed."""
    ways: list[tuple[workflow.LeaveOut, str | None, str]] = [
        ("wrong", None, "1"),
        ("count", "50", "51"),
    ]
    for seed, (leave_out, epsilon, claimed) in enumerate(ways):  # Nobody saw these records before.
        place = tmp_path / leave_out
        project = undecided(place, losses(20), seed=seed)
        answers = workflow.CountAnswers(in_training="no", budget="100")
        workflow.decide(project, leave_out, epsilon, answers)
        done = release(project, place / "b", by_class=True, budget="100", **PASSING)
        assert (done.epsilon, done.conditional) == (claimed, False)
        assert is_verified(place / "b")


@pytest.mark.parametrize(
    ("rule", "asked", "complaint"),
    [
        (BY_CLASS, {"threshold_from": "viewed"}, "a public threshold or rule"),
        (BY_CLASS, {"bins": "0.5"}, "goes by one score"),
        (BY_CLASS, {"count_threshold": "0.5"}, "goes by one score"),
        (BY_CLASS, {"passing": False, "bins": "0.5"}, "goes by one score"),
        (BY_CLASS, {"passing": False, "by_class": True}, "goes by one score"),
        (BY_CLASS, {"kind": "records"}, "--passing does not belong here"),
        ("everything", {}, "all records that may leave"),
    ],
)
def test_what_is_no_number_to_settle_on_is_refused(
    tmp_path: Path, rule: object, asked: dict[str, Any], complaint: str
) -> None:
    project = made(tmp_path, rule=BY_CLASS)
    pick(project, rule)
    with pytest.raises(UsageError, match=complaint):
        release(project, tmp_path / "b", **{**PASSING, **asked})
    assert not (tmp_path / "b").exists()


def test_a_threshold_that_was_viewed_is_refused(tmp_path: Path) -> None:
    project = made(tmp_path)
    for rule in ({"threshold": "0.25"}, {"count": "9"}, {"fraction": "0.5"}):
        select(project, **rule)
        with pytest.raises(UsageError, match="a public threshold or rule"):
            release(project, tmp_path / "b", **PASSING)


# The receiver's check


@pytest.mark.parametrize("by_class", [False, True])
def test_the_check_counts_by_itself(by_class: bool) -> None:
    """Laplace noise of scale b on numbers that m records move by Δ each is (mΔ/b)-DP."""
    moved = 2 if by_class else 1
    parameters: dict[str, dict[str, object]] = {
        "passing": {"value": True},
        "noise": {"value": {"scale_in_steps": 3.0 * moved}},
    }
    if by_class:
        parameters["classes"] = {"value": ["a", "b"]}
    stated = Stated(Decimal(1), None, 3, parameters)
    laplace_on_counts.check(stated)
    with pytest.raises(FaultError, match="too small"):
        laplace_on_counts.check(replace(stated, max_contributions=4))
    # At σ = 3.2 Δ the exact δ of ε = 1 is 0.0000944, at 3.1 Δ it is 0.0001405.
    for ratio, is_enough in ((3.2, True), (3.1, False)):
        noise = {"scale_in_steps": ratio * 1000 * 3 * math.sqrt(moved)}
        normal = replace(
            stated, delta=Decimal("0.0001"), parameters={**parameters, "noise": {"value": noise}}
        )
        if is_enough:
            discrete_gaussian.check_counts(normal)
        else:
            with pytest.raises(FaultError, match="too small"):
                discrete_gaussian.check_counts(normal)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["parameters"].pop("passing"),
        lambda document: document["parameters"]["passing"].update(value=False),
        lambda document: document["parameters"].pop("rule"),
        lambda document: document["parameters"]["rule"].update({"from": "chosen after viewing"}),
        lambda document: document["parameters"]["noise"]["value"].update(scale_in_steps=1.0),
    ],
)
def test_a_changed_document_fails(tmp_path: Path, change: Any) -> None:  # noqa: ANN401
    project = made(tmp_path, rule=BY_CLASS)
    pick(project, BY_CLASS)
    release(project, tmp_path / "b", by_class=True, **PASSING)
    document = document_of(tmp_path / "b")
    change(document)
    rebuild(tmp_path / "b", document)
    assert failed(tmp_path / "b")


# Classes that a model tells in other ways


def test_a_model_with_one_logit_has_its_one_class_and_the_others(tmp_path: Path) -> None:
    folder = consortium(tmp_path / "consortium", task="binary")
    write_json(folder / "config.json", config(("cat",)))
    project = scored_project(tmp_path / "p.dataselect", owner_records(tmp_path / "r.npz"), folder)
    select(project, threshold="0.5")
    release(project, tmp_path / "b", bins="0.25", by_class=True, **PASSING, **SURE)
    rows = rows_of(project)
    expected = {
        (table_, name, low): sum(
            (row["label"] == "cat") == (name == "cat") and low_ <= row["loss"] < high_ for row in rows
        )
        for name in ("cat", "other")
        for table_, low, low_, high_ in (
            ("histogram", "-inf", -math.inf, 0.25),
            ("histogram", "0.25", 0.25, math.inf),
            ("passing", "", 0.5, math.inf),
        )
    }
    assert {
        (row["table"], row["class"], row["from"]): float(row["count"])
        for row in table(tmp_path / "b", "report.csv")
    } == expected
    assert sum(expected.values()) == 40 + sum(row["loss"] >= 0.5 for row in rows)
    assert is_verified(tmp_path / "b")


def test_records_of_several_classes_are_not_counted_by_class(tmp_path: Path) -> None:
    """A record in k classes would count k times, which no noise here covers."""
    folder = consortium(tmp_path / "consortium")
    write_json(folder / "config.json", config(problem_type="multi_label_classification"))
    project = scored_project(tmp_path / "p.dataselect", owner_records(tmp_path / "r.npz"), folder)
    select(project, threshold="0.5")
    for asked in (PASSING, {"kind": "report", "bins": "0.5"}):
        with pytest.raises(UsageError, match="exclude each other"):
            release(project, tmp_path / "b", by_class=True, **asked)
    release(project, tmp_path / "b", **PASSING, **SURE)
    assert counted(tmp_path / "b") == {"": sum(row["loss"] >= 0.5 for row in rows_of(project))}
    assert workflow.digest_of(tmp_path / "b")

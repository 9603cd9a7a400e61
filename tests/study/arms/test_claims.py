"""The table of claims, filled from made-up results, by the rule that was fixed beforehand."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest
from msgspec import structs

from dataselect_gui.study.arms.plan import EVERYTHING, RANDOM, RULE, Arm, ArmChoices, Cell
from dataselect_gui.study.arms.planting import read_planting
from tests.study.arms.test_answers import findings_of

RESOURCES = Path(__file__).parents[3] / "resources"


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(RESOURCES))
    return importlib.import_module("study_claims")


def on_dirt(arm: Arm, cell: Cell) -> float:
    """By 8 points without DP, by 2 with it, on planted dirt alone."""
    return (0.02 if cell.epsilon else 0.08) if arm == RULE and cell.planted else 0.0


def test_each_outcome_follows_from_the_figures(claims: ModuleType, tmp_path: Path) -> None:
    findings = findings_of(tmp_path / "s", on_dirt, spread=0.0)
    page = claims.claims_page({"fashion-mnist": findings})
    lines = [line for line in page.splitlines() if line.startswith("| fashion-mnist |")][:8]
    outcomes = [line.split(" | ")[-1].removesuffix(" |") for line in lines]
    # Clean: it shall not help, and does not. Dirt: of 11.8, 13.1, 3.2 and 2.7 there are 8, 8, 2 and 2.
    assert outcomes == ["confirmed"] * 4 + ["confirmed"] * 4
    half = structs.replace(findings, comparisons=[
        structs.replace(c, difference=structs.replace(c.difference, mean=c.difference.mean / 2))
        for c in findings.comparisons
    ])  # fmt: skip
    page = claims.claims_page({"fashion-mnist": half})
    assert page.count("| weaker |") == 4
    assert page.count("| not run |") == 8
    nothing = findings_of(tmp_path / "n", lambda *_: 0.0)
    page = claims.claims_page({"cifar10": nothing})
    cifar = [line for line in page.splitlines() if line.startswith("| cifar10 | everything at once")]
    assert [line.endswith("| not confirmed |") for line in cifar[:4]] == [True] * 4


def test_a_rule_that_helps_on_clean_records_contradicts_the_claim(
    claims: ModuleType, tmp_path: Path
) -> None:
    def everywhere(arm: Arm, _cell: Cell) -> float:
        return 0.05 if arm == RULE else 0.0

    page = claims.claims_page({"chest-xray": findings_of(tmp_path / "s", everywhere)})
    xray = [line for line in page.splitlines() if line.startswith("| chest-xray | none")]
    assert [line.endswith("| not confirmed |") for line in xray[:4]] == [True] * 4


def test_every_cell_is_claimed_once_and_the_page_is_there_before_any_run(claims: ModuleType) -> None:
    cells = [(c.study, c.planted, c.epsilon, c.against) for c in claims.CLAIMS]
    assert len(set(cells)) == len(cells) == 16
    assert {against for *_cell, against in cells} == {RANDOM, EVERYTHING}
    kept = RESOURCES / "study" / "rule"
    results = claims.read_results(kept)
    assert (kept / "CLAIMS.md").read_text(encoding="utf-8") == claims.claims_page(results)


def test_the_parameters_are_those_of_a_study(claims: ModuleType) -> None:
    parameters = json.loads((RESOURCES / "study" / "rule" / "parameters.json").read_text("utf-8"))
    planted = parameters["everything at once"]
    assert str(read_planting(planted)) == planted
    assert parameters["seeds"] >= 12
    assert parameters["alpha"] == ArmChoices().alpha
    assert {claim.study for claim in claims.CLAIMS} <= set(parameters["sets"])

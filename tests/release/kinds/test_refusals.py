"""What makes no sense is said before anything is drawn."""

from pathlib import Path
from typing import Any

import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UsageError
from tests.helpers import config, write_json
from tests.projects import consortium, scored_project
from tests.release.kinds.asked import KINDS
from tests.releases import (
    document_of,
    is_verified,
    release,
    select,
)

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"kind": "songs"}, "cannot be released"),
        ({"kind": "scores", "mechanism": "one-sided"}, "no mechanism"),
        ({"kind": "offers", "mechanism": "exact"}, "no mechanism"),
        ({"kind": "report"}, "Choose what is to be counted"),
        ({"kind": "report", "bins": "0.5,0.25"}, "ascending"),
        ({"kind": "report", "bins": "a,b"}, "--bins cannot be"),
        ({"kind": "report", "bins": "0.5", "mechanism": "discrete-gaussian"}, "δ is missing"),
        ({"kind": "report", "bins": "0.5", "delta": "1e-6"}, "--delta does not belong"),
        ({"kind": "scores", "bins": "0.5"}, "--bins does not belong"),
        ({"kind": "scores", "bounds": "1,0"}, "highest possible value of the score"),
        ({"kind": "scores", "bounds": "0"}, "highest possible value of the score"),
        ({"mechanism": "noisy-top-k"}, "How many shall be taken"),
        ({"mechanism": "noisy-top-k", "count": 41}, "How many shall be taken"),
        ({"threshold_from": "bought:0.5"}, "nothing to buy"),
        ({"threshold_from": "bought:no"}, "The threshold's ε cannot be"),
        ({"epsilon": "1e-400"}, "ε cannot be"),
        ({"epsilon": "1e-999999999"}, "ε cannot be"),
        ({"epsilon": "1e999999999"}, "ε cannot be"),
        ({"epsilon": "0." + "9" * 40}, "ε cannot be"),
        ({"epsilon": "301"}, "ε cannot be"),
        ({"budget": "1e-13"}, "The budget cannot be"),
        ({**KINDS["gaussian report"], "delta": "1e-400"}, "δ cannot be"),
        ({**KINDS["gaussian report"], "delta": "0.2"}, "δ cannot be"),
        ({"kind": "report", "bins": "1e-999999999"}, "--bins cannot be"),
        ({"kind": "report", "bins": "0.1,0.10000000000000000001"}, "ascending"),
        ({"kind": "report", "count_threshold": "1e400"}, "--count-threshold cannot be"),
        (
            {"kind": "scores", "bounds": "1,1.00000000000000000001"},
            "highest possible value of the score",
        ),
        ({"kind": "scores", "bounds": "1e25,1e25.1"}, "--bounds cannot be"),
        ({"kind": "scores", "pad_to": 10**12}, "--pad-to cannot be"),
        ({"kind": "gradient", "delta": "1e-6", "clip": "0"}, "--clip cannot be"),
        ({"kind": "gradient", "delta": "1e-6", "clip": "1e-400"}, "--clip cannot be"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_drawn(
    project: Path, tmp_path: Path, asked: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        release(project, tmp_path / "b", **asked)
    assert not (tmp_path / "b").exists()
    assert {entry.kind for entry in workflow.ledger(project)[0].entries} <= {"opened"}


@pytest.mark.parametrize("name", ["a\rb", "a\nb", "\0", ""])
def test_a_class_that_no_table_can_hold_is_told_before_anything_is_drawn(
    tmp_path: Path, source: Path, name: str
) -> None:
    folder = consortium(tmp_path / "odd")
    write_json(folder / "config.json", config(("bird", "cat", "dog", name)))
    project = scored_project(tmp_path / "odd.dataselect", source, folder)
    select(project, threshold="0.5")
    asked = {"kind": "report", "bins": "0.5"}
    if name:
        with pytest.raises(UsageError, match="Counting by class is not possible"):
            release(project, tmp_path / "b", **asked, by_class=True)
    else:
        release(project, tmp_path / "b", **asked, by_class=True)
        assert is_verified(tmp_path / "b")
    release(project, tmp_path / "c", **asked)


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "nan", "", "1" * 40, "0x1"])
def test_a_rule_has_a_number_that_a_score_can_have(project: Path, text: str) -> None:
    with pytest.raises(UsageError, match="The threshold cannot be"):
        select(project, threshold=text)


@pytest.mark.parametrize("text", ["1", "1.0", "1e0", " 1", "+1", "10e-1"])
def test_one_amount_has_one_release(project: Path, tmp_path: Path, text: str) -> None:
    first = release(project, tmp_path / "one", epsilon="1")
    again = release(project, tmp_path / "two", epsilon=text)
    assert (again.repeated, again.release, again.spent) == (True, first.release, first.spent)


def test_bounds_must_be_public(tmp_path: Path, source: Path) -> None:
    project = scored_project(tmp_path / "n.dataselect", source, consortium(tmp_path / "plain"))
    select(project, threshold="0.5")
    with pytest.raises(UsageError, match="Enter the lowest and highest possible value of “loss”"):
        release(project, tmp_path / "b", kind="scores")
    release(project, tmp_path / "b", kind="scores", bounds="0,2")
    document = document_of(tmp_path / "b")
    assert document["parameters"]["bounds"] == {"value": ["0", "2"], "from": "agreed beforehand"}
    assert any(
        "bounds of the score were agreed" in assumption for assumption in document["assumptions"]
    )

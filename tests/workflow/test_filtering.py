"""What records of a project can be looked for by."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UsageError
from tests.cli.shell import run
from tests.decisions import losses, undecided
from tests.projects import answered

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = answered(undecided(tmp_path, losses(17), unit_column="patient"))
    workflow.select_records(made, workflow.make_rule("loss", threshold="0.5"), withhold=["2"])
    return made


def found_by(project: Path, where: str) -> list[str]:
    return [str(record) for record in workflow.scores_where(project, where)["id"]]


def test_columns_are_those_of_the_table(project: Path) -> None:
    table, look = workflow.scores(project), workflow.look(project)
    columns = workflow.FilterColumns(look)
    ids = np.array(table["id"])
    for where, holds in {
        "selected": table["selected"],
        "not (withheld or opted_out)": table["eligible"],
        "loss > 0.5": [value > 0.5 for value in table["loss"]],
        'label == "cat"': [label == "cat" for label in table["label"]],
        'person == "patient 3"': [unit == "patient 3" for unit in table["unit"]],
        'answer == "cat"': [answer == "cat" for answer in table["answer"]],
        "disagrees": [a != b for a, b in zip(table["answer"], table["label"], strict=True)],
        "confidence >= 0.9": [value >= 0.9 for value in table["confidence"]],
        "problem": [False] * len(ids),
    }.items():
        rows = workflow.matching(where, columns)
        assert rows.tolist() == holds, where
        assert found_by(project, where) == ids[np.array(holds)].tolist()


def test_a_filter_changes_no_selection(project: Path) -> None:
    before = workflow.scores(project)
    settings = (project / "project.json").read_bytes()
    workflow.scores_where(project, 'loss > 0.5 and label == "cat"')
    assert workflow.scores(project) == before
    assert (project / "project.json").read_bytes() == settings


def test_the_terminal_lists_what_it_finds(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = 'withheld or person == "patient 9"'
    records = run(capsys, "scores", project, "--where", where)["records"]
    assert [record["id"] for record in records] == ["2", "27", "28", "29"]
    assert run(capsys, "scores", project, "--where", "loss > 99")["records"] == []
    error = run(capsys, "scores", project, "--where", "los > 1", code=2)["error"]
    assert "loss" in error["why"]


def test_what_there_is_not_is_said(project: Path) -> None:
    with pytest.raises(UsageError) as refused:
        workflow.scores_where(project, "vog > 2")
    assert "loss" in refused.value.why


def test_what_is_found_follows_what_is_marked(project: Path) -> None:
    look = workflow.look(project)
    columns, count = workflow.FilterColumns(look), len(look.ids)
    assert columns.is_quick("loss > 0.5 and not withheld")
    assert not columns.is_quick('label == "cat"')
    assert not columns.is_quick('"1" in id')
    before = columns.find('label == "cat" and not withheld and not left_out')
    assert columns.is_quick('label == "cat"'), "it is known by now"
    nothing, marked = np.zeros(count, dtype=bool), before.copy()
    columns.note(nothing, marked, nothing)
    assert before.any()
    assert not columns.find('label == "cat" and not withheld and not left_out').any()
    np.testing.assert_array_equal(columns.find("withheld"), marked)
    assert not columns.find("selected").any()
    with pytest.raises(UsageError):
        columns.find("loss >")


def test_to_ask_for_a_column_by_name_does_not_make_it(project: Path) -> None:
    columns = workflow.FilterColumns(workflow.look(project))
    assert "label" in columns
    assert "colour" not in columns
    assert not columns.is_quick('label == "cat"')
    assert columns["label"] is columns["label"]
    assert columns.is_quick('label == "cat"')

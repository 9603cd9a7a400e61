"""What offers, scores, reports and the best by noise hold."""

import json
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UsageError
from dataselect_gui.project.project import Project
from tests.projects import scored_project
from tests.release.kinds.asked import KINDS
from tests.releases import (
    document_of,
    release,
    select,
    shown,
    table,
)

pytestmark = pytest.mark.usefixtures("home")


def test_the_owner_finds_the_records_behind_tokens(project: Path, tmp_path: Path) -> None:
    chosen, _ = workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    sure = {"epsilon": "30", "budget": "100"}  # At which no bit is ever turned.
    done = release(project, tmp_path / "b", kind="offers", **sure)
    assert done.release is not None
    record_of = workflow.tokens(project, done.release)
    assert list(record_of) == [row["token"] for row in table(tmp_path / "b", "offers.csv")]
    assert set(record_of.values()) == set(chosen)
    report = release(project, tmp_path / "r", kind="report", bins="0.25,0.5", budget=None)
    assert report.release is not None
    for without in (report.release, "0123456789abcdef"):
        with pytest.raises(UsageError, match="has no tokens"):
            workflow.tokens(project, without)


def test_scores_are_one_per_eligible_record_and_near_the_truth(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b", kind="scores", epsilon="300", budget="300")
    rows = table(tmp_path / "b", "scores.csv")
    noised = sorted(float(row["score"]) for row in rows)
    true = sorted(workflow.scores(project)["loss"])
    assert len(rows) == 40
    assert np.abs(np.array(noised) - true).max() < 0.1
    assert not set(map(repr, noised)) & set(map(repr, true))
    assert [row["token"] for row in rows] == sorted({row["token"] for row in rows})


def test_scores_are_padded_to_the_declared_number(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b", kind="scores", epsilon="300", budget="300", pad_to=50)
    noised = sorted(float(row["score"]) for row in table(tmp_path / "b", "scores.csv"))
    assert len(noised) == 50
    # Rows that pad look like records of the lowest score.
    assert max(noised[:10]) < 0.1
    document = document_of(tmp_path / "b")
    assert document["parameters"]["padded_to"]["value"] == 50
    assert "40" not in json.dumps({**document, "ledger_head": "", "release": "", "checkpoint": ""})
    with pytest.raises(UsageError, match="too few rows in the file"):
        release(project, tmp_path / "c", kind="scores", pad_to=39, budget=None)


def test_a_record_without_a_score_is_taken_for_the_lowest(
    tmp_path: Path, source: Path, checkpoint: Path
) -> None:
    values = [float("nan")] * 5 + [0.9] * 35
    project = scored_project(tmp_path / "nan.dataselect", source, checkpoint, values)
    select(project, threshold="0.5")
    release(project, tmp_path / "b", kind="scores", epsilon="300", budget="300")
    noised = sorted(float(row["score"]) for row in table(tmp_path / "b", "scores.csv"))
    assert max(noised[:5]) < 0.1 < 0.8 < min(noised[5:])


@pytest.mark.parametrize("lowest", [False, True])
def test_noisy_top_k_takes_what_is_wanted(project: Path, tmp_path: Path, lowest: bool) -> None:
    wanted = set(select(project, count=10, lowest=lowest))
    release(
        project,
        tmp_path / "b",
        mechanism="noisy-top-k",
        epsilon="300",
        budget="300",
    )
    pixels = np.load(Project.open(project).settings.source.path)["x"]
    taken = shown(tmp_path / "b")
    assert len(taken) == 10
    assert len(taken & {pixels[int(row)].tobytes() for row in wanted}) >= 8


def test_a_report_counts_what_it_says(project: Path, tmp_path: Path) -> None:
    asked = {**KINDS["report"], "epsilon": "300", "budget": "300"}
    release(project, tmp_path / "b", **asked)
    values = np.array(workflow.scores(project)["loss"])
    labels = np.array(workflow.scores(project)["label"])
    rows = {
        (row["table"], row["class"], row["from"]): float(row["count"])
        for row in table(tmp_path / "b", "report.csv")
    }
    for name in ("bird", "cat", "dog"):
        mine = values[labels == name]
        assert rows["histogram", name, "-inf"] == (mine < 0.25).sum()
        assert rows["histogram", name, "0.25"] == ((mine >= 0.25) & (mine < 0.5)).sum()
        assert rows["histogram", name, "0.5"] == (mine >= 0.5).sum()
    assert rows["histogram", "other", "0.5"] == 0
    assert rows["count", "", "0.9"] == (values >= 0.9).sum()
    assert len(rows) == 13

"""A run that was killed: what it had in hand starts again with half as many."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.worker.results import ScoringResult
from tests.worker.long_run.runs import close, disturb_trials, score, settings_of, size_of

pytestmark = pytest.mark.usefixtures("scoring_here")


def kill(project: Path, scores: Sequence[str], record: str | None = None) -> None:
    """Leave what a run leaves that is killed while it computes."""
    (project / ".in-hand").write_text(json.dumps({"scores": scores, "record": record}))


def test_a_run_that_was_killed_as_it_computed_starts_again_with_half_as_many(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    for limit, expected in ((10, 128), (15, 64)):
        kill(project, list(settings_of(project)))
        score(scans, series, project, limit=limit)
        assert size_of(project) == expected
    scores = score(scans, series, project)
    assert size_of(project) == 64, "nothing was killed since"
    assert scores == score(scans, series, tmp_path / "other.dataselect", batch_size=64)


def test_only_the_scores_that_were_in_hand_start_again(
    scans: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, names=["loss"])
    score(scans, series, project, names=["vog"])
    before = settings_of(project)
    kill(project, ["vog"])
    score(scans, series, project, names=["loss", "vog"])
    after = settings_of(project)
    assert after["loss"] == before["loss"]
    assert after["vog"]["batch"] == before["vog"]["batch"] / 2


def test_a_mark_that_was_cut_off_stops_nothing(scans: Path, series: Path, tmp_path: Path) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)
    (project / ".in-hand").write_text('{"sco')
    score(scans, series, project)
    assert size_of(project) == 256
    assert not (project / ".in-hand").exists()


def test_a_run_that_its_owner_ended_at_once_does_not_count_as_killed(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"
    score(scans, series, project, limit=5)

    def ended(*_: object) -> ScoringResult:
        kill(project, list(settings_of(project)))
        raise InterruptedByPersonError("Scoring was stopped.", "You asked for it.", "Go on.")

    for was_killed_before, expected in ((False, 256), (True, 128)):
        if was_killed_before:
            kill(project, list(settings_of(project)))
        with monkeypatch.context() as patch:
            patch.setattr("dataselect_gui.workflow.scoring.run_job", ended)
            with pytest.raises(InterruptedByPersonError):
                score(scans, series, project)
        score(scans, series, project, limit=10 + was_killed_before)
        assert size_of(project) == expected


def test_a_run_that_was_killed_as_it_was_tried_tries_half_as_many(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"

    def killed(size: int) -> None:
        if size > 1:
            kill(project, list(settings_of(project)))
            os.link(project / ".in-hand", tmp_path / "mark")  # Errors take it away.
            raise SystemError

    undisturbed = score(scans, series, tmp_path / "undisturbed.dataselect")
    with monkeypatch.context() as patch:
        disturb_trials(patch, killed)
        for _ in range(3):
            with pytest.raises(SystemError):
                score(scans, series, project)
            (tmp_path / "mark").rename(project / ".in-hand")
    scores = score(scans, series, project)
    assert size_of(project) == 1
    assert close(undisturbed, scores)


def test_errors_that_are_seen_leave_no_mark_of_a_kill(
    scans: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"

    def broken(size: int) -> None:
        assert (project / ".in-hand").exists()
        if size > 8:
            raise ValueError("too large")

    disturb_trials(monkeypatch, broken)
    with pytest.raises(ValueError, match="too large"):
        score(scans, series, project)
    assert not (project / ".in-hand").exists()

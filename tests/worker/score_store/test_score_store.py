"""What a worker keeps reaches the project, and a run that goes on finds it."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from dataselect_gui import __version__
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.worker.saving import InProgressMark
from dataselect_gui.worker.score_frames import (
    DONE,
    SETTINGS,
    VALUES,
)
from dataselect_gui.worker.score_receiver import ScoreReceiver
from tests.helpers import CLASSES
from tests.worker.score_store.sending import (
    SETTLED,
    conditions,
    indexed,
    receiver_of,
    remote,
    rows_of,
    said,
    settled,
    values_of,
)


def test_what_the_worker_keeps_reaches_the_project(project: Project, receiver: ScoreReceiver) -> None:
    keeping = remote(receiver)
    keeping.scores["loss"] = conditions()
    keeping.save()
    index = indexed(receiver, keeping)
    table = keeping.take(index)
    column = table.column("loss")
    rows = np.array([1, 3])
    column.write(rows, np.array([0.5, np.nan]))
    assert not column.done.any()
    column.mark_done(rows)
    table.add_problems({index.ids[3]: "It has no label."})
    assert column.done.tolist() == [0, 1, 0, 1, 0, 0]
    assert table.has_number("loss").tolist() == [False, True, False, False, False, False]
    kept = Project.open(project.folder)
    assert kept.scores == {"loss": conditions()}
    np.testing.assert_array_equal(kept.table.values("loss")[:4], [np.nan, 0.5, np.nan, np.nan])
    assert kept.table.column("loss").done.tolist() == [0, 1, 0, 1, 0, 0]
    assert kept.table.problems() == {index.ids[3]: "It has no label."}
    assert np.array_equal(kept.table.index.content, index.content)


def test_a_run_that_goes_on_finds_what_was_kept(
    project: Project, receiver: ScoreReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = settled(receiver)
    table = first.take(indexed(receiver, first))
    table.column("vog").write(np.array([2]), np.array([7.0]))
    table.column("vog").mark_done(np.array([2]))
    receiver = receiver_of(project)
    second = remote(receiver)
    source = receiver.store.source
    with monkeypatch.context() as patch:  # Nothing has changed: nothing is read again.
        patch.setattr(type(source), "read", lambda *_: pytest.fail("it was read before"))
        index = indexed(receiver, second)
    again = second.take(index)
    assert again.column("vog").done.tolist() == [0, 0, 1, 0, 0, 0]
    assert again.has_number("vog").sum() == 1
    second.forget("vog")
    assert not again.column("vog").done.any()


def test_what_was_in_hand_counts_once_the_worker_was_seen_to_die(
    project: Project, receiver: ScoreReceiver
) -> None:
    keeping = remote(receiver)
    with keeping.mark.hold(["loss"]):
        assert (project.folder / ".in-hand").exists()
        assert not InProgressMark(project.folder).was_left, "both may have been ended by somebody"
        receiver.note_death()
        assert InProgressMark(project.folder).scores == ["loss"]
    assert not (project.folder / ".in-hand").exists()
    receiver.note_death()
    assert not (project.folder / ".in-hand").exists(), "it had nothing in hand"


def test_a_row_is_computed_once_until_its_score_is_forgotten(
    project: Project, receiver: ScoreReceiver
) -> None:
    keeping = settled(receiver)
    column = keeping.take(indexed(receiver, keeping)).column("loss")
    column.write(np.array([2]), np.array([2.0]))
    column.write(np.array([2]), np.array([3.0]))  # Not done yet.
    column.mark_done(np.array([2]))
    with pytest.raises(FrameError):
        receiver.take(VALUES, values_of(0, 2, 99.0))
    assert project.table.values("loss")[2] == 3.0
    keeping.forget("vog")
    with pytest.raises(FrameError):
        receiver.take(VALUES, values_of(0, 2, 99.0))
    keeping.forget("loss")
    with pytest.raises(FrameError, match="without values"):
        receiver.take(DONE, b"\0" + rows_of(2))
    column.write(np.array([2]), np.array([4.0]))
    column.mark_done(np.array([2]))
    assert project.table.values("loss")[2] == 4.0


CHANGES = [("batch", 4), ("threads", 3), ("device", "mps"), ("precision", "float64")]


@pytest.mark.parametrize(("key", "value"), CHANGES)
def test_what_is_settled_stays_so_until_a_score_is_forgotten(
    project: Project, receiver: ScoreReceiver, key: str, value: object
) -> None:
    keeping = settled(receiver)
    column = keeping.take(indexed(receiver, keeping)).column("loss")
    keeping.scores["loss"] = conditions(batch=16)  # As long as no row has a value, a size may be tried.
    keeping.save()
    column.write(np.array([2]), np.array([2.0]))
    other = said(scores={"loss": {**SETTLED, "batch": 16, key: value}}, ended_by=[])
    with pytest.raises(FrameError):
        receiver.take(SETTINGS, other)
    with pytest.raises(FrameError):  # Nor in another run.
        receiver_of(project).take(SETTINGS, other)
    keeping.forget("loss")
    if key in {"batch", "threads"}:
        receiver.take(SETTINGS, other)
        assert getattr(project.scores["loss"], key) == value
    else:  # What was asked for holds in any case.
        with pytest.raises(FrameError):
            receiver.take(SETTINGS, other)


def test_a_score_of_an_earlier_version_goes_on_as_it_began(project: Project) -> None:
    early = {"variant": "", "program": "0.1", "device": "cpu", "batch": 4}
    project.scores["loss"] = msgspec.convert(early, Conditions)
    receiver = receiver_of(project)
    keeping = remote(receiver)
    keeping.save()
    keeping.scores["loss"] = replace(keeping.scores["loss"], precision="float32", threads=2)
    keeping.save()
    for lie in ({"fixed": True}, {"program": __version__}, {"batch": 8}):
        with pytest.raises(FrameError):
            receiver.take(SETTINGS, said(scores={"loss": {**early, **lie}}, ended_by=[]))
    expected = {**early, "precision": "float32", "threads": 2}
    assert project.scores["loss"] == msgspec.convert(expected, Conditions)


def test_the_record_that_ended_a_run_is_noted_once_and_stays(project: Project) -> None:
    record, other = f"{CLASSES[2]}/2.png", f"{CLASSES[0]}/0.png"
    InProgressMark(project.folder).write(["loss"], record)
    marked = InProgressMark(project.folder)
    marked.write(["loss"], record)
    marked.confirm()
    receiver = receiver_of(project)
    assert {record, other} <= set(receiver.store.source.ids)
    keeping = remote(receiver)
    keeping.ended_by.append(record)
    keeping.save()
    keeping.save()
    for lie in ([], [record, record], [record, other], [record, "nobody"]):
        with pytest.raises(FrameError):
            receiver.take(SETTINGS, said(scores={}, ended_by=lie))
    assert project.settings.ended_by == [record]


def test_reasons_reach_the_project_however_many_there_are(
    project: Project, receiver: ScoreReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataselect_gui.worker.remote_score_store.REASONS_AT_ONCE", 2)
    keeping = remote(receiver)
    index = indexed(receiver, keeping)
    table = keeping.take(index)
    reasons = {record: f"Its shape is {n} × 3." for n, record in enumerate(index.ids)}
    table.add_problems({**reasons, "gone": "It is no longer there."})
    assert project.table.problems() == reasons
    table.add_problems({index.ids[0]: "\x1b[2J" + "x" * 1000})
    shown = project.table.problems()[index.ids[0]]
    assert shown.startswith("\\x1b[2Jxxx")
    assert len(shown) <= 300

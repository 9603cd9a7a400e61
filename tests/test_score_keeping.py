"""What a worker may send into a project, and what it may not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index
from dataselect_gui.records.opening import open_source
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.worker.indexing import ENTRY_BYTES, read_index
from dataselect_gui.worker.keeping import InHand
from dataselect_gui.worker.messages import ScoreJob
from dataselect_gui.worker.score_keeping import (
    CONTENT,
    DONE,
    FORGET,
    HASHES,
    LISTING,
    MARK,
    PROBLEMS,
    SETTINGS,
    VALUES,
    Receiver,
    RemoteKeeping,
    listing_digest,
)
from tests.helpers import CLASSES, image_folder
from tests.projects import consortium

COUNT = 6
SETTLED = {"variant": "x", "device": "cpu", "precision": "float32", "threads": 2, "batch": 8}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    names = [f"{CLASSES[n % 3]}/{n}.png" for n in range(COUNT)]
    scans, model = image_folder(tmp_path / "scans", names), consortium(tmp_path / "model")
    told = {"path": str(scans), "kind": "images", "label_column": None, "unit_column": None}
    return Project.create(tmp_path / "p.dataselect", told, {"path": str(model), "digest": ""})


@pytest.fixture
def receiver(project: Project) -> Receiver:
    source = open_source(Path(project.settings["source"]["path"]))
    job = ScoreJob(
        source=str(source.path),
        checkpoint=project.settings["checkpoint"]["path"],
        digest="",
        label_column=None,
        unit_column=None,
        names=["loss", "vog"],
        device="cpu",
        precision="float32",
        batch_size=None,
        limit=None,
    )
    return Receiver(project, source, job)


class Pipe:
    """What is between both sides: the worker's frames reach the receiver, its answers come back."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.answers = [receiver.state()]

    def send(self, kind: int, *parts: bytes) -> None:
        content = b"".join(parts)
        assert len(content) <= self.receiver.most[kind]
        answer = self.receiver.take(kind, content)
        if answer is not None:
            self.answers.append(answer)

    def receive(self) -> bytes:
        return self.answers.pop(0)


def remote(receiver: Receiver) -> RemoteKeeping:
    pipe = Pipe(receiver)
    return RemoteKeeping(receiver.job, pipe.send, pipe.receive)


def indexed(receiver: Receiver, keeping: RemoteKeeping) -> Index:
    source = receiver.kept.source
    index = read_index(source, lambda: False, lambda _: None, keeping.hashes(source))
    assert index is not None
    return index


def test_what_the_worker_keeps_reaches_the_project(project: Project, receiver: Receiver) -> None:
    keeping = remote(receiver)
    keeping.scores["loss"] = dict(SETTLED)
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
    assert kept.settings["scores"] == {"loss": SETTLED}
    np.testing.assert_array_equal(kept.table.values("loss")[:4], [np.nan, 0.5, np.nan, np.nan])
    assert kept.table.column("loss").done.tolist() == [0, 1, 0, 1, 0, 0]
    assert kept.table.problems() == {index.ids[3]: "It has no label."}
    assert np.array_equal(kept.table.index.content, index.content)


def test_a_run_that_goes_on_finds_what_was_kept(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = remote(receiver)
    table = first.take(indexed(receiver, first))
    table.column("vog").write(np.array([2]), np.array([7.0]))
    table.column("vog").mark_done(np.array([2]))
    second = remote(receiver)
    source = receiver.kept.source
    with monkeypatch.context() as patch:  # Nothing has changed: nothing is read again.
        patch.setattr(type(source), "read", lambda *_: pytest.fail("it was read before"))
        index = indexed(receiver, second)
    again = second.take(index)
    assert again.column("vog").done.tolist() == [0, 0, 1, 0, 0, 0]
    assert again.has_number("vog").sum() == 1
    second.forget("vog")
    assert not again.column("vog").done.any()


def test_what_was_in_hand_counts_once_the_worker_was_seen_to_die(
    project: Project, receiver: Receiver
) -> None:
    keeping = remote(receiver)
    with keeping.mark.hold(["loss"]):
        assert (project.folder / ".in-hand").exists()
        assert not InHand(project.folder).was_left, "both may have been ended by somebody"
        receiver.note_death()
        assert InHand(project.folder).scores == ["loss"]
    assert not (project.folder / ".in-hand").exists()
    receiver.note_death()
    assert not (project.folder / ".in-hand").exists(), "it had nothing in hand"


def rows_of(*rows: int) -> bytes:
    return np.array(rows, dtype=np.int64).tobytes()


def said(**told: Any) -> bytes:  # noqa: ANN401
    return json.dumps(told).encode()


LIES: dict[str, tuple[int, bytes]] = {
    "another score": (SETTINGS, said(scores={"random": SETTLED}, ended_by=[])),
    "another device": (SETTINGS, said(scores={"loss": {**SETTLED, "device": "abacus"}}, ended_by=[])),
    "another precision": (SETTINGS, said(scores={"loss": {"precision": "auto"}}, ended_by=[])),
    "another key": (SETTINGS, said(scores={"loss": {"secret": "x"}}, ended_by=[])),
    "another type": (SETTINGS, said(scores={"loss": {"batch": "8"}}, ended_by=[])),
    "a truth for a number": (SETTINGS, said(scores={"loss": {"batch": True}}, ended_by=[])),
    "long words": (SETTINGS, said(scores={"loss": {"variant": "x" * 5000}}, ended_by=[])),
    "a record that there is not": (SETTINGS, said(scores={}, ended_by=["/etc/passwd"])),
    "records that are lists": (SETTINGS, said(scores={}, ended_by=[[1]])),
    "no scores": (SETTINGS, said(scores=[], ended_by=[])),
    "no object": (SETTINGS, b"[]"),
    "no JSON": (SETTINGS, b"{"),
    "deep JSON": (SETTINGS, b"[" * 100_000),
    "a mark of another score": (MARK, said(scores=["random"], record=None)),
    "a mark of another record": (MARK, said(scores=["loss"], record="nobody")),
    "half an entry": (HASHES, rows_of(0) + bytes(ENTRY_BYTES - 1)),
    "hashes of a row that there is not": (HASHES, rows_of(COUNT) + bytes(ENTRY_BYTES)),
    "hashes of a row below": (HASHES, rows_of(-1) + bytes(ENTRY_BYTES)),
    "hashes of few": (CONTENT, bytes(32)),
    "values of half a row": (VALUES, bytes(9)),
    "values of a row that there is not": (VALUES, b"\0" + rows_of(COUNT) + bytes(8)),
    "values of a row below": (VALUES, b"\0" + rows_of(-1) + bytes(8)),
    "values of another score": (VALUES, b"\2" + rows_of(0) + bytes(8)),
    "values of nothing": (VALUES, b""),
    "done rows that there are not": (DONE, b"\0" + rows_of(COUNT)),
    "done rows of another score": (DONE, b"\7" + rows_of(0)),
    "half a done row": (DONE, b"\0" + bytes(7)),
    "another score to forget": (FORGET, b"\2"),
    "no score to forget": (FORGET, b""),
    "problems of another record": (PROBLEMS, said(**{"../x": "reason"})),
    "problems that are no words": (PROBLEMS, b'{"bird/0.png": 7}'),
    "problems of many words": (PROBLEMS, said(**{"bird/0.png": "x" * 5000})),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_not_kept(project: Project, receiver: Receiver, lie: str) -> None:
    keeping = remote(receiver)
    keeping.take(indexed(receiver, keeping))

    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}

    before = held()
    kind, content = LIES[lie]
    with pytest.raises(FrameError):
        receiver.take(kind, content)
    assert held() == before


@pytest.mark.parametrize("kind", [HASHES, CONTENT, VALUES, DONE, PROBLEMS])
def test_nothing_is_taken_before_its_turn(receiver: Receiver, kind: int) -> None:
    content = {
        HASHES: rows_of(0) + bytes(ENTRY_BYTES),
        CONTENT: bytes(32 * COUNT),
        VALUES: b"\0" + rows_of(0) + bytes(8),
        DONE: b"\0" + rows_of(0),
        PROBLEMS: b"{}",
    }
    with pytest.raises(FrameError):
        receiver.take(kind, content[kind])


def test_records_that_are_listed_otherwise_are_refused(receiver: Receiver, tmp_path: Path) -> None:
    other = open_source(image_folder(tmp_path / "other", ["cat/1.png"]))
    with pytest.raises(UnusableError, match="changed while they were looked at"):
        receiver.take(LISTING, listing_digest(other))


def test_frames_are_no_longer_than_the_records_are_many(receiver: Receiver) -> None:
    assert receiver.most[VALUES] == 1 + 16 * COUNT
    assert receiver.most[CONTENT] == 32 * COUNT
    assert receiver.most[HASHES] == 56 * COUNT

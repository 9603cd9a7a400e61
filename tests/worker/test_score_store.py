"""What a worker may send into a project, and what it may not."""

import json
import struct
import time
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from dataselect_gui import __version__
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions, StoredCheckpoint, StoredSource
from dataselect_gui.project.table import Index
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.worker.indexing import ENTRY_BYTES, read_index
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.remote_score_store import RemoteScoreStore
from dataselect_gui.worker.saving import InProgressMark
from dataselect_gui.worker.score_frames import (
    CONTENT,
    DONE,
    FORGET,
    HASHES,
    LISTING,
    MARK,
    PROBLEMS,
    SETTINGS,
    VALUES,
    listing_digest,
)
from dataselect_gui.worker.score_receiver import ScoreReceiver
from tests.helpers import CLASSES, image_folder
from tests.projects import consortium

COUNT = 6
SETTLED = {
    "fixed": True,
    "program": __version__,
    "variant": "",
    "device": "cpu",
    "precision": "float32",
    "threads": 2,
    "batch": 8,
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    names = [f"{CLASSES[n % 3]}/{n}.png" for n in range(COUNT)]
    scans, model = image_folder(tmp_path / "scans", names), consortium(tmp_path / "model")
    source = StoredSource.of(SourceRef(scans), "images")
    return Project.create(tmp_path / "p.dataselect", source, StoredCheckpoint(str(model), "0"))


@pytest.fixture
def receiver(project: Project) -> ScoreReceiver:
    return receiver_of(project)


def receiver_of(project: Project, limit: int | None = None) -> ScoreReceiver:
    source = open_source(project.settings.source.ref)
    job = ScoreJob(
        source=project.settings.source.ref,
        checkpoint=Path(project.settings.checkpoint.path),
        digest="",
        names=["loss", "vog"],
        device="cpu",
        precision="float32",
        batch_size=None,
        limit=limit,
    )
    return ScoreReceiver(project, source, job)


def conditions(**others: object) -> Conditions:
    """Return how a score is settled to be computed, otherwise in some points."""
    return msgspec.convert({**SETTLED, **others}, Conditions)


class Pipe:
    """What is between both sides: the worker's frames reach the receiver, its answers come back."""

    def __init__(self, receiver: ScoreReceiver) -> None:
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


def remote(receiver: ScoreReceiver) -> RemoteScoreStore:
    pipe = Pipe(receiver)
    return RemoteScoreStore(receiver.job, pipe.send, pipe.receive)


def settled(receiver: ScoreReceiver, **others: object) -> RemoteScoreStore:
    """Have it settled how both scores are computed."""
    keeping = remote(receiver)
    for name in receiver.job.names:
        keeping.scores[name] = conditions(variant=find_score(name).variant, **others)
    keeping.save()
    return keeping


def indexed(receiver: ScoreReceiver, keeping: RemoteScoreStore) -> Index:
    source = receiver.store.source
    return read_index(source, JobContext(), keeping.hashes(source))


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


def rows_of(*rows: int) -> bytes:
    return np.array(rows, dtype=np.int64).tobytes()


def said(**told: Any) -> bytes:  # noqa: ANN401
    return json.dumps(told).encode()


def reason(words: str, *rows: int) -> bytes:
    stored = words.encode()
    return struct.pack("<II", len(stored), len(rows)) + stored + rows_of(*rows)


LIES: dict[str, tuple[int, bytes]] = {
    "another score": (SETTINGS, said(scores={"random": SETTLED}, ended_by=[])),
    "another device": (SETTINGS, said(scores={"loss": {**SETTLED, "device": "abacus"}}, ended_by=[])),
    **{
        f"{key} that is {str(value)[:20]!r}": (
            SETTINGS,
            said(scores={"loss": {**SETTLED, key: value}}, ended_by=[]),
        )
        for key, value in [
            ("fixed", False),
            ("fixed", 1),
            ("program", "another"),
            ("program", "\ud800"),
            ("variant", "x"),
            ("device", "cuda"),
            ("device", ["cpu"]),
            ("precision", "auto"),
            ("precision", "float64"),
            ("threads", -1),
            ("threads", 0),
            ("threads", 999_999_999),
            ("batch", "8"),
            ("batch", True),
            ("batch", 8.0),
            ("batch", 0),
            ("batch", -5),
            ("batch", 999_999_999),
            ("secret", "x"),
        ]
    },
    "a number of many digits": (
        SETTINGS,
        said(scores={"loss": {**SETTLED, "batch": "#"}}, ended_by=[]).replace(b'"#"', b"9" * 4000),
    ),
    "nothing that is settled": (SETTINGS, said(scores={"loss": {}}, ended_by=[])),
    "little that is settled": (SETTINGS, said(scores={"loss": {"batch": 8}}, ended_by=[])),
    "settled without the batch": (
        SETTINGS,
        said(scores={"loss": {k: v for k, v in SETTLED.items() if k != "batch"}}, ended_by=[]),
    ),
    "no records that ended a run": (SETTINGS, said(scores={})),
    "one key too many": (SETTINGS, said(scores={}, ended_by=[], more=1)),
    "a record that ended no run": (SETTINGS, said(scores={}, ended_by=[f"{CLASSES[0]}/0.png"])),
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
    "a mark of a score twice": (MARK, said(scores=["loss", "loss"], record=None)),
    "a mark of lists": (MARK, said(scores=[["loss"]], record=None)),
    "a mark of a list of records": (MARK, said(scores=["loss"], record=[])),
    "a mark of more": (MARK, said(scores=["loss"], record=None, more=1)),
    "an infinite value": (VALUES, b"\0" + rows_of(0) + np.array([np.inf]).tobytes()),
    "an infinite value below": (VALUES, b"\1" + rows_of(0) + np.array([-np.inf]).tobytes()),
    "done rows without values": (DONE, b"\0" + rows_of(0)),
    "hashes of all records again": (CONTENT, bytes(32 * COUNT)),
    "problems of another record": (PROBLEMS, reason("It is damaged.", COUNT)),
    "problems of a record below": (PROBLEMS, reason("It is damaged.", -1)),
    "problems without words": (PROBLEMS, reason("", 0)),
    "problems of many words": (PROBLEMS, reason("x" * 301, 0)),
    "problems that clear a screen": (PROBLEMS, reason("\x1b[2J", 0)),
    "problems in another direction": (PROBLEMS, reason("\u202egnp.exe", 0)),
    "problems of several lines": (PROBLEMS, reason("a\nb", 0)),
    "problems in half a character": (PROBLEMS, reason("x", 0).replace(b"x", b"\xed")),
    "problems that are cut off": (PROBLEMS, reason("It is damaged.", 0)[:-1]),
    "half a head of problems": (PROBLEMS, bytes(7)),
    "the second of two reasons": (PROBLEMS, reason("Damaged.", 0) + reason("\x1b", 1)),
    "many reasons": (PROBLEMS, reason("Damaged.", 0) * 257),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_not_kept(project: Project, receiver: ScoreReceiver, lie: str) -> None:
    keeping = remote(receiver)
    keeping.take(indexed(receiver, keeping))
    keeping.scores["vog"] = conditions(variant=find_score("vog").variant)
    keeping.save()

    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}

    before = held()
    kind, content = LIES[lie]
    with pytest.raises(FrameError):
        receiver.take(kind, content)
    assert held() == before


@pytest.mark.parametrize("kind", [HASHES, CONTENT, VALUES, DONE, PROBLEMS])
def test_nothing_is_taken_before_its_turn(receiver: ScoreReceiver, kind: int) -> None:
    content = {
        HASHES: rows_of(0) + bytes(ENTRY_BYTES),
        CONTENT: bytes(32 * COUNT),
        VALUES: b"\0" + rows_of(0) + bytes(8),
        DONE: b"\0" + rows_of(0),
        PROBLEMS: reason("It is damaged.", 0),
    }
    with pytest.raises(FrameError):
        receiver.take(kind, content[kind])


def test_records_that_are_listed_otherwise_are_refused(receiver: ScoreReceiver, tmp_path: Path) -> None:
    other = open_source(SourceRef(image_folder(tmp_path / "other", ["cat/1.png"])))
    with pytest.raises(UnusableError, match="changed while they were looked at"):
        receiver.take(LISTING, listing_digest(other))


def test_frames_are_no_longer_than_the_records_are_many(
    project: Project, receiver: ScoreReceiver
) -> None:
    assert receiver.most[VALUES] == 1 + 16 * COUNT
    assert receiver.most[CONTENT] == 32 * COUNT
    assert receiver.most[HASHES] == 56 * COUNT
    assert receiver.most[MARK] < 500
    assert receiver.most[SETTINGS] < 5000
    assert receiver.most[PROBLEMS] < COUNT * 1300
    assert receiver_of(project, limit=2).most[VALUES] == 1 + 16 * 2


@pytest.mark.parametrize("kind", [SETTINGS, MARK, PROBLEMS])
def test_the_longest_lie_costs_little(project: Project, kind: int) -> None:
    receiver = receiver_of(project)
    taken = remote(receiver)
    taken.take(indexed(receiver, taken))
    most = receiver.most[kind]
    lies = [b'{"a":' + b"[" * (most - 5), b"[" + b"[]," * (most // 3 - 1) + b"0]", bytes(most)]
    tracemalloc.start()
    started = time.process_time()
    for lie in lies:
        assert len(lie) <= most
        with pytest.raises(FrameError):
            receiver.take(kind, lie)
    assert time.process_time() - started < 0.5
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def values_of(score: int, row: int, value: float) -> bytes:
    return bytes([score]) + rows_of(row) + np.array([value]).tobytes()


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


def test_no_rows_are_taken_that_nobody_asked_for(project: Project) -> None:
    receiver = receiver_of(project, limit=2)
    keeping = settled(receiver)
    keeping.take(indexed(receiver, keeping))
    receiver.take(VALUES, values_of(0, 1, 1.0))
    for row in (2, 5):
        with pytest.raises(FrameError, match="nobody asked for"):
            receiver.take(VALUES, values_of(0, row, 1.0))
        with pytest.raises(FrameError, match="nobody asked for"):
            receiver.take(DONE, b"\0" + rows_of(row))


def test_no_record_has_a_score_and_no_content(receiver: ScoreReceiver) -> None:
    """It would be read again by no release, and have no account in the ledger."""
    keeping = settled(receiver)
    index = indexed(receiver, keeping)
    index.content[2] = 0
    column = keeping.take(index).column("loss")
    with pytest.raises(FrameError, match="cannot be read"):
        column.write(np.array([1, 2]), np.array([0.5, 0.5]))
    column.write(np.array([1, 2]), np.array([0.5, np.nan]))


def test_no_values_are_taken_before_it_is_settled_how(receiver: ScoreReceiver) -> None:
    keeping = remote(receiver)
    keeping.take(indexed(receiver, keeping))
    with pytest.raises(FrameError, match="before it is settled"):
        receiver.take(VALUES, values_of(0, 1, 1.0))


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
    told = {record: f"Its shape is {n} × 3." for n, record in enumerate(index.ids)}
    table.add_problems({**told, "gone": "It is no longer there."})
    assert project.table.problems() == told
    table.add_problems({index.ids[0]: "\x1b[2J" + "x" * 1000})
    shown = project.table.problems()[index.ids[0]]
    assert shown.startswith("\\x1b[2Jxxx")
    assert len(shown) <= 300

"""What a worker may send into a project, and what it may not."""

import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.worker.indexing import ENTRY_BYTES
from dataselect_gui.worker.score_frames import (
    ANSWERS,
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
from tests.worker.score_store.sending import (
    COUNT,
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


def reason(sentence: str, *rows: int) -> bytes:
    stored = sentence.encode()
    return struct.pack("<II", len(stored), len(rows)) + stored + rows_of(*rows)


def answer(row: int, index: int = 0, number: float = 0.5, standing: int = 3) -> bytes:
    columns = (
        np.array([index], np.int32),
        np.array([number], np.float32),
        np.array([standing], np.uint8),
    )
    return rows_of(row) + b"".join(column.tobytes() for column in columns)


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
    "answers of half a row": (ANSWERS, answer(0)[:-1]),
    "answers of a row that there is not": (ANSWERS, answer(COUNT)),
    "answers of a row below": (ANSWERS, answer(-1)),
    "an answer that there is not": (ANSWERS, answer(0, index=3)),
    "an answer below": (ANSWERS, answer(0, index=-2)),
    "an answer that is more than sure": (ANSWERS, answer(0, number=1.5)),
    "an answer that is less than unsure": (ANSWERS, answer(0, number=-0.5)),
    "an answer with no number": (ANSWERS, answer(0, number=np.nan)),
    "an answer with an infinite number": (ANSWERS, answer(0, number=np.inf)),
    "a number without an answer": (ANSWERS, answer(0, index=-1)),
    "an answer that was not computed": (ANSWERS, answer(0, standing=0)),
    "an answer that stands otherwise": (ANSWERS, answer(0, standing=5)),
    "an answer of none": (ANSWERS, answer(0, standing=1)),
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


@pytest.mark.parametrize("kind", [HASHES, CONTENT, VALUES, DONE, PROBLEMS, ANSWERS])
def test_nothing_is_taken_before_its_turn(receiver: ScoreReceiver, kind: int) -> None:
    content = {
        HASHES: rows_of(0) + bytes(ENTRY_BYTES),
        CONTENT: bytes(32 * COUNT),
        VALUES: b"\0" + rows_of(0) + bytes(8),
        DONE: b"\0" + rows_of(0),
        PROBLEMS: reason("It is damaged.", 0),
        ANSWERS: answer(0),
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
    assert receiver.most[ANSWERS] == 17 * COUNT
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


def test_an_answer_is_kept_once_and_only_of_what_can_be_read(
    project: Project, receiver: ScoreReceiver
) -> None:
    keeping = settled(receiver)
    index = indexed(receiver, keeping)
    index.content[2] = 0  # As of a record that cannot be read.
    keeping.take(index)
    receiver.take(ANSWERS, answer(1, index=2, number=0.75))
    kept = Project.open(project.folder).table.answers
    assert kept is not None
    assert (kept.values().classes[1], kept.values().numbers[1]) == ([2], [0.75])
    assert kept.done.tolist() == [False, True, False, False, False, False]
    with pytest.raises(FrameError, match="done"):
        receiver.take(ANSWERS, answer(1))
    with pytest.raises(FrameError, match="cannot be read"):
        receiver.take(ANSWERS, answer(2))
    receiver.take(ANSWERS, answer(2, index=-1, number=np.nan, standing=1))
    assert kept.done.tolist() == [False, True, True, False, False, False]

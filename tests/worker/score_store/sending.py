"""A worker that sends what it likes."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from dataselect_gui import __version__
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from dataselect_gui.project.table import Index
from dataselect_gui.records.opening import open_source
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.worker.indexing import read_index
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.remote_score_store import RemoteScoreStore
from dataselect_gui.worker.score_receiver import ScoreReceiver

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
        answers=AnswerForm(names=["bird", "cat", "dog"]),
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


def rows_of(*rows: int) -> bytes:
    return np.array(rows, dtype=np.int64).tobytes()


def said(**message: Any) -> bytes:  # noqa: ANN401
    return json.dumps(message).encode()


def values_of(score: int, row: int, value: float) -> bytes:
    return bytes([score]) + rows_of(row) + np.array([value]).tobytes()

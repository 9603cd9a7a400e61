"""What the confined process and its parent may say to each other."""

import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any, get_args

import pytest

from dataselect_gui import errors
from dataselect_gui.errors import (
    DataSelectError,
    InterruptedByPersonError,
    OtherStudyError,
    UnusableError,
    WorkerDiedError,
)
from dataselect_gui.jobs.faults import Fault
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.jobs.progress import Phase, Progress
from dataselect_gui.records.source import SourceRef
from dataselect_gui.worker.jobs import AnyJob, ArmsJob, InspectJob, Job, ScoreJob, StudyJob, VerifyJob
from dataselect_gui.worker.messages import (
    ERRORS,
    Crashed,
    Failed,
    MessageReader,
    OutOfMemory,
    Stopped,
    StudyPlanned,
    job_from_line,
    to_bytes,
    to_line,
)
from dataselect_gui.worker.results import Result, ScoringResult

SOURCE = SourceRef(Path("/data/scans"), "finding", "patient")
SCORING = ScoreJob(
    source=SOURCE,
    checkpoint=Path("/data/model"),
    digest="0",
    names=["loss"],
    device="cpu",
    precision="float32",
    batch_size=None,
    limit=3,
)
STUDY = StudyJob(
    source=SOURCE,
    checkpoint=Path("/data/model"),
    folder=Path("/data/study"),
    scores=["vog"],
    shares=["0.1"],
    epsilons=["8"],
    seeds=5,
    start="scratch",
    limit=10,
    plan_only=True,
)
ARMS = ArmsJob(
    source=SOURCE,
    clean=SourceRef(Path("/data/clean")),
    rows=None,
    strangers=None,
    checkpoint=Path("/data/model"),
    folder=Path("/data/study"),
    epsilons=["3"],
    release_epsilons=["1"],
    seeds=5,
    start="checkpoint",
    plant="labels:0.2",
    alpha="0.05",
    libraries=["Cleanlab"],
    limit=10,
    plan_only=True,
)
CHECKING = VerifyJob(bundle=Path("/data/bundle"), digest=None, key=Path("/data/key"))
LOOKING = InspectJob(path=Path("/data/scans"), records=SOURCE, read_as="source")
PLAN = StudyPlanned(trainings=2, left=1, seconds=3.0, seconds_beside=1.0, seconds_by_kind={"a": 0.5})


@pytest.mark.parametrize("job", [SCORING, STUDY, ARMS, CHECKING, LOOKING])
def test_a_job_arrives_as_it_was_sent(job: AnyJob) -> None:
    line = to_line(job)
    assert line.count(b"\n") == 1
    assert job_from_line(line) == job


@pytest.mark.skipif(os.name != "posix", reason="there, names are bytes")
def test_a_path_need_not_be_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\n")
    job = VerifyJob(bundle=path, digest=None, key=None)
    assert job_from_line(to_line(job)) == job


@pytest.mark.parametrize("kind", get_args(AnyJob))
def test_a_job_has_a_kind_and_a_result_of_its_own(kind: type[Job[Result]]) -> None:
    (base,) = kind.__orig_bases__  # type: ignore[attr-defined]
    assert get_args(base) == (kind.result_type(),)
    assert kind.kind.title
    assert kind.kind.afterwards


@pytest.mark.parametrize("kind", JobKind)
def test_every_kind_of_job_has_its_texts(kind: JobKind) -> None:
    assert kind.title
    assert kind.running
    assert kind.afterwards


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_its_text(phase: Phase) -> None:
    assert phase.text != phase.value


@pytest.mark.parametrize(
    "message",
    [
        Progress(Phase.SCORING, 1, 2, 3.5),
        Stopped(),
        OutOfMemory(),
        Failed.of(UnusableError("What.", "Why.", "Do.")),
        Crashed(Fault("ValueError", "x.py", 3)),
        ScoringResult(scored=3, device="cpu"),
    ],
)
def test_a_message_arrives_as_it_was_sent(message: Any) -> None:  # noqa: ANN401
    assert MessageReader(SCORING).read(to_bytes(message)) == message


def test_a_plan_is_a_studys_alone() -> None:
    assert MessageReader(STUDY).read(to_bytes(PLAN)) == PLAN
    with pytest.raises(ValueError, match="Invalid value"):
        MessageReader(SCORING).read(to_bytes(PLAN))


def test_every_error_keeps_its_type_on_the_way() -> None:
    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, DataSelectError)
        and kind not in {DataSelectError, WorkerDiedError, InterruptedByPersonError}
    }
    assert OtherStudyError in kinds
    assert kinds == set(ERRORS.values())
    for kind in kinds:
        made = Failed.of(kind("What.", "Why.", "Do.")).error
        assert (type(made), made.what, made.why, made.do) == (kind, "What.", "Why.", "Do.")


def test_a_special_error_is_told_as_the_kind_it_is_of() -> None:
    class SpecialError(UnusableError):
        pass

    assert type(Failed.of(SpecialError("", "", "")).error) is UnusableError


def said(kind: str, **fields: object) -> bytes:
    return json.dumps({"type": kind, **fields}).encode()


PROGRESS: dict[str, Any] = {"phase": "scoring", "done": 1, "total": 2, "seconds_left": None}
FAILED = {"code": "unusable", "what": "a", "why": "b", "do": "c"}
FAULT: dict[str, Any] = {"error": "E", "file": "f", "line": 1, "places": []}
LIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "no type": b"{}",
    "another type": said("gossip"),
    "another job's result": said("FilesResult", records=1),
    "a type that is no text": said([]),  # type: ignore[arg-type]
    "a phase in words": said("progress", **{**PROGRESS, "phase": "Scoring"}),
    "a count below": said("progress", **{**PROGRESS, "done": -1}),
    "a count that is a text": said("progress", **{**PROGRESS, "done": "1"}),
    "a count that is true": said("progress", **{**PROGRESS, "done": True}),
    "a count that is a fraction": said("progress", **{**PROGRESS, "done": 0.5}),
    "a count beyond all": said("progress", **{**PROGRESS, "total": 1 << 60}),
    "a count of many digits": said("progress", **PROGRESS).replace(b"2", b"9" * 4000),
    "a time that is none": said("progress", **PROGRESS).replace(b"null", b"NaN"),
    "a time that is infinite": said("progress", **PROGRESS).replace(b"null", b"1e999"),
    "a time before now": said("progress", **{**PROGRESS, "seconds_left": -1}),
    "one field too many": said("progress", **PROGRESS, more="x"),
    "another error": said("Failed", **{**FAILED, "code": "interrupted"}),
    "an error with a number": said("Failed", **{**FAILED, "why": 3}),
    "an error without a remedy": said("Failed", code="unusable", what="a", why="b"),
    "half a character": said("Failed", **{**FAILED, "why": "\ud800"}),
    "a long error": said("Failed", **{**FAILED, "why": "x" * (1 << 18)}),
    "a fault of many places": said(
        "Crashed", fault={**FAULT, "places": [{"module": "m", "line": 1}] * 9}
    ),
    "a fault with a long name": said("Crashed", fault={**FAULT, "error": "x" * 201}),
    "a fault with its message": said("Crashed", fault={**FAULT, "message": "x"}),
    "a result with a list": said("ScoringResult", scored=[], device="cpu"),
    "a result without a device": said("ScoringResult", scored=1),
    "deep": b'{"type": "ScoringResult", "scored": ' + b"[" * 100_000,
    "deep and unknown": b'{"type": "ScoringResult", "x": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("lie", LIES)
def test_what_no_honest_child_says_is_no_message(lie: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (whatever msgspec or the reader call it)
        MessageReader(SCORING).read(LIES[lie])


CHECK = {"name": "checksums", "ok": True, "detail": "They hold."}


@pytest.mark.parametrize(
    "lie",
    [
        {"checks": [], "release": None},
        {"checks": [{**CHECK, "ok": 1}], "release": None},
        {"checks": [{**CHECK, "ok": False}], "release": {"promise": "All is well."}},
        {"checks": [{**CHECK, "detail": "x" * 10_001}], "release": None},
        {"checks": [CHECK], "release": "x"},
        {"checks": [CHECK]},
    ],
)
def test_a_check_of_a_bundle_that_is_none_is_no_message(lie: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        MessageReader(CHECKING).read(said("VerificationResult", **lie))


def test_the_longest_lie_costs_little() -> None:
    reader, most = MessageReader(SCORING), SCORING.most_bytes
    lies = [b'{"type":' + b"[" * (most - 9), b"[" + b"[]," * (most // 3 - 1) + b"0]", bytes(most)]
    tracemalloc.start()
    began = time.process_time()
    for lie in lies:
        with pytest.raises(ValueError):  # noqa: PT011
            reader.read(lie)
    assert time.process_time() - began < 0.5
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_what_is_loaded_before_the_child_is_confined_starts_no_thread() -> None:
    """NumPy starts some where nothing holds it back, and a process with threads is not confined."""
    program = "import sys, dataselect_gui.worker.child; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import (
    InternalError,
    InterruptedByPersonError,
    UnusableError,
    UsageError,
    WorkerDiedError,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.project.project import Project
from dataselect_gui.records.source import SourceRef
from dataselect_gui.sandbox.starting import start
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import (
    InspectJob,
    Job,
    MapJob,
    ParametersJob,
    PreflightJob,
    ScoreJob,
    StudyJob,
    SumJob,
    VerifyJob,
)
from dataselect_gui.worker.messages import to_line
from dataselect_gui.worker.results import Result
from tests.helpers import array_file, image_folder
from tests.other_child import child_that, start_instead
from tests.processes import workers_of
from tests.releases import silent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
NAMES = ["loss", "el2n", "grad_norm", "vog"]
ROWS = 240


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.models import save_series, stir, tiny_resnet

    folder = tmp_path_factory.mktemp("consortium")
    return save_series(folder, [stir(tiny_resnet(), seed) for seed in range(3)])


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    return array_file(
        tmp_path_factory.mktemp("owner") / "records.npz",
        x=rng.integers(0, 256, (ROWS, 16, 16), dtype=np.uint8),
        y=np.arange(ROWS) % 3,
        classes=np.array(["bird", "cat", "dog"]),
    )


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path_factory.getbasetemp() / "home"))


def score_command(records: Path, series: Path, project: Path) -> list[str]:
    arguments = [
        "score",
        records,
        "--checkpoint",
        series,
        "--project",
        project,
        "--batch-size",
        "1",  # Which no kill halves.
        "--json",
    ]
    return [sys.executable, "-m", "dataselect_gui", *map(str, arguments)]


@pytest.fixture(scope="module")
def undisturbed(records: Path, series: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("undisturbed") / "p.dataselect"
    environment = {**os.environ, "DATASELECT_HOME": str(tmp_path_factory.getbasetemp() / "home")}
    command = score_command(records, series, project)
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    answer = json.loads(run.stdout)
    assert answer["scored"] == ROWS
    assert answer["device"] in {"cpu", "cuda", "mps"}
    assert "Scoring" in run.stderr
    return project


def test_progress_ends_at_the_end_and_scores_agree_with_each_other(undisturbed: Path) -> None:
    table = workflow.scores(undisturbed)
    assert list(table)[5:7] == ["answer", "confidence"]
    assert list(table)[7:] == ["loss", "margin", "el2n", "grad_norm", "vog", "plis", "random"]
    assert all(value is not None for name in NAMES for value in table[name])
    assert np.corrcoef(table["loss"], table["el2n"])[0, 1] > 0.5
    assert 0 <= min(table["random"]) < max(table["random"]) < 1


def test_a_second_run_has_nothing_to_do(undisturbed: Path, records: Path, series: Path) -> None:
    before = {name: workflow.scores(undisturbed)[name] for name in NAMES}
    phases: list[Phase] = []
    context = JobContext(lambda step: phases.append(step.phase))
    workflow.score(records, series, context, project_path=undisturbed)
    assert Phase.LOADING_MODEL not in phases
    assert {name: workflow.scores(undisturbed)[name] for name in NAMES} == before


def test_missing_scores_are_added_and_a_limit_takes_the_first(
    records: Path, series: Path, undisturbed: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    workflow.score(records, series, silent, project_path=project, names=["random"])
    done = workflow.score(records, series, silent, project_path=project, names=["loss"], limit=10)
    assert done.scored == 10
    table = workflow.scores(project)
    assert [value is not None for value in table["loss"]] == [True] * 10 + [False] * (ROWS - 10)
    assert table["loss"][:10] == pytest.approx(workflow.scores(undisturbed)["loss"][:10], rel=1e-5)
    assert table["random"] == workflow.scores(undisturbed)["random"]


@pytest.mark.usefixtures("scoring_here")
def test_only_what_changed_is_scored_again(records: Path, series: Path, tmp_path: Path) -> None:
    arrays = dict(np.load(records))
    source = tmp_path / "records.npz"
    few = {"x": arrays["x"][:8].copy(), "y": arrays["y"][:8], "classes": arrays["classes"]}
    np.savez(source, **few)
    project = tmp_path / "p.dataselect"
    workflow.score(source, series, silent, project_path=project, names=["loss"])
    before = workflow.scores(project)["loss"]
    few["x"][3] = 255 - few["x"][3]
    np.savez(source, **few)
    workflow.score(source, series, silent, project_path=project, names=["loss"])
    after = workflow.scores(project)["loss"]
    assert [a == b for a, b in zip(before, after, strict=True)] == [row != 3 for row in range(8)]


def test_a_moved_source_is_accepted_and_another_is_not(
    records: Path, series: Path, undisturbed: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere.npz"
    moved.write_bytes(records.read_bytes())
    workflow.score(moved, series, silent, project_path=undisturbed, names=["loss"])
    other = tmp_path / "other.npz"
    np.savez(other, **{**np.load(records), "x": 255 - np.load(records)["x"]})
    with pytest.raises(UnusableError, match="not the source of this project"):
        workflow.score(other, series, silent, project_path=undisturbed, names=["loss"])
    workflow.score(records, series, silent, project_path=undisturbed, names=["loss"])


def test_what_cannot_be_read_is_listed_and_the_rest_is_scored(series: Path, tmp_path: Path) -> None:
    folder = image_folder(
        tmp_path / "scans", [f"{kind}/{n}.png" for kind in ("cat", "dog") for n in range(3)]
    )
    (folder / "dog/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    done = workflow.score(folder, series, silent, project_path=tmp_path / "p.dataselect")
    assert done.scored == 6
    assert list(done.problems) == ["dog/broken.png"]
    assert "damaged" in done.problems["dog/broken.png"]
    table = workflow.scores(tmp_path / "p.dataselect")
    assert table["id"][-1] == "dog/broken.png"
    assert table["loss"][-1] is None


@pytest.mark.usefixtures("scoring_here")
def test_a_source_of_which_nothing_can_be_read_is_unusable(series: Path, tmp_path: Path) -> None:
    (tmp_path / "scans/cat").mkdir(parents=True)
    (tmp_path / "scans/cat/1.png").write_bytes(b"nothing")
    with pytest.raises(UnusableError, match="No record could be scored"):
        workflow.score(tmp_path / "scans", series, silent, project_path=tmp_path / "p.dataselect")


def test_scores_that_cannot_be_are_refused_before_the_work(
    records: Path, series: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    for names in (["beauty"], ["vog"]):
        with pytest.raises(UsageError):
            workflow.score(records, series / "checkpoint-10", silent, project_path=project, names=names)
    with pytest.raises(UsageError, match="device"):
        workflow.score(records, series, silent, project_path=project, device="abacus")


def wait_for_records(parent: int, project: Path, count: int) -> None:
    """Wait until a run's worker is there and so many records are marked as scored on disk."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        done = [np.count_nonzero(np.load(path)) for path in project.glob("table-1/*/vog.done.npy")]
        if any(True for _ in workers_of(parent)) and (count == 0 or (done and done[0] >= count)):
            return
        time.sleep(0.01)
    raise AssertionError(f"{count} records were not scored")


def killed_and_started_again(
    records: Path, series: Path, project: Path, victim: str, after: int
) -> dict[str, Any]:
    """Kill a scoring run once so many records are scored; return what the same command then tells."""
    command = score_command(records, series, project)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        wait_for_records(process.pid, project, after)
        if victim == "parent":
            process.kill()
        else:
            for child in workers_of(process.pid):
                os.kill(child, signal.SIGKILL)
        printed = process.communicate()[0]
        assert process.returncode == (1 if victim == "child" else -signal.SIGKILL)
        if victim == "child":
            what = json.loads(printed)["error"]["what"]
            kept = r"The scores of \d+ of 240 records are kept\."
            assert re.fullmatch(rf"Scoring stopped unexpectedly\. {kept}", what)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stdout
    answer: dict[str, Any] = json.loads(again.stdout)
    return answer


IN_A_LONG_BATCH = """
import sys, time
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.worker.parent import Parent
parent = Parent(sys.stdin.buffer, sys.stdout.buffer, JobKind.SCORING)
print("begun", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)
child.stdout.readline()
print(child.pid, flush=True)
if sys.argv[2] == "asks":
    child.stdin.close()
time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="there, a process keeps the number of its dead parent")
@pytest.mark.parametrize("what", ["dies", "asks"])
def test_a_worker_ends_in_the_middle_of_a_batch_where_its_parent_died_alone(what: str) -> None:
    command = [sys.executable, "-c", PARENT, IN_A_LONG_BATCH, what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        if what == "asks":
            with pytest.raises(psutil.TimeoutExpired):
                child.wait(timeout=2)
        parent.kill()
    child.wait(timeout=30)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
@pytest.mark.parametrize("victim", ["child", "parent"])
def test_a_killed_run_goes_on_to_the_same_digits(
    records: Path, series: Path, undisturbed: Path, tmp_path: Path, victim: str
) -> None:
    answer = killed_and_started_again(
        records, series, tmp_path / "p.dataselect", victim, after=ROWS // 4
    )
    assert answer["scored"] == ROWS
    assert workflow.scores(tmp_path / "p.dataselect") == workflow.scores(undisturbed)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
def test_a_run_that_is_killed_in_the_middle_of_a_batch_goes_on_with_half_as_many(
    series: Path, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1_500, 16, 16), dtype=np.uint8)
    records = array_file(
        tmp_path / "records.npz",
        x=pixels,
        y=np.arange(len(pixels)) % 3,
        classes=np.array(["bird", "cat", "dog"]),
    )
    project = tmp_path / "p.dataselect"
    command = [
        word for word in score_command(records, series, project) if word not in {"--batch-size", "1"}
    ]
    sizes = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        child = held_in_a_batch(process.pid, project)
        sizes.append(Project.open(project).scores["loss"].batch)
        os.kill(child, signal.SIGKILL)
        process.communicate()
    assert process.returncode == 1
    subprocess.run(command, capture_output=True, check=True)
    sizes.append(Project.open(project).scores["loss"].batch)
    assert sizes == [256, 128]
    same = score_command(records, series, tmp_path / "same.dataselect")
    same[same.index("--batch-size") + 1] = "16"
    subprocess.run(same, capture_output=True, check=True)
    assert workflow.scores(project) == workflow.scores(tmp_path / "same.dataselect")


def held_in_a_batch(parent: int, project: Path) -> int:
    """Wait until a worker is in the middle of a batch, and hold it there; return its process id."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (project / ".in-hand").exists() and (project / "table-1").exists():
            for child in workers_of(parent):
                os.kill(child, signal.SIGSTOP)
                if (project / ".in-hand").exists():
                    return child
                os.kill(child, signal.SIGCONT)
    raise AssertionError("no batch was computed")


def test_a_worker_that_dies_before_it_takes_its_job_is_told_as_such(
    records: Path, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start_and_keep(*given: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401
        started.append(start(*given))
        return started[-1]

    def written_late(job: ScoreJob) -> bytes:
        os.waitid(os.P_PID, started[-1].pid, os.WEXITED | os.WNOWAIT)  # It is dead, and still a child.
        return to_line(job)

    start_instead("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", monkeypatch)
    monkeypatch.setattr("dataselect_gui.worker.handle.start", start_and_keep)
    monkeypatch.setattr("dataselect_gui.worker.handle.to_line", written_late)
    with pytest.raises(WorkerDiedError, match=r"stopped unexpectedly\. No record is fully scored"):
        workflow.score(records, series, silent, project_path=tmp_path / "p.dataselect")


HERE = Path("/nowhere")
MODEL: dict[str, Any] = {"source": SourceRef(HERE), "checkpoint": HERE}
ON_CPU: dict[str, Any] = {**MODEL, "digest": "", "device": "cpu"}
JOBS: dict[str, Job[Result]] = {
    "Scoring": ScoreJob(**ON_CPU, names=[], precision="float32", batch_size=None, limit=None),
    "Naming the parameters": ParametersJob(checkpoint=HERE, digest=""),
    "Summing the gradients": SumJob(**ON_CPU, folder=HERE, clip=1.0, steps=1),
    "Trying the checkpoint": PreflightJob(**MODEL, names=[], device="cpu"),
    "Making the map": MapJob(
        **ON_CPU, folder=HERE, rows=[], names=[], precision="float32", seconds=1.0
    ),
    "The study": StudyJob(
        **MODEL,
        folder=HERE,
        scores=[],
        shares=[],
        epsilons=[],
        seeds=1,
        start="scratch",
        limit=1,
        plan_only=False,
    ),
    "Looking at what was given": InspectJob(path=HERE, records=None, read_as="source"),
    "Checking the bundle": VerifyJob(bundle=HERE, digest=None, key=None),
}


@pytest.mark.parametrize("title", JOBS)
def test_every_job_ends_in_words_of_its_own(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JOBS[title]
    child_that("os.kill(os.getpid(), signal.SIGKILL)", monkeypatch)
    with pytest.raises(WorkerDiedError, match=f"^{title} stopped unexpectedly") as died:
        run_job(job, silent)
    assert died.value.do == job.kind.afterwards
    child_that("raise child.InterruptedByPersonError('', '', '')", monkeypatch)
    with pytest.raises(InterruptedByPersonError, match=f"^{title} was stopped") as stopped:
        run_job(job, silent)
    assert stopped.value.do == job.kind.afterwards
    child_that("raise IndexError('record 7 holds 3.25')", monkeypatch)
    with pytest.raises(InternalError, match=f"^{title} stopped because of a fault") as fault:
        run_job(job, silent)
    assert "IndexError in <string>, line 6" in fault.value.why
    assert "3.25" not in str(fault.value)
    child_that("raise MemoryError", monkeypatch)
    with pytest.raises(UnusableError, match=f"^{title} stopped: there is not enough memory"):
        run_job(job, silent)


def test_a_job_that_is_ended_on_request_did_not_stop_unexpectedly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    child_that("context.report(Phase.SCORING); time.sleep(60)", monkeypatch)
    context = JobContext(lambda _: context.stop.insist())
    with pytest.raises(InterruptedByPersonError, match="Scoring was stopped"):
        run_job(JOBS["Scoring"], context)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_killed_runs_end_in_the_same_digits(
    records: Path, series: Path, undisturbed: Path, tmp_path: Path
) -> None:
    expected = workflow.scores(undisturbed)
    chance = random.Random(0)
    for number in range(20):
        project = tmp_path / f"{number}.dataselect"
        victim = ("child", "parent")[number % 2]
        killed_and_started_again(records, series, project, victim, chance.randrange(3 * ROWS // 4))
        assert workflow.scores(project) == expected


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """What a shell runs in the background ignores interrupts, and so would what is started here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_interrupts")
def test_a_request_to_stop_keeps_what_is_done(records: Path, series: Path, tmp_path: Path) -> None:
    project = tmp_path / "p.dataselect"
    with subprocess.Popen(
        score_command(records, series, project),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Scoring"):
                break
        process.send_signal(signal.SIGINT)
        printed = process.communicate()[0]
    assert process.returncode == 130
    assert json.loads(printed)["exit_code"] == 130
    assert any(value is not None for value in workflow.scores(project)["loss"])

"""What the log of faults holds, and that it holds nothing of anybody's."""

import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import __version__
from dataselect_gui.cli.app import main
from dataselect_gui.errors import InternalError, UnusableError, WorkerDiedError
from dataselect_gui.jobs import fault_log
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.fault_log import Crash, JobEnded, Left, Outcome, note, start_log, stop_log
from dataselect_gui.jobs.faults import Fault, Place, fault_of
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import VerifyJob
from tests.helpers import array_file
from tests.models import save_member, stir, tiny_plain
from tests.other_child import child_that, start_instead

MARK = "zqxv"
"""Stands in every name, path, label, id and reason that the jobs of these tests come across."""
RECORDS = 211


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "faults.log"
    stop_log()


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def holds_mark(log: Path) -> bool:
    return any(MARK in path.read_text("utf-8").lower() for path in log.parent.glob(f"{log.name}*"))


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of real commands, most of which succeed, over marked records."""
    folder = tmp_path_factory.mktemp(MARK)
    log = tmp_path_factory.mktemp("log") / "faults.log"
    people = np.array([f"{MARK} {n // 2}" for n in range(RECORDS)])
    records = array_file(
        folder / f"{MARK}.npz",
        x=np.random.default_rng(0).integers(0, 256, (RECORDS, 16, 16), dtype=np.uint8),
        y=np.arange(RECORDS) % 3,
        classes=np.array([f"{MARK} a", f"{MARK} b", f"{MARK} c"]),
        **{MARK: people},
    )
    model = folder / f"{MARK}-model"
    save_member(model, stir(tiny_plain(), 0))
    config = json.loads((model / "config.json").read_text("utf-8"))
    names = {str(n): f"{MARK} {letter}" for n, letter in enumerate("abc")}
    (model / "config.json").write_text(json.dumps({**config, "id2label": names}), encoding="utf-8")
    project, bundle = folder / f"{MARK}.dataselect", folder / f"{MARK}-bundle"
    score = ["score", str(records), "--checkpoint", str(model), "--project", str(project)]
    release = ["release", str(project), "--to", str(bundle), "--epsilon", "1", "--in-training", "no"]
    commands = [
        ([*score, "--unit-column", MARK, "--scores", "loss"], 0),
        (["select", str(project), "--by", "loss", "--threshold", "0"], 0),
        ([*release, "--threshold-source", "agreed", "--budget", "4"], 0),
        (["verify", str(bundle)], 0),
        (["inspect", str(folder / MARK)], 4),
        (["select", str(project), "--by", MARK, "--threshold", "0"], 2),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASELECT_HOME", str(folder / f"{MARK}-home"))
        for arguments, code in commands:
            assert main(["--log", str(log), *arguments]) == code, arguments
    return log


def test_the_log_tells_jobs_how_they_ended_and_what_ran(logged: Path) -> None:
    lines = lines_of(logged)
    assert [line["event"] for line in lines].count("started") == 6
    assert lines[0]["version"] == __version__
    assert lines[0]["python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    jobs = [line for line in lines if line["event"] == "jobended"]
    ended = [(job["job"], job["outcome"], job["error"]) for job in jobs]
    assert ended == [
        ("scoring", "done", None),
        ("release", "done", None),
        ("verification", "done", None),
        ("inspection", "failed", "UnusableError"),
    ]
    assert all(0 < job["seconds"] < 300 for job in jobs)
    left = [(line["exit_code"], line["error"]) for line in lines if line["event"] == "left"]
    assert left == [*[(0, None)] * 4, (4, "UnusableError"), (2, "UsageError")]


def test_nothing_of_anybody_is_in_the_log(logged: Path) -> None:
    assert not holds_mark(logged)
    log = json.dumps([{**line, "time": 0, "seconds": 0} for line in lines_of(logged)])
    assert str(RECORDS) not in log


def test_every_text_of_the_log_is_known_beforehand(logged: Path) -> None:
    for line in lines_of(logged):
        texts = [value for value in line.values() if isinstance(value, str)]
        assert "?" not in texts
        assert set(texts) <= fault_log.known_texts()


class AnyText:
    """Texts that are all known."""

    def __contains__(self, text: object) -> bool:
        return True


@pytest.mark.parametrize(
    "event",
    [
        Crash(error=MARK, places=(Place(f"dataselect_gui.{MARK}", 3), Place("os", 4_000_000))),
        Left(exit_code=1, seconds=1.0, error=f"{MARK} Error"),
        JobEnded(
            job=JobKind.SCORING, confined=True, seconds=1, outcome=Outcome.FAILED, error=f"of {MARK}"
        ),
    ],
)
@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_leak_is_kept_out_and_the_search_would_find_it(
    log: Path, event: fault_log.Event, is_guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_log(log)
    if not is_guarded:
        monkeypatch.setattr(fault_log, "known_texts", AnyText)
    note(event)
    assert holds_mark(log) is not is_guarded
    assert len(lines_of(log)) == 2
    if is_guarded:
        assert "4000000" not in log.read_text("utf-8")


def test_free_text_is_not_logged_whoever_logs_it(log: Path) -> None:
    start_log(log)
    logging.getLogger("dataselect.faults").error("%s is in record 7", MARK)
    logging.getLogger("dataselect.faults.below").error(MARK)
    logging.getLogger().error(MARK)
    assert not holds_mark(log)
    assert len(lines_of(log)) == 1


CRASHING = """
from dataselect_gui.checkpoints.json_file import parse_object
{made}
try:
    parse_object(None)
except TypeError as error:
    raise {name}("{mark} is in record 7") from error
except AttributeError:
    raise
"""


@pytest.mark.parametrize("name", ["ValueError", "MarkedError"])
def test_a_crash_is_told_by_its_type_and_by_the_lines_of_the_program(
    log: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = name.replace("Marked", MARK.capitalize())
    made = "" if name == "ValueError" else f"class {name}(Exception): pass"
    child_that(CRASHING.format(made=made, name=name, mark=MARK), monkeypatch)
    start_log(log)
    with pytest.raises(InternalError):
        run_job(VerifyJob(bundle=tmp_path, digest=None, key=None), JobContext())
    crash, ended = lines_of(log)[1:]
    assert crash["event"] == "crash"
    assert crash["error"] == ("ValueError" if name == "ValueError" else "?")
    assert [place["module"] for place in crash["places"]] == ["dataselect_gui.worker.child"]
    assert (ended["job"], ended["outcome"]) == ("verification", "crashed")
    assert ended["error"] == "InternalError"
    assert not holds_mark(log)


def test_a_process_that_died_is_told_with_its_exit_code(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_instead("import os; os._exit(77)", monkeypatch)
    start_log(log)
    with pytest.raises(WorkerDiedError):
        run_job(VerifyJob(bundle=tmp_path, digest=None, key=None), JobContext())
    died, ended = lines_of(log)[1:]
    assert (died["event"], died["job"], died["exit_code"]) == ("processdied", "verification", 77)
    assert (ended["outcome"], ended["error"]) == ("died", "WorkerDiedError")


def test_a_fault_is_known_by_lines_of_the_program(log: Path) -> None:
    try:
        fault_log.start_log(None)  # type: ignore[arg-type]
    except Exception as error:
        fault: Fault = fault_of(error)
    start_log(log)
    note(Crash.of(fault))
    crash = lines_of(log)[1]
    modules = {place["module"] for place in crash["places"]}
    assert "dataselect_gui.jobs.fault_log" in modules
    assert modules <= fault_log.known_texts()
    assert all(place["line"] > 0 for place in crash["places"])


def test_no_log_is_kept_unless_somebody_switches_it_on(log: Path) -> None:
    assert fault_log.log_path() is None
    note(Left(exit_code=0, seconds=1.0))
    start_log(log)
    assert fault_log.log_path() == log
    stop_log()
    note(Left(exit_code=0, seconds=1.0))
    assert fault_log.log_path() is None
    assert len(lines_of(log)) == 1


def test_the_environment_switches_it_on(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fault_log.VARIABLE, str(log))
    assert main(["inspect", str(log.parent / "nothing")]) == 4
    assert [line["event"] for line in lines_of(log)][::3] == ["started"]


def test_a_log_is_bounded(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_log, "MOST_BYTES", 2000)
    start_log(log)
    for _ in range(200):
        note(Left(exit_code=0, seconds=1.0))
    kept = sorted(log.parent.glob("faults.log*"))
    assert [path.name for path in kept] == ["faults.log", "faults.log.1"]
    assert all(path.stat().st_size <= 2000 for path in kept)


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_log_is_closed_to_others(log: Path) -> None:
    log.touch(mode=0o644)
    log.chmod(0o644)
    start_log(log)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links and permissions as POSIX has them")
def test_so_is_every_file_that_follows_and_no_link_is_followed(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault_log, "MOST_BYTES", 2000)
    elsewhere = log.with_name("elsewhere")
    before = os.umask(0o022)
    try:
        start_log(log)
        for _ in range(60):
            note(Left(exit_code=0, seconds=1.0))
        kept = sorted(log.parent.glob("faults.log*"))
        assert [path.name for path in kept] == ["faults.log", "faults.log.1"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
        monkeypatch.setattr(
            RotatingFileHandler, "rotate", lambda _self, source, target: put(source, target)
        )

        def put(source: str, target: str) -> None:
            Path(source).rename(target)
            Path(source).symlink_to(elsewhere)

        for _ in range(60):
            note(Left(exit_code=0, seconds=1.0))
    finally:
        os.umask(before)
    assert log.is_symlink()
    assert not elsewhere.exists()


@pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")
@pytest.mark.parametrize("there", ["link", "pipe", "folder", "no folder"])
def test_a_place_that_is_no_file_is_refused(log: Path, there: str) -> None:
    match there:
        case "link":
            log.symlink_to(log.with_name("elsewhere"))
        case "pipe":
            os.mkfifo(log)
        case "folder":
            log.mkdir()
        case _:
            log = log.parent / "nowhere" / "faults.log"
    with pytest.raises(UnusableError):
        start_log(log)
    assert fault_log.log_path() is None
    assert not log.with_name("elsewhere").exists()

"""What only asks changes no file and no account; what changes them opens the ledger once."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import filelock
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.entry_body import EntryBody
from dataselect_gui.privacy.entry_store import EntryStore
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.privacy.refusals import InUseError
from dataselect_gui.release.registry import REGISTRY, Registered
from tests.ledgers import Desk
from tests.projects import consortium, scored_project
from tests.releases import release, select, silent

ONE = Charge(Decimal(1))
State = dict[str, tuple[int, int, int, bytes]]
each_line = pytest.mark.parametrize(
    "line", REGISTRY, ids=[f"{line.kind.name} by {line.mechanism.name}" for line in REGISTRY]
)
GIVEN: dict[str, dict[str, Any]] = {
    "bins": {"bins": "0.25,0.5"},
    "count_threshold": {"count_threshold": "0.5"},
    "clip": {"clip": "1"},
    "count": {"count": 3},
    "delta": {"delta": "1e-6"},
}


def asked_of(line: Registered) -> dict[str, Any]:
    """Return the options of a release of this kind by this mechanism."""
    takes = line.kind.takes | line.mechanism.takes
    asked: dict[str, Any] = {"kind": line.kind.name, "mechanism": line.mechanism.name}
    for name, options in GIVEN.items():
        if name in takes:
            asked |= options
    if line.mechanism is Everything:
        asked |= {"epsilon": None, "acknowledge_disclosure": True}
    elif "epsilon" not in takes:
        asked |= {"epsilon": None, "acknowledge_exact": True, "reason": "agreed"}
    return asked


def select_for(line: Registered, project: Path) -> None:
    """Select everything, where a release goes by no rule."""
    if line.mechanism is Everything:
        workflow.select_records(project, workflow.Everything())


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})


@pytest.fixture(params=["records", "people"])
def project(request: pytest.FixtureRequest, tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    unit = "patient" if request.param == "people" else None
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column=unit)
    select(folder, threshold="0.5")
    return folder


@pytest.fixture(params=["fresh", "used"])
def world(request: pytest.FixtureRequest, tmp_path: Path, home: Path, project: Path) -> Path:
    """A folder with a project, its records and its checkpoint, and a ledger in use or none yet."""
    if request.param == "used":
        workflow.write_settings("{}")
        release(project, tmp_path / "earlier", kind="offers", in_training="no")
    else:
        shutil.rmtree(home)  # As where the project came from another machine.
    return tmp_path


def state_of(folder: Path) -> State:
    """Return every name below a folder with its rights, owner, time and bytes."""
    state: State = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        state[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, content)
    return state


def queries(world: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    project = world / "p.dataselect"
    yield "account", lambda: workflow.account(project)
    yield "ledger", lambda: workflow.ledger(project)
    yield "all ledgers", lambda: workflow.ledger(None)
    yield "head", lambda: workflow.knows_head("0" * 64, project)
    yield "inspect a project", lambda: workflow.inspect(project, None, silent)
    yield "scores", lambda: workflow.scores(project)
    yield "look", lambda: workflow.look(project)
    yield "deletion", lambda: workflow.before_deletion(project)
    yield "register", lambda: workflow.read_register(project, register(world), None)
    yield "inspect records", lambda: workflow.inspect(world / "records.npz", None, silent)
    yield "inspect a checkpoint", lambda: workflow.inspect(world / "consortium", None, silent)
    if (world / "earlier").exists():
        yield "verify", lambda: workflow.verify(world / "earlier")
        yield "bundle", lambda: workflow.hold_against(world / "earlier", project)
        yield "tokens", lambda: workflow.tokens(project, drawn_by(project))
        yield "settings", workflow.read_settings


def register(world: Path) -> Path:
    return world / "list.csv"


def drawn_by(project: Path) -> str:
    (account,) = workflow.ledger(project)
    return next(entry.release for entry in account.entries if entry.kind == "drawn") or ""


@pytest.mark.usefixtures("home")
def test_queries_change_no_file(world: Path) -> None:
    register(world).write_text("who\npatient 1\n")
    for name, ask in queries(world):
        before = state_of(world)
        ask()
        assert state_of(world) == before, name


@each_line
@pytest.mark.usefixtures("home")
def test_previews_and_dry_runs_change_no_file(world: Path, line: Registered) -> None:
    project, to = world / "p.dataselect", world / "new" / "b"
    asked = {"epsilon": "1", "in_training": "no", **asked_of(line)}
    select_for(line, project)
    before = state_of(world)
    assert workflow.preview(project, workflow.ReleaseRequest(to, **asked), silent).preview is not None
    assert state_of(world) == before
    assert release(project, to, **asked, dry_run=True).preview is not None
    assert state_of(world) == before


@pytest.mark.usefixtures("home")
def test_a_bought_threshold_is_previewed_without_a_write(world: Path) -> None:
    select(world / "p.dataselect", fraction="0.25")
    before = state_of(world)
    done = release(
        world / "p.dataselect", world / "b", threshold_from="bought:0.5", bounds="0,1", dry_run=True
    )
    assert done.preview is not None
    assert state_of(world) == before


def test_a_source_that_joins_two_accounts_is_shown_as_joined(home: Path) -> None:
    """What `claim` would come to, without the claim."""
    desk = Desk(home)
    first, second = desk.claim({b"a" * 32}), desk.claim({b"b" * 32})
    desk.set_budget(first, Decimal(3), "a test")
    desk.set_budget(second, Decimal(2), "a test")
    both = {b"a" * 32, b"b" * 32, b"c" * 32}
    foreseen = desk.statement_of(both)
    assert (foreseen.id, foreseen.budget) == (min(first, second), 2)
    joined = desk.statement(desk.claim(both))
    assert (joined.id, joined.budget, joined.charges) == (foreseen.id, 2, foreseen.charges)


# A command is one session


class Counts:
    """How often a ledger is opened, locked and checked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connections = self.locks = self.checks = 0
        connect, acquire, check = sqlite3.connect, filelock.BaseFileLock.acquire, EntryStore.__init__

        def connected(place: Any, *rest: Any, **more: Any) -> sqlite3.Connection:  # noqa: ANN401
            self.connections += 1
            opened: sqlite3.Connection = connect(place, *rest, **more)
            return opened

        def acquired(lock: filelock.BaseFileLock, *rest: Any, **more: Any) -> object:  # noqa: ANN401
            self.locks += Path(lock.lock_file).name == "ledger.lock"
            return acquire(lock, *rest, **more)

        def checked(store: EntryStore, *rest: Any) -> None:  # noqa: ANN401
            self.checks += 1
            check(store, *rest)

        monkeypatch.setattr(sqlite3, "connect", connected)
        monkeypatch.setattr(filelock.BaseFileLock, "acquire", acquired)
        monkeypatch.setattr(EntryStore, "__init__", checked)

    def counted(self) -> tuple[int, int, int]:
        return self.connections, self.locks, self.checks


@pytest.mark.parametrize(
    "line",
    [line for line in REGISTRY if line.kind.name != "gradient"],
    ids=lambda line: f"{line.kind.name} by {line.mechanism.name}",
)
@pytest.mark.usefixtures("home")
def test_a_release_opens_locks_and_checks_the_ledger_once(
    world: Path, line: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    select_for(line, world / "p.dataselect")
    counts = Counts(monkeypatch)
    release(world / "p.dataselect", world / "b", **asked_of(line))
    assert counts.counted() == (1, 1, 1)


@pytest.mark.usefixtures("home")
def test_so_does_one_that_buys_its_threshold_and_charges_a_training(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(world / "p.dataselect", fraction="0.25")
    counts = Counts(monkeypatch)
    asked = {"threshold_from": "bought:0.5", "bounds": "0,1", "in_training": "dp:1,1e-6"}
    assert release(world / "p.dataselect", world / "b", **asked).spent > 2
    assert counts.counted() == (1, 1, 1)


@pytest.mark.usefixtures("home")
def test_a_query_takes_no_lock_and_checks_once(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts(monkeypatch)
    workflow.account(world / "p.dataselect")
    assert counts.counted() == (1, 0, 1)
    workflow.change_budget(world / "p.dataselect", "9", "a test")
    assert counts.counted() == (2, 1, 2)


# Beside a command that holds the ledger


def test_a_snapshot_is_read_while_another_holds_the_ledger(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataselect_gui.privacy.chain.LOCK_SECONDS", 0.2)
    with Ledger(home).session() as session:
        account = session.claim({b"a" * 32})
        assert Desk(home).accounts() == [account]
        with pytest.raises(InUseError, match="in use"):
            Desk(home).claim({b"b" * 32})
        session.keep_draw(account, "a release", b"its draw")
        assert Desk(home).draw_of("a release") == b"its draw"
    assert Desk(home).accounts() == [account]


def test_what_a_snapshot_reads_late_may_have_been_moved(home: Path) -> None:
    """It says so, rather than that somebody changed the ledger."""
    desk = Desk(home)
    account = desk.claim({b"a" * 32})
    desk.keep_draw(account, "a release", b"its draw")

    def read_late() -> None:
        with Ledger(home).snapshot() as snapshot:
            desk.claim({b"b" * 32})
            with sqlite3.connect(home / "ledger.sqlite") as database:
                database.execute("UPDATE contents SET content = x'00'")
            database.close()
            snapshot.draw_of("a release")

    with pytest.raises(InUseError, match="in use"):
        read_late()


def test_a_refusal_within_a_session_leaves_the_rest_of_it(home: Path) -> None:
    with Ledger(home).session() as session:
        account = session.claim({b"a" * 32})
        body: EntryBody = {"release": "r", "key": "k", "unit": None, "per_unit": 1}
        with pytest.raises(RefusedError, match="no budget"):
            session.reserve(account, ONE, body)
        with pytest.raises(RefusedError, match="is left"):
            session.reserve(account, ONE, body, first_budget=Decimal("0.5"))
        session.set_budget(account, Decimal(1), "a test")
        session.reserve(account, ONE, body)
    statement = Desk(home).statement(account)
    assert [entry.kind for entry in statement.entries] == ["opened", "budget", "reserved"]
    assert statement.left == 0


KILLED = """
import os, signal
from pathlib import Path
from decimal import Decimal
from dataselect_gui.privacy.entry_body import EntryBody
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.privacy.chain import Chain
with Ledger(Path({home!r})).session() as session:
    account = session.claim({{b"a" * 32}})
    session.set_budget(account, Decimal(3), "a test")
    if {halfway}:
        Chain._settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    session.keep_draw(account, "a release", b"its draw")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
@pytest.mark.parametrize("halfway", [False, True])
def test_what_a_killed_session_wrote_is_there(home: Path, halfway: bool) -> None:
    """And where it was killed after a commit, whoever asks next puts the files in order."""
    script = KILLED.format(home=str(home), halfway=halfway)
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    before = state_of(home)
    desk = Desk(home)
    assert desk.draw_of("a release") == b"its draw"
    assert (state_of(home) == before) is not halfway
    (account,) = desk.accounts()
    assert desk.statement(account).budget == 3


def test_a_ledger_that_cannot_be_written_is_read(home: Path) -> None:
    account = Desk(home).claim({b"a" * 32})
    home.chmod(0o500)
    try:
        assert Desk(home).accounts() == [account]
        if os.geteuid():  # Root may write everywhere.
            with pytest.raises(UnusableError):
                Desk(home).claim({b"b" * 32})
    finally:
        home.chmod(0o700)

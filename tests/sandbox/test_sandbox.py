"""What a worker that was taken over can reach: nothing, where an unconfined one reaches everything."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import ScoreJob, VerifyJob
from tests import planted
from tests.other_child import child_that
from tests.sandbox.held import ROOT, WHERE_CONFINED

Made = dict[str, dict[str, bool]]

pytestmark = WHERE_CONFINED
PROMISED = [
    f"{way}: {attempt}"
    for way, attempts in {
        "Python": (
            "tcp",
            "udp",
            "netlink",
            "unix",
            "abstract unix",
            "listening",
            "read a home",
            "read a home by a symlink",
            "read a home by a symlink that is there",
            "read a home by a hard link",
            "write beside the project",
            "write beside by a symlink",
            "write beside by rename",
            "write beside by a hard link",
            "open the owner's file to all",
            "signal the parent",
            "run a program",
        ),
        "native code": (
            "tcp",
            "udp",
            "netlink",
            "read a home",
            "write beside the project",
            "write beside by rename",
            "write beside by a hard link",
            "empty the owner's file",
            "empty it by opening",
            "signal the parent",
            "fork",
        ),
    }.items()
    for attempt in attempts
]
"""What succeeds for whoever is not confined, whatever the system allows besides."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    root = tmp_path_factory.mktemp("world").resolve()
    for name in ("home/.ssh", "project", "beside", "sockets"):
        (root / name).mkdir(parents=True)
    (root / "home/.ssh/id_ed25519").write_text("a key")
    (root / "project/there").symlink_to(root / "home/.ssh/id_ed25519")
    (root / "beside/owned").write_text("the owner's")
    (root / "beside/emptied").write_text("the owner's, too")
    with ExitStack() as open_ones:
        tcp = open_ones.enter_context(socket.create_server(("127.0.0.1", 0), backlog=100))
        udp = open_ones.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        addresses = (str(root / "sockets/unix"), f"\0dataselect-{os.getpid()}")
        for address in addresses:
            unix = open_ones.enter_context(socket.socket(socket.AF_UNIX))
            unix.bind(address)
            unix.listen(100)
        yield {
            "port": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": addresses[0],
            "abstract": addresses[1][1:],
            "secret": str(root / "home/.ssh/id_ed25519"),
            "project": str(root / "project"),
            "beside": str(root / "beside"),
            "library": native_code(root),
        }


def native_code(folder: Path) -> str | None:
    """Compile calls that go past the C library; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    (folder / "raw.c").write_text(planted.RAW)
    made = folder / "project" / "raw.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, folder / "raw.c"], check=True)
    return str(made)


def tried(world: dict[str, Any], grant: dict[str, object] | None) -> Made:
    """Have the planted worker try everything."""
    file = Path(world["beside"]) / "told.json"
    file.write_text(json.dumps({**world, "grant": grant}))
    run = subprocess.run(
        [sys.executable, "-m", "tests.planted", "--parent", file],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    made: Made = json.loads(run.stdout)
    return made


@pytest.fixture(scope="module")
def control(world: dict[str, Any]) -> Made:
    return tried(world, None)


@pytest.fixture(scope="module")
def confined(world: dict[str, Any]) -> Made:
    return tried(world, {"home": str(Path.home()), "write": [world["project"]]})


def test_the_control_succeeds_at_everything_that_is_promised(control: Made) -> None:
    for way in ("itself", "thread", "child"):
        assert [name for name in PROMISED if not control[way][name]] == []


def test_the_control_succeeds_at_nearly_everything_else(control: Made) -> None:
    """Some kernels refuse a few things to everybody: those prove nothing here."""
    refused = sorted(name for name, succeeded in control["itself"].items() if not succeeded)
    assert len(refused) < len(control["itself"]) / 5, refused


@pytest.mark.parametrize("way", ["itself", "thread", "child"])
def test_a_confined_worker_fails_at_everything(confined: Made, control: Made, way: str) -> None:
    assert [name for name, succeeded in confined[way].items() if succeeded] == []
    if way != "child":  # There is none: nothing can be forked.
        assert confined[way].keys() == control[way].keys()


def test_nothing_beside_the_project_was_changed(confined: Made, world: dict[str, Any]) -> None:
    del confined
    assert (Path(world["beside"]) / "owned").read_text() == "the owner's"


IMPORTS = f"""
sys.path.insert(0, {str(ROOT)!r})
from dataselect_gui.worker.jobs import VerifyJob
from dataselect_gui.worker.results import CheckResult, ScoringResult, VerificationResult
from tests.planted import World, attempts
"""
PLANTED = """
made = attempts(World({stated!r}))
if isinstance(job, VerifyJob):
    checks = [CheckResult(name, succeeded, "") for name, succeeded in made.items()]
    return VerificationResult(checks=checks, release=None)
succeeded = [name for name in made if made[name]]
return ScoringResult(scored=len(made), device="; ".join(succeeded))
"""


@pytest.mark.parametrize("kind", ["scoring", "checking"])
def test_a_planted_worker_fails_at_everything(
    world: dict[str, Any], control: Made, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Started as every worker is, with what its job may reach."""
    place = {"parent": os.getpid(), "address": id(planted.SECRET)}
    # Native code is not among what a job names.
    monkeypatch.setitem(world, "library", None)
    child_that(PLANTED.format(stated={**world, **place}), monkeypatch, before=IMPORTS)
    if kind == "checking":
        checking = VerifyJob(bundle=Path(world["project"]), digest=None, key=None)
        checks = run_job(checking, JobContext()).checks
        assert {check.name for check in checks} == control["itself"].keys()
        assert [check.name for check in checks if check.ok] == []
        return
    scoring = ScoreJob(
        source=SourceRef(Path(world["project"])),
        checkpoint=Path(world["project"]),
        digest="",
        names=[],
        device="cpu",
        precision="float32",
        batch_size=None,
        limit=None,
    )
    made = run_job(scoring, JobContext())
    assert (made.scored, made.device) == (len(control["itself"]), "")


def test_a_worker_imports_nothing_that_starts_threads_before_it_confines_itself() -> None:
    """NumPy's library does, on a machine of several cores, and no worker would confine itself then."""
    program = (
        "import sys, dataselect_gui.worker.child\n"
        "print(sorted({'numpy', 'torch', 'PIL', 'pyarrow'} & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert run.stdout == "[]\n"


def test_threads_that_are_there_already_are_noticed() -> None:
    """They would not be confined."""
    program = (
        "import threading, time\n"
        "from dataselect_gui.sandbox.confining import ConfinementError, Grant, confine\n"
        "threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\n"
        "try:\n    confine(Grant(home='/root'))\n"
        "except ConfinementError as error:\n    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert run.stdout == "There are threads already\n"

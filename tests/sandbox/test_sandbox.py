"""What a worker that was taken over can reach: nothing, where an unconfined one reaches everything."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.checkpoints.layout import files_beside
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.privacy.home import grant
from dataselect_gui.records.opening import linked_files
from dataselect_gui.records.source import SourceRef
from dataselect_gui.sandbox.confining import Confinement, Grant, available_confinement
from dataselect_gui.sandbox.seatbelt import profile
from dataselect_gui.sandbox.seccomp import program
from dataselect_gui.sandbox.syscalls import ALWAYS, BY_ARGUMENT, LAST
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import ScoreJob, VerifyJob
from tests import planted

ROOT = Path(__file__).parents[2]
HELD = available_confinement()
Made = dict[str, dict[str, bool]]

pytestmark = pytest.mark.skipif(
    not (HELD.files and HELD.network), reason="this kernel lacks Landlock or seccomp"
)
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


# The worker itself


PLANTED = """
import sys
sys.path.insert(0, {root!r})
from dataselect_gui.worker import child
from dataselect_gui.worker.jobs import VerifyJob
from dataselect_gui.worker.results import CheckResult, ScoringResult, VerificationResult
from tests.planted import World, attempts
def run(job, context, parent):
    made = attempts(World({told!r}))
    if isinstance(job, VerifyJob):
        checks = [CheckResult(name, succeeded, "") for name, succeeded in made.items()]
        return VerificationResult(checks=checks, release=None)
    succeeded = [name for name in made if made[name]]
    return ScoringResult(scored=len(made), device="; ".join(succeeded))
child._run = run
sys.exit(child.main())
"""


@pytest.mark.parametrize("kind", ["scoring", "checking"])
def test_a_planted_worker_fails_at_everything(
    world: dict[str, Any], control: Made, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Started as every worker is, with what its job may reach."""
    place = {"parent": os.getpid(), "address": id(planted.SECRET)}
    words = [sys.executable, "-c", PLANTED.format(root=str(ROOT), told={**world, **place})]
    monkeypatch.setattr("dataselect_gui.worker.handle._command", lambda: words)
    # Native code is not among what a job names.
    monkeypatch.setitem(world, "library", None)
    words[-1] = PLANTED.format(root=str(ROOT), told={**world, **place})
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


# What is reached


REACH = """
import json, sys
from pathlib import Path
from dataselect_gui.sandbox.confining import Grant, confine
told = json.loads(sys.argv[1])
confine(Grant(**told["grant"]))
def reads(name):
    try:
        return bool(Path(name).read_bytes())
    except OSError:
        return False
print(json.dumps({name: reads(name) for name in told["files"]}))
"""


def reached(files: list[Path], **grant: object) -> dict[str, bool]:
    told = {"grant": {"home": "/nonexistent", **grant}, "files": list(map(str, files))}
    run = subprocess.run(
        [sys.executable, "-c", REACH, json.dumps(told)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    made: dict[str, bool] = json.loads(run.stdout)
    return made


def test_what_is_private_is_not_reached_though_it_lies_in_what_is(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    files = [root / name for name in ("a/1", "a/home/ledger", "a/b/home/2", "a/home-not/3", "other/4")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (root / "a/link").symlink_to(root / "a/home")
    linked = root / "a/link/ledger"
    grant = {"read": [str(root / "a")], "private": [str(root / "a/home")]}
    made = reached([*files, linked], **grant)
    assert list(made.values()) == [True, False, True, True, False, False]
    assert all(reached([*files[:4], linked], read=[str(root / "a")]).values())


def test_what_is_named_in_a_folder_that_is_not_private_is_reached_alone(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    names = ("home/ledger", "home/demo/bundle/1", "home/demo/home/ledger", "home/demo-not/2")
    files = [root / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (root / "home/demo/link").symlink_to(root / "home")
    private = {"private": [str(root / "home")], "not_private": [str(root / "home/demo")]}

    def reached_by(name: str) -> list[bool]:
        return list(reached(files, read=[str(root / name)], **private).values())

    assert reached_by("home/demo/bundle") == [False, True, False, False]
    assert reached_by("home/demo-not") == [False] * 4
    assert reached_by("home/demo/link") == [False] * 4
    assert reached_by("home") == [False] * 4
    assert reached_by(".") == [False] * 4


def test_a_home_is_not_read_because_libraries_lie_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path.resolve() / "home"
    for name in ("lib/module.py", "secret"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x = 1")
    files = [home / "lib/module.py", home / "secret"]
    monkeypatch.setenv("PYTHONPATH", f"{home}{os.pathsep}{home / 'lib'}{os.pathsep}{ROOT}")
    assert list(reached(files, home=str(home)).values()) == [True, False]


@pytest.mark.parametrize("home", ["", ".", "home", "~", "~/there", "../home"])
def test_a_home_that_is_nowhere_is_no_home(home: str) -> None:
    with pytest.raises(ValueError, match="no absolute path"):
        Grant(home=home)
    line = Grant(home="/home/somebody").to_line()
    assert Grant.from_line(line).home == "/home/somebody"
    with pytest.raises(ValueError, match="no absolute path"):
        Grant.from_line(line.replace("/home/somebody", home))


@pytest.mark.parametrize("named", ["", ".", "home", "/"])
def test_a_home_that_the_environment_does_not_name_is_the_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "ledger"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert grant().home == str(tmp_path)
    monkeypatch.setenv("HOME", named)
    pwd = pytest.importorskip("pwd")
    made = grant([tmp_path / "a"], [tmp_path / "b"])
    assert made.home == pwd.getpwuid(os.getuid()).pw_dir
    assert made.private == (str((tmp_path / "ledger").resolve()),)
    assert (made.read, made.write) == ((str(tmp_path / "a"),), (str(tmp_path / "b"),))


def test_a_record_that_is_a_link_is_read_and_what_lies_beside_it_is_not(tmp_path: Path) -> None:
    source, store = tmp_path / "scans", tmp_path / "store"
    source.mkdir()
    store.mkdir()
    for name in ("1.png", "2.png"):
        (store / name).write_text("x")
    (source / "1.png").symlink_to(store / "1.png")
    read = [str(source), *map(str, linked_files(source))]
    made = reached([source / "1.png", store / "1.png", store / "2.png"], read=read)
    assert list(made.values()) == [True, True, False]


def test_a_checkpoint_in_a_cache_of_links_is_read(tmp_path: Path) -> None:
    cache = tmp_path / "models--them--model"
    snapshot = cache / "snapshots" / "abc"
    for folder in (snapshot, cache / "blobs"):
        folder.mkdir(parents=True)
    (cache / "blobs/1").write_text("x")
    (cache / "token").write_text("x")
    (snapshot / "config.json").symlink_to("../../blobs/1")
    read = [str(snapshot), *map(str, files_beside(snapshot))]
    made = reached([snapshot / "config.json", cache / "token"], read=read)
    assert list(made.values()) == [True, False]


# The filter, on machines that are not here


ALLOW, REFUSE, UNKNOWN, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def decided(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """Run the filter of process 77 as the kernel does; return what it decides."""
    filled = [*arguments, *([0] * (6 - len(arguments)))]
    words = struct.pack("<IIQ6Q", number, arch or ARCH[machine], 0, *filled)
    held, place, steps = 0, 0, program(machine, 77)
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == 0x20:
            (held,) = struct.unpack_from("<I", words, value)
        elif code == 0x54:
            held &= value
        elif code == 0x06:
            return value
        else:
            test = {0x15: held == value, 0x25: held > value, 0x35: held >= value}
            place += if_true if test.get(code, bool(held & value)) else if_false


@pytest.mark.parametrize("machine", ARCH)
def test_a_filter_allows_what_is_named_and_nothing_else(machine: str) -> None:
    column = list(ARCH).index(machine)
    named = {numbers[column] for numbers in ALWAYS.values()}
    by_argument = {numbers[column] for numbers in BY_ARGUMENT.values()}
    for number in range(LAST + 1):
        if number in named:
            assert decided(machine, number) == ALLOW
        elif number not in by_argument:
            assert decided(machine, number) == REFUSE
    assert decided(machine, LAST + 1) == decided(machine, 1 << 20) == UNKNOWN
    assert decided(machine, 0x40000000) == KILL
    assert decided(machine, 0, arch=0x40000003) == KILL
    assert len(program(machine, 77)) < 4096


@pytest.mark.parametrize("machine", ARCH)
def test_a_filter_looks_at_arguments(machine: str) -> None:
    def told(name: str, *arguments: int) -> int:
        number = BY_ARGUMENT[name][list(ARCH).index(machine)]
        assert number is not None
        return decided(machine, number, *arguments)

    everybody = (1 << 32) - 1
    for other in (0, 1, 76, everybody):
        assert told("kill", other, 9) == told("tgkill", other, other, 9) == REFUSE
    assert told("kill", 77, 6) == told("tgkill", 77, 80, 6) == ALLOW
    assert told("prlimit64", 0, 7) == told("sched_setaffinity", 77) == ALLOW
    assert told("prlimit64", 76, 7) == told("sched_setaffinity", 76) == REFUSE
    threads, fork, spawn = 0x3D0F00, 0x1200011, 0x4111
    assert [told("clone", flags) for flags in (threads, fork, spawn, 0)] == [ALLOW, *[REFUSE] * 3]
    assert told("clone3", 0) == UNKNOWN
    reads, empties, writes = os.O_RDONLY, os.O_RDONLY | os.O_TRUNC, os.O_WRONLY | os.O_TRUNC
    opened = [told("openat", 0, 0, flags) for flags in (reads, empties, writes)]
    assert opened == [ALLOW, REFUSE, ALLOW]
    assert [told("fcntl", 0, command) for command in (3, 8, 10, 15, 1030)] == [
        ALLOW,
        REFUSE,
        REFUSE,
        REFUSE,
        ALLOW,
    ]
    needed = {
        "TCGETS": 0x5401,
        "TIOCGWINSZ": 0x5413,
        "FIONREAD": 0x541B,
        "FIOCLEX": 0x5451,
        "NV_ESC_CARD_INFO": 0xC90046C8,
        "UVM_INITIALIZE": 0x30000001,
        "UVM_REGISTER_GPU": 37,
        "DRM_IOCTL_VERSION": 0xC0406400,
        "AMDKFD_IOC_GET_VERSION": 0x80084B01,
    }
    harmful = {
        "TIOCSTI": 0x5412,
        "TIOCSTI, with more above": (7 << 32) | 0x5412,
        "FIOSETOWN": 0x8901,
        "FS_IOC_SETFLAGS": 0x40086602,
        "FS_IOC32_SETFLAGS": 0x40046602,
        "FS_IOC_FSSETXATTR": 0x401C5820,
        "FS_IOC_ENABLE_VERITY": 0x40806685,
        "FS_IOC_SET_ENCRYPTION_POLICY": 0x800C6613,
        "FICLONE": 0x40049409,
        "FITRIM": 0xC0185879,
        "NS_GET_PARENT": 0xB702,
    }
    assert {name: told("ioctl", 0, one) for name, one in needed.items()} == dict.fromkeys(needed, ALLOW)
    assert {name: told("ioctl", 0, one) for name, one in harmful.items()} == dict.fromkeys(
        harmful, REFUSE
    )
    assert told("prctl", 4, 1) == REFUSE


# What is said of it


@pytest.mark.parametrize(
    ("files", "others", "words"),
    [
        (True, True, "without network, other programs and other files"),
        (False, True, "does not keep them from other files"),
        (True, False, "does not keep them from network and other programs"),
        (False, False, "offers nothing that confines"),
    ],
)
def test_what_is_missing_is_said(files: bool, others: bool, words: str) -> None:
    held = Confinement(files, others, others, ("Landlock 7",), is_tested=True)
    assert words in held.sentence
    assert held.is_whole == (files and others)
    untested = Confinement(True, True, True, ("Seatbelt",), is_tested=False)
    assert not untested.is_whole
    assert "not tested" in untested.sentence


def test_a_profile_of_macos_names_places_and_nothing_else(tmp_path: Path) -> None:
    quoted = tmp_path / 'a "b) (allow default'
    written = profile([quoted], [])
    assert '\\"b) (allow default")' in written
    assert '(literal "/dev/null")' in written

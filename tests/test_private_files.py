"""What the program writes is closed to every other account, from the moment it is there."""

import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.table import save
from dataselect_gui.errors import UnusableError
from dataselect_gui.permissions import close_folder, is_exposed, make_folder, replacing
from dataselect_gui.privacy.home import open_home
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.project.files import write_json
from dataselect_gui.project.project import Project
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.study.store import FINDINGS, PLAN, RESULTS, SETTING, Store
from tests.creations import OTHERS, Created, created_in, watch
from tests.projects import owner_records, scored_project
from tests.releases import release, select

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists, not modes"),
    pytest.mark.usefixtures("home"),
]
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can become somebody else"
)
SOMEBODY = 65534
COMMAND = (sys.executable, "-P", "-m", "dataselect_gui")
MARK = "marked-source"


@pytest.fixture
def mask() -> Iterator[None]:
    """The mask of a process that leaves everything open, as Python's has it before `main`."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def project(project: Path) -> Path:
    select(project, threshold="0.5")
    return project


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_up(folder: Path) -> None:
    """Give a folder the modes that earlier versions left."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


def open_ones(folder: Path) -> list[Path]:
    """Return what of a folder another account may do anything with."""
    there = [folder, *folder.rglob("*")]
    return [path for path in there if not path.is_symlink() and mode_of(path) & OTHERS]


# From the first moment: every call that creates something


def short_way(root: Path) -> Iterator[tuple[str | Path, ...]]:
    """The verbs that write, one after the other."""
    from tests.models import save_series, stir, tiny_resnet
    from tests.study.conftest import learnable_records

    source = learnable_records(root / f"{MARK}.npz")
    checkpoint = save_series(root / "consortium", [stir(tiny_resnet(), seed) for seed in range(2)])
    project, bundle = root / "p.dataselect", root / "new" / "bundle"
    yield "score", source, "--checkpoint", checkpoint, "--project", project, "--limit", "20"
    yield "select", project, "--by", "loss", "--fraction", "0.5"
    yield "release", project, "--to", bundle, *"--epsilon 1 --in-training no --budget 9".split()
    yield "scores", project, "--format", "csv", "--to", root / "scores.csv"
    yield "verify", bundle, "--page", root / "page.html"
    yield "ledger", project


def long_way(root: Path) -> Iterator[tuple[str | Path, ...]]:
    """And those that take their time."""
    yield from short_way(root)
    project = root / "p.dataselect"
    gradient = "--as gradient --clip 1 --delta 1e-6 --epsilon 1 --in-training no --bounds 0,9"
    bought = ("--threshold-source", "bought:1")
    yield "release", project, "--to", root / "gradient", *gradient.split(), *bought
    yield "scores", project, "--format", "parquet", "--to", root / "scores.parquet"
    study = ("study", root / f"{MARK}.npz", "--checkpoint", root / "consortium")
    yield *study, "--scores", "loss", "--to", root / "r.study", "--dry-run"


Way = Callable[[Path], Iterator[tuple[str | Path, ...]]]


@pytest.mark.parametrize("way", [short_way, pytest.param(long_way, marks=pytest.mark.slow)])
def test_nothing_is_created_that_others_can_read(tmp_path: Path, way: Way) -> None:
    root = tmp_path / "run"
    root.mkdir()
    seen: dict[str, list[Created]] = {}
    for words in way(root):
        command = [*COMMAND, *words]
        created, started = watch(command, tmp_path / "log", DATASELECT_HOME=str(root / "home"))
        seen[str(words[0])] = [*seen.get(str(words[0]), []), *created]
        assert [one for one in created if one.is_open] == [], words
        # Shared memory has names and modes of its own; none is used.
        assert not [one for one in created if one.path.startswith(("/dev/shm", "memory"))]  # noqa: S108
        # The job reaches the worker on a stream: its words and its environment are anybody's to read.
        assert not any(MARK in line or "p.dataselect" in line for line in started[1:])
        assert len(started) >= 2 or words[0] != "score"
    assert {"score", "release", "scores", "verify"} <= {verb for verb, made in seen.items() if made}
    paths = {one.path for made in seen.values() for one in made}
    for part in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.lock", "/.lock", "partial-"):
        assert any(part in path for path in paths), part
    written = [path for path in root.iterdir() if path.name not in {"consortium", f"{MARK}.npz"}]
    assert {"home", "new", "p.dataselect", "page.html", "scores.csv"} <= {p.name for p in written}
    assert [path for one in written for path in open_ones(one)] == []


STUDY = """
import sys
sys.argv = ["dataselect", "--version"]
from dataselect_gui.__main__ import main
assert main() == 0  # As every process of the program begins.
from pathlib import Path
from dataselect_gui.jobs.context import JobContext
from tests.study.test_study import few_steps, job_of, planned
from dataselect_gui.worker.study_run import run_study
few_steps(setattr)
records, checkpoint, folder = map(Path, {paths!r})
run_study(job_of(records, checkpoint, folder, unit_column=None), JobContext(), planned)
"""


@pytest.mark.slow
def test_a_study_creates_nothing_that_others_can_read(tmp_path: Path) -> None:
    from tests.models import save_series, stir, tiny_resnet
    from tests.study.conftest import learnable_records

    source = learnable_records(tmp_path / "records.npz")
    checkpoint = save_series(tmp_path / "consortium", [stir(tiny_resnet(), seed) for seed in range(2)])
    paths = [str(path) for path in (source, checkpoint, tmp_path / "r.study")]
    code = STUDY.format(paths=paths)
    created, _ = watch(
        [sys.executable, "-c", code], tmp_path / "log", MPLCONFIGDIR=str(tmp_path / "matplotlib")
    )
    assert [one for one in created if one.is_open] == []
    names = " ".join(one.path for one in created)
    assert all(part in names for part in ("/results", "/figures", ".page.html", "matplotlib"))
    assert open_ones(tmp_path / "r.study") == []


def test_the_window_creates_nothing_that_others_can_read(tmp_path: Path, project: Path) -> None:
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    created, _ = watch(
        [*COMMAND, "gui", project],
        tmp_path / "log",
        DATASELECT_HOME=str(tmp_path / "home"),
        DATASELECT_QUIT_WHEN_SHOWN="1",
        QT_QPA_PLATFORM="offscreen",
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert [one for one in created if one.is_open] == []
    assert mode_of(tmp_path / "home" / "settings.json") == 0o600


CHOOSE = """
import sys
sys.argv[1:] = ["--version"]
from dataselect_gui.__main__ import main
main()
import shiboken6
from PySide6.QtWidgets import QApplication, QFileDialog
from dataselect_gui.window.shell.app import keep_qt_settings_private
app = QApplication([])
if {kept}:
    keep_qt_settings_private()
dialog = QFileDialog(None, "Choose", {folder!r})
dialog.show()
app.processEvents()
dialog.accept()
shiboken6.delete(dialog)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt asks the system to remember")
@pytest.mark.parametrize("kept", [True, False])
def test_a_folder_that_was_chosen_is_remembered_with_the_ledger(tmp_path: Path, kept: bool) -> None:
    """And without that it is in a file that all programs of Qt share: the control."""
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    chosen = tmp_path / MARK
    chosen.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", CHOOSE.format(kept=kept, folder=str(chosen))],
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / "shared"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    telling = [path for path in tmp_path.rglob("*") if path.is_file() and MARK in path.read_text()]
    assert telling == [tmp_path / ("home" if kept else "shared") / "QtProject.conf"]
    assert mode_of(telling[0]) == 0o600


WITHOUT = """
import sys
from dataselect_gui import permissions
permissions.close_process = lambda: None
from dataselect_gui.__main__ import main
sys.exit(main())
"""


def test_a_process_that_does_not_begin_closed_is_seen(tmp_path: Path, project: Path) -> None:
    """The control: the same program, with its first line left out."""
    command = [sys.executable, "-c", WITHOUT, "release", str(project), "--to", str(tmp_path / "b")]
    words = ["--epsilon", "1", "--in-training", "no", "--budget", "4"]
    created, _ = watch([*command, *words], tmp_path / "log", DATASELECT_HOME=str(tmp_path / "home"))
    assert any(one.is_open and one.path.endswith("release.json") for one in created)
    # What is made closed by itself is so even then, and with it all that lies below.
    assert mode_of(tmp_path / "b") == mode_of(tmp_path / "home") == 0o700


@pytest.mark.parametrize(
    ("line", "is_open"),
    [
        ('7 openat(AT_FDCWD, "/a", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 3', True),
        ('7 openat(AT_FDCWD, "/a", O_WRONLY|O_CREAT|O_EXCL, 0600) = 3', False),
        ('7 mkdir("/a", 0777)                = 0', True),
        ('7 mkdirat(3, "a", 0700)            = 0', False),
        ('7 mknod("/a", S_IFIFO|0644)        = 0', True),
        ('7 creat("/a", 0644)                = 3', True),
        ("7 fchmod(3, 0644)                  = 0", True),
        ('7 chmod("/a", 0600)                = 0', False),
        ('7 openat(AT_FDCWD, "/a", O_RDWR|O_TMPFILE, 0666) = 3', True),
        ('7 memfd_create("a", MFD_CLOEXEC)   = 3', True),
    ],
)
def test_the_log_is_understood(line: str, is_open: bool) -> None:
    assert [one.is_open for one in created_in([line], 0o022)] == [is_open]


def test_the_mask_is_that_of_each_process() -> None:
    makes = 'openat(AT_FDCWD, "/a", O_WRONLY|O_CREAT, 0666) = 3'
    log = [
        "1 umask(077)                        = 022",
        "1 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD} => {parent_tid=[2]}, 88) = 2",
        "1 vfork( <unfinished ...>",
        "3 umask(022)                        = 077",
        "1 <... vfork resumed>)              = 3",
        f"2 {makes}",  # A thread has its process's mask.
        f"3 {makes}",  # A child changes its own alone.
        f"1 {makes}",
    ]
    assert [one.is_open for one in created_in(log, 0o022)] == [False, True, False]


# As somebody else

WALK = """
import os, select, sys
read = set()
while True:
    is_over = select.select([sys.stdin], [], [], 0)[0]
    for root in sys.argv[1:]:
        for folder, folders, files in os.walk(root):
            if os.access(folder, os.R_OK):
                read.add(folder)
            for name in files:
                path = os.path.join(folder, name)
                try:
                    os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
                    read.add(path)
                except OSError:
                    pass
    if is_over:
        break
print("\\n".join(sorted(read)))
"""


class Stranger:
    """Another account, that reads what it can below some folders, over and over again."""

    def __init__(self, *roots: Path) -> None:
        self._process = subprocess.Popen(
            [_python(), "-I", "-S", "-c", WALK, *map(str, roots)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            user=SOMEBODY,
            group=SOMEBODY,
            extra_groups=[],
            cwd="/",
        )

    def read(self) -> list[str]:
        """Return what it could read, after a last round."""
        told, _ = self._process.communicate(timeout=120)
        assert self._process.returncode == 0
        return told.splitlines()


def _python() -> str:
    """An interpreter that every account can start."""
    for candidate in (shutil.which("python3", path="/usr/bin:/usr/local/bin"), sys.executable):
        if candidate is not None:
            tried = subprocess.run(
                [candidate, "-I", "-S", "-c", ""],
                user=SOMEBODY,
                group=SOMEBODY,
                extra_groups=[],
                cwd="/",
                check=False,
                capture_output=True,
            )
            if tried.returncode == 0:
                return candidate
    pytest.skip("another account cannot start Python here")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody can enter; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="dataselect-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@as_root
def test_somebody_else_reads_nothing_at_any_moment_of_a_run(public: Path, project: Path) -> None:
    """While a project is scored, released and told of; the walk takes milliseconds a round."""
    here, home = public / "p.dataselect", public / "home"
    stranger = Stranger(public, here, home, public / "b")
    environment = {**os.environ, "DATASELECT_HOME": str(home)}

    def run(*words: str | Path) -> None:
        subprocess.run([*COMMAND, *map(str, words)], env=environment, check=True, capture_output=True)

    settings = workflow.look(project)
    run(
        "score",
        settings.source,
        "--checkpoint",
        settings.checkpoint,
        "--project",
        here,
        ("--scores"),
        "random",
    )
    run("select", here, "--by", "random", "--threshold", "0.2")
    told = ("--epsilon", "2", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    run("release", here, "--to", public / "b", *told)
    run("scores", here, "--format", "csv", "--to", public / "s.csv")
    assert stranger.read() == [str(public)]
    assert (public / "b" / "release.json").is_file()


@as_root
def test_the_walk_reads_what_is_left_open(public: Path) -> None:
    """The control."""
    (public / "open").mkdir(mode=0o755)
    (public / "open" / "scores").write_text("1")
    (public / "open" / "scores").chmod(0o644)
    (public / "closed").mkdir(mode=0o700)
    (public / "closed" / "scores").write_text("1")
    (public / "alone").write_text("1")
    (public / "alone").chmod(0o600)
    there = (public, public / "open", public / "open" / "scores")
    assert Stranger(public).read() == sorted(map(str, there))


# What is there already


def test_an_older_project_is_closed_when_it_is_met(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    outside.chmod(0o644)
    (project / "table-1" / "link").symlink_to(outside)
    (project / "notes.txt").write_text("the owner's")
    open_up(project)
    assert len(open_ones(project)) > 5
    Project.open(project)
    assert [path.name for path in open_ones(project)] == ["notes.txt"]  # Which nobody can reach.
    assert mode_of(outside) == 0o644


@pytest.mark.parametrize(
    "meet",
    [
        lambda: Ledger(workflow.home()),
        lambda: workflow.ledger(None),
        lambda: workflow.write_settings("{}"),
        lambda: workflow.read_settings(),
    ],
)
def test_an_older_home_is_closed_when_it_is_met(
    home: Path, project: Path, tmp_path: Path, meet: Callable[[], object]
) -> None:
    release(project, tmp_path / "b")
    workflow.write_settings("{}")
    (home / "unfinished").mkdir(exist_ok=True)
    (home / "unfinished" / "old.json").write_text("{}")
    open_up(home)
    meet()
    assert open_ones(home) == []


def test_an_older_study_is_closed_when_it_is_met(tmp_path: Path) -> None:
    folder = tmp_path / "r.study"
    Store(folder, {"records": "a"}).write("one", {"accuracy": 1})
    write_json(folder / PLAN, {})
    write_json(folder / FINDINGS, {})
    open_up(folder)
    Store(folder, {"records": "a"})
    assert open_ones(folder) == []
    assert {path.name for path in folder.rglob("*")} == {SETTING, PLAN, FINDINGS, RESULTS, "one.json"}


@pytest.mark.usefixtures("mask")
def test_an_older_table_is_replaced_by_a_closed_one(tmp_path: Path) -> None:
    for form in ("csv", "json", "parquet"):
        to = tmp_path / f"scores.{form}"
        to.write_text("old")
        to.chmod(0o666)
        save({"id": ["a"], "loss": [0.5]}, form, to)
        assert mode_of(to) == 0o600
        assert b"old" not in to.read_bytes()


@pytest.mark.usefixtures("mask")
def test_pages_are_closed(tmp_path: Path, project: Path) -> None:
    release(project, tmp_path / "b")
    checks = workflow.verify(tmp_path / "b")
    workflow.write_page(tmp_path / "b", checks, tmp_path / "page.html")
    workflow.write_statement(project, tmp_path / "statement.html")
    assert mode_of(tmp_path / "page.html") == mode_of(tmp_path / "statement.html") == 0o600


@pytest.mark.usefixtures("mask")
def test_folders_are_closed_whatever_the_process_does(
    tmp_path: Path, project: Path, home: Path
) -> None:
    release(project, tmp_path / "above" / "b")
    Store(tmp_path / "s" / "r.study", {"records": "a"})
    made = scored_project(
        tmp_path / "deep" / "er" / "q.dataselect", tmp_path / "records.npz", tmp_path / "consortium"
    )
    for folder in (home, tmp_path / "above", tmp_path / "above" / "b", made, made.parent):
        assert mode_of(folder) == 0o700
    assert mode_of(tmp_path / "s" / "r.study") == 0o700


def test_a_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("no bytes")  # type: ignore[call-overload]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    """Somebody guessed the name of the file on its way."""
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    (tmp_path / ".a.partial").symlink_to(theirs)
    with replacing(tmp_path / "a") as file:
        file.write(b"mine")
    assert (theirs.read_text(), (tmp_path / "a").read_text()) == ("theirs", "mine")


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save({"id": ["a"]}, "csv", pipe)
    assert os.read(reader, 100).replace(b'"', b"") == b"id\na\n"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="streams have other names elsewhere")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("is_pipe", [True, False])
def test_the_stream_that_the_program_was_given_is_written_to(
    tmp_path: Path, name: str, is_pipe: bool
) -> None:
    code = "import sys; from pathlib import Path; from dataselect_gui.permissions import replacing\n"
    code += "with replacing(Path(sys.argv[1])) as file: file.write(b'table')"
    command = [sys.executable, "-c", code, name]
    with (tmp_path / "out").open("wb") as out:
        run = subprocess.run(command, stdout=subprocess.PIPE if is_pipe else out, check=True)
    assert (run.stdout if is_pipe else (tmp_path / "out").read_bytes()) == b"table"


@pytest.mark.parametrize("name", ["/dev/null", "link"])
def test_a_device_of_the_system_is_written_to(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to("/dev/null")
    save({"id": ["a"]}, "csv", tmp_path / name)
    assert (tmp_path / "link").is_symlink()


def test_ones_own_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "short").symlink_to("folder")
    (tmp_path / "link").symlink_to("short/../short/table.csv")
    save({"id": ["a"]}, "csv", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "table.csv").read_text() == '"id"\n"a"\n'


def test_a_pipe_that_nobody_reads_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnusableError, match="cannot be written"):
        save({"id": ["a"]}, "csv", tmp_path / "pipe")


# Where others may write


PLANT = """
import os, sys
kind, there, target = sys.argv[1:]
os.umask(0)
if kind == "pipe":
    os.mkfifo(there, 0o666)
elif kind == "link to a pipe":
    os.mkfifo(target, 0o666)
    os.symlink(target, there)
else:
    os.symlink(target, there)
"""


@as_root
@pytest.mark.parametrize(
    "kind", ["pipe", "link to a pipe", "link to a file", "link to nothing", "link to a folder"]
)
def test_what_somebody_else_planted_is_not_written_to(public: Path, kind: str) -> None:
    """In a folder with the sticky bit, as /tmp has it."""
    shared, theirs, mine = public / "shared", public / "theirs", public / "mine"
    for folder, mode in ((shared, 0o1777), (theirs, 0o777), (mine, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
    (mine / "notes.txt").write_text("the owner's")
    planted = shared / "scores.csv"
    target, to = {
        "pipe": (planted, planted),
        "link to a pipe": (theirs / "pipe", planted),
        "link to a file": (mine / "notes.txt", planted),
        "link to nothing": (mine / "new.txt", planted),
        "link to a folder": (mine, planted / "notes.txt"),
    }[kind]
    plant = [_python(), "-I", "-S", "-c", PLANT, kind, str(planted), str(target)]
    subprocess.run(plant, check=True, user=SOMEBODY, group=SOMEBODY, extra_groups=[], cwd="/")
    reader = os.open(target, os.O_RDONLY | os.O_NONBLOCK) if "pipe" in kind else None
    with pytest.raises(UnusableError, match="not safe from other accounts"):
        save({"id": ["secret"]}, "csv", to)
    if reader is not None:
        assert os.read(reader, 100) == b""
        os.close(reader)
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    assert (mine / "notes.txt").read_text() == "the owner's"
    # The control: a link of this account is followed, in the same folder.
    (shared / "own.csv").symlink_to(mine / "notes.txt")
    save({"id": ["a"]}, "csv", shared / "own.csv")
    assert '"a"' in (mine / "notes.txt").read_text()


@as_root
def test_a_disk_is_not_written_to_as_a_file(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(240, 0))
    except PermissionError:
        pytest.skip("this system makes no devices")
    with pytest.raises(UnusableError):
        save({"id": ["a"]}, "csv", tmp_path / "disk")


def test_a_place_that_others_may_write_to_is_refused(tmp_path: Path, project: Path) -> None:
    """And one with the sticky bit, as /tmp has it, is not."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert is_exposed(shared)
    assert is_exposed(shared / "not" / "there")
    source, checkpoint = tmp_path / "records.npz", tmp_path / "consortium"
    for refused in (
        lambda: Ledger(shared / "home"),
        lambda: scored_project(shared / "q.dataselect", source, checkpoint),
        lambda: Store(shared / "r.study", {}),
    ):
        with pytest.raises(UnusableError, match="not safe from other accounts"):
            refused()
    assert list(shared.iterdir()) == []
    shutil.move(project, shared / "p.dataselect")
    with pytest.raises(UnusableError, match="not safe from other accounts"):
        Project.open(shared / "p.dataselect")
    (shared / "link").symlink_to(tmp_path / "elsewhere")
    shared.chmod(0o1777)
    assert not is_exposed(shared)
    assert Project.open(shared / "p.dataselect").settings.rule


def test_a_project_is_put_with_the_ledger_where_its_place_is_shared(tmp_path: Path, home: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    source = owner_records(shared / "records.npz")
    assert workflow.project_place(SourceRef(source), "0" * 64).parent == shared
    shared.chmod(0o777)
    assert workflow.project_place(SourceRef(source), "0" * 64).parent == home / "projects"


@as_root
def test_what_belongs_to_somebody_else_is_refused(project: Path, home: Path) -> None:
    (planted,) = (project / "table-1").glob("*/loss.npy")
    os.chown(planted, SOMEBODY, SOMEBODY)
    planted.chmod(0o666)
    for _ in range(2):  # Not the first time alone.
        with pytest.raises(UnusableError, match="belongs to another account"):
            Project.open(project)
    assert mode_of(planted) == 0o666  # Nothing of theirs is changed.
    os.chown(planted, 0, 0)
    os.chown(project, SOMEBODY, SOMEBODY)
    with pytest.raises(UnusableError, match="belongs to another account"):
        workflow.scores(project)
    with Ledger(home).session():
        pass
    (home / "unknown").write_text("planted")
    os.chown(home / "unknown", SOMEBODY, SOMEBODY)
    with pytest.raises(UnusableError, match="belongs to another account"):
        Ledger(home)


@as_root
def test_a_group_of_others_may_not_write_and_ones_own_may(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o775)
    assert not is_exposed(folder)
    os.chown(folder, 0, SOMEBODY)
    assert is_exposed(folder)


def test_a_folder_that_others_use_does_not_become_the_ledgers(tmp_path: Path) -> None:
    """As `demo --out /` would make of /home."""
    used = tmp_path / "used"
    used.mkdir()
    (used / "somebody").mkdir()
    used.chmod(0o755)
    with pytest.raises(UnusableError, match="cannot become the ledger's folder"):
        Ledger(used)
    assert mode_of(used) == 0o755
    assert [path.name for path in used.iterdir()] == ["somebody"]


def test_a_home_of_an_earlier_version_is_known_by_its_files(tmp_path: Path) -> None:
    for name in ("settings.json", "ledger.sqlite"):
        old = tmp_path / f"old-{name}"
        (old / "other").mkdir(parents=True)
        (old / name).write_text("{}")
        old.chmod(0o755)
        open_home(old)
        assert mode_of(old) == 0o700
        assert mode_of(old / name) == 0o600


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (outside / "a").write_text("")
    (outside / "a").chmod(0o644)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    close_folder(folder, [folder / "link"])
    assert (mode_of(outside), mode_of(outside / "a")) == (0o755, 0o644)


def test_a_disk_that_keeps_no_permissions_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_up(project)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    with pytest.raises(UnusableError, match="keeps no permissions"):
        Project.open(project)

    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(UnusableError, match="cannot be changed"):
        Project.open(project)


def test_make_folder_takes_no_file_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")


# Memory


def test_every_process_begins_closed() -> None:
    """The worker, as it waits for its job, and the program itself."""
    worker = subprocess.Popen([*COMMAND, "--worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None
    code = "import sys; sys.argv[1:] = ['--version']\n"
    code += "from dataselect_gui.__main__ import main; main()\n"
    code += "print(open('/proc/self/status').read(), open('/proc/self/limits').read())"
    ours = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if sys.platform != "linux":
        pytest.skip("there is no /proc here")
    try:
        told = ""
        for _ in range(200):
            told = Path(f"/proc/{worker.pid}/status").read_text()
            if "Umask:\t0077" in told:
                break
            worker.poll()
            subprocess.run(["sleep", "0.05"], check=True)
        told += Path(f"/proc/{worker.pid}/limits").read_text()
    finally:
        worker.stdin.close()
        worker.kill()
        worker.wait()
        assert worker.stdout is not None
        worker.stdout.close()
    for text in (told, ours.stdout):
        assert "Umask:\t0077" in text
        limit = re.search(r"Max core file size\s+(\d+)\s+(\d+)", text)
        assert limit is not None
        assert {int(limit.group(1)), int(limit.group(2))} <= {0, 1}


CRASH = """
import os, sys, resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
from dataselect_gui.permissions import close_process
if sys.argv[1] == "closed":
    close_process()
os.abort()
"""


def test_a_crash_leaves_no_image_of_the_memory(tmp_path: Path) -> None:
    pattern = Path("/proc/sys/kernel/core_pattern")
    if not pattern.is_file() or pattern.read_text().strip()[:1] in {"|", "/", "@"}:
        pytest.skip("this system keeps dumps elsewhere")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY and os.geteuid() != 0:
        pytest.skip("this system lets nobody dump")
    for how in ("closed", "open"):  # The second is the control.
        folder = tmp_path / how
        folder.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        subprocess.run(
            [sys.executable, "-c", CRASH, how],
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
        )
        assert bool(list(folder.iterdir())) == (how == "open")


@pytest.mark.usefixtures("mask")
def test_the_demo_folder_is_closed(tmp_path: Path) -> None:
    from dataselect_gui.resources import resource as shipped

    made = scored_project(
        tmp_path / "d" / "project", shipped("demo/records.npz"), shipped("demo/checkpoint")
    )
    settings = json.loads((made / "project.json").read_text(encoding="utf-8"))
    write_json(made / "project.json", {**settings, "demo": True})
    workflow.change_budget(made, "4", "a test")
    assert open_ones(tmp_path / "d" / "home") == []
    assert mode_of(tmp_path / "d") == mode_of(made) == 0o700

"""Another account reads nothing, and what it planted or may write to is not written to."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.permissions import close_folder, is_exposed, make_folder
from dataselect_gui.privacy.home import open_home
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.project.project import Project
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.study.store import Store
from dataselect_gui.workflow import save_table
from tests.private_files.modes import COMMAND, WHERE_MODES_ARE, mode_of, open_up
from tests.projects import owner_records, scored_project

pytestmark = WHERE_MODES_ARE
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can become somebody else"
)
SOMEBODY = 65534


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
        printed, _ = self._process.communicate(timeout=120)
        assert self._process.returncode == 0
        return printed.splitlines()


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

    def run(*arguments: str | Path) -> None:
        subprocess.run(
            [*COMMAND, *map(str, arguments)], env=environment, check=True, capture_output=True
        )

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
    options = ("--epsilon", "2", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    run("release", here, "--to", public / "b", *options)
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
        save_table({"id": ["secret"]}, "csv", to)
    if reader is not None:
        assert os.read(reader, 100) == b""
        os.close(reader)
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    assert (mine / "notes.txt").read_text() == "the owner's"
    # The control: a link of this account is followed, in the same folder.
    (shared / "own.csv").symlink_to(mine / "notes.txt")
    save_table({"id": ["a"]}, "csv", shared / "own.csv")
    assert '"a"' in (mine / "notes.txt").read_text()


@as_root
def test_a_disk_is_not_written_to_as_a_file(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(240, 0))
    except PermissionError:
        pytest.skip("this system makes no devices")
    with pytest.raises(UnusableError):
        save_table({"id": ["a"]}, "csv", tmp_path / "disk")


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

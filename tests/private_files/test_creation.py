"""Whatever the program creates is closed to every other account from the first moment."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.creations import Created, created_in, watch
from tests.private_files.modes import COMMAND, WHERE_MODES_ARE, mode_of, open_ones

pytestmark = WHERE_MODES_ARE

MARK = "marked-source"


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
    for arguments in way(root):
        command = [*COMMAND, *arguments]
        created, started = watch(command, tmp_path / "log", DATASELECT_HOME=str(root / "home"))
        seen[str(arguments[0])] = [*seen.get(str(arguments[0]), []), *created]
        assert [entry for entry in created if entry.is_open] == [], arguments
        # Shared memory has names and modes of its own; none is used.
        assert not [entry for entry in created if entry.path.startswith(("/dev/shm", "memory"))]  # noqa: S108
        # The job reaches the worker on a stream: its words and its environment are anybody's to read.
        assert not any(MARK in line or "p.dataselect" in line for line in started[1:])
        assert len(started) >= 2 or arguments[0] != "score"
    assert {"score", "release", "scores", "verify"} <= {verb for verb, made in seen.items() if made}
    paths = {entry.path for made in seen.values() for entry in made}
    for part in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.lock", "/.lock", "partial-"):
        assert any(part in path for path in paths), part
    written = [path for path in root.iterdir() if path.name not in {"consortium", f"{MARK}.npz"}]
    assert {"home", "new", "p.dataselect", "page.html", "scores.csv"} <= {p.name for p in written}
    assert [path for entry in written for path in open_ones(entry)] == []


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
    assert [entry for entry in created if entry.is_open] == []
    names = " ".join(entry.path for entry in created)
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
    assert [entry for entry in created if entry.is_open] == []
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
    options = ["--epsilon", "1", "--in-training", "no", "--budget", "4"]
    created, _ = watch([*command, *options], tmp_path / "log", DATASELECT_HOME=str(tmp_path / "home"))
    assert any(entry.is_open and entry.path.endswith("release.json") for entry in created)
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
    assert [entry.is_open for entry in created_in([line], 0o022)] == [is_open]


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
    assert [entry.is_open for entry in created_in(log, 0o022)] == [False, True, False]

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window import settings
from dataselect_gui.window.actions import ACTIONS
from dataselect_gui.window.main_window import MainWindow
from dataselect_gui.window.settings import Settings
from tests.helpers import image_folder, write_json
from tests.projects import consortium, owner_records, scored_project
from tests.test_worker import workers_of

HEAVY = ["torch", "pandas", "scipy", "pyarrow", "opendp", "dp_accounting"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(Settings())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium")
    return scored_project(tmp_path / "p.dataselect", source, checkpoint)


def place(window: MainWindow) -> str:
    names = ("start", "setup", "explore", "release", "ledger")
    return next(name for name in names if getattr(window, name).isVisible())


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)


def test_it_starts_empty_and_offers_the_demo(window: MainWindow) -> None:
    assert place(window) == "start"
    assert window.start.demo.isEnabled()
    assert not window.actions_by_key["release"].isEnabled()


def test_dropped_records_and_checkpoint_are_told_apart(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.take(consortium(tmp_path / "consortium"))
    settle(qtbot, window)
    assert place(window) == "start"
    window.take(owner_records(tmp_path / "records.npz"))
    settle(qtbot, window)
    assert place(window) == "setup"
    assert window.setup.score.isEnabled()
    units = [window.setup.unit.itemText(n) for n in range(window.setup.unit.count())]
    assert "each patient" in units


def test_a_dropped_project_is_opened_and_remembered(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    window.take(project)
    settle(qtbot, window)
    assert place(window) == "explore"
    assert window.actions_by_key["release"].isEnabled()
    assert Settings().recent == {}
    window.show_place("start")
    assert window.start.findChildren(type(window.start.demo))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.pth", b"pickle", "“model.pth” is refused."),
        ("notes.txt", b"words", "“notes.txt” is not a checkpoint."),
        ("broken.npz", b"nothing", "“broken.npz” cannot be read as arrays."),
    ],
)
def test_what_cannot_be_used_is_told_with_a_way_on(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    window.take(tmp_path / name)
    settle(qtbot, window)
    assert window.notice.message is not None
    assert window.notice.message.what == sentence
    assert window.notice.message.do
    assert window.notice.isVisible()
    assert window.start.demo.isEnabled()


def test_problems_of_a_source_are_listed(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "scans", ["bird/1.png", "cat/2.png"])
    (folder / "cat/3.png").write_bytes(b"")
    window.take(folder)
    settle(qtbot, window)
    assert window.setup.records.problems.toPlainText() == "cat/3.png: The file is empty."


@pytest.fixture(scope="module")
def real_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.models import save_series, stir, tiny_resnet

    return save_series(
        tmp_path_factory.mktemp("series"), [stir(tiny_resnet(), seed) for seed in range(2)]
    )


def test_dropped_to_scored_and_explored(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path
) -> None:
    for path in (owner_records(tmp_path / "records.npz"), real_series):
        window.take(path)
        settle(qtbot, window)
    window.setup.score.click()
    assert window.jobs.running
    settle(qtbot, window)
    assert place(window) == "explore"
    assert (tmp_path / "records.dataselect" / "project.json").is_file()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
def test_a_killed_worker_leaves_the_window_and_a_way_on(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path
) -> None:
    for path in (owner_records(tmp_path / "records.npz", 400), real_series):
        window.take(path)
        settle(qtbot, window)
    window.score()
    qtbot.waitUntil(lambda: any(True for _ in workers_of(os.getpid())), timeout=20_000)
    for child in workers_of(os.getpid()):
        os.kill(child, signal.SIGKILL)
    settle(qtbot, window)
    message = window.notice.message
    assert message is not None
    assert re.fullmatch(r"Scoring stopped unexpectedly\. [\d,]+ scores? (is|are) kept\.", message.what)
    assert "signal 9" in message.why or "memory ran out" in message.why
    window.notice.button("Continue").click()
    settle(qtbot, window)
    assert place(window) == "explore"


def test_scoring_can_be_stopped_and_gone_on_with(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path
) -> None:
    for path in (owner_records(tmp_path / "records.npz", 400), real_series):
        window.take(path)
        settle(qtbot, window)
    window.score()
    window.setup.stop.click()
    settle(qtbot, window)
    assert place(window) == "setup"
    window.score()
    settle(qtbot, window)
    assert place(window) == "explore"


def test_undo_takes_back_a_withheld_record(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.state.set_current(3)
    window.actions_by_key["withhold"].trigger()
    assert workflow.scores(project)["eligible"].count(False) == 1
    window.actions_by_key["undo"].trigger()
    assert workflow.scores(project)["eligible"].count(False) == 0
    assert window.footer.undone.toolTip() == "Undone: withheld 1 record"
    window.actions_by_key["redo"].trigger()
    assert workflow.scores(project)["eligible"].count(False) == 1


def test_window_titles_carry_no_names(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    assert window.windowTitle() == "DataSelect"


def test_every_action_is_done_by_something(window: MainWindow) -> None:
    assert set(window.actions_by_key) == {one.key for one in ACTIONS}
    shortcuts = [one.shortcut for one in ACTIONS if one.shortcut]
    assert len(shortcuts) == len(set(shortcuts))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 99}', '{"version": 1, "theme": 3, "tile": "x"}']
)
def test_damaged_settings_never_stop_the_start(home: Path, content: str) -> None:
    home.mkdir()
    (home / "settings.json").write_text(content)
    assert settings.load() == Settings()


def test_settings_are_kept(project: Path) -> None:
    kept = Settings(theme="dark", tile=96)
    kept.remember(project, "p")
    settings.save(kept)
    assert settings.load() == kept


def run_and_quit(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    code = f"""
import json, sys
from dataselect_gui.window import main_window
told = main_window.MainWindow._become_ready
def tell(self):
    if not self._is_ready:
        print(json.dumps([name for name in {HEAVY} if name in sys.modules]), flush=True)
    told(self)
main_window.MainWindow._become_ready = tell
from dataselect_gui.cli.app import main
sys.exit(main({["gui", *words]!r}))
"""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "DATASELECT_QUIT_WHEN_SHOWN": "1",
        "DATASELECT_HOME": str(home),
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )


def test_it_leaves_when_shown_with_nothing_heavy_loaded(home: Path, project: Path) -> None:
    for words in ([], [str(project)]):
        run = run_and_quit(home, *words)
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout) == []
        assert run.stderr == ""


def test_nothing_is_left_after_many_openings(window: MainWindow, project: Path, qtbot: QtBot) -> None:
    before = threading.active_count()
    for _ in range(50):
        window.open_project(project)
        window.state.close()
    qtbot.wait(50)
    assert threading.active_count() <= before
    assert not list(workers_of(os.getpid()))


def test_what_is_dropped_together_is_taken_one_after_the_other(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.take(consortium(tmp_path / "consortium"))
    window.take(owner_records(tmp_path / "records.npz"))
    qtbot.waitUntil(lambda: place(window) == "setup", timeout=20_000)
    settle(qtbot, window)
    assert window.setup.score.isEnabled()


def test_a_request_for_a_count_becomes_the_rule(window: MainWindow, tmp_path: Path) -> None:
    checkpoint = consortium(tmp_path / "wishes")
    write_json(checkpoint / "dataselect.json", {"score": "loss", "count": 7})
    source = owner_records(tmp_path / "records.npz")
    window.open_project(scored_project(tmp_path / "p.dataselect", source, checkpoint))
    assert window.state.selection.chosen.sum() == 7


def test_records_may_be_dropped_anywhere(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(owner_records(tmp_path / "records.npz")))])
    event = QDropEvent(
        QPointF(window.start.records.rect().center()),
        Qt.DropAction.CopyAction,
        dropped,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)
    settle(qtbot, window)
    assert window.start.records.path == tmp_path / "records.npz"
    assert window.acceptDrops()
    assert not window.start.records.acceptDrops()


def test_the_budget_shown_is_that_of_the_open_project(
    window: MainWindow, project: Path, tmp_path: Path
) -> None:
    other = owner_records(tmp_path / "other.npz", seed=1)
    second = scored_project(tmp_path / "other.dataselect", other, tmp_path / "consortium")
    for folder, budget in ((project, "4"), (second, "7")):
        workflow.ledger(folder, budget, "a test")
    window.open_project(project)
    window.show_place("release")
    window.show_place("explore")
    window.open_project(second)
    assert window.header.budget.text == "ε 0 of 7 spent"
    window.state.set_rule(workflow.make_rule("loss", threshold="0.9"))
    assert window.header.budget.text == "ε 0 of 7 spent"

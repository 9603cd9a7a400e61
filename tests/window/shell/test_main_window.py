import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window import settings
from dataselect_gui.window.explore.thumbnails import Thumbnails
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import image_folder, write_json
from tests.projects import consortium, owner_records, scored_project
from tests.releases import release, select
from tests.window.release.steps import click
from tests.window.steps import give, notice_of, place, settle

HEAVY = ["torch", "pandas", "scipy", "pyarrow", "opendp", "dp_accounting", "jinja2"]


def test_it_starts_empty_and_offers_the_demo(window: MainWindow) -> None:
    assert place(window) == "start"
    assert window.start.demo.isEnabled()
    assert not window.actions_by_key["release"].isEnabled()


def test_a_consortium_finds_its_page_from_the_start(window: MainWindow, qtbot: QtBot) -> None:
    assert window.start.request.isVisible()
    click(qtbot, window.start.request)
    assert place(window) == "request"


def test_dropped_records_and_checkpoint_are_told_apart(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.preparation.take(consortium(tmp_path / "consortium"))
    settle(qtbot, window)
    assert place(window) == "start"
    window.preparation.take(owner_records(tmp_path / "records.npz"))
    settle(qtbot, window)
    assert place(window) == "setup"
    assert window.setup.score.isEnabled()
    units = [window.setup.unit.itemText(n) for n in range(window.setup.unit.count())]
    assert units == ["each record", "each patient"]


def test_a_dropped_project_is_opened_and_remembered(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    window.preparation.take(project)
    settle(qtbot, window)
    assert place(window) == "explore"
    assert window.actions_by_key["release"].isEnabled()
    assert Settings().recent == {}
    window.show_place(PlaceId.START)
    assert window.start.findChildren(type(window.start.demo))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.pth", b"pickle", "“model.pth” is refused."),
        ("notes.txt", b"words", "“notes.txt” cannot be used here."),
        ("broken.npz", b"nothing", "“broken.npz” cannot be read as arrays."),
    ],
)
def test_what_cannot_be_used_is_told_with_a_way_on(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    window.preparation.take(tmp_path / name)
    settle(qtbot, window)
    assert notice_of(window).what == sentence
    assert notice_of(window).do
    assert window.start.demo.isEnabled()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("report.pdf", "It is a PDF document."),
        ("scan.JPEG", "It is a single image; records are many. Give the folder that it is in."),
        ("notes.txt", "It is a text file, without the columns of a table."),
        ("scans.tar.gz", "It is an archive: unpack it, and give what was in it."),
        ("scans.zip", "It is an archive: unpack it, and give what was in it."),
        ("no ending", "It is a file of a kind that this program does not read."),
    ],
)
def test_what_is_dropped_by_mistake_is_named_and_what_would_be_taken(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / name).write_bytes(b"%PDF-1.7")
    give(qtbot, window, tmp_path / name)
    notice = notice_of(window)
    assert (notice.what, notice.why) == (f"“{name}” cannot be used here.", sentence)
    assert "a folder of images" in notice.do
    assert "CSV file" in notice.do
    assert "its .pt2 file" in notice.do


def test_a_dropped_table_is_taken_for_records(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("age,label\n41,yes\n42,no\n")
    give(qtbot, window, tmp_path / "people.csv")
    assert window.start.records.path == tmp_path / "people.csv"
    assert not window.notice.isVisible()


def test_problems_of_a_source_are_listed(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "scans", ["bird/1.png", "cat/2.png"])
    (folder / "cat/3.png").write_bytes(b"")
    window.preparation.take(folder)
    settle(qtbot, window)
    assert window.setup.records.problems.toPlainText() == "cat/3.png: The file is empty."


def test_why_a_record_has_no_score_is_listed_and_told_beside_it(
    window: MainWindow, tmp_path: Path
) -> None:
    source, checkpoint = owner_records(tmp_path / "records.npz", 5), consortium(tmp_path / "consortium")
    project = scored_project(
        tmp_path / "p.dataselect", source, checkpoint, [0.1, 0.2, math.nan, 0.4, 0.5]
    )
    window.open_project(project)
    reason = "The model gave no finite number for it, so it has no score by loss."
    assert window.setup.records.problems.toPlainText() == f"2: {reason}"
    for row, expected in ((2, [reason]), (3, [])):
        window.state.set_current(row)
        texts = [
            label.text()
            for label in window.explore.inspector.findChildren(QLabel)
            if not label.isHidden()
        ]
        assert [text for text in texts if "finite" in text] == expected


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


def test_settings_are_written_when_they_change(window: MainWindow, project: Path) -> None:
    """The program may be ended at any moment."""
    window.actions_by_key["dark"].trigger()
    assert settings.load().theme == "dark"
    window.open_project(project)
    assert settings.load().recent == {str(project): "p"}
    QTest.keyClicks(window.explore.gallery, "+")
    assert settings.load().tile > Settings().tile
    window.use_theme("system")


def run_and_quit(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    code = f"""
import json, sys
from dataselect_gui.window.shell import main_window
class Telling(main_window.MainWindow):
    def __init__(self, settings):
        super().__init__(settings)
        self.ready.connect(self.tell)
    def tell(self):
        print(json.dumps([name for name in {HEAVY} if name in sys.modules]), flush=True)
main_window.MainWindow = Telling
from dataselect_gui.cli.app import main
sys.exit(main({["gui", *arguments]!r}))
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
        cwd=Path(__file__).parents[3],
    )


def test_it_leaves_when_shown_with_nothing_heavy_loaded(
    home: Path, project: Path, tmp_path: Path
) -> None:
    select(project, threshold="0.5")
    # Of releases like this the ledger tells a composed total, which takes libraries.
    release(project, tmp_path / "b", kind="scores", bounds="0,1")
    for arguments in ([], [str(project)]):
        run = run_and_quit(home, *arguments)
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout) == []
        assert run.stderr == ""


def test_what_is_dropped_together_is_taken_one_after_the_other(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, consortium(tmp_path / "consortium"), owner_records(tmp_path / "records.npz"))
    assert place(window) == "setup"
    assert window.setup.score.isEnabled()


def test_a_request_for_a_count_becomes_the_rule(window: MainWindow, tmp_path: Path) -> None:
    checkpoint = consortium(tmp_path / "wishes")
    write_json(checkpoint / "dataselect.json", {"score": "loss", "count": 7})
    source = owner_records(tmp_path / "records.npz")
    window.open_project(scored_project(tmp_path / "p.dataselect", source, checkpoint))
    assert window.state.selection.chosen.sum() == 7


def test_records_may_be_dropped_anywhere(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"))
    assert window.start.records.path == tmp_path / "records.npz"
    assert window.acceptDrops()
    assert not window.start.records.acceptDrops()


def test_a_release_beyond_the_budget_leads_to_the_form_that_raises_it(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    workflow.ledger(project, "0.5", "a test")
    workflow.answer_training(project, "no")
    window.open_project(project)
    window.show_place(PlaceId.RELEASE)
    qtbot.waitUntil(lambda: window.release.foot.go.text() == "Raise the budget…")
    window.release.foot.go.click()
    assert place(window) == "ledger"
    assert window.ledger.raising.amount.isVisible()
    assert not window.ledger.raise_budget.isEnabled()


def test_undo_names_its_step_and_says_that_a_release_is_none(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    undo, redo = (window.actions_by_key[key] for key in ("undo", "redo"))
    assert undo.text() == "Undo (a release cannot be undone)"
    window.state.withhold([3])
    assert undo.text() == "Undo: withheld 1 record"
    undo.trigger()
    assert undo.text() == "Undo (a release cannot be undone)"
    assert redo.text() == "Redo: withheld 1 record"


def test_a_place_that_is_closed_says_when_it_opens(window: MainWindow, project: Path) -> None:
    tabs = window.header.tabs
    assert all(not tab.isEnabled() and "opens" in tab.toolTip() for tab in tabs.values())
    window.open_project(project)
    assert all(tab.isEnabled() and not tab.toolTip() for tab in tabs.values())


def test_the_time_left_never_gives_way_in_the_header(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    window.open_project(project)
    qtbot.waitUntil(lambda: not window.state.accounts.waiting)
    header = window.header
    for width in (1360, 640):
        window.resize(width, 400)
        header.show_job("Comparing with what was scored", "42 % · 3 min left")
        qtbot.wait(1)
        assert header.job.text() == "42 % · 3 min left"
        assert header.job.toolTip() == "Comparing with what was scored 42 % · 3 min left"
        assert header.budget.geometry().right() < header.width()
        assert header.job.geometry().right() < header.budget.geometry().left()
        assert header.job.geometry().left() > header.tabs[PlaceId.LEDGER].geometry().right()
    window.resize(1360, 400)
    header.show_job("Scoring", "42 % · 3 min left")
    assert header.job.text() == "Scoring 42 % · 3 min left"


def test_a_well_says_what_was_found_in_what_was_given(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    records, checkpoint = window.start.records, window.start.checkpoint
    scans = image_folder(tmp_path / "scans", ["cat/1.png", "cat/2.png", "dog/3.png"])
    give(qtbot, window, scans)
    assert records.text.text() == "3 records, labels: cat, dog."
    assert records.text.property("role") == ""
    (scans / "dog" / "4.png").write_bytes(b"no image")
    give(qtbot, window, scans)
    assert records.text.text() == "3 of 4 records can be read, labels: cat, dog. Setup lists the rest."
    assert records.text.property("role") == "warning"
    for file in scans.rglob("*.png"):
        file.write_bytes(b"no image")
    give(qtbot, window, scans)
    assert records.text.text() == "None of the records can be read. Setup says why."
    give(qtbot, window, image_folder(tmp_path / "many", [f"{name}/1.png" for name in "abcdefg"]))
    assert records.text.text() == "7 records, labels: a, b, c, d, e and 2 more."
    window.start.clear()
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert checkpoint.text.text().startswith("A model, ")
    assert records.text.text().startswith("Drop ")
    assert "a folder of images" in records.text.text()


def test_the_budget_shown_is_that_of_the_open_project(
    window: MainWindow, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = owner_records(tmp_path / "other.npz", seed=1)
    second = scored_project(tmp_path / "other.dataselect", other, tmp_path / "consortium")
    for folder, budget in ((project, "4"), (second, "7")):
        workflow.ledger(folder, budget, "a test")
    window.open_project(project)
    window.show_place(PlaceId.RELEASE)
    window.show_place(PlaceId.EXPLORE)
    window.open_project(second)
    qtbot.waitUntil(lambda: not window.state.accounts.waiting)
    assert window.header.budget.text == "ε 0 of 7 spent"
    window.state.set_rule(workflow.make_rule("loss", threshold="0.9"))
    assert window.header.budget.text == "ε 0 of 7 spent"


def test_a_log_is_kept_beside_the_ledger_while_it_is_wanted(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    log = workflow.home() / "faults.log"
    action = window.actions_by_key["log"]
    assert workflow.log_path() is None
    action.trigger()
    assert workflow.log_path() == log
    window.preparation.take(owner_records(tmp_path / "records.npz"))
    settle(qtbot, window)
    action.trigger()
    assert workflow.log_path() is None
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    jobs = [line for line in lines if line["event"] == "jobended"]
    assert [(job["job"], job["confined"], job["outcome"]) for job in jobs] == [
        ("inspection", True, "done"),
        ("inspection", False, "done"),
    ]
    assert "records" not in log.read_text("utf-8")


def test_places_that_nobody_asked_for_wait_for_the_first_pictures(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = [True]
    monkeypatch.setattr(Thumbnails, "is_waiting", property(lambda _self: waits[0]))
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: PlaceId.EXPLORE in window.places)
    made = set(window.places)
    qtbot.wait(1500)
    assert set(window.places) == made
    assert made != set(PlaceId)
    waits.clear()
    waits.append(False)
    qtbot.waitUntil(lambda: set(window.places) == set(PlaceId), timeout=30_000)

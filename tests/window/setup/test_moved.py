import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.window.explore.inspector import Inspector
from dataselect_gui.window.explore.thumbnails import key_of
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import image_folder
from tests.projects import consortium, owner_records, scored_project
from tests.window.setup.steps import Choose
from tests.window.steps import give, notice_of, place, settle

NAMES = [f"{kind}/{number}.png" for kind in ("bird", "cat", "dog") for number in range(4)]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder of images with a project."""
    folder = image_folder(tmp_path / "scans", NAMES)
    scored_project(tmp_path / "s.dataselect", folder, consortium(tmp_path / "consortium"))
    return folder


@pytest.fixture
def of_scans(scans: Path) -> Path:
    return scans.with_name("s.dataselect")


def test_a_moved_source_is_told_once_and_shown_again_by_a_button(
    window: MainWindow, qtbot: QtBot, scans: Path, of_scans: Path, choose: Choose
) -> None:
    moved = scans.rename(scans.with_name("archive"))
    window.open_project(of_scans)
    window.state.set_rule(workflow.make_rule("loss", threshold="0.3"))
    window.state.withhold([2])
    before = window.state.selection.chosen.copy()
    assert place(window) == "explore"
    assert notice_of(window).what == f"The records are not at {scans}."
    assert "Scores and selection are kept" in notice_of(window).why
    assert "drop their folder here" in notice_of(window).do
    choose(None)
    window.notice.button("Show me where the records are…").click()
    assert window.notice.isVisible()
    choose(moved)
    window.notice.button("Show me where the records are…").click()
    settle(qtbot, window)
    assert not window.notice.isVisible()
    assert workflow.look(of_scans).source == moved
    assert (window.state.selection.chosen == before).all()
    assert not window.state.eligible[2]


def test_a_moved_source_may_be_dropped(
    window: MainWindow, qtbot: QtBot, scans: Path, of_scans: Path
) -> None:
    moved = scans.rename(scans.with_name("archive"))
    window.open_project(of_scans)
    give(qtbot, window, moved)
    assert workflow.look(of_scans).source == moved
    assert not window.notice.isVisible()
    assert place(window) == "explore"


def test_another_source_is_refused_and_nothing_changes(
    window: MainWindow, qtbot: QtBot, scans: Path, of_scans: Path, tmp_path: Path
) -> None:
    other = image_folder(tmp_path / "others", reversed(NAMES))  # type: ignore[arg-type]
    scans.rename(scans.with_name("archive"))
    window.open_project(of_scans)
    before = (of_scans / "project.json").read_bytes()
    give(qtbot, window, other)
    assert notice_of(window).what == "“others” is not the source of this project."
    assert notice_of(window).why == (
        "Of the 12 records that were scored, 12 are missing there or hold something else."
    )
    assert (of_scans / "project.json").read_bytes() == before
    window.notice.button("Close").click()
    assert notice_of(window).what == f"The records are not at {scans}."


def test_on_the_start_page_a_drop_begins_anew(
    window: MainWindow, qtbot: QtBot, scans: Path, of_scans: Path, tmp_path: Path
) -> None:
    scans.rename(scans.with_name("archive"))
    window.open_project(of_scans)
    window.show_place(PlaceId.START)
    give(qtbot, window, owner_records(tmp_path / "records.npz"))
    assert window.start.records.path == tmp_path / "records.npz"
    assert window.state.look is None


def test_a_moved_checkpoint_is_told_and_taken_by_its_content(
    window: MainWindow, qtbot: QtBot, project: Path, tmp_path: Path, choose: Choose
) -> None:
    known = tmp_path / "consortium"
    moved = known.rename(tmp_path / "downloads")
    other = shutil.copytree(moved, tmp_path / "another")
    (other / "config.json").write_text((other / "config.json").read_text() + " ")
    window.open_project(project)
    assert notice_of(window).what == f"The checkpoint is not at {known}."
    before = (project / "project.json").read_bytes()
    give(qtbot, window, other)
    assert "another checkpoint" in notice_of(window).what
    assert (project / "project.json").read_bytes() == before
    window.notice.button("Close").click()
    choose(moved)
    window.notice.button("Show me where the checkpoint is…").click()
    settle(qtbot, window)
    assert not window.notice.isVisible()
    assert workflow.look(project).checkpoint == moved
    assert workflow.look(project).request.threshold == 0.5


def test_records_that_vanish_while_the_window_is_open_are_told(
    window: MainWindow, qtbot: QtBot, scans: Path, of_scans: Path
) -> None:
    window.open_project(of_scans)
    window.show_place(PlaceId.SETUP)  # Nothing was looked at yet.
    scans.rename(scans.with_name("archive"))
    window.show_place(PlaceId.EXPLORE)
    qtbot.waitUntil(lambda: window.notice.isVisible())
    assert notice_of(window).what == f"The records are not at {scans}."


@pytest.mark.parametrize("change", ["write", "delete"])
def test_records_that_changed_are_shown_as_such_and_never_used(
    window: MainWindow, qtbot: QtBot, scans: Path, of_scans: Path, change: str
) -> None:
    victim = scans / NAMES[5]
    if change == "write":
        victim.write_bytes((scans / NAMES[6]).read_bytes())
    else:
        victim.unlink()
    window.open_project(of_scans)
    qtbot.waitUntil(lambda: bool(window.state.stale.any()))
    assert window.state.stale.nonzero()[0].tolist() == [5]
    assert notice_of(window).what == "Some records have changed since they were scored."
    assert window.notice.button("Score again").isEnabled()
    key = key_of(5, window.explore.gallery.tile)
    reasons = {
        "write": "The record changed since it was scored.",
        "delete": "The record is no longer in the source.",
    }
    assert window.explore.thumbnails.find(key) == reasons[change]
    window.state.set_current(5)
    assert "This record has changed since it was scored" in _facts(window.explore.inspector)
    window.state.set_current(6)
    assert "This record has changed since it was scored" not in _facts(window.explore.inspector)
    assert "changed since it was scored" in window.explore.gallery.describe_record(5)


def _facts(inspector: Inspector) -> str:
    return inspector.facts.text()


def test_a_thousand_records_that_change_while_the_window_is_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    names = [f"{('bird', 'cat', 'dog')[number % 3]}/{number:04}.png" for number in range(1000)]
    folder = image_folder(tmp_path / "many", names)
    project = scored_project(tmp_path / "m.dataselect", folder, consortium(tmp_path / "consortium"))
    window.open_project(project)
    gallery = window.explore.gallery
    gallery.set_tile(48)
    with qtbot.waitSignal(gallery.painted):
        gallery.viewport().update()
    assert not window.state.stale.any()
    for name in names:
        (folder / name).write_bytes(b"something else")
    bar = gallery.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: bool(window.state.stale.any()))
    assert notice_of(window).what == "Some records have changed since they were scored."
    with qtbot.waitSignal(gallery.painted):
        gallery.viewport().update()
    released = workflow.ReleaseRequest(
        to=tmp_path / "bundle", epsilon="1", in_training="no", budget="4"
    )
    with pytest.raises(Exception, match="1000 records changed"):
        workflow.release(project, released, JobContext())

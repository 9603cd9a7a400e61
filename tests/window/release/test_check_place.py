from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets.boundary import Note
from dataselect_gui.workflow import CANNOT_CHECK, digest_of
from tests.release.test_signing import key_pair
from tests.releases import release, select
from tests.window.steps import give, notice_of, place, settle


@pytest.fixture
def bundle(project: Path, tmp_path: Path) -> Path:
    select(project, threshold="0.5")
    release(project, tmp_path / "theirs", sign=key_pair(tmp_path, "owner")[0])
    return tmp_path / "theirs"


def shown(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.check.findChildren(QLabel) if label.isVisible())


def test_a_dropped_bundle_is_checked_line_by_line(
    window: MainWindow, qtbot: QtBot, bundle: Path
) -> None:
    give(qtbot, window, bundle)
    assert place(window) == "check"
    text = shown(window)
    assert "Everything that can be checked is in order." in text
    for name in ("signature", "checksums", "content", "arithmetic", "promise"):
        assert f"✓ {name}: " in text
    for item in CANNOT_CHECK:
        assert f"· {item}" in text
    assert "It promises: If none of someone's records is in this bundle" in text


def test_a_bundle_that_was_changed_is_not_vouched_for(
    window: MainWindow, qtbot: QtBot, bundle: Path
) -> None:
    (bundle / "README.md").write_text("Trust me.", encoding="utf-8")
    give(qtbot, window, bundle)
    text = shown(window)
    assert "checks failed. Do not use this bundle." in text
    assert "It promises" not in text
    failed = [note.text() for note in window.check.findChildren(Note) if note.isVisible()]
    assert "✗ checksums: “README.md” was changed." in failed


def test_digest_and_key_make_the_check_stronger(
    window: MainWindow, qtbot: QtBot, bundle: Path, tmp_path: Path
) -> None:
    give(qtbot, window, bundle)
    check = window.check
    check.digest.setText(f" {digest_of(bundle).upper()}")
    check.set_key(tmp_path / "owner.pub")
    check.again.click()
    settle(qtbot, window)
    assert "✓ digest: " in shown(window)
    assert "✓ signature: The bundle was signed by the owner's key." in shown(window)
    check.set_key(key_pair(tmp_path, "other")[1])
    check.digest.setText("0" * 64)
    check.again.click()
    settle(qtbot, window)
    assert "✗ digest: " in shown(window)
    assert "✗ signature: The bundle was signed by another key than the owner's." in shown(window)
    check.set_key(bundle / "README.md")
    check.again.click()
    settle(qtbot, window)
    assert "cannot be used as a key" in notice_of(window).what


def test_another_bundle_begins_without_what_was_known_of_the_last(
    window: MainWindow, qtbot: QtBot, bundle: Path, project: Path, tmp_path: Path
) -> None:
    give(qtbot, window, bundle)
    window.check.digest.setText("0" * 64)
    release(project, tmp_path / "another", budget=None)
    give(qtbot, window, tmp_path / "another")
    assert window.check.digest.text() == ""
    assert "Everything that can be checked is in order." in shown(window)


def test_the_result_is_saved_as_a_page(
    window: MainWindow, qtbot: QtBot, bundle: Path, tmp_path: Path
) -> None:
    give(qtbot, window, bundle)
    window.check.save_page(tmp_path / "check.html")
    page = (tmp_path / "check.html").read_text(encoding="utf-8")
    assert "What no check of a bundle can show" in page
    assert f"Saved as {tmp_path / 'check.html'}." in shown(window)
    window.check.save_page(bundle / "check.html")
    assert "cannot be written into the bundle" in notice_of(window).what


def test_the_way_there_without_a_bundle(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.start.check.click()
    assert place(window) == "check"
    assert "Drop the folder that you received anywhere here." in shown(window)
    assert not window.check.save.isVisible()
    (tmp_path / "none").mkdir()
    window.check.chosen.emit(tmp_path / "none")
    settle(qtbot, window)
    assert notice_of(window).do

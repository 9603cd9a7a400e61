"""Take the pictures of all places, in a process of its own: fonts, time and chance are the same always.

``python -m tests.window.eye.taking FOLDER LANGUAGE OUT``
"""

import os
import random
import secrets
import sys
from datetime import datetime, tzinfo
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QLocale
from PySide6.QtGui import QFont, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from dataselect_gui import texts, workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets import theme
from dataselect_gui.workflow import StudyPlan
from tests.translations import LANGUAGE
from tests.window import scenes
from tests.window.eye.fonts import FAMILY, SIZE
from tests.window.eye.longer import write_longer

WIDTH, HEIGHT = 1360, 860


class Clock(datetime):
    """Has stopped."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        """Return always the same moment."""
        return cls(2026, 3, 14, 9, 26, tzinfo=tz)


def take_all(folder: Path, language: str, out: Path) -> None:
    """Take a picture of each place into a folder.

    Parameters
    ----------
    folder : Path
        An empty folder, whose path is seen on the pictures.
    language : str
        ``english`` or ``longer``.
    out : Path
        Where the pictures go.
    """
    if language == "longer":
        write_longer(folder / "locale")
    app = QApplication([])
    app.setCursorFlashTime(0)
    app.setFont(QFont(FAMILY, SIZE))
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    theme.apply("light")
    with pytest.MonkeyPatch.context() as patch:
        if language == "longer":
            patch.setattr(texts, "FOLDER", folder / "locale")
            patch.setenv("LANGUAGE", LANGUAGE)
            texts.forget_language()
        _stop_time_and_chance(patch)
        world = scenes.make_world(folder)
        for name in scenes.SCENES:
            _take(world, name).save(str(out / f"{name}.png"))


def _take(world: scenes.World, name: str) -> QImage:
    """Return a picture of a place, in a window of its own."""
    window = MainWindow(Settings())
    window.resize(WIDTH, HEIGHT)
    window.show()
    scenes.show_scene(window, world, name)
    window.ledger.elsewhere.head.setText("5e" * 32)  # The draw is left to chance.
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    window.close()
    window.deleteLater()
    QGuiApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return image


def _stop_time_and_chance(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(workflow, "preflight", scenes.tried)
    patch.setattr(workflow, "plan_study", _no_plan)
    for module in ("privacy.entry_store", "workflow.release_terms"):
        patch.setattr(f"dataselect_gui.{module}.datetime", Clock)
    chance = random.Random(0)
    patch.setattr(secrets, "token_bytes", chance.randbytes)
    patch.setattr(secrets, "randbelow", chance.randrange)
    patch.setattr(secrets, "SystemRandom", lambda: chance)
    patch.setattr(secrets, "token_hex", lambda count: chance.randbytes(count).hex())


def _no_plan(*_given: object) -> StudyPlan:
    raise UnusableError("There is no plan.", "The checkpoint cannot be loaded.", "Ask for another.")


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that takes pictures."""
    from tests.window.eye.fonts import write_configuration

    kept = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "LC_", "LANG"))}
    return kept | {
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",  # The order of a set decides what chance is asked first.
        "FONTCONFIG_FILE": str(write_configuration(folder)),
        "DATASELECT_HOME": str(folder / "home"),
    }


if __name__ == "__main__":
    take_all(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))

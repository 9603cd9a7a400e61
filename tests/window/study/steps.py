"""A study that is made up, and what a person does with the Try it page."""

import json
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import (
    DataSelectError,
    InterruptedByPersonError,
)
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.place import StudyPlace
from dataselect_gui.workflow import (
    JobContext,
    Phase,
    Progress,
    StudyChoices,
    StudyFound,
    StudyPlan,
    StudySubject,
)
from tests.window.steps import place

EXAMPLE = Path(__file__).parents[3] / "resources" / "study" / "fashion-mnist"
HALFWAY = Progress(Phase.TRAINING, 84, 200, 171.0)
KINDS = {
    "stand-in without DP": 1.0,
    "stand-in by DP-SGD": 1.0,
    "training without DP": 1.0,
    "training by DP-SGD": 1.0,
}


def finish(subject: StudySubject, folder: Path) -> None:
    """Put a study that was finished elsewhere into a folder, as one of this subject."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    setting = json.loads((folder / "setting.json").read_text())
    write(folder / "setting.json", {**setting, "checkpoint": subject.digest})
    choices = json.loads((folder / "findings.json").read_text())["choices"]
    columns = {"label column": subject.label_column, "unit column": subject.unit_column}
    write(folder / "plan.json", {"choices": choices, **columns})


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


@dataclass
class Worker:
    """Plans and studies at once; a study waits at its half until it is let go, or told to stop."""

    planned: list[StudyChoices] = field(default_factory=list)
    begun: list[StudyChoices] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    plan_fault: DataSelectError | None = None
    fault: DataSelectError | None = None

    def plan(
        self, _subject: StudySubject, choices: StudyChoices, folder: Path, _context: JobContext
    ) -> StudyPlan:
        self.planned.append(choices)
        if self.plan_fault is not None:
            raise self.plan_fault
        count, done, _ = workflow.count_trainings(choices, folder)
        return StudyPlan(folder, choices, {}, count, count - done, 60.0 + count - done, 60.0, KINDS)

    def study(
        self, subject: StudySubject, choices: StudyChoices, folder: Path, context: JobContext
    ) -> StudyFound:
        self.begun.append(choices)
        folder.mkdir(exist_ok=True)
        context.relay(HALFWAY)
        while not self.go.wait(0.01):
            if context.stop.requested:
                raise InterruptedByPersonError("The study was stopped.", "Why.", "Do.")
        if self.fault is not None:
            raise self.fault
        finish(subject, folder)
        done = workflow.study_at(folder)
        assert done is not None
        return done


def open_page(qtbot: QtBot, window: MainWindow) -> None:
    window.actions_by_key["try"].trigger()
    assert place(window) == "study"
    wait_for_plan(qtbot, window)


def wait_for_plan(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not (window.study.is_working or window.jobs.has_thread), timeout=60_000)


def begin(qtbot: QtBot, window: MainWindow) -> None:
    """Begin the study and wait until it is halfway."""
    window.study.plan.start.click()
    qtbot.waitUntil(lambda: "84 of 200" in window.study.plan.status.text())


def shown(place: StudyPlace) -> str:
    """Return all words of the page that can be seen."""
    return "\n".join(label.text() for label in place.findChildren(QLabel) if label.isVisible())

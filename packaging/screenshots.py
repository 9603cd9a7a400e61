"""Take pictures of every place of the window: light and dark, at 1× and 2×, and at its smallest.

    python packaging/screenshots.py OUT DEMO_FOLDER [PROJECT]

``DEMO_FOLDER`` is what ``dataselect demo`` made, ``PROJECT`` any other project. Both are copied first,
and nothing in them changes. The pictures need no display.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dataselect_gui.window.place import PlaceId

if TYPE_CHECKING:
    from dataselect_gui.window.shell.main_window import MainWindow

SIZES = ((1360, 860), (640, 400))
_SETTLE_MILLISECONDS = 700


class Photographer:
    """Brings windows to the states that are worth a picture.

    Parameters
    ----------
    scratch : Path
        A folder that may be written: ``demo`` is in it, and perhaps ``own.dataselect``.
    out : Path
        The folder for pictures.
    scale : int
        Device pixels to a logical one, for the pictures' names.
    """

    def __init__(self, scratch: Path, out: Path, scale: int) -> None:
        self._scratch = scratch
        self._out = out
        self._scale = scale

    def take(self) -> None:
        """Take all pictures, in this process."""
        from PySide6.QtCore import QEvent
        from PySide6.QtWidgets import QApplication

        from dataselect_gui.window.settings import Settings
        from dataselect_gui.window.shell.main_window import MainWindow
        from dataselect_gui.window.widgets import theme

        app = QApplication([])
        scenes: dict[str, Callable[[MainWindow], None]] = {
            "start": self._start,
            "refused": self._refused,
            "setup": self._setup,
            "scoring": self._scoring,
            "explore": self._explore,
            "map": self._map,
            "withheld": self._withheld,
            "actions": self._actions,
            "moved": self._moved,
            "release": self._release,
            "released": self._released,
            "offers": self._offers,
            "report": self._report,
            "exact": self._exact,
            "ledger": self._ledger,
            "try": self._try,
            "try-else": self._try_something_else,
            "trying": self._trying,
            "tried": self._tried,
            "tried-figure": self._tried_figure,
            "check": self._check,
            "people": self._people,
            "deletion": self._deletion,
        }
        if (self._scratch / "own.dataselect").is_dir():
            scenes |= {
                "own-setup": self._own_setup,
                "own-explore": self._own_explore,
                "own-map": self._own_map,
                "own-release": self._own_release,
                "own-ledger": self._own_ledger,
            }
        for mode in ("light", "dark"):
            theme.apply(mode)
            for width, height in SIZES:
                for name, prepare in scenes.items():
                    window = MainWindow(Settings())
                    window.resize(width, height)
                    window.show()
                    prepare(window)
                    self._settle(window)
                    self._keep(window, f"{name}-{mode}-{width}x{height}@{self._scale}.png")
                    window.close()
                    window.deleteLater()  # Here: garbage may be collected in any thread.
                    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # Scenes

    def _start(self, window: "MainWindow") -> None:
        window.open_project(self._scratch / "demo" / "project")
        window.show_place(PlaceId.START)

    def _refused(self, window: "MainWindow") -> None:
        pickle = self._scratch / "model.pth"
        pickle.write_bytes(b"never unpacked")
        window.preparation.take(pickle)

    def _setup(self, window: "MainWindow") -> None:
        settings = json.loads((self._scratch / "demo/project/project.json").read_text("utf-8"))
        for part in ("source", "checkpoint"):
            window.preparation.take(Path(settings[part]["path"]))

    def _scoring(self, window: "MainWindow") -> None:
        from dataselect_gui.workflow import JobKind, Phase, Progress

        self._setup(window)
        self._settle(window)
        window.jobs.started.emit(JobKind.SCORING)
        window.jobs.progressed.emit(Progress(Phase.SCORING, 1216, 2000, 34.0))

    def _explore(self, window: "MainWindow") -> None:
        window.open_project(self._scratch / "demo" / "project")
        window.state.set_current(int(window.state.order[3]))  # No piece of clothing.

    def _map(self, window: "MainWindow") -> None:
        self._explore(window)
        window.actions_by_key["map"].trigger()

    def _withheld(self, window: "MainWindow") -> None:
        self._explore(window)
        window.explore.gallery.set_tile(64)
        order = [int(row) for row in window.state.order]
        window.state.withhold(order[2:5])
        window.state.mark(order[8:14])
        window.state.withhold(order[20:23])
        window.state.undo.undo()
        window.explore.gallery.verticalScrollBar().setValue(0)

    def _actions(self, window: "MainWindow") -> None:
        self._explore(window)
        window.action_list.open()
        window.action_list.field.setText("re")

    def _moved(self, window: "MainWindow") -> None:
        moved = self._scratch / "moved" / "scans.dataselect"
        if not moved.exists():
            shutil.copytree(self._scratch / "demo" / "project", moved)
            settings = json.loads((moved / "project.json").read_text("utf-8"))
            settings["source"]["path"] = "/media/archive/2031/scans.npz"
            (moved / "project.json").write_text(json.dumps(settings), "utf-8")
        window.open_project(moved)

    def _release(self, window: "MainWindow") -> None:
        window.open_project(self._scratch / "demo" / "project")
        window.show_place(PlaceId.RELEASE)

    def _released(self, window: "MainWindow") -> None:
        self._release(window)
        for button in (window.release.answers.training.no, window.release.consequence.consent):
            button.click()
        self._settle(window)  # Nothing is released before it is known what that would cost.
        window.release.foot.button.click()

    def _offers(self, window: "MainWindow") -> None:
        self._release_as(window, "offers", "randomized-response")

    def _report(self, window: "MainWindow") -> None:
        self._release_as(window, "report", "discrete-gaussian")
        if not window.release.answers.parameters.passing.isChecked():
            window.release.answers.parameters.passing.click()
        window.release.answers.parameters.by_class.click()

    def _exact(self, window: "MainWindow") -> None:
        self._release_as(window, "records", "exact")

    def _release_as(self, window: "MainWindow", kind: str, mechanism: str) -> None:
        self._release(window)
        what = window.release.answers.what
        window.release.answers.training.no.click()
        what.kinds.setCurrentIndex(what.kinds.findData(kind))
        what.mechanisms[mechanism].click()

    def _ledger(self, window: "MainWindow") -> None:
        from dataselect_gui import workflow
        from dataselect_gui.workflow import ReleaseRequest

        project, bundle = self._scratch / "demo" / "project", self._scratch / "report"
        asked = ReleaseRequest(
            to=bundle, kind="report", passing=True, epsilon="0.5", in_training="no", budget="10"
        )
        if not bundle.exists():
            workflow.release(project, asked, workflow.JobContext())
        window.open_project(project)
        window.show_place(PlaceId.LEDGER)

    def _try(self, window: "MainWindow") -> None:
        shutil.rmtree(self._scratch / "demo/project.study", ignore_errors=True)
        window.open_project(self._scratch / "demo" / "project")
        window.actions_by_key["try"].trigger()

    def _try_something_else(self, window: "MainWindow") -> None:
        self._try(window)
        self._settle(window)
        window.study.heading.chosen.emit(1)
        self._settle(window)
        window.study.form.button.click()
        window.study.form.scores["el2n"].click()

    def _trying(self, window: "MainWindow") -> None:
        from dataselect_gui.workflow import Phase, Progress

        self._try(window)
        self._settle(window)
        step = Progress(Phase.TRAINING, 84, 200, 171.0)
        window.study.plan.show_running(step.sentence, step.share)
        window.study.take_focus()
        window.header.show_job("Training", "42 % · 3 min left", PlaceId.STUDY)

    def _tried(self, window: "MainWindow") -> None:
        """Show one of the studies that come with the program as if it were of the demo."""
        shown, project = self._scratch / "demo/project.study", self._scratch / "demo/project"
        example = Path(__file__).parents[1] / "resources/study/fashion-mnist"
        shutil.copytree(example, shown, dirs_exist_ok=True)
        settings, setting, findings = (
            json.loads(path.read_text("utf-8"))
            for path in (project / "project.json", shown / "setting.json", shown / "findings.json")
        )
        setting["checkpoint"] = settings["checkpoint"]["digest"]
        plan = {"choices": findings["choices"], "label column": None, "unit column": None}
        for name, content in (("setting.json", setting), ("plan.json", plan)):
            (shown / name).write_text(json.dumps(content), "utf-8")
        window.open_project(project)
        window.actions_by_key["try"].trigger()

    def _tried_figure(self, window: "MainWindow") -> None:
        from dataselect_gui.window.study.figure import Figure

        self._tried(window)
        self._settle(window)
        figure, bar = window.study.results.findChildren(Figure)[0], window.study.verticalScrollBar()
        bar.setValue(figure.mapTo(window.study.viewport(), figure.rect().topLeft()).y() - 8)

    def _check(self, window: "MainWindow") -> None:
        self._ledger(window)
        window.preparation.take(self._scratch / "report")

    def _people(self, window: "MainWindow") -> None:
        self._explore(window)
        listed = self._scratch / "opted-out.csv"
        listed.write_text("id\n3\n14\n159\n2653\nscan 58\n", encoding="utf-8")
        window.show_place(PlaceId.PEOPLE)
        window.people.take(listed)

    def _deletion(self, window: "MainWindow") -> None:
        self._explore(window)
        window.actions_by_key["delete"].trigger()

    def _own_setup(self, window: "MainWindow") -> None:
        settings = json.loads((self._scratch / "own.dataselect/project.json").read_text("utf-8"))
        copied = self._scratch / "records"
        source = Path(settings["source"]["path"])
        if not copied.exists():
            shutil.copytree(source, copied) if source.is_dir() else shutil.copyfile(source, copied)
        window.preparation.take(copied)
        window.preparation.take(Path(settings["checkpoint"]["path"]))

    def _own_explore(self, window: "MainWindow") -> None:
        window.open_project(self._scratch / "own.dataselect")
        window.state.set_current(int(window.state.order[0]))

    def _own_map(self, window: "MainWindow") -> None:
        self._own_explore(window)
        window.actions_by_key["map"].trigger()

    def _own_release(self, window: "MainWindow") -> None:
        self._own_explore(window)
        window.show_place(PlaceId.RELEASE)

    def _own_ledger(self, window: "MainWindow") -> None:
        self._own_explore(window)
        window.show_place(PlaceId.LEDGER)

    # Within

    def _settle(self, window: "MainWindow") -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        is_busy = True
        while is_busy:  # Once more after the last job: what came of it has to be laid out.
            is_busy = window.has_work
            settling = QEventLoop()
            QTimer.singleShot(_SETTLE_MILLISECONDS, settling.quit)
            settling.exec()

    def _keep(self, window: "MainWindow", name: str) -> None:
        window.grab().save(str(self._out / name))


def main() -> None:
    """Take the pictures, each scale in a process of its own."""
    if sys.argv[1] == "--scale":
        Photographer(Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[2])).take()
        return
    out, demo = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for scale in (1, 2):
        with tempfile.TemporaryDirectory() as made:
            scratch = Path(made)
            shutil.copytree(demo, scratch / "demo", ignore=shutil.ignore_patterns("bundle"))
            for project in sys.argv[3:4]:
                shutil.copytree(project, scratch / "own.dataselect")
            environment = {
                **os.environ,
                "QT_QPA_PLATFORM": "offscreen",
                "QT_SCALE_FACTOR": str(scale),
                "DATASELECT_HOME": str(scratch / "home"),
            }
            command = [sys.executable, __file__, "--scale", str(scale), made, str(out)]
            subprocess.run(command, env=environment, check=True)  # noqa: S603  (this script)


if __name__ == "__main__":
    main()

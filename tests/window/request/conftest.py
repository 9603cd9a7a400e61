import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.checkpoints.calibration import (
    Calibration,
    ClassThreshold,
    Privacy,
    Query,
    Recall,
    ScoreThresholds,
    Split,
)
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError
from dataselect_gui.jobs.progress import Phase, Progress
from dataselect_gui.window.request.place import RequestPlace
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import CalibrationFound, CalibrationOptions, JobContext, SourceRef
from tests.helpers import hugging_face_folder
from tests.projects import owner_records

WARNING = "“dog (4)” have fewer than the 19 rows that α = 0.05 needs."
THRESHOLDS = {"bird": 1.25, "cat": 2.5}


def made_up(alpha: float, epsilon: str | None = None) -> CalibrationFound:
    """Return what clean rows came to."""
    classes = {name: ClassThreshold(count=30, threshold=value) for name, value in THRESHOLDS.items()}
    classes["dog"] = ClassThreshold(count=4)
    calibration = Calibration(
        alpha=alpha,
        scores={"loss": ScoreThresholds(alpha=alpha, classes=classes)},
        recall={"bird": Recall(count=30, recall=0.9)},
        split=Split(statistics=0, thresholds=64),
        seen_in_training="no",
        privacy=None if epsilon is None else _spent(float(epsilon)),
    )
    return CalibrationFound(
        calibration=calibration,
        file=None,
        rule={"conditions": [{"score": "loss", "most": dict(THRESHOLDS), "otherwise": "keep"}]},
        bounds={"loss": (0.0, 3.0)},
        rows=64,
        warnings=[WARNING],
    )


def _spent(epsilon: float) -> Privacy:
    query = Query(what="counts", epsilon=epsilon)
    return Privacy(epsilon=epsilon, delta=0.0, confidence=0.95, queries=[query])


@dataclass
class Worker:
    """Calibrates at once, or waits until it is let go or told to stop."""

    asked: list[tuple[Path, SourceRef, CalibrationOptions]] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    fault: DataSelectError | None = None

    def find(
        self, checkpoint: Path, rows: SourceRef, context: JobContext, options: CalibrationOptions
    ) -> CalibrationFound:
        self.asked.append((checkpoint, rows, options))
        context.relay(Progress(Phase.SCORING, 32, 64))
        while not self.go.wait(0.01):
            if context.stop.requested:
                raise InterruptedByPersonError("Stopped.", "Why.", "Do.")
        if self.fault is not None:
            raise self.fault
        return made_up(float(options.alpha), options.epsilon)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """Have calibrations made up; each ends at once, unless `go` is cleared."""
    made = Worker()
    made.go.set()
    monkeypatch.setattr(workflow, "find_calibration", made.find)
    yield made
    made.go.set()


@pytest.fixture
def page(window: MainWindow) -> RequestPlace:
    """Open the page as a person does."""
    window.actions_by_key["request"].trigger()
    return window.request


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return hugging_face_folder(tmp_path / "model")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return owner_records(tmp_path / "clean.npz", 64)

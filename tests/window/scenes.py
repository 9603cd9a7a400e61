"""The window at each of its places, with a small project: what is tabbed through and pictured."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtTest import QTest

from dataselect_gui import workflow
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.worker.results import PreflightResult
from dataselect_gui.workflow import Preflight
from tests.helpers import array_file, hugging_face_folder
from tests.projects import answered, consortium, scored_project
from tests.releases import release, select

COUNT = 60
_PATIENCE = 30_000
"""Milliseconds that a place may take to come to rest."""

TRIED = Preflight(
    PreflightResult(
        parameters={"linear": 1_000},
        by_function=[],
        batching="by family",
        checked=3,
        deviation=2e-15,
        precision="float32",
        tried=40,
        moved=1,
        float64_pace=2.5,
        device="cpu",
        at_once=64,
        seconds_to_prepare=0.03,
        seconds_per_record=0.01,
        busy=1.0,
        bytes_needed=1_200_000_000,
        dp_training="yes",
        dp_objections=[],
        records=40,
        seconds_to_load=0.01,
        seconds_to_read=0.001,
    ),
    seconds=0.44,
    seconds_to_compute=0.4,
    names=("loss", "el2n", "grad_norm", "vog", "plis"),
    series=2,
)
"""What a preflight came to."""


@dataclass(frozen=True)
class World:
    """What an owner has.

    Attributes
    ----------
    folder : Path
        The folder of it all.
    source : Path
        The records: rings of three classes, three of each patient.
    checkpoint : Path
        The consortium's, with its request; it cannot be loaded.
    project : Path
        Both, with a score and answers of the model that are made up.
    bundle : Path
        A release of the project.
    """

    folder: Path
    source: Path
    checkpoint: Path
    project: Path
    bundle: Path


def make_world(folder: Path) -> World:
    """Make records, a checkpoint, a project and a bundle in an empty folder."""
    source = array_file(
        folder / "records.npz",
        x=np.stack([_ring(row) for row in range(COUNT)]),
        y=np.arange(COUNT) % 3,
        classes=np.array(["bird", "cat", "dog"]),
        patient=np.array([f"patient {row // 3}" for row in range(COUNT)]),
    )
    checkpoint = consortium(folder / "consortium")
    scores = [((row * 37) % COUNT) / COUNT for row in range(COUNT)]
    project = scored_project(folder / "scans.dataselect", source, checkpoint, scores, "patient")
    answered(project, lambda row: row % 3 if row % 4 else (row + 1) % 3)
    select(project, threshold="0.5")
    bundle = folder / "bundle"
    release(project, bundle, budget="10")
    return World(folder, source, checkpoint, project, bundle)


def _ring(row: int) -> np.ndarray:
    """Return a picture that tells its class by its size, and its record by its shade."""
    y, x = np.mgrid[-14:14, -14:14] + 0.5
    away = np.hypot(x, y)
    shade = 90 + 165 * row / COUNT
    return np.where(np.abs(away - (5 + 3 * (row % 3))) < 2, shade, 30).astype(np.uint8)


def rest(window: MainWindow) -> None:
    """Wait until nothing is worked on any more, and what came of it is laid out."""
    waited = quiet = 0
    while quiet < 4:
        assert waited < _PATIENCE, "the window does not come to rest"
        QTest.qWait(25)
        waited += 25
        explore = window.places.get(PlaceId.EXPLORE)
        loads = explore is not None and window.explore.thumbnails.is_waiting
        quiet = 0 if window.has_work or loads else quiet + 1


def _start(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    window.show_place(PlaceId.START)


def _setup(window: MainWindow, world: World) -> None:
    for path in (world.source, world.checkpoint):
        window.preparation.take(path)
        rest(window)


def _explore(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    window.state.set_current(int(window.state.order[3]))
    order = [int(row) for row in window.state.order]
    window.state.withhold(order[5:7])
    window.state.mark(order[8:10])
    window.explore.find_row.set_filter("loss > 0.1")


def _table(window: MainWindow, world: World) -> None:
    _explore(window, world)
    window.explore.records.switch()


def _large(window: MainWindow, world: World) -> None:
    _explore(window, world)
    window.explore.open_large()


def _release(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    window.show_place(PlaceId.RELEASE)
    rest(window)
    window.release.answers.training.no.click()


def _ledger(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    window.show_place(PlaceId.LEDGER)
    rest(window)
    window.ledger.open_form()


def _check(window: MainWindow, world: World) -> None:
    window.preparation.take(world.bundle)


def _request(window: MainWindow, world: World) -> None:
    window.show_place(PlaceId.REQUEST)
    window.request.dropped(world.source)
    rest(window)
    window.request.dropped(hugging_face_folder(world.folder / "model"))
    rest(window)
    window.request.calibration.no.click()


def _study(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    window.actions_by_key["try"].trigger()


def _rule(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    window.show_place(PlaceId.RULE)


def _people(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    listed = world.folder / "list.csv"
    listed.write_text("patient\npatient 3\npatient 7\nnobody\n", encoding="utf-8")
    window.show_place(PlaceId.PEOPLE)
    window.people.take(listed)


def _deletion(window: MainWindow, world: World) -> None:
    window.open_project(world.project)
    window.actions_by_key["delete"].trigger()


SCENES: dict[str, Callable[[MainWindow, World], None]] = {
    "start": _start,
    "setup": _setup,
    "explore": _explore,
    "table": _table,
    "large": _large,
    "release": _release,
    "ledger": _ledger,
    "check": _check,
    "request": _request,
    "study": _study,
    "rule": _rule,
    "people": _people,
    "deletion": _deletion,
}
"""What brings a window, which is shown, to each place."""


def show_scene(window: MainWindow, world: World, name: str) -> None:
    """Bring a window to a place, and wait until it is at rest."""
    SCENES[name](window, world)
    rest(window)


def tried(*_given: object) -> workflow.Preflight:
    """Return what a preflight comes to, in place of `workflow.preflight`."""
    return TRIED

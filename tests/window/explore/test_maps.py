import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError, UnusableError, WorkerDiedError
from dataselect_gui.project.project import Project
from dataselect_gui.window.explore import maps as maps_module
from dataselect_gui.window.explore.map_view import coloured, summary_of
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext, JobKind, RecordMaps
from tests.processes import workers_of
from tests.projects import owner_records
from tests.window.steps import give, place, settle

COUNT = 40
SUNK = [233, 236, 240]
DARKEST, BRIGHTEST = [0, 32, 77], [255, 234, 70]
"""The ends of cividis (Nuñez, Anderton and Renslow 2018)."""


class MadeUp:
    """Makes maps that are made up: of the row, as is its value everywhere but in one corner.

    Attributes
    ----------
    asked : list of list of int
        The rows of each request.
    ended : list of int
        The first row of each request that was ended before it was done.
    is_held : bool
        Whether to wait until that is no longer so, or until it is ended.
    error : Exception or None
        What to fail with.
    reasons : dict
        Row → why it has no map.
    side : int
        The height and width of maps.
    """

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.ended: list[int] = []
        self.is_held = False
        self.error: Exception | None = None
        self.reasons: dict[int, str] = {}
        self.side = 6
        self.prefix = ""

    def __call__(
        self, _folder: Path, rows: Sequence[int], context: JobContext
    ) -> dict[int, RecordMaps]:
        self.asked.append(list(rows))
        while self.is_held and not context.stop.is_urgent:
            time.sleep(0.005)
        if context.stop.is_urgent:
            self.ended.append(rows[0])
            raise InterruptedByPersonError("", "", "")
        if self.error is not None:
            raise self.error
        return {row: self._record(row) for row in rows}

    def _record(self, row: int) -> RecordMaps:
        if row in self.reasons:
            return RecordMaps(str(row), None, {}, dict.fromkeys(("vog", "plis"), self.reasons[row]))
        view = np.full((self.side, self.side), 200, dtype=np.uint8)
        return RecordMaps(
            self.prefix + str(row), view, {"vog": self.map_of(row), "plis": self.map_of(row) * 10}, {}
        )

    def map_of(self, row: int) -> NDArray[np.float32]:
        values = np.full((self.side, self.side), (row + 1) / COUNT, dtype=np.float32)
        values[0, 0] = 0
        return values


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    stand_in = MadeUp()
    monkeypatch.setattr(workflow, "maps", stand_in)
    return stand_in


def add_scores(project: Path, *names: str) -> None:
    """Give a project scores that have maps; sorted by the first of them, rows stand as they are."""
    table = Project.open(project).table
    rows = np.arange(COUNT)
    for name in names:
        column = table.column(name)
        column.write(rows, 1 - rows / COUNT)
        column.mark_done(rows)


@pytest.fixture
def opened(window: MainWindow, project: Path) -> MainWindow:
    """A window with a project that has two scores with a map, sorted by row; the first is current."""
    add_scores(project, "vog", "plis")
    window.resize(1200, 800)
    window.open_project(project)
    window.state.sort_by("vog")
    assert window.state.order.tolist() == list(range(COUNT))
    window.state.set_current(0)
    return window


def press_m(window: MainWindow) -> None:
    QTest.keyClick(window.explore.gallery, Qt.Key.Key_M)


def walk(window: MainWindow, key: Qt.Key = Qt.Key.Key_Right) -> None:
    QTest.keyClick(window.explore.gallery, key)


def is_shown(window: MainWindow) -> bool:
    return bool(window.explore.inspector.map.summary)


def words(window: MainWindow) -> str:
    return window.explore.inspector.map.status.text()


def idle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until no map is being made, nor about to be."""
    maps = window.explore.maps
    qtbot.waitUntil(lambda: not window.jobs.has_thread and not maps.is_waiting)


def picture(window: MainWindow) -> QWidget:
    found = window.explore.inspector.findChildren(QWidget)
    return next(one for one in found if one.accessibleName() == "Picture of the record")


def centre(window: MainWindow) -> list[int]:
    """Return the colour in the middle of the picture: red, green, blue."""
    image = picture(window).grab().toImage()
    found = image.pixelColor(image.width() // 2, image.height() // 2)
    return [found.red(), found.green(), found.blue()]


# A map, and the next ones


def test_m_shows_the_map_and_hides_it_again(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    view = opened.explore.inspector.map
    made.is_held = True
    press_m(opened)
    assert view.button.isChecked()
    assert words(opened) == "Making the map, which takes some seconds…"
    qtbot.waitUntil(lambda: centre(opened) != SUNK)  # The record stays visible.
    assert not view.scale.isVisible()
    made.is_held = False
    qtbot.waitUntil(lambda: is_shown(opened))
    assert view.scale.isVisible()
    assert view.opacity.isVisible()
    assert [view.score.itemText(place) for place in range(view.score.count())] == ["vog", "plis"]
    press_m(opened)
    assert not view.button.isChecked()
    assert not is_shown(opened)
    assert not view.scale.isVisible()
    view.button.click()
    assert is_shown(opened), "what was made is kept"
    idle(opened, qtbot)


@pytest.mark.usefixtures("made")
def test_the_opacity_goes_from_the_record_to_the_map(opened: MainWindow, qtbot: QtBot) -> None:
    opened.state.set_current(COUNT - 1)
    press_m(opened)
    qtbot.waitUntil(lambda: is_shown(opened))
    view = opened.explore.inspector.map
    view.opacity.setValue(0)
    assert centre(opened) == [200, 200, 200]
    view.opacity.setValue(100)
    assert centre(opened) == BRIGHTEST
    view.opacity.setValue(50)
    mixed = [(200 + part) // 2 for part in BRIGHTEST]
    assert centre(opened) == pytest.approx(mixed, abs=2)
    idle(opened, qtbot)


def test_walking_on_needs_no_waiting(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    opened.state.set_current(10)
    press_m(opened)
    idle(opened, qtbot)
    assert made.asked[0][0] == 10
    assert len(made.asked[0]) == workflow.MOST_AT_ONCE
    assert {11, 12, 13, 14, 9} <= set(made.asked[0])
    assert {0, COUNT - 1} <= set(made.asked[0]), "none from all over, for the scale"
    made.is_held = True
    for _ in range(4):
        walk(opened)
        assert is_shown(opened)
    walk(opened, Qt.Key.Key_Left)
    assert is_shown(opened)
    made.is_held = False
    idle(opened, qtbot)


def test_further_ones_are_made_before_they_are_needed(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    press_m(opened)
    idle(opened, qtbot)
    for _ in range(30):
        walk(opened)
        assert is_shown(opened)
        idle(opened, qtbot)
    assert 2 <= len(made.asked) < 8, "one request for each few records"
    rows = [row for asked in made.asked for row in asked]
    assert len(rows) == len(set(rows)), "no map is made twice"


def test_a_walk_downwards_goes_on_downwards(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    columns = opened.explore.gallery.columns
    press_m(opened)
    idle(opened, qtbot)
    for _ in range(2):
        walk(opened, Qt.Key.Key_Down)
        idle(opened, qtbot)
    assert {3 * columns, 4 * columns} <= {row for asked in made.asked for row in asked}


def test_a_record_that_is_no_longer_looked_at_is_not_waited_for(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.is_held = True
    press_m(opened)
    qtbot.waitUntil(lambda: len(made.asked) == 1)
    far = next(row for row in range(COUNT) if row not in made.asked[0])
    for row in (far - 1, far):  # Only where the owner stays is a map made.
        opened.state.set_current(row)
    qtbot.waitUntil(lambda: len(made.asked) == 2)
    assert made.ended == [0]
    assert made.asked[1][0] == far
    made.is_held = False
    qtbot.waitUntil(lambda: is_shown(opened))
    assert opened.explore.maps.current is not None
    assert opened.explore.maps.current.id == str(far)
    idle(opened, qtbot)


def test_a_record_whose_map_is_in_the_making_is_waited_for(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.is_held = True
    press_m(opened)
    qtbot.waitUntil(lambda: len(made.asked) == 1)
    walk(opened)
    qtbot.wait(250)
    assert made.ended == []
    made.is_held = False
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> int:
    """Leave room for the maps of three records: a grey view and two maps of float32."""
    room = 3 * 9 * 100 * 100
    monkeypatch.setattr(maps_module, "_MOST_BYTES", room)
    return room


def test_maps_are_kept_while_there_is_room(
    room: int, opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.side = 100
    press_m(opened)
    for _ in range(12):
        qtbot.waitUntil(lambda: is_shown(opened))
        idle(opened, qtbot)
        assert 0 < opened.explore.maps.size <= room
        walk(opened)
    idle(opened, qtbot)
    asked = len(made.asked)
    qtbot.wait(400)
    assert len(made.asked) == asked, "maps are made for ever"


def test_no_map_is_made_that_nobody_sees(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    press_m(opened)
    idle(opened, qtbot)
    asked = len(made.asked)
    opened.show_place(PlaceId.LEDGER)
    opened.state.set_current(30)
    qtbot.wait(300)
    assert len(made.asked) == asked
    opened.show_place(PlaceId.EXPLORE)
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)


# The scale of colours


def test_the_scale_is_the_same_for_every_record(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    press_m(opened)
    idle(opened, qtbot)
    maps, view = opened.explore.maps, opened.explore.inspector.map
    top = maps.range_of("vog")
    assert top == 1.0
    assert "yellow 1.00 and more, logits per unit of the model's input" in view.scale.accessibleName()
    assert "The same colour is the same value in every record" in view.scale.toolTip()
    view.opacity.setValue(100)
    for row in (0, 19, 25, 39):
        opened.state.set_current(row)
        qtbot.waitUntil(lambda: is_shown(opened))
        assert maps.range_of("vog") == top
        expected = coloured(made.map_of(row), top)[3, 3]
        assert centre(opened) == expected.tolist()
        idle(opened, qtbot)
    view.score.setCurrentText("plis")
    view.score.activated.emit(1)
    assert "yellow 10.0 and more, gradient norm per unit" in view.scale.accessibleName()


def test_colours_go_from_dark_blue_to_yellow_and_no_further() -> None:
    shown = coloured(np.array([[0, 2, 4, 400]], dtype=np.float32), top=4.0)[0]
    assert shown[0].tolist() == DARKEST
    assert shown[2].tolist() == shown[3].tolist() == BRIGHTEST
    luminance = coloured(np.linspace(0, 1, 256, dtype=np.float32)[None], 1.0)[0] @ [
        0.2126,
        0.7152,
        0.0722,
    ]
    assert (np.diff(luminance) > -0.5).all(), "brighter is higher"


@pytest.mark.usefixtures("made")
def test_another_project_has_a_scale_of_its_own(
    opened: MainWindow, qtbot: QtBot, project: Path
) -> None:
    press_m(opened)
    idle(opened, qtbot)
    opened.open_project(project)
    assert opened.explore.maps.range_of("vog") is None
    assert not is_shown(opened)
    opened.state.set_current(3)
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)


# Why there is none


def test_what_has_no_map_says_why_and_stays_visible(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.reasons = {0: "The record changed since it was scored."}
    press_m(opened)
    idle(opened, qtbot)
    assert words(opened) == "The record changed since it was scored."
    assert not opened.explore.inspector.map.again.isVisible()
    assert not is_shown(opened)
    walk(opened)
    assert is_shown(opened)
    idle(opened, qtbot)


def test_a_project_without_such_a_score_says_so(
    window: MainWindow, made: MadeUp, project: Path
) -> None:
    window.open_project(project)
    window.state.set_current(0)
    press_m(window)
    assert words(window) == "No score of this project has a map: only vog and plis have one."
    assert made.asked == []


def test_a_failure_is_told_and_can_be_tried_again(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.error = WorkerDiedError("Making the map stopped unexpectedly.", "Why.", "Try again.")
    view = opened.explore.inspector.map
    press_m(opened)
    idle(opened, qtbot)
    assert words(opened) == "Making the map stopped unexpectedly."
    assert view.status.toolTip() == "Making the map stopped unexpectedly. Why. Try again."
    assert not opened.notice.isVisible()
    walk(opened)
    qtbot.wait(250)
    assert len(made.asked) == 1, "it is not tried without end"
    made.error = None
    view.again.click()
    qtbot.waitUntil(lambda: is_shown(opened))
    assert not view.again.isVisible()
    idle(opened, qtbot)


def test_maps_of_other_records_are_never_shown(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    made.prefix = "another "
    press_m(opened)
    idle(opened, qtbot)
    assert words(opened) == "The project is not as it was."
    assert not is_shown(opened)


# Beside other work


@pytest.fixture
def held() -> Iterator[list[bool]]:
    """Work goes on until this is no longer empty."""
    ended: list[bool] = []
    yield ended
    ended.append(True)


def until(ended: list[bool]) -> Callable[[JobContext], str]:
    def work(context: JobContext) -> str:
        while not ended and not context.stop.requested:
            time.sleep(0.005)
        return "done"

    return work


def test_maps_wait_until_scoring_has_ended(
    opened: MainWindow, made: MadeUp, qtbot: QtBot, held: list[bool]
) -> None:
    made.is_held = True
    press_m(opened)
    assert words(opened) == "Making the map, which takes some seconds…"
    opened.jobs.start(JobKind.SCORING, until(held), lambda _: None, lambda _: None)
    assert words(opened) == "Maps wait until scoring has ended."
    made.is_held = False
    walk(opened)
    qtbot.wait(250)
    assert words(opened) == "Maps wait until scoring has ended."
    assert len(made.asked) == 1
    held.append(True)
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)


def test_any_other_work_goes_first_and_maps_hold_nothing_up(
    opened: MainWindow, made: MadeUp, qtbot: QtBot, tmp_path: Path
) -> None:
    made.is_held = True
    press_m(opened)
    qtbot.waitUntil(lambda: len(made.asked) == 1)
    assert not opened.jobs.running
    assert not opened.header.job.isVisible()
    assert opened.actions_by_key["find_records"].isEnabled()
    give(qtbot, opened, owner_records(tmp_path / "others.npz", seed=3))
    settle(qtbot, opened)
    assert made.ended == [0]
    assert place(opened) == "setup"


def test_a_job_that_gives_way_is_heard_of_by_nobody_else(qtbot: QtBot, held: list[bool]) -> None:
    jobs = Jobs()
    heard: list[str] = []
    jobs.started.connect(lambda kind: heard.append(f"started {kind.name}"))
    jobs.finished.connect(lambda: heard.append("finished"))

    def waits(context: JobContext) -> None:
        while not context.stop.is_urgent:
            time.sleep(0.005)
        raise InterruptedByPersonError("", "", "")

    jobs.start(JobKind.MAPS, waits, lambda _: None, lambda _: heard.append("gave way"), gives_way=True)
    jobs.stop()
    assert (jobs.running, jobs.has_thread, jobs.title) == (False, True, "")
    jobs.start(JobKind.RELEASE, until(held), heard.append, lambda _: None)
    assert (jobs.running, jobs.title) == (True, JobKind.RELEASE.running)
    qtbot.waitUntil(lambda: "gave way" in heard)
    jobs.give_way()
    qtbot.wait(20)
    assert heard == ["started RELEASE", "gave way"], "work that does not give way was ended"
    held.append(True)
    qtbot.waitUntil(lambda: not jobs.has_thread)
    assert heard == ["started RELEASE", "gave way", "finished", "done"]
    jobs.start(JobKind.MAPS, waits, lambda _: None, lambda _: heard.append("late"), gives_way=True)
    jobs.start(JobKind.RELEASE, until(held), lambda _: heard.append("late"), lambda _: None)
    jobs.close()
    qtbot.wait(20)
    assert not jobs.has_thread
    assert "late" not in heard


def test_what_stops_before_it_began_stops(qtbot: QtBot, held: list[bool]) -> None:
    jobs = Jobs()

    def lingers(context: JobContext) -> None:
        while not held:
            time.sleep(0.005)
        del context

    jobs.start(JobKind.MAPS, lingers, lambda _: None, lambda _: None, gives_way=True)
    seen: list[bool] = []

    def work(context: JobContext) -> None:
        seen.append(context.stop.requested)

    jobs.start(JobKind.RELEASE, work, lambda _: None, lambda _: None)
    jobs.stop()
    held.append(True)
    qtbot.waitUntil(lambda: not jobs.has_thread)
    assert seen == [True]


# For everyone


@pytest.mark.usefixtures("made")
def test_m_opens_the_record_where_there_is_little_room(opened: MainWindow, qtbot: QtBot) -> None:
    opened.resize(640, 400)
    assert not opened.explore.inspector.isVisible()
    press_m(opened)
    assert opened.explore.inspector.isVisible()
    qtbot.waitUntil(lambda: is_shown(opened))
    view = opened.explore.inspector.map
    assert view.opacity.visibleRegion().boundingRect().height() == view.opacity.height()
    assert picture(opened).height() >= 96
    press_m(opened)
    assert not view.button.isChecked()
    idle(opened, qtbot)


@pytest.mark.usefixtures("made")
def test_m_acts_only_on_records_and_stands_in_the_list(opened: MainWindow, qtbot: QtBot) -> None:
    opened.explore.histogram.setFocus()
    QTest.keyClick(QApplication.focusWidget() or opened, Qt.Key.Key_M)
    assert not opened.explore.maps.is_on or QApplication.focusWidget() is opened.explore.gallery
    opened.show_place(PlaceId.LEDGER)
    opened.actions_by_key["actions"].trigger()
    QTest.keyClicks(opened.action_list.field, "map")
    assert opened.action_list.texts() == ["Map"]
    QTest.keyClick(opened.action_list.field, Qt.Key.Key_Return)
    assert place(opened) == "explore"
    qtbot.waitUntil(lambda: is_shown(opened))
    opened.show_place(PlaceId.LEDGER)
    opened.actions_by_key["map"].trigger()
    assert place(opened) == "explore"
    assert is_shown(opened), "it was not to be seen, and is hidden now"
    idle(opened, qtbot)


@pytest.mark.usefixtures("made")
def test_the_map_is_told_in_words(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", lambda event: announced.append(event.message())
    )
    press_m(opened)
    qtbot.waitUntil(lambda: is_shown(opened))
    told = opened.explore.inspector.map.summary
    assert picture(opened).accessibleDescription() == told == words(opened)
    assert announced == [told]
    assert opened.explore.inspector.map.opacity.accessibleName() == "Opacity of the map"
    idle(opened, qtbot)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ((0, 0), "Highest on average in the upper left; its peak is 10 times the median."),
        ((0, 5), "Highest on average at the top; its peak is 10 times the median."),
        ((5, 5), "Highest on average in the centre; its peak is 10 times the median."),
        ((5, 8), "Highest on average at the right; its peak is 10 times the median."),
        ((8, 8), "Highest on average in the lower right; its peak is 10 times the median."),
    ],
)
def test_where_a_map_is_high_is_said(where: tuple[int, int], words: str) -> None:
    values = np.full((9, 10), 0.5, dtype=np.float32)
    values[where] = 5
    assert summary_of(values) == words


def test_a_map_without_a_peak_is_said() -> None:
    assert summary_of(np.full((1, 1), 3, dtype=np.float32)) == "The same everywhere."
    lonely = np.zeros((9, 9), dtype=np.float32)
    lonely[8, 0] = 1
    assert summary_of(lonely) == "Highest on average in the lower left; at least half of it is 0."
    slight = np.ones((2, 2), dtype=np.float32)
    slight[1, 1] = 1.25
    assert summary_of(slight).endswith("its peak is 1.2 times the median.")


# With a real worker


@pytest.fixture
def scored(window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path) -> MainWindow:
    """A window whose project was scored by a model that can be loaded."""
    folder = workflow.score(
        owner_records(tmp_path / "records.npz", COUNT),
        real_series,
        JobContext(),
        project_path=tmp_path / "p.dataselect",
    ).project
    window.resize(1200, 800)
    window.open_project(folder)
    window.state.set_current(int(window.state.order[0]))
    del qtbot
    return window


def test_from_the_key_to_the_map_of_a_real_record(scored: MainWindow, qtbot: QtBot) -> None:
    press_m(scored)
    qtbot.waitUntil(lambda: is_shown(scored), timeout=60_000)
    look, current = scored.state.look, scored.state.current
    found = scored.explore.maps.current
    assert look is not None
    assert current is not None
    assert found is not None
    assert found.id == look.ids[current]
    assert found.maps["vog"].mean() == pytest.approx(look.scores["vog"][current], rel=1e-5)
    norm = np.linalg.norm(found.maps["plis"])
    assert norm == pytest.approx(look.scores["plis"][current], rel=1e-5)
    walk(scored)
    assert is_shown(scored)
    qtbot.waitUntil(lambda: not scored.jobs.has_thread, timeout=60_000)
    assert not [path.name for path in look.folder.glob(".maps-*")]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
def test_closing_while_a_map_is_made_takes_no_time_and_leaves_nothing(
    scored: MainWindow, qtbot: QtBot
) -> None:
    press_m(scored)
    qtbot.waitUntil(lambda: any(True for _ in workers_of(os.getpid())), timeout=20_000)
    begun = time.monotonic()
    scored.close()
    assert time.monotonic() - begun < 3
    assert not scored.has_threads
    assert not list(workers_of(os.getpid()))
    assert scored.state.look is not None
    assert not list(scored.state.look.folder.glob(".maps-*"))


def test_a_checkpoint_that_moved_is_told_where_the_map_would_be(
    opened: MainWindow, qtbot: QtBot
) -> None:
    """Not a word of the terminal, and the window's own notice says what to do."""
    assert opened.state.look is not None
    opened.state.look.checkpoint.rename(opened.state.look.checkpoint.with_name("elsewhere"))
    press_m(opened)
    idle(opened, qtbot)
    assert words(opened) == "“consortium” is not there."
    assert isinstance(opened.explore.maps.error, UnusableError)
    assert opened.explore.inspector.map.again.isVisible()

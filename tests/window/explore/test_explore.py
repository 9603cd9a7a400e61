import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.window.explore.gallery import LARGEST, SMALLEST
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.explore.scores import meaning_of, short
from dataselect_gui.window.explore.thumbnails import key_of
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Look, Rule, ScoreCut
from tests.decisions import undecided
from tests.projects import consortium, owner_records, scored_project

Show = Callable[..., ExplorePlace]
COUNT = 40
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source, checkpoint = owner_records(tmp_path / "records.npz", COUNT), consortium(tmp_path / "model")
    scores = [row / COUNT for row in range(COUNT)]
    return scored_project(tmp_path / "project", source, checkpoint, scores)


@pytest.fixture
def state(project: Path) -> State:
    made = State()
    made.open(project)
    return made


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    """Make the place and show it; what is made stays until its threads are closed."""
    kept: list[ExplorePlace] = []

    def shown(
        state: State, width: int = 1200, height: int = 700, *, wait: bool = False
    ) -> ExplorePlace:
        made = ExplorePlace(state)
        kept.append(made)
        qtbot.addWidget(made, before_close_func=ExplorePlace.close_threads)
        made.resize(width, height)
        if wait:
            with qtbot.waitSignal(made.first_painted):
                made.show()
        made.show()
        QTest.qWaitForWindowExposed(made)
        made.gallery.setFocus()
        return made

    yield shown
    kept.clear()


@pytest.fixture
def explore(show: Show, state: State) -> ExplorePlace:
    return show(state)


def stored_rule(project: Path) -> Rule | None:
    return workflow.look(project).rule


def marked(state: State) -> list[int]:
    rows: list[int] = np.flatnonzero(state.marked).tolist()
    return rows


def click(explore: ExplorePlace, place: int, held: Qt.KeyboardModifier = NONE) -> None:
    centre = explore.gallery.tile_rect(place).center()
    QTest.mouseClick(explore.gallery.viewport(), LEFT, held, centre)


# The gallery


@pytest.mark.parametrize("side", [SMALLEST, 100, LARGEST])
def test_a_tile_is_found_where_it_stands(explore: ExplorePlace, state: State, side: int) -> None:
    explore.gallery.set_tile(side)
    explore.gallery.verticalScrollBar().setValue(37)
    for place in range(COUNT):
        rect = explore.gallery.tile_rect(place)
        for point in (rect.topLeft(), rect.center(), rect.bottomRight()):
            assert explore.gallery.row_at(point) == state.order[place]
        assert explore.gallery.row_at(rect.bottomRight() + QPoint(1, 1)) is None
    last = explore.gallery.tile_rect(COUNT - 1)
    beyond = last.translated(last.width() + 12, 0).center()
    assert explore.gallery.row_at(beyond) is None


def test_a_tile_is_never_wider_than_the_gallery(explore: ExplorePlace) -> None:
    explore.gallery.set_tile(LARGEST)
    explore.gallery.resize(220, 400)
    assert explore.gallery.tile_rect(0).right() < explore.gallery.viewport().width()
    assert explore.gallery.tile == LARGEST


def test_keys_move_the_current_record(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    gallery, columns = explore.gallery, explore.gallery.columns
    for key, place in (
        (Qt.Key.Key_Right, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 1 + columns),
        (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_End, COUNT - 1),
        (Qt.Key.Key_Right, COUNT - 1),
        (Qt.Key.Key_PageUp, None),
        (Qt.Key.Key_PageDown, COUNT - 1),
        (Qt.Key.Key_Home, 0),
    ):
        QTest.keyClick(gallery, key)
        assert place is None or state.current == state.order[place]
        assert (
            gallery.viewport()
            .rect()
            .intersects(gallery.tile_rect(int(np.flatnonzero(state.order == state.current)[0])))
        )
    with qtbot.waitSignal(gallery.activated) as activated:
        QTest.keyClick(gallery, Qt.Key.Key_Return)
    assert activated.args == [state.current]


def test_keys_and_clicks_mark(explore: ExplorePlace, state: State) -> None:
    gallery, order = explore.gallery, state.order.tolist()
    click(explore, 2)
    assert (state.current, marked(state)) == (order[2], [])
    click(explore, 4, CTRL)
    click(explore, 6, CTRL)
    assert marked(state) == sorted([order[4], order[6]])
    click(explore, 9, SHIFT)
    assert marked(state) == sorted(order[6:10])
    QTest.keyClick(gallery, Qt.Key.Key_Left, SHIFT)
    assert marked(state) == sorted(order[6:9])
    QTest.keyClick(gallery, Qt.Key.Key_Space)
    assert marked(state) == sorted(order[6:8])
    QTest.keyClick(gallery, Qt.Key.Key_A, CTRL)
    assert len(marked(state)) == COUNT
    QTest.keyClick(gallery, Qt.Key.Key_Escape)
    assert marked(state) == []


def test_plus_and_minus_change_the_tiles(explore: ExplorePlace) -> None:
    for _ in range(20):
        QTest.keyClick(explore.gallery, Qt.Key.Key_Plus)
    assert explore.gallery.tile == LARGEST
    for _ in range(20):
        QTest.keyClick(explore.gallery, Qt.Key.Key_Minus)
    assert explore.gallery.tile == SMALLEST


def test_marks_survive_sorting(explore: ExplorePlace, state: State) -> None:
    rows = [int(state.order[place]) for place in (3, 5)]
    state.mark(rows)
    state.set_current(rows[0])
    state.sort_by("loss", descending=False)
    assert marked(state) == sorted(rows)
    assert state.current == rows[0]
    assert explore.gallery.row_at(explore.gallery.tile_rect(0).center()) == state.order[0] == 0


def test_the_gallery_says_what_it_shows(explore: ExplorePlace, state: State) -> None:
    row = COUNT - 1
    state.mark([row])
    assert explore.gallery.describe_record(row) == (
        f"{row}, bird, loss 0.975, in the selection, marked"
    )
    assert "20 in the selection" in explore.gallery.accessibleDescription()
    assert not explore.gallery.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.1534, "0.153"),
        (0.5, "0.500"),
        (33.59, "33.6"),
        (1312, "1312"),
        (3.4e-8, "3.40e-08"),
        (0, "0"),
    ],
)
def test_scores_have_three_digits(value: float, words: str) -> None:
    assert short(value) == words


# Pictures


def test_pictures_arrive(show: Show, state: State) -> None:
    explore = show(state, wait=True)
    first = int(state.order[0])
    picture = explore.thumbnails.find(key_of(first, explore.gallery.tile))
    assert isinstance(picture, QPixmap)
    assert (picture.width(), picture.height()) == (5, 6)
    state.close()
    assert explore.thumbnails.find(key_of(first, explore.gallery.tile)) is None


def test_what_cannot_be_read_says_why(
    show: Show, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_pictures: object, _row: int, _most: int | None = None) -> None:
        raise workflow.UnreadableRecordError("The image is cut short.")

    monkeypatch.setattr(workflow.Pictures, "picture", unreadable)
    explore = show(state, wait=True)
    assert explore.thumbnails.find(key_of(int(state.order[0]), 128)) == "The image is cut short."


def test_a_source_that_moved_is_told(show: Show, qtbot: QtBot, state: State, tmp_path: Path) -> None:
    (tmp_path / "records.npz").unlink()
    explore = show(state)
    key = key_of(int(state.order[0]), 128)
    qtbot.waitUntil(lambda: isinstance(explore.thumbnails.find(key), str))


def test_a_large_project_is_painted(
    show: Show, state: State, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 200_000
    assert state.look is not None
    labels: Sequence[str | None] = ["bird", None, "cat", "dog"] * (rows // 4)
    large = Look(
        **{
            **vars(state.look),
            "ids": [str(row) for row in range(rows)],
            "content": np.zeros((rows, 32), dtype=np.uint8),
            "labels": labels,
            "scores": {"loss": np.random.default_rng(0).random(rows)},
            "withheld": np.zeros(rows, dtype=bool),
            "opted_out": np.zeros(rows, dtype=bool),
        }
    )
    monkeypatch.setattr(workflow, "look", lambda _project: large)
    state.open(project)
    explore = show(state)
    QTest.keyClick(explore.gallery, Qt.Key.Key_End)
    assert state.current == state.order[-1]
    assert not explore.gallery.grab().isNull()
    state.preview_rule(ScoreCut("loss", "threshold", Decimal("0.9")))
    assert not explore.histogram.grab().isNull()


# The cut-off


def test_dragging_is_one_step_of_undo(
    qtbot: QtBot, explore: ExplorePlace, state: State, project: Path
) -> None:
    histogram = explore.histogram
    before = stored_rule(project)
    for value in (0.6, 0.7, 0.75):
        histogram.drag_to(value)
        qtbot.waitUntil(lambda value=value: state.selection.threshold == value)  # type: ignore[misc]
        assert stored_rule(project) == before
        assert state.undo.count() == 0
    assert int(state.selection.chosen.sum()) == 10
    histogram.end_drag()
    assert state.undo.count() == 1
    assert stored_rule(project) == ScoreCut("loss", "threshold", Decimal("0.75"))
    state.undo.undo()
    assert stored_rule(project) == before
    assert int(state.selection.chosen.sum()) == 20


def test_escape_restores_the_cut_off(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    state.mark([1])
    explore.histogram.drag_to(0.75)
    qtbot.waitUntil(lambda: state.selection.threshold == 0.75)
    QTest.keyClick(explore.gallery, Qt.Key.Key_Escape)
    assert (state.selection.threshold, state.undo.count()) == (0.5, 0)
    assert marked(state) == [1]
    explore.histogram.end_drag()
    assert state.undo.count() == 0
    QTest.keyClick(explore.gallery, Qt.Key.Key_Escape)
    assert marked(state) == []


def test_the_mouse_drags_the_cut_off(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    from pyqtgraph import GraphicsLayoutWidget, InfiniteLine

    plot: Any = explore.histogram.findChild(GraphicsLayoutWidget)
    plot.grab()  # Only a paint gives the line its place.
    line = next(item for item in plot.scene().items() if isinstance(item, InfiniteLine))
    start = plot.mapFromScene(line.mapToScene(line.boundingRect().center()))
    where = plot.viewport()
    QTest.mouseMove(where, start)
    QTest.mousePress(where, LEFT, NONE, start)
    for step in range(1, 8):
        QTest.mouseMove(where, start + QPoint(20 * step, 0))
        qtbot.wait(40)
    QTest.mouseRelease(where, LEFT, NONE, start + QPoint(140, 0))
    assert state.undo.count() == 1
    assert state.cut is not None
    assert 0.55 < float(state.cut.value) < 0.8


def test_a_count_becomes_a_threshold_when_moved(explore: ExplorePlace, state: State) -> None:
    state.set_rule(workflow.make_rule("loss", count=4))
    assert "highest 4 by loss · 4 in the selection" in texts(explore)
    explore.histogram.move_cut(-10)
    assert state.cut is not None
    assert state.cut.by == "threshold"
    assert float(state.cut.value) < 0.9


def test_a_cut_off_can_be_typed(explore: ExplorePlace, state: State) -> None:
    field = explore.histogram.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    assert field.text() == "0.5"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert state.undo.count() == 0
    field.selectAll()
    QTest.keyClicks(field, "0.9")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert state.rule == ScoreCut("loss", "threshold", Decimal("0.9"))
    assert state.undo.count() == 1


def test_brackets_move_the_cut_off(explore: ExplorePlace, state: State) -> None:
    QTest.keyClicks(explore.gallery, "]")
    assert state.cut is not None
    assert float(state.cut.value) > 0.5
    QTest.keyClicks(explore.gallery, "[[")
    assert float(state.cut.value) < 0.5


def test_the_line_stands_at_the_cut(explore: ExplorePlace, state: State) -> None:
    def place() -> int | None:
        return explore.gallery.cut_place

    assert place() == 20
    state.sort_by("loss", descending=False)
    assert place() == 20
    assert not state.selection.chosen[state.order[19]]
    assert state.selection.chosen[state.order[20]]
    state.set_rule(workflow.make_rule("loss", threshold="0.25", lowest=True))
    assert place() == 11


# Withholding


def test_withholding_can_be_undone(explore: ExplorePlace, state: State, project: Path) -> None:
    rows = [int(row) for row in state.order[:3]]
    state.mark(rows)
    assert "Withhold 3" in texts(explore)
    explore.withhold()
    assert not workflow.look(project).eligible[rows].any()
    assert int(state.selection.chosen.sum()) == 17
    assert "Restore 3" in texts(explore)
    state.undo.undo()
    assert workflow.look(project).eligible.all()
    state.undo.redo()
    assert not workflow.look(project).eligible[rows].any()
    explore.restore()
    assert state.eligible.all()


def test_who_opted_out_is_not_restored_and_not_taken_for_withheld(
    project: Path, show: Show, tmp_path: Path
) -> None:
    """A register's word is no step of the owner's: it is neither undone nor written down as theirs."""
    (tmp_path / "register.csv").write_text("record\n39\n38\n")
    workflow.opt_out(project, tmp_path / "register.csv", None)
    state = State()
    state.open(project)
    explore = show(state)
    assert int(state.selection.chosen.sum()) == 18
    assert explore.gallery.describe_record(39) == "39, bird, loss 0.975, opted out"
    state.set_current(39)
    assert "Opted out: it never leaves." in "\n".join(texts(explore))
    state.restore([39])
    assert state.undo.count() == 0
    state.withhold([37, 38])
    assert Project.open(project).withheld == {"37", "38"}
    workflow.opt_in(project, tmp_path / "register.csv", None)
    state.open(project)
    assert state.eligible[39]
    assert not state.eligible[38]


# What there is to see


def texts(explore: ExplorePlace) -> list[str]:
    found: list[str] = []
    for widget in explore.findChildren(QWidget):
        words = getattr(widget, "text", None)
        if words is not None and not widget.isHidden():
            found.append(str(words()))
        if widget.accessibleName():
            found.append(widget.accessibleName())
    return found


def test_the_inspector_places_the_record(explore: ExplorePlace, state: State) -> None:
    assert "Choose a record to see it here." in texts(explore)
    state.set_current(30)
    words = texts(explore)
    assert "30" in words
    assert "higher than 76 % of all" in words
    assert "higher than 76 % of bird" in words
    assert any(text.startswith("Given label: bird") for text in words)
    state.set_current(COUNT - 1)
    assert "the highest of all" in texts(explore)


def test_what_a_score_means_stands_beside_its_name(explore: ExplorePlace) -> None:
    meaning = "High: the model did not expect the given label."
    assert meaning in texts(explore)
    sort = explore.findChild(QComboBox)
    assert isinstance(sort, QComboBox)
    assert sort.itemData(0, Qt.ItemDataRole.ToolTipRole) == meaning


@pytest.mark.parametrize("name", [*SCORES, "vog-var-late", "plis-l1", "loss-series"])
def test_every_score_has_a_meaning_without_terms_of_the_field(name: str) -> None:
    terms = {"gradient", "norm", "entropy", "L2", "logit", "variance", "ε"}
    assert not terms & set(re.findall(r"\w+", meaning_of(name)))


def test_nothing_open_is_said(show: Show) -> None:
    explore = show(State())
    assert not explore.gallery.grab().isNull()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Space, Qt.Key.Key_Return):
        QTest.keyClick(explore.gallery, key)
    QTest.keyClicks(explore.gallery, "[]")
    assert "Choose a record to see it here." in texts(explore)


def test_little_room_hides_the_inspector(show: Show, state: State) -> None:
    explore = show(state, 640, 400)
    assert explore.width() == 640
    assert not explore.inspector.isVisible()
    assert explore.histogram.is_folded
    explore.resize(1200, 700)
    assert explore.inspector.isVisible()
    assert not explore.histogram.is_folded


def test_those_that_look_wrong_are_shown_alone_worst_first(
    tmp_path: Path, show: Show, qtbot: QtBot
) -> None:
    """Whatever is selected; the selection and the marks stay as they are."""
    state = State()
    scores = [0.1] * COUNT
    scores[7], scores[3], scores[20] = 0.7, 0.9, 0.8
    state.open(undecided(tmp_path, scores))
    place = show(state)
    assert state.rule == workflow.Everything()
    state.mark([1])
    state.set_current(1)
    qtbot.mouseClick(place.left_out, LEFT)  # type: ignore[no-untyped-call]
    assert state.order.tolist() == [3, 20, 7]
    assert state.selection.chosen.all()
    assert np.flatnonzero(state.marked).tolist() == [1]
    place.gallery.setFocus()
    QTest.keyClick(place.gallery, Qt.Key.Key_Right)
    assert state.current in {3, 20, 7}
    qtbot.mouseClick(place.left_out, LEFT)  # type: ignore[no-untyped-call]
    assert len(state.order) == COUNT
    assert not place.left_out.isChecked()
    state.show_only(np.array([3]))
    assert place.left_out.isChecked()
    state.open(undecided(tmp_path / "another", scores))
    assert len(state.order) == COUNT
    assert not place.left_out.isChecked()


def test_without_a_calibration_nobody_looks_wrong(state: State, show: Show) -> None:
    assert not show(state).left_out.isVisible()

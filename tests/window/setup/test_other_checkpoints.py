from pathlib import Path

from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, owner_records, scored_project
from tests.window.steps import settle


def test_scores_of_another_checkpoint_are_named_and_shown(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    records = owner_records(tmp_path / "r.npz")
    first, second = (consortium(tmp_path / name, threshold=0.5) for name in ("first", "second"))
    folder = scored_project(tmp_path / "p.dataselect", records, first)
    other = scored_project(tmp_path / "q.dataselect", records, second, score="el2n")
    window.open_project(folder)
    assert not window.setup.other_checkpoints.isVisibleTo(window.setup)
    project, known = Project.open(folder), Project.open(other)
    by_first = workflow.scores(folder)["loss"]
    project.switch(StoredCheckpoint(str(second), "f" * 64))
    column, values = project.table.column("el2n"), known.table.values("el2n")
    column.values[:] = values
    column.done[:] = 1
    project.save()
    window.open_project(folder)
    shown = window.setup.other_checkpoints
    assert shown.isVisibleTo(window.setup)
    assert shown.choice.currentText() == f"first ({tmp_path}): loss"
    shown.show_them.click()
    settle(qtbot, window)
    look = window.state.look
    assert look is not None
    assert look.checkpoint == first
    assert look.scores["loss"].tolist() == by_first
    assert shown.choice.currentText() == f"second ({tmp_path}): EL2N"
    window.preparation.forget()
    assert not shown.isVisibleTo(window.setup)

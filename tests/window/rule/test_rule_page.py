"""Rules of several conditions in the window: typed, loaded, used, undone, as the terminal has them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from dataselect_gui.project.project import Project
from dataselect_gui.selection.describing import rule_sentences
from dataselect_gui.selection.forms import read_rule, rule_form
from dataselect_gui.selection.rules import Everything, ScoreCut
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.rule import place as page_module
from dataselect_gui.window.rule.place import RulePlace
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import write_json
from tests.projects import consortium, owner_records, scored_project
from tests.release.test_rules import add_vog
from tests.window.release.steps import click, shown
from tests.window.steps import place

CLASSES = ("bird", "cat", "dog")
LOSS = [round(0.025 * row, 3) for row in range(40)]
VOG = [round(float(value), 3) for value in np.random.default_rng(1).random(40)]
ASKED = {"conditions": [{"score": "loss", "most": {"bird": "0.5", "cat": "0.25"}, "otherwise": "keep"}]}
FORMS: dict[str, Any] = {
    "one threshold": {"conditions": [{"score": "loss", "most": "0.5", "otherwise": "leave"}]},
    "a window": {"conditions": [{"score": "vog", "least": "0.2", "most": "0.8", "otherwise": "keep"}]},
    "by class": ASKED,
    "windows by class": {
        "conditions": [
            {
                "score": "loss",
                "least": {"bird": "0.1", "dog": "0.3"},
                "most": {"bird": "0.4", "cat": "0.2", "dog": "0.9"},
                "otherwise": "leave",
            }
        ]
    },
    "one bound by class": {
        "conditions": [{"score": "loss", "least": "0.1", "most": {"cat": "0.5"}, "otherwise": "leave"}]
    },
    "two scores": {
        "conditions": [
            {"score": "loss", "most": "0.75", "otherwise": "leave"},
            {"score": "vog", "least": "0.123456789012345678", "otherwise": "keep"},
        ]
    },
    "a share by class": {
        "conditions": [],
        "keep": {"by": "class", "probabilities": {"cat": "0.5", "dog": "0"}, "otherwise": "1"},
    },
    "a share by a score": {
        "conditions": [{"score": "loss", "most": "0.75", "otherwise": "leave"}],
        "keep": {
            "by": "score",
            "score": "vog",
            "edges": ["0.25", "0.5"],
            "probabilities": ["1", "0.5", "0"],
            "otherwise": "0.25",
        },
    },
    "everything": "everything",
}


def picked(form: Any) -> list[str]:  # noqa: ANN401
    """Return which records a rule picks, or may keep, one record at a time."""
    if form == "everything":
        return [str(row) for row in range(40)]
    ids = []
    for row in range(40):
        label, values = CLASSES[row % 3], {"loss": LOSS[row], "vog": VOG[row]}
        holds = True
        for condition in form["conditions"]:
            value, known = values[condition["score"]], True
            inside = True
            for name in ("least", "most"):
                bound = condition.get(name)
                if isinstance(bound, dict):
                    known = known and label in bound
                    bound = bound.get(label)
                if bound is not None:
                    inside = inside and (
                        value >= float(bound) if name == "least" else value <= float(bound)
                    )
            holds = holds and (inside if known else condition["otherwise"] == "keep")
        keep = form.get("keep")
        if keep is not None and keep["by"] == "class":
            holds = holds and float(keep["probabilities"].get(label, keep["otherwise"])) > 0
        elif keep is not None:
            place = sum(values[keep["score"]] >= float(edge) for edge in keep["edges"])
            holds = holds and float(keep["probabilities"][place]) > 0
        if holds:
            ids.append(str(row))
    return ids


def made(folder: Path, **request: object) -> Path:
    stated = {"score": None, "threshold": None, **request}
    checkpoint = consortium(folder / "consortium")
    write_json(checkpoint / "dataselect.json", {k: v for k, v in stated.items() if v is not None})
    project = scored_project(folder / "p.dataselect", owner_records(folder / "r.npz"), checkpoint, LOSS)
    add_vog(project, VOG)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return made(tmp_path)


def opened(qtbot: QtBot, window: MainWindow, project: Path) -> RulePlace:
    """Open a project, and the page from Release."""
    window.open_project(project)
    window.show_place(PlaceId.RELEASE)
    click(qtbot, window.release.answers.conditions)
    wait(qtbot, window.rule)
    return window.rule


def wait(qtbot: QtBot, page: RulePlace) -> None:
    qtbot.waitUntil(lambda: not page.is_working, timeout=20_000)


def sentences(page: RulePlace) -> list[str]:
    items = [page.sentences.itemAt(number) for number in range(page.sentences.count())]
    labels = [None if item is None else item.widget() for item in items]
    return [label.text() for label in labels if isinstance(label, QLabel)]


def stored(project: Path) -> object:
    rule = Project.open(project).settings.rule
    return None if rule is None else rule.rule


def selected(window: MainWindow) -> list[str]:
    look = window.state.look
    assert look is not None
    rows: list[int] = np.flatnonzero(window.state.selection.chosen).tolist()
    return [look.ids[row] for row in rows]


def ids_of(project: Path, form: object, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Select by a rule file in the terminal, and return what it tells."""
    capsys.readouterr()
    file = write_json(project.parent / "rule.json", form)
    way = ["--all"] if form == "everything" else ["--rule", str(file)]
    assert main(["select", str(project), *way, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


@pytest.mark.parametrize("name", FORMS)
def test_each_form_goes_round_by_the_window_the_project_and_the_terminal(
    window: MainWindow,
    qtbot: QtBot,
    project: Path,
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    form = FORMS[name]
    page = opened(qtbot, window, project)
    window.state.set_rule(ScoreCut("loss", "count", Decimal(3)))
    if form == "everything":
        click(qtbot, page.everything)
    else:
        page.load_file(write_json(project.parent / "given.json", form))
    wait(qtbot, page)
    rule = read_rule(form)
    assert page.candidate() == rule
    short = [
        line.replace("0.123456789012345678", "0.1235")
        for line in rule_sentences(rule, name=workflow.spoken_name)
    ]
    assert sentences(page) == short, (
        "as the terminal says it, with few digits, and scores as people say them"
    )
    assert page.count.text().startswith(f"{len(picked(form))} of 40 ")
    click(qtbot, page.use)
    assert place(window) == "release"
    assert stored(project) == rule
    assert selected(window) == picked(form)
    assert window.release.answers.rule.text() == " ".join(short)
    click(qtbot, window.release.answers.conditions)
    wait(qtbot, page)
    assert page.candidate() == rule, "what the page begins with is the rule that there is"
    assert not page.use.isEnabled()
    answer = ids_of(project, form, capsys)
    assert answer["ids"] == picked(form)
    assert answer["rule"] == rule_form(rule)
    assert answer["rule_in_words"] == rule_sentences(rule)
    window.open_project(project)
    assert selected(window) == picked(form)


def test_conditions_are_added_typed_and_removed(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    page = opened(qtbot, window, project)
    assert page.conditions == []
    assert isinstance(page.candidate(), Everything)
    click(qtbot, page.add)
    first = page.conditions[0]
    assert QApplication.focusWidget() is first.most.field
    qtbot.waitUntil(lambda: "neither" in page.error.text())
    assert (page.use.text(), page.use.isEnabled()) == ("Use this rule", False)
    assert not page.picked.isVisible()
    qtbot.keyClicks(first.most.field, "0,5")  # type: ignore[no-untyped-call]
    click(qtbot, page.add)
    second = page.conditions[1]
    assert (first.score.chosen(), second.score.chosen()) == ("loss", "vog")
    qtbot.keyClicks(second.least.field, "0.2")  # type: ignore[no-untyped-call]
    second.otherwise.choose("keep")
    second.changed.emit()
    wait(qtbot, page)
    expected = {
        "conditions": [
            {"score": "loss", "most": "0.5", "otherwise": "leave"},
            {"score": "vog", "least": "0.2", "otherwise": "keep"},
        ]
    }
    assert page.candidate() == read_rule(expected)
    assert page.count.text().startswith(f"{len(picked(expected))} of 40 ")
    click(qtbot, first.remove)
    wait(qtbot, page)
    assert page.candidate() == read_rule({"conditions": expected["conditions"][1:]})


def test_a_number_for_each_class_begins_with_that_of_all(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    page = opened(qtbot, window, project)
    click(qtbot, page.add)
    bound = page.conditions[0].most
    qtbot.keyClicks(bound.field, "0.5")  # type: ignore[no-untyped-call]
    bound.by_class.click()
    assert {name: field.text() for name, field in bound.grid.fields.items()} == dict.fromkeys(
        CLASSES, "0.5"
    )
    bound.grid.fields["cat"].setText("0.25")
    bound.grid.fields["dog"].clear()
    wait(qtbot, page)
    form = {
        "conditions": [{"score": "loss", "most": {"bird": "0.5", "cat": "0.25"}, "otherwise": "leave"}]
    }
    assert page.candidate() == read_rule(form)
    click(qtbot, page.use)
    assert selected(window) == picked(form) != []
    window.state.undo.undo()
    assert len(selected(window)) == 40, "everything, as it was"
    window.state.undo.redo()
    assert selected(window) == picked(form)


def test_undo_names_the_rule_and_brings_the_former_one_back(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    page = opened(qtbot, window, project)
    window.state.set_rule(ScoreCut("loss", "count", Decimal(3)))
    page.load_file(write_json(project.parent / "given.json", FORMS["two scores"]))
    click(qtbot, page.use)
    assert window.state.undo.undoText() == "rule of 2 conditions"
    window.actions_by_key["undo"].trigger()
    assert stored(project) == ScoreCut("loss", "count", Decimal(3))
    assert "rule of 2 conditions" in window.actions_by_key["redo"].text()


def test_a_cut_off_is_where_conditions_begin(window: MainWindow, qtbot: QtBot, project: Path) -> None:
    window.open_project(project)
    window.state.set_rule(ScoreCut("loss", "threshold", Decimal("0.5")))
    window.actions_by_key["rule"].trigger()
    page = window.rule
    wait(qtbot, page)
    form = {"conditions": [{"score": "loss", "least": "0.5", "otherwise": "leave"}]}
    assert page.candidate() == read_rule(form)
    assert stored(project) == ScoreCut("loss", "threshold", Decimal("0.5")), "nothing changed yet"
    page.back.click()
    assert place(window) == "explore"
    assert stored(project) == ScoreCut("loss", "threshold", Decimal("0.5"))


# The consortium's rule, and others


def test_the_consortiums_rule_is_shown_in_words_and_used_by_one_button(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    project = made(tmp_path, rule=ASKED)
    page = opened(qtbot, window, project)
    asked = read_rule(ASKED)
    assert stored(project) == asked
    click(qtbot, page.everything)
    click(qtbot, page.use)
    click(qtbot, window.release.answers.conditions)
    wait(qtbot, page)
    assert page.asked.text() == " ".join(rule_sentences(asked))
    page.in_full.button.click()
    assert "\n".join(rule_sentences(asked)) in shown(page.in_full)
    click(qtbot, page.use_asked)
    assert place(window) == "release"
    assert stored(project) == asked
    assert window.state.undo.undoText() == "the consortium's rule"
    assert window.release.answers.cut_off.source == "request"


def test_a_rule_of_ones_own_has_the_consequence_of_a_view_and_says_so(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    project = made(tmp_path, rule=ASKED)
    page = opened(qtbot, window, project)
    assert not page.viewed.isVisible()
    page.load_file(write_json(tmp_path / "given.json", FORMS["two scores"]))
    assert page.viewed.isVisible()
    assert page.viewed.text() == page_module.CHOSEN_AFTER
    click(qtbot, page.use)
    assert window.release.answers.cut_off.source == "viewed"
    window.release.answers.training.no.click()
    window.release.foot.set_budget.click()
    qtbot.waitUntil(lambda: not window.release.is_working, timeout=20_000)
    foreseen = window.release.prospect.foreseen
    assert foreseen is not None
    assert foreseen.conditional
    click(qtbot, window.release.answers.conditions)
    wait(qtbot, page)
    click(qtbot, page.everything)
    assert not page.viewed.isVisible()


CALIBRATION = {
    "alpha": 0.05,
    "scores": {
        "loss": {"alpha": 0.05, "classes": {"bird": {"count": 30, "threshold": 0.5}}},
    },
    "split": {"statistics": 0, "thresholds": 30},
    "seen_in_training": "no",
}
WRONG = {"conditions": [{"score": "loss", "most": {"bird": 0.5}, "otherwise": "keep"}]}


def test_what_looks_wrong_is_late_where_it_was_not_decided_before(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    project = made(tmp_path, rule=WRONG, calibration=CALIBRATION)
    window.open_project(project)
    window.state.set_rule(Everything())
    window.show_place(PlaceId.RULE)
    page = window.rule
    wait(qtbot, page)
    assert page.late.isVisible(), "scores are seen, and nothing was decided before"
    click(qtbot, page.use_asked)
    assert stored(project) == read_rule(WRONG)
    window.show_place(PlaceId.RELEASE)
    assert window.release.answers.cut_off.source == "viewed"


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ({"conditions": [{"score": "plis", "most": 1}]}, "plis"),
        ({"conditions": [{"score": "loss", "most": {"cow": 1}}]}, "cow"),
    ],
)
def test_what_the_project_cannot_select_by_is_refused_with_the_reason(
    window: MainWindow, qtbot: QtBot, project: Path, form: object, part: str
) -> None:
    page = opened(qtbot, window, project)
    page.load_file(write_json(project.parent / "given.json", form))
    wait(qtbot, page)
    assert part in page.error.text()
    assert not page.use.isEnabled()
    assert stored(project) == Everything()


@pytest.mark.parametrize("text", ["[]", "{", '{"conditions": []}'])
def test_a_file_that_holds_no_rule_changes_nothing(
    window: MainWindow, qtbot: QtBot, project: Path, text: str
) -> None:
    page = opened(qtbot, window, project)
    page.load_file(write_json(project.parent / "first.json", FORMS["a window"]))
    (project.parent / "given.json").write_text(text)
    page.load_file(project.parent / "given.json")
    assert "holds no rule" in page.error.text()
    assert page.candidate() == read_rule(FORMS["a window"])


def test_where_the_checkpoint_moved_there_are_no_classes_and_it_says_so(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    (project.parent / "consortium").rename(project.parent / "elsewhere")
    window.open_project(project)
    window.show_place(PlaceId.RULE)
    page = window.rule
    wait(qtbot, page)
    assert page.no_classes.isVisible()
    click(qtbot, page.add)
    assert not page.conditions[0].most.by_class.isVisible()


def test_by_keyboard_alone(window: MainWindow, qtbot: QtBot, project: Path) -> None:
    page = opened(qtbot, window, project)
    assert QApplication.focusWidget() is page.add
    QTest.keyClick(page.add, Qt.Key.Key_Space)
    QTest.keyClicks(QApplication.focusWidget() or page, "0.5")
    wait(qtbot, page)
    for _step in range(40):
        if QApplication.focusWidget() is page.use:
            break
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Tab)
    QTest.keyClick(page.use, Qt.Key.Key_Space)
    assert stored(project) == read_rule(FORMS["one threshold"])
    assert workflow.rule_sentences(read_rule(FORMS["one threshold"])) == [
        window.release.answers.rule.text()
    ]

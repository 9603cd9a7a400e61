"""What a study would compare, how long it would take, and what stands in its way."""

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import (
    UnusableError,
)
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.choices import NO_SCORE, WRONG_EPSILONS, WRONG_SHARES, summary
from dataselect_gui.window.study.place import StudyPlace
from dataselect_gui.window.study.plan import START, WAITING
from dataselect_gui.workflow import (
    JobKind,
    OtherStudyError,
    StudyChoices,
)
from tests.window.steps import numbers, settle
from tests.window.study.steps import Worker, finish, open_page, shown, wait_for_plan


def test_the_plan_comes_first_and_is_right_without_touching_anything(
    page: StudyPlace, worker: Worker
) -> None:
    assert page.plan.total.text() == "200 trainings: about 4 min in all"
    text = shown(page)
    assert all(question in text for question in workflow.QUESTIONS.values())
    assert page.plan.summary.text() == summary(StudyChoices(("vog",)))
    assert worker.planned == [StudyChoices(("vog",))]
    assert not worker.begun
    assert page.plan.start.isEnabled()
    assert not page.form.shares.isVisible(), "choices are folded away"


def test_another_choice_is_another_plan(page: StudyPlace, worker: Worker, qtbot: QtBot) -> None:
    page.form.shares.setText("20, 30, 50")
    page.form.limit.setValue(400)
    assert page.plan.total.text() == "240 trainings: about 5 min in all", "told at once"
    assert page.plan.start.isEnabled()
    page.form.seeds.setValue(6)
    page.form.checkpoint.click()
    assert page.plan.total.text() == "288 trainings"
    assert not page.plan.start.isEnabled(), "the plan comes first"
    qtbot.waitUntil(lambda: page.plan.start.isEnabled())
    expected = StudyChoices(("vog",), ("0.2", "0.3", "0.5"), ("8",), 6, "checkpoint")
    assert worker.planned[1:] == [expected], "only the last of several questions is asked"


def test_beyond_the_limit_it_says_what_to_do(
    page: StudyPlace, window: MainWindow, qtbot: QtBot
) -> None:
    page.form.scores["plis"].click()
    wait_for_plan(qtbot, window)
    assert page.plan.limit.isVisible()
    assert numbers(page.plan.limit.text()) == ["260", "200"]
    assert page.plan.total.text() == "260 trainings: about 5 min in all"
    assert not page.plan.start.isEnabled()
    page.form.limit.setValue(260)
    wait_for_plan(qtbot, window)
    assert not page.plan.limit.isVisible()
    assert page.plan.start.isEnabled()


@pytest.mark.parametrize(
    ("field_", "text", "sentence"),
    [
        ("shares", "ten", WRONG_SHARES),
        ("shares", "10, 101", WRONG_SHARES),
        ("epsilons", "0", WRONG_EPSILONS),
        ("epsilons", "", WRONG_EPSILONS),
    ],
)
def test_what_makes_no_sense_is_told_and_plans_nothing(
    page: StudyPlace,
    window: MainWindow,
    worker: Worker,
    qtbot: QtBot,
    field_: str,
    text: str,
    sentence: str,
) -> None:
    getattr(page.form, field_).setText(text)
    assert page.plan.status.text() == sentence
    assert not page.plan.start.isEnabled()
    wait_for_plan(qtbot, window)
    assert len(worker.planned) == 1


def test_a_study_needs_a_score(page: StudyPlace) -> None:
    page.form.scores["vog"].click()
    assert page.plan.status.text() == NO_SCORE
    assert not page.plan.start.isEnabled()


def test_what_cannot_be_chosen_says_why(page: StudyPlace) -> None:
    page.form.button.click()
    box = page.form.scores["alignment"]
    assert not box.isEnabled()
    assert "does not state direction" in box.accessibleDescription()
    assert "does not state direction" in shown(page)


def test_while_other_work_goes_on_the_time_is_worked_out_later(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    ended = threading.Event()
    window.jobs.start(JobKind.RELEASE, lambda _: ended.wait(30), print, print)
    page.form.seeds.setValue(6)
    assert page.plan.status.text() == WAITING
    qtbot.waitUntil(lambda: not page.is_working)
    assert len(worker.planned) == 1
    ended.set()
    settle(qtbot, window)
    wait_for_plan(qtbot, window)
    assert len(worker.planned) == 2
    assert "about" in page.plan.total.text()


def test_a_plan_that_nobody_looks_at_is_not_made(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    page.form.seeds.setValue(6)
    page.heading.back.click()
    wait_for_plan(qtbot, window)
    assert len(worker.planned) == 1
    open_page(qtbot, window)
    assert worker.planned[-1].seeds == 6, "what was chosen is still chosen"


def test_records_that_cannot_be_studied_are_told(
    window: MainWindow, worker: Worker, project: Path, qtbot: QtBot
) -> None:
    worker.plan_fault = UnusableError("Too few.", "Only 40.", "Take more.")
    window.open_project(project)
    open_page(qtbot, window)
    assert window.study.error.text() == "Too few. Only 40. Take more."
    assert not window.study.plan.start.isEnabled()
    worker.plan_fault = None
    window.study.again.click()
    qtbot.waitUntil(lambda: window.study.plan.start.isEnabled())
    assert not window.study.error.isVisible()


def test_a_study_of_what_the_records_were_makes_room_for_a_new_one(
    window: MainWindow, worker: Worker, project: Path, qtbot: QtBot
) -> None:
    earlier = project.with_name("scans.study")
    finish(workflow.study_subject(project), earlier)
    (earlier / "page.html").unlink()
    worker.plan_fault = OtherStudyError("Another.", "They differ.", "Begin.")
    window.open_project(project)
    open_page(qtbot, window)
    assert window.study.error.text() == "Another. They differ. Begin."
    assert not window.study.plan.start.isEnabled()
    worker.plan_fault = None
    window.study.form.scores["plis"].click()  # The earlier study was of both.
    window.study.anew.click()
    qtbot.waitUntil(lambda: window.study.plan.start.isEnabled())
    assert window.study.plan.start.text() == START
    worker.go.set()
    window.study.plan.start.click()
    settle(qtbot, window)
    assert (project.with_name("scans-2.study") / "page.html").is_file()
    assert not (earlier / "page.html").exists()

"""What the model answers is the owner's: seeing it is a look, and nothing of it leaves."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.tasks.answer_form import MOST_PLACES, AnswerForm
from dataselect_gui.tasks.answers import Answers, Standing
from dataselect_gui.workflow.answers import RecordAnswers
from tests.projects import answered, consortium, owner_records, scored_project
from tests.releases import files, release, select

NAN = float("nan")


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Path:
    del home
    return scored_project(
        tmp_path / "p.dataselect", owner_records(tmp_path / "r.npz"), consortium(tmp_path / "model")
    )


def without_scores(project: Path) -> None:
    """Have no score be a number, as where the loss of every record overflows."""
    column = Project.open(project).table.column("loss")
    column.write(np.arange(40), np.full(40, np.nan))
    column.mark_done(np.arange(40))


def test_seeing_an_answer_is_a_look_like_seeing_a_score(project: Path) -> None:
    without_scores(project)
    workflow.look(project)
    assert not Project.open(project).was_shown, "nothing was to be seen"
    answered(project)
    assert not Project.open(project).was_shown, "nobody saw it yet"
    workflow.look(project)
    assert Project.open(project).was_shown


def test_answers_that_were_not_computed_are_nothing_to_see(project: Path) -> None:
    without_scores(project)
    Project.open(project).table.keep_answers(AnswerForm(names=["bird", "cat", "dog"]))
    look = workflow.look(project)
    assert look.answers is not None
    assert look.answers.full(0) is None
    assert not Project.open(project).was_shown


def test_a_release_is_the_same_with_answers_and_without(project: Path, tmp_path: Path) -> None:
    select(project, threshold="0.3")
    first = release(project, tmp_path / "first")
    answered(project, sure=0.987654)
    second = release(project, tmp_path / "second")
    assert (second.release, second.spent) == (first.release, first.spent), "it costs nothing again"
    assert files(tmp_path / "first") == files(tmp_path / "second")
    assert not any(b"0.9876" in content for content in files(tmp_path / "second").values())


def test_an_answer_is_said_in_everyday_words() -> None:
    def said(form: AnswerForm, classes: Sequence[int], numbers: Sequence[float]) -> tuple[str, str]:
        answers = RecordAnswers(
            form,
            Answers(
                np.array([classes], dtype=np.int32),
                np.array([numbers], dtype=np.float32),
                np.array([Standing.NOT_COMPARED], dtype=np.uint8),
            ),
        )
        full, short = answers.full(0), answers.short(0)
        assert full is not None
        assert short is not None
        return full.replace("\N{NO-BREAK SPACE}", " "), short

    single = AnswerForm(names=["Shirt", "Pullover"])
    assert said(single, [1], [0.934]) == ("Pullover (93 in 100)", "Pullover")
    assert said(single, [1], [0.9999]) == ("Pullover (over 99 in 100)", "Pullover")
    assert said(single, [0], [1.0]) == ("Shirt (over 99 in 100)", "Shirt")
    assert said(AnswerForm(), [812], [0.004]) == ("812 (under 1 in 100)", "812")
    several = AnswerForm(task="multi_label", names=["Edema", "Fracture", "Mass"], places=3)
    assert said(several, [1, 0, -1], [0.91, 0.73, NAN]) == (
        "Fracture (91 in 100), Edema (73 in 100)",
        "Fracture, Edema",
    )
    assert said(several, [-1] * 3, [NAN] * 3) == ("none of the classes",) * 2
    many = AnswerForm(task="multi_label", names=[str(n) for n in range(20)], places=MOST_PLACES)
    full, _short = said(many, list(range(8)), [0.9] * 8)
    assert full.endswith("7 (90 in 100), perhaps more")
    number = AnswerForm(task="regression", names=["age"])
    assert said(number, [0], [41.23456]) == ("41.23", "41.23")
    two = AnswerForm(task="regression", places=2)
    assert said(two, [0, 1], [1.5, -20000.0]) == ("1.5, -2e+04", "1.5, -2e+04")


def test_the_owners_table_has_them_as_labels_are_written() -> None:
    def columns(form: AnswerForm, classes: list[int], numbers: list[float]) -> tuple[object, object]:
        standings = np.array([Standing.SAME, Standing.NONE], dtype=np.uint8)
        answers = Answers(
            np.array([classes, [-1] * len(classes)], dtype=np.int32),
            np.array([numbers, [NAN] * len(numbers)], dtype=np.float32),
            standings,
        )
        table = RecordAnswers(form, answers).columns()
        assert table["answer"][1] is table["confidence"][1] is None
        return table["answer"][0], table["confidence"][0]

    assert columns(AnswerForm(names=["no", "yes"], task="binary"), [1], [0.75]) == ("yes", 0.75)
    several = AnswerForm(task="multi_label", names=["Ödem", "Mass"], places=2)
    assert columns(several, [0, -1], [0.75, NAN]) == ('["Ödem"]', "[0.75]")
    assert columns(several, [-1, -1], [NAN, NAN]) == ("[]", "[]")
    assert columns(AnswerForm(task="regression"), [0], [2.5]) == (2.5, None)
    said, sure = columns(AnswerForm(task="regression", places=2), [0, 1], [2.5, -1.0])
    assert (json.loads(str(said)), sure) == ([2.5, -1.0], None)

"""How often labels meet answers, against counting one record after the other."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.tasks.answers import Answers, Standing
from dataselect_gui.window.arrangement import class_codes
from dataselect_gui.workflow import AnswerMatrix, answer_matrix
from tests.projects import answered, consortium, owner_records, scored_project

NAMES = ("bird", "cat", "dog")


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Path:
    del home
    return scored_project(
        tmp_path / "p.dataselect", owner_records(tmp_path / "r.npz"), consortium(tmp_path / "model")
    )


def matrix_of(project: Path) -> AnswerMatrix | None:
    look = workflow.look(project)
    return answer_matrix(look, *class_codes(look.labels))


def spelled(matrix: AnswerMatrix) -> dict[tuple[str, str], int]:
    return {
        (matrix.given[label], matrix.answers[answer]): count
        for (label, answer), count in matrix.counts.items()
    }


def answer(row: int) -> int:
    return row % 3 if row % 4 else (row + 1 + row // 12) % 3


def test_counts_are_those_of_one_record_after_the_other(project: Path) -> None:
    answered(project, answer)
    matrix, look = matrix_of(project), workflow.look(project)
    assert matrix is not None
    assert look.answers is not None
    assert spelled(matrix) == Counter((NAMES[row % 3], NAMES[answer(row)]) for row in range(40))
    assert list(matrix.counts.values()) == sorted(matrix.counts.values(), reverse=True)
    assert matrix.uncounted == 0
    assert matrix.wrong == look.answers.differ.sum() > 0
    for label, name in enumerate(matrix.given):
        assert [matrix.answers[i] for i in range(3) if matrix.agrees(label, i)] == [name]
    assert all(not matrix.agrees(*pair) for pair in matrix.confused)
    assert len(matrix.confused) == sum(1 for given, said in spelled(matrix) if given != said)


def test_many_classes_are_counted_as_few_are(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(project, answer)
    few = matrix_of(project)
    monkeypatch.setattr("dataselect_gui.workflow.answer_pairs._MOST_CELLS", 0)
    assert matrix_of(project) == few


def test_records_that_cannot_be_compared_are_counted_apart(project: Path) -> None:
    answered(project, answer)
    kept = Project.open(project).table.answers
    assert kept is not None
    none = Answers.none(3, 1)
    kept.write(np.array([0, 1, 2]), none)
    unknown = Answers(
        np.array([[1]], dtype=np.int32),
        np.array([[0.5]], dtype=np.float32),
        np.array([Standing.NOT_COMPARED], dtype=np.uint8),
    )
    kept.write(np.array([3]), unknown)
    matrix = matrix_of(project)
    assert matrix is not None
    assert matrix.uncounted == 4
    assert sum(matrix.counts.values()) == 36


def test_a_model_that_is_always_wrong_agrees_by_name_alone(project: Path) -> None:
    answered(project, lambda row: (row + 1) % 3)
    matrix = matrix_of(project)
    assert matrix is not None
    assert [matrix.answers[own] for own in matrix.own if own is not None] == list(matrix.given)
    assert matrix.wrong == 40


def test_without_answers_there_is_no_matrix(project: Path) -> None:
    assert matrix_of(project) is None
    Project.open(project).table.keep_answers(AnswerForm(names=list(NAMES)))
    assert matrix_of(project) is None

"""What a model answers, held against plain torch in float64, one record at a time."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.scoring.answering import answers_of
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.answer_form import MOST_PLACES
from dataselect_gui.tasks.answers import Answers, Standing
from dataselect_gui.tasks.registry import TASKS
from tests.helpers import write_json
from tests.models import export, stir
from tests.tasks.test_tasks import CPU, FEATURES, MANY, Perceptron

COUNT = 40
RECORDS = np.random.default_rng(5).normal(size=(COUNT, FEATURES)).astype(np.float32) * 3
OUTPUTS = {"single_label": 4, "binary": 1, "multi_label": 3, "regression": 2}
NAN = float("nan")


def targets_of(task: str) -> np.ndarray:
    rows = np.arange(COUNT)
    match task:
        case "single_label":
            return np.where(rows % 7 == 3, -1, rows % 4)
        case "binary":
            return np.where(rows % 7 == 3, -1, rows % 2)
        case "multi_label":
            given = MANY[rows % len(MANY)].copy()
            given[rows % 7 == 3] = np.nan
            return given
    return np.stack([rows / 3, -rows / 5], axis=1)


def expected(task: str, logits: Tensor, target: np.ndarray) -> tuple[dict[int, float], Standing]:
    """Return what a model answers for one record, class → number, and how that stands to its label."""
    if task == "single_label":
        each = logits.softmax(0).tolist()
        best = max(range(len(each)), key=each.__getitem__)
        said = {best: each[best]}
        if target < 0:
            return said, Standing.NOT_COMPARED
        return said, Standing.SAME if best == int(target) else Standing.OTHER
    if task == "binary":
        yes = logits[0].sigmoid().item()
        best = int(yes > 0.5)
        said = {best: max(yes, (-logits[0]).sigmoid().item())}
        if target < 0:
            return said, Standing.NOT_COMPARED
        return said, Standing.SAME if best == int(target) else Standing.OTHER
    if task == "multi_label":
        each = logits.sigmoid().tolist()
        said = {index: p for index, p in enumerate(each) if p > 0.5}
        known = {index: y == 1 for index, y in enumerate(target.tolist()) if not math.isnan(y)}
        if not known:
            return said, Standing.NOT_COMPARED
        is_same = all((index in said) == y for index, y in known.items())
        return said, Standing.SAME if is_same else Standing.OTHER
    return dict(enumerate(logits.tolist())), Standing.NOT_COMPARED


def said_of(answers: Answers, row: int) -> dict[int, float]:
    places = zip(answers.classes[row].tolist(), answers.numbers[row].tolist(), strict=True)
    return {index: number for index, number in places if index >= 0}


@pytest.mark.parametrize("task", OUTPUTS)
def test_answers_are_those_of_the_final_checkpoint(tmp_path: Path, task: str) -> None:
    models: list[nn.Module] = [stir(Perceptron(OUTPUTS[task]), seed) for seed in range(2)]
    for step, model in enumerate(models):
        (tmp_path / f"checkpoint-{step}").mkdir()
        export(tmp_path / f"checkpoint-{step}/model.pt2", model, torch.zeros(2, FEATURES))
    write_json(tmp_path / "dataselect.json", {"task": task})
    targets, places = targets_of(task), 1 if OUTPUTS[task] in {1, 4} else OUTPUTS[task]
    final = models[-1].double()
    naive = [
        expected(task, final(record[None])[0].detach(), target)
        for record, target in zip(torch.from_numpy(RECORDS).double(), targets, strict=True)
    ]
    assert len({standing for _said, standing in naive}) == (1 if task == "regression" else 3)
    for scores in ([], ["loss", "plis"], ["vog"]):  # No pass back, one by the final one, the series.
        scorer = Scorer(find_checkpoint(tmp_path), scores, CPU, "float64")
        values, answers = scorer.score_and_answer(scores, RECORDS, targets, places)
        assert answers.standings.tolist() == [standing for _said, standing in naive]
        for row, (said, _standing) in enumerate(naive):
            kept = said_of(answers, row)
            assert kept == pytest.approx(said, rel=1e-6)
            in_order = list(kept.values())
            assert task == "regression" or in_order == sorted(in_order, reverse=True)
        alone = scorer.score(scores, RECORDS, targets)
        assert list(values) == scores
        for name in scores:
            np.testing.assert_array_equal(values[name], alone[name])


def test_of_equal_classes_the_first_is_the_answer() -> None:
    logits = torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
    answers = answers_of(TASKS["single_label"], logits, np.array([1, 2]), 1)
    assert answers.classes.tolist() == [[1], [0]]
    assert answers.numbers[1, 0] == pytest.approx(1 / 3)
    assert answers.standings.tolist() == [Standing.SAME, Standing.OTHER]


@pytest.mark.parametrize(
    ("task", "bad"),
    [
        ("single_label", [[NAN, 1.0]]),
        ("single_label", [[float("inf"), 1.0]]),
        ("binary", [[NAN]]),
        ("multi_label", [[1.0, NAN]]),
        ("regression", [[1.0, float("-inf")]]),
        ("regression", [[1.0, 1e39]]),
    ],
)
def test_what_is_no_number_is_no_answer(task: str, bad: list[list[float]]) -> None:
    logits = torch.tensor(bad, dtype=torch.float64)
    made_up = TASKS[task].made_up(1, logits.shape[1])  # type: ignore[index]
    answers = answers_of(TASKS[task], logits, made_up, 2)  # type: ignore[index]
    assert answers.standings.tolist() == [Standing.NONE]
    assert said_of(answers, 0) == {}
    assert np.isnan(answers.numbers).all()


def test_of_many_classes_the_surest_are_kept_and_all_are_compared() -> None:
    logits = torch.arange(-5.0, 15.0)[None]
    given = (np.arange(-5, 15) > 0).astype(float)[None]
    answers = answers_of(TASKS["multi_label"], logits, given, MOST_PLACES)
    assert answers.classes.tolist() == [list(range(19, 11, -1))]
    assert answers.standings.tolist() == [Standing.SAME]
    given[0, 6] = 0.0  # A class that is not among those kept.
    assert answers_of(TASKS["multi_label"], logits, given, MOST_PLACES).standings[0] == Standing.OTHER

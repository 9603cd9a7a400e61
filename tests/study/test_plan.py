from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.cli.study import decimals
from dataselect_gui.errors import UsageError
from dataselect_gui.study.plan import (
    MOST_TRAININGS,
    Choices,
    PickTraining,
    StandInTraining,
    in_order,
    proposed_score,
    trainings,
)
from dataselect_gui.workflow import choose_study
from tests.helpers import hugging_face_folder


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Two states of one model."""
    for step in (1, 2):
        hugging_face_folder(tmp_path / "series" / f"checkpoint-{step}")
    return tmp_path / "series"


def chosen(checkpoint: Path, **given: Any) -> Choices:  # noqa: ANN401
    usual: dict[str, Any] = {
        "scores": ["el2n"],
        "shares": "0.1,0.3",
        "epsilons": "8",
        "seeds": 5,
        "start": "scratch",
        "limit": MOST_TRAININGS,
    }
    given = {**usual, **given}
    given["shares"] = decimals(given["shares"], "--shares", most=1)
    given["epsilons"] = decimals(given["epsilons"], "--epsilons", most=100)
    return choose_study(checkpoint, **given)


def test_the_usual_plan_is_as_large_as_the_limit_allows(series: Path) -> None:
    usual = chosen(series, scores=None)
    assert usual == Choices(("vog",))
    assert len(in_order(trainings(usual))) == MOST_TRAININGS


def test_a_larger_plan_is_refused_with_the_way_to_allow_it(series: Path) -> None:
    more = Choices(("vog", "plis"))
    count = len(in_order(trainings(more)))
    with pytest.raises(UsageError, match=f"--limit-trainings {count}"):
        chosen(series, scores=["vog", "plis"])
    assert chosen(series, scores=["vog", "plis"], limit=count) == more


def test_every_training_is_done_once_and_stand_ins_come_first() -> None:
    plan = in_order(trainings(Choices(("vog", "el2n"), epsilons=("1", "8"), seeds=6)))
    assert len({training.name for training in plan}) == len(plan) == len(set(plan))
    kinds = [isinstance(training, StandInTraining) for training in plan]
    assert kinds == sorted(kinds, reverse=True)


def test_random_is_compared_with_every_pick() -> None:
    choices = Choices(("vog",), shares=("0.1", "0.5"), epsilons=("3", "8"))
    picks = [pick for pick in in_order(trainings(choices)) if isinstance(pick, PickTraining)]
    plain = {(pick.seed, pick.share, pick.epsilon) for pick in picks if pick.mechanism is None}
    random = {
        (pick.seed, pick.share, pick.epsilon)
        for pick in picks
        if pick.mechanism is None and pick.score == "random"
    }
    assert plain == random
    assert len(random) == 5 * 2 * 3


@pytest.mark.parametrize(
    ("request_", "series", "expected"),
    [
        (Request(score="loss"), 3, "loss"),
        (Request(), 3, "vog"),
        (Request(), 1, "el2n"),
        (Request(score="vog"), 1, "el2n"),
        (Request(score="nonsense"), 2, "vog"),
    ],
)
def test_the_score_of_the_request_is_studied_where_none_is_named(
    request_: Request, series: int, expected: str
) -> None:
    assert proposed_score(series, request_) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": ["random"]},
        {"scores": ["beauty"]},
        {"scores": ["clipped_norm"]},
        {"seeds": 4},
        {"shares": "0.1,1.5"},
        {"shares": "none"},
        {"epsilons": "0"},
        {"epsilons": "inf"},
        {"start": "middle"},
    ],
)
def test_what_makes_no_sense_is_refused(series: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        chosen(series, **wrong)


def test_shares_are_told_apart_by_their_value(series: Path) -> None:
    made = chosen(series, shares="0.30,0.1,.3", epsilons="8.0,8")
    assert (made.shares, made.epsilons) == (("0.1", "0.3"), ("8",))

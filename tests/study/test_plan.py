import pytest

from dataselect_gui.errors import UsageError
from dataselect_gui.study.plan import (
    MOST_TRAININGS,
    Choices,
    Picked,
    Reference,
    check_limit,
    choose,
    in_order,
    trainings,
)

DEFAULT = {"shares": "0.1,0.3", "epsilons": "8", "seeds": 5, "start": "scratch"}


def test_the_usual_plan_is_as_large_as_the_limit_allows() -> None:
    count = len(in_order(trainings(Choices(("vog",)))))
    assert count == MOST_TRAININGS
    check_limit(count, MOST_TRAININGS)


def test_a_larger_plan_is_refused_with_the_way_to_allow_it() -> None:
    count = len(in_order(trainings(Choices(("vog", "plis")))))
    with pytest.raises(UsageError, match=f"--limit-trainings {count}"):
        check_limit(count, MOST_TRAININGS)


def test_every_training_is_done_once_and_stand_ins_come_first() -> None:
    plan = in_order(trainings(Choices(("vog", "el2n"), epsilons=("1", "8"), seeds=6)))
    assert len({one.name for one in plan}) == len(plan) == len(set(plan))
    kinds = [isinstance(one, Reference) for one in plan]
    assert kinds == sorted(kinds, reverse=True)


def test_random_is_compared_with_every_pick() -> None:
    choices = Choices(("vog",), shares=("0.1", "0.5"), epsilons=("3", "8"))
    picks = [one for one in in_order(trainings(choices)) if isinstance(one, Picked)]
    plain = {(one.seed, one.share, one.epsilon) for one in picks if one.mechanism is None}
    random = {
        (one.seed, one.share, one.epsilon)
        for one in picks
        if one.mechanism is None and one.score == "random"
    }
    assert plain == random
    assert len(random) == 5 * 2 * 3


@pytest.mark.parametrize(
    ("request_", "series", "expected"),
    [
        ({"score": "loss"}, 3, "loss"),
        ({}, 3, "vog"),
        ({}, 1, "el2n"),
        ({"score": "vog"}, 1, "el2n"),
        ({"score": "nonsense"}, 2, "vog"),
    ],
)
def test_the_score_of_the_request_is_studied_where_none_is_named(
    request_: dict[str, str], series: int, expected: str
) -> None:
    chosen = choose(None, **DEFAULT, series=series, request=request_)  # type: ignore[arg-type]
    assert chosen.scores == (expected,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": ["random"]},
        {"scores": ["beauty"]},
        {"scores": ["vog"], "series": 1},
        {"seeds": 4},
        {"shares": "0.1,1.5"},
        {"shares": "none"},
        {"epsilons": "0"},
        {"epsilons": "inf"},
        {"start": "middle"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    given = {"scores": ["el2n"], **DEFAULT, "series": 3, "request": {}, **wrong}
    with pytest.raises(UsageError):
        choose(**given)  # type: ignore[arg-type]


def test_shares_are_told_apart_by_their_value() -> None:
    chosen = choose(["el2n"], "0.30,0.1,.3", "8.0,8", 5, "scratch", series=1, request={})
    assert (chosen.shares, chosen.epsilons) == (("0.1", "0.3"), ("8",))

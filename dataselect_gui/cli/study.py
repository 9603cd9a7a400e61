"""The verb `study`: read what is asked for, show the plan, say what came of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.output import errors
from dataselect_gui.errors import UsageError
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.study.plan import (
    FEWEST_SEEDS,
    QUESTIONS,
    Choices,
    in_order,
    proposed_score,
    trainings,
)
from dataselect_gui.study.words import headline, tally
from dataselect_gui.worker.messages import duration
from dataselect_gui.workflow import Studied, StudyPlan


def choose(
    checkpoint_path: Path,
    scores: Sequence[str] | None,
    shares: str,
    epsilons: str,
    seeds: int,
    start: str,
    limit: int,
) -> Choices:
    """Return what a person chose, checked.

    Parameters
    ----------
    checkpoint_path : Path
        What the consortium shares.
    scores : sequence of str or None
        None for the score of the consortium's request, else VoG, else EL2N.
    shares, epsilons : str
        Decimals, separated by commas.
    seeds : int
        At least five.
    start : str
        ``scratch`` or ``checkpoint``.
    limit : int
        How many trainings there may be.

    Raises
    ------
    UsageError
        Where something makes no sense.
    UnusableError
        Where the checkpoint cannot be used.
    """
    checkpoint = find_checkpoint(checkpoint_path)
    series, request = len(checkpoint.series), checkpoint.request.stated
    if scores is None:
        scores = [proposed_score(series, request)]
    names = [name for name in dict.fromkeys(scores) if name != "random"]
    applicable(names, series=series, labelled=True, request=request)
    if not names:
        raise UsageError(
            "There is no score to study.",
            "Random picks are among the curves anyway; a study compares a score with them.",
            "Name one or more scores, for example --scores vog,plis.",
        )
    if seeds < FEWEST_SEEDS:
        raise UsageError(
            f"--seeds cannot be {seeds}.",
            f"Fewer than {FEWEST_SEEDS} repetitions show no difference that could be relied on.",
            f"Give {FEWEST_SEEDS} or more.",
        )
    if start not in {"scratch", "checkpoint"}:
        raise UsageError(
            f"--start cannot be “{start}”.",
            "Trainings start from scratch, or from the consortium's checkpoint.",
            "Give scratch or checkpoint.",
        )
    choices = Choices(
        tuple(names),
        _decimals(shares, "--shares", most=Decimal(1)),
        _decimals(epsilons, "--epsilons", most=Decimal(100)),
        seeds,
        "scratch" if start == "scratch" else "checkpoint",
    )
    count = len(in_order(trainings(choices)))
    if count > limit:
        raise UsageError(
            f"The study would take {count} trainings.",
            f"The limit is {limit}, so that nobody starts a study of days by mistake.",
            f"Name fewer scores, shares or ε, or raise the limit: --limit-trainings {count}.",
        )
    return choices


def _decimals(text: str, option: str, most: Decimal) -> tuple[str, ...]:
    found: dict[Decimal, None] = {}
    for part in text.split(","):
        try:
            number = Decimal(part.strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not 0 < number <= most:
            raise UsageError(
                f"{option} cannot be “{text}”.",
                f"It is one or more numbers above 0 and at most {most}, separated by commas.",
                f"Write it like {option} {'0.1,0.3' if most == 1 else '3,8'}.",
            )
        found[number.normalize()] = None
    return tuple(format(number, "f") for number in sorted(found))


def plan_in_words(plan: StudyPlan) -> str:
    """Return the plan as lines for a terminal."""
    choices = plan.choices
    lines = [
        f"{plan.trainings} trainings, {plan.left} of them to be done: about {duration(plan.seconds)}.",
        f"Scores: random, {', '.join(choices.scores)}. Shares: {', '.join(choices.shares)}. "
        f"Trained without DP and at ε = {', '.join(choices.epsilons)}. {choices.seeds} seeds.",
        *(
            f"  {question}  {plan.by_question[question]:4d}  {text}"
            for question, text in QUESTIONS.items()
        ),
        "Some trainings serve several questions.",
    ]
    return "\n".join(lines)


def show_plan(plan: StudyPlan) -> None:
    """Show the plan before anything is trained, on standard error."""
    errors.print(plan_in_words(plan), markup=False)


def plan_as_json(plan: StudyPlan) -> dict[str, Any]:
    """Return the plan as JSON can hold it."""
    return {
        "folder": str(plan.folder),
        "trainings": plan.trainings,
        "left": plan.left,
        "seconds_left": round(plan.seconds, 1),
        "by_question": plan.by_question,
        "choices": json.loads(json.dumps(asdict(plan.choices))),
    }


def study_in_words(done: Studied) -> str:
    """Return the answer as lines for a terminal."""
    return "\n".join(
        [*headline(done.findings), tally(done.findings), f"Page: {done.page} (yours alone, no release)"]
    )

"""The verb `study`: read what is asked for, show the plan, say what came of it."""

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from dataselect_gui.cli.output import errors, print_lines
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.amounts import decimal_of
from dataselect_gui.study.plan import QUESTIONS
from dataselect_gui.study.words import headline, tally
from dataselect_gui.workflow import Studied, StudyPlan, duration

_MOST_NUMBERS = 10


def decimals(text: str, option: str, most: int) -> tuple[str, ...]:
    """Return the numbers that an option names, separated by commas; sorted, each once.

    Raises
    ------
    UsageError
        Where one is no number, not above 0, or above `most`, or where there are too many.
    """
    found: dict[Decimal, None] = {}
    parts = text.split(",")
    if len(parts) > _MOST_NUMBERS:
        raise UsageError(
            f"{option} names too many numbers.",
            f"{_MOST_NUMBERS} at most are compared, or no study would come to an end.",
            "Name fewer.",
        )
    for part in parts:
        number = decimal_of(part)
        if number is None or not 0 < number <= most:
            raise UsageError(
                f"{option} cannot be “{text}”.",
                f"It is one or more numbers above 0 and at most {most}, separated by commas.",
                f"Write it like {option} {'0.1,0.3' if most == 1 else '3,8'}.",
            )
        found[number.normalize()] = None
    return tuple(format(number, "f") for number in sorted(found))


def plan_in_words(plan: StudyPlan) -> list[str]:
    """Return the plan as lines for a terminal."""
    choices = plan.choices
    return [
        f"{plan.trainings} trainings, {plan.left} of them to be done: about {duration(plan.seconds)}.",
        f"Scores: random, {', '.join(choices.scores)}. Shares: {', '.join(choices.shares)}. "
        f"Trained without DP and at ε = {', '.join(choices.epsilons)}. {choices.seeds} seeds.",
        *(
            f"  {question}  {plan.by_question[question]:4d}  {text}"
            for question, text in QUESTIONS.items()
        ),
        "Some trainings serve several questions.",
    ]


def show_plan(plan: StudyPlan) -> None:
    """Show the plan before anything is trained, on standard error."""
    print_lines(errors, plan_in_words(plan))


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


def study_in_words(done: Studied) -> list[str]:
    """Return the answer as lines for a terminal."""
    page = f"Page: {done.page} (yours alone, no release)"
    return [*headline(done.findings), tally(done.findings), page]

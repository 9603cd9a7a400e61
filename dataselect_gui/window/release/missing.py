"""What still keeps the button of the Release place from being pressed."""

from PySide6.QtWidgets import QWidget

from dataselect_gui.window.release.answers import Answers
from dataselect_gui.window.release.consequence import Consequence
from dataselect_gui.window.release.plan import Plan
from dataselect_gui.window.release.sentences import UNPROMISED, refusal_sentence


def what_is_missing(
    plan: Plan,
    answers: Answers,
    consequence: Consequence,
    budget: QWidget,
    *,
    has_rule: bool,
    has_ledger: bool,
) -> tuple[str, QWidget | None]:
    """Return the first thing that is missing, and where it is put right; empty for nothing.

    Parameters
    ----------
    plan : Plan
        The release under consideration.
    answers, consequence : Answers, Consequence
        The columns that the owner fills in.
    budget : QWidget
        Where a first budget is typed.
    has_rule : bool
        Whether there is a cut-off.
    has_ledger : bool
        Whether the ledger can be read.
    """
    is_exact = plan.mechanism == "exact"
    steps: list[tuple[bool, str, QWidget | None]] = [
        (not has_rule, "Choose a cut-off in Explore first.", None),
        (not has_ledger, "The ledger cannot be read.", None),
        (
            plan.in_training is None and answers.training.private.isChecked(),
            "Give the training's ε and δ.",
            answers.training.epsilon,
        ),
        (
            plan.in_training is None,
            "Say whether these records helped to train this checkpoint.",
            answers.training.no,
        ),
        (plan.mechanism is None, UNPROMISED, answers.exact),
        (
            plan.epsilon is None and not is_exact,
            "Give ε, a number above 0 and at most 1000.",
            answers.epsilon,
        ),
        (plan.budget is None and not is_exact, "Set a budget for these records.", budget),
        (plan.is_over, refusal_sentence(plan), answers.epsilon),
        (
            not consequence.consent.isChecked(),
            "Say that you may disclose these records.",
            consequence.consent,
        ),
        (
            is_exact and not consequence.choose_exact.isChecked(),
            "Say that you choose no protection.",
            consequence.choose_exact,
        ),
        (
            is_exact and not consequence.reason.text().strip(),
            "Give a reason; the ledger keeps it.",
            consequence.reason,
        ),
    ]
    return next(((text, place) for holds, text, place in steps if holds), ("", None))

"""What still keeps the button of the Release place from being pressed."""

from PySide6.QtWidgets import QWidget

from dataselect_gui.errors import DataSelectError, UsageError
from dataselect_gui.texts import _
from dataselect_gui.texts.promises import UNPROMISED
from dataselect_gui.window.release.answers import Answers
from dataselect_gui.window.release.consequence import Consequence
from dataselect_gui.window.release.kinds import takes
from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.window.release.sentences import WORKING, refusal_sentence
from dataselect_gui.workflow import LARGEST_AMOUNT


def what_is_unanswered(
    prospect: Prospect, answers: Answers, *, has_rule: bool, is_reading: bool
) -> tuple[str, QWidget | None]:
    """Return the first answer that is missing for a release to be foreseen, and where it is given.

    Parameters
    ----------
    prospect : Prospect
        The release under consideration.
    answers : Answers
        The column that the owner fills in.
    has_rule : bool
        Whether there is a cut-off.
    is_reading : bool
        Whether the ledger is being read.
    """
    asked, amount, cut = prospect.asked, answers.amount, answers.cut_off
    is_private = answers.training.private.isChecked()
    counts = not has_rule and not answers.decided.draw.isHidden()
    steps: list[tuple[bool, str, QWidget | None]] = [
        (not has_rule and not counts, _("Choose a cut-off in Explore first."), None),
        (prospect.account is None and is_reading, _("Reading the ledger…"), None),
        (prospect.account is None, _("The ledger cannot be read."), None),
        (
            asked.in_training is None and not prospect.is_everything,  # Nothing depends on it there.
            _("Enter the ε and δ of the training.")
            if is_private
            else _("Say whether these records helped to train this checkpoint."),
            answers.training.epsilon if is_private else answers.training.no,
        ),
        (counts, _("Let the count decide first."), answers.decided.draw),
        (not asked.mechanism, _(UNPROMISED), answers.what.unprotected),
        (
            asked.epsilon is None and not prospect.is_exact,
            _("Enter ε, a number above 0 and at most {most}.", most=LARGEST_AMOUNT),
            amount.epsilon,
        ),
        (
            "delta" in takes(asked.kind, asked.mechanism) and asked.delta is None,
            _("Enter δ, a small number above 0."),
            amount.delta,
        ),
        (
            asked.threshold_from == "bought:",
            _("Enter the ε that the cut-off may use."),
            cut.price,
        ),
    ]
    return _first(steps)


def what_a_count_lacks(prospect: Prospect, answers: Answers) -> str:
    """Return what is missing for a count to decide what is left out; empty for nothing."""
    asked, budget = prospect.asked, prospect.budget
    steps: list[tuple[bool, str, QWidget | None]] = [
        (prospect.account is None, _("The ledger is not read yet."), None),
        (
            asked.in_training is None,
            _("Say whether these records helped to train this checkpoint."),
            None,
        ),
        (answers.training.unknown.isChecked(), _(UNPROMISED), None),
        (
            budget is None,
            _("Set a budget: the ε that all releases of these records may spend together."),
            None,
        ),
    ]
    return _first(steps)[0]


def what_is_missing(
    prospect: Prospect, answers: Answers, consequence: Consequence, budget: QWidget
) -> tuple[str, QWidget | None]:
    """Return the first thing that is missing once all was answered, and where it is put right.

    Parameters
    ----------
    prospect : Prospect
        The release under consideration.
    answers, consequence : Answers, Consequence
        The columns that the owner fills in.
    budget : QWidget
        Where a first budget is typed.
    """
    fault, needs_word = prospect.fault, prospect.is_exact and not prospect.is_everything
    steps: list[tuple[bool, str, QWidget | None]] = [
        (
            fault is not None,
            "" if fault is None else _in_words(fault),
            answers.parameters.first_empty() if isinstance(fault, UsageError) else None,
        ),
        (
            prospect.budget is None and not prospect.is_exact,
            _("Set a budget: the ε that all releases of these records may spend together."),
            budget,
        ),
        (
            prospect.is_over,
            refusal_sentence(prospect) if prospect.is_over else "",
            None,
        ),
        (
            prospect.discloses and not consequence.consent.isChecked(),
            _("Tick that you may disclose these records."),
            consequence.consent,
        ),
        (
            needs_word and not consequence.choose_exact.isChecked(),
            _("Tick that you choose no protection."),
            consequence.choose_exact,
        ),
        (
            needs_word and not consequence.reason.text().strip(),
            _("Enter a reason. The ledger keeps it."),
            consequence.reason,
        ),
        (prospect.foreseen is None or prospect.waiting, _(WORKING), None),
    ]
    return _first(steps)


def _in_words(fault: DataSelectError) -> str:
    # What to do about a parameter is written for the terminal; here the way to its field is offered.
    return f"{fault.what} {fault.why}" if isinstance(fault, UsageError) else str(fault)


def _first(steps: list[tuple[bool, str, QWidget | None]]) -> tuple[str, QWidget | None]:
    return next(((text, place) for holds, text, place in steps if holds), ("", None))

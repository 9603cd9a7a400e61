"""Let a noised count decide whether records that look wrong are left out.

The order is that of a release: check the budget, write the reservation, draw, keep the draw. Only then
is the answer used.
"""

import secrets
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.deciding_count import counting_mechanism, draw_answers
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.privacy.statement import check_budget
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.sameness import grouping_of, key_of, records_part
from dataselect_gui.release.terms import Training

_ANSWERS = {True: b"wrong", False: b"none"}


@dataclass(frozen=True)
class Question:
    """Whether more records look wrong than a public cut allows.

    Attributes
    ----------
    epsilon : Decimal
        Its cost per unit.
    alpha : Decimal
        Of the rule that says which records look wrong.
    max_contributions : int
        m, the most records of a unit that take part.
    checkpoint : str
        SHA-256 over the checkpoint's files.
    in_training : str
        ``"no"`` or ``"dp"``.
    """

    epsilon: Decimal
    alpha: Decimal
    max_contributions: int
    checkpoint: str
    in_training: Training


def ask(
    session: Session,
    account: str,
    candidates: Candidates,
    question: Question,
    *,
    first_budget: Decimal | None,
    before: Charge | None,
) -> bool:
    """Answer a question, at a charge; asked again, it has the same answer at no cost.

    Parameters
    ----------
    session, account
        The ledger and the account that it is charged to.
    candidates : Candidates
        The records with those that take part; those that are not chosen look wrong.
    question : Question
        What is asked.
    first_budget : Decimal or None
        The budget to set where there is none.
    before : Charge or None
        The charge of a training under DP that is not in the ledger yet.

    Returns
    -------
    bool
        Whether records that look wrong are to be left out.

    Raises
    ------
    RefusedError
        Where the ledger refuses; nothing is charged or drawn then.
    """
    assert candidates.part is not None
    statement, key = session.statement(account), _question_key(candidates, question)
    mechanism = counting_mechanism(question.epsilon, question.max_contributions)
    charge = mechanism.charge()
    if statement.find(key) is None:
        budget = statement.budget if statement.budget is not None else first_budget
        wanted = [charge] if before is None else [before, charge]
        check_budget(replace(statement, budget=budget), wanted)
        session.check_units(
            statement, candidates.unit_column, question.max_contributions, grouping_of(candidates)
        )
    if before is not None:
        session.charge_training(account, before.epsilon, before.delta, question.checkpoint)
    entry = session.reserve(
        account,
        charge,
        {
            "release": secrets.token_hex(8),
            "key": key,
            "unit": candidates.unit_column,
            "per_unit": question.max_contributions,
            "reason": None,
            "decides": exact(question.alpha),
        },
        first_budget,
        grouping_of(candidates),
    )
    drawn = session.draw_of(entry.body["release"])
    if drawn is None:
        part, chosen = candidates.part, candidates.chosen
        left_out = np.array([(part & ~chosen).sum()], dtype=np.int64)
        (answer,) = draw_answers(left_out, int(part.sum()), question.alpha, mechanism).tolist()
        drawn = session.keep_draw(account, entry.body["release"], _ANSWERS[answer])
    return {kept: answer for answer, kept in _ANSWERS.items()}[drawn]


def _question_key(candidates: Candidates, question: Question) -> str:
    covered = {
        "checkpoint": question.checkpoint,
        "alpha": exact(question.alpha),
        "epsilon": exact(question.epsilon),
        "max_contributions": question.max_contributions,
        "in_training": question.in_training,
    }
    nobody = np.zeros_like(candidates.eligible)  # Who looks wrong follows from scores and rule.
    return key_of({**records_part(candidates, nobody), "decides": covered})

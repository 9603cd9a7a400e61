"""Decide what is left out, without looking at scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import takewhile
from pathlib import Path

import msgspec
import numpy as np
from msgspec import UNSET

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import RefusedError, UnusableError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.mechanisms.laplace_on_counts import LaplaceOnCounts
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import LeaveOut, StoredDecision, StoredRule
from dataselect_gui.release.deciding import Question, ask
from dataselect_gui.release.procedure import marks_of, part_of
from dataselect_gui.scoring.scores.base import Score
from dataselect_gui.selection.rules import RecordRule
from dataselect_gui.texts import _
from dataselect_gui.workflow.calibrated_rules import why_no_count, why_not_wrong
from dataselect_gui.workflow.decisions import (
    Decision,
    decision_of,
    note_choice,
    wrong_decision,
)
from dataselect_gui.workflow.places import ledger_of
from dataselect_gui.workflow.release_candidates import candidates_of, checkpoint_of
from dataselect_gui.workflow.release_request import (
    ReleaseRequest,
    epsilon_of,
    first_budget_of,
    max_contributions_of,
    remember_training,
    training_of,
)
from dataselect_gui.workflow.viewing import Standing, note_settled, standing_now, standing_of

COUNT_EPSILON = "0.1"
"""What a count costs where nothing else is stated."""


@dataclass(frozen=True)
class CountAnswers:
    """What a count needs beside its ε, as texts from the command line or the window.

    Attributes
    ----------
    in_training, reference_in_training, budget, max_contributions
        As `ReleaseRequest` has them.
    """

    in_training: str | None = None
    reference_in_training: str | None = None
    budget: str | None = None
    max_contributions: int | None = None

    def as_request(self, epsilon: str) -> ReleaseRequest:
        """Return them as a release is asked for, of which a count needs the same."""
        return ReleaseRequest(
            to=Path(),
            epsilon=epsilon,
            in_training=self.in_training,
            reference_in_training=self.reference_in_training,
            budget=self.budget,
            max_contributions=self.max_contributions,
        )


def note_decision(project: Project, wanted: StoredDecision) -> bool:
    """Note a decision in a project that the caller has locked and saves; nothing is drawn.

    Returns
    -------
    bool
        Whether it is what was decided; not so where it is another one, and scores were shown already.
    """
    settings, standing = project.settings, _standing(project)
    known = settings.decision
    if known is not None and _question_of(known) == _question_of(wanted):
        return True
    if standing.was_shown and not standing.is_before(wanted):
        return False
    paid = "0" if known is None else known.paid
    settings.decision = msgspec.structs.replace(wanted, paid=paid)
    settings.rule = None
    return True


def check_decision(
    project: Project | None,
    checkpoint: Checkpoint,
    computed: Sequence[Score],
    leave_out: LeaveOut,
    epsilon: str | None,
) -> None:
    """Refuse a decision, before records are scored, that cannot be carried out afterwards.

    Raises
    ------
    UsageError
        Where it does not fit this checkpoint, or reads a score that is not computed.
    """
    rule = _decision(checkpoint, leave_out, epsilon).wrong_rule
    known = {score.name for score in computed}
    if project is not None and project.settings.table is not None:
        known |= set(project.table.columns())
    for name in () if rule is None else sorted(set(rule.scores) - known):
        raise _not_computed(_("The score “{score}” is not computed.", score=name))


def take_decision(
    project: Project, checkpoint: Checkpoint, leave_out: LeaveOut, epsilon: str | None
) -> list[str]:
    """Note a decision before records are scored; return what a person should know of that."""
    with project.exclusive():
        is_noted = note_decision(project, _decision(checkpoint, leave_out, epsilon))
        project.save()
    if is_noted:
        return []
    return [
        _("Scores of these records were shown before, so what was decided about leaving out stays.")
    ]


def select_as_decided(project: Project) -> None:
    """Select by a project's decision where nothing is selected yet; locked and saved by the caller."""
    decision = project.settings.decision
    if decision is not None and project.settings.rule is None:
        decided = decision.decided_rule
        project.settings.rule = None if decided is None else StoredRule.of(decided)


def decide(
    project_path: Path, leave_out: LeaveOut, epsilon: str | None, answers: CountAnswers
) -> Decision | None:
    """Decide what is left out, and select by it; a count is charged and drawn.

    After scores were shown, what was decided before stays, and the selection is one that was chosen
    after viewing.

    Returns
    -------
    Decision or None
        The project's decision; None where there is none, and everything was selected after viewing.

    Raises
    ------
    UsageError
        Where it cannot be carried out with this checkpoint, an answer is missing, or a count is asked
        for, or which records are eligible was changed before it is drawn, after scores were shown.
    RefusedError
        Where the ledger refuses the count; nothing was drawn then.
    """
    project = Project.open(project_path)
    with project.exclusive():
        checkpoint, settings = checkpoint_of(project), project.settings
        wanted = _decision(checkpoint, leave_out, epsilon)
        _check_scores(project, wanted)
        if leave_out == "count":
            decided = _by_count(project, checkpoint, wanted, answers).decided_rule
        else:
            decided = wanted.decided_rule
            if decided is not None and not note_decision(project, wanted):
                note_choice(project, checkpoint.request, decided, was_shown=True)
        assert decided is not None
        settings.rule = StoredRule.of(decided)
        note_settled(project, checkpoint.request)
        project.save()
        return decision_of(project)


def _question_of(decision: StoredDecision) -> tuple[object, ...]:
    return decision.leave_out, decision.rule, decision.alpha, decision.epsilon


def _by_count(
    project: Project, checkpoint: Checkpoint, wanted: StoredDecision, answers: CountAnswers
) -> StoredDecision:
    """Return the decision with what its count decides; what is asked is saved before it is charged."""
    settings = project.settings
    if not note_decision(project, wanted):
        raise UsageError(
            _("A count cannot decide any more."),
            _("It decides for somebody who has not looked, and scores of these records were shown."),
            _("Choose yourself: the card will say that it was chosen after viewing."),
        )
    project.save()
    decision = settings.decision
    assert decision is not None
    if decision.answer is None and _standing(project).are_marks_late:
        raise UsageError(
            _("A count cannot decide any more."),
            _(
                "Which records may leave was changed after scores of them were shown, and that may "
                "sway what is counted."
            ),
            _(
                "Let the same records leave as before, or choose yourself: the card will say that it "
                "was chosen after scores were looked at."
            ),
        )
    if decision.answer is None:
        decision = settings.decision = _drawn(project, checkpoint, decision, answers)
    return decision


def _standing(project: Project) -> Standing:
    """Return how a project stands to the views of its records; before it lists any, there is none.

    Where the ledger cannot be read, the project alone knows. What is decided is held against the ledger
    before anything is claimed by it.
    """
    checkpoint = project.settings.checkpoint.digest
    if project.settings.table is None:
        return Standing(checkpoint)
    try:
        return standing_now(project)
    except (RefusedError, UnusableError):
        return Standing(checkpoint, project.was_shown, before=(None,) * project.was_shown)


def _check_contributions(standing: Standing, statement: Statement, max_contributions: int) -> None:
    """Refuse an m that is neither preset nor an earlier release's, after scores were shown.

    Which records are counted depends on m, so choosing it then could sway what is counted.
    """
    before = takewhile(lambda entry: entry.kind != "shown", statement.entries)
    is_fixed = any(entry.kind == "reserved" for entry in before)
    if standing.was_shown and max_contributions != 1 and not is_fixed:
        raise UsageError(
            _("A count cannot decide with {most} records of a person.", most=max_contributions),
            _(
                "Scores of these records were shown, and how many of a person take part was not "
                "settled before: the choice may sway what is counted."
            ),
            _("Let one record of each person take part."),
        )


def _check_scores(project: Project, wanted: StoredDecision) -> None:
    """Refuse a rule that reads a score that some record still lacks."""
    rule, table = wanted.wrong_rule, project.table
    missing = [] if rule is None else [name for name in rule.scores if name not in table.columns()]
    unfinished = (
        []
        if rule is None or missing
        else [name for name in rule.scores if not table.column(name).done.all()]
    )
    for name in missing:
        raise _not_computed(_("The score “{score}” was not computed.", score=name))
    for name in unfinished:
        raise _not_computed(_("The score “{score}” was not computed for all records.", score=name))


def _not_computed(what: str) -> UsageError:
    return UsageError(
        what, _("The calibration's rule reads it."), _("Score the records by it, all of them.")
    )


def _decision(checkpoint: Checkpoint, leave_out: LeaveOut, epsilon: str | None) -> StoredDecision:
    if leave_out != "count" and epsilon is not None:
        raise UsageError(
            _("There is no count to pay for."),
            _("An ε belongs to a count that decides whether records are left out."),
            _("Leave the ε out, or let a count decide."),
        )
    if leave_out == "none":
        return StoredDecision("none")
    request = checkpoint.request
    obstacle, wrong = why_not_wrong(request, checkpoint.labels or ()), wrong_decision(request)
    if obstacle or wrong is None:
        raise UsageError(
            _("Which records look wrong is not known."),
            obstacle,
            _("Send all records that may leave, or ask the consortium for a calibration."),
        )
    if leave_out == "wrong":
        return wrong
    no_count = why_no_count(request)
    if no_count:
        raise UsageError(
            _("A count cannot decide here."), no_count, _("Decide yourself, before you see any score.")
        )
    price = exact(positive_amount(epsilon or COUNT_EPSILON, _("The count's ε")))
    return msgspec.structs.replace(wrong, leave_out="count", epsilon=price)


def _drawn(
    project: Project, checkpoint: Checkpoint, decision: StoredDecision, answers: CountAnswers
) -> StoredDecision:
    """Return a decision with what its count decides: charged before it is drawn, and drawn once."""
    rule = decision.wrong_rule
    assert isinstance(rule, RecordRule)
    assert decision.alpha is not UNSET
    assert decision.epsilon is not UNSET
    asked = answers.as_request(decision.epsilon)
    training = training_of(project, asked, rule)
    epsilon = epsilon_of(asked, LaplaceOnCounts, training)
    assert epsilon is not None
    remember_training(project, asked)
    candidates = candidates_of(
        project,
        rule,
        checkpoint,
        JobContext(),
        only_readable=False,
        by_class=False,
        reading=False,
        cleaning=False,
    )
    most = max_contributions_of(answers.max_contributions, candidates.unit_column)
    question = Question(epsilon, Decimal(decision.alpha), most, checkpoint.digest(), training.answer)
    with ledger_of(project).session() as session:
        account = session.claim(marks_of(candidates))
        statement = session.statement(account)
        _check_contributions(standing_of(project, session, statement), statement, most)
        everybody = replace(candidates, eligible=np.ones_like(candidates.eligible))
        part = part_of(everybody, most, session.keep)
        assert part is not None
        is_private = training.answer == "dp" and not statement.has_training(
            training.epsilon, training.delta, checkpoint.digest()
        )
        is_wrong = ask(
            session,
            account,
            replace(candidates, part=part & candidates.eligible),
            question,
            first_budget=first_budget_of(answers.budget, statement),
            before=Charge(training.epsilon, training.delta) if is_private else None,
        )
    return msgspec.structs.replace(
        decision,
        answer="wrong" if is_wrong else "none",
        paid=exact(Decimal(decision.paid) + epsilon),
    )

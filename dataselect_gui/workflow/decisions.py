"""What was decided about leaving records out, and whether a selection was chosen after viewing.

A decision is taken before the first score of the records is shown, in whichever project (see
`viewing`); what a study shows of them does not count. Afterwards it stays as it was, and a project
whose rule is another one was changed after viewing.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import UNSET

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import LeaveOut, StoredDecision
from dataselect_gui.selection.forms import rule_form
from dataselect_gui.selection.rules import Everything, FixedRule, RecordRule, Rule
from dataselect_gui.texts import _
from dataselect_gui.workflow.calibrated_rules import calibrated_alpha, calibrated_rule


@dataclass(frozen=True)
class Decision:
    """What was decided about leaving records out.

    Attributes
    ----------
    leave_out : str
        ``none``, ``wrong`` (records that look wrong) or ``count`` (what a noised count decides).
    epsilon : Decimal or None
        Of a count.
    answer : str or None
        What the count decided, ``none`` or ``wrong``; None as long as it was not drawn.
    taken : str
        ``before`` or ``after`` the first score of the records was shown.
    is_changed : bool
        Whether the project's rule is another one now, chosen after viewing.
    alpha : Decimal or None
        The α of the rule that says which records look wrong; None where there is none.
    rule : RecordRule or None
        That rule.
    """

    leave_out: LeaveOut
    epsilon: Decimal | None
    answer: Literal["none", "wrong"] | None
    taken: Literal["before", "after"]
    is_changed: bool
    alpha: Decimal | None
    rule: RecordRule | None

    @property
    def decided(self) -> FixedRule | None:
        """The rule that it comes to; None where a count is still to be drawn."""
        result = self.answer if self.leave_out == "count" else self.leave_out
        return self.rule if result == "wrong" else None if result is None else Everything()

    @property
    def is_waiting(self) -> bool:
        """Whether a count is still to be drawn."""
        return self.leave_out == "count" and self.answer is None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "leave_out": self.leave_out,
            "epsilon": None if self.epsilon is None else exact(self.epsilon),
            "answer": self.answer,
            "taken": self.taken,
            "changed_after_viewing": self.is_changed,
        }


def decision(project_path: Path) -> Decision | None:
    """Return the decision of the project at a path; None where none was taken.

    Raises
    ------
    UnusableError
        Where it is no project.
    """
    return decision_of(Project.open(project_path))


def decision_of(project: Project) -> Decision | None:
    """Return a project's decision; None where none was taken."""
    stored = project.settings.decision
    if stored is None:
        return None
    wrong = stored.wrong_rule
    return Decision(
        leave_out=stored.leave_out,
        epsilon=None if stored.epsilon is UNSET else Decimal(stored.epsilon),
        answer=stored.answer,
        taken="after" if stored.is_late else "before",
        is_changed=is_late_choice(project, _rule_of(project)),
        alpha=None if stored.alpha is UNSET else Decimal(stored.alpha),
        rule=wrong if isinstance(wrong, RecordRule) else None,
    )


def decision_sentences(decision: Decision) -> list[str]:
    """Return a decision in words."""
    if decision.leave_out == "none":
        lines = [_("Decided: all records may leave, nothing is left out.")]
    elif decision.leave_out == "wrong":
        lines = [_("Decided: records that look wrong are left out.")]
    elif decision.answer is None:
        lines = [_("Decided: a count with noise decides. It was not made yet.")]
    elif decision.answer == "wrong":
        lines = [_("A count with noise decided: records that look wrong are left out.")]
    else:
        lines = [_("A count with noise decided: all records may leave, nothing is left out.")]
    lines.append(
        _("That was before any score of these records was shown on this machine.")
        if decision.taken == "before"
        else _("That was after scores had been shown, so a release by it claims no ε.")
    )
    if decision.is_changed and decision.taken == "before":
        lines.append(
            _(
                "The selection is another one now, chosen after scores were seen: a release by it "
                "claims no ε."
            )
        )
    return lines


def is_late_choice(project: Project, rule: Rule | None) -> bool:
    """Say whether a rule was chosen after scores had been shown, against what was decided.

    Where nothing was decided, that is not known.
    """
    stored = project.settings.decision
    if stored is None or rule is None:
        return False
    if stored.is_late:
        return rule == stored.wrong_rule
    return rule != stored.decided_rule


def would_be_late(known: Decision | None, request: Request, rule: Rule) -> bool:
    """Say whether selecting by a rule, now that scores were shown, goes against what was decided.

    Where nothing was decided, leaving out what looks wrong does so. Whether another rule or a cut was
    chosen after viewing follows from where it comes from, see `ReleaseRequest`.

    Parameters
    ----------
    known : Decision or None
        The project's decision.
    request : Request
        The consortium's.
    rule : Rule
        What would be selected by.
    """
    if known is not None and known.taken == "before":
        return rule != known.decided
    return isinstance(rule, RecordRule) and rule == calibrated_rule(request)


def is_decided_before(project: Project, rule: Rule) -> bool:
    """Say whether a rule is what was decided before any score was shown."""
    stored = project.settings.decision
    return stored is not None and not stored.is_late and rule == stored.decided_rule


def note_choice(project: Project, request: Request, rule: Rule, *, was_shown: bool) -> None:
    """Note a choice by which something is decided: before scores are shown it is the decision.

    After that, leaving out what looks wrong is noted as chosen late where nothing was decided before.

    Parameters
    ----------
    project : Project
        Locked, and saved, by the caller.
    request : Request
        The consortium's.
    rule : Rule
        What is selected by now.
    was_shown : bool
        Whether scores of the records were shown.
    """
    settings, known = project.settings, project.settings.decision
    if known is not None and rule == known.decided_rule:
        return
    chosen = _chosen(request, rule)
    if not was_shown:
        if known is not None and Decimal(known.paid) > 0 and chosen is None:
            return  # What a count said may have led to it.
        paid = "0" if known is None else known.paid
        settings.decision = None if chosen is None else msgspec.structs.replace(chosen, paid=paid)
    elif known is None or known.is_late:
        if chosen is not None:
            chosen = msgspec.structs.replace(chosen, is_late=True)
        settings.decision = chosen if chosen is not None and chosen.leave_out == "wrong" else None


def wrong_decision(request: Request) -> StoredDecision | None:
    """Return the decision to leave out what looks wrong; None where the request has no such rule."""
    rule = calibrated_rule(request)
    if rule is None:
        return None
    return StoredDecision("wrong", rule_form(rule), exact(calibrated_alpha(request)))


def _chosen(request: Request, rule: Rule) -> StoredDecision | None:
    """Return the decision that a rule comes to; None where it is neither, or there is none to take."""
    wrong = wrong_decision(request)
    if wrong is None:
        return None
    if isinstance(rule, Everything):
        return StoredDecision("none")
    return wrong if wrong.wrong_rule == rule else None


def _rule_of(project: Project) -> Rule | None:
    stored = project.settings.rule
    return None if stored is None else stored.rule

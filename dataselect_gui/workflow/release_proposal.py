"""Work out a release from the owner's request: its candidates, its terms and its cost."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.privacy.snapshot import Snapshot
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.release.procedure import (
    Foresight,
    Keep,
    Purchase,
    foresee,
    left_by_late_marks,
    part_of,
    purchased,
)
from dataselect_gui.release.signing import Signer, read_signer
from dataselect_gui.release.terms import Terms
from dataselect_gui.selection.rules import Rule, ScoreCut
from dataselect_gui.selection.selecting import select
from dataselect_gui.texts import _
from dataselect_gui.workflow.release_request import (
    ReleaseRequest,
    Training,
    destination_of,
    epsilon_of,
    first_budget_of,
    kind_of,
    remember_training,
    training_of,
)
from dataselect_gui.workflow.release_terms import TermsBuilder
from dataselect_gui.workflow.selecting import rule_of
from dataselect_gui.workflow.viewing import Standing, follow_ledger, standing_of


@dataclass(frozen=True)
class CheckedRequest:
    """A release request that was checked by itself, without the ledger."""

    request: ReleaseRequest
    rule: Rule
    kind: type[Kind]
    mechanism: type[Mechanism]
    training: Training
    epsilon: Decimal | None
    destination: Path
    signer: Signer | None


def check_release_request(
    project: Project, request: ReleaseRequest, *, acknowledging: bool
) -> CheckedRequest:
    """Check a release request by itself, without the ledger.

    Unless it is a dry run, the project remembers the answer about training.

    Parameters
    ----------
    project : Project
        The project; locked by the caller, unless it is a dry run.
    request : ReleaseRequest
        What the owner asked for.
    acknowledging : bool
        Whether to refuse an exact release without the owner's word.

    Raises
    ------
    UsageError
        Where an answer is missing or makes no sense.
    UnusableError
        Where the place or the key cannot be used.
    """
    rule = rule_of(project)
    if rule is None:
        raise UsageError(
            _("There is no selection to release."),
            _("The project has no rule yet."),
            _("Make one with “dataselect select”."),
        )
    kind, mechanism = kind_of(request, rule)
    training = training_of(project, request, rule)
    if not request.dry_run:
        remember_training(project, request)
    if acknowledging:
        mechanism.check_acknowledged(
            unprotected=request.acknowledge_exact,
            disclosed=request.acknowledge_disclosure,
            reason=request.reason,
        )
    return CheckedRequest(
        request=request,
        rule=rule,
        kind=kind,
        mechanism=mechanism,
        training=training,
        epsilon=epsilon_of(request, mechanism, training),
        destination=destination_of(project, request.to),
        signer=None if request.sign is None else read_signer(request.sign),
    )


@dataclass(frozen=True)
class ReleaseInputs:
    """The inputs of a release that do not depend on the ledger.

    Attributes
    ----------
    checkpoint : Checkpoint
        The consortium's.
    candidates : Candidates
        The records.
    max_contributions : int
        m.
    """

    checkpoint: Checkpoint
    candidates: Candidates
    max_contributions: int


@dataclass(frozen=True)
class Proposal:
    """A release that was worked out and not carried out yet.

    Attributes
    ----------
    before : Statement
        The account before the release.
    standing : Standing
        How the project stands to the views of its records.
    first_budget : Decimal or None
        The budget to set where there is none.
    pending : Charge or None
        The charge of a training that is not in the ledger yet.
    checkpoint : Checkpoint
        The consortium's.
    candidates : Candidates
        The records, with those that take part where they are known.
    terms : Terms
        What the release is.
    purchase : Purchase or None
        A threshold that it still has to buy.
    """

    before: Statement
    standing: Standing
    first_budget: Decimal | None
    pending: Charge | None
    checkpoint: Checkpoint
    candidates: Candidates
    terms: Terms
    purchase: Purchase | None

    @property
    def account(self) -> str:
        """The account's id."""
        assert self.before.id is not None
        return self.before.id


def propose(
    snapshot: Snapshot,
    statement: Statement,
    project: Project,
    checked: CheckedRequest,
    inputs: ReleaseInputs,
    keep: Keep,
) -> Proposal:
    """Return the proposal of a release, with its threshold where that was bought before.

    Raises
    ------
    UnusableError
        Where records are eligible, and not one of them is among those of people that ever take part.
    """
    standing = standing_of(project, snapshot, statement)
    follow_ledger(project, standing, inputs.checkpoint.request)
    request, rule, training = checked.request, checked.rule, checked.training
    checkpoint, max_contributions = inputs.checkpoint, inputs.max_contributions
    first_budget = first_budget_of(request.budget, statement)
    pending = None
    if training.answer == "dp" and not statement.has_training(
        training.epsilon, training.delta, checkpoint.digest()
    ):
        pending = Charge(training.epsilon, training.delta)
    eligible = inputs.candidates.eligible
    everybody = replace(inputs.candidates, eligible=np.ones_like(eligible))
    places = (
        everybody.eligible
        if checked.mechanism is Everything
        else part_of(everybody, max_contributions, keep)
    )
    if places is not None and len(places) and not places.any():
        raise UnusableError(
            _("No record could take part in this release."),
            _(
                "At most {most} of each person's records ever take part. They were chosen at an "
                "earlier release, and are gone, or were read by other columns then.",
                most=max_contributions,
            ),
            _("Put them back as they were, or score by a checkpoint that takes the same columns."),
        )
    part = None if places is None else places & eligible
    candidates = replace(inputs.candidates, part=part)
    terms, purchase = TermsBuilder(
        request=request,
        project=project,
        rule=rule,
        kind=checked.kind,
        mechanism=checked.mechanism,
        epsilon=checked.epsilon,
        training=training,
        checkpoint=checkpoint,
        candidates=candidates,
        max_contributions=max_contributions,
        paid_for_counts=statement.paid_for_counts(),
        standing=standing,
    ).terms()
    terms = after(terms, statement)
    proposal = Proposal(
        statement, standing, first_budget, pending, checkpoint, candidates, terms, purchase
    )
    if purchase is not None:
        threshold = purchased(snapshot, statement, candidates, terms, purchase)
        if threshold is not None:
            return with_threshold(threshold, rule, proposal)
    return proposal


def with_threshold(threshold: Decimal, rule: Rule, proposal: Proposal) -> Proposal:
    """Return a proposal with the threshold that was bought."""
    terms, candidates = proposal.terms, proposal.candidates
    assert isinstance(rule, ScoreCut)
    bought = replace(rule, by="threshold", value=threshold)
    chosen = select(bought, {rule.score: candidates.scores}, candidates.eligible).chosen
    assert terms.cut is not None
    return replace(
        proposal,
        purchase=None,
        terms=replace(terms, cut=replace(terms.cut, threshold=threshold)),
        candidates=replace(candidates, chosen=chosen),
    )


def after(terms: Terms, statement: Statement) -> Terms:
    """Return terms with what the bundle says of what left before, as the account is now."""
    is_marked = left_by_late_marks(statement)
    is_broken = is_marked and terms.mechanism.epsilon is not None
    return replace(
        terms,
        after_exact=statement.exact > 0,
        after_marked=is_marked,
        conditional=terms.depends_on_records or is_broken,
    )


def foresight_of(snapshot: Snapshot, proposal: Proposal, *, within_budget: bool) -> Foresight:
    """Return the cost of a proposal, see `foresee`."""
    return foresee(
        snapshot,
        proposal.before,
        proposal.candidates,
        proposal.terms,
        proposal.purchase,
        first_budget=proposal.first_budget,
        before=proposal.pending,
        within_budget=within_budget,
    )

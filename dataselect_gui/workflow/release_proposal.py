"""A release under consideration: from what the owner asked for to what it would be."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.privacy.snapshot import Snapshot
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.release.procedure import Foresight, Keep, Purchase, foresee, part_of, purchased
from dataselect_gui.release.signing import Signer, read_signer
from dataselect_gui.release.terms import Terms
from dataselect_gui.selection.rules import Rule, select
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
from dataselect_gui.workflow.release_terms import Question
from dataselect_gui.workflow.selecting import rule_of


@dataclass(frozen=True)
class Answers:
    """What the owner asked for, as far as it makes sense by itself."""

    request: ReleaseRequest
    rule: Rule
    kind: type[Kind]
    mechanism: type[Mechanism]
    training: Training
    epsilon: Decimal | None
    destination: Path
    signer: Signer | None


def read_answers(project: Project, request: ReleaseRequest, *, acknowledging: bool) -> Answers:
    """Read what the owner asked for.

    Unless it is a dry run, the project remembers the answer about training.

    Parameters
    ----------
    project : Project
        Whose; held by the caller, unless it is a dry run.
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
    kind, mechanism = kind_of(request)
    training = training_of(project, request)
    if not request.dry_run:
        remember_training(project, request)
    if acknowledging:
        mechanism.check_acknowledged(acknowledged=request.acknowledge_exact, reason=request.reason)
    return Answers(
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
class Gathered:
    """What a release can be made of, before the ledger is asked.

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
    """A release under consideration.

    Attributes
    ----------
    before : Statement
        The account as it was found.
    first_budget : Decimal or None
        The budget to set where there is none.
    pending : Charge or None
        A training's that is still to be charged.
    checkpoint : Checkpoint
        The consortium's.
    candidates : Candidates
        The records, with those that take part where they are known.
    terms : Terms
        What the release is.
    purchase : Purchase or None
        A threshold that it still needs.
    """

    before: Statement
    first_budget: Decimal | None
    pending: Charge | None
    checkpoint: Checkpoint
    candidates: Candidates
    terms: Terms
    purchase: Purchase | None

    @property
    def account(self) -> str:
        """Whose."""
        assert self.before.id is not None
        return self.before.id


def propose(
    snapshot: Snapshot,
    statement: Statement,
    project: Project,
    answers: Answers,
    gathered: Gathered,
    keep: Keep,
) -> Proposal:
    """Settle what a release is; where its threshold was bought before, with that threshold."""
    request, rule, training = answers.request, answers.rule, answers.training
    checkpoint, max_contributions = gathered.checkpoint, gathered.max_contributions
    first_budget = first_budget_of(request.budget, statement)
    pending = None
    if training.answer == "dp" and not statement.has_training(
        training.epsilon, training.delta, checkpoint.digest()
    ):
        pending = Charge(training.epsilon, training.delta)
    part = part_of(gathered.candidates, max_contributions, keep)
    candidates = replace(gathered.candidates, part=part)
    terms, purchase = Question(
        request=request,
        project=project,
        rule=rule,
        kind=answers.kind,
        mechanism=answers.mechanism,
        epsilon=answers.epsilon,
        training=training,
        checkpoint=checkpoint,
        candidates=candidates,
        max_contributions=max_contributions,
        after_exact=statement.exact > 0,
    ).terms()
    proposal = Proposal(statement, first_budget, pending, checkpoint, candidates, terms, purchase)
    if purchase is not None:
        threshold = purchased(snapshot, statement, candidates, terms, purchase)
        if threshold is not None:
            return cut_at(threshold, rule, proposal)
    return proposal


def cut_at(threshold: Decimal, rule: Rule, proposal: Proposal) -> Proposal:
    """Return a release whose threshold was bought."""
    terms, candidates = proposal.terms, proposal.candidates
    bought = replace(rule, by="threshold", value=threshold)
    chosen = select(bought, candidates.scores, candidates.eligible).chosen
    assert terms.cut is not None
    return replace(
        proposal,
        purchase=None,
        terms=replace(terms, cut=replace(terms.cut, threshold=threshold)),
        candidates=replace(candidates, chosen=chosen),
    )


def foresight_of(snapshot: Snapshot, proposal: Proposal, *, within_budget: bool) -> Foresight:
    """Return what a release would cost, as `foresee` does."""
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

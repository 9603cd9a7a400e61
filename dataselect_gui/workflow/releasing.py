"""Release something of a project, or see beforehand what a release would come to."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism, SelectionMechanism
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import MOMENT_SECONDS, Project
from dataselect_gui.release.bundle import check_place, is_there
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.fitting import check_fits
from dataselect_gui.release.kinds.gradient import Gradient
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.release.leaving import check_leaving
from dataselect_gui.release.places import sweep
from dataselect_gui.release.releasing import Purchase, buy, foresee, marks_of, part_of, purchased
from dataselect_gui.release.releasing import release as carry_out
from dataselect_gui.release.signing import Signer, read_signer
from dataselect_gui.release.terms import Terms
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.scoring.scores.base import KeyedScore
from dataselect_gui.selection.rules import Rule, select
from dataselect_gui.worker.messages import Progress, Report
from dataselect_gui.workflow.asking import (
    ReleaseRequest,
    Training,
    destination_of,
    epsilon_of,
    first_budget_of,
    kind_of,
    per_unit_of,
    training_of,
)
from dataselect_gui.workflow.candidates import candidates_of
from dataselect_gui.workflow.places import ledger_of
from dataselect_gui.workflow.previewing import Preview, preview_of
from dataselect_gui.workflow.selecting import rule_of
from dataselect_gui.workflow.settling import Question
from dataselect_gui.workflow.summing import sum_gradients


@dataclass(frozen=True)
class Released:
    """What a release came to.

    Attributes
    ----------
    release : str or None
        Its id; None for a dry run.
    bundle : Path
        Where it lies.
    epsilon : str or None
        What is claimed; None where nothing is.
    conditional : bool
        Whether nothing is claimed because the threshold depends on the records.
    repeated : bool
        Whether it is an earlier release again.
    spent, left : Decimal or None
        The account after it; for a dry run, as it is.
    preview : Preview or None
        What a dry run found.
    """

    release: str | None
    bundle: Path
    epsilon: str | None
    conditional: bool
    repeated: bool
    spent: Decimal
    left: Decimal | None
    preview: Preview | None = None


def release(project_path: Path, asked: ReleaseRequest, report: Report) -> Released:
    """Carry out a release of a project.

    Raises
    ------
    UsageError
        Where an answer is missing or the request makes no sense.
    RefusedError
        Where the ledger refuses.
    UnusableError
        Where records changed or the bundle cannot be written.
    """
    project = Project.open(project_path)
    with project.exclusive():
        answers = _read_answers(project, asked, acknowledging=True)
        proposal = _consider(project, answers, report, reading=True)
        if asked.dry_run:
            return _foreseen(proposal, within_budget=True)
        terms, summing = proposal.terms, None
        if isinstance(terms.kind, Gradient):
            clip = float(terms.kind.clip)
            summing = partial(sum_gradients, project, proposal.checkpoint, clip, report)
        ledger, account = proposal.ledger, proposal.account
        outcome = carry_out(
            ledger,
            account,
            proposal.candidates,
            terms,
            answers.destination,
            first_budget=proposal.first_budget,
            reason=asked.reason,
            signer=answers.signer,
            sum_gradients=summing,
            report=lambda done, total: report(Progress("Writing the bundle", done, total)),
        )
    after, terms = ledger.statement(account), outcome.terms
    return Released(
        release=terms.release,
        bundle=asked.to,
        epsilon=None if terms.claimed is None else exact(terms.claimed),
        conditional=terms.conditional,
        repeated=outcome.repeated,
        spent=after.spent,
        left=after.left,
    )


def preview(project_path: Path, asked: ReleaseRequest, report: Report) -> Released:
    """Say what a release would come to, to somebody who is still making up their mind.

    A dry run that stands in nobody's way: records are taken for what was scored without being read
    again, the project is held for a moment only, what the budget does not allow is told all the same,
    and the owner's word on an exact release is left to the release itself.

    Raises
    ------
    UsageError
        Where an answer is missing or the request makes no sense.
    RefusedError
        Where the ledger refuses for another reason than the budget.
    UnusableError
        Where the project, its source, its checkpoint or the key cannot be read.
    """
    project = Project.open(project_path)
    asked = replace(asked, dry_run=True)
    with project.exclusive(MOMENT_SECONDS):
        answers = _read_answers(project, asked, acknowledging=False)
    return _foreseen(_consider(project, answers, report, reading=False), within_budget=False)


@dataclass(frozen=True)
class _Answers:
    """What the owner asked for, as far as it makes sense by itself."""

    asked: ReleaseRequest
    rule: Rule
    kind: type[Kind]
    mechanism: type[Mechanism]
    training: Training
    epsilon: Decimal | None
    destination: Path
    signer: Signer | None


def _read_answers(project: Project, asked: ReleaseRequest, *, acknowledging: bool) -> _Answers:
    rule = rule_of(project)
    if rule is None:
        raise UsageError(
            "There is no selection to release.",
            "The project has no rule yet.",
            "Make one with “dataselect select”.",
        )
    kind, mechanism = kind_of(asked)
    training = training_of(project, asked)
    if acknowledging:
        mechanism.check_acknowledged(acknowledged=asked.acknowledge_exact, reason=asked.reason)
    return _Answers(
        asked=asked,
        rule=rule,
        kind=kind,
        mechanism=mechanism,
        training=training,
        epsilon=epsilon_of(asked, mechanism, training),
        destination=destination_of(project, asked.to),
        signer=None if asked.sign is None else read_signer(asked.sign),
    )


@dataclass(frozen=True)
class _Proposal:
    """A release under consideration: what it would be, of what, and on whose account.

    Attributes
    ----------
    ledger, account
        Where it is charged.
    before : Statement
        The account as it was found.
    first_budget : Decimal or None
        The budget to set where there is none.
    pending : Charge or None
        A training's that is still to be charged.
    checkpoint : Checkpoint
        The consortium's.
    candidates : Candidates
        The records.
    terms : Terms
        What the release is.
    purchase : Purchase or None
        A threshold that it still needs.
    to : Path
        The bundle's folder, as the owner has it.
    """

    ledger: Ledger
    account: str
    before: Statement
    first_budget: Decimal | None
    pending: Charge | None
    checkpoint: Checkpoint
    candidates: Candidates
    terms: Terms
    purchase: Purchase | None
    to: Path


def _consider(project: Project, answers: _Answers, report: Report, *, reading: bool) -> _Proposal:
    """Bring together what a release is made of; what it needs first is charged, but for a dry run."""
    asked, rule, training = answers.asked, answers.rule, answers.training
    checkpoint = _checkpoint(project)
    # Where chance may pick any record, one that cannot be read must not be among them.
    is_by_chance = (
        issubclass(answers.mechanism, SelectionMechanism) and not answers.mechanism.keeps_to_selection
    )
    is_keyed = isinstance(SCORES.get(rule.score), KeyedScore)
    candidates = candidates_of(
        project,
        rule,
        checkpoint,
        report,
        only_readable=answers.kind.discloses and (is_by_chance or is_keyed),
        by_class=asked.by_class,
        reading=reading,
        cleaning=answers.kind.discloses and is_by_chance and not asked.dry_run,
    )
    per_unit = per_unit_of(asked.per_unit, candidates.unit_column)
    ledger = ledger_of(project)
    account = ledger.claim(marks_of(candidates))
    before = ledger.statement(account)
    first_budget = first_budget_of(asked.budget, before)
    sweep(ledger.home)
    check_place(answers.destination, make=not asked.dry_run)
    pending = None
    if training.answer == "dp" and not before.has_training(
        training.epsilon, training.delta, checkpoint.digest()
    ):
        pending = Charge(training.epsilon, training.delta)
    part = part_of(ledger, candidates, per_unit, choose=not asked.dry_run)
    candidates = replace(candidates, part=part)
    terms, purchase = Question(
        asked=asked,
        project=project,
        rule=rule,
        kind=answers.kind,
        mechanism=answers.mechanism,
        epsilon=answers.epsilon,
        training=training,
        checkpoint=checkpoint,
        candidates=candidates,
        per_unit=per_unit,
        after_exact=before.exact > 0,
    ).terms()
    threshold = None if purchase is None else purchased(ledger, account, candidates, terms, purchase)
    if threshold is not None:
        purchase, terms, candidates = None, *_cut_at(threshold, rule, terms, candidates)
    if not asked.dry_run:
        # Not before it is known that the release is possible: a line in the ledger is for good.
        foresight = foresee(
            ledger, account, candidates, terms, purchase, first_budget=first_budget, before=pending
        )
        if not foresight.same:
            is_there(answers.destination, None)  # What is there is another.
            check_fits(candidates, terms, checkpoint.final, anything=purchase is not None)
            check_leaving(
                candidates,
                terms,
                anything=purchase is not None,
                report=lambda done, total: report(Progress("Checking what may leave", done, total)),
            )
        if pending is not None:
            ledger.charge_training(account, training.epsilon, training.delta, checkpoint.digest())
            pending = None
        if purchase is not None:
            threshold = buy(ledger, account, candidates, terms, purchase, first_budget=first_budget)
            purchase, terms, candidates = None, *_cut_at(threshold, rule, terms, candidates)
    return _Proposal(
        ledger=ledger,
        account=account,
        before=before,
        first_budget=first_budget,
        pending=pending,
        checkpoint=checkpoint,
        candidates=candidates,
        terms=terms,
        purchase=purchase,
        to=asked.to,
    )


def _cut_at(
    threshold: Decimal, rule: Rule, terms: Terms, candidates: Candidates
) -> tuple[Terms, Candidates]:
    """Return the terms and candidates of a release whose threshold was bought."""
    bought = replace(rule, by="threshold", value=threshold)
    chosen = select(bought, candidates.scores, candidates.eligible).chosen
    assert terms.cut is not None
    cut = replace(terms.cut, threshold=threshold)
    return replace(terms, cut=cut), replace(candidates, chosen=chosen)


def _foreseen(proposal: _Proposal, *, within_budget: bool) -> Released:
    """Say what a release would come to, with nothing drawn."""
    terms, before = proposal.terms, proposal.before
    foresight = foresee(
        proposal.ledger,
        proposal.account,
        proposal.candidates,
        terms,
        proposal.purchase,
        first_budget=proposal.first_budget,
        before=proposal.pending,
        within_budget=within_budget,
    )
    if not foresight.same:
        anything = proposal.purchase is not None
        check_fits(proposal.candidates, terms, proposal.checkpoint.final, anything=anything)
    statement = replace(before, budget=before.budget or proposal.first_budget)
    return Released(
        release=None,
        bundle=proposal.to,
        epsilon=None if terms.claimed is None else exact(terms.claimed),
        conditional=terms.conditional,
        repeated=foresight.same,
        spent=before.spent,
        left=before.left,
        preview=preview_of(terms, proposal.candidates, foresight, statement, proposal.pending),
    )


def _checkpoint(project: Project) -> Checkpoint:
    checkpoint = find_checkpoint(Path(project.settings.checkpoint.path))
    if checkpoint.digest() != project.settings.checkpoint.digest:
        raise UnusableError(
            "The checkpoint is not the one that the scores were made with.",
            "Its files changed since.",
            "Put the checkpoint back as it was, or score the source into a new project.",
        )
    return checkpoint

"""Carry out a release of a project, or preview it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.ledger import Ledger, Session
from dataselect_gui.privacy.mechanisms.mechanism import SelectionMechanism
from dataselect_gui.project.project import Project
from dataselect_gui.release.bundle import check_place, is_there
from dataselect_gui.release.candidates import Candidates, Summed
from dataselect_gui.release.fitting import check_fits
from dataselect_gui.release.guarantees import promise
from dataselect_gui.release.kinds.gradient import Gradient
from dataselect_gui.release.leaving import check_leaving
from dataselect_gui.release.partial_folders import sweep
from dataselect_gui.release.procedure import buy, marks_of, needs_sum
from dataselect_gui.release.procedure import release as carry_out
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.scoring.scores.base import KeyedScore
from dataselect_gui.selection.rules import ScoreCut
from dataselect_gui.workflow.gradient_sum import sum_gradients
from dataselect_gui.workflow.places import ledger_of
from dataselect_gui.workflow.release_candidates import candidates_of, checkpoint_of
from dataselect_gui.workflow.release_preview import Preview, preview_of
from dataselect_gui.workflow.release_proposal import (
    CheckedRequest,
    Proposal,
    ReleaseInputs,
    after,
    check_release_request,
    foresight_of,
    propose,
    with_threshold,
)
from dataselect_gui.workflow.release_request import ReleaseRequest, max_contributions_of
from dataselect_gui.workflow.viewing import note_view


@dataclass(frozen=True)
class Released:
    """The result of a release, or of a dry run.

    Attributes
    ----------
    release : str or None
        Its id; None for a dry run.
    bundle : Path
        Where it lies.
    epsilon : str or None
        What is claimed; None where nothing is.
    conditional : bool
        Whether nothing is claimed because what was chosen depends on the records.
    by_cut : bool
        Whether a cut of one score picked.
    promise : str
        The promise, or why there is none, in words.
    repeated : bool
        Whether it repeats an earlier release.
    spent, left : Decimal or None
        The account after it; for a dry run, as it is.
    preview : Preview or None
        The preview; None unless it is a dry run.
    relabelled : int
        How many of the records that may take part leave, or are counted, with a label that the owner
        corrected; for the owner alone.
    """

    release: str | None
    bundle: Path
    epsilon: str | None
    conditional: bool
    by_cut: bool
    promise: str
    repeated: bool
    spent: Decimal
    left: Decimal | None
    preview: Preview | None = None
    relabelled: int = 0


def release(project_path: Path, request: ReleaseRequest, context: JobContext) -> Released:
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
    if request.dry_run:
        return _foresee(project_path, request, context, as_preview=False)
    project = Project.open(project_path)
    with project.exclusive():
        checked = check_release_request(project, request, acknowledging=True)
        inputs = _read_inputs(project, checked, context, reading=True)
        ledger = ledger_of(project)
        sweep(ledger.home)
        check_place(checked.destination, make=True)
        if issubclass(checked.kind, Gradient):
            _check_sum(ledger, project, checked, inputs, context)
        with ledger.session() as session:
            proposal = _prepare(session, project, checked, inputs, context)
            summing = needs_sum(session, proposal.account, proposal.candidates, proposal.terms)
            if not summing:
                return _carry_out(session, ledger.home, checked, proposal, None, context)
        # Summing takes long and may fail: it comes before the charge, while the ledger is unlocked.
        candidates = proposal.candidates
        assert candidates.part is not None
        summed = _sum(project, proposal, context, candidates.part & candidates.chosen)
        with ledger.session() as session:
            return _carry_out(session, ledger.home, checked, proposal, summed, context)


def preview(project_path: Path, request: ReleaseRequest, context: JobContext) -> Released:
    """Preview a release while the owner is still filling in the form.

    Unlike a dry run, it does not read the records again, does not refuse what exceeds the budget, and
    does not require the acknowledgement of an exact release.

    Raises
    ------
    UsageError
        Where an answer is missing or the request makes no sense.
    RefusedError
        Where the ledger refuses for another reason than the budget.
    UnusableError
        Where the project, its source, its checkpoint or the key cannot be read.
    """
    return _foresee(project_path, request, context, as_preview=True)


def _read_inputs(
    project: Project, checked: CheckedRequest, context: JobContext, *, reading: bool
) -> ReleaseInputs:
    request, rule = checked.request, checked.rule
    checkpoint = checkpoint_of(project)
    # Where any record may be picked, by chance or without a score, unreadable ones must be left out.
    is_by_chance = (
        issubclass(checked.mechanism, SelectionMechanism) and not checked.mechanism.keeps_to_selection
    )
    is_keyed = any(isinstance(SCORES.get(score), KeyedScore) for score in rule.scores)
    picks_unscored = not isinstance(rule, ScoreCut)
    candidates = candidates_of(
        project,
        rule,
        checkpoint,
        context,
        only_readable=checked.kind.discloses and (is_by_chance or is_keyed or picks_unscored),
        by_class=request.by_class,
        reading=reading,
        cleaning=checked.kind.discloses and is_by_chance and not request.dry_run,
    )
    max_contributions = max_contributions_of(request.max_contributions, candidates.unit_column)
    return ReleaseInputs(checkpoint, candidates, max_contributions)


def _prepare(
    session: Session,
    project: Project,
    checked: CheckedRequest,
    inputs: ReleaseInputs,
    context: JobContext,
) -> Proposal:
    """Work out a release, check that it is possible, and charge the training and the threshold."""
    account, training = session.claim(marks_of(inputs.candidates)), checked.training
    project.settings.account = account
    proposal = propose(session, session.statement(account), project, checked, inputs, session.keep)
    candidates, terms, purchase = proposal.candidates, proposal.terms, proposal.purchase
    # Check everything first: an entry in the ledger cannot be taken back.
    foresight = foresight_of(session, proposal, within_budget=True)
    if checked.rule.scores:  # What leaves, or cannot leave, tells its owner of the scores.
        project.save()
        note_view(project, session)
    if not foresight.same:
        is_there(checked.destination, None)  # Refuses a destination that holds another bundle.
        selection_open = purchase is not None
        check_fits(candidates, terms, proposal.checkpoint.final, selection_open=selection_open)
        check_leaving(
            candidates,
            terms,
            selection_open=selection_open,
            report=partial(context.report, Phase.CHECKING_WHAT_LEAVES),
        )
    if proposal.pending is not None:
        digest = proposal.checkpoint.digest()
        session.charge_training(account, training.epsilon, training.delta, digest)
    if purchase is not None:
        first_budget = proposal.first_budget
        threshold = buy(session, account, candidates, terms, purchase, first_budget=first_budget)
        return with_threshold(threshold, checked.rule, proposal)
    return proposal


def _check_sum(
    ledger: Ledger,
    project: Project,
    checked: CheckedRequest,
    inputs: ReleaseInputs,
    context: JobContext,
) -> None:
    """Refuse a model that has no gradient to release before a threshold is bought for it."""
    with ledger.snapshot() as snapshot:
        before = snapshot.statement_of(marks_of(inputs.candidates))
        proposal = propose(snapshot, before, project, checked, inputs, snapshot.kept_already)
    if proposal.purchase is not None:
        _sum(project, proposal, context, np.zeros(len(project.table.index.ids), dtype=bool))


def _sum(project: Project, proposal: Proposal, context: JobContext, rows: NDArray[np.bool_]) -> Summed:
    """Sum the gradients of some records in the worker."""
    kind = proposal.terms.kind
    assert isinstance(kind, Gradient)
    return sum_gradients(project, proposal.checkpoint, float(kind.clip), context, rows)


def _carry_out(
    session: Session,
    home: Path,
    checked: CheckedRequest,
    proposal: Proposal,
    summed: Summed | None,
    context: JobContext,
) -> Released:
    request, account = checked.request, proposal.account
    # The ledger may have been unlocked since: what the bundle says of it is as it is now.
    terms = after(proposal.terms, session.statement(account))
    outcome = carry_out(
        session,
        account,
        proposal.candidates,
        terms,
        checked.destination,
        home=home,
        first_budget=proposal.first_budget,
        reason=request.reason,
        signer=checked.signer,
        summed=summed,
        report=partial(context.report, Phase.WRITING_BUNDLE),
    )
    now, terms = session.statement(account), outcome.terms
    return Released(
        release=terms.release,
        bundle=request.to,
        epsilon=None if terms.claimed is None else exact(terms.claimed),
        conditional=terms.conditional,
        by_cut=terms.rule is None and terms.marks is None,
        promise=promise(terms),
        repeated=outcome.repeated,
        spent=now.spent,
        left=now.left,
    )


def _foresee(
    project_path: Path, request: ReleaseRequest, context: JobContext, *, as_preview: bool
) -> Released:
    """Preview a release; nothing is drawn or written.

    As long as no score was shown, nothing is told, or refused, that depends on what a rule picks.
    """
    project = Project.open(project_path)
    checked = check_release_request(
        project, replace(request, dry_run=True), acknowledging=not as_preview
    )
    inputs = _read_inputs(project, checked, context, reading=not as_preview)
    check_place(checked.destination, make=False)
    with ledger_of(project).snapshot() as snapshot:
        before = snapshot.statement_of(marks_of(inputs.candidates))
        proposal = propose(snapshot, before, project, checked, inputs, snapshot.kept_already)
        foresight = foresight_of(snapshot, proposal, within_budget=not as_preview)
    terms = proposal.terms
    is_told = not checked.rule.scores or proposal.standing.is_noted
    if is_told and not foresight.same:
        selection_open = proposal.purchase is not None
        check_fits(proposal.candidates, terms, proposal.checkpoint.final, selection_open=selection_open)
    features = project.settings.source.feature_columns
    statement = replace(before, budget=before.budget or proposal.first_budget)
    return Released(
        release=None,
        bundle=request.to,
        epsilon=None if terms.claimed is None else exact(terms.claimed),
        conditional=terms.conditional,
        by_cut=terms.rule is None and terms.marks is None,
        promise=promise(terms),
        repeated=foresight.same,
        spent=before.spent,
        left=before.left,
        preview=preview_of(
            terms,
            proposal.candidates,
            foresight,
            statement,
            proposal.pending,
            features,
            is_told=is_told,
            has_classes=inputs.checkpoint.task.has_classes,
        ),
        relabelled=_count_relabelled(project, proposal.candidates),
    )


def _count_relabelled(project: Project, candidates: Candidates) -> int:
    taking = candidates.eligible if candidates.part is None else candidates.part
    pairs = zip(project.table.own.labels, candidates.index.labels, taking.tolist(), strict=True)
    return sum(own != label for own, label, takes_part in pairs if takes_part)

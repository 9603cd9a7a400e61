"""Release something of a project, or see beforehand what a release would come to."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.release.bundle import check_place
from dataselect_gui.release.drawing import Candidates
from dataselect_gui.release.places import sweep
from dataselect_gui.release.releasing import buy, foresee, marks_of, part_of, purchased
from dataselect_gui.release.releasing import release as carry_out
from dataselect_gui.release.signing import read_signer
from dataselect_gui.selection.rules import Rule, select
from dataselect_gui.worker.messages import Progress, Report
from dataselect_gui.workflow.asking import (
    Question,
    ReleaseRequest,
    destination_of,
    epsilon_of,
    first_budget_of,
    kind_of,
    per_unit_of,
    training_of,
)
from dataselect_gui.workflow.home import ledger_of
from dataselect_gui.workflow.previewing import Preview, preview_of
from dataselect_gui.workflow.selecting import eligible_records, rule_of
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
    share : float
        The share of the selection that leaves by ``one-sided``, on average.
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
    share: float
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
        rule = rule_of(project)
        if rule is None:
            raise UsageError(
                "There is no selection to release.",
                "The project has no rule yet.",
                "Make one with “dataselect select”.",
            )
        kind, mechanism = kind_of(asked)
        training = training_of(project, asked)
        epsilon = epsilon_of(asked, mechanism, training)
        destination = destination_of(project, asked.to)
        signer = None if asked.sign is None else read_signer(asked.sign)
        checkpoint = _checkpoint(project)
        # Where chance may pick any record, one that cannot be read must not be among them.
        any_record = kind == "records" and (
            mechanism in {"randomized-response", "noisy-top-k"} or rule.score == "random"
        )
        candidates = _candidates(
            project, rule, checkpoint, report, only_readable=any_record, by_class=asked.by_class
        )
        per_unit = per_unit_of(asked.per_unit, candidates.unit_column)
        ledger = ledger_of(project)
        account = ledger.claim(marks_of(candidates))
        before = ledger.statement(account)
        first_budget = first_budget_of(asked.budget, before)
        sweep(ledger.home)
        check_place(destination, make=not asked.dry_run)
        if training.answer == "dp" and not asked.dry_run:
            ledger.charge_training(account, training.epsilon, training.delta, checkpoint.digest())
        part = part_of(ledger, candidates, per_unit, choose=not asked.dry_run)
        candidates = replace(candidates, part=part)
        terms, purchase = Question(
            asked=asked,
            project=project,
            rule=rule,
            kind=kind,
            mechanism=mechanism,
            epsilon=epsilon,
            training=training,
            checkpoint=checkpoint,
            candidates=candidates,
            per_unit=per_unit,
            after_exact=before.exact > 0,
        ).terms()
        if purchase is not None:
            threshold = purchased(ledger, account, candidates, terms, purchase)
            if threshold is None and not asked.dry_run:
                threshold = buy(ledger, account, candidates, terms, purchase, first_budget=first_budget)
            if threshold is not None:
                purchase, rule = None, replace(rule, by="threshold", value=threshold)
                terms = replace(terms, threshold=exact(threshold))
                chosen = select(rule, candidates.scores, candidates.eligible).chosen
                candidates = replace(candidates, chosen=chosen)
        if asked.dry_run:
            known = before.has_training(training.epsilon, training.delta, checkpoint.digest())
            pending = None
            if training.answer == "dp" and not known:
                pending = Charge(training.epsilon, training.delta)
            foresight = foresee(
                ledger,
                account,
                candidates,
                terms,
                purchase,
                first_budget=first_budget,
                before=pending,
            )
            statement = replace(before, budget=before.budget or first_budget)
            return Released(
                release=None,
                bundle=asked.to,
                epsilon=terms.claimed,
                conditional=terms.conditional,
                repeated=foresight.same,
                spent=before.spent,
                left=before.left,
                share=terms.share,
                preview=preview_of(terms, candidates, foresight, statement),
            )
        if terms.clip is not None:
            summing = partial(sum_gradients, project, checkpoint, float(terms.clip), report)
            candidates = replace(candidates, sum_gradients=summing)
        outcome = carry_out(
            ledger,
            account,
            candidates,
            terms,
            destination,
            first_budget=first_budget,
            reason=asked.reason,
            signer=signer,
            report=lambda done, total: report(Progress("Writing the bundle", done, total)),
        )
    after, terms = ledger.statement(account), outcome.terms
    return Released(
        release=terms.release,
        bundle=asked.to,
        epsilon=terms.claimed,
        conditional=terms.conditional,
        repeated=outcome.repeated,
        spent=after.spent,
        left=after.left,
        share=terms.share,
    )


def _checkpoint(project: Project) -> Checkpoint:
    checkpoint = find_checkpoint(Path(project.settings["checkpoint"]["path"]))
    if checkpoint.digest() != project.settings["checkpoint"]["digest"]:
        raise UnusableError(
            "The checkpoint is not the one that the scores were made with.",
            "Its files changed since.",
            "Put the checkpoint back as it was, or score the source into a new project.",
        )
    return checkpoint


def _candidates(
    project: Project,
    rule: Rule,
    checkpoint: Checkpoint,
    report: Report,
    *,
    only_readable: bool,
    by_class: bool,
) -> Candidates:
    settings = project.settings["source"]
    source = open_source(Path(settings["path"]), settings["label_column"], settings["unit_column"])
    index = project.table.index
    report(Progress("Reading records", 0, len(index.ids)))
    rows = {record: row for row, record in enumerate(source.ids)}
    stale, unreadable = 0, []
    for row, record in enumerate(index.ids):
        if not index.content[row].any():
            unreadable.append(row)  # It could not be read when it was scored; it has no score.
            continue
        try:
            stored = source.read(rows[record])
        except (KeyError, UnreadableRecordError):
            stale += 1
            continue
        stale += content_hash(stored) != index.content[row].tobytes()
        if only_readable and not _is_readable(source, stored):
            unreadable.append(row)
    if stale:
        raise UnusableError(
            f"{stale} records changed or went missing since they were scored.",
            "Their scores are not theirs any more.",
            "Score the records again: only what changed is scored anew.",
        )
    eligible = eligible_records(project, index.ids)
    if only_readable:
        eligible[unreadable] = False
    values = project.table.values(rule.score)
    classes = match_labels(index.labels, source.classes, checkpoint.labels) if by_class else {}
    return Candidates(
        source=source,
        index=index,
        scores=values,
        eligible=eligible,
        chosen=select(rule, values, eligible).chosen,
        unit_column=settings["unit_column"],
        scored_by=project.settings["scores"][rule.score]["program"],
        classes=[classes.get(label, -1) if label is not None else -1 for label in index.labels],
    )


def _is_readable(source: Source, stored: bytes) -> bool:
    try:
        source.decode(stored)
    except UnreadableRecordError:
        return False
    return True

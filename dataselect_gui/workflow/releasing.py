"""Release records of a project's selection."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from dataselect_gui import __version__
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.ledger import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.release.documents import Terms
from dataselect_gui.release.releasing import (
    Candidates,
    new_release_id,
    release_records,
    stale_records,
)
from dataselect_gui.selection.rules import Rule, select
from dataselect_gui.worker.messages import Progress, Report
from dataselect_gui.workflow.home import ledger_of
from dataselect_gui.workflow.selecting import eligible_records, rule_of


@dataclass(frozen=True)
class ReleaseRequest:
    """What the owner asks to release, as the command line has it.

    Attributes
    ----------
    to : Path
        The bundle's folder.
    epsilon : str or None
        Per unit; needed unless the mechanism is ``exact``.
    mechanism : str
        ``one-sided`` or ``exact``.
    per_unit : int or None
        At most so many records of a unit.
    threshold_from : str or None
        ``request``, ``agreed`` or ``viewed``; None to let the program see.
    in_training : str or None
        ``no``, ``dp:E,D``, ``yes`` or ``unknown``; None for the project's remembered answer.
    budget : str or None
        The first budget.
    acknowledge_exact : bool
        The owner's word that nothing protects the records.
    reason : str or None
        Why.
    dry_run : bool
        Check everything, draw nothing.
    """

    to: Path
    epsilon: str | None = None
    mechanism: str = "one-sided"
    per_unit: int | None = None
    threshold_from: str | None = None
    in_training: str | None = None
    budget: str | None = None
    acknowledge_exact: bool = False
    reason: str | None = None
    dry_run: bool = False


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
        The account after it.
    share : float
        The share of the selection that leaves, on average.
    """

    release: str | None
    bundle: Path
    epsilon: str | None
    conditional: bool
    repeated: bool
    spent: Decimal
    left: Decimal | None
    share: float


def release(project_path: Path, asked: ReleaseRequest, report: Report) -> Released:
    """Release records of a project's selection.

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
        answer = _provenance(project, asked)
        epsilon = _epsilon(asked, answer[0])
        destination = _destination(project, asked.to)
        checkpoint = find_checkpoint(Path(project.settings["checkpoint"]["path"]))
        if checkpoint.digest() != project.settings["checkpoint"]["digest"]:
            raise UnusableError(
                "The checkpoint is not the one that the scores were made with.",
                "Its files changed since.",
                "Put the checkpoint back as it was, or score the source into a new project.",
            )
        threshold_from = _threshold_from(rule, checkpoint, asked.threshold_from)
        candidates = _candidates(project, rule, report)
        per_unit = _per_unit(asked.per_unit, candidates.unit_column)
        ledger = ledger_of(project)
        account = ledger.claim(candidates.marks)
        before = ledger.statement(account)
        first_budget = _first_budget(asked.budget, before)
        if answer[0] == "dp" and not asked.dry_run:
            ledger.charge_training(account, answer[1], answer[2], checkpoint.digest())
        public = rule.by == "threshold" and threshold_from != "viewed"
        terms = Terms(
            release=new_release_id(),
            program=__version__,
            date=datetime.now(UTC).date().isoformat(),
            mechanism="exact" if epsilon is None else "one-sided",
            epsilon=None if epsilon is None else exact(epsilon),
            conditional=epsilon is not None and not public,
            unit="record" if candidates.unit_column is None else "person",
            per_unit=per_unit,
            score=rule.score,
            variant=project.settings["scores"][rule.score]["variant"],
            lowest=rule.lowest,
            cut=rule.by,
            threshold=exact(rule.value) if public else None,
            threshold_from=threshold_from,
            in_training=answer[0],
            after_exact=before.exact > 0,
            checkpoint=checkpoint.digest(),
        )
        outcome = release_records(
            ledger,
            account,
            candidates,
            terms,
            destination,
            first_budget=first_budget,
            reason=asked.reason,
            dry_run=asked.dry_run,
            report=lambda done, total: report(Progress("Writing the bundle", done, total)),
        )
    after = ledger.statement(account)
    return Released(
        release=outcome.release,
        bundle=asked.to,
        epsilon=terms.epsilon if terms.claims else None,
        conditional=terms.conditional,
        repeated=outcome.repeated,
        spent=after.spent,
        left=after.left,
        share=terms.share,
    )


def _provenance(project: Project, asked: ReleaseRequest) -> tuple[str, Decimal, Decimal]:
    """Return the answer to “did these records help to train this checkpoint?”, and remember it."""
    text = asked.in_training or project.settings["in_training"]
    if text is None:
        raise UsageError(
            "One answer is missing: did these records help to train this checkpoint?",
            "If they did, what is released says more than its ε, and the program cannot know.",
            "Add --in-training no, --in-training dp:E,D (under differential privacy), yes or unknown.",
        )
    kind, _, rest = text.partition(":")
    epsilon = delta = Decimal(0)
    if kind == "dp":
        first, _, second = rest.partition(",")
        epsilon = positive_amount(first, "The training's ε")
        delta = positive_amount(second or "missing", "The training's δ")
        if delta >= 1:
            raise UsageError(
                f"The training's δ cannot be {second}.",
                "It is a probability far below 1.",
                "Ask the consortium for its ε and δ, for example dp:8,1e-5.",
            )
    elif kind not in {"no", "yes", "unknown"} or rest:
        raise UsageError(
            f"--in-training cannot be “{text}”.",
            "It is no, dp:E,D, yes or unknown.",
            "Give one of these.",
        )
    project.settings["in_training"] = text
    project.save()
    return kind, epsilon, delta


def _epsilon(asked: ReleaseRequest, in_training: str) -> Decimal | None:
    if asked.mechanism == "exact":
        if not asked.acknowledge_exact or not (asked.reason or "").strip():
            raise UsageError(
                "An exact release needs your word.",
                "Every selected record leaves, with no protection at all, and every later promise "
                "about this source will say that it does not cover these records.",
                "Add --acknowledge-exact --reason TEXT, or use --mechanism one-sided.",
            )
        if asked.epsilon is not None:
            raise UsageError(
                "An exact release has no ε.",
                "It draws nothing, so there is nothing for ε to bound.",
                "Leave --epsilon out, or use --mechanism one-sided.",
            )
        return None
    if asked.mechanism != "one-sided":
        raise UsageError(
            f"There is no mechanism “{asked.mechanism}” for records.",
            "They are released by one-sided or exact.",
            "Give one of these.",
        )
    if in_training in {"yes", "unknown"}:
        raise UsageError(
            "ε cannot be promised here.",
            "The records took part in training the checkpoints without differential privacy, or that "
            "is unknown; then what is released says more than any mechanism counts.",
            "Only --mechanism exact is left, with your acknowledgement.",
        )
    if asked.epsilon is None:
        raise UsageError(
            "ε is missing.",
            "It limits what a missing record reveals; smaller reveals less, and fewer records leave.",
            "Add --epsilon E, for example --epsilon 1.",
        )
    return positive_amount(asked.epsilon, "ε")


def _destination(project: Project, to: Path) -> Path:
    destination = to.resolve()
    for name, place in (
        ("project", project.folder),
        ("source", Path(project.settings["source"]["path"])),
    ):
        if destination.is_relative_to(place.resolve()):
            raise UnusableError(
                f"The bundle cannot be written into the {name}.",
                "It would become part of it.",
                "Name a folder elsewhere with --to.",
            )
    return destination


def _threshold_from(rule: Rule, checkpoint: Checkpoint, stated: str | None) -> str:
    request = checkpoint.request
    is_requested = (
        rule.by == "threshold"
        and not rule.lowest
        and request.score == rule.score
        and request.threshold is not None
        and Decimal(str(request.threshold)) == rule.value
    )
    if stated is None:
        return "request" if is_requested else "viewed"
    if stated not in {"request", "agreed", "viewed"}:
        raise UsageError(
            f"--threshold-source cannot be “{stated}”.",
            "A threshold comes from the request, was agreed before, or was chosen after viewing.",
            "Give request, agreed or viewed.",
        )
    if stated == "request" and rule.by == "threshold" and not is_requested:
        raise UsageError(
            "The threshold is not the request's.",
            f"The request says {request.score or 'no score'} ≥ {request.threshold}; the rule says "
            f"{rule.score} {'≤' if rule.lowest else '≥'} {rule.value}.",
            "Select by the request's threshold, or say where yours comes from.",
        )
    return stated


def _candidates(project: Project, rule: Rule, report: Report) -> Candidates:
    settings = project.settings["source"]
    source = open_source(Path(settings["path"]), settings["label_column"], settings["unit_column"])
    index = project.table.index
    report(Progress("Reading records", 0, len(index.ids)))
    stale = stale_records(source, index)
    if stale:
        raise UnusableError(
            f"{len(stale)} records changed or went missing since they were scored.",
            "Their scores are not theirs any more.",
            "Run “dataselect score” again: only what changed is scored anew.",
        )
    eligible = eligible_records(project, index.ids)
    values = project.table.values(rule.score)
    return Candidates(
        source,
        index,
        values,
        eligible,
        select(rule, values, eligible).chosen,
        settings["unit_column"],
    )


def _per_unit(stated: int | None, unit_column: str | None) -> int:
    if stated is not None and stated < 1:
        raise UsageError(
            f"--per-unit cannot be {stated}.", "It is a whole number above zero.", "Use 1 or more."
        )
    if unit_column is None and stated not in {None, 1}:
        raise UsageError(
            "--per-unit does not apply.",
            "The project has no unit column, so each record is a unit of its own.",
            "Score the source with --unit-column to protect people with several records.",
        )
    return stated or 1


def _first_budget(stated: str | None, statement: Statement) -> Decimal | None:
    if stated is None:
        return None
    budget = positive_amount(stated, "The budget")
    if statement.budget is not None and statement.budget != budget:
        raise UsageError(
            "The budget is already set.",
            f"It is {exact(statement.budget)}, for everything ever released from these records.",
            "Change it with “dataselect ledger PROJECT --set-budget E --reason TEXT”.",
        )
    return budget

"""One function per verb. The terminal and the window call these and nothing below them."""

import hashlib
import hmac
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

import numpy as np
import platformdirs
from numpy.typing import NDArray

from dataselect_gui import __version__
from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.accounting import totals
from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.identity import source_marks
from dataselect_gui.privacy.ledger import Ledger, Statement
from dataselect_gui.project.project import SUFFIX, Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.release.documents import Terms
from dataselect_gui.release.releasing import (
    Candidates,
    new_release_id,
    release_records,
    stale_records,
)
from dataselect_gui.release.verify import Check, verify_bundle
from dataselect_gui.scoring.catalog import SCORES, applicable
from dataselect_gui.selection.rules import Rule, Selection, select
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.messages import Progress, ScoreJob

DEFAULT_BATCH_SIZE = 64
Report = Callable[[Progress], None]


def home() -> Path:
    """Return the folder of the ledger: ``DATASELECT_HOME``, or the platform's place for user data."""
    named = os.environ.get("DATASELECT_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("dataselect", appauthor=False))


# inspect


def inspect(path: Path, records: Path | None, report: Report) -> dict[str, Any]:
    """Say what a path is: a project, a bundle, a checkpoint or a source.

    Parameters
    ----------
    path : Path
        What to look at.
    records : Path or None
        A source whose labels are held against a checkpoint's.
    report : callable
        Takes progress.

    Raises
    ------
    UnusableError
        Where it is none of these.
    """
    if (path / "project.json").is_file():
        return _inspect_project(Project.open(path))
    if (path / "release.json").is_file():
        return {"kind": "bundle", "problems": [], "checks": [vars(c) for c in verify_bundle(path)]}
    if path.suffix == ".pt2" or _looks_like_checkpoint(path):
        return _inspect_checkpoint(find_checkpoint(path), records)
    return _inspect_source(open_source(path), report)


def _looks_like_checkpoint(path: Path) -> bool:
    if path.is_file():
        return path.suffix != ".npz"
    return (path / "config.json").is_file() or any(path.glob("checkpoint-*")) or any(path.glob("*.pt2"))


def _inspect_project(project: Project) -> dict[str, Any]:
    table = project.table
    return {
        "kind": "project",
        "problems": [{"id": i, "reason": r} for i, r in sorted(table.problems().items())],
        "labels": sorted({label for label in table.index.labels if label is not None}),
        "records": len(table.index.ids),
        "scores": project.settings["scores"],
        "rule": project.settings["rule"],
        "source": project.settings["source"],
        "checkpoint": project.settings["checkpoint"],
    }


def _inspect_checkpoint(checkpoint: Checkpoint, records: Path | None) -> dict[str, Any]:
    preflight: dict[str, Any] = {
        "form": checkpoint.final.form,
        "architecture": checkpoint.final.config.get("model_type"),
        "elements": checkpoint.final.parameters,
        "preprocessing": checkpoint.final.processor is not None,
        "scores": [
            score.name for score in applicable(None, series=len(checkpoint.series), labelled=True)
        ],
    }
    if records is not None:
        source = open_source(records)
        preflight["labels"] = match_labels(source.labels, source.classes, checkpoint.labels)
    return {
        "kind": "checkpoint",
        "problems": [],
        "labels": list(checkpoint.labels),
        "series": [member.step for member in checkpoint.series],
        "request": {**checkpoint.request.stated, **checkpoint.request.unknown},
        "unknown_in_request": sorted(checkpoint.request.unknown),
        "digest": checkpoint.digest(),
        "preflight": preflight,
    }


def _inspect_source(source: Source, report: Report) -> dict[str, Any]:
    problems = [{"id": p.id, "reason": p.reason} for p in source.problems]
    told = time.monotonic()
    for row, record in enumerate(source.ids):
        if time.monotonic() - told > 0.25:
            told = time.monotonic()
            report(Progress("Reading records", row, len(source.ids)))
        try:
            source.decode(source.read(row))
        except UnreadableRecordError as reason:
            problems.append({"id": record, "reason": str(reason)})
    return {
        "kind": "source",
        "form": source.kind,
        "records": len(source.ids),
        "readable": len(source.ids) - len(problems) + len(source.problems),
        "problems": sorted(problems, key=lambda problem: problem["id"]),
        "labels": sorted({label for label in source.labels if label is not None}),
        "columns": list(source.columns),
        "ignored": source.ignored,
    }


# score


@dataclass(frozen=True)
class Scored:
    """What a scoring run came to.

    Attributes
    ----------
    project : Path
        The project's folder.
    scored : int
        How many records have scores.
    problems : dict
        Why others have none: id → reason.
    seconds : float
        How long it took.
    device : str
        Where it ran.
    names : list of str
        The scores that there are now.
    """

    project: Path
    scored: int
    problems: dict[str, str]
    seconds: float
    device: str
    names: list[str]


def score(
    source_path: Path,
    checkpoint_path: Path,
    report: Report,
    *,
    names: Sequence[str] | None = None,
    project_path: Path | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    limit: int | None = None,
    label_column: str | None = None,
    unit_column: str | None = None,
) -> Scored:
    """Score the records of a source into a project, going on where an earlier run stopped.

    Parameters
    ----------
    source_path, checkpoint_path : Path
        What to score, and with what.
    report : callable
        Takes progress.
    names : sequence of str or None
        The scores; None for all that apply.
    project_path : Path or None
        The project; by default ``./<name of the source>.dataselect``.
    device, batch_size, limit, label_column, unit_column
        As the command line has them.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    started = time.monotonic()
    source_path, checkpoint_path = source_path.resolve(), checkpoint_path.resolve()
    folder = project_path or Path(
        f"{source_path.stem if source_path.is_file() else source_path.name}{SUFFIX}"
    )
    checkpoint = find_checkpoint(checkpoint_path)
    project = Project.open(folder) if (folder / "project.json").is_file() else None
    if project is not None:
        known = project.settings["source"]
        label_column = label_column or known["label_column"]
        unit_column = unit_column or known["unit_column"]
    source = open_source(source_path, label_column, unit_column)
    labelled = any(label is not None for label in source.labels)
    wanted = applicable(names, series=len(checkpoint.series), labelled=labelled)
    match_labels(source.labels, source.classes, checkpoint.labels)
    described = {
        "path": str(source_path),
        "kind": source.kind,
        "label_column": label_column,
        "unit_column": unit_column,
    }
    model = {"path": str(checkpoint_path), "digest": checkpoint.digest()}
    if project is None:
        project = Project.create(folder, described, model)
    else:
        _settle(project, described, model)
    job = ScoreJob(
        project=str(folder.resolve()),
        source=str(source_path),
        checkpoint=str(checkpoint_path),
        label_column=label_column,
        unit_column=unit_column,
        names=[one.name for one in wanted if one.needs_model],
        device=device,
        batch_size=batch_size or DEFAULT_BATCH_SIZE,
        limit=limit,
    )
    finished = run_job(job, report)
    project = Project.open(folder)
    scored = finished.scored
    if any(not one.needs_model for one in wanted):
        rows = _score_random(project, limit)
        scored = scored if job.names else rows
    table = project.table
    return Scored(
        folder,
        scored,
        table.problems(),
        time.monotonic() - started,
        finished.device,
        table.columns(),
    )


def _settle(project: Project, source: dict[str, Any], checkpoint: dict[str, Any]) -> None:
    """Hold an existing project against what it is asked to score."""
    with project.exclusive():
        settings = project.settings
        if settings["table"] is None:  # Nothing was read yet: the first try may have been a mistake.
            settings["source"] = source
            settings["checkpoint"] = checkpoint
        elif settings["checkpoint"]["digest"] != checkpoint["digest"]:
            raise UnusableError(
                f"The project “{project.folder.name}” was scored with another checkpoint.",
                "Scores of different checkpoints cannot stand side by side.",
                "Name another project with --project.",
            )
        else:
            settings["checkpoint"] = checkpoint
            settings["source"] = {**source, "path": settings["source"]["path"]}
        project.save()


def _score_random(project: Project, limit: int | None) -> int:
    """Write the random baseline: the first 8 bytes of HMAC-SHA-256(secret, id), over 2⁶⁴."""
    with project.exclusive():
        table = project.table
        rows = np.arange(len(table.index.ids))[:limit]
        column = table.column("random")
        if not column.done[rows].all():
            ledger = Ledger(home())
            secret = ledger.secret(ledger.claim(source_marks(table.index.content, table.index.units)))
            digests = (
                hmac.digest(secret, table.index.ids[row].encode(), hashlib.sha256) for row in rows
            )
            column.write(rows, np.array([int.from_bytes(d[:8]) / 2**64 for d in digests]))
            column.mark_done(rows)
        project.settings["scores"]["random"] = {
            "variant": SCORES["random"].variant,
            "program": __version__,
            "device": "none",
        }
        project.save()
        return len(rows)


# scores


def scores(project_path: Path) -> dict[str, list[Any]]:
    """Return the owner's own table: column name → values, in the source's order."""
    project = Project.open(project_path)
    table = project.table
    index = table.index
    eligible = _eligible(project, index.ids)
    columns: dict[str, list[Any]] = {
        "id": list(index.ids),
        "label": list(index.labels),
        "unit": list(index.ids if index.units is None else index.units),
        "eligible": eligible.tolist(),
        "selected": _selection(project, eligible).chosen.tolist(),
    }
    for name in SCORES:
        if name in table.columns():
            columns[name] = [None if np.isnan(v) else v for v in table.values(name).tolist()]
    return columns


# select


def make_rule(
    by: str,
    *,
    threshold: str | None = None,
    count: int | None = None,
    fraction: str | None = None,
    lowest: bool = False,
) -> Rule:
    """Make a rule from what a person gave: exactly one of threshold, count and fraction.

    Raises
    ------
    UsageError
        Where there is not exactly one, or it makes no sense.
    """
    given = {"threshold": threshold, "count": count, "fraction": fraction}
    stated = {kind: value for kind, value in given.items() if value is not None}
    if len(stated) != 1:
        raise UsageError(
            "The rule is not clear.",
            f"It needs exactly one of --threshold, --count and --fraction; {len(stated)} were given.",
            "Give one of them.",
        )
    kind, text = next(iter(stated.items()))
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        value = Decimal("NaN")
    fits = value.is_finite() and (
        kind == "threshold"
        or (kind == "count" and value >= 1)
        or (kind == "fraction" and 0 < value <= 1)
    )
    if not fits:
        raise UsageError(
            f"The {kind} cannot be “{text}”.",
            {
                "threshold": "It is a number.",
                "count": "It is a whole number above zero.",
                "fraction": "It is above 0 and at most 1.",
            }[kind],
            f"Give --{kind} another value.",
        )
    cut: Literal["threshold", "count", "fraction"] = kind  # type: ignore[assignment]
    return Rule(by, cut, value, lowest)


def select_records(
    project_path: Path,
    rule: Rule | None,
    *,
    withhold: Sequence[str] = (),
    restore: Sequence[str] = (),
) -> tuple[list[str], float | None]:
    """Replace the project's selection, or withhold and restore records.

    Parameters
    ----------
    project_path : Path
        The project.
    rule : Rule or None
        The new rule; None to keep the one there is.
    withhold, restore : sequence of str
        Ids.

    Returns
    -------
    tuple of list of str and float or None
        The selected ids in the source's order, and the threshold.

    Raises
    ------
    UsageError
        Where the score was not computed or an id is unknown.
    """
    project = Project.open(project_path)
    with project.exclusive():
        table = project.table
        unknown = ({*withhold, *restore}) - set(table.index.ids)
        if unknown:
            raise UsageError(
                f"There is no record “{min(unknown)}”.",
                f"{len(unknown)} of the ids are not in this project.",
                "Ids are those that “dataselect scores” lists.",
            )
        if rule is not None:
            if rule.score not in table.columns():
                raise UsageError(
                    f"The score “{rule.score}” was not computed.",
                    f"The project has {', '.join(table.columns()) or 'none'}.",
                    "Select by one of these, or run “dataselect score” again.",
                )
            project.settings["rule"] = {
                "score": rule.score,
                "by": rule.by,
                "value": str(rule.value),
                "lowest": rule.lowest,
            }
        project.settings["withheld"] = sorted((project.withheld | set(withhold)) - set(restore))
        project.save()
        chosen = _selection(project, _eligible(project, table.index.ids))
    ids = [table.index.ids[row] for row in np.flatnonzero(chosen.chosen).tolist()]
    return ids, chosen.threshold


def _eligible(project: Project, ids: Sequence[str]) -> NDArray[np.bool_]:
    withheld = project.withheld
    return np.array([record not in withheld for record in ids], dtype=bool)


def _rule(project: Project) -> Rule | None:
    stored = project.settings["rule"]
    if stored is None:
        return None
    return Rule(stored["score"], stored["by"], Decimal(stored["value"]), stored["lowest"])


def _selection(project: Project, eligible: NDArray[np.bool_]) -> Selection:
    rule = _rule(project)
    if rule is None:
        return Selection(np.zeros(len(eligible), dtype=bool), None)
    return select(rule, project.table.values(rule.score), eligible)


# release


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
        rule = _rule(project)
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
        ledger = Ledger(home())
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
    eligible = _eligible(project, index.ids)
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


# verify, ledger


def verify(bundle: Path, digest: str | None) -> list[Check]:
    """Check a bundle. See `verify_bundle`."""
    return verify_bundle(bundle, digest)


def ledger(
    project_path: Path | None, set_budget: str | None = None, reason: str | None = None
) -> list[dict[str, Any]]:
    """Return the statement of a project's source, or of all; and change its budget.

    Raises
    ------
    UsageError
        Where a budget is given without a project or a reason.
    UnusableError
        Where the project was never scored.
    """
    book = Ledger(home())
    if project_path is None:
        if set_budget is not None:
            raise UsageError(
                "Whose budget is meant is not clear.",
                "A budget belongs to the source of one project.",
                "Name the project.",
            )
        return [_told(book.statement(account)) for account in book.accounts()]
    index = Project.open(project_path).table.index
    account = book.claim(source_marks(index.content, index.units))
    if set_budget is not None:
        if not (reason or "").strip():
            raise UsageError(
                "A budget needs a reason.",
                "It is kept in the ledger, for whoever asks later.",
                "Add --reason TEXT.",
            )
        book.set_budget(account, positive_amount(set_budget, "The budget"), str(reason))
    return [_told(book.statement(account))]


def _told(statement: Statement) -> dict[str, Any]:
    sums = totals(statement.charges)
    return {
        "id": statement.id,
        "budget": None if statement.budget is None else exact(statement.budget),
        "total_plain": exact(sums.plain),
        "total_pld": sums.pld,
        "delta": exact(sums.delta),
        "one_sided": exact(sums.one_sided),
        "left": None if statement.left is None else exact(statement.left),
        "exact_releases": statement.exact,
        "entries": [
            {"seq": e.seq, "kind": e.kind, **{k: v for k, v in e.body.items() if k != "key"}}
            for e in statement.entries
        ],
    }

"""What is asked for and what it costs: a release under consideration, and one that was made."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.workflow import (
    Check,
    Look,
    Progress,
    Released,
    ReleaseRequest,
    Report,
    Rule,
    Stop,
)


@dataclass(frozen=True)
class Plan:
    """A release under consideration.

    Attributes
    ----------
    in_training : str or None
        The answer about training, as `ReleaseRequest` has it; None while there is none.
    mechanism : str or None
        ``one-sided``, ``exact`` or not chosen.
    epsilon : Decimal or None
        None where none was given, and for any mechanism but ``one-sided``.
    per_unit : int
        At most so many records of a unit.
    by_person : bool
        Whether the project has a unit column.
    threshold_from : str
        ``request``, ``agreed`` or ``viewed``.
    budget : Decimal or None
        None while none is set.
    spent, cost : Decimal
        The plain total before it, and what it adds.
    delta : Decimal
        The sum of all δ with it.
    """

    in_training: str | None
    mechanism: str | None
    epsilon: Decimal | None
    per_unit: int
    by_person: bool
    threshold_from: str
    budget: Decimal | None
    spent: Decimal
    cost: Decimal
    delta: Decimal

    @property
    def share(self) -> float:
        """The share of the selection that leaves."""
        return 1.0 if self.epsilon is None else workflow.one_sided_share(self.epsilon, self.per_unit)

    @property
    def left(self) -> Decimal:
        """What the budget leaves before it."""
        return (self.budget or Decimal(0)) - self.spent

    @property
    def is_over(self) -> bool:
        """Whether the budget does not allow it."""
        return self.budget is not None and self.mechanism == "one-sided" and self.cost > self.left


@dataclass(frozen=True)
class Done:
    """A release that was made, and what its verification found.

    Attributes
    ----------
    released : Released
        What came of it.
    checks : list of Check
        Check by check.
    digest : str
        What stands for the whole bundle.
    documents : list of str
        The names of its documents.
    records : int
        How many records are in it.
    """

    released: Released
    checks: list[Check]
    digest: str
    documents: list[str]
    records: int


@dataclass(frozen=True)
class Releasing:
    """Releases and verifies; run in a job's thread.

    Attributes
    ----------
    project : Path
        The project's folder.
    request : ReleaseRequest
        What is asked for.
    """

    project: Path
    request: ReleaseRequest

    def __call__(self, report: Report, stop: Stop) -> Done:
        """Release, then verify what was written.

        A release that is written down is finished where it can be: a mere request to stop would save
        nothing. Where the program has to leave, the same release goes on later, at no cost.
        """

        def told(step: Progress) -> None:
            if stop.is_urgent:
                raise InterruptedByPersonError(
                    "The bundle was not finished.",
                    "The program was closed.",
                    "Release the same again: it costs nothing.",
                )
            report(step)

        released = workflow.release(self.project, self.request, told)
        bundle = released.bundle
        return Done(
            released=released,
            checks=workflow.verify(bundle, None),
            digest=workflow.digest_of(bundle),
            documents=sorted(path.name for path in bundle.iterdir() if path.is_file()),
            records=workflow.count_records(bundle),
        )


def make_plan(
    statement: dict[str, Any] | None,
    *,
    in_training: str | None,
    mechanism: str | None,
    epsilon: Decimal | None,
    per_unit: int | None,
    threshold_from: str,
) -> Plan:
    """Return what the answers come to.

    Parameters
    ----------
    statement : dict or None
        What the ledger tells; None where it cannot be read.
    in_training, mechanism : str or None
        The answers as `Plan` has them.
    epsilon : Decimal or None
        What was typed, whatever the mechanism.
    per_unit : int or None
        None where the project has no unit column.
    threshold_from : str
        Where the cut-off comes from.
    """
    told = statement or {}
    budget = told.get("budget")
    if mechanism != "one-sided":
        epsilon = None
    cost, delta = _training_cost(in_training, told.get("entries", []))
    if epsilon is not None:
        # Of one-sided releases only the largest counts.
        cost += max(Decimal(0), epsilon - Decimal(told.get("one_sided", 0)))
    return Plan(
        in_training=in_training,
        mechanism=mechanism,
        epsilon=epsilon,
        per_unit=per_unit or 1,
        by_person=per_unit is not None,
        threshold_from=threshold_from,
        budget=None if budget is None else Decimal(budget),
        spent=Decimal(told.get("total_plain", 0)),
        cost=cost,
        delta=Decimal(told.get("delta", 0)) + delta,
    )


def earlier_per_unit(statement: dict[str, Any] | None) -> int | None:
    """Return how many records of a unit the first release allowed; None where there was none."""
    entries = (statement or {}).get("entries", [])
    return next((entry["per_unit"] for entry in entries if entry["kind"] == "reserved"), None)


def agreed_threshold(look: Look | None, rule: Rule | None) -> str | None:
    """Return the request's threshold, where it is one of the rule's score."""
    if look is None or look.request.threshold is None or look.request.score not in look.scores:
        return None
    if rule is not None and rule.score != look.request.score:
        return None
    return str(look.request.threshold)


def free_destination(look: Look) -> Path:
    """Return a folder beside the project that is not there yet."""
    wanted = look.folder.with_name(f"{look.name}-bundle")
    number = 2
    while wanted.exists():
        wanted = look.folder.with_name(f"{look.name}-bundle-{number}")
        number += 1
    return wanted


def _training_cost(in_training: str | None, entries: list[dict[str, Any]]) -> tuple[Decimal, Decimal]:
    """Return the ε and δ of a training that the ledger does not hold yet."""
    kind, _, amounts = (in_training or "").partition(":")
    if kind != "dp":
        return Decimal(0), Decimal(0)
    epsilon, _, delta = amounts.partition(",")
    is_known = any(
        entry["kind"] == "training" and (entry["epsilon"], entry["delta"]) == (epsilon, delta)
        for entry in entries
    )
    return (Decimal(0), Decimal(0)) if is_known else (Decimal(epsilon), Decimal(delta))

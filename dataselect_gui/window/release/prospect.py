"""A release under consideration, as far as it is known."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from dataselect_gui.errors import DataSelectError, UsageError
from dataselect_gui.window.release.kinds import (
    is_of_everything,
    is_unprotected,
    kind_named,
    mechanism_named,
)
from dataselect_gui.workflow import (
    Account,
    Kind,
    Look,
    Mechanism,
    Preview,
    RecordRule,
    Released,
    ReleaseRequest,
    Rule,
    ScoreCut,
    exact,
    public_bounds,
    would_be_late,
)

WhenChosen = Literal["before", "late", "open"]


@dataclass(frozen=True)
class Prospect:
    """A release under consideration.

    Attributes
    ----------
    asked : ReleaseRequest
        The answers, see `Answers.asked`.
    account : Account or None
        What was released so far; None where the ledger cannot be read.
    foreseen : Released or None
        What it would come to; None where that is not known, or not yet.
    fault : DataSelectError or None
        Why it cannot be known.
    waiting : bool
        Whether it is being worked out.
    """

    asked: ReleaseRequest
    account: Account | None
    foreseen: Released | None = None
    fault: DataSelectError | None = None
    waiting: bool = False

    @property
    def kind(self) -> type[Kind]:
        """What would leave."""
        return kind_named(self.asked.kind)

    @property
    def mechanism(self) -> type[Mechanism] | None:
        """How; None where nothing is chosen."""
        return mechanism_named(self.asked.mechanism)

    @property
    def is_exact(self) -> bool:
        """Whether nothing would protect the records."""
        return is_unprotected(self.asked.mechanism)

    @property
    def is_everything(self) -> bool:
        """Whether all that is eligible would leave, by no score and no mechanism."""
        return is_of_everything(self.asked.mechanism)

    @property
    def is_conditional(self) -> bool:
        """Whether a mechanism with an ε works, and the budget pays for it, but none is claimed."""
        return self.foreseen is not None and self.foreseen.conditional and not self.is_exact

    @property
    def discloses(self) -> bool:
        """Whether records themselves would leave."""
        return self.kind.discloses

    @property
    def preview(self) -> Preview | None:
        """What a dry run found."""
        return None if self.foreseen is None else self.foreseen.preview

    @property
    def budget(self) -> Decimal | None:
        """None while none is set."""
        return None if self.account is None else self.account.budget

    @property
    def spent(self) -> Decimal:
        """The plain total before it."""
        return Decimal(0) if self.account is None else self.account.total_plain

    @property
    def left(self) -> Decimal:
        """What the budget leaves before it."""
        return (self.budget or Decimal(0)) - self.spent

    @property
    def cost(self) -> Decimal | None:
        """What it adds; None while that is not known."""
        return None if self.preview is None else self.preview.cost

    @property
    def is_over(self) -> bool:
        """Whether the budget does not allow it."""
        if self.budget is None or self.cost is None or self.is_exact:
            return False
        return self.cost > self.left

    @property
    def expected(self) -> dict[str, float] | None:
        """What to expect at its ε, see `Preview.usefulness`."""
        if self.preview is None or self.preview.usefulness is None or self.asked.epsilon is None:
            return None
        epsilon = float(self.asked.epsilon)
        return next((line for line in self.preview.usefulness if line["epsilon"] == epsilon), None)


def earlier_max_contributions(account: Account | None) -> int | None:
    """Return how many records of a unit the first release allowed; None where there was none."""
    entries = () if account is None else account.entries
    return next((entry.max_contributions for entry in entries if entry.kind == "reserved"), None)


def agreed_threshold(look: Look | None, rule: Rule | None) -> str | None:
    """Return the request's threshold, where it is one of the rule's score."""
    if look is None or look.request.threshold is None or look.request.score not in look.scores:
        return None
    if rule is not None and rule.scores != (look.request.score,):
        return None
    if isinstance(rule, RecordRule):
        return None
    return str(look.request.threshold)


def is_agreed(look: Look | None, rule: Rule | None, agreed: str | None) -> bool:
    """Say whether a rule is the request's."""
    if isinstance(rule, RecordRule):
        return look is not None and look.request.asked_rule == rule
    if not isinstance(rule, ScoreCut) or agreed is None or rule.by != "threshold" or rule.lowest:
        return False
    return rule.value == Decimal(agreed)


def when_chosen(look: Look | None, rule: Rule | None) -> WhenChosen:
    """Return whether a rule is what was decided before scores were shown, or goes against that."""
    if look is None or rule is None:
        return "open"
    known = look.decision
    if known is not None and known.taken == "before" and rule == known.decided:
        return "before"
    return "late" if would_be_late(known, look.request, rule) else "open"


def known_bounds(look: Look | None, rule: Rule | None) -> tuple[str, str] | None:
    """Return the public bounds of the rule's score, where the owner need not give any."""
    if look is None or not isinstance(rule, ScoreCut):
        return None
    try:
        known = public_bounds(rule.score, look.request, look.task)
    except UsageError:  # The request's are none; what asks for them will say so.
        return None
    return None if known is None else (exact(known.low), exact(known.high))


def free_destination(look: Look) -> Path:
    """Return a folder beside the project that is not there yet."""
    wanted = look.folder.with_name(f"{look.name}-bundle")
    number = 2
    while wanted.exists():
        wanted = look.folder.with_name(f"{look.name}-bundle-{number}")
        number += 1
    return wanted

"""The statement of an account, computed from its entries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dataselect_gui.errors import RefusedError
from dataselect_gui.privacy.accounting import Charge, plain_total
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.entry_body import EntryBody
from dataselect_gui.privacy.entry_store import Entry, EntryStore
from dataselect_gui.texts import _
from dataselect_gui.texts.promises import LOWER_OR_RAISE, NOTHING_DRAWN, needs_more


@dataclass(frozen=True)
class Statement:
    """One account, with those joined to it.

    Attributes
    ----------
    id : str or None
        The account's id; None where a source has none yet.
    budget : Decimal or None
        None where no budget is set.
    charges : list of Charge
        Everything that counts against it.
    exact : int
        How many releases had no protection.
    entries : list of Entry
        All entries, in order.
    """

    id: str | None
    budget: Decimal | None
    charges: list[Charge]
    exact: int
    entries: list[Entry]

    @property
    def spent(self) -> Decimal:
        """The plain total."""
        return plain_total(self.charges)

    @property
    def left(self) -> Decimal | None:
        """The budget less the plain total; None where no budget is set."""
        return None if self.budget is None else self.budget - self.spent

    @property
    def head(self) -> str | None:
        """The hash of its last entry; None where there is none."""
        return self.entries[-1].hash if self.entries else None

    def has_training(self, epsilon: Decimal, delta: Decimal, checkpoint: str) -> bool:
        """Say whether the training of a checkpoint under DP is recorded."""
        body = training_body(epsilon, delta, checkpoint)
        return any(entry.kind == "training" and entry.body == body for entry in self.entries)

    def find(self, key: str) -> Entry | None:
        """Return the reservation with a key; None where there is none."""
        for entry in self.entries:
            if entry.kind == "reserved" and entry.body["key"] == key:
                return entry
        return None

    def paid_for_counts(self) -> Decimal:
        """Return the ε of all counts that decided whether records are left out."""
        counts = [entry for entry in self.entries if "decides" in entry.body]
        return sum((Decimal(entry.body["epsilon"]) for entry in counts), Decimal(0))


def statement_of(store: EntryStore, roots: Collection[str]) -> Statement:
    """Return the statement of an account, with those joined to it.

    Parameters
    ----------
    store : EntryStore
        The ledger's entries.
    roots : collection of str
        The account's id, several that count as one, or none for a new account.
    """
    family = {
        entry.account
        for entry in store.entries
        if entry.kind == "opened" and root_of(store, entry.account) in roots
    }
    entries = [entry for entry in store.entries if entry.account in family]
    budgets: dict[str, Decimal] = {}
    for entry in entries:
        if entry.kind == "budget":
            budgets[entry.account] = Decimal(entry.body["epsilon"])
        elif entry.kind == "joined":
            # Where two accounts turn out to be of one source, the smaller budget holds.
            names = (entry.account, entry.body["account"])
            both = [budgets.pop(name) for name in names if name in budgets]
            if both:
                budgets[entry.account] = min(both)
    charges = [
        Charge.of_entry(entry.body)
        for entry in entries
        if entry.kind in {"training", "reserved"} and "epsilon" in entry.body
    ]
    unprotected = sum(e.kind == "reserved" and "epsilon" not in e.body for e in entries)
    budget = min((budgets[root] for root in roots if root in budgets), default=None)
    return Statement(min(roots, default=None), budget, charges, unprotected, entries)


def check_budget(statement: Statement, charges: Sequence[Charge]) -> None:
    """Refuse charges that the budget does not allow.

    Raises
    ------
    RefusedError
        With what is left and what it needs.
    """
    if not charges:
        return
    if statement.budget is None:
        raise RefusedError(
            _("There is no budget for this source."),
            _("A release needs one: how much ε the records may ever cost."),
            _("Set it with --budget E, for example --budget 4."),
        )
    after = plain_total([*statement.charges, *charges])
    if after > statement.budget:
        raise RefusedError(
            needs_more(exact(after - statement.spent), exact(statement.budget - statement.spent)),
            _(NOTHING_DRAWN),
            _(LOWER_OR_RAISE),
        )


def root_of(store: EntryStore, account: str) -> str:
    """Return the account that an account was joined to; itself where it was not."""
    for entry in store.entries:
        if entry.kind == "joined" and entry.body["account"] == account:
            account = entry.account
    return account


def training_body(epsilon: Decimal, delta: Decimal, checkpoint: str) -> EntryBody:
    """Return the fields of an entry on the training of a checkpoint under DP."""
    return {"epsilon": exact(epsilon), "delta": exact(delta), "checkpoint": checkpoint}

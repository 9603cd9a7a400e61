"""The order of a release: check, reserve, draw, keep the draw, write, mark as published.

The reservation is on disk before anything is drawn, and the draw before anything is written. So
wherever the program is killed, there is no bundle whose cost is not in the ledger, and the same command
finishes the same release. Steps that can fail without a draw, such as the sum of gradients, come before
the reservation, so that nothing is charged for a release that cannot be drawn.

All of it happens in one session of the ledger, which the caller holds.

=========================== ============================== ============== ==========================
Killed after                On disk                        Charged        The same command then
=========================== ============================== ============== ==========================
`claim`, `keep`             the account, the choice of m   nothing        goes on
`charge_training`, `buy`    that entry, the threshold      that alone     finds it, goes on
`folder_beside`             an empty folder beside the     as before      sweeps it, goes on
                            destination
`reserve`                   the reservation                the release    draws, at no further cost
`keep_draw`                 the draw                       the release    writes the same bytes
`write_bundle`, within      an unfinished folder           the release    sweeps it, writes anew
the rename                  the bundle                     the release    finds it whole, marks it
`mark_published`            everything                     the release    repeats it, at no cost
=========================== ============================== ============== ==========================
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.accounting import Charge, plain_total
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.calibration import quantile_scale
from dataselect_gui.privacy.identity import source_marks, unit_marks
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.privacy.snapshot import Snapshot
from dataselect_gui.privacy.statement import Statement, check_budget
from dataselect_gui.release.bundle import is_there, sign_bundle, write_bundle
from dataselect_gui.release.candidates import Candidates, Summed
from dataselect_gui.release.codec import (
    NOT_IN_KEY,
    as_entry,
    form_of_entry,
    from_entry,
    to_entry,
    to_form,
)
from dataselect_gui.release.drawing import buy_threshold, draw
from dataselect_gui.release.kinds.gradient import Gradient, check_sum
from dataselect_gui.release.kinds.kind import Drawn
from dataselect_gui.release.partial_folders import folder_beside
from dataselect_gui.release.sameness import grouping_of, key_of, keys_of, records_part
from dataselect_gui.release.signing import Signer
from dataselect_gui.release.terms import Terms


@dataclass(frozen=True)
class Outcome:
    """The result of a release.

    Attributes
    ----------
    terms : Terms
        Its terms; those of the earlier release where it repeats one.
    repeated : bool
        Whether it had been drawn before, so that it cost nothing now.
    """

    terms: Terms
    repeated: bool


def marks_of(candidates: Candidates) -> set[bytes]:
    """Return the marks by which the ledger recognises the source of a release."""
    index = candidates.index
    return source_marks(index.content, index.people, index.whole_rows)


Keep = Callable[[Sequence[bytes], Sequence[bytes], int], NDArray[np.bool_] | None]


def part_of(candidates: Candidates, max_contributions: int, keep: Keep) -> NDArray[np.bool_] | None:
    """Return the records that take part in a release: the eligible ones, at most m of a unit.

    Parameters
    ----------
    candidates : Candidates
        The records.
    max_contributions : int
        m.
    keep : callable
        Returns the one random choice of each unit's records: `Session.keep`, which makes it where
        there is none yet, or `Snapshot.kept_already`.

    Returns
    -------
    ndarray of bool or None
        Shape (n,); None where a choice would have to be made first.
    """
    people, keys = candidates.index.people, keys_of(candidates)
    if people is None:
        return candidates.eligible
    kept = keep(unit_marks(keys, people), keys, max_contributions)
    return None if kept is None else candidates.eligible & kept


@dataclass(frozen=True)
class Purchase:
    """A threshold to be bought.

    Attributes
    ----------
    epsilon : Decimal
        Its cost.
    share : Fraction
        The share of the records taking part that should lie beyond it.
    """

    epsilon: Decimal
    share: Fraction


def purchased(
    snapshot: Snapshot, statement: Statement, candidates: Candidates, terms: Terms, purchase: Purchase
) -> Decimal | None:
    """Return the threshold where it was bought before; None where it was not."""
    if candidates.part is None:
        return None
    earlier = statement.find(_purchase_key(candidates, terms, purchase))
    bought = None if earlier is None else snapshot.draw_of(earlier.body["release"])
    return None if bought is None else Decimal(bought.decode())


def buy(
    session: Session,
    account: str,
    candidates: Candidates,
    terms: Terms,
    purchase: Purchase,
    *,
    first_budget: Decimal | None,
) -> Decimal:
    """Buy a threshold: a quantile drawn under DP, charged, and kept like any release.

    `foresee` checks beforehand that the budget allows it together with the release that needs it.

    Parameters
    ----------
    session, account
        The ledger and the account that it is charged to.
    candidates : Candidates
        The records.
    terms : Terms
        The terms of the release that needs it.
    purchase : Purchase
        What is bought.
    first_budget : Decimal or None
        The budget to set where there is none.

    Raises
    ------
    RefusedError
        Where the ledger refuses; nothing is drawn then.
    """
    assert candidates.part is not None
    assert terms.score is not None
    entry = session.reserve(
        account,
        Charge(purchase.epsilon),
        {
            "release": secrets.token_hex(8),
            "key": _purchase_key(candidates, terms, purchase),
            "unit": candidates.unit_column,
            "per_unit": terms.max_contributions,
            "reason": None,
            "threshold_of": terms.score,
        },
        first_budget,
        grouping_of(candidates),
    )
    bought = session.draw_of(entry.body["release"])
    if bought is None:
        scores = candidates.scores[candidates.part]
        scale = quantile_scale(purchase.epsilon, len(scores), terms.max_contributions)
        assert terms.bounds is not None
        drawn = buy_threshold(scores, purchase.share, terms.bounds, scale, lowest=terms.lowest)
        bought = session.keep_draw(account, entry.body["release"], exact(drawn).encode())
    return Decimal(bought.decode())


def needs_sum(snapshot: Snapshot, account: str, candidates: Candidates, terms: Terms) -> bool:
    """Say whether gradients have to be summed before a release can be drawn."""
    if not isinstance(terms.kind, Gradient):
        return False
    earlier = snapshot.statement(account).find(_sameness(candidates, terms))
    return earlier is None or snapshot.draw_of(earlier.body["release"]) is None


def release(
    session: Session,
    account: str,
    candidates: Candidates,
    terms: Terms,
    destination: Path,
    *,
    home: Path,
    first_budget: Decimal | None,
    reason: str | None,
    signer: Signer | None,
    summed: Summed | None,
    report: Callable[[int, int], None],
) -> Outcome:
    """Carry out a release.

    Parameters
    ----------
    session : Session
        The ledger.
    account : str
        The source's account.
    candidates : Candidates
        The records.
    terms : Terms
        The terms; where the release repeats an earlier one, that one's id and date are used.
    destination : Path
        The bundle's folder.
    home : Path
        The ledger's folder.
    first_budget : Decimal or None
        The budget to set where there is none.
    reason : str or None
        The owner's, kept in the ledger.
    signer : Signer or None
        The key to sign the bundle with.
    summed : tuple or None
        Where it `needs_sum`: the sum of the clipped gradients of the records that take part and are
        chosen.
    report : callable
        Called with the numbers of records written and to write.

    Raises
    ------
    RefusedError
        Where the ledger refuses; nothing is drawn then.
    UnusableError
        Where records changed, the sum is too large or the bundle cannot be written.
    """
    keys = keys_of(candidates)
    sameness = _sameness(candidates, terms)
    earlier = session.statement(account).find(sameness)
    if is_there(destination, None if earlier is None else earlier.body["release"]):
        assert earlier is not None
        if signer is not None:
            with folder_beside(destination, home) as partial:
                sign_bundle(partial, destination, signer)
        session.mark_published(account, earlier.body["release"])
        return Outcome(from_entry(earlier.body["terms"]), repeated=True)
    with folder_beside(destination, home) as partial:
        if summed is not None:
            check_sum(summed[0])
        entry = session.reserve(
            account,
            _charge(candidates, terms),
            {
                "release": terms.release,
                "key": sameness,
                "unit": candidates.unit_column,
                "per_unit": terms.max_contributions,
                "reason": reason,
                "terms": to_entry(terms),
            },
            first_budget,
            grouping_of(candidates),
        )
        terms = from_entry(entry.body["terms"])
        drawn = session.draw_of(terms.release)
        if drawn is None:
            fresh = draw(candidates, keys, terms, session.secrets_of, summed, session.coins_of)
            drawn = session.keep_draw(account, terms.release, fresh)
        written = Drawn(drawn, candidates, keys, terms, report)
        write_bundle(partial, destination, entry.hash, written, signer)
    session.mark_published(account, terms.release)
    return Outcome(terms, repeated=earlier is not None)


@dataclass(frozen=True)
class Foresight:
    """The cost of a release, computed without drawing.

    Attributes
    ----------
    same : bool
        Whether it repeats an earlier release.
    cost : Decimal
        What it would add to the plain total.
    nearest : dict or None
        The earlier release of the same source that is most like it: where they differ, parameter →
        its value there and here; None where there was none.
    """

    same: bool
    cost: Decimal
    nearest: dict[str, tuple[object, object]] | None


def foresee(
    snapshot: Snapshot,
    statement: Statement,
    candidates: Candidates,
    terms: Terms,
    purchase: Purchase | None,
    *,
    first_budget: Decimal | None,
    before: Charge | None = None,
    within_budget: bool = True,
) -> Foresight:
    """Check a release as far as is possible without drawing, and compute its cost.

    Parameters
    ----------
    snapshot : Snapshot
        The ledger.
    statement : Statement
        The source's account in it.
    candidates, terms, first_budget
        As for `release`.
    purchase : Purchase or None
        A threshold that is still to be bought.
    before : Charge or None
        The charge of a training that is not in the ledger yet, made before it.
    within_budget : bool
        Whether to refuse what the budget does not allow.

    Raises
    ------
    RefusedError
        Where the ledger would refuse.
    """
    unit, grouping = candidates.unit_column, grouping_of(candidates)
    snapshot.check_units(statement, unit, terms.max_contributions, grouping)
    same = (
        purchase is None
        and candidates.part is not None
        and statement.find(_sameness(candidates, terms)) is not None
    )
    charges = [before, None if same else _charge(candidates, terms)]
    if purchase is not None and not (
        # Reserved, and interrupted before the draw.
        candidates.part is not None and statement.find(_purchase_key(candidates, terms, purchase))
    ):
        charges.append(Charge(purchase.epsilon))
    wanted = [charge for charge in charges if charge is not None]
    budget = statement.budget if statement.budget is not None else first_budget
    if within_budget:
        check_budget(replace(statement, budget=budget), wanted)
    cost = plain_total([*statement.charges, *wanted]) - statement.spent
    return Foresight(same, cost, _nearest(statement, terms))


def left_by_late_marks(statement: Statement) -> bool:
    """Say whether everything left by marks that were made after scores were seen."""
    return any(
        entry.kind == "reserved" and entry.body.get("terms", {}).get("marks") == "viewed"
        for entry in statement.entries
    )


def new_release_id() -> str:
    """Return a random id for a release."""
    return secrets.token_hex(8)


def _sameness(candidates: Candidates, terms: Terms) -> str:
    """Return the key by which a repeated release is recognised."""
    covered = to_entry(terms)
    for name in NOT_IN_KEY:
        covered.pop(name, None)
    covered["conditional"] = terms.depends_on_records  # Not what left in the meantime.
    return key_of({**records_part(candidates, candidates.chosen), "terms": covered})


def _purchase_key(candidates: Candidates, terms: Terms, purchase: Purchase) -> str:
    covered = {
        "score": [terms.score, terms.variant, terms.lowest],
        "checkpoint": terms.checkpoint,
        "bounds": to_form(terms).bounds,
        "unit": [terms.unit, terms.max_contributions],
        "in_training": terms.in_training,
        "epsilon": exact(purchase.epsilon),
        "share": str(purchase.share),
    }
    return key_of({**records_part(candidates, np.zeros_like(candidates.eligible)), "purchase": covered})


def _charge(candidates: Candidates, terms: Terms) -> Charge | None:
    charge = terms.mechanism.charge()
    if charge is None or not charge.one_sided:
        return charge
    return replace(charge, columns=candidates.columns)


def _nearest(statement: Statement, terms: Terms) -> dict[str, tuple[object, object]] | None:
    """Return how the earlier release that is most like this one differs from it."""
    here = to_entry(terms)
    differences = []
    for entry in statement.entries:
        if entry.kind == "reserved" and "terms" in entry.body:
            there = as_entry(form_of_entry(entry.body["terms"]))
            differences.append(
                {
                    name: (there.get(name), here.get(name))
                    for name in {**there, **here}
                    if name not in NOT_IN_KEY and there.get(name) != here.get(name)
                }
            )
    return min(differences, key=len) if differences else None

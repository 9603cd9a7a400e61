"""The rule that says the same as a filter, where there is one.

A rule reads scores of one record and fixed numbers. A filter may ask for much more, names and marks
among it; then it is no rule, and why is said.
"""

from collections.abc import Collection
from decimal import Decimal

from dataselect_gui.errors import UsageError
from dataselect_gui.selection.forms import read_rule, rule_form
from dataselect_gui.selection.rules import Condition, RecordRule, Rule, ScoreCut
from dataselect_gui.selection.terms import all_of, brush_of, columns_in, is_same_term, terms_of
from dataselect_gui.texts import _

_IMPLIED = ("not withheld", "not opted_out")
"""What holds of every record that a rule can pick."""


def rule_of_filter(text: str, scores: Collection[str]) -> Rule:
    """Return the rule that picks the eligible records that a filter finds.

    Parameters
    ----------
    text : str
        The filter.
    scores : collection of str
        The scores that there are.

    Returns
    -------
    ScoreCut or RecordRule
        A cut where the filter has one limit alone.

    Raises
    ------
    UsageError
        Where no rule says the same, with the reason in `why`.
    """
    terms = [
        term for term in terms_of(text) if not any(is_same_term(term, other) for other in _IMPLIED)
    ]
    conditions = []
    for score in scores:
        terms_before = terms
        terms, ranges = brush_of(all_of(terms), score)
        if len(terms) == len(terms_before):
            continue
        if len(ranges) != 1:
            raise _no_rule(_("A rule takes one range of “{score}”, not several.", score=score))
        least, most = map(_limit, ranges[0])
        conditions.append(Condition(score, least, most))
    if terms:
        raise _no_rule(_reason(terms[0], scores))
    if not conditions:
        raise _no_rule(_("The filter restricts no score."))
    if len(conditions) == 1 and (cut := _cut(conditions[0])) is not None:
        return cut
    try:  # As a request would have it: in one order, and within what a rule may hold.
        return read_rule(rule_form(RecordRule(tuple(conditions))))
    except ValueError as error:
        raise _no_rule(str(error)) from None


def _cut(condition: Condition) -> ScoreCut | None:
    """Return a condition with one limit as a cut."""
    match condition:
        case Condition(score, Decimal() as least, None):
            return ScoreCut(score, "threshold", least)
        case Condition(score, None, Decimal() as most):
            return ScoreCut(score, "threshold", most, lowest=True)
    return None


def _limit(number: float) -> Decimal | None:
    return None if number in {float("inf"), -float("inf")} else Decimal(repr(number))


def _reason(term: str, scores: Collection[str]) -> str:
    """Return why a term is no condition of a rule."""
    read = columns_in(term)
    if not read <= set(scores):
        name = min(read - set(scores))
        return _("A rule reads scores alone, and the filter asks for “{name}”.", name=name)
    if len(read) == 1:
        return _("A rule's limits belong to its range: write {score} >= or <=.", score=min(read))
    return _("A rule joins its conditions by “and” alone.")


def _no_rule(why: str) -> UsageError:
    return UsageError(
        _("No rule says what the filter says."), why, _("Filter by ranges of scores alone.")
    )

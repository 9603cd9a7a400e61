"""Say in sentences what a rule picks: translated for the owner, English in a bundle."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias, assert_never

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.selection.rules import (
    Bound,
    ByClass,
    Condition,
    Everything,
    FixedRule,
    Keep,
    KeepByClass,
    KeepByScore,
    RecordRule,
)
from dataselect_gui.texts import N_, _

MOST_LISTED = 20
"""So many classes or bins are named; the rest is counted."""
_FEW_DIGITS = 6
_Writer: TypeAlias = Callable[[Decimal], str]


def short_number(number: Decimal) -> str:
    """Return a number to four significant digits, or as it is where it has few enough."""
    return exact(number) if len(number.as_tuple().digits) <= _FEW_DIGITS else f"{float(number):.4g}"


def rule_sentences(
    rule: FixedRule, write: Callable[[Decimal], str] = exact, name: Callable[[str], str] = str
) -> list[str]:
    """Return what a rule picks, a sentence for each of its parts.

    Parameters
    ----------
    rule : RecordRule or Everything
        The rule.
    write : callable
        Writes the bounds of a score: in full, or short for somebody who reads them on a screen.
    name : callable
        Returns what a score is called: what commands and files call it, or what people say.
    """
    match rule:
        case Everything():
            return [_("Every eligible record; no score decides.")]
        case RecordRule():
            sentences = [
                _condition(condition, write, name(condition.score)) for condition in rule.conditions
            ]
            return sentences if rule.keep is None else [*sentences, _keep(rule.keep, name)]
        case _:
            assert_never(rule)


def _condition(condition: Condition, write: _Writer, score: str) -> str:
    least, most = condition.least, condition.most
    if least is None:
        assert most is not None
        first = _("Records whose {score} is at most {most}.", score=score, most=_bound(most, write))
    elif most is None:
        first = _("Records whose {score} is at least {least}.", score=score, least=_bound(least, write))
    else:
        first = _(
            "Records whose {score} is at least {least} and at most {most}.",
            score=score,
            least=_bound(least, write),
            most=_bound(most, write),
        )
    by_class = isinstance(least, ByClass) or isinstance(most, ByClass)
    return f"{first} {_(_OTHERWISE[condition.otherwise, by_class])}"


_OTHERWISE = {
    ("keep", False): N_("A record for which that is no finite number is kept."),
    ("keep", True): N_("A record for which that is no finite number, or of another class, is kept."),
    ("leave", False): N_("A record for which that is no finite number is left out."),
    ("leave", True): N_(
        "A record for which that is no finite number, or of another class, is left out."
    ),
}


def _bound(bound: Bound, write: _Writer) -> str:
    return _table(bound, write) if isinstance(bound, ByClass) else write(bound)


def _table(table: ByClass, write: _Writer) -> str:
    return _(
        "that of its class ({classes})", classes=_listed([f"{c}: {write(n)}" for c, n in table.numbers])
    )


def _keep(keep: Keep, name: Callable[[str], str]) -> str:
    match keep:
        case KeepByClass():
            return _(
                "Each is kept by a coin of its own, with the probability of its class ({classes}; "
                "others: {otherwise}).",
                classes=_listed([f"{c}: {exact(n)}" for c, n in keep.probabilities.numbers]),
                otherwise=exact(keep.otherwise),
            )
        case KeepByScore():
            return _(
                "Each is kept by a coin of its own, with the probability of the bin of its {score} "
                "({bins}; no finite number: {otherwise}).",
                score=name(keep.score),
                bins=_listed(_bins(keep)),
                otherwise=exact(keep.otherwise),
            )
        case _:
            assert_never(keep)


def _bins(keep: KeepByScore) -> list[str]:
    edges = [exact(edge) for edge in keep.edges]
    spans = [
        _("below {high}", high=edges[0]),
        *(_("from {low} to below {high}", low=low, high=high) for low, high in pairwise(edges)),
        _("from {low} on", low=edges[-1]),
    ]
    return [f"{span}: {exact(chance)}" for span, chance in zip(spans, keep.probabilities, strict=True)]


def _listed(items: Sequence[str]) -> str:
    shown = list(items[:MOST_LISTED])
    if len(items) > MOST_LISTED:
        shown.append(_("and {count:,} more", count=len(items) - MOST_LISTED))
    return ", ".join(shown)

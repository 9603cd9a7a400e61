"""The written form of rules that look at one record and public numbers alone.

A request states one under ``rule``, the owner may give one in a file, projects and the ledger keep it,
and bundles state it: the text ``"everything"``, or an object with ``conditions`` and ``keep``. Whoever
writes it may give numbers as numbers; the program writes exact decimals, as texts.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias, assert_never

from dataselect_gui.privacy.amounts import COIN_PLACES, decimal_of, exact
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
from dataselect_gui.texts import _

RuleForm: TypeAlias = str | dict[str, object]
EVERYTHING = "everything"
MOST_CONDITIONS = 16
MOST_EDGES = 1000
_LARGEST = Decimal("1e299")
"""No score comes near, and thresholds are read up to there."""
_LONGEST_NAME = 100


def rule_form(rule: FixedRule) -> RuleForm:
    """Return the written form of a rule; the same rule is always written alike."""
    match rule:
        case Everything():
            return EVERYTHING
        case RecordRule():
            form: dict[str, object] = {"conditions": [_condition_form(c) for c in rule.conditions]}
            return form if rule.keep is None else form | {"keep": _keep_form(rule.keep)}
        case _:
            assert_never(rule)


def read_rule(content: object) -> FixedRule:
    """Read a rule from a part of JSON.

    Raises
    ------
    ValueError
        Where it is none; its message is a sentence.
    """
    if content == EVERYTHING:
        return Everything()
    if not isinstance(content, Mapping):
        raise ValueError(_("A rule is “everything”, or an object with “conditions” or “keep”."))
    _check_keys(content, {"conditions", "keep"}, _("A rule"))
    listed = content.get("conditions", [])
    if not isinstance(listed, list) or len(listed) > MOST_CONDITIONS:
        raise ValueError(
            _("“conditions” is not a list of {most} conditions at most.", most=MOST_CONDITIONS)
        )
    conditions = sorted(map(_condition, listed), key=lambda c: json.dumps(_condition_form(c)))
    keep = None if content.get("keep") is None else _keep(content["keep"])
    if not conditions and keep is None:
        raise ValueError(_("A rule without a condition or a keep-probability is “everything”."))
    return RecordRule(tuple(conditions), keep)


def _condition(content: object) -> Condition:
    if not isinstance(content, Mapping):
        raise ValueError(_("A condition is an object with “score” and “least” or “most”."))
    _check_keys(content, {"score", "least", "most", "otherwise"}, _("A condition"))
    score = _score(content.get("score"))
    least, most = (_bound(name, content.get(name)) for name in ("least", "most"))
    if least is None and most is None:
        raise ValueError(_("The condition on “{score}” has neither “least” nor “most”.", score=score))
    if _is_empty(least, most):
        raise ValueError(_("No value of “{score}” is from its “least” to its “most”.", score=score))
    otherwise = content.get("otherwise", "leave")
    if otherwise == "keep":
        return Condition(score, least, most, "keep")
    if otherwise == "leave":
        return Condition(score, least, most, "leave")
    raise ValueError(_("“otherwise” of the condition on “{score}” is not keep or leave.", score=score))


def _is_empty(least: Bound | None, most: Bound | None) -> bool:
    """Say whether some class has a lower bound above its upper one."""
    if least is None or most is None:
        return False
    if isinstance(least, Decimal) and isinstance(most, Decimal):
        return least > most
    lower, upper = _table(least, most), _table(most, least)
    return any(lower[name] > upper[name] for name in lower.keys() & upper.keys())


def _table(bound: Bound, other: Bound) -> dict[str, Decimal]:
    """Return the bound of each class; of those that the other one lists, where it is one number."""
    if isinstance(bound, ByClass):
        return dict(bound.numbers)
    return {name: bound for name, _other in other.numbers} if isinstance(other, ByClass) else {}


def _keep(content: object) -> Keep:
    if not isinstance(content, Mapping) or content.get("by") not in {"class", "score"}:
        raise ValueError(_("“keep” is not an object with “by”: class or score."))
    if content["by"] == "class":
        _check_keys(content, {"by", "probabilities", "otherwise"}, "“keep”")
        others = _probability(content.get("otherwise", 1))
        return KeepByClass(
            _by_class("probabilities", content.get("probabilities"), _probability), others
        )
    _check_keys(content, {"by", "score", "edges", "probabilities", "otherwise"}, "“keep”")
    score, others = _score(content.get("score")), _probability(content.get("otherwise", 0))
    edges = _numbers("edges", content.get("edges"), _number)
    chances = _numbers("probabilities", content.get("probabilities"), _probability)
    # Scores are doubles.
    if not edges or any(float(low) >= float(high) for low, high in pairwise(edges)):
        raise ValueError(_("“edges” are not numbers in ascending order, at least one."))
    if len(chances) != len(edges) + 1:
        raise ValueError(
            _(
                "{edges} edges make {bins} bins; there are {probabilities} probabilities.",
                edges=len(edges),
                bins=len(edges) + 1,
                probabilities=len(chances),
            )
        )
    return KeepByScore(score, edges, chances, others)


def _check_keys(content: Mapping[object, object], known: set[str], label: str) -> None:
    """Refuse an unknown key: what it asks for would not be done."""
    unknown = [str(key) for key in content if key not in known]
    if unknown:
        raise ValueError(_("{label} has no “{key}”.", label=label, key=unknown[0][:_LONGEST_NAME]))


def _score(content: object) -> str:
    if not isinstance(content, str) or not 0 < len(content) <= _LONGEST_NAME:
        raise ValueError(_("“score” is not the name of a score."))
    return content


def _bound(name: str, content: object) -> Bound | None:
    if content is None:
        return None
    return _by_class(name, content, _number) if isinstance(content, Mapping) else _number(content)


def _by_class(name: str, content: object, read: Callable[[object], Decimal]) -> ByClass:
    if not isinstance(content, Mapping) or not content:
        raise ValueError(_("“{name}” is not an object with a number for each class.", name=name))
    return ByClass(tuple(sorted((str(label), read(number)) for label, number in content.items())))


def _numbers(name: str, content: object, read: Callable[[object], Decimal]) -> tuple[Decimal, ...]:
    if not isinstance(content, list) or len(content) > MOST_EDGES:
        raise ValueError(
            _("“{name}” is not a list of {most:,} numbers at most.", name=name, most=MOST_EDGES)
        )
    return tuple(map(read, content))


def _number(content: object) -> Decimal:
    is_stated = isinstance(content, str | int | float) and not isinstance(content, bool)
    number = decimal_of(str(content)) if is_stated else None
    if number is None or abs(number) > _LARGEST:
        raise ValueError(_("“{number}” is not a number.", number=str(content)[:_LONGEST_NAME]))
    return number


def _probability(content: object) -> Decimal:
    number = _number(content)
    if not 0 <= number <= 1 or number != round(number, COIN_PLACES):
        raise ValueError(
            _(
                "{number} is not a probability: a number from 0 to 1, with {places} decimal places at "
                "most.",
                number=exact(number)[:_LONGEST_NAME],
                places=COIN_PLACES,
            )
        )
    return number


def _condition_form(condition: Condition) -> dict[str, object]:
    bounds = {"least": condition.least, "most": condition.most}
    return {
        "score": condition.score,
        **{name: _bound_form(bound) for name, bound in bounds.items() if bound is not None},
        "otherwise": condition.otherwise,
    }


def _bound_form(bound: Bound) -> object:
    return exact(bound) if isinstance(bound, Decimal) else _table_form(bound)


def _table_form(table: ByClass) -> dict[str, object]:
    return {name: exact(number) for name, number in table.numbers}


def _keep_form(keep: Keep) -> dict[str, object]:
    match keep:
        case KeepByClass():
            return {
                "by": "class",
                "probabilities": _table_form(keep.probabilities),
                "otherwise": exact(keep.otherwise),
            }
        case KeepByScore():
            return {
                "by": "score",
                "score": keep.score,
                "edges": _exact(keep.edges),
                "probabilities": _exact(keep.probabilities),
                "otherwise": exact(keep.otherwise),
            }
        case _:
            assert_never(keep)


def _exact(numbers: Sequence[Decimal]) -> list[str]:
    return [exact(number) for number in numbers]

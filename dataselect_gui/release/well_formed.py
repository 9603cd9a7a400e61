"""Check that the program can have written the terms that a bundle states.

Every free field has a canonical spelling and a bounded size, and is there exactly where its kind of
release or its mechanism needs it. So nothing can be hidden in it.
"""

import datetime
import json
import math
import re
from decimal import Decimal
from itertools import pairwise

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.amounts import (
    LARGEST_BOUND,
    LARGEST_COUNT,
    PLACES,
    decimal_of,
    exact,
    is_amount,
)
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.release import limits
from dataselect_gui.release.codec import TermsForm, from_form, to_form
from dataselect_gui.release.kinds.report import is_class_name
from dataselect_gui.release.registry import registered
from dataselect_gui.release.terms import MOST_AT_ONCE, MOST_CONTRIBUTIONS
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.selection.forms import read_rule, rule_form
from dataselect_gui.selection.rules import RecordRule

_VERSION = r"([0-9]{1,4}(\.[0-9]{1,4}){0,3}((a|b|rc)[0-9]{1,3})?(\.post[0-9]{1,3})?(\.dev[0-9]{1,4})?)"
_AMOUNT = rf"(0|[1-9][0-9]{{0,2}})(\.[0-9]{{0,{PLACES - 1}}}[1-9])?"
_FORMS = {
    "release": "[0-9a-f]{16}",
    "program": _VERSION,
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "unit": "record|person",
    "score": "([a-z][a-z0-9_-]{0,40})?",
    "in_training": "no|dp|yes|unknown",
    "checkpoint": "[0-9a-f]{64}",
    "scored_by": f"{_VERSION}?",
    "precision": "(float32|float64)?",
    "device": "(cpu|cuda|mps)?",
    "cut": "(threshold|count|fraction)?",
    "threshold_from": "(request|agreed|viewed|bought)?",
    "rule_from": "(request|agreed|viewed|counted)?",
    "marks": "(settled|viewed|chosen)?",
    "bounds_from": "(request|score|agreed)?",
    "clip_from": "(request|agreed)?",
    **dict.fromkeys(("epsilon", "delta", "threshold_epsilon", "rule_epsilon"), f"({_AMOUNT})?"),
}
"""The patterns of the terms that are texts; those that end in a question mark may be missing."""


def is_well_formed(form: TermsForm) -> bool:
    """Say whether the program can have written these terms of a release."""
    return (
        all(_is_written_as(getattr(form, name), pattern) for name, pattern in _FORMS.items())
        and all(type(flag) is bool for flag in _flags(form))
        and _are_amounts(form)
        and _are_counts(form)
        and _are_scores(form)
        and _is_cut(form)
        and _is_rule(form)
        and _are_bounds(form)
        and _are_cells(form)
        and _is_date(form.date)
        and _has_its_fields(form)
    )


def _flags(form: TermsForm) -> tuple[object, ...]:
    return (
        form.conditional,
        form.lowest,
        form.after_exact,
        form.after_marked,
        form.relabelled,
        form.passing,
    )


def is_number(text: object) -> bool:
    """Say whether a text is a number in the form that the program writes."""
    number = decimal_of(text) if isinstance(text, str) else None
    return number is not None and exact(number) == text


def _is_written_as(text: object, pattern: str) -> bool:
    if text is None:
        return pattern.endswith("?")
    return isinstance(text, str) and re.fullmatch(pattern.removesuffix("?"), text) is not None


def _has_its_fields(form: TermsForm) -> bool:
    """Say whether exactly the fields are there that the kind and the mechanism need.

    Every value must be well-formed by itself.
    """
    try:
        line, terms = registered(form.kind, form.mechanism), from_form(form)
    except ValueError:
        return False
    is_counted = "bins" in line.kind.takes
    is_cut = "threshold" in line.mechanism.takes or terms.kind.goes_by_rule
    is_bounded = "bounds" in line.mechanism.takes or form.threshold_from == "bought"
    return (
        to_form(terms) == form  # Fields that nothing needs are refused.
        and (form.cut is not None, form.rule_from is not None).count(True) == is_cut
        and (form.marks is not None) == (form.mechanism == Everything.name)
        and not (form.relabelled and form.epsilon is None and form.marks is None)
        and (form.score is None) == (form.rule_from is not None or form.marks is not None)
        and (form.bounds is not None) == is_bounded
        and (not terms.kind.goes_by_rule or form.threshold is not None or form.rule is not None)
        and (form.epsilon is not None or form.threshold_epsilon is None)
        and (form.rule_epsilon is not None)
        == (form.rule_from == "counted" and form.epsilon is not None)
        and (not is_counted or _are_cells_there(form))
    )


def _are_amounts(form: TermsForm) -> bool:
    stated = (form.epsilon, form.delta, form.threshold_epsilon, form.rule_epsilon)
    scale = form.noise_scale
    return (
        all(is_amount(Decimal(amount)) for amount in stated if amount is not None)
        and Decimal(form.delta or 0) < 1
        and (scale is None or (type(scale) is float and math.isfinite(scale) and scale > 0))
        # No ε is claimed without a mechanism, or where the answer on training forbids it.
        and (form.epsilon is None or form.in_training in {"no", "dp"})
    )


def _are_counts(form: TermsForm) -> bool:
    return (
        _is_count(form.per_unit, 1, MOST_CONTRIBUTIONS)
        and (form.unit == "person" or form.per_unit == 1)
        and (form.count is None or _is_count(form.count, 1, LARGEST_COUNT))
        and (form.padded is None or _is_count(form.padded, 0, limits.MOST_ROWS))
        and (form.batch is None or _is_count(form.batch, 1, MOST_AT_ONCE))
    )


def _is_count(number: object, least: int, most: int) -> bool:
    return type(number) is int and least <= number <= most


def _are_scores(form: TermsForm) -> bool:
    """Say whether the scores are known, and the way in which they were computed is possible."""
    stated: tuple[tuple[str, str | None], ...] = form.rule_scores or ()
    if form.score is not None:
        stated = (*stated, (form.score, form.variant))
    elif form.variant is not None or form.lowest:
        return False
    try:
        scores = [find_score(name) for name, _variant in stated]
    except UsageError:
        return False
    conditions = (form.precision, form.device, form.batch)
    if form.scored_by is None or not any(score.needs_model for score in scores):
        are_conditions = conditions == (None, None, None)
    else:
        are_conditions = form.device is not None
    return are_conditions and [variant for _name, variant in stated] == [s.variant for s in scores]


def _is_rule(form: TermsForm) -> bool:
    """Say whether a rule is stated where it is public, in its one form, with its scores."""
    if form.rule_from is None or form.rule_scores is None:
        return form.rule is None and form.rule_from is None and form.rule_scores is None
    names = [name for name, _variant in form.rule_scores]
    if form.rule_from == "viewed":
        return form.rule is None and names == sorted(set(names))
    try:
        rule = read_rule(form.rule)
    except ValueError:
        return False
    return (
        isinstance(rule, RecordRule)
        and json.dumps(rule_form(rule)) == json.dumps(form.rule)
        and list(rule.scores) == names
        and len(rule.classes) <= limits.MOST_CLASSES
        and all(map(is_class_name, rule.classes))
    )


def _is_cut(form: TermsForm) -> bool:
    """Say whether the threshold is stated only where it is public, and its ε where it was bought."""
    if form.cut is None:
        return True  # Then `_has_its_fields` allows nothing else of it.
    is_bought = form.threshold_from == "bought"
    is_public = form.cut == "threshold" and form.threshold_from != "viewed"
    return (
        (form.threshold is not None) == is_public
        and (form.threshold is None or is_number(form.threshold))
        and (form.threshold_epsilon is not None) == is_bought
        and (is_public or not is_bought)
    )


def _are_bounds(form: TermsForm) -> bool:
    bounds, clip = form.bounds, form.clip
    if (form.bounds_from is None) != (bounds is None and clip is None):
        return False
    if clip is not None and not (
        is_number(clip)
        and limits.LEAST_NORM <= Decimal(clip) <= limits.LARGEST_NORM
        and (bounds is not None or form.bounds_from != "score")
    ):
        return False
    if bounds is None:
        return True
    if len(bounds) != 2 or not all(map(is_number, bounds)):
        return False
    if form.bounds_from == "score":
        score = None if form.score is None else SCORES.get(form.score)
        if score is None or not (bounds == score.own_bounds or (score.bounded_by and bounds[0] == "0")):
            return False
    return all(abs(Decimal(bound)) <= LARGEST_BOUND for bound in bounds) and _is_ascending(bounds)


def _are_cells_there(form: TermsForm) -> bool:
    """Say whether a report counts something, and by a score only where one is stated."""
    by_score = form.bins is not None or form.count_threshold is not None
    return (by_score or form.passing) and not (by_score and form.score is None)


def _are_cells(form: TermsForm) -> bool:
    bins, classes, beyond = form.bins, form.classes, form.count_threshold
    return (
        (
            bins is None
            or (
                1 <= len(bins) <= limits.MOST_EDGES
                and all(map(is_number, bins))
                and _is_ascending(bins)
            )
        )
        and (
            classes is None
            or (
                (bins is not None or form.passing)
                and 1 <= len(classes) <= limits.MOST_CLASSES
                and all(map(is_class_name, classes))
            )
        )
        and (beyond is None or is_number(beyond))
    )


def _is_ascending(numbers: tuple[str, ...]) -> bool:
    # Scores are doubles.
    return all(low < high for low, high in pairwise(map(float, numbers)))


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True

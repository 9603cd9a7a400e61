"""Which terms the program can have written: those, and no others, are read from a bundle.

Whatever is not determined by something else in a bundle has one spelling, a bounded size, and is there
exactly where its kind of release and its mechanism have a use for it. So nothing can be hidden in it.
"""

import datetime
import math
import re
from decimal import Decimal
from itertools import pairwise

from dataselect_gui.errors import UsageError
from dataselect_gui.plain import visible
from dataselect_gui.privacy.amounts import (
    LARGEST_BOUND,
    LARGEST_COUNT,
    PLACES,
    decimal_of,
    exact,
    is_amount,
)
from dataselect_gui.release import limits
from dataselect_gui.release.terms import MOST_AT_ONCE, MOST_PER_UNIT, Kind, Mechanism, Terms
from dataselect_gui.scoring.catalog import find_score

SQRT_2_UPWARDS = "1.4142135624"
OWN_BOUNDS = {"el2n": ("0", SQRT_2_UPWARDS), "random": ("0", "1")}
"""Bounds that a score cannot leave, whatever the record."""
LEAST_NORM, LARGEST_NORM = Decimal("1e-9"), Decimal("1e9")
"""Of the norm that gradients are clipped to."""

_OPTIONAL = frozenset(
    "epsilon delta cut threshold threshold_from threshold_epsilon bounds bounds_from count padded bins "
    "classes count_threshold clip noise_scale".split()
)
"""Fields that only some releases have."""
_CUT = frozenset({"cut", "threshold_from"})
_BOUGHT = frozenset({"threshold_epsilon", "bounds", "bounds_from"})
_BITS = (_CUT | {"epsilon"}, _BOUGHT | {"threshold"})
_TOP = (frozenset({"epsilon", "bounds", "bounds_from", "count", "noise_scale"}), frozenset[str]())
_CELLS = frozenset({"bins", "classes", "count_threshold"})
FIELDS: dict[tuple[Kind, Mechanism], tuple[frozenset[str], frozenset[str]]] = {
    ("records", "one-sided"): _BITS,
    ("records", "randomized-response"): _BITS,
    ("records", "noisy-top-k"): _TOP,
    ("records", "exact"): (_CUT, frozenset({"threshold"})),
    ("offers", "randomized-response"): _BITS,
    ("offers", "noisy-top-k"): _TOP,
    ("scores", "laplace"): (
        frozenset({"epsilon", "bounds", "bounds_from", "noise_scale"}),
        frozenset({"padded"}),
    ),
    ("report", "discrete-laplace"): (frozenset({"epsilon", "noise_scale"}), _CELLS),
    ("report", "discrete-gaussian"): (frozenset({"epsilon", "delta", "noise_scale"}), _CELLS),
    ("gradient", "discrete-gaussian"): (
        _CUT | {"epsilon", "delta", "threshold", "clip", "bounds_from", "noise_scale"},
        frozenset({"bounds", "threshold_epsilon"}),
    ),
}
"""Of the optional fields: those that a release must have, and those that it may have beside them."""

_VERSION = r"([0-9]{1,4}(\.[0-9]{1,4}){0,3}((a|b|rc)[0-9]{1,3})?(\.post[0-9]{1,3})?(\.dev[0-9]{1,4})?)"
_AMOUNT = rf"(0|[1-9][0-9]{{0,2}})(\.[0-9]{{0,{PLACES - 1}}}[1-9])?"
_FORMS = {
    "release": "[0-9a-f]{16}",
    "program": _VERSION,
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "unit": "record|person",
    "score": "[a-z][a-z0-9_-]{0,40}",
    "in_training": "no|dp|yes|unknown",
    "checkpoint": "[0-9a-f]{64}",
    "scored_by": f"{_VERSION}?",
    "precision": "(float32|float64)?",
    "device": "(cpu|cuda|mps)?",
    "cut": "(threshold|count|fraction)?",
    "threshold_from": "(request|agreed|viewed|bought)?",
    "bounds_from": "(request|score|agreed)?",
    **dict.fromkeys(("epsilon", "delta", "threshold_epsilon"), f"({_AMOUNT})?"),
}
"""How the texts among the terms are written; those that end in a question mark may be missing."""


def is_well_formed(terms: Terms) -> bool:
    """Say whether the program can have written these terms of a release."""
    return (
        all(_has_form(getattr(terms, name), form) for name, form in _FORMS.items())
        and all(type(one) is bool for one in (terms.conditional, terms.lowest, terms.after_exact))
        and _has_its_fields(terms)
        and _are_amounts(terms)
        and _are_counts(terms)
        and _is_score(terms)
        and _is_cut(terms)
        and _are_bounds(terms)
        and _are_cells(terms)
        and _is_date(terms.date)
    )


def is_class_name(name: object) -> bool:
    """Say whether a class can be named in a report: plain text of a sensible length."""
    return (
        isinstance(name, str)
        and len(name) <= limits.MOST_CLASS_NAME
        and name.isprintable()
        and visible(name) == name
    )


def is_number(text: object) -> bool:
    """Say whether a text is a number, written as the program writes it."""
    number = decimal_of(text) if isinstance(text, str) else None
    return number is not None and exact(number) == text


def _has_form(text: object, form: str) -> bool:
    if text is None:
        return form.endswith("?")
    return isinstance(text, str) and re.fullmatch(form.removesuffix("?"), text) is not None


def _has_its_fields(terms: Terms) -> bool:
    """Say whether there is what the kind and the mechanism need, and nothing that they do not use."""
    fields = FIELDS.get((terms.kind, terms.mechanism))
    if fields is None:
        return False
    needed, possible = fields
    there = {name for name in _OPTIONAL if getattr(terms, name) is not None}
    return needed <= there <= needed | possible


def _are_amounts(terms: Terms) -> bool:
    stated = (terms.epsilon, terms.delta, terms.threshold_epsilon)
    scale = terms.noise_scale
    return (
        all(is_amount(Decimal(amount)) for amount in stated if amount is not None)
        and Decimal(terms.delta or 0) < 1
        and (scale is None or (type(scale) is float and math.isfinite(scale) and scale > 0))
        # Without a mechanism no ε is claimed, and with one no answer that forbids to.
        and (terms.epsilon is None or terms.in_training in {"no", "dp"})
    )


def _are_counts(terms: Terms) -> bool:
    return (
        _is_count(terms.per_unit, 1, MOST_PER_UNIT)
        and (terms.unit == "person" or terms.per_unit == 1)
        and (terms.count is None or _is_count(terms.count, 1, LARGEST_COUNT))
        and (terms.padded is None or _is_count(terms.padded, 0, limits.MOST_ROWS))
        and (terms.batch is None or _is_count(terms.batch, 1, MOST_AT_ONCE))
    )


def _is_count(number: object, least: int, most: int) -> bool:
    return type(number) is int and least <= number <= most


def _is_score(terms: Terms) -> bool:
    """Say whether the score is known, and how it was computed is as it can be."""
    try:
        score = find_score(terms.score)
    except UsageError:
        return False
    conditions = (terms.precision, terms.device, terms.batch)
    if terms.scored_by is None or not score.needs_model:
        are_conditions = conditions == (None, None, None)
    else:
        are_conditions = terms.device is not None
    return terms.variant == score.variant and are_conditions


def _is_cut(terms: Terms) -> bool:
    """Say whether a threshold is told where it is public alone, and its ε where it was bought."""
    if terms.cut is None:
        return True  # Then there is nothing else of it, see `FIELDS`.
    is_bought = terms.threshold_from == "bought"
    is_public = terms.cut == "threshold" and terms.threshold_from != "viewed"
    return (
        (terms.threshold is not None) == is_public
        and (terms.threshold is None or is_number(terms.threshold))
        and (terms.threshold_epsilon is not None) == is_bought
        and (is_public or not is_bought)
        and (terms.bounds is not None) == is_bought
    )


def _are_bounds(terms: Terms) -> bool:
    bounds, clip = terms.bounds, terms.clip
    if (terms.bounds_from is None) != (bounds is None and clip is None):
        return False
    if clip is not None and not (
        is_number(clip)
        and LEAST_NORM <= Decimal(clip) <= LARGEST_NORM
        and (bounds is not None or terms.bounds_from != "score")
    ):
        return False
    if bounds is None:
        return True
    if len(bounds) != 2 or not all(map(is_number, bounds)):
        return False
    if terms.bounds_from == "score":
        own = bounds == OWN_BOUNDS.get(terms.score)
        if not (own or (terms.score == "clipped_norm" and bounds[0] == "0")):
            return False
    return all(abs(Decimal(bound)) <= LARGEST_BOUND for bound in bounds) and _is_ascending(bounds)


def _are_cells(terms: Terms) -> bool:
    bins, classes, beyond = terms.bins, terms.classes, terms.count_threshold
    if terms.kind == "report" and bins is None and beyond is None:
        return False
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
                bins is not None
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

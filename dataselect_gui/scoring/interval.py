"""What is known of all numbers of a tensor, whatever the record is: interval arithmetic.

Bounds are never too narrow, but for rounding. An infinite one says that there is none. A value may also
be no number at all (0/0); that is left to those who look at numbers.
"""

import math
import sys
from dataclasses import dataclass, field, replace
from enum import Enum, auto

EPSILON = 1e-3
"""Far more than what is added to a probability so that it has a logarithm, and far less than 1."""
NO_IDENTITY = -1
"""Of a value that is not known to be equal to any other."""


class Form(Enum):
    """What a value is made by."""

    OTHER = auto()
    EXPONENTIAL = auto()
    """From exponentials of what depends on the record: a sigmoid, 1 + exp(x), ...."""
    LOGARITHM = auto()
    """The logarithm of such: log(1 + exp(x)), ...."""
    LOG_PROBABILITY = auto()
    """The logarithm of such a value that is in [0, 1]."""


@dataclass(frozen=True)
class Known:
    """What is known of a value.

    Attributes
    ----------
    low, high : float
        Its bounds.
    form : Form
        What it is made by.
    varies : bool
        Whether it depends on the record.
    identity : int
        The same for values that were made in the same way, and so are equal.
    above : frozenset of int
        Values that it is nowhere below, at each place, by their identities.
    """

    low: float = -math.inf
    high: float = math.inf
    form: Form = Form.OTHER
    varies: bool = False
    identity: int = NO_IDENTITY
    above: frozenset[int] = field(default_factory=frozenset)

    @property
    def is_never_negative(self) -> bool:
        """Whether it has no number below 0."""
        return self.low >= 0

    def is_above(self, other: "Known") -> bool:
        """Say whether it is known to be nowhere below another value."""
        return other.identity != NO_IDENTITY and other.identity in self.above

    def within(self, low: float, high: float) -> bool:
        """Say whether its bounds are within others, or hardly outside of them."""
        return low - EPSILON <= self.low and self.high <= high + EPSILON

    def bounded(self, low: float, high: float, form: Form | None = None) -> "Known":
        """Return another value, made of this one, of which only this is known."""
        return Known(low, high, self.form if form is None else form, self.varies)


UNKNOWN = Known(varies=True)


def constant(value: float) -> Known:
    """Return what is known of a number that the graph states."""
    if math.isnan(value):
        return Known()
    largest = sys.float_info.max  # A bound that is infinite would be none.
    return Known(min(value, largest), max(value, -largest))


def join(parts: list[Known]) -> Known:
    """Return what is known of a value whose every number is one of any part."""
    forms = {part.form for part in parts if part.varies}
    return Known(
        min(part.low for part in parts),
        max(part.high for part in parts),
        forms.pop() if len(forms) == 1 else Form.OTHER,
        any(part.varies for part in parts),
    )


def add(left: Known, right: Known) -> Known:
    """Return the sum."""
    for value, other in ((left, right), (right, left)):
        if (value.low, value.high) == (0, 0):
            return other
    above = frozenset[int]()
    for value, other in ((left, right), (right, left)):
        if other.is_never_negative:
            above |= {value.identity} | value.above
    if left.form is right.form is Form.LOG_PROBABILITY:
        form = Form.LOG_PROBABILITY
    else:
        form = _exponential(left, right)
    return Known(
        left.low + right.low, left.high + right.high, form, left.varies or right.varies, above=above
    )


def negate(value: Known) -> Known:
    """Return −x."""
    form = value.form
    if form is Form.LOGARITHM and value.low >= -EPSILON:
        form = Form.LOG_PROBABILITY
    elif form is Form.LOG_PROBABILITY:
        form = Form.LOGARITHM
    return value.bounded(-value.high, -value.low, form)


def subtract(left: Known, right: Known) -> Known:
    """Return the difference."""
    difference = add(left, negate(right))
    if not right.is_above(left):
        return difference
    is_logarithm = right.form is Form.LOGARITHM  # x − log(1 + exp(x)), x − log Σ exp(x)
    form = Form.LOG_PROBABILITY if is_logarithm else difference.form
    return replace(difference, high=min(difference.high, 0.0), form=form)


def multiply(left: Known, right: Known) -> Known:
    """Return the product."""
    for factor, other in ((left, right), (right, left)):
        if (factor.low, factor.high) == (1, 1):
            return other
        if (factor.low, factor.high) == (-1, -1):
            return negate(other)
    if left.identity == right.identity != NO_IDENTITY:
        return square(left)
    ends = [
        _product(first, last) for first in (left.low, left.high) for last in (right.low, right.high)
    ]
    return Known(min(ends), max(ends), _exponential(left, right), left.varies or right.varies)


def square(value: Known) -> Known:
    """Return x²."""
    ends = [_product(end, end) for end in (value.low, value.high)]
    low = 0.0 if value.low <= 0 <= value.high else min(ends)
    return value.bounded(low, max(ends), _exponential(value, value))


def reciprocal(value: Known) -> Known:
    """Return 1 / x."""
    form = _exponential(value, value)
    if value.low == value.high == 0:
        return value.bounded(-math.inf, math.inf, form)
    if value.low >= 0:
        return value.bounded(_inverse(value.high, math.inf), _inverse(value.low, math.inf), form)
    if value.high <= 0:
        return value.bounded(_inverse(value.high, -math.inf), _inverse(value.low, -math.inf), form)
    return value.bounded(-math.inf, math.inf, form)


def divide(left: Known, right: Known) -> Known:
    """Return the quotient."""
    quotient = multiply(left, reciprocal(right))
    if left.is_never_negative and right.is_above(left):
        return replace(quotient, low=max(quotient.low, 0.0), high=min(quotient.high, 1.0))
    return quotient


def exponential(value: Known) -> Known:
    """Return exp(x).

    Of −d² it is a kernel, and its logarithm −d² again, which is a sound logit.
    """
    is_kernel = value.high <= 0 and value.form is not Form.LOG_PROBABILITY
    form = Form.OTHER if is_kernel else Form.EXPONENTIAL
    return value.bounded(_exp(value.low), _exp(value.high), form)


def logarithm(value: Known) -> Known:
    """Return log(x)."""
    form = Form.OTHER
    if value.form is Form.EXPONENTIAL:
        form = Form.LOG_PROBABILITY if value.high <= 1 + EPSILON else Form.LOGARITHM
    return value.bounded(_log(value.low), _log(value.high) if value.high > 0 else math.inf, form)


def _exponential(left: Known, right: Known) -> Form:
    return Form.EXPONENTIAL if Form.EXPONENTIAL in {left.form, right.form} else Form.OTHER


def _product(left: float, right: float) -> float:
    return 0.0 if 0 in {left, right} else left * right  # An infinite bound stands for finite numbers.


def _inverse(end: float, of_zero: float) -> float:
    return of_zero if end == 0 else 1 / end


def _exp(end: float) -> float:
    try:
        return math.exp(end)
    except OverflowError:
        return math.inf


def _log(end: float) -> float:
    return math.log(end) if end > 0 else -math.inf

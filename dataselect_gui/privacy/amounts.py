"""Read numbers that people type and consortia send, by one grammar with bounds; ε is exact.

A number is written with the digits 0 to 9, an optional sign, point and exponent, and nothing else:
Python's own functions also accept ``1_0``, ``１０``, ``١`` and ``inf``. Amounts of privacy are
decimals: ε is what the owner typed, not the nearest double. They have so few digits that sums of them
are exact, and that they can be written in full.
"""

import re
from decimal import Decimal

from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _

LARGEST = Decimal(300)
LARGEST_DELTA = Decimal("0.1")
PLACES = 12
COIN_PLACES = 18
"""A keep-probability has no more decimal places: a coin of 10^18 steps then has it exactly."""
LARGEST_COUNT = 1_000_000_000
LARGEST_BOUND = Decimal("1e30")
"""The largest public bound of a score: noise for it at the smallest ε still fits a double."""
_DIGITS, _EXPONENTS = 28, range(-330, 300)
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"\+?[0-9]{1,20}")


def exact(number: Decimal) -> str:
    """Write a decimal in canonical form: 1, 1.0 and 1e0 are written alike."""
    return format(number.normalize(), "f") if number else "0"


def decimal_of(text: str) -> Decimal | None:
    """Read a number; None where it is none, too large or small for a double, or too long."""
    stated = text.strip(" ")
    if not _NUMBER.fullmatch(stated):
        return None
    number = Decimal(stated)
    if not number:
        return Decimal(0)
    is_short = len(number.as_tuple().digits) <= _DIGITS
    return number if is_short and number.adjusted() in _EXPONENTS else None


def stated_number(text: str, label: str) -> Decimal:
    """Read a number.

    Raises
    ------
    UsageError
        Where it is not a number.
    """
    number = decimal_of(text)
    if number is None:
        raise UsageError(
            _("{label} cannot be “{text}”.", label=label, text=text),
            _("It is a number."),
            _("Write it like 0.25."),
        )
    return number


def whole_of(text: str) -> int | None:
    """Read a whole number from 0 to `LARGEST_COUNT`; None where it is none."""
    stated = text.strip(" ")
    if not _WHOLE.fullmatch(stated):
        return None
    number = int(stated)
    return number if number <= LARGEST_COUNT else None


def is_amount(number: Decimal) -> bool:
    """Say whether a number can be an amount: positive, bounded, and of at most `PLACES` places."""
    return 0 < number <= LARGEST and number == round(number, PLACES)


def positive_amount(text: str, label: str) -> Decimal:
    """Read an amount such as ε.

    Raises
    ------
    UsageError
        Where it is no number, not positive, or so large that it promises nothing.
    """
    number = decimal_of(text)
    if number is None or not is_amount(number):
        raise UsageError(
            _("{label} cannot be “{text}”.", label=label, text=text),
            _(
                "It is a number above 0 and at most {largest}, with {places} decimal places at most.",
                largest=LARGEST,
                places=PLACES,
            ),
            _("Common values are 0.5, 1 and 2."),
        )
    return number


def probability_of(text: str, label: str) -> Decimal:
    """Read δ.

    Raises
    ------
    UsageError
        Where it is no number, not positive, or too large a chance.
    """
    number = positive_amount(text, label)
    if number > LARGEST_DELTA:
        raise UsageError(
            _("{label} cannot be {text}.", label=label, text=text),
            _(
                "It is the chance that a promise fails, {largest} at most.",
                largest=LARGEST_DELTA,
            ),
            _("Common values are 1e-5 and 1e-6; a training's is the consortium's own, like dp:8,1e-5."),
        )
    return number

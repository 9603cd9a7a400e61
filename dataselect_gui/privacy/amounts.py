"""Amounts of privacy are exact decimals: ε is what the owner typed, not the nearest double.

They have so few digits that sums of them are exact, and that they can be written in full.
"""

from decimal import Decimal, InvalidOperation

from dataselect_gui.errors import UsageError

LARGEST = Decimal(300)
PLACES = 12
_DIGITS, _EXPONENTS = 28, range(-330, 300)


def exact(number: Decimal) -> str:
    """Write a decimal in one form: 1, 1.0 and 1e0 are the same."""
    return format(number.normalize(), "f") if number else "0"


def decimal_of(text: str) -> Decimal | None:
    """Read a number; None where it is none, or none that a double could be and that fits a line."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.as_tuple().digits) > _DIGITS:
        return None
    return number if not number or number.adjusted() in _EXPONENTS else None


def is_amount(number: Decimal) -> bool:
    """Say whether a number can be an amount: positive, and neither too large nor too finely written."""
    return 0 < number <= LARGEST and number == round(number, PLACES)


def positive_amount(text: str, what: str) -> Decimal:
    """Read an amount such as ε.

    Raises
    ------
    UsageError
        Where it is no number, not positive, or so large that it promises nothing.
    """
    number = decimal_of(text)
    if number is None or not is_amount(number):
        raise UsageError(
            f"{what} cannot be “{text}”.",
            f"It is a number above 0 and at most {LARGEST}, with {PLACES} decimal places at most.",
            "Common values are 0.5, 1 and 2.",
        )
    return number

"""Amounts of privacy are exact decimals: ε is what the owner typed, not the nearest double."""

from decimal import Decimal, InvalidOperation

from dataselect_gui.errors import UsageError

LARGEST = Decimal(1000)


def exact(number: Decimal) -> str:
    """Write a decimal in one form: 1, 1.0 and 1e0 are the same."""
    return format(number.normalize(), "f") if number else "0"


def positive_amount(text: str, what: str) -> Decimal:
    """Read an amount such as ε.

    Raises
    ------
    UsageError
        Where it is no number, not positive, or so large that it promises nothing.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or not 0 < number <= LARGEST:
        raise UsageError(
            f"{what} cannot be “{text}”.",
            f"It is a number above 0 and at most {LARGEST}.",
            "Common values are 0.5, 1 and 2.",
        )
    return number
